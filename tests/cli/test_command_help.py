from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from castoff.cli.main import COMMANDS, EXAMPLES, castoff
from castoff.cli.manual import reference_text

ROOT = Path(__file__).parents[2]
SCREEN = (24, 80)
"""Lines and columns of a small terminal."""


def typed(example: str) -> list[str]:
    return example.split()[1:]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_fits_a_screen_and_ends_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(castoff, [name, "--help"], terminal_width=SCREEN[1])
    lines = shown.output.splitlines()

    assert shown.exit_code == 0
    assert len(lines) <= SCREEN[0]
    assert max(map(len, lines)) <= SCREEN[1]
    assert f"castoff {name}" in "\n".join(lines[-4:])
    assert any(line.strip().startswith("Example") for line in lines[-4:])


@pytest.mark.parametrize("example", [one for shown in EXAMPLES.values() for one in shown])
def test_every_example_is_a_command_line_that_is_taken(example: str) -> None:
    command: click.Command = castoff
    context = castoff.make_context("castoff", typed(example), resilient_parsing=True)
    words = typed(example)
    while isinstance(command, click.Group):
        inner = command.get_command(context, words[0])
        assert inner is not None
        command, words = inner, words[1:]

    command.make_context(command.name, words, parent=context)


def test_every_command_stands_in_the_reference_page() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text("utf-8")

    assert page == reference_text()
    assert [name for name in COMMANDS if f"\n## castoff {name}\n" not in page] == []


def test_a_bar_in_an_option_stays_within_its_cell() -> None:
    rows = [line for line in reference_text().splitlines() if line.startswith("| ")]

    assert {line.replace("\\|", "").count("|") for line in rows} == {3}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("castoff re", {"rehearse", "release", "resume"}),
        ("castoff release --p", {"--pre"}),
        ("castoff plan mi", {"minor"}),
        ("castoff explain second", {"second-writer"}),
        ("castoff verify 1.2", {"1.2.0", "1.2.0rc1"}),
    ],
)
def test_a_shell_completes_commands_options_and_values(
    shell: str, words: str, expected: set[str], tmp_path: Path
) -> None:
    for command in (
        ["init"],
        ["commit", "--allow-empty", "-m", "A"],
        ["tag", "v1.2.0"],
        ["tag", "py-1.2.0rc1"],
    ):
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"]
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True, capture_output=True)
    place = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    if shell == "fish":
        place["COMP_CWORD"] = words.split()[-1]
    done = subprocess.run(
        [sys.executable, "-m", "castoff"],
        env={**os.environ, **place, "_CASTOFF_COMPLETE": f"{shell}_complete"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert expected <= set(done.stdout.replace(",", " ").split())
