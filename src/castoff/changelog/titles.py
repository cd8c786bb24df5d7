"""The titles of a changelog's sections: the version, the day and the link that a title names, with their places.

Understood: ``[1.2.0](url) / 2026-11-22``, ``[1.2.0] - 2026-11-22``, ``v1.2.0 (November 22nd, 2026)``,
``Project 1.2.0 (2026-11-22)``, ``[Project 1.2.0](url)``, ``name@1.2.0``, ``name-1.2.0``, ``Version 1.2.0``,
``Release (1.2.0)``, ``2026-11-22, Version 1.2.0``, ``:tada: 1.2.0``, ``**1.2.0**``, ``1.2.0 - TBD``, ``v5``.
"""

from __future__ import annotations

import datetime
import re
from typing import Literal

from msgspec import Struct

from castoff.changelog.order import VERSION, bare
from castoff.regexes import regex
from castoff.values import replace

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NAME = r"(?P<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,7}+\.?)"
_DAY = r"(?P<day>\d{1,2})(?P<nth>st|nd|rd|th|\.)?"
_FORMS = (
    re.compile(
        r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)"
    ),
    re.compile(rf"\b{_NAME} {_DAY}(?P<comma>,?) (?P<year>(?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(rf"(?<!\d){_DAY} {_NAME}(?P<comma>,?) (?P<year>(?:19|20)\d\d)\b", re.IGNORECASE),
)
_PLACEHOLDER = regex(
    r"unreleased|not (?:yet )?released|unpublished|in development|release[- ]?date|upcoming|\bt\.?b\.?[ad]\b\.?"
    r"|(?:19|20)?[X?Y\d]{2,4}-[XM?]{2}-[XD?]{2}",
    re.IGNORECASE,
)
_VAGUE = regex(r"(?<![\w.])(?:19|20)\d\d-(?:\d{1,2}|X{1,2})-(?:\d{1,2}|X{1,2})(?!\w)")


class DateText(Struct, frozen=True, kw_only=True):
    """A day as it is written: where it stands in the text, the day, and the form for another one."""

    at: tuple[int, int]
    day: datetime.date
    written: str


def find_date(text: str) -> DateText | None:
    """Find the first day that a text names; a day that no calendar has is none."""
    return _first_day([match for form in _FORMS if (match := form.search(text)) is not None])


def match_date(text: str, at: int) -> DateText | None:
    """Read the day that begins at an offset of a text; None if there is none."""
    return _first_day([match for form in _FORMS if (match := form.match(text, at)) is not None])


def _first_day(found: list[re.Match[str]]) -> DateText | None:
    # The first in the text: remarks after the day often name another one.
    for match in sorted(found, key=re.Match.start):
        month = _month(match["month"])
        try:
            day = datetime.date(int(match["year"]), month, int(match["day"]))
        except ValueError:
            continue
        return DateText(at=match.span(), day=day, written=match[0])
    return None


def find_placeholder(text: str) -> tuple[int, int] | None:
    """Find a word that stands where the day of a release is going to stand."""
    match = _PLACEHOLDER.search(text)
    return match.span() if match else None


def find_vague_date(text: str) -> str | None:
    """Find what looks like a day but is none: ``2019-08-XX``, ``2019-13-45``."""
    for match in _VAGUE.finditer(text):
        if find_date(match[0]) is None:
            return match[0]
    return None


def read_day(text: str) -> datetime.date | None:
    """Read the day of ``2026-11-22``, or of a time that begins with it."""
    try:
        return datetime.date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def write_like(sample: str | None, day: datetime.date) -> str:
    """Write a day in the form of another one; as ``2026-11-22`` where there is none."""
    found = next((m for form in _FORMS if sample and (m := form.fullmatch(sample))), None)
    if found is None:
        return day.isoformat()
    parts = found.groupdict()
    if "sep" in parts:
        padded = len(found[0]) == 10 or any(found[k].startswith("0") for k in ("month", "day"))
        numbers = f"{day.month:02}" if padded else f"{day.month}", f"{day.day:02}" if padded else f"{day.day}"
        return parts["sep"].join((f"{day.year}", *numbers))
    name = _MONTHS[day.month - 1]
    # May is short and long at once, so it tells nothing about the form.
    if len(parts["month"].rstrip(".")) == 3 and parts["month"].lower() != "may":
        name = name[:3] + ("." if parts["month"].endswith(".") else "")
    number = f"{day.day:02}" if parts["day"].startswith("0") else f"{day.day}"
    number += _nth(day.day) if parts["nth"] and parts["nth"] != "." else parts["nth"] or ""
    first, second = (name, number) if found.start("month") == 0 else (number, name)
    return f"{first} {second}{parts['comma']} {day.year}"


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    starts = [name[:3].lower() for name in _MONTHS]
    return starts.index(text[:3].lower()) + 1


