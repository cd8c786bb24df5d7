"""Jobs of a release, each with least rights.

    recall     lists what was verified before, out of a cache; only where the configuration wants it
    tree, wheels, sdists
               build the Python files on several machines, where the configuration wants it; no rights
    rehearse   builds and tries everything; no rights
    propose    opens the pull request whose merge claims the version
    claim      pushes what claims the version; only without proposals
    build      builds the files of the claimed version, and rehearses their uploads; no rights, and several at a time
               where the configuration wants it
    join       requires that these built the same files
    sign       makes the tag, which lists the digests of the files; knows the key, runs no code of the project
    attest     attests the digests on the forge; only where the configuration wants it
    publish    uploads these very files; may request identity tokens, and writes nothing in the repository
    continue   starts the workflow again where time was up before the last upload
    finish     pushes that very tag, drafts the release, and does what follows
    start      starts workflows of the repository that wait for the tag, which a job's push does not

What builds runs code of the repository and of its build requirements, so it has no right and no secret. The digest of
the list of digests and ids of tag objects travel as outputs of their jobs, which no later job can write; the list and
the files travel as artifacts.
"""

from __future__ import annotations

from castoff.values import replace
from castoff.workflows.build_jobs import build_jobs, last_build_job
from castoff.workflows.job_parts import (
    CASTOFF,
    READS_CLAIM,
    build_secrets,
    clients,
    key,
    node,
    secrets,
    token_of,
    unset,
)
from castoff.workflows.job_values import (
    Attest,
    Input,
    Job,
    Keep,
    Output,
    ReleaseBranch,
    Right,
    Script,
    StartInput,
    Take,
    Value,
    Workflow,
)
from castoff.workflows.options import (
    PUBLISHING_ENVIRONMENT,
    PUBLISHING_WORKFLOW,
    WorkflowOptions,
    attests,
)
from castoff.workflows.verified_marks import recall_jobs, with_marks
from castoff.workflows.wheel_jobs import WHEEL_JOBS, placed_files, wheel_jobs

STARTS = 12
"""How often the workflow starts itself again: three days, at six hours a job."""

_TOKENS = {"cargo": "CARGO_REGISTRY_TOKEN", "npm": "NPM_TOKEN", "python": "UV_PUBLISH_TOKEN"}

_LEVEL = "patch, minor, major, release, rc, beta, alpha, or an exact version (1.2.3)"
_PRE = StartInput(
    name="pre", description="With patch, minor or major, the kind of a pre-release (alpha, beta or rc)"
)
_WANTED: tuple[tuple[str, Value], ...] = (("LEVEL", Input("level")), ("PRE", Input("pre")))

_READS = Right("contents", "read", "to read the repository and its tags")
_LOOKS = (
    _READS,
    Right("issues", "read", "to look at the milestone"),
    Right("pull-requests", "read", "to read titles and labels"),
)

_LISTED = 'cd "$RUNNER_TEMP"\necho "$LISTED  listed/SHA256SUMS" | sha256sum --check --quiet\n'
_OBJECTS = "printf '%s\\n' \"$OBJECTS\" | tr ',' '\\n' > \"$RUNNER_TEMP/OBJECTS\"\n"


def proposal_workflow(options: WorkflowOptions) -> Workflow:
    """Plan the jobs that propose a release by a pull request."""
    # A push has no inputs: what is proposed is kept up to date, or labels ask for a first proposal.
    wanted = (
        'if [ -n "$LEVEL" ]; then set -- ${PRE:+"--pre=$PRE"} -- "$LEVEL"; else set -- --update -- auto; fi\n'
    )
    rehearse = f'{wanted}exec {CASTOFF} rehearse --pull-request --no-input "$@"\n'
    propose = f'{wanted}exec {CASTOFF} release --pull-request --execute --rehearsed --no-input "$@"\n'
    return Workflow(
        name="propose",
        group="castoff-propose",
        entries=(StartInput(name="level", description=_LEVEL, required=True, default="minor"), _PRE),
        # Jobs that build wheels need the version before anything is proposed.
        after_push=() if options.wheels else options.branches,
        jobs=(
            *recall_jobs(options),
            *wheel_jobs(options, "commit", _WANTED),
            with_marks(options, _rehearsal(options, "Rehearse the release and its pull request", rehearse)),
            Job(
                name="propose",
                title="Propose a release",
                why="may write, and builds nothing; it stops if the branch moved on since the rehearsal",
                needs=("rehearse",),
                minutes=60,
                rights=(
                    Right("contents", "write", "to push the branch of the proposal"),
                    Right("issues", "read", "to look at the milestone"),
                    Right("pull-requests", "write", "to open the pull request"),
                ),
                at="commit",
                steps=(
                    *clients(options),
                    *key(options.signs),
                    Script(
                        title="Create or update the release pull request",
                        script=propose,
                        variables=_WANTED,
                        token=token_of(options),
                        commits=True,
                    ),
                ),
            ),
        ),
    )


