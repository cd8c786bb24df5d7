"""Each bad input ends with its exit code and its stable code, a remedy, and never a traceback."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import castoff
from castoff.world.seed import WorldSeed
from cli.bad_answers import ANSWERS
from cli.bad_repositories import REPOSITORIES
from cli.bad_workspaces import CONFIGURATIONS, MANIFESTS, WORDS
from cli.ground import Bad, Ground
from proofs.worlds import stage_of

pytestmark = pytest.mark.real

ALL = (*REPOSITORIES, *MANIFESTS, *CONFIGURATIONS, *WORDS, *ANSWERS)
SCHEMAS = Path(__file__).parents[2] / "src" / "castoff" / "schemas"
OURS = str(Path(castoff.__file__).parent)
"""A traceback of castoff's own would name files here; one of a user's package is a reason to show."""
SHOWN_BY = {"release": "run", "rehearse": "run", "demo": "run"}


@pytest.fixture
def ground(bad: Bad, source: tuple[Path, Path], tmp_path: Path) -> Iterator[Ground]:
    with stage_of(tmp_path, *source, seed=WorldSeed(forge=dict(bad.seed))) as here:
        made = Ground(here, here.checkout(), dict(bad.environment))
        bad.spoil(made)
        yield made


@pytest.mark.parametrize("bad", ALL, ids=lambda bad: bad.name)
def test_a_bad_input_has_its_exit_code_its_stable_code_and_a_remedy(
    bad: Bad, ground: Ground, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = ground.castoff(monkeypatch, "--json", *shlex.split(bad.command))
    said = capfd.readouterr()

    assert OURS not in said.out + said.err
    value = json.loads(said.out)
    assert code == bad.exit, said
    _is_valid(value)
    shown = [json.dumps(problem, sort_keys=True) for problem in value["problems"]]
    assert len(set(shown)) == len(shown), "each finding appears once"
    problems = {problem["code"]: problem for problem in value["problems"]}
    assert set(bad.codes) <= set(problems), said
    for problem in problems.values():
        assert problem["remedy"] or problem["severity"] == "warning", problem
    if bad.codes:
        code = ground.castoff(monkeypatch, *shlex.split(bad.command))
        _check_text(bad, code, *capfd.readouterr())


def _check_text(bad: Bad, code: int, output: str, errors: str) -> None:
    """Check the text for people in the same folder: a refusal changes nothing, so one folder serves both runs."""
    assert code == bad.exit, errors
    assert OURS not in output + errors
    for one in bad.codes:
        assert f"[{one}]" in errors or one == "bad-usage", errors


def _is_valid(value: dict[str, Any]) -> None:
    name = value["schema"].removeprefix("castoff/")
    schema = json.loads((SCHEMAS / f"{SHOWN_BY.get(name, name)}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(value)


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 40
    assert len({one.name for one in ALL}) == len(ALL)
