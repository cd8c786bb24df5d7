"""Hook scripts: what castoff does itself, what becomes a rule or a check, what is not understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from posixpath import normpath

from msgspec import Struct

from castoff.changelog.files import is_changelog
from castoff.regexes import regex
from castoff.setup.changelogs import reason_to_drop
from castoff.setup.shell import Command, Word, commands, said
from castoff.setup.values import (
    CRATE_ROOT,
    UNKNOWN,
    Reads,
    Uses,
    Values,
    as_template,
    protected,
    without_marks,
)

_CLASSES = {
    "digit": "0-9",
    "alpha": "A-Za-z",
    "alnum": "A-Za-z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "xdigit": "0-9A-Fa-f",
}
_CLASS = regex(r"\[:([a-z]+):\]")
_BASIC = regex(r"\\([(){}|+?])|([(){}|+?])")
_RUST_GROUP = regex(r"\$(?:\{(\w+)\}|(\w+)|(\$))")
_ONLY_RUST = regex(r"\[\[:|\\[pPz]|&&|~~")


class Untranslatable(Exception):
    """A pattern that means nothing here; the text is the reason."""


class Exchange(Struct, frozen=True):
    """A search and its replacement as `[[replace]]` writes them; ``literal`` where both are plain texts."""

    search: str
    replace: str
    literal: bool = False


def of_sed(expression: str, *, extended: bool) -> Exchange:
    """Translate `s/search/replace/flags`; errors: Untranslatable."""
    if not expression.startswith("s") or len(expression) < 4:
        raise Untranslatable("it is not an `s` command")
    sign = expression[1]
    # Any character may be sed's delimiter (POSIX, sed).
    parts = re.split(rf"(?<!\\){re.escape(sign)}", expression[2:])
    if len(parts) != 3:
        raise Untranslatable("it is not a single `s` command")
    search, replace, flags = (part.replace("\\" + sign, sign) for part in parts)
    # Of sed's flags: `[[replace]]` replaces all matches, and `^` and `$` are line ends in it anyway.
    if set(flags) - set("gmM"):
        raise Untranslatable(f"its flags `{flags[:10]}` have no meaning here")
    plain = _each(search, _extended if extended else _basic)
    return _exchange(plain, _sed_replacement(replace))


def of_sd(search: str, replace: str, *, fixed: bool) -> Exchange:
    """Translate the words of `sd`; errors: Untranslatable."""
    if fixed:
        return _exchange(re.escape(search), replace.replace("\\", "\\\\"))
    if _ONLY_RUST.search(search):
        raise Untranslatable("its pattern uses syntax that Python's regular expressions do not have")
    ours = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", search)
    text = _RUST_GROUP.sub(lambda m: "$" if m[3] else rf"\g<{m[1] or m[2]}>", _escapes(replace))
    return _exchange(ours, text)


def _exchange(search: str, replace: str) -> Exchange:
    if UNKNOWN in search or UNKNOWN in replace:
        raise Untranslatable("it has a value that is only known when the script runs")
    pieces = protected(search)
    if all(re.fullmatch(r"[\w\s/:=@<>!\"'#-]*", piece) for piece in pieces[::2]) and "\\" not in replace:
        return Exchange(as_template(search), as_template(replace), literal=True)
    try:
        re.compile("".join(re.escape(piece) if at % 2 else piece for at, piece in enumerate(pieces)))
    except re.error as error:
        raise Untranslatable(f"its pattern is not supported: {error.msg}") from None
    return Exchange(as_template(search), as_template(replace))


def _each(text: str, translate: Callable[[str], str]) -> str:
    """Translate what is no placeholder."""
    pieces = protected(text)
    return "".join(piece if at % 2 else translate(piece) for at, piece in enumerate(pieces))


def _extended(text: str) -> str:
    return _CLASS.sub(_class, text)


def _basic(text: str) -> str:
    """In basic expressions, brackets and the like are special with a backslash only."""
    return _extended(_BASIC.sub(lambda m: m[1] if m[1] else "\\" + m[2], text))


def _class(match: re.Match[str]) -> str:
    if match[1] not in _CLASSES:
        raise Untranslatable(f"`[:{match[1]}:]` has no meaning here")
    return _CLASSES[match[1]]


def _sed_replacement(text: str) -> str:
    """`&` is the whole match; a backslash before anything but a group or `n` stands for what follows."""
    return re.sub(r"\\([0-9])|\\n|\\(.)|(&)", _sed_part, text)


def _sed_part(match: re.Match[str]) -> str:
    if match[1]:
        return rf"\g<{match[1]}>"
    if match[3]:
        return r"\g<0>"
    if match[2] is None:
        return "\n"
    return "\\\\" if match[2] == "\\" else match[2]


def _escapes(text: str) -> str:
    return re.sub(r"\\(n|t|.)", lambda m: {"n": "\n", "t": "\t", "\\": "\\\\"}.get(m[1], m[1]), text)


# Options of rm that do not change what is taken away from a list of copies.
_RM_OPTION = regex(r"-[fivIrR]+|--(?:force|verbose|recursive)")
# Copies that editors, patch and `sed -i.bak` leave.
_COPIES = (".bak", ".orig", ".rej", "~")


class ReplacementRule(Struct, frozen=True):
    """Text that is replaced in a file; ``of_crate`` says that the path counts from each crate's folder."""

    line: int
    file: str
    exchange: Exchange
    of_crate: bool = False


