"""Workflows that write what a release of castoff writes: uploads, versions, tags, and drafts of the next release.

A table says what each action and command does. What only a person starts is no second writer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.versions import Ecosystem
from castoff.regexes import regex
from castoff.workflows.detection import OURS, known_action
from castoff.workflows.jobs import When, WorkflowStep

Work = Literal["upload", "version", "draft"]

_EVENTS: Mapping[When, str] = {
    "tag": "a tag is pushed",
    "push": "a branch is pushed",
    "release": "a release is published",
    "merge": "a pull request is merged",
    "run": "another workflow ends",
}
"""Events that a release of castoff causes. A schedule is none: nightly uploads have versions of their own."""


class _Known(Struct, frozen=True):
    """What an action or a command does; ``of`` is the ecosystem of an upload, ``option`` and ``value`` narrow it."""

    tool: str
    does: Work
    of: Ecosystem | None = None
    option: str = ""
    value: str = ""


_ACTIONS: Mapping[str, _Known] = {
    "actions-rs/cargo": _Known("cargo publish", "upload", "cargo", "command", "publish"),
    "callowayproject/bump-my-version": _Known("bump-my-version", "version"),
    "cargo-bins/release-pr": _Known("release-pr", "version"),
    "changesets/action": _Known("changesets", "version"),
    "codfish/semantic-release-action": _Known("semantic-release", "version"),
    "commitizen-tools/commitizen-action": _Known("commitizen", "version"),
    "cycjimmy/semantic-release-action": _Known("semantic-release", "version"),
    "google-github-actions/release-please-action": _Known("release-please", "version"),
    "googleapis/release-please-action": _Known("release-please", "version"),
    "js-devtools/npm-publish": _Known("npm publish", "upload", "npm"),
    "jrubics/poetry-publish": _Known("poetry publish", "upload", "python"),
    "katyo/publish-crates": _Known("cargo publish", "upload", "cargo"),
    "marcoieni/release-plz-action": _Known("release-plz", "version"),
    "pyo3/maturin-action": _Known("maturin", "upload", "python", "command", "upload|publish"),
    "pypa/gh-action-pypi-publish": _Known("twine", "upload", "python"),
    "python-semantic-release/python-semantic-release": _Known("python-semantic-release", "version"),
    "relekang/python-semantic-release": _Known("python-semantic-release", "version"),
    "release-drafter/release-drafter": _Known("release-drafter", "draft"),
    "release-plz/action": _Known("release-plz", "version"),
    "toolmantim/release-drafter": _Known("release-drafter", "draft"),
}
_OPTIONS = r"\s+(?:[-+][\w./:-]+(?:=\S+|\s+[^-+\s]\S*)?\s+)*"
"""Options before a command's word: `cargo +stable publish`, `npm --workspace a publish`."""

_COMMANDS: tuple[tuple[str, _Known], ...] = (
    (rf"(?:uv|hatch|flit|poetry|pdm|rye){_OPTIONS}publish", _Known("a Python client", "upload", "python")),
    (r"maturin\s+(?:upload|publish)", _Known("maturin", "upload", "python")),
    (r"twine\s+upload", _Known("twine", "upload", "python")),
    (rf"cargo{_OPTIONS}publish", _Known("cargo", "upload", "cargo")),
    (r"cargo\s+(?:ws|workspaces)\s+publish", _Known("cargo-workspaces", "version")),
    (r"cargo\s+(?:ws|workspaces)\s+version", _Known("cargo-workspaces", "version")),
    # Both only print unless they are told to act.
    (r"cargo\s+smart-release\b[^\n]{0,300}\s--execute", _Known("cargo-smart-release", "version")),
    (r"cargo\s+release\b[^\n]{0,300}\s(?:--execute|-x)", _Known("cargo-release", "version")),
    (r"release-plz\s+(?:release-pr|release|update)", _Known("release-plz", "version")),
    (rf"(?:npm|bun){_OPTIONS}publish", _Known("npm", "upload", "npm")),
    (r"pnpm\b[^\n]{0,100}\spublish", _Known("pnpm", "upload", "npm")),
    (r"yarn\b[^\n]{0,100}\s(?:npm\s+)?publish", _Known("yarn", "upload", "npm")),
    (r"(?:changeset|@changesets/cli|lerna)\s+publish", _Known("a workspace client", "upload", "npm")),
    (r"(?:changeset|@changesets/cli|lerna)\s+version", _Known("a workspace client", "version")),
    (r"nx\s+release", _Known("nx release", "version")),
    (r"release-please\s+(?:release-pr|github-release|manifest-\w+)", _Known("release-please", "version")),
    (r"semantic-release(?:\s+(?:version|publish))?(?=\s*$|\s+-|\s*[;&|])", _Known("semantic-release", "version")),
    (r"(?:cz|commitizen)\s+bump", _Known("commitizen", "version")),
    (r"bump-my-version\s+bump|bump(?:2)?version\s+(?:major|minor|patch)", _Known("bump-my-version", "version")),
    (r"tbump(?=\s+[\w$\"'{.])", _Known("tbump", "version")),
    (r"(?:standard-version|commit-and-tag-version|release-it)(?![\w-])", _Known("release-it", "version")),
)  # fmt: skip
_CALL = regex(
    r"(?:^|[\s;&|(`\"'/])(" + "|".join(f"(?:{pattern})" for pattern, _ in _COMMANDS) + r")(?![\w-])", re.M
)
_RELEASED = regex(r"(?<=[\w-])@(?:\d[\w.^~*-]*|latest|next|lts)(?=\s|$)", re.M)
_HARMLESS = regex(
    r"--dry-run|--dry\b|--noop|--no-op|--help|--version\b(?!=)|testpypi|pkg\.github\.com|^\s*echo\b"
)
"""What makes a call harmless: it only prints, or it goes to another registry."""


