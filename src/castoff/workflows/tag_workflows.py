"""Workflows that wait for a release: what a job pushes or publishes with its own token starts none of them.

GitHub Docs, "Triggering a workflow from a workflow": events that the `GITHUB_TOKEN` causes start no run, except for
`workflow_dispatch` and `repository_dispatch`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from castoff.errors import ConfigurationError, Problem
from castoff.regexes import regex
from castoff.text.yaml import Mapping as YamlMapping
from castoff.text.yaml import Scalar, Sequence, Value, read_yaml
from castoff.workflows.options import PUBLISHING_WORKFLOW
from castoff.workflows.texts import HEADER

_SIGN = regex(r"\*\*|[*?+]|\[[^\]]+\]|\\.|.", re.S)

_ANOTHER = (
    "name a GitHub App in `ci.app`, whose token does start them (`castoff explain workflow-not-started`), or in "
    "`ci.token` a secret with another token"
)
_REASON = "the forge starts no workflow for what a job writes with its own token"


class TagWorkflow(Struct, frozen=True, kw_only=True):
    """A workflow that the push of a tag starts; ``by_hand``: it can be started without one as well."""

    path: str
    line: int
    by_hand: bool

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return self.path.rpartition("/")[2]


def tag_workflows(files: Mapping[str, str], tag: str) -> tuple[TagWorkflow, ...]:
    """Find the workflows whose `on.push.tags` takes a tag; one that any push starts does not wait for it."""
    return tuple(_found(files, tag))


def unstarted_problems(files: Mapping[str, str], tag: str) -> tuple[Problem, ...]:
    """Report the workflows that wait for a tag that a job pushes, and that the publishing workflow does not start."""
    resume = "".join(text for path, text in files.items() if path.endswith(f"/{PUBLISHING_WORKFLOW}"))
    return tuple(
        _never_started(one)
        for one in tag_workflows(files, tag)
        # With `draft.by = "ci"` the job that pushes the tag drafts.
        if one.name != "castoff-draft.yml" and f"gh workflow run {one.name} " not in resume
    )


def unannounced_problems(files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Report the workflows that wait for the publication of a release, which a job announces; castoff's own do not."""
    return tuple(
        Problem(
            code="workflow-not-started",
            message=f"`{path}` waits for the publication of a release, and `castoff-announce.yml` would not start it",
            reason=_REASON,
            remedy="remove `announce` from `[ci]`, and announce with `castoff announce --execute` or on the forge; or "
            + _ANOTHER,
            file=path,
        )
        for path in sorted(files)
        if not files[path].startswith(HEADER) and "release" in _events(path, files[path])
    )


def _events(path: str, text: str) -> frozenset[str]:
    try:
        root = read_yaml(text, file=path)
    except ConfigurationError:
        return frozenset()
    on = root.get("on") if isinstance(root, YamlMapping) else None
    return (
        frozenset(entry.key for entry in on.entries) if isinstance(on, YamlMapping) else frozenset(_texts(on))
    )


def unchecked_proposal(branch: str, rules: Collection[str]) -> tuple[Problem, ...]:
    """Report required checks of a branch: those of a proposal that a job opens do not start."""
    if "required_status_checks" not in rules:
        return ()
    return (
        Problem(
            code="workflow-not-started",
            message=f"the branch `{branch}` requires checks, which do not run for a proposal that a job opens",
            reason=_REASON,
            remedy=_ANOTHER,
        ),
    )


def _never_started(one: TagWorkflow) -> Problem:
    by_hand = "run `castoff ci --write .`, which lets a job start it at the tag"
    return Problem(
        code="workflow-not-started",
        message=f"`{one.path}` waits for a release tag, which a job pushes",
        reason=_REASON,
        remedy=(by_hand if one.by_hand else f"add `workflow_dispatch:` to its `on`, and {by_hand}")
        + f"; or {_ANOTHER}",
        file=one.path,
        line=one.line,
    )


def _found(files: Mapping[str, str], tag: str) -> Iterator[TagWorkflow]:
    for path in sorted(files):
        try:
            root = read_yaml(files[path], file=path)
        except ConfigurationError:
            continue
        on = root.get("on") if isinstance(root, YamlMapping) else None
        push = on.get("push") if isinstance(on, YamlMapping) else None
        tags = push.get("tags") if isinstance(push, YamlMapping) else None
        patterns = list(_texts(tags))
        if isinstance(on, YamlMapping) and patterns and _takes(patterns, tag):
            by_hand = any(entry.key == "workflow_dispatch" for entry in on.entries)
            line = next(_lines(tags), 1)
            yield TagWorkflow(path=path, line=line, by_hand=by_hand)


def _texts(value: Value | None) -> Iterator[str]:
    match value:
        case Scalar(text):
            yield text
        case Sequence(items):
            yield from (item.text for item in items if isinstance(item, Scalar))
        case _:
            return


def _lines(value: Value | None) -> Iterator[int]:
    match value:
        case Scalar():
            yield value.line
        case Sequence(items):
            yield from (item.line for item in items if isinstance(item, Scalar))
        case _:
            return


def _takes(patterns: list[str], tag: str) -> bool:
    taken = False
    for pattern in patterns:
        # The last pattern that matches decides (GitHub Docs, "Filter pattern cheat sheet").
        try:
            matches = re.fullmatch(_expression(pattern.removeprefix("!")), tag) is not None
        except re.error:
            matches = True  # a pattern that cannot be read may match
        if matches:
            taken = not pattern.startswith("!")
    return taken


def _expression(pattern: str) -> str:
    """Write a filter pattern as a regular expression; `?` and `+` repeat what precedes them, as there."""
    parts: list[str] = []
    for sign in _SIGN.findall(pattern):
        if sign in ("?", "+") and parts:
            parts.append(sign)
        elif sign == "**":
            parts.append(".*")
        elif sign == "*":
            parts.append("[^/]*")
        elif sign.startswith("[") and sign.endswith("]"):
            inner = re.sub(r"[\\^\[\]]", r"\\\g<0>", sign[1:-1])
            parts.append(f"[{inner}]")
        else:
            parts.append(re.escape(sign.removeprefix("\\") or sign))
    # Two repetitions in a row mean something else to `re`.
    return re.sub(r"(?<=[?+*])[?+]+", "", "".join(parts))