def release_workflow(options: WorkflowOptions) -> Workflow:
    """Plan the jobs of a release, from its claim (or the merge that claims it) to the draft."""
    claims = options.release == "push"
    level = StartInput(
        name="level", description=f"{_LEVEL}; without one, the release in progress is continued"
    )
    starts = StartInput(
        name="starts", description="Leave it: how often the release was continued", default="1"
    )
    return Workflow(
        name="resume",
        group="castoff-release",
        entries=(*((level, _PRE) if claims else ()), starts),
        after_proposal=not claims,
        jobs=(
            *recall_jobs(options),
            *(wheel_jobs(options, "commit", _WANTED) if claims else wheel_jobs(options, "branch")),
            *(_claim(options) if claims else ()),
            *build_jobs(options, after=("claim",) if claims else ()),
            _sign(options),
            *((_attest(options),) if options.attest else ()),
            _publish(options),
            _CONTINUE,
            _finish(options),
            *((_start(options),) if options.waiting else ()),
        ),
    )


def _rehearsal(options: WorkflowOptions, title: str, script: str) -> Job:
    names = build_secrets(options)
    built = WHEEL_JOBS if options.wheels is not None else ()
    return Job(
        name="rehearse",
        title="Build the release, and rehearse it",
        why="runs code of the repository and of its build requirements, so it may do nothing",
        minutes=120 if options.shards == 1 else 350,
        rights=_LOOKS,
        at="commit",
        needs=built,
        though_skipped=bool(built),
        requires="tree" if built else "",
        steps=(
            *clients(options),
            *placed_files(options),
            Script(title=title, script=unset(names) + script, variables=(*_WANTED, *secrets(names))),
        ),
    )


def _claim(options: WorkflowOptions) -> tuple[Job, Job]:
    rehearse = f'exec {CASTOFF} rehearse --no-input ${{PRE:+"--pre=$PRE"}} -- "$LEVEL"\n'
    claim = (
        f"exec {CASTOFF} release --execute --rehearsed --only version --no-input \\\n"
        '  ${PRE:+"--pre=$PRE"} -- "$LEVEL"\n'
    )
    rehearsal = replace(_rehearsal(options, "Rehearse the release", rehearse), given=Input("level"))
    return (
        with_marks(options, rehearsal, hands_on=True),
        Job(
            name="claim",
            title="Claim the version",
            why="may write, and builds nothing; it stops if the branch moved on since the rehearsal",
            needs=("rehearse",),
            minutes=60,
            rights=(Right("contents", "write", "to push what claims the version"), *_LOOKS[1:]),
            at="commit",
            steps=(
                *clients(options),
                *key("commit" in options.signs),
                Script(
                    title="Claim the version",
                    script=claim,
                    variables=_WANTED,
                    token=token_of(options),
                    commits=True,
                ),
            ),
        ),
    )


