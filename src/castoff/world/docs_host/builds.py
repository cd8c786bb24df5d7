"""Documentation that exists, and the results of its builds."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castoff.world.cargo_registry.requirements import precedence
from castoff.world.clock import WorldClock
from castoff.world.docs_host.schedule import DEFAULT, Phase, Schedule, State, parse_schedule

_KEYS = {"schedule", "log", "files"}


@dataclass(slots=True, kw_only=True)
class Build:
    """The documentation of one version; ``files`` is a folder of rustdoc's or Sphinx's output."""

    name: str
    version: str
    number: int
    schedule: Schedule
    log: str = ""
    files: Path | None = None


class Builds:
    """All builds of one kind, by name and version; safe for many threads."""

    def __init__(self, clock: WorldClock, automatic: tuple[Phase, ...] | None = None) -> None:
        """``automatic``: the schedule of builds that an upload sets off."""
        self._clock = clock
        self._automatic = automatic or DEFAULT
        self._lock = threading.Lock()
        self._builds: dict[tuple[str, str], Build] = {}

    def queue(self, name: str, version: str, settings: dict[str, Any] | None = None) -> None:
        """Queue a build, or begin it anew; settings: ``schedule``, ``log``, ``files``."""
        values = settings or {}
        if not set(values) <= _KEYS:
            raise ValueError(f"a build has the keys {sorted(_KEYS)}, not {sorted(set(values) - _KEYS)}")
        files = values.get("files")
        with self._lock:
            known = self._builds.get((name, version))
            usual = self._automatic if known is None else known.schedule.whole
            phases = parse_schedule(values["schedule"]) if "schedule" in values else usual
            if files is None and known is not None:
                files = known.files
            self._builds[name, version] = Build(
                name=name,
                version=version,
                number=len(self._builds) + 1 if known is None else known.number,
                schedule=Schedule(phases, self._clock),
                log=str(values.get("log", known.log if known else "")),
                files=None if files is None else Path(files),
            )

    def look(self, name: str, version: str) -> tuple[Build, State] | None:
        """Look at one build, counting the look."""
        with self._lock:
            build = self._builds.get((name, version))
            return None if build is None else (build, build.schedule.look())

    def state(self, name: str, version: str) -> tuple[Build, State] | None:
        """Look at one build without counting."""
        with self._lock:
            build = self._builds.get((name, version))
            return None if build is None else (build, build.schedule.state())

    def of(self, name: str) -> tuple[tuple[Build, State], ...]:
        """Return all builds of a name, the highest version last."""
        return tuple(pair for pair in self.all() if pair[0].name == name)

    def all(self) -> tuple[tuple[Build, State], ...]:
        """Return all builds, by name and version."""
        with self._lock:
            builds = sorted(self._builds.values(), key=lambda build: (build.name, _order(build.version)))
            return tuple((build, build.schedule.state()) for build in builds)


def _order(version: str) -> tuple[object, ...]:
    try:
        return (1, *precedence(version))
    except ValueError:
        return (0, version)
