"""What do the patterns of `sed`, `sd` and `perl` mean in Python's regular expressions?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from castoff.moving_in.values import UNKNOWN, as_template, protected

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
_CLASS = re.compile(r"\[:([a-z]+):\]")
_BASIC = re.compile(r"\\([(){}|+?])|([(){}|+?])")
_RUST_GROUP = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))")
_ONLY_RUST = re.compile(r"\[\[:|\\[pPz]|&&|~~")


class Untranslatable(Exception):
    """A pattern that means nothing here; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A search and its replacement as `[[replace]]` writes them; ``literal`` where both are plain texts."""

    search: str
    replace: str
    literal: bool = False


def of_sed(expression: str, *, extended: bool) -> Exchange:
    """Translate `s/search/replace/flags`; errors: Untranslatable."""
    if not expression.startswith("s") or len(expression) < 4:
        raise Untranslatable("it is no `s` command")
    sign = expression[1]
    parts = re.split(rf"(?<!\\){re.escape(sign)}", expression[2:])
    if len(parts) != 3:
        raise Untranslatable("it is no single `s` command")
    search, replace, flags = (part.replace("\\" + sign, sign) for part in parts)
    if set(flags) - set("gmM"):
        raise Untranslatable(f"its flags `{flags[:10]}` have no meaning here")
    plain = _each(search, _extended if extended else _basic)
    return _exchange(plain, _sed_replacement(replace))


def of_sd(search: str, replace: str, *, fixed: bool) -> Exchange:
    """Translate the words of `sd`; errors: Untranslatable."""
    if fixed:
        return _exchange(re.escape(search), replace.replace("\\", "\\\\"))
    if _ONLY_RUST.search(search):
        raise Untranslatable("its pattern is written in a way that Python's regular expressions lack")
    ours = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", search)
    text = _RUST_GROUP.sub(lambda m: "$" if m[3] else rf"\g<{m[1] or m[2]}>", _escapes(replace))
    return _exchange(ours, text)


def _exchange(search: str, replace: str) -> Exchange:
    if UNKNOWN in search or UNKNOWN in replace:
        raise Untranslatable("it holds a value that only running the script would tell")
    pieces = protected(search)
    if all(re.fullmatch(r"[\w\s/:=@<>!\"'#-]*", piece) for piece in pieces[::2]) and "\\" not in replace:
        return Exchange(as_template(search), as_template(replace), literal=True)
    try:
        re.compile("".join(re.escape(piece) if at % 2 else piece for at, piece in enumerate(pieces)))
    except re.error as error:
        raise Untranslatable(f"its pattern is not understood: {error.msg}") from None
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
