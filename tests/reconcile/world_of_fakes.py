"""A small honest world, and hands that reach it through the ports, with trouble at any numbered point.

The world knows what the real services know and no more: a registry whose index lags behind, that takes a file name
once; a remote with a branch and tags, that takes fast-forwards and new tags alone; a forge that lets anybody make a
second draft. Every call through a port is a point; at a point the process may die before or after the effect, the
answer may be lost, late, stale, or a refusal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from castoff.errors import Problem
from castoff.model.acts import Act, Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.changes import Milestone
from castoff.model.refs import TagRef
from castoff.ports import ForgeRelease

T = TypeVar("T")

Mode = Literal[
    "killed before",
    "killed after",
    "killed, effect later",
    "5xx before",
    "5xx after",
    "lost reply",
    "lost reply, effect later",
    "429",
    "429 without a time",
    "stale read",
    "permission denied",
    "refused",
    "accepted",
]
KILLS_OF_WRITES: tuple[Mode, ...] = ("killed before", "killed after", "killed, effect later")
FAULTS_OF_WRITES: tuple[Mode, ...] = (
    "5xx before",
    "5xx after",
    "lost reply",
    "lost reply, effect later",
    "429",
    "429 without a time",
)
KILLS_OF_READS: tuple[Mode, ...] = ("killed before",)
FAULTS_OF_READS: tuple[Mode, ...] = ("5xx before", "429", "429 without a time", "stale read")
DENIALS: tuple[Mode, ...] = ("permission denied", "refused")
CHILDREN = ("upload", "push")  # done by child processes, which may outlive castoff
Style = Literal["python", "cargo"]
ClaimKind = Literal["branch", "ref", "ref and branch"]
"""What claims a version: the commit on the branch; a ref at the branch's head; a ref, and a commit with it."""


class Killed(BaseException):
    """The process is dead; nothing may catch this."""


class FakeClock:
    """Time that passes only by sleeping and by calls."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._seconds += max(seconds, 0.0)


@dataclass(slots=True)
class Trouble:
    """Which call goes wrong, and how; ``choose`` decides by number, name and whether it writes."""

    choose: Callable[[int, str, bool], Mode | None] = lambda number, name, write: None
    calls: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, name: str, *, write: bool) -> Mode | None:
        with self._lock:
            self.calls.append(name)
            return self.choose(len(self.calls), name, write)


def at(point: int, mode: Mode) -> Trouble:
    """Make trouble at one point."""
    return Trouble(lambda number, name, write: mode if number == point else None)


@dataclass(frozen=True, slots=True)
class Stored:
    digest: str
    at: float


@dataclass(slots=True)
class World:
    """Everything outside; ``lag`` is how many seconds the index is behind, ``style`` how a second upload ends."""

    needs: Mapping[str, frozenset[str]]
    style: Style = "python"
    lag: float = 0.0
    claim: ClaimKind = "branch"
    clock: FakeClock = field(default_factory=FakeClock)
    lock: threading.RLock = field(default_factory=threading.RLock)
    parents: dict[str, str] = field(default_factory=lambda: {"base": "", "older": ""})
    branch: str = "base"
    tags: dict[str, TagRef] = field(default_factory=dict)
    claims: dict[str, TagRef] = field(default_factory=dict)
    files: dict[str, dict[str, Stored]] = field(default_factory=dict)
    releases: list[ForgeRelease] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)
    latest: dict[int, bool | None] = field(default_factory=dict)
    _late: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    _made: int = 0

    def number(self) -> int:
        """Give a new number, for everything that has one."""
        with self.lock:
            self._made += 1
            return self._made

    def later(self, effect: Callable[[], object]) -> None:
        """Let an effect come to pass in a second."""
        self._late.append((self.clock.monotonic() + 1.0, effect))

    def catch_up(self) -> None:
        """Let come to pass what is due."""
        due = [one for one in self._late if one[0] <= self.clock.monotonic()]
        self._late = [one for one in self._late if one not in due]
        for _, effect in due:
            effect()

    def rest(self) -> None:
        """Let some time pass, so that everything that is under way comes to pass."""
        self.clock.sleep(100.0)
        self.catch_up()

    def shown(self, package: str, *, behind: float = 0.0) -> dict[str, Stored]:
        """Give the files that the index shows."""
        until = self.clock.monotonic() - self.lag - behind
        return {name: one for name, one in self.files.get(package, {}).items() if one.at <= until}

    def resolves(self, package: str) -> bool:
        """Say whether the resolver, which is a second behind the pages, finds a package with all that it needs."""
        return bool(self.shown(package, behind=1.0)) and all(
            self.resolves(need) for need in self.needs[package]
        )

    def history(self) -> list[str]:
        """Give the branch's commits, oldest first."""
        commits, commit = [], self.branch
        while commit:
            commits.append(commit)
            commit = self.parents[commit]
        return commits[::-1]

    def claimed(self) -> str | None:
        """Give the release commit: by its ref or its tag, or on the branch."""
        if self.claim != "branch":
            tag = self.tags.get("1.1.0")
            claim = tag or self.claims.get("1.1.0")
            return claim.commit if claim else None
        return next((one for one in self.history() if one.startswith("release")), None)

    def dump(self) -> dict[str, object]:
        """Show everything, with no times and no ids, so that two worlds can be compared."""
        role = {commit: "R" if commit.startswith("release") else commit for commit in self.parents}
        return {
            "branch": [role[commit] for commit in self.history()],
            "claims": {name: role[claim.commit] for name, claim in self.claims.items()},
            "tags": {name: (role[tag.commit], tag.annotated) for name, tag in self.tags.items()},
            "files": {
                package: {
                    name: one.digest.replace(self.claimed() or "-", "R")
                    for name, one in sorted(files.items())
                }
                for package, files in sorted(self.files.items())
            },
            "releases": [
                (
                    one.tag,
                    one.name,
                    one.body,
                    one.draft,
                    one.prerelease,
                    role[one.target],
                    self.latest.get(one.id),
                    sorted(asset.name for asset in one.assets),
                )
                for one in self.releases
            ],
            "milestones": [
                (one.title, one.is_open, sorted(item.number for item in one.open_items))
                for one in self.milestones
            ],
        }