class Dropped(Struct, frozen=True):
    """What castoff does itself, or what needs no doing; ``reason`` says which."""

    line: int
    what: str
    reason: str


class RecommendedVersion(Struct, frozen=True):
    """A version that a file recommends must be the one of a dependency that is in use."""

    line: int
    dependency: str
    file: str


class CheckCommand(Struct, frozen=True):
    """A command that only looks, and whose exit code counts."""

    line: int
    words: tuple[str, ...]


class NotUnderstood(Struct, frozen=True):
    """What cannot be taken over, and why."""

    line: int
    what: str
    reason: str


Recognised = ReplacementRule | Dropped | RecommendedVersion | CheckCommand | NotUnderstood


def read_script(script: str, arguments: Sequence[str] = ()) -> tuple[Recognised, ...]:
    """Read a hook script; ``arguments`` are the words that follow it in the hook, in our templates' marks.

    What changes nothing (`echo`, `set`, tests, look-ups) is left out.
    """
    text = without_marks(script)
    functions = frozenset(re.findall(r"^[ \t]*(?:function[ \t]+)?([\w.-]{1,80})[ \t]*\(\)", text, re.M))
    reader = _Reader(Values(arguments), functions)
    return tuple(dict.fromkeys(found for command in commands(text) for found in reader.read(command)))


def is_complete(found: Sequence[Recognised]) -> bool:
    """Return whether everything was understood, so that the script is not needed any more."""
    return not any(isinstance(one, NotUnderstood) for one in found)