def _sign(options: WorkflowOptions) -> Job:
    files = last_build_job(options)
    script = (
        _LISTED
        + """\
castoff/bin/castoff -C "$GITHUB_WORKSPACE" tag --built built --digests listed/SHA256SUMS --to tags \\
  --json --no-input -- "$VERSION" > tags.json
cat tags.json
echo "objects=$(jq -r '[.tags[].object] | join(",")' tags.json)" >> "$GITHUB_OUTPUT"
echo "tag=$(jq -r '.tags[-1].name // ""' tags.json)" >> "$GITHUB_OUTPUT"
"""
    )
    signed = "knows the signing key; runs no code of the project, and may write nothing"
    return Job(
        name="sign",
        title="Make the tag, which lists the digests of the files",
        why=signed if "tag" in options.signs else "runs no code of the project, and may write nothing",
        needs=(files,),
        though_skipped=True,
        given=Output(files, "version"),
        minutes=30,
        rights=(READS_CLAIM,),
        steps=(
            *node(options),
            Take("built"),
            Take("listed"),
            *key("tag" in options.signs),
            Script(
                title="Make the tag and verify it",
                script=script,
                variables=(("VERSION", Output(files, "version")), ("LISTED", Output(files, "listed"))),
                outputs=(
                    ("objects", "ids of the tag objects: what is pushed later is these"),
                    ("tag", "the tag of the release"),
                ),
                commits=True,
            ),
            Keep("tags", "objects"),
        ),
    )


def _attest(options: WorkflowOptions) -> Job:
    files = last_build_job(options)
    return Job(
        name="attest",
        title="Attest the files, before one of them is uploaded",
        why="runs no code of the project, and has only the list of its files",
        castoff=False,
        needs=(files, "sign"),
        though_skipped=True,
        given=Output("sign", "objects"),
        minutes=15,
        rights=(
            Right("attestations", "write", "to store the attestation"),
            Right("id-token", "write", "to sign it as this workflow"),
        ),
        steps=(
            Take("listed"),
            Script(
                title="Require the list that the tag has",
                script=_LISTED,
                variables=(("LISTED", Output(files, "listed")),),
                token=None,
            ),
            Attest("listed/SHA256SUMS"),
        ),
    )


def _attestation(options: WorkflowOptions) -> Script:
    script = """\
cd built
sha256sum --check --quiet ../listed/SHA256SUMS
shopt -s nullglob
files=(*.whl *.tar.gz)
if [ "${#files[@]}" -gt 0 ]; then
  "$RUNNER_TEMP/castoff/bin/pypi-attestations" sign "${files[@]}"
fi
"""
    return Script(
        title="Attest the Python files, as PyPI accepts it of the job that uploads",
        script=_LISTED + script,
        variables=(("LISTED", Output(last_build_job(options), "listed")),),
        token=None,
    )


def _publish(options: WorkflowOptions) -> Job:
    files = last_build_job(options)
    names = [] if options.tokenless else [_TOKENS[one] for one in options.ecosystems if one in _TOKENS]
    # cargo exchanges nothing itself: the identity token is for castoff's credential provider.
    requests = options.tokenless or bool({"npm", "python"} & set(options.ecosystems))
    oidc = (Right("id-token", "write", "to upload without a long-lived token"),) if requests else ()
    script = (
        unset(names)
        + _OBJECTS
        + _LISTED
        + f"""\
code=0
castoff/bin/castoff -C "$GITHUB_WORKSPACE" resume --execute --no-input --only publish --for 5h30m \\
  --built built --digests listed/SHA256SUMS --tags tags --objects OBJECTS \\
  --events events.ndjson -- "$VERSION" || code=$?
sent=0
if [ "$code" -eq 3 ]; then
  sent=$(jq -s 'map(select(.type == "act-end" and .outcome == "done")) | length' events.ndjson)
fi
if [ "$sent" -gt 0 ] && [ "$STARTS" -lt {STARTS} ]; then
  echo "unfinished=true" >> "$GITHUB_OUTPUT"
  exit 0
fi
exit "$code"
"""
    )
    return Job(
        name="publish",
        title="Upload the files",
        why="holds the upload's rights, builds nothing, and writes nothing in the repository",
        needs=(files, "sign", *(("attest",) if options.attest else ())),
        though_skipped=True,
        given=Output("sign", "objects"),
        minutes=355,
        environment=PUBLISHING_ENVIRONMENT,
        rights=(READS_CLAIM, *oidc),
        steps=(
            *node(options),
            Take("built"),
            Take("listed"),
            Take("tags"),
            *((_attestation(options),) if attests(options) else ()),
            Script(
                title="Upload what the tag lists",
                script=script,
                variables=(
                    ("VERSION", Output(files, "version")),
                    ("LISTED", Output(files, "listed")),
                    ("OBJECTS", Output("sign", "objects")),
                    ("STARTS", Input("starts", "1")),
                    *secrets(names),
                ),
                outputs=(("unfinished", "time was up, and files went up in it"),),
            ),
        ),
    )


