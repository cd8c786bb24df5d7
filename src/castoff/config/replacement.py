"""Application of `[[replace]]` and `[[check]]` rules to a text.

Patterns are Python's. They come from the workspace's own configuration, as its commands do, and are trusted
as those are: their running time is not bounded, only the size of the text is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from castoff.config.positions import Impossible, shown
from castoff.config.templates import LiteralText, Placeholder, fill, parts, used
from castoff.config.value_checks import compiled
from castoff.config.values import Capture, CheckSettings, Replace
from castoff.errors import Problem
from castoff.model.workspace import Edit
from castoff.regexes import regex

LARGEST_TEXT = 4 * 1024 * 1024
"""In characters: what a rule is tried on at most."""

_GROUP = regex(r"\\(?:(?P<number>[0-9]{1,2})|g<(?P<name>\w{1,60})>|(?P<backslash>\\))")


class Replaced(Struct, frozen=True, kw_only=True):
    """New texts by path, each change, and what was not as the rules demand."""

    texts: Mapping[str, str]
    edits: tuple[Edit, ...] = ()
    problems: tuple[Problem, ...] = ()


def replace_all(
    read: Callable[[str], str | None], rules: Iterable[Replace], values: Mapping[str, str], *, is_stable: bool
) -> Replaced:
    """Apply the rules one after the other; ``read`` gives the text of a path, None where there is no file.

    Problems: ``replacement-file-missing``, ``replacement-count``, ``replacement-text-too-large`` (errors),
    ``replacement-skipped`` (a warning: a first release has no previous version to look for).
    """
    texts: dict[str, str] = {}
    edits: list[Edit] = []
    problems: list[Problem] = []
    for rule in rules:
        if not (is_stable or rule.prerelease):
            continue
        # Rules for one file apply to the result of earlier ones, in file order.
        text = texts[rule.file] if rule.file in texts else read(rule.file)
        found = _refusal(rule, text, values)
        if found is not None or text is None:
            problems.extend((found,) if found is not None else ())
            continue
        new, changes, problem = replace_in(text, rule, values)
        edits.extend(changes)
        problems.extend((problem,) if problem is not None else ())
        # A rule that changes nothing must not add the file to the release commit.
        if new != text:
            texts[rule.file] = new
    return Replaced(texts=texts, edits=tuple(edits), problems=tuple(problems))


def replace_in(
    text: str, rule: Replace, values: Mapping[str, str]
) -> tuple[str, tuple[Edit, ...], Problem | None]:
    """Apply one rule to one text; line ends of the text are kept, also where the replacement holds some."""
    # Only a file that uses CRLF throughout is converted; in a mixed one a rule matches what is there.
    returns = "\r\n" in text and not re.search(r"(?<!\r)\n", text)
    plain = text.replace("\r\n", "\n") if returns else text
    pieces: list[str] = []
    edits: list[Edit] = []
    at = count = line_at = 0
    line = 1
    for match in search_of(rule, values).finditer(plain):
        count += 1
        new = _expanded(rule, match, values)
        pieces += (plain[at : match.start()], new)
        at = match.end()
        # Counted from the last match, so many matches in a large file stay linear.
        line += plain.count("\n", line_at, match.start())
        line_at = match.start()
        if new != match.group():
            edits.append(Edit(path=rule.file, line=line, kind="replacement", old=match.group(), new=new))
    result = "".join((*pieces, plain[at:]))
    return (
        result.replace("\n", "\r\n") if returns else result,
        tuple(edits),
        _count_problem(rule, count),
    )


def search_of(rule: Replace, values: Mapping[str, str]) -> re.Pattern[str]:
    """Make the pattern of a rule, with placeholders filled in as literal text.

    Raises:
        ValueError: where the pattern is none; the configuration was checked for that.
    """
    if rule.literal:
        return re.compile(re.escape(fill(rule.search, values)))
    # Values are literal text: the dots of a version must not match any character.
    escaped = {name: re.escape(value) for name, value in values.items()}
    return compiled(fill(rule.search, escaped))


def defect_of(rule: Replace, sample: Mapping[str, str]) -> tuple[str, Impossible] | None:
    """Find what is impossible about search and replacement; returns the key and what is wrong with it."""
    try:
        pattern = search_of(rule, sample)
    except ValueError as error:
        return "search", Impossible(
            f"`{shown(rule.search)}` is not a regular expression",
            "fix it, or set `literal = true` to search for the literal text",
            reason=str(error),
            code="pattern-invalid",
        )
    missing = [] if rule.literal else [name for name in _groups(rule.replace) if not _has(pattern, name)]
    if not missing:
        return None
    return "replace", Impossible(
        f"`{shown(rule.replace)}` refers to group `{missing[0]}`, which `search` does not have",
        r"put brackets around the part that is meant; a backslash itself is written `\\`",
        code="pattern-invalid",
    )


def _refusal(rule: Replace, text: str | None, values: Mapping[str, str]) -> Problem | None:
    if text is None:
        return Problem(
            code="replacement-file-missing",
            message=f"there is no `{rule.file}`",
            reason="a `[[replace]]` rule names it",
            remedy="correct the rule's `file`, or remove the rule",
            file=rule.file,
        )
    if len(text) > LARGEST_TEXT:
        return Problem(
            code="replacement-text-too-large",
            message=f"`{rule.file}` is too large to search",
            reason=f"rules are applied to files of at most {LARGEST_TEXT // 1024 // 1024} MiB",
            remedy="edit it with a command of `[version] run`",
            file=rule.file,
        )
    missing = sorted((used(rule.search) | used(rule.replace)) - set(values))
    if not missing:
        return None
    return Problem(
        code="replacement-skipped",
        message=f"a `[[replace]]` rule for `{rule.file}` was skipped",
        severity="warning",
        reason=f"`{{{missing[0]}}}` has no value in a first release",
        remedy=f"write the version into `{rule.file}` by hand if it is missing there; the rule applies "
        "from the second release on",
        file=rule.file,
    )


def _expanded(rule: Replace, match: re.Match[str], values: Mapping[str, str]) -> str:
    pieces = []
    for part in parts(rule.replace):
        match part:
            case Placeholder(name):
                pieces.append(values[name])
            case LiteralText(text):
                pieces.append(text if rule.literal else _GROUP.sub(_Groups(match), text))
    return "".join(pieces)


class _Groups(Struct, frozen=True):
    """Gives the text that a reference to a group stands for."""

    found: re.Match[str]

    def __call__(self, reference: re.Match[str]) -> str:
        if reference["backslash"]:
            return "\\"
        name = reference["number"] or reference["name"]
        return self.found[int(name) if name.isdigit() else name] or ""


def _groups(replacement: str) -> Iterator[str]:
    for part in parts(replacement):
        if isinstance(part, LiteralText):
            for reference in _GROUP.finditer(part.text):
                if not reference["backslash"]:
                    yield reference["number"] or reference["name"]


def _has(pattern: re.Pattern[str], name: str) -> bool:
    return int(name) <= pattern.groups if name.isdigit() else name in pattern.groupindex


def _count_problem(rule: Replace, count: int) -> Problem | None:
    wanted = _wanted(rule, count)
    if wanted is None:
        return None
    times = "once" if count == 1 else f"{count} times"
    return Problem(
        code="replacement-count",
        message=f"`{shown(rule.search)}` matches {times} in `{rule.file}`, it must match {wanted}",
        reason="a rule with unexpected matches leaves an old version behind, or changes too much",
        remedy="correct the rule's `search` or its number of matches",
        file=rule.file,
    )


def _wanted(rule: Replace, count: int) -> str | None:
    if rule.count is not None:
        return None if count == rule.count else _times(rule.count)
    least = 1 if rule.min is None else rule.min
    if count < least:
        return f"at least {_times(least)}"
    if rule.max is not None and count > rule.max:
        return f"at most {_times(rule.max)}"
    return None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


Read = Callable[[str], str | None]


def check_text(check: CheckSettings, read: Read, values: Mapping[str, str]) -> tuple[Problem, ...]:
    """Try a check of file, pattern and value; checks that are commands have no problem here.

    ``read`` gives the text of a path, None where there is no file. Problems: ``check-failed``, one for each
    place that differs, ``check-file-missing``, ``check-matches-nothing``.
    """
    if check.file is None or check.pattern is None or check.equals is None:
        return ()
    wanted = _required_value(check, check.equals, read, values)
    if isinstance(wanted, Problem):
        return (wanted,)
    found = _captured(check, Capture(file=check.file, pattern=check.pattern), read)
    if isinstance(found, Problem):
        return (found,)
    return tuple(_failed(check, line, value, wanted) for line, value in found if value != wanted)


def _required_value(
    check: CheckSettings, equals: str | Capture, read: Read, values: Mapping[str, str]
) -> str | Problem:
    if isinstance(equals, str):
        return fill(equals, values)
    found = _captured(check, equals, read)
    return found if isinstance(found, Problem) else found[0][1]


def _captured(check: CheckSettings, capture: Capture, read: Read) -> list[tuple[int, str]] | Problem:
    text = read(capture.file)
    if text is None:
        return Problem(
            code="check-file-missing",
            message=f"check `{check.name}`: there is no `{capture.file}`",
            remedy="correct the check's `file`, or remove the check",
            file=capture.file,
        )
    pattern = compiled(capture.pattern)
    group = 1 if pattern.groups else 0
    found = [(text.count("\n", 0, match.start()) + 1, match[group] or "") for match in pattern.finditer(text)]
    if found:
        return found
    return Problem(
        code="check-matches-nothing",
        message=f"check `{check.name}`: `{capture.file}` has no match for `{shown(capture.pattern)}`",
        reason="a check without a match checks nothing",
        remedy="correct the check's `pattern`",
        file=capture.file,
    )


def _failed(check: CheckSettings, line: int, value: str, wanted: str) -> Problem:
    return Problem(
        code="check-failed",
        message=f"check `{check.name}`: `{check.file}` has `{shown(value)}`, not `{shown(wanted)}`",
        reason=check.message,
        remedy=f"correct line {line}",
        file=check.file,
        line=line,
    )