class _Reader(Struct):
    """Recognises one command after the other."""

    values: Values
    functions: frozenset[str]

    def read(self, command: Command) -> Iterator[Recognised]:
        words = list(command.words)
        # Assignments before a command are part of the same line: `VERSION=1 sed ...`.
        while words and (said(words[0]) in _DECLARING or self.values.assign(words[0])):
            words = _without_flags(words[1:]) if said(words[0]) in _DECLARING else words[1:]
        name = said(words[0]) if words else None
        if command.writes:
            yield from self._written(command)
        elif name == "for":
            self._loop(words)
        elif name in ("[", "[[", "test"):
            yield from self._test(command.line, words)
        elif words and name not in _HARMLESS and name not in self.functions:
            yield from self._act(command.line, name, words)

    def _loop(self, words: Sequence[Word]) -> None:
        if len(words) > 3 and said(words[2]) == "in":
            items = [text for word in words[3:] for text in self.values.expanded(word)]
            self.values.known[said(words[1]) or ""] = tuple(items)

    def _test(self, line: int, words: Sequence[Word]) -> Iterator[Recognised]:
        origins = [origin for word in words if (origin := self.values.origin_of(word)) is not None]
        reads = next((one for one in origins if isinstance(one, Reads)), None)
        uses = next((one for one in origins if isinstance(one, Uses)), None)
        if reads is not None and uses is not None:
            yield RecommendedVersion(line, uses.dependency, _path(reads.file)[0])
        elif reads is not None and "version" in self._shown(words):
            yield Dropped(
                line, "a guard against repeated runs", "castoff runs once per workspace, not once per crate"
            )

    def _act(self, line: int, name: str | None, words: Sequence[Word]) -> Iterator[Recognised]:
        shown = self._shown(words)
        if name in ("sed", "gsed", "sd", "perl"):
            yield from self._edits(line, name, words)
            return
        first = " ".join(shown.split()[:2])
        reason = next((why for start, why in _OURS.items() if (first + " ").startswith(start + " ")), None)
        if reason is not None:
            yield Dropped(line, shown, reason)
        elif first in _LOOKS and UNKNOWN not in "".join(self._texts(words)):
            yield CheckCommand(line, tuple(as_template(text) for text in self._texts(words)))
        elif not self._is_tidying(name, self._texts(words)[1:]):
            yield NotUnderstood(line, shown, "the command is not known")

    def _is_tidying(self, name: str | None, texts: Sequence[str]) -> bool:
        """Return whether a command only searches, or only takes away the copies that editors leave."""
        # Without these, find only prints (POSIX, find).
        if name == "find":
            return not {"-exec", "-execdir", "-delete", "-ok"} & set(texts)
        return name == "rm" and _takes_only_copies(texts)

    def _edits(self, line: int, name: str, words: Sequence[Word]) -> Iterator[Recognised]:
        texts = [self.values.expanded(word) for word in words]
        if any(len(one) > 1 for one in texts[:-1]):
            yield NotUnderstood(line, self._shown(words), "a pattern has several values")
            return
        try:
            plain, exchanges, files = _EDITORS[name]([one[0] for one in texts])
        except Untranslatable as reason:
            yield from self._unclear(line, words, str(reason))
            return
        if plain:
            return
        for file in (*files[:-1], *(texts[-1] if files else ())):
            for exchange in exchanges:
                yield self._edit(line, file, exchange, words)

    def _edit(self, line: int, file: str, exchange: Exchange, words: Sequence[Word]) -> Recognised:
        path, of_crate = _path(file)
        if UNKNOWN in path or not path:
            return NotUnderstood(line, self._shown(words), "the file is known only when the script runs")
        reason = reason_to_drop(path, exchange.search, exchange.replace)
        if reason is not None:
            return Dropped(line, self._shown(words), reason)
        return ReplacementRule(line, path, exchange, of_crate)

    def _unclear(self, line: int, words: Sequence[Word], reason: str) -> Iterator[Recognised]:
        """A pattern that is not understood, in a changelog that castoff keeps, need not be."""
        texts = self._texts(words)
        if (
            texts
            and is_changelog(texts[-1])
            and (why := reason_to_drop(texts[-1], " ".join(texts[1:-1]), ""))
        ):
            yield Dropped(line, self._shown(words), why)
        else:
            yield NotUnderstood(line, self._shown(words), reason)

    def _written(self, command: Command) -> Iterator[Recognised]:
        shown = self._shown(command.words)
        fed = self.values.expanded(command.fed)[0] if command.fed else ""
        for target in command.writes:
            path = _path(self.values.expanded(target)[0])[0]
            reason = reason_to_drop(path, fed, fed)
            if reason is not None:
                yield Dropped(command.line, f"{shown} > {path}", reason)
            elif UNKNOWN in path or not path.startswith("/dev/"):
                yield NotUnderstood(command.line, f"{shown} > {as_template(path)}", "it creates a file")

    def _texts(self, words: Sequence[Word]) -> list[str]:
        return [self.values.expanded(word)[0] for word in words]

    def _shown(self, words: Sequence[Word]) -> str:
        text = (
            as_template(" ".join(self._texts(words))).replace(UNKNOWN, "...").replace(CRATE_ROOT, "{crate}")
        )
        return " ".join(text.split())[:100]


def _takes_only_copies(texts: Sequence[str]) -> bool:
    """Report whether the operands of `rm` are copies that editors and patch leave, whatever its usual options."""
    end = texts.index("--") if "--" in texts else len(texts)
    options = [text for text in texts[:end] if text.startswith("-")]
    operands = [text for text in texts[:end] if not text.startswith("-")] + list(texts[end + 1 :])
    known = all(_RM_OPTION.fullmatch(option) for option in options)
    return known and bool(operands) and all(text.endswith(_COPIES) for text in operands)


def _without_flags(words: list[Word]) -> list[Word]:
    while words and (said(words[0]) or "").startswith("-"):
        words = words[1:]
    return words


def _path(text: str) -> tuple[str, bool]:
    """Return a path from the root, or from the crate's folder (True)."""
    of_crate = text.startswith(CRATE_ROOT)
    inner = text.removeprefix(CRATE_ROOT).lstrip("/") if of_crate else text
    return (normpath(inner) if inner else ""), of_crate