class WritingStep(Struct, frozen=True, kw_only=True):
    """A step of a workflow that writes: ``what`` as it stands there, ``does`` what it writes."""

    path: str
    line: int
    what: str
    does: Work
    ecosystem: Ecosystem | None
    when: tuple[When, ...]

    @property
    def started_by(self) -> When | None:
        """Return the event of a release that starts it; None if only a person does."""
        return next((event for event in _EVENTS if event in self.when), None)


def writers(steps: Iterable[WorkflowStep]) -> tuple[WritingStep, ...]:
    """Find the steps that upload, write versions or tags, or keep drafts; castoff's own are left out."""
    return tuple(_writers(steps))


def second_writers(
    found: Iterable[WritingStep], ecosystems: Collection[Ecosystem], *, drafts: bool
) -> tuple[Problem, ...]:
    """Name the writers that a release of these ecosystems would start; ``drafts``: castoff creates the draft."""
    return tuple(
        _problem(one, event)
        for one in found
        if (event := one.started_by) is not None
        if one.ecosystem is None or one.ecosystem in ecosystems
        # What drafts when a tag is pushed is `draft-second-writer`.
        if one.does != "draft" or (drafts and event != "tag")
    )


def _writers(steps: Iterable[WorkflowStep]) -> Iterator[WritingStep]:
    for step in steps:
        if OURS.search(step.script):
            continue
        for what, known in _found(step):
            yield WritingStep(
                path=step.path,
                line=step.line,
                what=what,
                does=known.does,
                ecosystem=known.of,
                when=step.when,
            )


def _found(step: WorkflowStep) -> Iterator[tuple[str, _Known]]:
    action = known_action(step.uses, _ACTIONS)
    if action is not None and _applies(_ACTIONS[action], step):
        yield action, _ACTIONS[action]
    yield from ((what, known) for _, what, known in _calls(step.script))


def commands_in(script: str) -> tuple[tuple[int, str], ...]:
    """List the commands of a script that upload or write versions, each with its line."""
    return tuple((line, what) for line, what, _ in _calls(script))


def _calls(text: str) -> Iterator[tuple[int, str, _Known]]:
    # A command may go on in the next line; the length stays, so that lines can be counted.
    script = text.replace("\\\n", "  ")
    # `npx semantic-release@24` is the same tool.
    script = _RELEASED.sub(lambda match: " " * len(match[0]), script)
    seen: set[str] = set()
    for match in _CALL.finditer(script):
        line = script[script.rfind("\n", 0, match.start(1)) + 1 :].partition("\n")[0]
        what = " ".join(match[1].split())[:60]
        if what not in seen and not _HARMLESS.search(line):
            seen.add(what)
            patterns = ((re.compile(pattern, re.M), known) for pattern, known in _COMMANDS)
            known = next(one for pattern, one in patterns if pattern.match(script, match.start(1)))
            yield text.count("\n", 0, match.start(1)) + 1, what, known


def _applies(known: _Known, step: WorkflowStep) -> bool:
    # The action's own test index, by its option.
    if "test." in step.options.get("repository-url", step.options.get("repository_url", "")):
        return False
    return not known.option or re.match(known.value, step.options.get(known.option, "")) is not None


def _problem(writer: WritingStep, event: When) -> Problem:
    does = {
        "upload": "uploads packages",
        "version": "writes versions or tags",
        "draft": "keeps a draft of the next release",
    }
    reasons = {
        "upload": "castoff uploads these packages itself; a second upload fails, or other files than the verified "
        "ones go up",
        "version": "castoff decides the version and pushes commit and tag itself; a second writer would move the "
        "branch during a release, or release again after it",
        "draft": "castoff creates the draft itself, and two drafts of one release contradict each other",
    }
    return Problem(
        code="second-writer",
        message=f"`{writer.path}` {does[writer.does]} when {_EVENTS[event]}, with `{writer.what}`",
        reason=reasons[writer.does],
        remedy="remove that step, or make `workflow_dispatch` the only trigger of its workflow; `castoff init` "
        "lists what can be taken over first",
        file=writer.path,
        line=writer.line,
    )
