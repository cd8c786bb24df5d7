"""Which news does a changelog hold, kept by hand, for a release whose notes are not there yet?"""

from __future__ import annotations

from castoff.notes.changelog.news import without_compare_lines
from castoff.notes.changelog.sections import parse


def waiting_news(text: str, version: str) -> str:
    """Give the news under the version's own heading where it has one, else those that are not released yet.

    Lines that only compare with a branch are left out; empty where there is nothing.
    """
    changelog = parse(text)
    own = changelog.find(version)
    section = own[0] if own else changelog.unreleased
    return without_compare_lines(text[section.body : section.end]) if section is not None else ""
