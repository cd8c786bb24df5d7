"""What the page shows: pure functions from a status and events to values for the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from castoff.cli.events import Event, instant
from castoff.cli.render.words import count, duration

State = Literal["done", "running", "todo", "waiting", "person", "blocked", "unknown", "off"]

WORDS: Mapping[State, tuple[str, str]] = {
    "done": ("✓", "done"),
    "running": ("▶", "running"),
    "todo": ("○", "to do"),
    "waiting": ("…", "waiting"),
    "person": ("●", "for you"),
    "blocked": ("✗", "blocked"),
    "unknown": ("?", "unknown"),
    "off": ("–", "off"),
}
"""The sign and the word of each state: colour is never the only difference."""

_QUIET = 120.0
"""Seconds without an event after which a run may be gone: one that was killed could not write its end."""

_LOGGED = 300
"""The last events in the log of the page."""

_TITLES = {
    "version": "Release commit",
    "milestone": "Milestone",
    "publish": "Uploads",
    "tag": "Tag",
    "draft": "Draft",
    "announce": "Announcement",
    "changelog": "Changelog",
    "docs": "Documentation",
    "website": "Website",
}


class ObservedThing(msgspec.Struct, kw_only=True, frozen=True):
    """One observation of a status."""

    id: str
    part: str
    answer: str
    url: str | None = None
    reason: str | None = None


class ObservedStage(msgspec.Struct, kw_only=True, frozen=True):
    """One stage of a status."""

    name: str
    state: str
    observations: list[ObservedThing] = []


class ShownProblem(msgspec.Struct, kw_only=True, frozen=True):
    """One problem of a status."""

    code: str
    severity: str
    message: str
    reason: str = ""
    remedy: str = ""
    url: str | None = None


class WaitingDraft(msgspec.Struct, kw_only=True, frozen=True):
    """The draft of a status."""

    url: str
    age_seconds: float | None = None
    title: str = ""
    body: str = ""


class ScheduledAct(msgspec.Struct, kw_only=True, frozen=True):
    """When an upload may start at the earliest, in seconds from the status."""

    act: str
    not_before_seconds: float


class PossibleCommand(msgspec.Struct, kw_only=True, frozen=True):
    """One option of a status: the command, and what it does."""

    command: str
    does: str


class ObservedStatus(msgspec.Struct, kw_only=True, frozen=True):
    """The parts of `status --json` that the page shows."""

    version: str | None = None
    phase: str = "unknown"
    stages: list[ObservedStage] = []
    next: list[str] = []
    draft: WaitingDraft | None = None
    waves: list[list[str]] = []
    needs: dict[str, list[str]] = {}
    schedule: list[ScheduledAct] = []
    ways_out: list[PossibleCommand] = []
    problems: list[ShownProblem] = []
    looked: datetime | None = None
    """When castoff looked; not part of the JSON."""


class WavePackage(Struct, frozen=True):
    """One package of a wave: its state in words, and what it needs."""

    name: str
    state: State
    detail: str
    needs: str


class Wave(Struct, frozen=True):
    """Packages that may be uploaded side by side."""

    number: int
    packages: tuple[WavePackage, ...]

    @property
    def done(self) -> int:
        """Count what is up."""
        return sum(one.state == "done" for one in self.packages)


class StageRow(Struct, frozen=True):
    """One stage: its state and how far its parts are."""

    title: str
    state: State
    detail: str


class Doing(Struct, frozen=True):
    """Something that goes on, and since when."""

    what: str
    since: str


class Entry(Struct, frozen=True):
    """One line of the log."""

    at: str
    text: str


class NextAction(Struct, frozen=True):
    """What a person does next: a sentence, the command for it, and a page if there is one."""

    text: str
    command: str = ""
    url: str = ""
    label: str = ""


_PHASES = {
    "planned": "being checked and built; nothing is claimed yet",
    "other": "released by other means",
    "none": "nothing was released or started on this branch",
    "unknown": "a service did not answer",
}
"""What the phases of `status` mean, where their name does not say it."""


class View(Struct, frozen=True):
    """Everything that the template shows."""

    title: str
    phase: str
    at: str
    person: tuple[NextAction, ...]
    problems: tuple[ShownProblem, ...]
    stages: tuple[StageRow, ...]
    waves: tuple[Wave, ...]
    doing: tuple[Doing, ...]
    schedule: tuple[tuple[str, str], ...]
    window: str
    draft_title: str
    draft_html: str
    log: tuple[Entry, ...]


def view_of(status: ObservedStatus, events: Sequence[Event], now: datetime, draft_html: str) -> View:
    """Combine a status with what a run did since."""
    status = _ahead(status, events)
    uploads = _uploads(events)
    packages = {name for names in status.waves for name in names}
    writes = bool(uploads) and is_running(events)
    return View(
        title=f"Release {status.version}" if status.version else "No release yet",
        phase=_PHASES.get(status.phase, status.phase),
        at=f"{status.looked or now:%Y-%m-%d %H:%M} UTC",
        person=tuple(_person(status, events, now.timestamp())),
        problems=tuple(status.problems),
        stages=tuple(_stage(one, packages, writes) for one in status.stages),
        waves=_waves(status, uploads),
        doing=tuple(_doing(events, now.timestamp())),
        schedule=tuple(_schedule(status)),
        window=_window(events),
        draft_title=status.draft.title if status.draft else "",
        draft_html=draft_html,
        log=tuple(Entry(one.at[11:19], text) for one in events if (text := _line(one)))[-_LOGGED:],
    )


def _ahead(status: ObservedStatus, events: Sequence[Event]) -> ObservedStatus:
    """Return the status of the release that a run prepares: until its claim, the world shows the one before."""
    begun = next((at for at in reversed(range(len(events))) if events[at].type == "release"), None)
    if begun is None or not is_running(events) or events[begun].version == status.version:
        return status
    waves = [one.packages or [] for one in events[begun:] if one.type == "wave"]
    states = {one.name: one.state for one in status.stages}
    stages = [
        ObservedStage(name=name, state="off" if states.get(name) == "off" else "todo") for name in _TITLES
    ]
    return ObservedStatus(
        version=events[begun].version,
        phase="planned",
        stages=stages,
        waves=waves,
        needs=status.needs,
        problems=status.problems,
        looked=status.looked,
    )


def is_running(events: Sequence[Event]) -> bool:
    """Return whether the run whose events these are has not ended."""
    return bool(events) and events[-1].type != "end"


def safe_url(url: str | None) -> str:
    """Return an address that a link may lead to; others (`javascript:`, say) are dropped."""
    return url if url is not None and url.startswith(("https://", "http://127.0.0.1:")) else ""


def _person(status: ObservedStatus, events: Sequence[Event], now: float) -> list[NextAction]:
    """Name what a person must do next, the most urgent first; nothing is a sentence too."""
    found = [
        NextAction(f"{one.message}. {one.remedy}".strip(), url=safe_url(one.url), label="Show where")
        for one in status.problems
        if one.severity == "error"
    ]
    states = {one.name: one.state for one in status.stages}
    # Before the tag the draft is a preview: publishing it would make the tag by hand.
    if (states.get("announce"), states.get("tag")) == ("person", "done") and status.draft is not None:
        age = status.draft.age_seconds
        waits = f" It has been waiting for {duration(age)}." if age is not None else ""
        found.append(
            NextAction(
                f"Everything is uploaded. Read the draft and publish it.{waits}",
                command="castoff announce --execute",
                url=safe_url(status.draft.url),
                label="Open the draft on the forge",
            )
        )
    if found:
        return found
    quiet = _quiet_for(events, now) if is_running(events) else None
    if quiet is not None and quiet < _QUIET:
        return [NextAction("Nothing: the run goes on by itself.")]
    if status.phase == "in-flight":
        way = status.ways_out[0] if status.ways_out else None
        first = "The release is not finished, and no run is known."
        if quiet is not None:
            first = f"The run has written nothing for {duration(quiet)}. If it is gone, go on by hand."
        does = f" This {way.does}:" if way else ""
        return [NextAction(first + does, command=way.command if way else "castoff resume --execute")]
    if quiet is not None:
        return [NextAction(f"Nothing, unless the run is gone: it has written nothing for {duration(quiet)}.")]
    if status.phase == "complete":
        return [NextAction("Nothing: the release is complete.")]
    if status.phase in ("other", "none"):
        return [NextAction("Nothing is in progress. What a release would do:", command="castoff plan minor")]
    return [NextAction("Nothing is known to be missing.")]


def _quiet_for(events: Sequence[Event], now: float) -> float:
    """Return for how many seconds a run has written nothing; 0 while it waits for a time that it named."""
    if any(instant(one.until) >= now for one in events if one.until):
        return 0.0
    return max(0.0, now - instant(events[-1].at))


def _uploads(events: Sequence[Event]) -> Mapping[str, Event]:
    """Return the last event of each upload, by the id of its act; a run that ended writes none of them any more."""
    known = {one.act: one for one in events if one.act is not None and one.package is not None}
    return known if is_running(events) else {act: one for act, one in known.items() if one.type == "act-end"}


def _waves(status: ObservedStatus, uploads: Mapping[str, Event]) -> tuple[Wave, ...]:
    publish = next((one for one in status.stages if one.name == "publish"), None)
    seen: dict[str, list[ObservedThing]] = {}
    for one in publish.observations if publish else ():
        seen.setdefault(one.part, []).append(one)
    return tuple(
        Wave(
            number,
            tuple(_package(name, seen.get(name, []), uploads, status.needs.get(name, [])) for name in names),
        )
        for number, names in enumerate(status.waves, start=1)
    )


def _package(
    name: str, seen: Sequence[ObservedThing], uploads: Mapping[str, Event], needs: Sequence[str]
) -> WavePackage:
    own = [event for event in uploads.values() if event.package == name]
    files = {one.id: one.answer == "present" for one in seen if one.id != "resolvable"}
    for event in own:
        filename = event.target or ""
        # The events are newer than the status, which is asked for more seldom.
        files[filename] = files.get(filename, False) or event.outcome == "done"
    up = sum(files.values())
    state: State = "todo"
    # What needs a person is shown before what is done.
    if any(one.outcome == "refused" for one in own) or any(one.answer == "withdrawn" for one in seen):
        state = "blocked"
    elif files and up == len(files):
        state = "done"
    elif any(one.type == "act-begin" for one in own):
        state = "running"
    elif any(one.answer == "unknown" for one in seen):
        state = "unknown"
    elif any(one.answer == "staged" for one in seen):
        state = "person"
    detail = "staged" if state == "person" else f"{up} of {len(files)} files" if len(files) > 1 else ""
    most = f"{', '.join(needs[:3])} and {len(needs) - 3} more" if len(needs) > 4 else ", ".join(needs)
    return WavePackage(name, state, detail, most)


def _stage(stage: ObservedStage, packages: AbstractSet[str], writes: bool) -> StageRow:
    state: State = next((known for known in WORDS if known == stage.state), "unknown")
    parts = {one.part for one in stage.observations}
    # A package that is staged has a part for that too: it counts once.
    parts = parts & packages or parts
    missing = {one.part for one in stage.observations if one.answer != "present"}
    detail = f"{len(parts - missing)} of {count(len(parts), 'part')}" if len(parts) > 1 else ""
    # The run began since the status was made.
    if state == "todo" and stage.name == "publish" and writes:
        state = "running"
    reasons = dict.fromkeys(
        one.reason for one in stage.observations if one.answer == "unknown" and one.reason
    )
    return StageRow(
        _TITLES.get(stage.name, stage.name), state, "; ".join([*([detail] if detail else []), *reasons])
    )


def _doing(events: Sequence[Event], now: float) -> list[Doing]:
    """List what goes on, by the events without an end."""
    if not is_running(events):
        return []
    open_things: dict[tuple[str, str], tuple[str, float]] = {}
    for one in events:
        if one.type == "act-begin":
            open_things["act", one.act or ""] = (f"writing {one.act}", instant(one.at))
        elif one.type == "act-end":
            open_things.pop(("act", one.act or ""), None)
        elif one.type == "step-begin":
            open_things[one.step or "", one.subject or ""] = (f"{one.step}: {one.subject}", instant(one.at))
        elif one.type == "step-end":
            open_things.pop((one.step or "", one.subject or ""), None)
        # A wait has no event for its end: its time tells.
        elif one.type == "wait" and instant(one.until or "") >= now:
            again = duration(max(0.0, instant(one.until or "") - now))
            text = f"waiting for {one.subject}: {one.reason} (looking again in {again})"
            open_things["wait", one.subject or ""] = (text, instant(one.at))
    return [Doing(text, duration(max(0.0, now - since))) for text, since in open_things.values()]


def _schedule(status: ObservedStatus) -> list[tuple[str, str]]:
    """List the uploads that have to wait; those that may start at once need no time."""
    return [
        (one.act, f"in {duration(one.not_before_seconds)} at the earliest")
        for one in status.schedule
        if one.not_before_seconds > 0
    ]


def _window(events: Sequence[Event]) -> str:
    """Return the time from the first upload's end to the last one's, as far as the events show them."""
    times = [
        instant(one.at)
        for one in events
        if one.type == "act-end" and one.outcome == "done" and one.package is not None
    ]
    return duration(max(times) - min(times)) if len(times) > 1 else ""


def _line(event: Event) -> str:
    """Describe an event in a line; looks are too many."""
    match event.type:
        case "act-begin":
            return f"{event.act} begins"
        case "act-end":
            return f"{event.act}: {event.outcome}" + (f", {event.detail}" if event.detail else "")
        case "step-begin":
            return ""
        case "step-end":
            return f"{event.step} {event.subject}"
        case "observe":
            return ""
        case "end":
            return "the run ended"
        case "stage":
            return f"stage {event.stage}"
        case _:
            return event.detail or ""
