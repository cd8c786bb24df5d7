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
from functools import cache
from pathlib import Path
from typing import Any

from castoff.git import FolderTree
from castoff.model.scope import Scope
from castoff.model.versions import ReleaseVersion
from castoff.session.workspaces import read_workspace
from castoff.values import replace
from castoff.wiring.adapters import manifests
from castoff.wiring.embedded_world import fill_registries
from castoff.world.seed import WorldSeed
from castoff.world.world import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SLUG = "acme/harbour"
_LONGEST = 600.0
"""How many seconds a run may take, on a busy machine too."""

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
    """One embedded world with a sample pushed to it; `checkout` makes another machine's clone.

    ``machine`` are variables of the machine that runs castoff now, laid over those of the world.
    """

    folder: Path
    world: World
    key: Path
    clones: int = field(default=0)
    machine: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this stage sees; HOME is empty, so that nothing of the machine's user counts."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            **self.world.child_environment(),
            **FIXED,
            "HOME": str(home),
            **chosen_toolchain(),
            **self.machine,
        }

    def checkout(self) -> Path:
        """Clone the remote, as another machine would, which has nothing of what was built before."""
        shutil.rmtree(self.folder / "home" / ".cache" / "castoff" / "built", ignore_errors=True)
        self.clones += 1
        path = self.folder / f"clone-{self.clones}"
        self.git(self.folder, "clone", "--quiet", self.world.repository.url, str(path))
        sign_with(path, self.key)
        return path

    def git(self, folder: Path, *arguments: str) -> str:
        """Run git in this world."""
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def start(self, checkout: Path, *arguments: str, second: int = 0) -> subprocess.Popen[bytes]:
        """Start castoff as a process of its own, which commits at a second of the fixed minute."""
        return subprocess.Popen(
            # Like an installed script, it imports nothing from the folder that it runs in.
            [sys.executable, "-P", "-m", "castoff", *arguments],
            cwd=checkout,
            env={**self.environment, "GIT_COMMITTER_DATE": MOMENT.replace(":00+", f":{second:02}+")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, checkout: Path, *arguments: str) -> tuple[int, str]:
        """Run castoff to its end; gives exit code and output."""
        return ended(self.start(checkout, *arguments))

    def dump(self) -> str:
        """Give all that happened, in a form in which two worlds can be compared."""
        return json.dumps(self.world.dump(uploads_sorted=True), sort_keys=True, indent=1)


@contextmanager
def stage(
    folder: Path, key: Path, sample: Path, *, trim: Callable[[Path], None] | None = None
) -> Iterator[Stage]:
    """Open a world with a sample at 1.0.0, tagged, and one commit after it."""
    folder.mkdir(parents=True, exist_ok=True)
    source = make_source(folder / "source", key, sample, trim=trim)
    with stage_of(folder, key, source) as made:
        yield made


@contextmanager
def stage_of(
    folder: Path,
    key: Path,
    source: Path,
    *,
    seed: WorldSeed | None = None,
    tls: bool = False,
    before: Path | None = None,
) -> Iterator[Stage]:
    """Open a world that holds a source's branch and tags, and in its index what was released before.

    ``before``: the source at that time, where a version was claimed since.
    """
    folder.mkdir(parents=True, exist_ok=True)
    released = read_workspace(FolderTree(before or source), manifests(), Scope())
    seed = replace(seed or WorldSeed(), slug=SLUG, repository=source)
    with World(folder / "world", seed=seed, outside=False, tls=tls) as world:
        made = Stage(folder, world, key)
        fill_registries(world, released.at(ReleaseVersion(1, 0, 0)))
        yield made


def make_source(source: Path, key: Path, sample: Path, *, trim: Callable[[Path], None] | None = None) -> Path:
    """Make a repository of a sample at 1.0.0, tagged, and one commit after it; gives its folder."""
    shutil.copytree(sample, source)
    if trim is not None:
        trim(source)
    _git(source, "init", "--quiet", "--initial-branch=main")
    sign_with(source, key)
    _git(source, "add", "--all")
    _git(source, "commit", "--quiet", "-m", "release 1.0.0")
    _git(source, "tag", "--annotate", "-m", "1.0.0", "1.0.0")
    (source / "NEWS.txt").write_text("The tide is in.\n", encoding="utf-8")
    _git(source, "add", "--all")
    _git(source, "commit", "--quiet", "-m", "Note the tide")
    return source


@cache
def chosen_toolchain() -> Mapping[str, str]:
    """Choose the toolchain that is in use on this machine, so that nobody asks the outside for a newer one."""
    home = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    if shutil.which("rustup") is None:
        return {"RUSTUP_HOME": home}
    words = ["rustup", "show", "active-toolchain"]
    shown = subprocess.run(words, cwd="/", capture_output=True, text=True, check=True).stdout
    return {"RUSTUP_HOME": home, "RUSTUP_TOOLCHAIN": shown.partition(" ")[0].strip()}


def sign_with(checkout: Path, key: Path) -> None:
    """Let a clone commit and sign with a throw-away key."""
    with (checkout / ".git" / "config").open("a", encoding="utf-8") as file:
        file.write(
            "[user]\n\tname = Proof\n\temail = proof@example.invalid\n"
            f'\tsigningkey = "{key}.pub"\n[gpg]\n\tformat = ssh\n'
        )


def _git(folder: Path, *arguments: str) -> None:
    environment = {**os.environ, **FIXED}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, check=True)


def make_key(folder: Path) -> Path:
    """Make a throw-away ssh key; its path without `.pub`."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "proof", "-f", str(key)], check=True)
    return key


def problems_of(output: str) -> list[Mapping[str, Any]]:
    """Read the problems of a command that was run with `--json`; none where it printed no object."""
    start = output.find("{\n")
    if start < 0:
        return []
    found: list[Mapping[str, Any]] = json.JSONDecoder().raw_decode(output[start:])[0].get("problems", [])
    return found


def read_events(path: Path) -> list[Mapping[str, str]]:
    """Read the events that were written whole so far."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1] if line]


def kill_at_event(
    process: subprocess.Popen[bytes],
    events: Path,
    number: int,
    *,
    patience: float = 300.0,
    whole: bool = False,
) -> bool:
    """Kill castoff with SIGKILL as soon as it has written so many events; False where it ended before."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if events.exists() and events.read_bytes().count(b"\n") >= number:
            return end_by_force(process, whole=whole)
        if process.poll() is not None:
            process.communicate()
            return False
        time.sleep(0.002)
    end_by_force(process, whole=True)
    raise AssertionError(f"no event {number} within {patience} seconds")


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait for castoff's end; returns exit code and output, and 124 of a run that takes too long and is killed."""
    try:
        output, _ = process.communicate(timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return 124, f"{output.decode('utf-8', 'replace')}\nkilled after {_LONGEST:.0f} s"
    return process.returncode, output.decode("utf-8", "replace")


def end_by_force(process: subprocess.Popen[bytes], *, whole: bool = False) -> bool:
    """Kill castoff, or (``whole``) castoff and its children; says whether it still ran."""
    if whole and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL
