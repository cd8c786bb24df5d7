"""Words of a hook script; variables of cargo-release become our placeholders.

While scripts are read, placeholders stand between marks that no script holds, so that text in braces that
happens to look like one stays text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product

from msgspec import Struct, field

from castoff.regexes import regex
from castoff.setup.shell import Command, ShellText, Substitution, Variable, Word, commands, said

UNKNOWN = "\ue002"
"""Stands for what only running the script would tell."""
CRATE_ROOT = "\ue003"
"""Stands for the folder of the crate for which cargo-release runs the hook."""

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKS = regex("[\ue000-\ue003]")
_MOST = 64  # alternatives of one word
_PLACEHOLDER = regex(f"{_OPEN}([a-z0-9-]+){_CLOSE}")
_LOOKS_LIKE_ONE = regex(r"\{([a-z][a-z0-9-]{0,40})\}")
_DATES = frozenset({"+%Y-%m-%d", "+%F", "-I", "--iso-8601", "-Idate"})
_ROOTS = frozenset({"dirname", "pwd", "readlink", "realpath", "cd"})


def placeholder(name: str) -> str:
    """Write a placeholder as it stands while scripts are read."""
    return f"{_OPEN}{name}{_CLOSE}"


def without_marks(script: str) -> str:
    """Drop the characters from a script that are marks here."""
    return _MARKS.sub("", script)


def as_template(text: str) -> str:
    """Write a text in our language of templates: `{version}`, and literal braces where they would be read as one."""
    plain = _LOOKS_LIKE_ONE.sub(r"{open}\1{close}", text)
    return _PLACEHOLDER.sub(r"{\1}", plain)


def protected(text: str) -> tuple[str, ...]:
    """Split a text into what is not a placeholder (even places) and the marked placeholders (odd places)."""
    return tuple(re.split(f"({_OPEN}[a-z0-9-]+{_CLOSE})", text))


class Reads(Struct, frozen=True):
    """A value that is looked up in a file by a pattern."""

    pattern: str
    file: str


class Uses(Struct, frozen=True):
    """A value that says which version of a dependency is in use."""

    dependency: str


Origin = Reads | Uses


class Values(Struct):
    """The variables of a script, as far as they can be known without running it."""

    arguments: Sequence[str] = ()
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known.update({name: (value,) for name, value in _GIVEN.items()})
        for number, value in enumerate(self.arguments, start=1):
            self.known[str(number)] = (value,)

    def assign(self, word: Word) -> bool:
        """Take `NAME=value` to heart; says whether the word is one."""
        first = word[0] if word else None
        match = _ASSIGNED.match(first.text) if isinstance(first, ShellText) else None
        if match is None or not isinstance(first, ShellText):
            return False
        name = match["name"]
        rest: Word = (ShellText(first.text[match.end() :]), *word[1:])
        origin = self.origin_of(rest)
        if origin is not None:
            self.origins[name] = origin
        text = said(rest) or ""
        if text.startswith("("):
            self.known[name] = tuple(item for item in text[1:].split("\n") if item)
        elif name not in _GIVEN:
            self.known[name] = self.expanded(rest)
        return True

    def expanded(self, word: Word) -> tuple[str, ...]:
        """Return all texts that a word can come to."""
        choices = [self._of_piece(piece) for piece in word]
        count = 1
        for choice in choices:
            count *= len(choice)
        if count > _MOST:
            return (UNKNOWN,)
        return tuple(dict.fromkeys("".join(chosen) for chosen in product(*choices)))

    def origin_of(self, word: Word) -> Origin | None:
        """Return where a word's value comes from, where that is something that can be compared."""
        for piece in word:
            if isinstance(piece, Variable) and piece.name in self.origins:
                return self.origins[piece.name]
            if isinstance(piece, Substitution):
                found = self._origin(commands(piece.script))
                if found is not None:
                    return found
        return None

    def _of_piece(self, piece: ShellText | Variable | Substitution) -> tuple[str, ...]:
        match piece:
            case ShellText(text):
                return (text,)
            case Variable(name, operation):
                return self._of_variable(name, operation)
            case Substitution(script):
                return (_of_substitution(commands(script)),)

    def _of_variable(self, name: str, operation: str) -> tuple[str, ...]:
        if (
            operation
            and operation not in ("[@]", "[*]")
            and not operation.startswith((":-", ":?", ":=", "-", "?"))
        ):
            return (UNKNOWN,)
        if name in self.known:
            return self.known[name]
        return (operation[2:],) if operation.startswith((":-", ":=")) else (UNKNOWN,)

    def _origin(self, inside: Sequence[Command]) -> Origin | None:
        for command in inside:
            words = [self.expanded(word)[0] for word in command.words]
            plain = [word for word in words[1:] if not word.startswith("-")]
            if words and words[0] in ("rg", "grep", "egrep") and len(plain) >= 2:
                return Reads(plain[0], plain[-1])
            if words[:2] in (["cargo", "tree"], ["cargo", "pkgid"]) and len(plain) >= 2:
                return Uses(plain[1].partition("@")[0])
        return None


def _of_substitution(inside: Sequence[Command]) -> str:
    names = [said(command.words[0]) for command in inside if command.words]
    words = [said(word) for command in inside for word in command.words]
    if names == ["date"] and len(words) == 2 and words[1] in _DATES:
        return placeholder("date")
    if (names and set(names) <= _ROOTS) or words[:2] == ["git", "rev-parse"]:
        return "."
    return UNKNOWN


_ASSIGNED = regex(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)\+?=")
_GIVEN: Mapping[str, str] = {
    "NEW_VERSION": placeholder("version"),
    "PREV_VERSION": placeholder("previous"),
    "CRATE_NAME": placeholder("name"),
    "WORKSPACE_ROOT": ".",
    "CRATE_ROOT": CRATE_ROOT,
    "DRY_RUN": "false",
}
"""What cargo-release gives its hooks (docs/reference.md of cargo-release, "pre-release-hook")."""
