"""Each bad input of npm ends with its exit code and its stable code, a remedy, and never a traceback."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from cli.bad_npm import ANSWERS, BUILDS, MANIFESTS
from cli.ground import Bad, Ground
from cli.test_bad_inputs import OURS
from proofs.npm_small import write_small_packages
from proofs.npm_worlds import npm_stage_of
from proofs.worlds import make_key, make_source

pytestmark = pytest.mark.needs("npm")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give a throw-away key, and a repository of npm packages at 1.0.0 with one commit after it."""
    folder = tmp_path_factory.mktemp("npm")
    key = make_key(folder)
    return key, make_source(folder / "source", key, write_small_packages(folder / "sample"))


@pytest.mark.parametrize(
    "bad",
    [*MANIFESTS, *(pytest.param(one, marks=pytest.mark.whole) for one in (*BUILDS, *ANSWERS))],
    ids=lambda bad: bad.name,
)
def test_a_bad_input_of_npm_has_its_codes_and_a_remedy(
    bad: Bad,
    packages: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with npm_stage_of(tmp_path, *packages) as here:
        ground = Ground(here, here.checkout(), dict(bad.environment))
        bad.spoil(ground)
        code = ground.castoff(monkeypatch, "--json", *shlex.split(bad.command))
    said = capfd.readouterr()

    assert OURS not in said.out + said.err
    problems = {problem["code"]: problem for problem in json.loads(said.out)["problems"]}
    assert (code, set(bad.codes) - set(problems)) == (bad.exit, set()), sorted(problems)
    for problem in problems.values():
        assert problem["remedy"] or problem["severity"] == "warning", problem


def test_there_are_enough_of_them() -> None:
    assert len({one.name for one in (*MANIFESTS, *BUILDS, *ANSWERS)}) >= 30
