"""Which version, day and link does the title of a section name, and where?

Understood: ``[1.2.0](url) / 2026-11-22``, ``[1.2.0] - 2026-11-22``, ``v1.2.0 (November 22nd, 2026)``,
``Project 1.2.0 (2026-11-22)``, ``[Project 1.2.0](url)``, ``name@1.2.0``, ``Version 1.2.0``, ``1.2.0 - TBD``.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Literal

from castoff.notes.changelog.dates import DateText, find_date, find_placeholder
from castoff.notes.changelog.order import VERSION, bare

LinkForm = Literal["inline", "reference", "shortcut"]

_LONGEST = 1000
_HEAD = re.compile(
    r"(?P<open>[*_`\"']{0,3}\[?[*_`\"']{0,3})"
    r"(?P<project>(?:[A-Za-z@][\w@/.+-]{0,60}+[ \t]{1,4}){0,4}?|@?[A-Za-z][\w/.+-]{0,80}@)"
    r"(?P<inner>\[?[*_`]{0,3})"
    rf"(?P<version>[vV]?(?>{VERSION}))(?!\w|\.\w)"
)
_UNRELEASED = re.compile(
    r"[\[*_`<(]{0,3}"
    r"(?:un-?released\b[^.\d]{0,60}|(?:next|upcoming)(?: release| version)?|in development|tb[ad])[\]*_`>)]{0,3}"
    r"(?:\([^\s()]{1,500}\)|\[[^\[\]]{0,100}\])?[ \t]*(?:[-–—/|:,(\[][^\d\n]{0,60})?",
    re.IGNORECASE,
)
_AFTER_LINK = re.compile(
    r"\((?P<url><[^<>\n]{0,900}+>|[^\s()]{0,900}+(?:\([^\s()]{0,200}+\)[^\s()]{0,200}+)*+)\)"
    r"|\[(?P<label>[^\[\]]{0,200})\]"
)
_GENERIC = {"version", "release", "releases", "v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleLink:
    """The link around a version: its form, where its text stands, and where its destination or label does.

    ``shortcut`` is ``[1.2.0]`` alone: a link only where a definition of that label exists.
    """

    form: LinkForm
    text_at: tuple[int, int]
    target: str
    target_at: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """The title of a released section, with offsets into the text that was read.

    ``version`` has no ``v``; ``version_at`` includes one. ``placeholder_at`` is a word such as "unreleased"
    that stands where the day will. ``firm`` says that nothing else follows the version but a day or remarks
    that punctuation sets off.
    """

    text: str
    version: str
    version_at: tuple[int, int]
    project: str
    link: TitleLink | None
    date: DateText | None
    placeholder_at: tuple[int, int] | None
    firm: bool

    @property
    def day(self) -> datetime.date | None:
        """Give the day, where the title has one."""
        return self.date.day if self.date else None

    @property
    def prefix(self) -> str:
        """Give the ``v`` that the version is written with, or nothing."""
        first = self.text[self.version_at[0]]
        return first if first in "vV" else ""


def read_title(text: str) -> Title | None:
    """Read a title that names a version; None for any other heading."""
    head = _HEAD.match(text) if len(text) <= _LONGEST else None
    if head is None:
        return None
    stop = head.end("version")
    link = _link(text, head) if "[" in head["open"] + head["inner"] else None
    rest_from = stop if link is None else max(link.text_at[1] + 1, link.target_at[1] + 1)
    inside = text[stop : link.text_at[1]] if link else ""
    rest = (
        text[rest_from:]
        if link and link.form != "shortcut"
        else text[link.text_at[1] + 1 if link else stop :]
    )
    base = len(text) - len(rest)
    date = _moved(find_date(inside), stop) or _moved(find_date(rest), base)
    hold = find_placeholder(rest) if date is None else None
    words = [word for word in head["project"].replace("@", " ").split() if word.lower() not in _GENERIC]
    return Title(
        text=text,
        version=bare(head["version"]),
        version_at=head.span("version"),
        project=" ".join(words),
        link=link,
        date=date,
        placeholder_at=(hold[0] + base, hold[1] + base) if hold else None,
        firm=_is_firm(rest, date is not None),
    )


def is_unreleased(text: str) -> bool:
    """Say whether a title heads the news that no release has yet."""
    return len(text) <= _LONGEST and _UNRELEASED.fullmatch(text) is not None


def _link(text: str, head: re.Match[str]) -> TitleLink | None:
    opened = text.index("[", head.start("open"), head.end("inner"))
    close = text.find("]", head.end("version"))
    if close < 0:
        return None
    after = _AFTER_LINK.match(text, close + 1)
    span = (opened + 1, close)
    if after is None or (after["url"] is None and not after["label"]):
        return TitleLink(form="shortcut", text_at=span, target=text[opened + 1 : close], target_at=span)
    form: LinkForm = "inline" if after["url"] is not None else "reference"
    at = after.span("url") if form == "inline" else after.span("label")
    if form == "inline" and text.startswith("<", at[0]):
        at = (at[0] + 1, at[1] - 1)
    return TitleLink(form=form, text_at=span, target=text[at[0] : at[1]], target_at=at)


def _moved(date: DateText | None, by: int) -> DateText | None:
    if date is None:
        return None
    return DateText(at=(date.at[0] + by, date.at[1] + by), day=date.day, written=date.written)


def _is_firm(rest: str, dated: bool) -> bool:
    rest = rest.strip(" \t*_`\"'>)")
    return dated or not rest or rest[0] in "-–—/(:,|[·•<"