def _sed(words: list[str]) -> tuple[bool, list[Exchange], list[str]]:
    """Take `sed` apart: whether it only prints, its exchanges, its files."""
    extended = in_place = False
    odd = ""
    expressions: list[str] = []
    rest: list[str] = []
    at = 1
    while at < len(words):
        word = words[at]
        if word in ("-e", "--expression"):
            at += 1
            expressions.append(words[at] if at < len(words) else "")
        elif word.startswith(("-i", "--in-place")):
            in_place = True
            extended |= word.startswith("-i") and word[2:] in ("E", "r")
        elif word in ("-E", "-r", "--regexp-extended", "-Ei", "-ri"):
            extended, in_place = True, in_place or word.endswith("i")
        elif word and not word.startswith("-"):
            rest.append(word)
        elif word:
            odd = odd or word
        at += 1
    if not in_place:
        return True, [], []
    if odd:
        raise Untranslatable(f"`{odd[:20]}` of `sed` has no meaning here")
    if not expressions:
        expressions, rest = rest[:1], rest[1:]
    singles = [single for one in expressions for single in _singles(one)]
    return False, [of_sed(one, extended=extended) for one in singles], rest


def _singles(expression: str) -> list[str]:
    """Split `s/a/b/; s/c/d/` where that is what stands there."""
    return [one.strip() for one in re.split(r";\s*(?=s[^\w\s])|\n", expression) if one.strip()]


def _sd(words: list[str]) -> tuple[bool, list[Exchange], list[str]]:
    fixed = False
    rest: list[str] = []
    for word in words[1:]:
        if word in ("-s", "-F", "--string-mode", "--fixed-strings"):
            fixed = True
        elif word.startswith("-") and len(rest) == 0:
            raise Untranslatable(f"`{word[:20]}` of `sd` has no meaning here")
        else:
            rest.append(word)
    if len(rest) < 3:
        return True, [], []
    return False, [of_sd(rest[0], rest[1], fixed=fixed)], rest[2:]


def _perl(words: list[str]) -> tuple[bool, list[Exchange], list[str]]:
    flags = [word for word in words[1:] if word.startswith("-")]
    rest = [word for word in words[1:] if not word.startswith("-")]
    if (
        not all(re.fullmatch(r"-(?:p|i(?:\.\w+)?|pi|e|pie|i\.bak|0?pi?e?)", flag) for flag in flags)
        or len(rest) < 2
    ):
        raise Untranslatable("only `perl -pi -e s/.../.../` is supported")
    return False, [of_sed(one, extended=True) for one in _singles(rest[0])], rest[1:]


_EDITORS = {"sed": _sed, "gsed": _sed, "sd": _sd, "perl": _perl}
_DECLARING = frozenset({"local", "declare", "readonly", "export", "typeset"})
_HARMLESS = frozenset(
    {"set", "shopt", "echo", "printf", "exit", "return", "cd", "pushd", "popd", "true", "false", ":", "shift"}
    | {"case", "esac", "in", "break", "continue", "function", "trap", "cat", "grep", "egrep", "rg", "head"}
    | {"tail", "cut", "tr", "choose", "jq", "wc", "sort", "uniq", "date", "dirname", "basename", "pwd"}
    | {"realpath", "readlink", "command", "which", "type", "read", "sleep"}
)
"""What changes nothing on its own; what it writes by `>` is told apart."""
_LOOKS = frozenset(
    {"cargo test", "cargo nextest", "cargo check", "cargo clippy", "cargo build", "cargo doc", "cargo semver-checks",
     "cargo deny", "cargo audit", "cargo hack", "cargo fmt", "make test", "just test", "pytest"}
)  # fmt: skip
_OURS = {
    "git add": "castoff commits the changes itself",
    "git commit": "castoff creates the release commit itself",
    "git tag": "castoff creates and pushes the tag itself",
    "git push": "castoff pushes the release commit first, as its claim, and the tag last",
    "git status": "it only reads",
    "git diff": "it only reads",
    "git log": "it only reads",
    "git rev-parse": "it only reads",
    "cargo tree": "it only reads",
    "cargo metadata": "it only reads",
    "cargo update": "castoff updates committed lock files itself",
    "cargo generate-lockfile": "castoff updates committed lock files itself",
    "cargo publish": "castoff uploads the packages itself, in their order",
    "gh release": "castoff creates the release on the forge itself",
}
