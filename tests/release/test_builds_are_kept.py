"""A run that goes on with a release builds nothing again; after a refusal, it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from castoff.world.faults import parse_faults
from proofs.small import write_small
from proofs.worlds import make_key, stage

pytestmark = [pytest.mark.real]
KEPT = "an earlier run built and tried the files of this commit"


@pytest.mark.parametrize(
    ("effect", "same_machine", "code", "builds"),
    [
        pytest.param({"late": {"seconds": 9}}, True, 3, 2, id="not there yet"),
        pytest.param({"status": 400}, True, 4, 4, id="refused"),
        pytest.param({"late": {"seconds": 9}}, False, 3, 4, id="another machine"),
    ],
)
def test_files_are_kept_until_their_release_is_out(
    tmp_path: Path, effect: dict[str, Any], same_machine: bool, code: int, builds: int
) -> None:
    with stage(tmp_path / "case", make_key(tmp_path), write_small(tmp_path / "sample")) as here:
        count = tmp_path / "builds"
        checkout = here.checkout()
        command = f"echo built >> {count}; uv build --out-dir $0"
        (checkout / "castoff.toml").write_text(
            f"[python]\nbuild = {json.dumps(['sh', '-c', command])}\n", encoding="utf-8"
        )
        here.git(checkout, "add", "castoff.toml")
        here.git(checkout, "commit", "--quiet", "-m", "Count the builds")
        here.git(checkout, "push", "--quiet")
        rule = {"service": "python", "method": "POST", "effect": effect}
        here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

        first, said = here.run(checkout, "release", "1.1.0", "--execute", "--yes", "--wait", "1")
        assert first == code, said
        here.world.gate.replace(())
        then, said = here.run(
            checkout if same_machine else here.checkout(), "resume", "1.1.0", "--execute", "--yes"
        )

        assert then == 0, said
        assert (KEPT in said) == (builds == 2)
        assert len(count.read_text("utf-8").splitlines()) == builds
        assert not list((here.folder / "home/.cache/castoff/built").glob("*"))
