"""Jobs of an announcement: one publishes the draft, the other starts what follows, which a job's own token does not."""

from __future__ import annotations

from castoff.workflows.job_parts import CASTOFF, token_of
from castoff.workflows.job_values import DefaultBranch, Input, Job, Right, Script, StartInput, Workflow
from castoff.workflows.options import ANNOUNCING_ENVIRONMENT, WorkflowOptions, starts_others


def announcement_workflow(options: WorkflowOptions) -> Workflow:
    """Plan the job that announces; a person starts it, and the rules of its environment can ask another one."""
    version = (("VERSION", Input("version")),)
    ported = options.changelog != "off" or options.website
    announce = Job(
        name="announce",
        title="Announce the release",
        why="publishes the draft, and nothing else",
        minutes=30,
        environment=ANNOUNCING_ENVIRONMENT,
        rights=(
            Right("contents", "write", "to publish the draft"),
            Right("pull-requests", "read", "to read titles and labels"),
        ),
        steps=(
            Script(
                title="Publish the draft",
                script=f'exec {CASTOFF} announce --execute --yes --no-input -- "$VERSION"\n',
                variables=version,
                token=token_of(options),
            ),
        ),
    )
    follow = Job(
        name="follow",
        title="Copy the notes into the changelog, since an announcement by a job starts no workflow",
        why="may start workflows, and nothing else",
        castoff=False,
        needs=("announce",),
        minutes=5,
        rights=(Right("actions", "write", "to start the workflow"),),
        steps=(
            Script(
                title="Start the workflow that follows an announcement",
                script='exec gh workflow run castoff-published.yml --repo "$GITHUB_REPOSITORY" \\\n'
                '  --ref "$DEFAULT" -f tag="$VERSION"\n',
                variables=(*version, ("DEFAULT", DefaultBranch())),
            ),
        ),
    )
    return Workflow(
        name="announce",
        group="castoff-announce",
        entries=(StartInput(name="version", description="The version to announce", required=True),),
        jobs=(announce, *((follow,) if ported and not starts_others(options) else ())),
    )