def _nth(day: int) -> str:
    # 11th, 12th and 13th, whatever their last digit.
    if 10 < day % 100 < 14:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


LinkForm = Literal["inline", "reference", "shortcut"]

_LONGEST = 1000
_ORNAMENT = r"(?::[a-z0-9_+-]{1,40}:|<a [^<>]{0,200}>(?:</a>)?|[^\w\s!-~]{1,12}+)"
_ORNAMENTS = regex(rf"(?:{_ORNAMENT}[ \t]*+){{0,4}}+")
_TRAILING_ORNAMENTS = regex(rf"(?:[ \t]*+{_ORNAMENT}){{1,4}}[ \t]*$")
_AFTER_DATE = regex(r"[\])*_`]{0,4}[ \t]*(?:[-–—:,/|·•][ \t]*)?")
_WORD = r"[*_`\[]{0,2}@?[A-Za-z][\w@/.+'’&-]{0,60}+[*_`\]]{0,2}[:,]?[ \t]{1,4}"
_SIGN = r"[-–—|/:·•][ \t]{1,4}"
_HEAD = regex(
    r"(?P<open>[*_`\"'(]{0,3}\[?[*_`\"']{0,3})"
    rf"(?P<project>(?:{_WORD}(?:{_SIGN})?){{0,5}}?|@?[A-Za-z][\w/.+-]{{0,80}}?[-_/@])"
    r"(?P<inner>\(?\[?[*_`]{0,3})"
    rf"(?P<version>[vV]?(?>{VERSION})|[vV]\d{{1,9}}|(?:(?<=[Vv]ersion )|(?<=[Rr]elease ))\d{{1,9}})(?!\w|\.\w)"
)
_DEVELOPMENT = regex(r"(?:[-.]?dev(?:[-.]?\d{1,9}){0,3}|-snapshot)(?:\+.*)?\Z", re.IGNORECASE)
_BRANCH = r"(?:the )?[`'\"]?(?:main|master|trunk|head|develop|development|devel|dev|edge|nightly)[`'\"]?(?: branch)?"
_NEWS = (
    r"un-?released\b[^.\d]{0,60}"
    rf"|(?:changes (?:in|on) )?{_BRANCH}"
    r"|v?\.?next(?: (?:major|minor|patch))?(?: (?:release|version))?"
    r"|(?:the )?(?:upcoming|coming|future|pending)(?: (?:release|version|changes?))?"
    r"|(?:in|under) (?:development|progress)|work in progress|wip|coming soon|tb[ad]"
    r"|(?:not (?:yet )?released|unpublished)(?: yet)?"
    r"|v?[xyzn?](?:\.[xyzn?]){1,2}|(?:__|\{\{)[ ]?(?:next|version|unreleased)[ ]?(?:__|\}\})"
)
_UNRELEASED = regex(
    rf"[\[*_`<(\"']{{0,3}}(?:{_NEWS})[\]*_`>)\"']{{0,3}}:?"
    r"(?:\([^\s()]{1,500}\)|\[[^\[\]]{0,100}\])?[ \t]*(?:[-–—/|:,(\[{][^\d\n]{0,60})?",
    re.IGNORECASE,
)
_SAID_UNRELEASED = regex(r"\b(?:un-?released|not (?:yet )?released)\b", re.IGNORECASE)
_NO_PROJECT = regex(
    r"\b(?:un-?released|upgrad\w*|migrat\w*|moving|from|to|between|since|until|before|after|via|requires?|with)\b",
    re.IGNORECASE,
)
_AFTER_LINK = regex(
    r"\((?P<url><[^<>\n]{0,900}+>|[^\s()]{0,900}+(?:\([^\s()]{0,200}+\)[^\s()]{0,200}+)*+)\)"
    r"|\[(?P<label>[^\[\]]{0,200})\]"
)
_GENERIC = {
    "version",
    "release",
    "releases",
    "v",
    "notes",
    "for",
    "of",
    "in",
    "what's",
    "what’s",
    "new",
    "changes",
}


