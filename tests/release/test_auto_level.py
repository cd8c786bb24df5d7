"""`auto`: the level that labels ask for, in an embedded world, by each command that takes a level."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from notes_ground import History, castoff, ground

pytestmark = pytest.mark.real

LEVELS = '[version]\nlevels = { breaking = "major", changelog-add = "minor", "*" = "patch" }\n'


@pytest.mark.parametrize(
    "words", [("plan",), ("release",), ("check", "--only", "shape", "--version")], ids=" ".join
)
def test_labels_decide_the_level(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(made: History) -> None:
        made.squash(1, "Moor ships", labels=["changelog-add"])
        made.squash(2, "Fix tides", labels=["changelog-fix"])

    with ground(tmp_path, build, configuration=LEVELS) as made:
        _, out, err = castoff(made, *words, "auto", "--json", monkeypatch=monkeypatch, capsys=capsys)

    assert err.startswith("level minor: #1: the label `changelog-add`\n")
    if words == ("plan",):
        assert json.loads(out)["release"]["version"] == "1.1.0"
