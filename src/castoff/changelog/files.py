"""Files that are changelogs, by their names and headings, in any markup."""

from __future__ import annotations

import re

from castoff.changelog.titles import is_unreleased, read_title
from castoff.regexes import regex

_NAMES = regex(r"(?:^|/)(?:changelog|changes|history|news|releases?)(?:\.[a-z]+)?$", re.I)
_FRESH = regex(r"(?:^|/)change[^/]*\.md$", re.IGNORECASE)
_HEADINGS = regex(
    r"^ {0,3}#{1,4}[ \t]+(.+?)[ \t#]*$|^(\S.*)\n(?:=|-|~|\^){3,}[ \t]*$|^([vV]?[0-9]+\.[0-9].*)$",
    re.MULTILINE,
)


def is_changelog(path: str) -> bool:
    """Return whether a file is a changelog, by its name."""
    return _NAMES.search(path) is not None


def heads_releases(text: str) -> bool:
    """Return whether a text has a heading of a release, or of unreleased news, in Markdown or underlined.

    Names prove little: `NEWS.md` may hold articles, `HISTORY.md` the story of the project, `news.txt` data.
    """
    return any(map(_heads_release, _headings(text)))


def is_fresh(path: str, text: str) -> bool:
    """Return whether a file with the name of a changelog waits for its first section."""
    return _FRESH.search(path) is not None and len(_headings(text)) <= 1


def _headings(text: str) -> list[str]:
    return [next(filter(None, one.groups())) for one in _HEADINGS.finditer(text)]


def _heads_release(heading: str) -> bool:
    title = read_title(heading)
    return is_unreleased(heading) if title is None else title.firm
