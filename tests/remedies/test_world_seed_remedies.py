from __future__ import annotations

import json
from pathlib import Path

import pytest
from notes_ground import ground

from castoff.release.world_seed import read_world_state
from castoff.session.session import open_session
from castoff.world.faults import parse_faults
from remedies.following import follow, follows


@pytest.mark.real
@follows("world-seed-incomplete")
def test_a_seed_is_written_again_when_the_service_answers(tmp_path: Path) -> None:
    with ground(tmp_path, lambda made: made.squash(8, "Add a pier")) as here:
        rule = {"service": "forge", "path": "*/milestones", "effect": {"deny": "not you"}}
        here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]}).encode()))

        def look() -> object:
            with open_session(here.setting()) as session:
                return read_world_state(session, ".")

        follow(
            "world-seed-incomplete",
            look,
            told="run `castoff world seed` again when the service answers",
            do=lambda: here.world.gate.replace(()),
        )
