from __future__ import annotations

import json
import subprocess
import sys

import pytest

from castoff.cli.render.problems import styled


def test_nobody_who_said_no_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert styled("x", fg="red") != "x"

    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("x", fg="red", bold=True) == "x"


def test_a_code_is_explained_as_json() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "castoff", "--json", "explain", "release-in-flight"],
        capture_output=True,
        text=True,
        check=True,
    )

    told = json.loads(done.stdout)
    assert (told["schema"], told["code"]) == ("castoff/explanation", "release-in-flight")
    assert told["text"].startswith("# release-in-flight")


def test_a_reader_who_is_gone_is_no_fault() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m castoff explain release-in-flight; echo $? >&2"],
        stdout=_closed(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.stderr.strip() == "0"


def _closed() -> int:
    import os

    reader, writer = os.pipe()
    os.close(reader)
    return writer
