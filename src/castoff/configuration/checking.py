"""Does the text in a file equal what a `[[check]]` rule demands?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from castoff.configuration.patterns import compiled
from castoff.configuration.places import shown
from castoff.configuration.templates import fill
from castoff.configuration.values import Capture, Check
from castoff.errors import Problem

Read = Callable[[str], str | None]


def check_text(check: Check, read: Read, values: Mapping[str, str]) -> tuple[Problem, ...]:
    """Try a check of file, pattern and value; checks that are commands have no problem here.

    ``read`` gives the text of a path, None where there is no file. Problems: ``check-failed``, one for each
    place that differs, ``check-file-missing``, ``check-matches-nothing``.
    """
    if check.file is None or check.pattern is None or check.equals is None:
        return ()
    wanted = _wanted(check, check.equals, read, values)
    if isinstance(wanted, Problem):
        return (wanted,)
    found = _captured(check, Capture(file=check.file, pattern=check.pattern), read)
    if isinstance(found, Problem):
        return (found,)
    return tuple(_failed(check, check.file, line, value, wanted) for line, value in found if value != wanted)


def _wanted(check: Check, equals: str | Capture, read: Read, values: Mapping[str, str]) -> str | Problem:
    if isinstance(equals, str):
        return fill(equals, values)
    found = _captured(check, equals, read)
    return found if isinstance(found, Problem) else found[0][1]


def _captured(check: Check, capture: Capture, read: Read) -> list[tuple[int, str]] | Problem:
    text = read(capture.file)
    if text is None:
        return Problem(
            code="check-file-missing",
            message=f"check `{check.name}`: there is no `{capture.file}`",
            remedy="correct the check's `file`, or drop the check",
            file=capture.file,
        )
    pattern = compiled(capture.pattern)
    group = 1 if pattern.groups else 0
    found = [(text.count("\n", 0, match.start()) + 1, match[group] or "") for match in pattern.finditer(text)]
    if found:
        return found
    return Problem(
        code="check-matches-nothing",
        message=f"check `{check.name}`: nothing in `{capture.file}` matches `{shown(capture.pattern)}`",
        reason="a check that finds nothing checks nothing",
        remedy="correct the check's `pattern`",
        file=capture.file,
    )


def _failed(check: Check, file: str, line: int, value: str, wanted: str) -> Problem:
    return Problem(
        code="check-failed",
        message=f"check `{check.name}`: `{file}` says `{shown(value)}`, not `{shown(wanted)}`",
        reason=check.message,
        remedy=f"correct line {line}",
        file=file,
        line=line,
    )
