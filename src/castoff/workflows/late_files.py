"""Workflows that attach files to a release once it is published, which an immutable release does not take."""

from __future__ import annotations

from collections.abc import Iterable

from castoff.errors import Problem
from castoff.regexes import regex
from castoff.workflows.detection import known_action
from castoff.workflows.jobs import WorkflowStep

_ACTIONS = (
    "actions/upload-release-asset",
    "alexellis/upload-assets",
    "anchore/sbom-action",
    "csexton/release-asset-action",
    "ncipollo/release-action",
    "softprops/action-gh-release",
    "svenstaro/upload-release-action",
    "taiki-e/upload-rust-binary-action",
    "xresloader/upload-to-github-release",
)
"""Actions of the GitHub Marketplace that attach files to the release that started them."""
_UPLOADS = regex(r"(?:^|[\s;&|(`\"'])gh\s+release\s+upload\b")


def late_files(steps: Iterable[WorkflowStep]) -> tuple[WorkflowStep, ...]:
    """Find the steps that attach files when a release is published."""
    return tuple(
        one
        for one in steps
        if "release" in one.when and (known_action(one.uses, _ACTIONS) or _UPLOADS.search(one.script))
    )


def late_file_problem(step: WorkflowStep, unknown: str | None) -> Problem:
    """Report a step; ``unknown`` is why nobody could tell whether releases are immutable, None if they are."""
    what = step.uses.partition("@")[0] or "gh release upload"
    return Problem(
        code="files-after-announcement",
        severity="error" if unknown is None else "warning",
        message=f"`{step.path}` attaches files to a release when it is published, with `{what}`",
        reason="releases of this repository are immutable: a published one takes no files, and its tag name can never "
        "be used again"
        if unknown is None
        else f"a published release takes no files if releases of this repository are immutable: {unknown}",
        remedy="attach the files to the draft: make `push` of the tag, or `workflow_dispatch`, the trigger of that "
        "workflow, and announce when it has ended",
        file=step.path,
        line=step.line,
    )
