"""Patterns of workspaces: which folders they name.

`*` and `?` match within one folder's name, `**` any number of folders, `{a,b}` either; a name that begins with a dot
is matched only by a pattern that writes the dot, as minimatch and tinyglobby do for the clients.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

# Nested `*` in a regular expression can take exponential time; no real pattern is as long.
_LONGEST = 300
_FOLDER = r"(?!\.)[^/]+"


def matching_folders(patterns: Sequence[str], folders: Iterable[str], *, in_order: bool) -> tuple[str, ...]:
    """Return the folders that the patterns name.

    A pattern that begins with `!` takes folders away: those of the patterns before it if ``in_order`` (npm), else
    those of all (pnpm, yarn).
    """
    rules = [(one.startswith("!"), _compiled(_plain(one.lstrip("!")))) for one in patterns]
    found: list[str] = []
    for folder in folders:
        hits = [negated for negated, pattern in rules if pattern.fullmatch(folder)]
        if hits and not (hits[-1] if in_order else any(hits)):
            found.append(folder)
    return tuple(found)


def _plain(pattern: str) -> str:
    return pattern.removeprefix("./").rstrip("/") or "."


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Translate a pattern; one that is too long matches nothing."""
    if len(pattern) > _LONGEST:
        return re.compile(r"(?!)")
    segments = _braced(pattern)
    return re.compile("|".join(f"(?:{_translated(one)})" for one in segments))


def _braced(pattern: str) -> list[str]:
    """Expand the first `{a,b}`, and what is in its parts in turn; 100 alternatives at most."""
    found: list[str] = []
    queue = [pattern]
    # `{a,b}` repeated ten times has a thousand alternatives: a hostile manifest must not stop a plan.
    while queue and len(found) < 100:
        one = queue.pop(0)
        match = re.search(r"\{([^{}]*,[^{}]*)\}", one)
        if match is None:
            found.append(one)
        else:
            queue += [one[: match.start()] + part + one[match.end() :] for part in match[1].split(",")]
    return found


def _translated(pattern: str) -> str:
    if pattern.endswith("/**"):
        return _translated(pattern.removesuffix("/**")) + rf"(?:/{_FOLDER})*"
    if pattern == "**":
        return rf"\.|{_FOLDER}(?:/{_FOLDER})*"
    words = pattern.split("/")
    joined = (rf"(?:{_FOLDER}/)*" if word == "**" else _segment(word) + "/" for word in words[:-1])
    return "".join(joined) + _segment(words[-1])


def _segment(word: str) -> str:
    dot = "" if word.startswith(".") else r"(?!\.)"
    parts = re.findall(r"\[!?[^\]]+\]|\*+|\?|[^*?\[]+|\[", word)
    return dot + "".join(_part(one) for one in parts)


def _part(part: str) -> str:
    if part[0] == "*":
        return r"[^/]*"
    if part == "?":
        return r"[^/]"
    if part[0] == "[" and len(part) > 1:
        return "[" + part[1:-1].replace("\\", "\\\\").replace("!", "^", 1) + "]"
    return re.escape(part)
