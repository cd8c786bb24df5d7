"""A release is whole or half done, and a service gives no answer: every command waits for the answer or stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from castoff.errors import NotYet
from castoff.world.faults import parse_faults
from rollback.taking_back import Scene, make_ground, scene

pytestmark = pytest.mark.real

INDEX = {"service": "python", "method": "GET", "effect": {"status": 503}}
THROTTLED = {"service": "python", "method": "GET", "effect": {"rate_limit": 3600}}
GARBLED = {
    "service": "python",
    "method": "GET",
    "path": "/simple/*",
    "effect": {"status": 200, "body": "<html>"},
}
FORGE = {"service": "forge", "method": "GET", "path": "*/releases", "effect": {"status": 502}}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_ground(tmp_path_factory.mktemp("no-answers"))


def silence(there: Scene, rule: object) -> None:
    there.here.world.gate.replace(parse_faults(json.dumps({"rules": [rule] if rule else []})))


def refused(there: Scene, command: str) -> list[str]:
    with pytest.raises(NotYet) as caught:
        there.yank() if command == "yank" else there.abandon()
    return sorted({one.code for one in caught.value.problems})


def test_a_whole_release_is_unknown_while_a_service_does_not_answer(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground) as there:
        there.release()
        before = there.writes()
        for rule in (INDEX, THROTTLED, GARBLED, FORGE):
            silence(there, rule)
            status = there.status()
            assert (status.phase, [one.command for one in status.recovery_options]) == (
                "unknown",
                ["castoff status 1.1.0"],
            ), rule
            assert refused(there, "yank") == ["still-waiting"], rule
        assert there.writes() == before
        silence(there, None)
        assert there.status().phase == "complete"


@pytest.mark.whole
def test_half_a_release_is_not_given_up_while_nobody_knows_what_is_out(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground) as there:
        there.half()
        before = there.writes()
        for rule, code in ((INDEX, "still-waiting"), (FORGE, "forge-unreachable")):
            silence(there, rule)
            assert refused(there, "abandon") == [code]
            assert there.status().phase == "in-flight"
        assert there.writes() == before
        silence(there, None)
        assert there.abandon().is_done
