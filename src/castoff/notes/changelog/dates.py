"""Which day does a heading name, and how is another day written in the same form?"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

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
_PLACEHOLDER = re.compile(
    r"unreleased|not (?:yet )?released|unpublished|in development|release[- ]?date|upcoming|\bt\.?b\.?[ad]\b\.?"
    r"|(?:19|20)?[X?Y\d]{2,4}-[XM?]{2}-[XD?]{2}",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"(?<![\w.])(?:19|20)\d\d-(?:\d{1,2}|X{1,2})-(?:\d{1,2}|X{1,2})(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DateText:
    """A day as it is written: where it stands in the text, the day, and the form for another one."""

    at: tuple[int, int]
    day: datetime.date
    written: str


def find_date(text: str) -> DateText | None:
    """Find the first day that a text names; a day that no calendar has is none."""
    found = [match for form in _FORMS if (match := form.search(text)) is not None]
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
    if 10 < day % 100 < 14:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
