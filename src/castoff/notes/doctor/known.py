"""What is known of a project's tags, beside the changelog itself?"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from castoff.errors import Problem, UsageError
from castoff.notes.changelog.compare import project_of_tag, version_of_tag
from castoff.notes.changelog.dates import read_day

_SEPARATOR = re.compile(r"[\t,; ]+")
_NAMES = ("name", "tag", "tag_name", "version", "ref")
_DAYS = ("date", "tag_date", "day", "creatordate", "published_at", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFact:
    """A tag, the version that it names, and the day it was made on where that is known."""

    name: str
    version: str
    project: str
    day: datetime.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Facts from outside the changelog.

    ``tags`` is None where they are not known; an empty tuple says that there are none. ``pulls`` are numbers
    known to be pull requests.
    """

    tags: tuple[TagFact, ...] | None = None
    pulls: frozenset[int] = field(default_factory=frozenset)


def make_tag(name: str, day: datetime.date | None = None) -> TagFact | None:
    """Make the fact of a tag; None where its name holds no version."""
    bare = name.removeprefix("refs/tags/").strip()
    version = version_of_tag(bare)
    if version is None:
        return None
    return TagFact(name=bare, version=version, project=project_of_tag(bare), day=day)


def read_known(text: str) -> Known:
    """Read a file of tags.

    One tag a line, a day after a tab (or a comma or spaces) if it is known: ``1.2.0<TAB>2026-11-22``; ``#``
    begins a remark. Or JSON: a list of names or of objects with ``tag`` and ``date``, an object from tag to
    day, or ``{"tags": ..., "pulls": [12]}``. Tags that name no version are left out.

    Errors: ``doctor-tags-invalid``.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] not in ("[", "{"):
        return Known(tags=tuple(tag for line in text.splitlines() if (tag := _from_line(line)) is not None))
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"it is no JSON ({str(error)[:80]})") from None
    return _from_json(data)


def _from_line(line: str) -> TagFact | None:
    if not line.strip() or line.lstrip().startswith("#"):
        return None
    name, *rest = _SEPARATOR.split(line.strip())
    return make_tag(name, next((day for part in rest if (day := read_day(part)) is not None), None))


def _from_json(data: Any) -> Known:
    pulls: set[int] = set()
    if isinstance(data, dict) and isinstance(data.get("tags"), (list, dict)):
        pulls |= _numbers(data.get("pulls"))
        data = data["tags"]
    if isinstance(data, dict):
        data = [{"tag": name, "date": day} for name, day in data.items()]
    if not isinstance(data, list):
        raise _invalid("it is neither a list nor an object")
    for entry in data:
        pulls |= set(_merged(entry))
    tags = (_from_entry(entry) for entry in data)
    return Known(tags=tuple(tag for tag in tags if tag is not None), pulls=frozenset(pulls))


def _from_entry(entry: Any) -> TagFact | None:
    if isinstance(entry, str):
        return _from_line(entry)
    if isinstance(entry, list) and entry and isinstance(entry[0], str):
        return make_tag(entry[0], read_day(str(entry[1])) if len(entry) > 1 else None)
    if not isinstance(entry, dict):
        raise _invalid(f"`{str(entry)[:40]}` is no tag")
    name = next((entry[key] for key in _NAMES if isinstance(entry.get(key), str)), None)
    if name is None:
        raise _invalid(f"`{str(entry)[:40]}` names no tag")
    day = next((entry[key] for key in _DAYS if isinstance(entry.get(key), str)), "")
    return make_tag(name, read_day(day))


def _merged(entry: Any) -> Iterator[int]:
    """Give the numbers of the pull requests that a release's record lists."""
    listed = entry.get("merged_prs", entry.get("pulls")) if isinstance(entry, dict) else None
    for one in listed if isinstance(listed, list) else ():
        number = one.get("number") if isinstance(one, dict) else one
        if isinstance(number, int) and not isinstance(number, bool):
            yield number


def _numbers(data: Any) -> set[int]:
    if not isinstance(data, list):
        return set()
    return {number for number in data if isinstance(number, int) and not isinstance(number, bool)}


def _invalid(reason: str) -> UsageError:
    return UsageError(
        Problem(
            code="doctor-tags-invalid",
            message="the file of tags cannot be read",
            reason=reason,
            remedy="write one tag a line, with its day after a tab where it is known, or a JSON list",
        )
    )
