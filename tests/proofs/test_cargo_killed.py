"""Promises 1 and 6 with the real cargo: a sample of kill points that touches every kind of act."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.cargo_small import write_small_crates
from proofs.cargo_worlds import cargo_points, cargo_stage
from proofs.killing import COMMAND, Point, try_point, undisturbed
from proofs.worlds import make_key

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("cargo"),
]

KINDS = (
    "pass:rehearsing the uploads of this commit",
    "claim before",
    "claim after, children too",
    "stage:publish (3)",
    "act-begin:publish:cargo:beacon-core:beacon-core-1.1.0.crate, children too",
    "act-end:publish:cargo:beacon-core:beacon-core-1.1.0.crate",
    "upload before beacon-lens@1.1.0",
    "upload before beacon-lens@1.1.0, children too",
    "upload after beacon-lens@1.1.0",
    "upload after beacon@1.1.0, children too",
    "read 4 of *beacon",
    "tag before, children too",
    "tag after",
    "draft after",
    "announce after",
)

Ground = tuple[Path, Path, str, list[Point]]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Release once undisturbed; every case is compared with that."""
    folder = tmp_path_factory.mktemp("proof")
    sample = write_small_crates(folder / "sample")
    key = make_key(folder)
    expected, names = undisturbed(folder / "undisturbed", key, sample, opened=cargo_stage)
    return key, sample, expected, list(cargo_points(names))


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_release_of_crates_ends_as_if_nothing_had_happened(
    kind: str, ground: Ground, tmp_path: Path
) -> None:
    """Killed at this moment and resumed on another clone, the world is the same to the byte."""
    key, sample, expected, known = ground
    point = next(one for one in known if kind in (one.name, one.name.split(" ", 2)[-1]))

    verdict = try_point(tmp_path / "case", key, sample, point, expected, opened=cargo_stage)

    assert verdict.killed, "it ended before it could be killed"
    assert verdict.complaints == ()


@pytest.mark.whole
def test_a_finished_release_of_crates_gets_no_writes(ground: Ground, tmp_path: Path) -> None:
    """Run again when all is done, by each command: no request that writes, no ref that moves."""
    key, sample, _, _ = ground
    with cargo_stage(tmp_path / "case", key, sample) as here:
        code, output = here.run(here.checkout(), *COMMAND)
        assert code == 0, output
        before, writes = here.dump(), [one for one in here.world.journal.entries() if one.write]

        for command in (COMMAND, ("resume", "--execute", "--yes")):
            code, output = here.run(here.checkout(), *command)
            assert code == 0, output

        assert here.dump() == before
        assert [one for one in here.world.journal.entries() if one.write] == writes
