"""The licence parser of crates-io: SPDX expressions of known ids, with its own liberties.

Source: crates-io ``licenses.rs`` (the mode) and the crate ``spdx`` 0.13 (``lexer.rs``, ``expression/parser.rs``): `/`
means OR, operators may be in lower case, deprecated ids and `GPL-2.0+` are taken, ids are compared exactly.
"""

from __future__ import annotations

import re

from castoff.registry_lists import licence_exceptions, licences

_WORD = re.compile(r"[-a-zA-Z0-9.:]+")
_REFERENCE = re.compile(r"(?:DocumentRef-[-a-zA-Z0-9.]*:)?(LicenseRef|AdditionRef)-[-a-zA-Z0-9.]*")
_GNU = ("AGPL-", "GFDL-", "GPL-", "LGPL-")
_OPERATORS = {
    "AND": "operator",
    "and": "operator",
    "OR": "operator",
    "or": "operator",
    "WITH": "with",
    "with": "with",
}
_MAY_FOLLOW = {
    "begin": {"licence", "reference", "("},
    "operator": {"licence", "reference", "("},
    "(": {"licence", "reference", "("},
    ")": {"operator", ")", "end"},
    "with": {"addition"},
    "addition": {"operator", ")", "end"},
    "licence": {"operator", "with", ")", "+", "end"},
    "reference": {"operator", "with", ")", "end"},
    "+": {"operator", "with", ")", "end"},
}


def licence_fault(text: str) -> str | None:
    """Return what the parser objects to in a licence expression, None if it takes it."""
    place, last, word, depth = 0, "begin", "", 0
    while True:
        begin = place
        while place < len(text) and text[place].isspace():
            place += 1
        if place == len(text):
            break
        kind, token = _token(text, place)
        if kind == "+" and place != begin:
            return "`+` must not follow whitespace"
        if kind in ("invalid character(s)", "unknown term"):
            return kind
        if kind not in _MAY_FOLLOW[last]:
            return "empty expression" if not text.strip() else f"`{token}` was not expected here"
        if kind == "+" and word.startswith(_GNU) and (fault := _gnu_fault(word)):
            return fault
        depth += {"(": 1, ")": -1}.get(kind, 0)
        if depth < 0:
            return "unopened parens"
        place, last, word = place + len(token), kind, token
    if last == "begin":
        return "empty expression"
    if "end" not in _MAY_FOLLOW[last]:
        return "the expression ends too early"
    return "unclosed parens" if depth else None


def _token(text: str, place: int) -> tuple[str, str]:
    """Return the kind of the token at a place, or the fault, with the token."""
    if (first := text[place]) in "+()":
        return first, first
    if first == "/":
        return "operator", first
    match = _WORD.match(text, place)
    if match is None:
        return "invalid character(s)", first
    word = match.group()
    if word in _OPERATORS:
        return _OPERATORS[word], word
    if word in licences():
        return "licence", word
    if word in licence_exceptions():
        return "addition", word
    if reference := _REFERENCE.match(word):
        return ("reference" if reference[1] == "LicenseRef" else "addition"), reference.group()
    return "unknown term", word


def _gnu_fault(word: str) -> str | None:
    if word.endswith("-or-later"):
        return "a GNU license was followed by a `+` even though it ended in `-only` or `-or-later`"
    return None if word.removesuffix("-only") + "-or-later" in licences() else "unknown license id"
