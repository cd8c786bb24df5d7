"""A released or half released workspace in an embedded world, and the flows run in this process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from castoff.errors import CastoffError
from castoff.model.acts import Act
from castoff.release.run import Result, run_release
from castoff.release.status import Status, look
from castoff.rollback.abandon import abandon
from castoff.rollback.withdrawal import Withdrawal
from castoff.rollback.yank import yank
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from proofs.small import write_small
from proofs.worlds import Stage, make_key, make_source, stage_of

DENIED = {"service": "python", "method": "POST", "effect": {"deny": "not yours"}}


@dataclass(slots=True)
class Scene:
    """One world; every call works on a clone of its own, as another machine would."""

    here: Stage

    def setting(self) -> Services:
        """Open a fresh clone, with short waits; the rehearsal, which has a world of its own, is left out."""
        options = Options(directory=self.here.checkout(), wait=5.0)
        services = open_setting(options, Silence(), self.here.environment)
        patience = replace(services.patience, settle=0.5, unknown=0.5)
        return replace(services, embedded=None, patience=patience)

    def release(self, level: str = "1.1.0", **faults: object) -> Result:
        """Release, with one fault while it runs."""
        self.here.world.gate.replace(parse_faults(json.dumps({"rules": [faults] if faults else []})))
        try:
            return run_release(self.setting(), ReleaseRequest(level=level, agreed=True))
        finally:
            self.here.world.gate.replace(())

    def half(self, subject: str = "*", level: str = "1.1.0") -> None:
        """Release until an upload is denied: the version is claimed, and files that match are not uploaded."""
        try:
            self.release(level, **{**DENIED, "subject": subject})
        except CastoffError as error:
            assert {one.code for one in error.problems} == {"upload-failed"}, error
        else:
            raise AssertionError("nothing was denied")

    def yank(self, version: str = "1.1.0", *, yes: bool = True, reason: str = "") -> Withdrawal:
        """Yank."""
        return yank(self.setting(), version, lambda _: yes, reason=reason)

    def abandon(self, version: str = "1.1.0", *, yes: bool = True) -> Withdrawal:
        """Abandon."""
        return abandon(self.setting(), version, lambda _: yes)

    def status(self, version: str | None = "1.1.0") -> Status:
        """Look."""
        return look(self.setting(), version)

    def by_hand(self, *names: str, version: str = "1.1.0") -> None:
        """Yank on the index's site, as only a person can."""
        for name in names:
            assert self.here.world.python_index.store.yank(name, version, "taken back")

    def commit(self, texts: Mapping[str, str], message: str = "Work") -> Path:
        """Push a commit to the branch, from a clone; gives the clone."""
        clone = self.here.checkout()
        for path, text in texts.items():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            (clone / path).write_text(text, encoding="utf-8")
        self.here.git(clone, "add", "--all")
        self.here.git(clone, "commit", "--quiet", "-m", message)
        self.here.git(clone, "push", "--quiet", "origin", "main")
        return clone

    def show(self, path: str, at: str = "main") -> str:
        """Give a file of the remote's branch."""
        return self.here.git(self.here.world.repository.path, "show", f"{at}:{path}")

    def log(self) -> list[str]:
        """Give the subjects of the remote's branch, the newest first."""
        return self.here.git(self.here.world.repository.path, "log", "--format=%s", "main").splitlines()

    def writes(self) -> int:
        """Count the requests that may have changed something, and the refs."""
        requests = len([entry for entry in self.here.world.journal.entries() if entry.write])
        refs = self.here.git(self.here.world.repository.path, "for-each-ref").count("\n")
        commits = int(self.here.git(self.here.world.repository.path, "rev-list", "--count", "main"))
        return requests + refs + commits


@contextmanager
def scene(folder: Path, ground: tuple[Path, Path], seed: WorldSeed | None = None) -> Iterator[Scene]:
    """Open a world for one case."""
    key, source = ground
    with stage_of(folder, key, source, seed=seed) as here:
        yield Scene(here)


def make_ground(folder: Path, prepare: Callable[[Path], None] | None = None) -> tuple[Path, Path]:
    """Make the key and the source that cases clone."""
    key = make_key(folder)
    return key, make_source(folder / "source", key, write_small(folder / "sample"), trim=prepare)


def is_signed(repository: Path, commit: str) -> bool:
    """Say whether a commit carries a signature."""
    done = subprocess.run(
        ["git", "cat-file", "commit", commit], cwd=repository, capture_output=True, text=True, check=True
    )
    return "\ngpgsig " in done.stdout


def ids(acts: tuple[Act, ...]) -> list[str]:
    """Name acts."""
    return [act.id for act in acts]
