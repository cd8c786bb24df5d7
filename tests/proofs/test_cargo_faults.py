"""Each fault of a Cargo registry: done, or a code and a remedy; and the same world afterwards.

Here each fault meets one crate, in turn; `scripts/proof faults --ecosystem cargo` tries each at every crate.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.cargo_faults import cargo_faults
from proofs.cargo_small import NAMES, write_small_crates
from proofs.cargo_worlds import cargo_stage_of
from proofs.faulting import Fault, Scene, try_fault, undisturbed_world
from proofs.worlds import make_key, make_source

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("cargo"),
]

KNOWN = cargo_faults()
KINDS = len(KNOWN) // len(NAMES)
ONE_OF_EACH = [KNOWN[number % len(NAMES) * KINDS + number] for number in range(KINDS)]
SAMPLE = [
    pytest.param(fault, id=fault.name, marks=() if number % 3 == 0 else pytest.mark.whole)
    for number, fault in enumerate(ONE_OF_EACH)
]
"""Every third runs always: all of them take minutes."""
CARGO = Scene(cargo_stage_of, "cargo", "PUT")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Make the source, and release it once with no fault; every case is compared with that."""
    folder = tmp_path_factory.mktemp("faults")
    key = make_key(folder)
    source = make_source(folder / "source", key, write_small_crates(folder / "sample"))
    return key, source, undisturbed_world(folder / "undisturbed", key, source, CARGO)


@pytest.mark.parametrize("fault", SAMPLE)
def test_a_fault_of_the_registry_ends_with_a_remedy_and_leaves_no_trace_once_it_is_gone(
    fault: Fault, ground: tuple[Path, Path, str], tmp_path: Path
) -> None:
    """Done, or 3, or 4 with a remedy; run again without the fault, the world is the same to the byte."""
    key, source, expected = ground

    outcome = try_fault(tmp_path / "case", key, source, fault, expected, scene=CARGO)

    assert not outcome.complaints, "\n".join(outcome.complaints)


def test_no_two_faults_of_the_registry_have_the_same_name() -> None:
    """A name is what a failure is found by."""
    assert len({fault.name for fault in KNOWN}) == len(KNOWN)
