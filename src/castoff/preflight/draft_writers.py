"""Writers of the draft: castoff, or one workflow that the push of a tag starts."""

from __future__ import annotations

from castoff.errors import Problem
from castoff.ports import Tree
from castoff.preflight.stage import Found, Skipped
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.workflows.detection import release_workflows, second_writer_problems
from castoff.workflows.jobs import workflow_files


def draft_writer(session: Session) -> Found:
    """See that exactly one writer makes the draft: castoff, or a workflow that the push of a tag starts."""
    if session.services.forge(session.snapshot.remote_url) is None:
        return Skipped("the remote's host is not a supported forge")
    by = session.configuration.draft.by
    if by == "off":
        return Skipped("`draft.by` is off")
    tree = session.snapshot.tree
    found = release_workflows(workflow_files(tree), tree)
    if by == "ci" and not any(one.writes_on_tag for one in found):
        return (
            Problem(
                code="draft-no-writer",
                severity="warning",
                message="no workflow creates a release when a tag is pushed",
                reason="`draft.by` is `ci`, so castoff expects a workflow to create the draft",
                remedy='create one with `castoff ci --write .`, or set `draft.by = "castoff"`',
            ),
        )
    return second_writer_problems(found, by)


def draft_rivals(services: Services, tree: Tree) -> tuple[Problem, ...]:
    """Name the workflows that make a draft of their own: castoff would be the second writer.

    Where `draft.by` is `ci`, castoff's own workflow is castoff.
    """
    by = services.configuration.draft.by
    found = release_workflows(workflow_files(tree), tree)
    return second_writer_problems(tuple(w for w in found if by != "ci" or not w.is_ours), "castoff")
