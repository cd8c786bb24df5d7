"""Workflows of a repository that make releases on their own.

A draft has exactly one writer. A second one makes a second draft, or deletes ours, so it has to be known before
the first release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from castoff.errors import ConfigurationError, Problem
from castoff.text.yaml import Mapping as YamlMapping
from castoff.text.yaml import Scalar, Sequence, Value, YamlEntry, read_yaml

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
_COMMANDS = re.compile(
    r"(?:^|[\s;&|(`\"'])("
    r"gh\s+release\s+create|hub\s+release\s+create|glab\s+release\s+create"
    # Only the collection `/releases` creates; `/releases/latest` and the like read.
    r"|gh\s+api\b[^\n]{0,200}/releases(?![/\w-])"
    r"|goreleaser\s+(?:release|publish)|semantic-release(?![\w-])|release-it(?![\w-])|jreleaser\s+\S*release"
    r"|release-plz\s+release|git-release|changelogithub|lerna\s+version\b[^\n]{0,200}--create-release"
    r")"
)
_OURS = re.compile(r"(?:^|[\s/])(?P<ours>castoff\"?\s+(?:draft|release|resume))\b")

When = Literal["tag", "push", "release", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWorkflow:
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


def release_workflows(files: Mapping[str, str]) -> tuple[ReleaseWorkflow, ...]:
    """Find the places in workflows that make releases.

    ``files`` maps POSIX paths to texts. A file that is no YAML is searched line by line.
    """
    return tuple(found for path in sorted(files) for found in _in_file(path, files[path]))


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


def _in_file(path: str, text: str) -> Iterator[ReleaseWorkflow]:
    try:
        root = read_yaml(text, file=path)
    except ConfigurationError:
        # GitHub accepts more YAML than castoff parses, so an unreadable file may still run.
        yield from _in_lines(path, text)
        return
    if not isinstance(root, YamlMapping):
        return
    when = _triggers(root.get("on"))
    for step in _steps(root.get("jobs")):
        found = _in_step(step)
        if found is not None:
            what, line, is_ours = found
            yield ReleaseWorkflow(
                path=path, line=line, what=what, when=when, is_draft=_is_draft(step), is_ours=is_ours
            )


def _in_lines(path: str, text: str) -> Iterator[ReleaseWorkflow]:
    lines = text.splitlines()
    when: tuple[When, ...] = (
        ("tag",) if any(line.strip().startswith("tags:") for line in lines) else ("other",)
    )
    for number, line in enumerate(lines, start=1):
        what = _known_action(line.partition("uses:")[2].strip()) or _command(line.partition("#")[0])
        if what is not None:
            yield ReleaseWorkflow(path=path, line=number, what=what, when=when)


def _triggers(value: Value | None) -> tuple[When, ...]:
    """Read what starts a workflow; a push without any filter is started by tags too."""
    found: list[When] = []
    for name, details in _named(value):
        if name == "push":
            keys = {entry.key for entry in details.entries} if isinstance(details, YamlMapping) else set()
            # GitHub Docs, "Workflow syntax", `on.push`: with only a branch filter, tags do not start the
            # workflow; without filters they do.
            if "tags" in keys or not keys & {"branches", "branches-ignore", "tags-ignore"}:
                found.append("tag")
            if keys & {"branches", "branches-ignore"} or "tags" not in keys:
                found.append("push")
        # `create` runs for branches and tags (GitHub Docs, "Events that trigger workflows").
        elif name == "create":
            found.append("tag")
        else:
            found.append("release" if name == "release" else "other")
    return tuple(dict.fromkeys(found))


def _named(value: Value | None) -> Iterator[tuple[str, Value | None]]:
    match value:
        case Scalar(text):
            yield from [(text, None)] if text else []
        case Sequence(items):
            yield from ((item.text, None) for item in items if isinstance(item, Scalar))
        case YamlMapping(entries):
            yield from ((entry.key, entry.value) for entry in _last_of_each(entries))
        case None:
            return


def _last_of_each(entries: tuple[YamlEntry, ...]) -> tuple[YamlEntry, ...]:
    # For duplicate keys the last one counts, as in most YAML parsers.
    return tuple({entry.key: entry for entry in entries}.values())


def _steps(jobs: Value | None) -> Iterator[YamlMapping]:
    if not isinstance(jobs, YamlMapping):
        return
    for _, job in _named(jobs):
        if not isinstance(job, YamlMapping):
            continue
        # A job can have `uses` itself: a reusable workflow.
        yield job
        steps = job.get("steps")
        if isinstance(steps, Sequence):
            yield from (step for step in steps.items if isinstance(step, YamlMapping))


def _in_step(step: YamlMapping) -> tuple[str, int, bool] | None:
    uses, run = step.get("uses"), step.get("run")
    if isinstance(uses, Scalar):
        action = _known_action(uses.text)
        return None if action is None else (action, uses.line, False)
    if isinstance(run, Scalar):
        script = "\n".join(line for line in run.text.splitlines() if not line.lstrip().startswith("#"))
        ours = _OURS.search(script)
        if ours is not None:
            return ours["ours"].replace('"', ""), run.line, True
        command = _command(script)
        return None if command is None else (command, run.line, False)
    return None


def _known_action(reference: str) -> str | None:
    # Repository names on GitHub are case-insensitive.
    name = reference.strip("'\"").partition("@")[0].casefold()
    return next((action for action in ACTIONS if name == action or name.startswith(action + "/")), None)


def _command(text: str) -> str | None:
    match = _COMMANDS.search(text)
    return " ".join(match[1].split())[:60] if match is not None else None


def _is_draft(step: YamlMapping) -> bool:
    with_, run = step.get("with"), step.get("run")
    # `gh release create --draft`; cobra's flags accept `--draft=false`.
    if isinstance(run, Scalar) and re.search(r"\s--draft\b(?!=false)", run.text):
        return True
    draft = with_.get("draft") if isinstance(with_, YamlMapping) else None
    return isinstance(draft, Scalar) and draft.text.casefold() == "true"
