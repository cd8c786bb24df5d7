"""Each kind of bad input through every command that takes it: no traceback, no bug, no error that ends with 0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import castoff
from castoff.world.faults import parse_faults
from cli.bad_everywhere import GROUPS, KINDS, Kind
from cli.ground import Ground
from proofs.worlds import Stage, stage_of

OURS = str(Path(castoff.__file__).parent)
LOOKS = ("plan minor", "status --exit-code", "notes", "init", "ci")
COMMANDS = (
    *LOOKS,
    *(
        f"{words} --wait 0.2"
        for words in (
            "check",
            "release minor",
            "resume",
            "build --to built",
            "highlights --print",
            "draft",
            "announce",
            "milestone",
            "changelog",
            "docs",
            "website",
            "verify 1.0.0 --without-trial",
            "yank 1.0.0",
            "abandon 1.0.0",
        )
    ),
)
SAMPLE = {group[0].name: COMMANDS[at % len(COMMANDS)] for at, group in enumerate(GROUPS)}
"""The usual run: the first kind of each group, each with a plan and with one command more."""


@pytest.fixture(scope="module")
def here(source: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_of(tmp_path_factory.mktemp("everywhere"), *source) as made:
        yield made


@pytest.fixture
def undamaged(here: Stage) -> Iterator[Stage]:
    """Give back the remote's branches and tags, and services that answer, after each kind."""
    bare = here.world.repository.path
    refs = here.git(bare, "for-each-ref", "--format=%(refname) %(objectname)")
    yield here
    here.world.gate.replace(())
    now = here.git(bare, "for-each-ref", "--format=%(refname)").split()
    kept = dict(line.split() for line in refs.splitlines())
    for name in now:
        here.git(bare, "update-ref", *([name, kept[name]] if name in kept else ["-d", name]))


@pytest.mark.parametrize(
    ("kind", "commands"),
    [
        pytest.param(
            kind,
            ("plan minor", SAMPLE[kind.name]) if kind.name in SAMPLE and is_sample else COMMANDS,
            id=f"{kind.name}{', a sample' if is_sample else ''}",
            marks=() if is_sample else pytest.mark.whole,
        )
        for is_sample in (True, False)
        for kind in KINDS
        if kind.name in SAMPLE or not is_sample
    ],
)
def test_a_bad_input_ends_no_command_with_a_bug(
    kind: Kind,
    commands: tuple[str, ...],
    undamaged: Stage,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ground = Ground(undamaged, undamaged.checkout(), dict(kind.environment))
    kind.spoil(ground)
    undamaged.world.gate.replace(parse_faults(json.dumps({"rules": list(kind.faults)})))
    found: dict[str, list[str]] = {}
    for command in dict.fromkeys(commands):
        code = ground.castoff(monkeypatch, "--json", *command.split())
        wanted = kind.code if command == "plan minor" else None
        found[command] = list(_defects(code, *capfd.readouterr(), wanted=wanted))

    assert {command: defects for command, defects in found.items() if defects} == {}
    assert not (ground.checkout / "pwned").exists()


def _defects(code: int, output: str, errors: str, *, wanted: str | None) -> Iterator[str]:
    """Report what no command may do, whatever it is given."""
    if code not in (0, 2, 3, 4, 5):
        yield f"exit code {code}: {output[:2000]}{errors[-2000:]}"
    if OURS in output + errors:
        yield f"a traceback: {errors[-2000:]}"
    try:
        problems = json.loads(output).get("problems", [])
    except ValueError:
        yield f"no JSON: {output[:500]}"
        return
    if code == 0 and any(one["severity"] == "error" for one in problems):
        yield f"an error that ends with 0: {problems}"
    yield from (f"no remedy: {one}" for one in problems if one["severity"] == "error" and not one["remedy"])
    if wanted is not None and wanted not in {one["code"] for one in problems}:
        yield f"not `{wanted}`, but {problems}"


def test_there_are_enough_kinds_with_enough_codes() -> None:
    assert len(KINDS) >= 200
    assert len({one.name for one in KINDS}) == len(KINDS)
    assert len({one.code for one in KINDS if one.code}) >= 30
