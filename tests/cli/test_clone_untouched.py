"""Nothing that castoff does touches the user's clone: no file, no ref, no object, not even the index's times."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ground import Ground
from proofs.worlds import stage_of

pytestmark = pytest.mark.real


@pytest.fixture
def ground(source: tuple[Path, Path], tmp_path: Path) -> Iterator[Ground]:
    with stage_of(tmp_path, *source) as here:
        made = Ground(here, here.checkout())
        made.write("notes-to-self.txt", "untracked\n")
        made.write("build/left-over.txt", "ignored by nobody\n")
        (made.checkout / "NEWS.txt").touch()  # the index is stale: whoever refreshes it writes it
        yield made


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param(("status",), id="status"),
        pytest.param(("plan minor", "plan minor --json"), id="plan"),
        pytest.param(("rehearse minor",), id="rehearse"),
        pytest.param(("release minor",), id="release that only prints"),
        pytest.param(("check", "notes"), id="check and notes"),
        pytest.param(
            ("release minor --execute", "status", "announce --execute --yes", "resume --execute --yes"),
            id="the whole release",
        ),
    ],
)
def test_a_command_leaves_the_clone_as_it_was(
    commands: tuple[str, ...], ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(ground.checkout)

    for command in commands:
        assert ground.castoff(monkeypatch, *command.split()) in (0, 4)

    after = fingerprint(ground.checkout)
    assert {path: what for path, what in after.items() if before.get(path) != what} == {}
    assert before.keys() == after.keys()


def test_a_failing_rehearsal_leaves_the_clone_as_it_was(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.write("packages/proof/src/proof/__init__.py", "import no_such_module\n")
    ground.git("commit", "--quiet", "--all", "-m", "Break it")
    ground.git("push", "--quiet", "origin", "main")
    before = fingerprint(ground.checkout)

    assert ground.castoff(monkeypatch, "rehearse", "minor") == 4

    assert fingerprint(ground.checkout) == before


def test_a_rehearsal_writes_nothing_outside(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    world = ground.here.dump()

    assert ground.castoff(monkeypatch, "rehearse", "minor") == 0

    assert ground.here.dump() == world
    assert [entry for entry in ground.here.world.journal.entries() if entry.write] == []


def fingerprint(root: Path) -> dict[str, tuple[int, int, str]]:
    """Give mode, time of the last change and digest of everything below a folder, `.git` included."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder) / name
            status = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            digest = hashlib.sha256(content).hexdigest()
            found[path.relative_to(root).as_posix()] = (status.st_mode, status.st_mtime_ns, digest)
    return found
