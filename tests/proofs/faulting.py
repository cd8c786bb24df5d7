"""Every fault of the index, the forge and the remote: what a run says, and what the world is once it is gone.

The releases run in this process, against a real embedded world with real clients (git, uv, cargo); the rehearsal,
which has a world of its own without faults, is left out.
"""

from __future__ import annotations

import difflib
import json
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from castoff.errors import CastoffError, Problem
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.faults import parse_faults
from proofs.worlds import Stage, stage_of

VERSION = "1.1.0"
WHEEL = "proof_core-1.1.0-py3-none-any.whl"
EFFECT = "with effect"
"""In the name of a rule that lets an upload have its effect although the client is told nothing good."""

End = Literal["done", "again", "person"]
_CODES: Mapping[End, int] = {"done": 0, "again": 3, "person": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, and how a run may end with it; ``code`` is what it then says.

    ``rules`` are the world's fault rules, ``hooks`` what the remote runs on a push, by name. ``wait`` is the
    patience of the run, ``later`` how many seconds pass in the world before the fault is called gone,
    ``meanwhile`` how many pass there while the run waits, once something was uploaded under the fault.
    ``job`` is what is wrong with the CI job, ``machine`` with the variables of its runner.
    """

    name: str
    ends: End
    rules: Sequence[Mapping[str, object]] = ()
    hooks: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    wait: float = 5.0
    later: float = 0.0
    meanwhile: float = 0.0
    job: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one run ended."""

    code: int
    problems: tuple[Problem, ...] = ()


def run_once(here: Stage, wait: float) -> Ending:
    """Release from a fresh clone."""
    try:
        setting = open_setting(Options(directory=here.checkout(), wait=wait), Silence(), here.environment)
        run_release(replace(setting, embedded=None), ReleaseRequest(level=VERSION, agreed=True))
    except CastoffError as error:
        return Ending(code=error.exit_code, problems=error.problems)
    return Ending(code=0)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where faults are tried: what opens a stage of a source, with a key; the service that is uploaded to, and how.

    ``run`` is what is disturbed: a run with so much patience, in this process.
    """

    opened: Callable[[Path, Path, Path], AbstractContextManager[Stage]]
    service: str
    method: str
    run: Callable[[Stage, float], Ending] = run_once


PYTHON = Scene(stage_of, "python", "POST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted:
    """How a release with a fault ended, how the one after it did, and what is wrong with either."""

    name: str
    first: Ending
    then: Ending
    complaints: tuple[str, ...]


def undisturbed_world(folder: Path, key: Path, source: Path, scene: Scene = PYTHON) -> str:
    """Release with no fault; gives the dump to compare with."""
    with scene.opened(folder, key, source) as here:
        ending = scene.run(here, 20.0)
        assert ending.code == 0, ending
        return here.dump()


def try_fault(
    folder: Path, key: Path, source: Path, fault: Fault, expected: str, *, scene: Scene = PYTHON
) -> Faulted:
    """Release with a fault, then again on another clone without it, and say what is wrong."""
    with scene.opened(folder, key, source) as here:
        here.world.gate.replace(parse_faults(json.dumps({"rules": list(fault.rules)})))
        hooks = [_hook(here.world.repository.path, *one) for one in fault.hooks.items()]
        with _passing(here, scene, fault.meanwhile), _as_job(here, fault):
            first = scene.run(here, fault.wait)
        here.world.gate.replace(())
        for hook in hooks:
            hook.unlink()
        here.world.clock.advance(fault.later)
        then = scene.run(here, 20.0)
        complaints = (*_about(fault, first), *_about_the_next(then), *_about_world(here, expected, scene))
        return Faulted(name=fault.name, first=first, then=then, complaints=complaints)


def _about(fault: Fault, ending: Ending) -> list[str]:
    complaints = []
    if ending.code != _CODES[fault.ends]:
        complaints.append(f"ended with {ending.code} instead of {fault.ends}: {ending.problems}")
    for problem in ending.problems:
        if not problem.remedy:
            complaints.append(f"no remedy: {problem}")
    if fault.code and fault.code not in {problem.code for problem in ending.problems}:
        complaints.append(f"did not say {fault.code}: {ending.problems}")
    return complaints


def _about_the_next(ending: Ending) -> list[str]:
    return [f"the next run ended with {ending.code}: {ending.problems}"] if ending.code else []


@contextmanager
def _passing(here: Stage, scene: Scene, seconds: float) -> Iterator[None]:
    """Let time pass in the world while a run waits there for what it uploaded under a fault."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            if any(one.fault and one.method == scene.method for one in here.world.journal.entries()):
                ended.wait(0.5)
                here.world.clock.advance(seconds)
                return

    watcher = threading.Thread(target=watch)
    if seconds:
        watcher.start()
    try:
        yield
    finally:
        ended.set()
        if seconds:
            watcher.join()


@contextmanager
def _as_job(here: Stage, fault: Fault) -> Iterator[None]:
    """Let the run be in a job that differs from the one that the registries trust."""
    issuer = here.world.services.identity
    trusted, usual = issuer.job, here.machine
    if fault.job:
        assert trusted is not None
        issuer.job = replace(trusted, **fault.job)
        here.machine = {**usual, **issuer.job.variables(here.world.identity.url)}
    here.machine = {**here.machine, **fault.machine}
    try:
        yield
    finally:
        issuer.job, here.machine = trusted, usual


def _about_world(here: Stage, expected: str, scene: Scene) -> list[str]:
    complaints = taken_twice(here, scene)
    found = here.dump()
    if found != expected:
        lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "undisturbed", "now", "", "")
        complaints.append("another world:\n" + "\n".join(list(lines)[:40]))
    return complaints


def taken_twice(here: Stage, scene: Scene) -> list[str]:
    """Return the complaints about files that a registry took more than once; its other requests name no file."""
    took = Counter(
        one.subject
        for one in here.world.journal.entries()
        if (one.service, one.method) == (scene.service, scene.method)
        and one.subject != one.path
        and (EFFECT in (one.fault or "") or one.status == 200)
    )
    return [f"uploaded {count} times: {name}" for name, count in took.items() if count > 1]


def _hook(repository: Path, name: str, script: str) -> Path:
    path = repository / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + script + "\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
