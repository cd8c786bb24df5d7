"""Rules of other tools on a changelog that castoff maintains itself."""

from __future__ import annotations

import re

from castoff.changelog.files import is_changelog
from castoff.regexes import regex

_NUMBERS = regex(r"#\(?\[?(?:\\d|0-9)|\\#\(")
_LINK = regex(r"\]\(https?://|issues/|pull/")
_COMPARISON = regex(r"compare/|\.\.\.\s*(?:main|master|HEAD)|\\?\.\\?\.\\?\.(?:main|master|HEAD)", re.I)
_UNRELEASED = regex(
    r"unreleased|release[ -_]?date|next[ -_](?:version|release|header|url)|##? ?\[?next|in development", re.I
)


def reason_to_drop(path: str, search: str, replace: str) -> str | None:
    """Return why an edit of a changelog is not needed here; None where it is another file or another edit."""
    if not is_changelog(path):
        return None
    if _NUMBERS.search(search) and _LINK.search(replace):
        return "castoff links issue numbers in changelog entries itself, if the file links them"
    if _UNRELEASED.search(search) or _UNRELEASED.search(replace):
        return "castoff writes the heading of the version, and keeps the unreleased heading, itself"
    if _COMPARISON.search(search) or _COMPARISON.search(replace):
        return "castoff updates the comparison link itself"
    return None
