"""Promise 1 for what comes after the announcement, with real processes: the notes are ported once, whatever dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proofs.killing import Point, points, try_point, undisturbed
from proofs.small import write_small
from proofs.worlds import make_key

pytestmark = pytest.mark.real

KINDS = ("stage:changelog", "act-begin:changelog:push", "act-end:changelog:push")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, str, list[Point]]]:
    """Release once undisturbed; every case is compared with that."""
    folder = tmp_path_factory.mktemp("after")
    sample = write_small(folder / "sample")
    key = make_key(folder)
    expected, names = undisturbed(folder / "undisturbed", key, sample)
    yield key, sample, expected, list(points(names, []))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.whole
def test_a_release_killed_while_its_notes_are_ported_ends_as_if_nothing_had_happened(
    kind: str, ground: tuple[Path, Path, str, list[Point]], tmp_path: Path
) -> None:
    key, sample, expected, known = ground
    point = next(one for one in known if one.name.split(" ", 2)[-1].startswith(kind))

    verdict = try_point(tmp_path / "case", key, sample, point, expected)

    assert verdict.complaints == ()
