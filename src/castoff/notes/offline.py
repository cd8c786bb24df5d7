"""Notes from a file of changes alone, with no repository and no network.

This is the door behind ``castoff notes --changes FILE --config FILE``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from castoff.errors import CastoffError, Problem, UsageError
from castoff.model.changes import Change
from castoff.notes import render
from castoff.notes.configuration import DEFAULT, DEFAULT_PATH, PATHS, ReadConfiguration, read_configuration
from castoff.notes.engine import Notes, NotesRequest, sort_into_notes
from castoff.regexes import regex


class PullRequestEntry(msgspec.Struct, frozen=True):
    """One merged pull request; fields that castoff does not know are left alone.

    A change that the notes leave out needs no title.
    """

    number: int
    merged_at: str
    title: str | None = None
    author: str | None = None
    agent: str | None = None
    labels: tuple[str, ...] = ()
    merge_commit: str | None = None
    merged_order: int | None = None


class ChangesFile(msgspec.Struct, frozen=True):
    """The whole document."""

    repository: str
    tag: str
    changes: tuple[PullRequestEntry, ...]
    previous_tag: str | None = None
    target: str | None = None
    known_contributors: tuple[str, ...] = ()


_REPOSITORY = regex(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_SPACE_OR_CONTROL = regex(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TIME = regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:?\d\d)")


class OfflineNotes(Struct, frozen=True):
    """The notes as values and as text, and what is odd about the configuration."""

    notes: Notes
    body: str
    warnings: tuple[Problem, ...]


def notes_from_file(
    document: str | bytes, *, configuration: str | None = None, configuration_path: str = DEFAULT_PATH
) -> OfflineNotes:
    """Read the JSON document of changes and sort it into notes.

    Args:
        document: the text of the changes file, as INTERFACES describes it.
        configuration: the text of the notes configuration, ``None`` where the repository has none.
        configuration_path: where that text was read; only the ending counts, since the forge knows two names.

    Raises:
        UsageError: ``changes-file-invalid``, with every fault that was found.
        ConfigurationError: where the forge would refuse the configuration.
    """
    content = _decoded(document)
    _refuse(_faults(content))
    request = NotesRequest(
        repository=content.repository,
        tag=content.tag,
        target=content.target or content.tag,
        previous_tag=content.previous_tag,
        known_contributors=frozenset(content.known_contributors),
    )
    read = _configuration(configuration, configuration_path)
    changes = {entry.number: _change(entry) for entry in content.changes}
    notes = sort_into_notes(read.configuration, changes.values(), request)
    untitled = {entry.number for entry in content.changes if entry.title is None}
    _refuse(
        f"change #{change.number} is listed but has no `title`"
        for section in notes.sections
        for change in section.changes
        if change.number in untitled
    )
    return OfflineNotes(notes, render.body(notes), read.warnings)


def forge_path(path: str) -> str:
    """Return which of its two names the forge has for a configuration file: ``.yml`` or ``.yaml``."""
    return PATHS[1] if PurePosixPath(path).suffix == ".yaml" else PATHS[0]


def parse_time(text: str) -> datetime | None:
    """Parse an RFC 3339 time to UTC, ``None`` where it is none."""
    if _TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _configuration(text: str | None, path: str) -> ReadConfiguration:
    if text is None:
        return ReadConfiguration(DEFAULT, ())
    return read_configuration(text, path=forge_path(path))


def _decoded(document: str | bytes) -> ChangesFile:
    import msgspec

    try:
        return msgspec.json.decode(document, type=ChangesFile)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _invalid(str(error)) from error


def _refuse(faults: Iterable[str]) -> None:
    problems = [_invalid(fault).problems[0] for fault in faults]
    if problems:
        raise UsageError(*problems)


def _invalid(reason: str) -> CastoffError:
    return UsageError.of(
        "changes-file-invalid",
        "the file of changes cannot be used",
        reason=reason,
        remedy="use the format in `docs/reference/notes.md`",
    )


def _faults(content: ChangesFile) -> list[str]:
    faults = []
    if _REPOSITORY.fullmatch(content.repository) is None:
        faults.append("`repository` is not `owner/name`")
    for name, value in (("tag", content.tag), ("previous_tag", content.previous_tag)):
        if value is not None and (not value or _SPACE_OR_CONTROL.search(value)):
            faults.append(f"`{name}` is empty, or has a space or control character")
    if content.target is not None and _SPACE_OR_CONTROL.search(content.target):
        faults.append("`target` has a space or control character")
    seen: dict[int, PullRequestEntry] = {}
    for index, entry in enumerate(content.changes):
        faults += [f"{fault} at `$.changes[{index}]`" for fault in _entry_faults(entry)]
        if seen.setdefault(entry.number, entry) != entry:
            faults.append(
                f"change #{entry.number} stands twice with different contents at `$.changes[{index}]`"
            )
    return faults


def _entry_faults(entry: PullRequestEntry) -> list[str]:
    faults = []
    if entry.number < 1:
        faults.append("`number` is not positive")
    if parse_time(entry.merged_at) is None:
        faults.append("`merged_at` is not an RFC 3339 time with an offset")
    for name, login in (("author", entry.author), ("agent", entry.agent)):
        if login is not None and (not login or _SPACE_OR_CONTROL.search(login)):
            faults.append(f"`{name}` is empty, or has a space or control character")
    return faults


def _change(entry: PullRequestEntry) -> Change:
    merged_at = parse_time(entry.merged_at)
    assert merged_at is not None
    return Change(
        number=entry.number,
        title=entry.title or "",
        author=entry.author,
        agent=entry.agent,
        labels=tuple(entry.labels),
        merged_at=merged_at,
        merge_commit=entry.merge_commit,
        merged_order=entry.merged_order,
    )
