"""How many uploads are prepared at a time: as many as there are cores, and one more; those being sent do not count."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from msgspec import field

from castoff.ecosystems.cargo.uploader import CrateWrite, Writer
from castoff.io.process import Completed, Hearing, Processes
from castoff.model.acts import Succeeded
from castoff.model.child_environments import Kind

_MOST = (os.cpu_count() or 1) + 1
_COUNT = _MOST * 3


class Slow(Processes, frozen=True):
    """A door whose uploads all stay on their way until the last one has left."""

    preparing: list[str] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    all_sent: threading.Barrier = field(default_factory=lambda: threading.Barrier(_COUNT, timeout=10))

    def follow(
        self,
        arguments: Sequence[str | Path],
        *,
        kind: Kind,
        cwd: Path,
        heard: Callable[[str], Hearing],
        changes: Mapping[str, str | None] | None = None,
    ) -> Completed:
        del kind, cwd, changes
        name = str(arguments[4])
        self.preparing.append(name)
        self.most.append(len(self.preparing))
        self.preparing.remove(name)
        heard("0.1s DEBUG network: http-debug: > PUT /api/v1/crates/new HTTP/1.1")
        self.all_sent.wait()
        return Completed(code=0, stdout=b"", text="", errors="")


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def test_uploads_are_prepared_a_few_at_a_time_and_sent_all_together(tmp_path: Path) -> None:
    door = Slow({})
    writer = Writer(door, Clock())

    with ThreadPoolExecutor(_COUNT) as pool:
        outcomes = list(
            pool.map(
                lambda n: writer.publish(CrateWrite(f"crate-{n}", "1.2.0", "upload"), tmp_path, tmp_path, []),
                range(_COUNT),
            )
        )

    assert outcomes == [Succeeded()] * _COUNT
    assert max(door.most) <= _MOST
