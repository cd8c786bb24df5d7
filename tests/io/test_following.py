"""Is a program that is followed heard line by line, and told to end when its part is done?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from castoff.errors import UsageError
from castoff.io.process import Hearing, Processes
from castoff.model.child_environments import Kind

SPEAKS = (
    "import sys, time\nfor word in ('one', 'two', 'three'):\n    print(word, file=sys.stderr, flush=True)\n"
)
WAITS = "    time.sleep(30 if word == 'two' else 0)\n"


def door() -> Processes:
    return Processes(dict(os.environ))


def test_lines_are_kept_or_dropped_as_they_come(tmp_path: Path) -> None:
    def heard(line: str) -> Hearing:
        return "drop" if line == "two" else "keep"

    done = door().follow(
        [sys.executable, "-c", SPEAKS + "sys.exit(3)"], kind=Kind.TOOL, cwd=tmp_path, heard=heard
    )

    assert (done.code, done.errors) == (3, "one\nthree")


def test_a_program_whose_part_is_done_is_told_to_end(tmp_path: Path) -> None:
    def heard(line: str) -> Hearing:
        return "stop" if line == "two" else "keep"

    done = door().follow([sys.executable, "-c", SPEAKS + WAITS], kind=Kind.TOOL, cwd=tmp_path, heard=heard)

    assert (done.code, done.errors) == (-15, "one")


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        door().follow(
            ["castoff-has-no-such-program"], kind=Kind.TOOL, cwd=tmp_path, heard=lambda _line: "keep"
        )

    assert caught.value.problems[0].code == "program-missing"
