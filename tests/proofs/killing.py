"""Killed at any moment and run again, anywhere: the world ends the same. Here with real processes and SIGKILL."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from castoff.values import replace
from castoff.world.faults import parse_faults
from castoff.world.npm_registry.accounts import OTP
from proofs.worlds import Stage, end_by_force, kill_at_event, read_events, stage

COMMAND = ("release", "1.1.0", "--execute", "--yes")
AGAIN = ("resume", "1.1.0", "--execute", "--yes")
APPROVE = ("approve", "1.1.0", "--execute", "--yes", "--otp", OTP)
_TRIES = 4
_PATIENCE = 300.0

Opened = Callable[[Path, Path, Path], AbstractContextManager[Stage]]
"""What opens a stage in a folder, with a key, for a sample: :func:`proofs.worlds.stage` and its like."""


@dataclass(frozen=True, slots=True)
class Point:
    """One moment to kill at.

    After the n-th ``event``; or while a fault ``rule`` holds a request; or while the remote's hook (``hook``, a
    name and the ref that it waits for) holds a push. ``whole``: the children of castoff die with it.
    ``staged``: of a release whose packages are staged and approved; ``approval``: in the run that approves them.
    """

    name: str
    event: int | None = None
    rule: dict[str, object] | None = None
    hook: tuple[str, str] | None = None
    whole: bool = False
    staged: bool = False
    approval: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one point."""

    name: str
    killed: bool
    runs: int
    complaints: tuple[str, ...]


def undisturbed(folder: Path, key: Path, sample: Path, *, opened: Opened = stage) -> tuple[str, list[str]]:
    """Release once with nobody disturbing; gives the world's dump and the names of the events."""
    with opened(folder, key, sample) as here:
        names = _events_of(here, folder, COMMAND)
        return here.dump(), names


def undisturbed_approval(
    folder: Path, key: Path, sample: Path, *, opened: Opened
) -> tuple[str, list[str], list[str]]:
    """Release once with staged packages; gives the dump, and the events of the release and of the approval."""
    with opened(folder, key, sample) as here:
        names = _events_of(here, folder, COMMAND)
        approval = _events_of(here, folder, APPROVE)
        code, output = here.run(here.checkout(), *AGAIN)
        assert code == 0, output
        return here.dump(), names, approval


def _events_of(here: Stage, folder: Path, command: Sequence[str]) -> list[str]:
    events = folder / f"events-{command[0]}.ndjson"
    code, output = here.run(here.checkout(), *command, "--events", str(events))
    assert code == 0, output
    return [f"{one['type']}:{one.get('act') or one.get('detail', '')}" for one in read_events(events)]


def points(
    names: list[str], files: list[str], *, service: str = "python", method: str = "POST"
) -> Iterator[Point]:
    """Name every moment: each event, and each write before and after its effect; ``files`` are upload subjects."""
    for number, name in enumerate(names, start=1):
        yield Point(f"event {number} {name}", event=number)
    for when in ("before", "after"):
        for file in files:
            yield Point(f"upload {when} {file}", rule=hold(service, when, method=method, subject=file))
        yield Point(f"draft {when}", rule=hold("forge", when, method="POST", path="*/releases"))
        yield Point(f"announce {when}", rule=hold("forge", when, method="PATCH", path="*/releases/*"))


def push_points(claim: str = "refs/heads/main") -> Iterator[Point]:
    """Name the moments in which the remote takes the claim and the tag."""
    for what, ref in (("claim", claim), ("tag", "refs/tags/1.1.0")):
        yield Point(f"{what} before", hook=("pre-receive", ref))
        yield Point(f"{what} after", hook=("post-receive", ref))


def read_points(service: str, path: str, count: int) -> Iterator[Point]:
    """Name the first ``count`` reads of a page of an index."""
    for number in range(count):
        rule = {**hold(service, "before", method="GET", path=path), "after": number}
        yield Point(f"read {number + 1} of {path}", rule=rule)