def problem(code: str) -> Problem:
    return Problem(code=code, message=f"the service said no: {code}")


@dataclass(slots=True)
class Process:
    """One run of castoff: its hands in the world, its own clone, and the trouble that it meets."""

    world: World
    trouble: Trouble = field(default_factory=Trouble)
    known: set[str] = field(default_factory=lambda: {"base", "older"})
    turn: Callable[[], None] = lambda: None
    writes: list[str] = field(default_factory=list)
    names: list[tuple[str, bool]] = field(default_factory=list)
    _dead: bool = False

    def write(self, name: str, effect: Callable[[], Outcome]) -> Outcome:
        """Carry one write through its point."""
        self.turn()
        with self.world.lock:
            mode = self._arrive(name, write=True)
            self.writes.append(name)
            match mode:
                case "killed before":
                    raise self._die()
                case "killed after":
                    effect()
                    raise self._die()
                case "killed, effect later":
                    if name.startswith(CHILDREN):
                        self.world.later(effect)
                    raise self._die()
                case "5xx before":
                    return Unclear(reason="the service answered 503")
                case "5xx after" | "lost reply":
                    effect()
                    return Unclear(reason="the service answered 504" if mode == "5xx after" else "no answer")
                case "lost reply, effect later":
                    self.world.later(effect)
                    return Unclear(reason="no answer")
                case "429":
                    return Throttled(retry_after=30.0, reason="the service answered 429")
                case "429 without a time":
                    return Throttled(retry_after=0.0, reason="the service answered 429")
                case "permission denied":
                    return Refused(problem("permission-denied"))
                case "refused":
                    return Refused(problem("upload-refused"))
                case "accepted":
                    return Succeeded()
                case "stale read" | None:
                    return effect()

    def read(self, name: str, answer: Callable[[float], T], unknown: Callable[[float | None], T]) -> T:
        """Carry one read through its point; ``answer`` is asked for the world so many seconds ago."""
        self.turn()
        with self.world.lock:
            match self._arrive(name, write=False):
                case "killed before" | "killed after" | "killed, effect later":
                    raise self._die()
                case "429":
                    return unknown(30.0)
                case "429 without a time":
                    return unknown(0.0)
                case "stale read":
                    return answer(60.0)
                case None:
                    return answer(0.0)
                case _:
                    return unknown(None)

    def _arrive(self, name: str, *, write: bool) -> Mode | None:
        if self._dead:
            raise Killed
        self.world.clock.sleep(0.01)
        self.world.catch_up()
        self.names.append((name, write))
        return self.trouble.meet(name, write=write)

    def _die(self) -> Killed:
        self._dead = True
        return Killed()


class Quiet:
    """A reporter that keeps what was waited for, and how often each act began."""

    def __init__(self) -> None:
        self.waits: list[tuple[str, str, float]] = []
        self.begun: list[str] = []
        self.ended: list[tuple[str, Outcome]] = []

    def stage(self, name: str, total: int) -> None:
        """Hear."""

    def observed(self, subject: str, detail: str) -> None:
        """Hear."""

    def act_begins(self, act: Act) -> None:
        self.begun.append(act.id)

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        self.ended.append((act.id, outcome))

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        self.waits.append((subject, reason, seconds))

    def note(self, text: str) -> None:
        """Hear."""
