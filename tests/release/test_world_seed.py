"""The seed that `castoff world seed` writes, against the world that it was read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from notes_ground import Ground, History, castoff, ground

from castoff.world.faults import parse_faults
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import parse_seed
from castoff.world.world import World

pytestmark = pytest.mark.real

FORGE: dict[str, Any] = {
    "labels": ["changelog-add", "changelog-fix"],
    "milestones": [{"title": "1.1.0"}, {"title": "1.0.0", "state": "closed"}],
    "issues": [{"number": 7, "title": "A leak", "milestone": "1.1.0"}],
    "releases": [{"tag": "1.0.0", "name": "1.0.0", "body": "First.", "latest": True}],
    "pull_requests": [
        {"number": 9, "title": "Later", "author": "eve", "head": "later", "labels": ["changelog-add"]},
    ],
    "known_contributors": ["ada"],
}


def changes(made: History) -> None:
    made.squash(8, "Add a pier", labels=["changelog-add"], milestone="1.1.0", body="Long.")


def seeded(here: Ground, tmp_path: Path) -> World:
    text = (tmp_path / "seeds/seed.json").read_text("utf-8")
    return World(tmp_path / "again", seed=parse_seed(text, tmp_path / "seeds"), outside=False)


def forge_of(world: World) -> dict[str, Any]:
    dump = world.dump()["forge"]
    assert isinstance(dump, dict)
    return dump


def test_a_world_from_the_seed_is_the_world_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "seeds").mkdir()
    with ground(tmp_path, changes, **FORGE) as here:
        here.world.python_index.seed([Seed(name="harbour", version="1.0.0")])
        to = str(tmp_path / "seeds/seed.json")
        code, out, told = castoff(here, "world", "seed", "--to", to, monkeypatch=monkeypatch, capsys=capsys)
        assert (code, out) == (0, ""), told
        assert not here.writes()
        before = forge_of(here.world)
        with seeded(here, tmp_path) as again:
            after = forge_of(again)

    assert after == before
    document = json.loads((tmp_path / "seeds/seed.json").read_text("utf-8"))
    assert document["python"] == {"packages": [{"name": "harbour", "version": "1.0.0"}]}
    assert document["repository"] == "../checkout"
    assert (tmp_path / "seeds/seed.json").stat().st_mode & 0o077 == 0


def test_what_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ground(tmp_path, changes, **FORGE) as here:
        rule = {"service": "forge", "path": "*/milestones", "effect": {"deny": "not you"}}
        here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]}).encode()))
        code, out, told = castoff(here, "world", "seed", monkeypatch=monkeypatch, capsys=capsys)

    assert code == 3
    assert "world-seed-incomplete" in told
    assert json.loads(out)["forge"]["milestones"] == []


@pytest.mark.whole
def test_a_rehearsal_from_the_seed_knows_milestones_and_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "seeds").mkdir()
    to = str(tmp_path / "seeds/seed.json")
    with ground(tmp_path, changes, **FORGE) as here:
        castoff(here, "world", "seed", "--to", to, monkeypatch=monkeypatch, capsys=capsys)
        code, out, told = castoff(
            here, "rehearse", "minor", "--seed", to, "--json", monkeypatch=monkeypatch, capsys=capsys
        )

    assert code == 0, told
    forge = json.loads(out)["world"]["forge"]
    assert [one["state"] for one in forge["milestones"] if one["title"] == "1.1.0"] == ["closed"]
    assert "Add a pier" in next(one["body"] for one in forge["releases"] if one["tag"] == "1.1.0")
