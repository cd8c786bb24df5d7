"""Killed at any moment and run again, anywhere: the world ends the same. Here with real processes and SIGKILL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proofs.worlds import Stage, kill_at_event, read_events, stage

COMMAND = ("release", "1.1.0", "--execute", "--yes")
AGAIN = ("resume", "1.1.0", "--execute", "--yes")
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Point:
    """One moment to kill at: after the n-th event, or while the n-th write of a kind is held by its service."""

    name: str
    event: int | None = None
    rule: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one point."""

    point: str
    killed: bool
    runs: int
    same: bool
    detail: str
    seconds: float


def undisturbed(folder: Path, key: Path, sample: Path) -> tuple[str, list[str]]:
    """Release once with nobody disturbing; gives the world's dump and the names of the events."""
    with stage(folder, key, sample) as here:
        checkout = here.checkout()
        events = folder / "events.ndjson"
        code, output = here.run(checkout, *COMMAND, "--events", str(events))
        assert code == 0, output
        names = [f"{one['type']}:{one.get('act') or one.get('detail', '')}" for one in read_events(events)]
        return here.dump(), names


def points(names: list[str], files: list[str]) -> Iterator[Point]:
    """Name every moment: each event, and each write before and after its effect."""
    for number, name in enumerate(names, start=1):
        yield Point(f"event {number} {name}", event=number)
    for when in ("before", "after"):
        for file in files:
            yield Point(f"upload {when} {file}", rule=_hold("python", when, method="POST", subject=file))
        yield Point(f"draft {when}", rule=_hold("forge", when, method="POST", path="*/releases"))
        yield Point(f"announce {when}", rule=_hold("forge", when, method="PATCH", path="*/releases/*"))


def _hold(service: str, when: str, **conditions: str) -> dict[str, object]:
    effect = {"hold": "proof", "when": when, "seconds": 30}
    return {"service": service, **conditions, "times": 1, "effect": effect}


def try_point(folder: Path, key: Path, sample: Path, point: Point, expected: str) -> Verdict:
    """Kill at one point, run again on another machine until it is done, and compare the worlds."""
    began = time.monotonic()
    with stage(folder, key, sample) as here:
        checkout = here.checkout()
        killed = _kill(here, checkout, folder, point)
        runs, detail = 1, ""
        command = AGAIN if _is_claimed(here) else COMMAND
        for _ in range(_TRIES):
            runs += 1
            code, output = here.run(here.checkout(), *command)
            if code == 0:
                break
            detail = output[-1500:]
            command = AGAIN if _is_claimed(here) else COMMAND
        else:
            return Verdict(point.name, killed, runs, False, detail, time.monotonic() - began)
        same = here.dump() == expected
        detail = "" if same else _difference(expected, here.dump())
        return Verdict(point.name, killed, runs, same, detail, time.monotonic() - began)


def _kill(here: Stage, checkout: Path, folder: Path, point: Point) -> bool:
    events = folder / "events.ndjson"
    process = here.start(checkout, *COMMAND, "--events", str(events))
    if point.event is not None:
        return kill_at_event(process, events, point.event)
    here.world.gate.replace(_rules(point))
    held = here.world.gate.held(count=1, within=120.0)
    process.kill()
    process.communicate()
    here.world.gate.release(None)
    here.world.gate.replace(())
    return bool(held)


def _rules(point: Point):  # type: ignore[no-untyped-def]
    from castoff.world.faults import parse_faults

    return parse_faults(json.dumps({"rules": [point.rule]}).encode())


def _is_claimed(here: Stage) -> bool:
    log = here.git(here.world.repository.path, "log", "-1", "--format=%s", "main")
    return log.strip() == "release 1.1.0"


def _difference(expected: str, found: str) -> str:
    import difflib

    lines = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "undisturbed", "killed", lineterm=""
    )
    return "\n".join(list(lines)[:60])
