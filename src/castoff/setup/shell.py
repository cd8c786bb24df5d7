"""Commands of a shell script, one after the other; read, never run.

Enough of the shell's grammar for hook scripts: quotes, variables, command substitutions, here documents, loops
over fixed lists. Functions and branches are read in the order in which they are written, whether or not they
would be taken: what is recognised is what a script can do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from castoff.regexes import regex

LARGEST_SCRIPT = 200_000
"""In characters: what is read at most."""

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?]")
_HEREDOC = regex(r"<<-?[ \t]*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")
_REDIRECT = regex(r"[0-9]*(?:>>|>&|>\||>|<)[ \t]*(?:&?[0-9-](?=[\s;|&)]|$))?|&>>?[ \t]*")
_RESERVED = frozenset(
    {"{", "}", "!", "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "time"}
)


class ShellText(Struct, frozen=True):
    """A part of a word that stands for itself."""

    text: str


class Variable(Struct, frozen=True):
    """`$NAME`, or `${NAME...}` with what follows the name, for example `:-default` or `:1`."""

    name: str
    operation: str = ""


class Substitution(Struct, frozen=True):
    """`$(...)`: the script inside."""

    script: str


Piece = ShellText | Variable | Substitution
Word = tuple[Piece, ...]


class Command(Struct, frozen=True, kw_only=True):
    """One simple command: its words, the files that it writes by `>`, and the text that it is fed."""

    line: int
    words: tuple[Word, ...]
    writes: tuple[Word, ...] = ()
    fed: Word | None = None


def commands(script: str) -> tuple[Command, ...]:
    """List the commands of a script in order; what is longer than :data:`LARGEST_SCRIPT` is cut."""
    return tuple(_Reader(script[:LARGEST_SCRIPT].replace("\r\n", "\n")).read())


def said(word: Word) -> str | None:
    """Return a word's text where it is nothing but text."""
    if not all(isinstance(piece, ShellText) for piece in word):
        return None
    return "".join(piece.text for piece in word if isinstance(piece, ShellText))


class _Reader(Struct):
    """Goes through a script once, character by character."""

    text: str
    at: int = 0
    line: int = 1
    words: list[Word] = field(default_factory=list)
    writes: list[Word] = field(default_factory=list)
    fed: Word | None = None
    began: int = 1
    waiting: list[str] = field(default_factory=list)

    def read(self) -> Iterator[Command]:
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "\n":
                self._step(1)
                self._heredocs()
                yield from self._end()
            elif character in " \t":
                self._step(1)
            elif self.text.startswith("\\\n", self.at):
                self._step(2)
            # Only here, where a word could begin: `#` inside of a word is part of it.
            elif character == "#":
                self._step(_until(self.text, self.at, "\n") - self.at)
            elif found := _HEREDOC.match(self.text, self.at):
                # The text follows after the end of this line, however many commands come first (POSIX,
                # "Here-Document").
                self.waiting.append(found[2])
                self._step(len(found[0]))
            elif found := _REDIRECT.match(self.text, self.at):
                self._redirect(found[0])
            # Each side of a pipe or a condition is a command of its own: which of them runs is not asked here.
            elif character in ";|&()":
                self._step(1)
                yield from self._end()
            else:
                self._word()
        yield from self._end()

    def _step(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def _end(self) -> Iterator[Command]:
        words = list(self.words)
        # What follows `then` or `do` is a command like any other.
        while words and said(words[0]) in _RESERVED:
            words.pop(0)
        if words or self.writes:
            yield Command(line=self.began, words=tuple(words), writes=tuple(self.writes), fed=self.fed)
        self.words, self.writes, self.fed = [], [], None

    def _word(self) -> None:
        if not self.words:
            self.began = self.line
        before = self.at
        word = self._pieces(" \t\n;|&()<>")
        if self.at == before:
            self._step(1)
            return
        if self.text.startswith("(", self.at) and (said(word) or "").endswith("="):
            word = (*word, ShellText("("), *self._array())
        self.words.append(word)

    def _array(self) -> Iterator[Piece]:
        """Read `( a b )` of an assignment; the items are told apart by line breaks."""
        self._step(1)
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] in " \t\n":
                self._step(1)
                continue
            before = self.at
            yield from (*self._pieces(" \t\n;|&()<>"), ShellText("\n"))
            if self.at == before:
                self._step(1)
        self._step(1)

    def _redirect(self, sign: str) -> None:
        self._step(len(sign))
        # A copy or the end of a descriptor (`2>&1`, `3>&-`) writes no file.
        if re.search(r"[0-9-]$", sign) and "&" in sign:
            return
        target = self._pieces(" \t\n;|&()<>")
        # Nothing that a release changes is thrown away.
        if ">" in sign and target and said(target) != "/dev/null":
            if not self.words:
                self.began = self.line
            self.writes.append(target)

    def _heredocs(self) -> None:
        for delimiter in self.waiting:
            end = re.compile(rf"^[ \t]*{delimiter}$", re.M).search(self.text, self.at)
            stop = end.start() if end else len(self.text)
            self.fed = tuple(_inside(self.text[self.at : stop]))
            self._step((end.end() if end else stop) - self.at)
        self.waiting = []

    def _pieces(self, ends: str) -> Word:
        pieces: list[Piece] = []
        while self.at < len(self.text) and self.text[self.at] not in ends:
            character = self.text[self.at]
            if character == "'":
                stop = _until(self.text, self.at + 1, "'")
                pieces.append(ShellText(self.text[self.at + 1 : stop]))
                self._step(stop + 1 - self.at)
            elif character == '"':
                stop = _quoted(self.text, self.at + 1)
                # An empty text in quotes is a word all the same.
                pieces += _inside(self.text[self.at + 1 : stop]) or [ShellText("")]
                self._step(stop + 1 - self.at)
            elif character == "\\":
                pieces.append(ShellText(self.text[self.at + 1 : self.at + 2].replace("\n", "")))
                self._step(2)
            elif character in "$`":
                piece, length = _dollar(self.text, self.at)
                pieces.append(piece)
                self._step(length)
            else:
                pieces.append(ShellText(character))
                self._step(1)
        return _joined(pieces)


