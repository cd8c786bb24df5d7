"""What the base install can do with crates, and what it says where it cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from castoff.git import FolderTree
from castoff.wiring.embedding import missing_parts
from castoff.wiring.sample import examples

OURS = '[workspace]\nmembers = ["a"]\n[workspace.dependencies]\na = { path = "a", version = "=1.0.0" }\n'


@pytest.fixture(autouse=True)
def _base_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)


@pytest.mark.parametrize(
    ("text", "inside", "lacks"),
    [
        pytest.param(None, False, False, id="no crates"),
        pytest.param(OURS, False, True, id="crates whose released versions are outside"),
        pytest.param(OURS, True, False, id="crates that need no others, in a world"),
        pytest.param(OURS + 'cfg-if = "1"\n', True, True, id="a dependency of the workspace"),
        pytest.param('[dependencies]\ncfg-if = { version = "1" }\n', True, True, id="a dependency"),
        pytest.param('[target."cfg(unix)".dev-dependencies]\ncfg-if = "1"\n', True, True, id="of a target"),
    ],
)
def test_the_base_install_says_what_it_lacks(
    text: str | None, inside: bool, lacks: bool, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "Cargo.toml").write_text(text, encoding="utf-8")
    found = missing_parts(FolderTree(tmp_path), inside=inside)
    assert [one.code for one in found] == (["rehearse-extra-missing"] if lacks else [])
    assert all("pip install 'castoff[rehearse]'" in one.remedy for one in found)


def test_the_sample_of_the_demo_needs_no_extra() -> None:
    assert missing_parts(FolderTree(examples() / "cargo"), inside=True) == ()