class TitleLink(Struct, frozen=True, kw_only=True):
    """The link around a version: its form, where its text stands, and where its destination or label does.

    ``shortcut`` is ``[1.2.0]`` alone: a link only where a definition of that label exists.
    """

    form: LinkForm
    text_at: tuple[int, int]
    target: str
    target_at: tuple[int, int]


class Title(Struct, frozen=True, kw_only=True):
    """The title of a released section, with offsets into the text that was read.

    ``development_at`` is the mark of a development version, which goes with the release (:func:`pending`).
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
    development_at: tuple[int, int] | None = None

    @property
    def day(self) -> datetime.date | None:
        """Return the day, if the title has one."""
        return self.date.day if self.date else None

    @property
    def prefix(self) -> str:
        """Return the ``v`` that the version is written with, or nothing."""
        first = self.text[self.version_at[0]]
        return first if first in "vV" else ""


def read_title(text: str) -> Title | None:
    """Read a title that names a version; None for any other heading."""
    opening, early = _opening(text) if len(text) <= _LONGEST else (0, None)
    head = _HEAD.match(text, opening) if len(text) <= _LONGEST else None
    # "Upgrading to 2.0" is an instruction and no section of a release.
    if head is None or _NO_PROJECT.search(head["project"]):
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
    # A day before the version wins, then one inside the link, then one after it.
    date = early or _moved(find_date(inside), stop) or _moved(find_date(rest), base)
    # With a day, a word such as "unreleased" is a remark.
    hold = find_placeholder(rest) if date is None else None
    return Title(
        text=text,
        version=bare(head["version"]),
        version_at=head.span("version"),
        project=_project(head["project"]),
        link=link,
        date=date,
        placeholder_at=(hold[0] + base, hold[1] + base) if hold else None,
        firm=_is_firm(rest, date is not None),
    )


def pending(title: Title) -> Title:
    """Read a development version without a day (``1.2.0.dev0``) as the version to come, other titles as they are."""
    start, end = title.version_at
    mark = _DEVELOPMENT.search(title.text, start, end) if title.date is None else None
    if mark is None:
        return title
    return replace(
        title,
        version=bare(title.text[start : mark.start()]),
        version_at=(start, mark.start()),
        development_at=(mark.start(), end),
    )


def is_unreleased(text: str) -> bool:
    """Report whether a title heads the news that no release has yet."""
    if len(text) > _LONGEST:
        return False
    plain = _TRAILING_ORNAMENTS.sub("", text[_end_of_ornaments(text) :])
    if _UNRELEASED.fullmatch(plain) is not None:
        return True
    # Long headings that mention the word are sentences about a release.
    return len(plain) <= 80 and _SAID_UNRELEASED.search(plain) is not None and read_title(text) is None


def says_unreleased(text: str) -> bool:
    """Report whether a title has the word "unreleased" itself."""
    return len(text) <= _LONGEST and _SAID_UNRELEASED.search(text) is not None


def _end_of_ornaments(text: str) -> int:
    found = _ORNAMENTS.match(text)
    return found.end() if found else 0


def _opening(text: str) -> tuple[int, DateText | None]:
    """Return where a title's words begin, after emoji and the like and a day that comes first."""
    begin = _end_of_ornaments(text)
    at = begin + (text[begin : begin + 1] in ("[", "(", "*"))
    date = match_date(text, at)
    after = _AFTER_DATE.match(text, date.at[1]) if date else None
    if date is None or after is None or _HEAD.match(text, after.end()) is None:
        return begin, None
    return after.end(), date


def _project(words: str) -> str:
    """Return the name in front of a version, without words that say no more than "version"."""
    bare_words = (word.strip("*_`[]:,") for word in words.rstrip("-_/@ \t").split())
    return " ".join(w for w in bare_words if w[:1].isalpha() or w[:1] == "@" if w.lower() not in _GENERIC)


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
    rest = rest.strip(" \t*_`>)")
    return dated or not rest or rest[0] in "-–—/(:,|[{·•<\"'“‘«" or _end_of_ornaments(rest) > 0
