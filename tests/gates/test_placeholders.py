"""Remedies name the version that is known there, and no placeholder for it."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "castoff"
_PLACEHOLDER = re.compile(
    r"castoff [a-z]+ \"?\n? *f?\"?VERSION\b|\bgit (?:push|fetch) (?:--[a-z]+ )*REMOTE\b"
)
_UNKNOWN_THERE = {
    "cli/commands/changelog.py": "the usage of an option that lacks its version",
    "release/build.py": "the result of a shard that cannot be read",
    "release/waiver_command.py": "the description of the module",
}


def test_no_remedy_leaves_out_a_version_or_a_remote_that_is_known() -> None:
    found = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        if "world" not in file.relative_to(SOURCE).parts and _PLACEHOLDER.search(file.read_text("utf-8"))
    }

    assert found == set(_UNKNOWN_THERE)
