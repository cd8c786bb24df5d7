"""Which changes do the tests of the notes work on, and how are random ones made?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from castoff.model.changes import Change
from castoff.notes.configuration import NotesConfiguration
from castoff.notes.engine import NotesRequest
from castoff.notes.reachable import Category
from castoff.values import replace

START = datetime(2026, 1, 1, tzinfo=UTC)
RECORD: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "kube_cases.json").read_text())
KUBE: str = RECORD["configuration"]
REQUEST = NotesRequest(repository="o/r", tag="2.0.0", target="2.0.0", previous_tag="1.0.0")

LABELS = ("changelog-add", "changelog-fix", "changelog-exclude", "docs", "*", "Changelog-Add")
LOGINS = ("ada", "grace", "dependabot[bot]", "Copilot", "Ada")


def change(number: int, title: str = "A title", author: str | None = "ada", **fields: Any) -> Change:
    """Make a change that was merged ``number`` minutes after the start."""
    made = Change(number=number, title=title, author=author, merged_at=START + timedelta(minutes=number))
    return replace(made, **fields)


def categories(*pairs: tuple[str, tuple[str, ...]]) -> NotesConfiguration:
    """Make a configuration of titles and labels."""
    made = tuple(Category(title=title, labels=labels) for title, labels in pairs)
    return NotesConfiguration(path=".github/release.yml", categories=made)


titles = st.text(max_size=40) | st.sampled_from(
    [
        "**Full Changelog**: x",
        "## What's Changed",
        "a\nb",
        "a\r\n* b",
        "```",
        "<!--",
        "a\u2028b",
        "x\x1b[2J",
        "  two  ",
    ]
)
labels = st.lists(st.sampled_from(LABELS), max_size=3, unique=True).map(tuple)
logins = st.sampled_from(LOGINS)


@st.composite
def change_lists(draw: st.DrawFn, max_size: int = 12) -> list[Change]:
    """Draw changes with different numbers; merge times may be equal."""
    numbers = draw(st.lists(st.integers(1, 50), unique=True, max_size=max_size))
    return [
        Change(
            number=number,
            title=draw(titles),
            author=draw(st.none() | logins),
            agent=draw(st.none() | st.just("Copilot")),
            labels=draw(labels),
            merged_at=START + timedelta(minutes=draw(st.integers(0, 5))),
        )
        for number in numbers
    ]


@st.composite
def configurations(draw: st.DrawFn) -> NotesConfiguration:
    """Draw configurations, also odd ones: no category, doubled titles, `*` anywhere."""
    made = draw(
        st.lists(
            st.builds(
                Category,
                title=titles,
                labels=labels,
                exclude_labels=labels,
                exclude_authors=st.lists(logins, max_size=1).map(tuple),
            ),
            max_size=4,
        )
    )
    return NotesConfiguration(
        path=draw(st.sampled_from([None, ".github/release.yml"])),
        categories=tuple(made),
        exclude_labels=draw(labels),
        exclude_authors=draw(st.lists(logins, max_size=2).map(tuple)),
    )
