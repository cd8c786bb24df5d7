"""Order of two versions, whatever scheme they follow.

A changelog may hold versions of any scheme, old and new; only releases that castoff makes keep to
:mod:`castoff.model.versions`.
"""

from __future__ import annotations

from castoff.regexes import regex

OrderKey = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]

_PHASE = r"(?:[-.]?(?:alpha|beta|preview|pre|rc|dev|post|a|b|c)|-[0-9A-Za-z]+)"
VERSION = (
    rf"\d{{1,9}}(?:\.\d{{1,9}}){{1,4}}(?:{_PHASE}(?:[-.]?\d{{1,9}}|\.[0-9A-Za-z-]{{1,20}}){{0,6}})?"
    r"(?:\+[0-9A-Za-z.-]{1,60})?"
)
"""A version without its ``v``, as a regular expression; what follows must be no part of a word."""

_WHOLE = regex(rf"[vV]?({VERSION})")
_NUMBERS = regex(r"\d{1,9}(?:\.\d{1,9})*")
_PART = regex(r"\d+|[a-z]+")
_FINAL = 100
_LONGEST_NUMBER = 100
_PHASES = {"dev": 0, "a": 10, "alpha": 10, "b": 20, "beta": 20, "c": 30, "rc": 30, "pre": 30, "preview": 30}
_LATER = {"post", "patch", "p", "r", "rev", "sp"}


def is_version(text: str) -> bool:
    """Return whether a text is a version, with or without ``v``."""
    return _WHOLE.fullmatch(text) is not None


def bare(text: str) -> str:
    """Return a version without its ``v``."""
    return text[1:] if text[:1] in ("v", "V") else text


def order_key(version: str) -> OrderKey:
    """Return the key by which versions sort: numbers, then pre-releases before the final one, then the rest.

    ``1.0`` and ``1.0.0`` are the same version, as are ``1.0.0rc1`` and ``1.0.0-rc.1``.
    """
    text = bare(version).split("+", 1)[0].lower()
    match = _NUMBERS.match(text)
    numbers = [_number(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    parts = _PART.findall(text[match.end() if match else 0 :])
    if not parts:
        return tuple(numbers), _FINAL, ()
    phase = _FINAL + 1 if parts[0] in _LATER else _PHASES.get(parts[0], 40)
    return (
        tuple(numbers),
        phase,
        tuple((0, _number(p), "") if p.isdigit() else (1, 0, p) for p in _spelled(parts)),
    )


def _number(digits: str) -> int:
    """Read a number of a version; Python converts at most 4300 digits, and no version needs a hundred."""
    return int(digits[:_LONGEST_NUMBER])


def is_pre_release(version: str) -> bool:
    """Return whether a version comes before its final one."""
    return order_key(version)[1] < _FINAL


def same_version(one: str, other: str) -> bool:
    """Return whether two spellings mean the same version."""
    return order_key(one) == order_key(other)


def _spelled(parts: list[str]) -> list[str]:
    """Leave out the phase's own name, which :data:`_PHASES` has ranked."""
    known = parts[0] in _PHASES or parts[0] in _LATER
    return parts[1:] if known else parts
