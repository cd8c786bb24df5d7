"""The range of `castoff notes`, its notes, and their comparison with the forge's own.

Earlier answers of the forge, for a preview if it cannot be asked now.
A file in the user's cache folder, written by `castoff notes` alone and read by it alone, and only where the forge
does not answer: nothing that is written to the world ever rests on it, and nothing is missed where it is gone.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from castoff.errors import CastoffError, MachineFailure, NotYet, Problem
from castoff.io.files import cache_folder, is_regular, read_text, write_text
from castoff.model.changes import Change
from castoff.model.observations import Unknown
from castoff.ports import ChangeSource
from castoff.release.notes import NotesRange, WrittenNotes, is_of_picks, span_of, write_notes
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.snapshot import Snapshot
from castoff.session.version_steps import likely_next
from castoff.values import replace


class AnswerMemory(msgspec.Struct, forbid_unknown_fields=True):
    """What was asked and answered; ``known`` has keys of login and moment, numbers that are none are null."""

    repository: str = ""
    at: str = ""
    commits: dict[str, list[int]] = {}
    changes: dict[int, Change | None] = {}
    known: dict[str, bool] = {}


def memory_file(environment: Mapping[str, str], repository: str) -> Path | None:
    """Return the file for one repository, by its address; None where the user has no cache folder."""
    folder = cache_folder(environment)
    name = sha256(repository.encode()).hexdigest()[:32]
    return folder / "changes" / f"{name}.json" if folder else None


@dataclass(slots=True)
class Remembering:
    """A source of changes that remembers; ``since`` is the time of what it remembered, where it had to."""

    source: ChangeSource
    path: Path
    memory: AnswerMemory
    since: str | None = field(default=None, init=False)
    why: str = field(default="", init=False)

    @classmethod
    def at(cls, source: ChangeSource, path: Path) -> Remembering:
        """Begin with what a file remembers; one that cannot be read remembers nothing."""
        try:
            memory = (
                msgspec.json.decode(read_text(path), type=AnswerMemory)
                if is_regular(path)
                else AnswerMemory()
            )
        except (msgspec.MsgspecError, CastoffError, RecursionError):
            memory = AnswerMemory()
        # The file is found by the remote's address; after a transfer of the repository, numbers mean other
        # changes.
        same = memory.repository in ("", source.repository)
        return cls(source, path, memory if same else AnswerMemory())

    @property
    def repository(self) -> str:
        """Name the repository."""
        return self.memory.repository if self.since is not None else self.source.repository

    def of_commits(self, commits: Sequence[str]) -> tuple[Change, ...] | Unknown:
        """Ask; where that fails, remember, if all of these commits were asked for before."""
        found = self.source.of_commits(commits)
        if isinstance(found, Unknown):
            return self._commits_again(commits, found)
        brought: dict[str, list[int]] = {commit: [] for commit in commits}
        for change in found:
            for commit in change.head_commits:
                brought.setdefault(commit, []).append(change.number)
        self.memory.commits.update(brought)
        self.memory.changes.update({change.number: change for change in found})
        return found

    def of_numbers(self, numbers: Sequence[int]) -> tuple[Change, ...] | Unknown:
        """Ask, or remember."""
        found = self.source.of_numbers(numbers)
        if isinstance(found, Unknown):
            # All or nothing: notes that lack a part of the changes look complete, and nobody would notice.
            if not all(number in self.memory.changes for number in numbers):
                return found
            return tuple(change for n in numbers if (change := self.memory.changes[n]) is not None)
        there = {change.number: change for change in found}
        self.memory.changes.update({number: there.get(number) for number in numbers})
        return found

    def pull_request(self, number: int) -> Change | Unknown | None:
        """Ask."""
        return self.source.pull_request(number)

    def open_changes(self) -> tuple[Change, ...] | Unknown:
        """Ask."""
        return self.source.open_changes()

    def earlier_contributors(self, logins: Sequence[str], before: datetime) -> frozenset[str] | Unknown:
        """Ask, or remember."""
        found = self.source.earlier_contributors(logins, before)
        keys = {login: f"{login} {before.isoformat()}" for login in logins}
        if isinstance(found, Unknown):
            if not all(key in self.memory.known for key in keys.values()):
                return found
            return frozenset(login for login, key in keys.items() if self.memory.known[key])
        self.memory.known.update({key: login in found for login, key in keys.items()})
        return found

    def keep(self, now: datetime) -> tuple[Problem, ...]:
        """Write down what was answered; says so where it was remembered instead."""
        if self.since is not None:
            return (_remembered(self.since, self.why),)
        self.memory.repository, self.memory.at = self.source.repository, now.isoformat()
        with suppress(CastoffError, MachineFailure):  # a cache is no reason to stop
            write_text(self.path, msgspec.json.encode(self.memory).decode(), private=True)
        return ()

    def _commits_again(self, commits: Sequence[str], unknown: Unknown) -> tuple[Change, ...] | Unknown:
        if not self.memory.at or not all(commit in self.memory.commits for commit in commits):
            return unknown
        self.since, self.why = self.memory.at, unknown.reason
        numbers = sorted({number for commit in commits for number in self.memory.commits[commit]})
        return tuple(change for n in numbers if (change := self.memory.changes.get(n)) is not None)


def _remembered(since: str, why: str) -> Problem:
    return Problem(
        code="changes-remembered",
        severity="warning",
        message=f"the forge could not be queried; showing the changes as of {since}",
        reason=why,
        remedy="run it again later for current titles and labels",
    )


class ShownNotes(Struct, frozen=True):
    """The notes, and the difference from the forge's own where that was asked for ("" where there is none)."""

    written: WrittenNotes
    difference: str = ""