def with_children(known: Iterable[Point]) -> Iterator[Point]:
    """Name the same moments, with the children of castoff dying in them as well."""
    for point in known:
        yield replace(point, name=f"{point.name}, children too", whole=True)


def hold(service: str, when: str, **conditions: str) -> dict[str, object]:
    """Write a rule that holds one request, before or after its effect."""
    effect = {"hold": "proof", "when": when, "seconds": 30}
    return {"service": service, **conditions, "times": 1, "effect": effect}


def try_point(
    folder: Path, key: Path, sample: Path, point: Point, expected: str, *, opened: Opened = stage
) -> Verdict:
    """Kill at one point, run again on another machine until it is done, and compare the worlds."""
    with opened(folder, key, sample) as here:
        if point.approval:
            _events_of(here, folder, COMMAND)
        command = APPROVE if point.approval else COMMAND
        killed = kill(here, here.checkout(), folder / "events.ndjson", point, command=command)
        output = ""
        for runs in range(2, _TRIES + 2):
            code, output = here.run(here.checkout(), *(AGAIN if _is_claimed(here) else COMMAND))
            if code == 0 and point.staged:
                for further in (APPROVE, AGAIN):
                    code, output = here.run(here.checkout(), *further) if code == 0 else (code, output)
            if code == 0:
                found = here.dump()
                wrong = () if found == expected else (_difference(expected, found),)
                return Verdict(point.name, killed, runs, wrong)
        return Verdict(point.name, killed, _TRIES + 1, (f"it never ended: {output[-1500:]}",))


def kill(
    here: Stage, checkout: Path, events: Path, point: Point, *, command: Sequence[str] = COMMAND
) -> bool:
    """Release, and kill at one point; says whether it could be killed there."""
    if point.event is not None:
        events.unlink(missing_ok=True)
        process = here.start(checkout, *command, "--events", str(events))
        return kill_at_event(process, events, point.event, whole=point.whole)
    if point.hook is not None:
        return _kill_in_push(here, checkout, point, command)
    here.world.gate.replace(parse_faults(json.dumps({"rules": [point.rule]}).encode()))
    process = here.start(checkout, *command)
    held = _until(lambda: here.world.gate.held() or process.poll() is not None)
    held = held and bool(here.world.gate.held())
    end_by_force(process, whole=point.whole)
    here.world.gate.release(None)
    here.world.gate.replace(())
    return held


_HOOK = """#!/bin/sh
grep -q "{ref}" || exit 0
touch "$GIT_DIR/held"
n=0
while [ ! -e "$GIT_DIR/go" ] && [ $n -lt 600 ]; do sleep 0.05; n=$((n+1)); done
"""


def _kill_in_push(here: Stage, checkout: Path, point: Point, command: Sequence[str]) -> bool:
    """Kill while the remote's hook holds the push; where git survives castoff, its push then succeeds."""
    assert point.hook is not None
    name, ref = point.hook
    repository = here.world.repository.path
    hook = repository / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_HOOK.format(ref=ref), encoding="utf-8")
    hook.chmod(0o755)
    before = here.world.repository.dump()
    process = here.start(checkout, *command)
    held = _until(lambda: (repository / "held").exists() or process.poll() is not None)
    held = end_by_force(process, whole=point.whole) and held
    hook.unlink()
    (repository / "go").touch()
    if not point.whole:
        _until(lambda: here.world.repository.dump() != before)
    return held


def _until(holds: Callable[[], object]) -> bool:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.005)
    return False


def _is_claimed(here: Stage) -> bool:
    remote = here.world.repository.path
    refs = here.git(remote, "for-each-ref", "--format=%(refname)").split()
    if {"refs/castoff/1.1.0", "refs/tags/1.1.0"} & {*refs}:
        return True
    return here.git(remote, "log", "-1", "--format=%s", "main").strip() == "release 1.1.0"


def _difference(expected: str, found: str) -> str:
    lines = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "undisturbed", "killed", lineterm=""
    )
    return "\n".join(list(lines)[:60])