def _inside(text: str) -> list[Piece]:
    """Read what stands in double quotes, or in a here document."""
    pieces: list[Piece] = []
    at = 0
    while at < len(text):
        # Before any other sign a backslash stays in double quotes (POSIX, "Double-Quotes").
        if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "$", "`", "\\"):
            pieces.append(ShellText(text[at + 1]))
            at += 2
        elif text.startswith("\\\n", at):
            at += 2
        elif text[at] in "$`":
            piece, length = _dollar(text, at)
            pieces.append(piece)
            at += length
        else:
            pieces.append(ShellText(text[at]))
            at += 1
    return list(_joined(pieces))


def _dollar(text: str, at: int) -> tuple[Piece, int]:
    """Read what `$` or a backquote begins; returns it with its length."""
    if text[at] == "`":
        stop = _until(text, at + 1, "`")
        return Substitution(text[at + 1 : stop]), stop + 1 - at
    if text.startswith("$(", at):
        stop = _closing(text, at + 2)
        return Substitution(text[at + 2 : stop]), stop + 1 - at
    if text.startswith("${", at):
        stop = _until(text, at + 2, "}")
        inside = text[at + 2 : stop]
        name = _NAME.match(inside)
        if name is None:
            # `${#NAME}` and `${!NAME}` have no value that could be told from the script.
            return Variable("?", inside), stop + 1 - at
        return Variable(name[0], inside[name.end() :]), stop + 1 - at
    name = _NAME.match(text, at + 1)
    return (Variable(name[0]), 1 + len(name[0])) if name else (ShellText("$"), 1)


def _closing(text: str, at: int) -> int:
    """Find the bracket that closes a substitution."""
    return _end_of(text, at, ")")


def _quoted(text: str, at: int) -> int:
    """Find the quote that closes a quoted text; substitutions inside may hold quotes of their own."""
    return _end_of(text, at, '"')


def _end_of(text: str, at: int, end: str) -> int:
    """Find the sign that ends what was begun, over whatever is begun and ended inside."""
    open_ends = [end]
    while at < len(text):
        character = text[at]
        if character == open_ends[-1]:
            open_ends.pop()
            if not open_ends:
                return at
        elif character == "\\":
            at += 1
        elif text.startswith("$(", at):
            open_ends.append(")")
            at += 1
        # Single quotes have a meaning in a substitution, not in the double quotes around it.
        elif open_ends[-1] == ")" and character == "'":
            at = _until(text, at + 1, "'")
        elif open_ends[-1] == ")" and character in '("':
            open_ends.append(")" if character == "(" else '"')
        at += 1
    return len(text)


def _until(text: str, at: int, sign: str) -> int:
    found = text.find(sign, at)
    return len(text) if found < 0 else found


def _joined(pieces: list[Piece]) -> Word:
    """Put texts that stand together into one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, ShellText) and isinstance(joined[-1], ShellText):
            joined[-1] = ShellText(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return tuple(joined)