def notes_of_range(services: Services, since: str | None, until: str | None, *, compare: bool) -> ShownNotes:
    """Write the notes of a range; the likely next version names the tag of what is not released yet.

    Up to the branch's head they are those that its release would have, cherry-picks of a maintenance branch included.
    A comparison is of this very text: the forge's own leaves the cherry-picks out, which is a difference.
    """
    with open_session(services) as session:
        span = span_of(session, since, until, _next_tag(session.snapshot))
        # A range that is named ends where the person said; only at the branch's head do the cherry-picks of a
        # maintenance line belong to the release.
        if until is None:
            span = replace(span, picks=is_of_picks(session))
        memory = _memory(session)
        source = session
        if memory:
            source = replace(session, services=replace(services, changes=lambda _: memory))
        written = write_notes(source, span)
        told = memory.keep(services.now) if memory else ()
        written = replace(written, problems=(*written.problems, *told))
        return ShownNotes(written, _difference(session, span, written.body) if compare else "")


def _memory(session: Session) -> Remembering | None:
    source = session.services.changes(session.snapshot.remote_url)
    file = memory_file(session.services.environment, session.snapshot.remote_url or "")
    return Remembering.at(source, file) if source is not None and file is not None else None


def _next_tag(snapshot: Snapshot) -> str:
    if snapshot.history.unfinished:
        return snapshot.tag_name.of(snapshot.history.unfinished[0].version)
    return snapshot.tag_name.of(likely_next(snapshot))


def _difference(session: Session, span: NotesRange, ours: str) -> str:
    forge = session.services.forge(session.snapshot.remote_url)
    assert forge is not None
    theirs = forge.generated_notes(span.tag, span.target, span.previous_tag)
    if isinstance(theirs, Unknown):
        raise NotYet(
            Problem(
                code="forge-unreachable",
                message="the forge did not generate notes to compare with",
                reason=theirs.reason,
                remedy="its endpoint requires a token with write access to contents, although it writes nothing",
            )
        )
    if theirs == ours:
        return ""
    lines = difflib.unified_diff(
        theirs.splitlines(), ours.splitlines(), "the forge's", "castoff's", lineterm=""
    )
    picks = (
        "\ncastoff lists cherry-picked changes on a maintenance branch; the forge does not"
        if span.picks
        else ""
    )
    return ("\n".join(lines) or "they differ in white space at the end") + picks
