"""A release of crates is verified with the real cargo: a fresh project depends on the facade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proofs.cargo_small import write_small_crates
from proofs.cargo_worlds import cargo_stage
from proofs.worlds import make_key

pytestmark = pytest.mark.real


@pytest.mark.whole
def test_a_release_of_crates_is_whole_and_builds_in_a_project_that_knows_nothing_of_it(
    tmp_path: Path,
) -> None:
    with cargo_stage(tmp_path / "world", make_key(tmp_path), write_small_crates(tmp_path / "sample")) as here:
        code, output = here.run(here.checkout(), "release", "1.1.0", "--execute", "--yes")
        assert code == 0, output

        code, output = here.run(here.checkout(), "verify", "1.1.0", "--json")

        checks = {one["id"]: one for one in json.loads(output)["checks"]}
        assert code == 0, output
        assert {one["result"] for one in checks.values()} == {"pass", "off"}
        assert {one["result"] for name, one in checks.items() if name.startswith("tree:")} == {"pass"}
        trials = [name for name in checks if name.startswith("trial:")]
        assert trials
        facade = trials[0].removeprefix("trial:")
        assert f"docs:{facade}" in checks

        before, _ = here.run(here.checkout(), "verify", "1.0.0", "--without-trial")
        assert before in (3, 4)
