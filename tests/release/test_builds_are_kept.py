"""A run that goes on with a release builds nothing again; after a refusal of the files, it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import uv

from castoff.errors import CastoffError
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.faults import parse_faults
from proofs.small import write_small
from proofs.worlds import Stage, make_key, stage

pytestmark = [pytest.mark.real]
LATE = {"late": {"seconds": 4}}


def release(here: Stage, checkout: Path, *, wait: float) -> int:
    """Release without a rehearsal; gives the exit code."""
    setting = open_setting(Options(directory=checkout, wait=wait), Silence(), here.environment)
    try:
        run_release(replace(setting, embedded=None), ReleaseRequest(level="1.1.0", agreed=True))
    except CastoffError as error:
        return error.exit_code
    return 0


@pytest.mark.parametrize(
    ("effect", "same_machine", "code", "builds"),
    [
        pytest.param(LATE, True, 3, 2, id="not there yet"),
        pytest.param({"status": 400}, True, 4, 4, id="refused"),
        pytest.param(LATE, False, 3, 4, id="another machine"),
    ],
)
def test_files_are_kept_until_their_release_is_out(
    tmp_path: Path, effect: dict[str, Any], same_machine: bool, code: int, builds: int
) -> None:
    with stage(tmp_path / "case", make_key(tmp_path), write_small(tmp_path / "sample")) as here:
        count, checkout = tmp_path / "builds", here.checkout()
        build = ["sh", "-c", f"echo built >> {count}; {uv.find_uv_bin()} build --out-dir $0"]
        (checkout / "castoff.toml").write_text(f"[python]\nbuild = {json.dumps(build)}\n", encoding="utf-8")
        here.git(checkout, "add", "castoff.toml")
        here.git(checkout, "commit", "--quiet", "-m", "Count the builds")
        here.git(checkout, "push", "--quiet")
        rule = {"service": "python", "method": "POST", "effect": effect}
        here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

        first = release(here, checkout, wait=0.5)
        here.world.gate.replace(())
        then = release(here, checkout if same_machine else here.checkout(), wait=20)

        assert (first, then) == (code, 0)
        assert len(count.read_text("utf-8").splitlines()) == builds
        assert not list((here.folder / "home/.cache/castoff/built").glob("*"))
