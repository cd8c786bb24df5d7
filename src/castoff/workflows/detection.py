"""Workflows of a repository that make releases on their own.

A draft has exactly one writer. A second one makes a second draft, or deletes ours, so it has to be known before
the first release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from castoff.errors import ConfigurationError, Problem
from castoff.ports import Tree
from castoff.regexes import regex
from castoff.text.yaml import Mapping as YamlMapping
from castoff.text.yaml import Scalar, Value, read_yaml
from castoff.values import replace
from castoff.workflows.jobs import When, WorkflowStep, workflow_steps

# Actions of the GitHub Marketplace that create releases, with former owners' names: GitHub redirects
# renamed repositories, so old references still work.
ACTIONS: tuple[str, ...] = (
    "actions/create-release",
    "anton-yurchenko/git-release",
    "changesets/action",
    "cycjimmy/semantic-release-action",
    "elgohr/github-release-action",
    "goreleaser/goreleaser-action",
    "googleapis/release-please-action",
    "google-github-actions/release-please-action",
    "jreleaser/release-action",
    "justincy/github-action-npm-release",
    "marvinpinto/action-automatic-releases",
    "mikepenz/action-gh-release",
    "ncipollo/release-action",
    "release-drafter/release-drafter",
    "release-plz/action",
    "marcoieni/release-plz-action",
    "python-semantic-release/publish-action",
    "softprops/action-gh-release",
    "svenstaro/upload-release-action",
    "taiki-e/create-gh-release-action",
    "toolmantim/release-drafter",
    "yakubique/create-release",
)
# Commands that create a release by themselves. `gh release upload` and `edit` need an existing one, so they
# are no second writer.
_COMMANDS = regex(
    r"(?:^|[\s;&|(`\"'])("
    r"gh\s+release\s+create|hub\s+release\s+create|glab\s+release\s+create"
    # Only the collection `/releases` creates; `/releases/latest` and the like read.
    r"|gh\s+api\b[^\n]{0,200}/releases(?![/\w-])"
    r"|goreleaser\s+(?:release|publish)|semantic-release(?![\w-])|release-it(?![\w-])|jreleaser\s+\S*release"
    r"|release-plz\s+release|git-release|changelogithub|lerna\s+version\b[^\n]{0,200}--create-release"
    r")"
)
GORELEASER_FILES = (
    ".goreleaser.yaml", ".goreleaser.yml", "goreleaser.yaml", "goreleaser.yml", ".config/goreleaser.yaml",
    ".config/goreleaser.yml",
)  # fmt: skip
OURS = regex(r"(?:^|[\s/])(?P<ours>castoff\"?\s+(?:-C\s+\S+\s+)?(?:draft|release|resume))\b")


class ReleaseWorkflow(Struct, frozen=True, kw_only=True):
    """A place that makes releases: ``what`` does it, ``when`` says what starts it.

    ``is_draft`` tells that what it makes is a draft, as far as that can be read there; ``is_ours`` that it
    is castoff's own.
    """

    path: str
    line: int
    what: str
    when: tuple[When, ...]
    is_draft: bool = False
    is_ours: bool = False

    @property
    def writes_on_tag(self) -> bool:
        """Return whether the push of a release tag starts it."""
        return "tag" in self.when


def release_workflows(files: Mapping[str, str], tree: Tree | None = None) -> tuple[ReleaseWorkflow, ...]:
    """Find the places in workflows that make releases.

    ``files`` maps POSIX paths to texts; ``tree`` holds the scripts that they run.
    """
    found = tuple(_makers(workflow_steps(files, tree)))
    release = _goreleaser_release(tree) if tree is not None else None
    if release is None:
        return found
    kept = (one for one in found if "goreleaser" not in one.what or not _is_true(release.get("disable")))
    return tuple(
        replace(one, is_draft=one.is_draft or _is_true(release.get("draft")))
        if "goreleaser" in one.what
        else one
        for one in kept
    )


def second_writer_problems(
    found: tuple[ReleaseWorkflow, ...], draft_by: Literal["castoff", "ci"]
) -> tuple[Problem, ...]:
    """Name the workflows that would write the same draft as the configured writer."""
    # Workflows of other events run when somebody starts them or after the announcement, so they do not race
    # with castoff's draft.
    writers = [workflow for workflow in found if workflow.writes_on_tag]
    if draft_by == "ci":
        # The first writer (by path) counts as the configured one; which of several is meant is not known.
        return tuple(_second(w, "another job drafts the same release") for w in writers[1:])
    return tuple(_second(w, "`draft.by` is `castoff`, so castoff drafts the release itself") for w in writers)


def _second(workflow: ReleaseWorkflow, reason: str) -> Problem:
    return Problem(
        code="draft-second-writer",
        message=f"`{workflow.path}` creates a release when a tag is pushed, with `{workflow.what}`",
        reason=f"{reason}; two writers create two drafts, or one deletes the other's",
        remedy='remove that job, or set `draft.by = "ci"` and keep exactly one',
        file=workflow.path,
        line=workflow.line,
    )


def _makers(steps: Iterable[WorkflowStep]) -> Iterator[ReleaseWorkflow]:
    for step in steps:
        ours = OURS.search(step.script)
        what = ours["ours"].replace('"', "") if ours else known_action(step.uses, ACTIONS) or _command(step)
        if what is not None:
            yield ReleaseWorkflow(
                path=step.path,
                line=step.line,
                what=what,
                when=step.when,
                is_draft=_is_draft(step),
                is_ours=ours is not None,
            )


def _goreleaser_release(tree: Tree) -> YamlMapping | None:
    """Return what goreleaser's configuration says of the release."""
    path = next((path for path in GORELEASER_FILES if path in tree.paths()), None)
    try:
        root = read_yaml(tree.read(path) or "", file=path) if path is not None else None
    except ConfigurationError:
        return None
    release = root.get("release") if isinstance(root, YamlMapping) else None
    return release if isinstance(release, YamlMapping) else None


def _is_true(value: Value | None) -> bool:
    return isinstance(value, Scalar) and value.text.casefold() == "true"


def known_action(reference: str, known: Iterable[str]) -> str | None:
    """Return the action of a list that a step uses; actions in folders of a repository count as the repository."""
    # Repository names on GitHub are case-insensitive.
    name = reference.partition("@")[0].casefold()
    return next((action for action in known if name == action or name.startswith(action + "/")), None)


def _command(step: WorkflowStep) -> str | None:
    match = _COMMANDS.search(step.script)
    return " ".join(match[1].split())[:60] if match is not None else None


def _is_draft(step: WorkflowStep) -> bool:
    # `gh release create --draft`; cobra's flags accept `--draft=false`.
    if re.search(r"\s--draft\b(?!=false)", step.script):
        return True
    return step.options.get("draft", "").casefold() == "true"
