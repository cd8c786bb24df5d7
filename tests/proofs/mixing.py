"""Seeded mixtures: several runs, each with faults and perhaps killed, then runs that nobody disturbs."""

from __future__ import annotations

import json
import random
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from castoff.world.faults import parse_faults
from proofs.faulting import PYTHON, Fault, Scene, _about_world
from proofs.worlds import Stage, kill_at_event

BEGIN = ("release", "1.1.0", "--execute", "--yes")
AGAIN = ("resume", "1.1.0", "--execute", "--yes")
_ENDS = frozenset({0, 3, 4})
_TRIES = 4
_EVENTS = 24
"""A release of the small workspaces writes about so many events before it is announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """What one mixture held, how its runs ended (None: killed), and what is wrong."""

    seed: int
    disturbed: tuple[str, ...]
    ends: tuple[int | None, ...]
    complaints: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"mixture {self.seed} ({'; '.join(self.disturbed)}): {self.ends}"


@dataclass(frozen=True, slots=True)
class _Run:
    """One disturbed run: its faults, after how many events it is killed (None: not), with its children or not."""

    faults: tuple[Fault, ...]
    kill_after: int | None
    whole: bool

    @property
    def name(self) -> str:
        names = [fault.name for fault in self.faults]
        if self.kill_after is not None:
            names.append(f"killed after {self.kill_after} events" + (", children too" if self.whole else ""))
        return " + ".join(names) or "undisturbed"


def mixed(seed: int, known: Sequence[Fault]) -> tuple[_Run, ...]:
    """Choose two to four runs by a seed.

    Faults that need the clock of their own run are left out, and a branch that takes no pushes at all: the changelog
    then goes its way by a pull request, so that the world is another one on purpose.
    """
    chance = random.Random(seed)
    usable = [fault for fault in known if not fault.meanwhile and fault.name != "claim: refused"]
    runs = []
    for _ in range(chance.randint(2, 4)):
        chosen = chance.sample(usable, chance.choice((0, 1, 1, 2)))
        hooked = [fault for fault in chosen if fault.hooks]
        faults = tuple(fault for fault in chosen if not fault.hooks or fault is hooked[0])
        kill_after = chance.randint(1, _EVENTS) if chance.random() < 0.5 or not faults else None
        runs.append(_Run(faults, kill_after, chance.random() < 0.5))
    return tuple(runs)


def try_mixture(
    folder: Path,
    key: Path,
    source: Path,
    seed: int,
    known: Sequence[Fault],
    expected: str,
    scene: Scene = PYTHON,
) -> Mixture:
    """Carry a mixture out, then run undisturbed until it is done, and compare the worlds."""
    runs = mixed(seed, known)
    complaints: list[str] = []
    ends: list[int | None] = []
    with scene.opened(folder, key, source) as here:
        for number, run in enumerate(runs):
            code, output = _disturbed(here, folder / f"events-{number}.ndjson", run)
            ends.append(code)
            if code is not None and code not in _ENDS:
                complaints.append(f"run {number + 1} ended with {code}: {output[-800:]}")
            if code in (3, 4) and "remedy: " not in output:
                complaints.append(f"run {number + 1} named no remedy: {output[-800:]}")
        complaints += _undisturbed(here, ends)
        complaints += _about_world(here, expected, scene)
    return Mixture(
        seed=seed, disturbed=tuple(run.name for run in runs), ends=tuple(ends), complaints=tuple(complaints)
    )


def _disturbed(here: Stage, events: Path, run: _Run) -> tuple[int | None, str]:
    rules = [rule for fault in run.faults for rule in fault.rules]
    here.world.gate.replace(parse_faults(json.dumps({"rules": rules})))
    hooks = [_hook(here, *hook) for fault in run.faults for hook in fault.hooks.items()]
    process = here.start(here.checkout(), *_command(here), "--wait", "1", "--events", str(events))
    try:
        if run.kill_after is None:
            output, _ = process.communicate(timeout=300)
            return process.returncode, output.decode("utf-8", "replace")
        if kill_at_event(process, events, run.kill_after, whole=run.whole):
            return None, ""
        return process.returncode, "remedy: (what it said was read when it ended before it could be killed)"
    finally:
        here.world.gate.replace(())
        for hook in hooks:
            hook.unlink()
        here.world.clock.advance(max((fault.later for fault in run.faults), default=0.0))


def _undisturbed(here: Stage, ends: list[int | None]) -> list[str]:
    output = ""
    for _ in range(_TRIES):
        code, output = here.run(here.checkout(), *_command(here), "--wait", "60")
        ends.append(code)
        if code == 0:
            return []
    return [f"it never ended: {output[-1500:]}"]


def _command(here: Stage) -> tuple[str, ...]:
    log = here.git(here.world.repository.path, "log", "--format=%s", "main").splitlines()
    return AGAIN if "release 1.1.0" in log else BEGIN


def _hook(here: Stage, name: str, script: str) -> Path:
    path = here.world.repository.path / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + script + "\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    had = here.world.repository.path / "had"
    had.unlink(missing_ok=True)
    return path
