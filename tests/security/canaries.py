"""Secrets that can be found again: planted wherever castoff takes one, searched for in all that it leaves and says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from proofs.worlds import Stage


def canary(name: str) -> str:
    """Make a secret that occurs nowhere else."""
    return f"canary-{name}-8c1d9e27"


@dataclass(slots=True)
class Watch:
    """What the processes below one process were started with, read while they ran."""

    root: int
    seen: set[bytes] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            for child in _family(self.root):
                try:
                    self.seen.add(Path(f"/proc/{child}/cmdline").read_bytes())
                except OSError:
                    continue
            time.sleep(0.001)


def _family(root: int) -> Iterator[int]:
    """List a process and all below it; children of each of its threads are listed apart."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        yield one
        try:
            for tasks in Path(f"/proc/{one}/task").glob("*/children"):
                waiting.extend(int(word) for word in tasks.read_text().split())
        except OSError:
            continue


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All that a run said and left: named texts in which nothing may be found."""

    code: int
    stdout: bytes
    stderr: bytes
    arguments: tuple[bytes, ...]
    left: Mapping[str, bytes]

    def leaks(self, secrets: Sequence[str]) -> list[str]:
        """Name where a secret stands: as it is, in an address, or as Basic credentials have it."""
        places = {
            "stdout": self.stdout,
            "stderr": self.stderr,
            "arguments": b"\n".join(self.arguments),
            **self.left,
        }
        found = []
        for secret in secrets:
            for form in {secret.encode(), quote(secret).encode(), _basic(secret)}:
                found += [f"{secret} in {name}" for name, text in places.items() if form in text]
        return found


def run_watched(
    here: Stage, checkout: Path, environment: Mapping[str, str], *arguments: str, kill_when_held: bool = False
) -> Trace:
    """Run castoff with folders of its own for temporary files, watched; then gather all that is left."""
    temporary = here.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    events = here.folder / "events.ndjson"
    process = subprocess.Popen(
        [sys.executable, "-m", "castoff", *arguments, "--events", str(events)],
        cwd=checkout,
        env={**environment, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with Watch(process.pid) as watch:
        if kill_when_held:
            assert here.world.gate.held(count=1, within=60.0)
            process.kill()
            here.world.gate.release(None)
        stdout, stderr = process.communicate(timeout=200)
    return Trace(
        code=process.returncode,
        stdout=stdout,
        stderr=stderr,
        arguments=tuple(watch.seen),
        left={
            **_files(temporary),
            **_files(checkout),
            **_files(here.world.repository.path),
            "events": events.read_bytes() if events.exists() else b"",
            "dump": here.dump().encode(),
            "journal": json.dumps([repr(one) for one in here.world.journal.entries()]).encode(),
        },
    )


def _files(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
            found[str(path)] = path.read_bytes()
    return found


def _basic(secret: str) -> bytes:
    """Give the middle of what Basic credentials with this password look like, whatever stands before it."""
    return b64encode(b"ab:" + secret.encode())[4:-4]
