"""What `status` reports beside the stages: uploads without a claim, and errors of the workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from castoff.world.faults import parse_faults
from cli.ground import Ground
from proofs.worlds import stage_of

pytestmark = pytest.mark.real
HELD = {"service": "python", "method": "POST", "times": 1, "effect": {"hold": "first", "seconds": 240}}


@pytest.fixture
def ground(source: tuple[Path, Path], tmp_path: Path) -> Iterator[Ground]:
    with stage_of(tmp_path, *source) as here:
        yield Ground(here, here.checkout())


def test_a_branch_that_is_reset_during_the_uploads_stops_the_release_and_is_shown(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    here, gate = ground.here, ground.here.world.gate
    gate.replace(parse_faults(json.dumps({"rules": [HELD]})))
    run = here.start(ground.checkout, "release", "minor", "--execute", "--yes", "--json")
    assert gate.held(count=1, within=240)
    base = ground.git("rev-parse", "HEAD").strip()
    here.git(here.world.repository.path, "update-ref", "refs/heads/main", base)
    gate.release()
    told, _ = run.communicate(timeout=240)

    assert run.returncode == 4
    assert b'"claim-reset"' in told
    assert here.world.dump()["forge"]["releases"] == []  # type: ignore[index]
    assert ground.castoff(monkeypatch, "status", "--json") == 0
    problems = {one["code"]: one for one in json.loads(capfd.readouterr().out)["problems"]}
    assert "packages ha" in problems["half-released"]["message"]
    assert " 1.1.0 on the registry" in problems["half-released"]["message"]


def test_an_error_of_the_workspace_is_a_finding_of_a_look_and_ends_a_script_with_4(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ground.write("castoff.toml", '[release]\nfacade = "x"\n')
    ground.push()

    assert ground.castoff(monkeypatch, "status") == 0
    assert "warning[unknown-facade]" in capfd.readouterr().err
    assert ground.castoff(monkeypatch, "status", "--exit-code") == 4
    assert "error[unknown-facade]" in capfd.readouterr().err
    for code, severity, more in ((0, "warning", ()), (4, "error", ("--exit-code",))):
        assert ground.castoff(monkeypatch, "status", "--json", *more) == code
        problems = json.loads(capfd.readouterr().out)["problems"]
        assert {one["code"]: one["severity"] for one in problems}["unknown-facade"] == severity
