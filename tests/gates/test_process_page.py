"""Each step of the release process is found from the start page in two clicks."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
STEPS = {"A": 6, "B": 5, "C": 11, "D": 6, "E": 3, "F": 4, "G": 13}
"""How many steps each part of the process has."""
ROW = re.compile(r"^\| ([A-G]\d+) \|.*\]\(([^)]+)\)", re.MULTILINE)


def test_every_step_of_the_process_is_linked_from_its_page() -> None:
    rows = ROW.findall((DOCS / "reference" / "process.md").read_text("utf-8"))

    assert [name for name, _ in rows] == [
        f"{part}{number}" for part, count in STEPS.items() for number in range(1, count + 1)
    ]


def test_the_page_of_the_process_is_linked_from_the_start_page_and_the_readme() -> None:
    assert "(reference/process.md)" in (DOCS / "index.md").read_text("utf-8")
    assert "(docs/reference/process.md)" in (DOCS.parent / "README.md").read_text("utf-8")
