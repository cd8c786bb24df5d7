"""Faults of the index, the forge and the remote: done, or a code and a remedy; and the same world afterwards.

Every third one is tried here, `scripts/proof faults --ecosystem python` tries all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.faulting import Fault, try_fault, undisturbed_world
from proofs.faults_known import faults
from proofs.small import write_small
from proofs.worlds import make_key, make_source

pytestmark = pytest.mark.real

KNOWN = faults()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Make the source, and release it once with no fault; every case is compared with that."""
    folder = tmp_path_factory.mktemp("faults")
    key = make_key(folder)
    source = make_source(folder / "source", key, write_small(folder / "sample"))
    return key, source, undisturbed_world(folder / "undisturbed", key, source)


SAMPLE = [
    pytest.param(fault, id=fault.name, marks=() if number % 3 == 0 else pytest.mark.whole)
    for number, fault in enumerate(KNOWN[::3])
]


@pytest.mark.parametrize("fault", SAMPLE)
def test_a_fault_ends_with_a_remedy_and_leaves_no_trace_once_it_is_gone(
    fault: Fault, ground: tuple[Path, Path, str], tmp_path: Path
) -> None:
    """Done, or 3, or 4 with a remedy; run again without the fault, the world is the same to the byte."""
    key, source, expected = ground

    outcome = try_fault(tmp_path / "case", key, source, fault, expected)

    assert not outcome.complaints, "\n".join(outcome.complaints)


def test_no_two_faults_have_the_same_name() -> None:
    """A name is what a failure is found by."""
    assert len({fault.name for fault in KNOWN}) == len(KNOWN)
