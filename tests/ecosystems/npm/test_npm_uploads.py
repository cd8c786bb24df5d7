"""Does npm send an upload once, also if its answer is lost?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from npm_files import npm_package

from castoff.ecosystems.npm.client_runs import ClientRuns
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from castoff.world.world import World

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]


def test_an_upload_whose_answer_is_lost_is_not_sent_again_by_npm(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"name": "beacon", "version": "1.0.0"}), "utf-8")
    rule = {"service": "npm", "method": "PUT", "effect": {"lost_reply": 0.2}}
    with World(seed=WorldSeed(), tls=True) as world:
        world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

        done = ClientRuns(Processes(world.child_environment())).run(
            npm_package("beacon"), Kind.NPM_UPLOAD, "publish", tmp_path
        )

        assert done.code != 0
        assert [one.subject for one in world.journal.entries() if one.method == "PUT"] == ["beacon@1.0.0"]
