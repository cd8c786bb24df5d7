"""C6 at the command line: what is asked, shown and returned."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rollback.taking_back import Scene, make_ground, scene

pytestmark = pytest.mark.real
SCHEMAS = Path(__file__).parents[2] / "src" / "castoff" / "schemas"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_ground(tmp_path_factory.mktemp("taking-back-cli"))


def castoff(there: Scene, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run castoff on a fresh clone, with nobody at the keyboard."""
    return subprocess.run(
        [sys.executable, "-m", "castoff", *arguments],
        cwd=there.here.checkout(),
        env=there.here.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def valid(text: str, schema: str) -> Mapping[str, Any]:
    """Read an object and hold it to its schema."""
    value: dict[str, Any] = json.loads(text)
    jsonschema.validate(value, json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8")))
    return value


def test_a_half_release_shows_both_ways_out_and_can_be_abandoned(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground) as there:
        there.half("proof-1*")

        status = castoff(there, "status")
        assert status.returncode == 0
        assert "castoff resume 1.1.0 --execute" in status.stdout
        assert "castoff abandon 1.1.0 --execute" in status.stdout
        assert "1.1.0 is burned, the next free version is 1.1.1" in status.stdout
        shown = valid(castoff(there, "status", "--json").stdout, "status")
        assert [way["command"].split()[1] for way in shown["ways_out"]] == ["resume", "abandon"]

        only_shown = castoff(there, "abandon", "1.1.0")
        assert only_shown.returncode == 0
        assert "proof-core 1.1.0 can only be yanked by a person" in " ".join(only_shown.stdout.split(" "))
        assert "version:revert" in only_shown.stdout
        assert "pass --execute to act" in only_shown.stderr
        unasked = castoff(there, "abandon", "1.1.0", "--execute")
        assert unasked.returncode == 4
        assert "--yes" in unasked.stderr
        assert there.log()[0] == "release 1.1.0"

        events = tmp_path / "events.ndjson"
        done = castoff(there, "abandon", "1.1.0", "--execute", "--yes", "--json", "--events", str(events))
        assert done.returncode == 4, done.stderr
        value = valid(done.stdout, "withdrawal")
        assert (value["burnt"], value["next_free"], value["done"]) == (True, "1.1.1", False)
        assert [one["code"] for one in value["problems"]] == ["yank-by-hand"]
        for line in events.read_text("utf-8").splitlines():
            valid(line, "event")
        there.by_hand("proof-core")
        again = castoff(there, "abandon", "1.1.0", "--execute", "--yes")
        assert again.returncode == 0, again.stderr
        assert "the next free version is 1.1.1" in again.stdout
        abandoned = valid(castoff(there, "status", "1.1.0", "--json").stdout, "status")
        assert (abandoned["phase"], abandoned["ways_out"]) == ("abandoned", [])


@pytest.mark.whole
def test_a_released_version_can_only_be_yanked(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.release()

        late = castoff(there, "abandon", "1.1.0", "--execute", "--yes")
        assert late.returncode == 4
        assert "error[abandon-too-late]" in late.stderr
        yanked = castoff(there, "yank", "1.1.0", "--execute", "--yes", "--reason", "It leaks.", "--json")
        assert yanked.returncode == 4
        assert valid(yanked.stdout, "withdrawal")["executed"] is True
        body = there.here.world.dump()["forge"]["releases"][0]["body"]  # type: ignore[index]
        assert "> It leaks.\n" in body
        told = castoff(there, "status", "1.1.0")
        assert told.stdout.startswith("1.1.0: abandoned"), told.stdout
        assert "proof 1.1.0 can only be yanked by a person" in told.stdout
        shown = valid(castoff(there, "status", "1.1.0", "--json").stdout, "status")
        assert shown["phase"] == "abandoned"
        assert [one["name"] for one in shown["stages"]][-2:] == ["withdraw", "notice"]
        unknown = castoff(there, "yank", "9.9.9", "--execute", "--yes")
        assert unknown.returncode == 2
        assert "error[unknown-version]" in unknown.stderr
