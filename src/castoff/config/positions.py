"""Places of values in a configuration file, and the problems that were found there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct, field

from castoff.errors import Problem, Severity

Path = tuple[str | int, ...]


class Impossible(Struct, frozen=True):
    """A value of the right type that cannot be meant: code, fact and remedy."""

    message: str
    remedy: str = ""
    reason: str = ""
    code: str = "impossible-value"


class Conflict(Struct, frozen=True):
    """Values of one table that do not go together; ``key`` says at which of them the message points."""

    key: str
    found: Impossible


Rule = Callable[[Any], Iterable[Conflict]]


class Report(Struct):
    """Collects the problems of one file.

    ``line`` finds the line of a path from the file's top; ``homes`` says of each key in which table it stands,
    ``rules`` says for classes of tables which values do not go together.
    """

    file: str
    line: Callable[[Path], int | None] | None = None
    homes: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[type, Rule] = field(default_factory=dict)
    severity: Severity = "error"
    problems: list[Problem] = field(default_factory=list)


class TablePath(Struct, frozen=True):
    """A path below the table of castoff; ``prefix`` is the path of that table in the file."""

    report: Report
    prefix: Path = ()
    path: Path = ()

    def below(self, key: str | int) -> TablePath:
        """Go one step down."""
        return TablePath(self.report, self.prefix, (*self.path, key))

    @property
    def name(self) -> str:
        """Spell the path for people: ``replace[1].file``, ``limits."PyPI".new``."""
        return spelled(self.path) or spelled(self.prefix) or "the configuration"

    @property
    def line(self) -> int | None:
        """Find the line of this place, or of the nearest one around it that is written down."""
        find = self.report.line
        return None if find is None else find((*self.prefix, *self.path)) or 1

    def wrong(self, code: str, message: str, *, reason: str = "", remedy: str = "") -> None:
        """Note one problem of this place."""
        self.report.problems.append(
            Problem(
                code=code,
                message=message,
                severity=self.report.severity,
                reason=reason,
                remedy=remedy,
                file=self.report.file,
                line=self.line,
            )
        )


def spelled(path: Path) -> str:
    """Spell a path for people."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            bare = step.replace("-", "").replace("_", "").isalnum() and step.isascii()
            text += ("." if text else "") + (shown(step) if bare else f'"{shown(step)}"')
    return text


def shown(text: str) -> str:
    """Cut a text from outside to what a message can carry: one line, no control characters."""
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= 60 else clean[:57] + "..."


def nearest(word: str, known: tuple[str, ...]) -> str | None:
    """Find the known word that was most likely meant."""
    found = get_close_matches(word.lower().replace("_", "-")[:60], known, n=1, cutoff=0.6)
    return found[0] if found else None
