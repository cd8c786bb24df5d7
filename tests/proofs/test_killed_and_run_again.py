"""Promises 1 and 6 with real processes: a sample of kill points that touches every kind of act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.killing import COMMAND, Point, points, try_point, undisturbed
from proofs.small import write_small
from proofs.worlds import make_key, stage

pytestmark = pytest.mark.real

KINDS = (
    "stage:preflight",
    "stage:version",
    "pass:rehearsing",
    "act-begin:version:push",
    "act-end:version:push",
    "stage:publish",
    "act-begin:publish:python:proof-core:proof_core-1.1.0.tar.gz",
    "act-end:publish:python:proof-core:proof_core-1.1.0.tar.gz",
    "act-end:publish:python:proof:proof-1.1.0.tar.gz",
    "act-begin:tag:push",
    "act-end:tag:push",
    "act-begin:draft:create",
    "act-end:draft:create",
    "act-begin:announce:publish",
    "act-end:announce:publish",
    "upload before proof_core-1.1.0-py3-none-any.whl",
    "upload after proof_core-1.1.0-py3-none-any.whl",
    "upload before proof-1.1.0.tar.gz",
    "upload after proof-1.1.0.tar.gz",
    "draft before",
    "draft after",
    "announce before",
    "announce after",
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Path, str, list[Point]]]:
    """Release once undisturbed; every case is compared with that."""
    folder = tmp_path_factory.mktemp("proof")
    sample = write_small(folder / "sample")
    key = make_key(folder)
    expected, names = undisturbed(folder / "undisturbed", key, sample)
    files = sorted({name.rsplit(":", 1)[1] for name in names if name.startswith("act-end:publish:")})
    yield folder, key, sample, expected, list(points(names, files))


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_release_ends_as_if_nothing_had_happened(
    kind: str, ground: tuple[Path, Path, Path, str, list[Point]], tmp_path: Path
) -> None:
    """Killed at this moment and resumed on another clone, the world is the same to the byte."""
    _, key, sample, expected, known = ground
    point = next(one for one in known if one.name == kind or one.name.split(" ", 2)[-1].startswith(kind))

    verdict = try_point(tmp_path / "case", key, sample, point, expected)

    assert verdict.complaints == ()


def test_a_finished_release_gets_no_writes(
    ground: tuple[Path, Path, Path, str, list[Point]], tmp_path: Path
) -> None:
    """Run again when all is done, by either command: no request that writes, no ref that moves."""
    _, key, sample, _, _ = ground
    with stage(tmp_path / "case", key, sample) as here:
        code, output = here.run(here.checkout(), *COMMAND)
        assert code == 0, output
        before, writes = here.dump(), len([e for e in here.world.journal.entries() if e.write])

        for command in (
            COMMAND,
            ("release", "minor", "--execute", "--yes"),
            ("resume", "--execute", "--yes"),
        ):
            code, output = here.run(here.checkout(), *command)
            assert code == 0, output

        assert here.dump() == before
        assert len([e for e in here.world.journal.entries() if e.write]) == writes
