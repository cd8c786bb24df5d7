"""A second rehearsal of crates compiles only what changed since the first one."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.cargo_small import write_small_crates
from proofs.cargo_worlds import cargo_stage
from proofs.worlds import Stage, make_key

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("cargo"),
]


def rehearsed(there: Stage, clone: Path) -> list[str]:
    """Rehearse; give the crates that were not compiled again."""
    code, output = there.run(clone, "rehearse", "minor")
    assert code == 0, output
    return sorted(line.split()[0] for line in output.splitlines() if "was verified before" in line)


@pytest.mark.whole
def test_only_what_changed_is_compiled_again(tmp_path: Path) -> None:
    sample = write_small_crates(tmp_path / "sample")
    with cargo_stage(tmp_path / "case", make_key(tmp_path), sample) as there:
        clone = there.checkout()
        assert rehearsed(there, clone) == []
        everything = rehearsed(there, clone)
        (clone / "castoff.toml").write_text("[build]\ncache = false\n", encoding="utf-8")
        there.git(clone, "add", "castoff.toml")
        there.git(clone, "commit", "--quiet", "--message", "Remember nothing")
        there.git(clone, "push", "--quiet", "origin", "main")
        nothing = rehearsed(there, clone)

    assert everything == ["beacon", "beacon-core", "beacon-lens"]
    assert nothing == []
