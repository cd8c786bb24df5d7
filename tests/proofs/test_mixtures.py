"""A sample of seeded mixtures of kills and faults; `scripts/proof mixtures` runs many."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.faulting import undisturbed_world
from proofs.faults_known import faults
from proofs.mixing import mixed, try_mixture
from proofs.small import write_small
from proofs.worlds import make_key, make_source


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    folder = tmp_path_factory.mktemp("mixtures")
    key = make_key(folder)
    source = make_source(folder / "source", key, write_small(folder / "sample"))
    return key, source, undisturbed_world(folder / "undisturbed", key, source)


@pytest.mark.real
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.whole
def test_whatever_is_mixed_the_world_ends_the_same(
    seed: int, ground: tuple[Path, Path, str], tmp_path: Path
) -> None:
    key, source, expected = ground

    mixture = try_mixture(tmp_path / "case", key, source, seed, faults(), expected)

    assert not mixture.complaints, "\n".join((*mixture.disturbed, *mixture.complaints))


def test_a_seed_means_the_same_mixture_each_time() -> None:
    assert mixed(7, faults()) == mixed(7, faults())
    assert mixed(7, faults()) != mixed(8, faults())
