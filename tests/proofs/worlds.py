"""Real worlds for proofs: an embedded world, a clone of a sample, and castoff as a process that can be killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from castoff.world.seed import WorldSeed
from castoff.world.world import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MOMENT = "2026-01-31T12:00:00+00:00"
FIXED = {
    "GIT_AUTHOR_DATE": MOMENT,
    "GIT_COMMITTER_DATE": MOMENT,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "CASTOFF_NOW": MOMENT,
    "NO_COLOR": "1",
}
"""With these, the same release makes the same commit, and so the same bytes, in every run."""


@dataclass(slots=True)
class Stage:
    """One embedded world with a sample pushed to it; `checkout` makes another machine's clone."""

    folder: Path
    world: World
    key: Path
    clones: int = field(default=0)

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this stage sees; HOME is empty, so that nothing of the machine's user counts."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {**self.world.child_environment(), **FIXED, "HOME": str(home)}

    def checkout(self) -> Path:
        """Clone the remote, as another machine would."""
        self.clones += 1
        path = self.folder / f"clone-{self.clones}"
        self.git(self.folder, "clone", "--quiet", self.world.repository.url, str(path))
        self._sign_with_key(path)
        return path

    def git(self, folder: Path, *arguments: str) -> str:
        """Run git in this world."""
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def start(self, checkout: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Start castoff as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "castoff", *arguments],
            cwd=checkout,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, checkout: Path, *arguments: str) -> tuple[int, str]:
        """Run castoff to its end; gives exit code and output."""
        process = self.start(checkout, *arguments)
        output, _ = process.communicate(timeout=300)
        return process.returncode, output.decode("utf-8", "replace")

    def dump(self) -> str:
        """Give all that happened, in a form in which two worlds can be compared."""
        return json.dumps(self.world.dump(uploads_sorted=True), sort_keys=True, indent=1)

    def _sign_with_key(self, checkout: Path) -> None:
        for name, value in (
            ("user.name", "Proof"),
            ("user.email", "proof@example.invalid"),
            ("gpg.format", "ssh"),
            ("user.signingkey", f"{self.key}.pub"),
        ):
            self.git(checkout, "config", name, value)


@contextmanager
def stage(
    folder: Path, key: Path, sample: Path, *, trim: Callable[[Path], None] | None = None
) -> Iterator[Stage]:
    """Open a world with a sample at 1.0.0, tagged, and one commit after it."""
    folder.mkdir(parents=True, exist_ok=True)
    with World(folder / "world", seed=WorldSeed(slug="acme/harbour")) as world:
        made = Stage(folder, world, key)
        source = folder / "source"
        shutil.copytree(sample, source)
        if trim is not None:
            trim(source)
        made.git(source, "init", "--quiet", "--initial-branch=main")
        made._sign_with_key(source)
        made.git(source, "add", "--all")
        made.git(source, "commit", "--quiet", "-m", "release 1.0.0")
        made.git(source, "tag", "--annotate", "-m", "1.0.0", "1.0.0")
        (source / "NEWS.txt").write_text("The tide is in.\n", encoding="utf-8")
        made.git(source, "add", "--all")
        made.git(source, "commit", "--quiet", "-m", "Note the tide")
        made.git(source, "push", "--quiet", world.repository.url, "main", "--tags")
        yield made


def make_key(folder: Path) -> Path:
    """Make a throw-away ssh key; its path without `.pub`."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "proof", "-f", str(key)], check=True)
    return key


def read_events(path: Path) -> list[Mapping[str, str]]:
    """Read the events that were written whole so far."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1] if line]


def kill_at_event(
    process: subprocess.Popen[bytes], events: Path, number: int, *, patience: float = 120.0
) -> bool:
    """Kill castoff with SIGKILL as soon as it has written so many events; False where it ended before."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if events.exists() and events.read_bytes().count(b"\n") >= number:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return process.returncode == -signal.SIGKILL
        if process.poll() is not None:
            process.communicate()
            return False
        time.sleep(0.002)
    raise AssertionError(f"no event {number} within {patience} seconds")