_CONTINUE = Job(
    name="continue",
    title="Continue in a new run",
    why="may start workflows, and nothing else",
    castoff=False,
    needs=("publish",),
    though_skipped=True,
    given=Output("publish", "unfinished"),
    minutes=5,
    rights=(Right("actions", "write", "to start this workflow again"),),
    steps=(
        Script(
            title="Start the workflow again",
            script=f'exec gh workflow run {PUBLISHING_WORKFLOW} --repo "$GITHUB_REPOSITORY" \\\n'
            '  --ref "$BRANCH" -f starts="$((STARTS + 1))"\n',
            variables=(("BRANCH", ReleaseBranch()), ("STARTS", Input("starts", "1"))),
        ),
    ),
)


def _finish(options: WorkflowOptions) -> Job:
    files = last_build_job(options)
    opens = (
        Right("pull-requests", "write", "to open the pull request")
        if options.changelog == "pull-request"
        else Right("pull-requests", "read", "to read titles and labels")
    )
    script = (
        'if [ -n "$OBJECTS" ]; then\n'
        f'  {_OBJECTS}  set -- --tags "$RUNNER_TEMP/tags" --objects "$RUNNER_TEMP/OBJECTS" -- "$VERSION"\n'
        f'fi\n{CASTOFF} resume --execute --no-input "$@"\n'
    )
    variables: tuple[tuple[str, Value], ...]
    variables = (("VERSION", Output(files, "version")), ("OBJECTS", Output("sign", "objects")))
    if options.waiting:
        # Staged npm packages wait for a person, and the tag waits for them.
        script += (
            'if [ -n "$TAG" ] && git ls-remote --exit-code --tags origin "refs/tags/$TAG"; then\n'
            '  echo "tag=$TAG" >> "$GITHUB_OUTPUT"\nfi\n'
        )
        variables = (*variables, ("TAG", Output("sign", "tag")))
    draft = Script(
        title="Draft the release, since a tag pushed by a job does not start other workflows",
        script=f"exec {CASTOFF} draft --execute --no-input\n",
        token=token_of(options),
    )
    return Job(
        name="finish",
        title="Push the tag, draft the release, and close its milestone; a person announces",
        why="knows no upload token and no key",
        needs=(files, "sign", "publish"),
        though_skipped=True,
        requires=files,
        unless=Output("publish", "unfinished"),
        minutes=60,
        rights=(
            Right("contents", "write", "to push the tag, to make the draft, and to push the changelog"),
            Right(
                "issues", "write", "to close the milestone, and to report a failed build of the documentation"
            ),
            opens,
        ),
        steps=(
            Take("tags", Output("sign", "objects")),
            Script(
                title="Push the tag that was made, and do what follows it",
                script=script,
                variables=variables,
                outputs=(("tag", "the tag, if it is on the remote"),) if options.waiting else (),
                token=token_of(options),
                commits=True,
            ),
            *((draft,) if options.draft_by == "ci" else ()),
        ),
    )


def _start(options: WorkflowOptions) -> Job:
    script = "".join(
        f'gh workflow run {name} --repo "$GITHUB_REPOSITORY" --ref "$TAG"\n' for name in options.waiting
    )
    return Job(
        name="start",
        title="Start the workflows that wait for the tag, since a tag pushed by a job starts none",
        why="may start workflows, and nothing else",
        castoff=False,
        needs=("finish",),
        though_skipped=True,
        given=Output("finish", "tag"),
        minutes=5,
        rights=(Right("actions", "write", "to start workflows"),),
        steps=(
            Script(
                title="Start them at the tag", script=script, variables=(("TAG", Output("finish", "tag")),)
            ),
        ),
    )
