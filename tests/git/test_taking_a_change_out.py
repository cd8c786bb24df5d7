"""A change is taken out of a text, and what came after it stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.changelog.cut import CutOptions, cut
from castoff.changelog.news import rejoined
from castoff.git.revert import taken_out

KEEP = """# Changelog

## [Unreleased]

### Added

- The tide. #1

### Fixed

- A leak.

## [1.0.0] - 2026-01-01

- First.

[unreleased]: https://github.com/acme/harbour/compare/1.0.0...main
[1.0.0]: https://github.com/acme/harbour/releases/tag/1.0.0
"""
OPTIONS = CutOptions(root="https://github.com/acme/harbour", tag="1.1.0", previous="1.0.0")


KUBE = """<!-- next-header -->
UNRELEASED
===================

### Added

- The tide. [#1](https://github.com/acme/harbour/issues/1)
 * see https://github.com/acme/harbour/compare/1.0.0...main

1.0.0 / 2026-01-01
===================
- First. [#0](https://github.com/acme/harbour/issues/0)
"""


def cut_of(text: str) -> str:
    return cut(text, "1.1.0", "2026-01-31", OPTIONS).text


def test_news_that_came_after_the_cut_join_those_that_come_back() -> None:
    made = cut_of(KEEP)
    now = made.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- The moon. #9\n", 1)

    text = taken_out(now, before=KEEP, after=made)

    assert text is not None
    assert rejoined(text) == KEEP.replace("- The tide. #1", "- The moon. #9\n- The tide. #1", 1)


@pytest.mark.parametrize("text", [pytest.param(KEEP, id="keep a changelog"), pytest.param(KUBE, id="kube")])
def test_what_was_written_anywhere_after_a_cut_is_all_that_is_left_of_that_time(text: str) -> None:
    made = cut_of(text)
    lines = made.splitlines(keepends=True)

    assert made != text
    assert taken_out(made, before=text, after=made) == text
    for at in range(len(lines) + 1):
        grown = "".join((*lines[:at], "- In between.\n", *lines[at:]))
        left = taken_out(grown, before=text, after=made)
        assert left is None or left.replace("- In between.\n", "", 1) == text
        assert left is None or "- In between.\n" in left


def test_an_entry_that_was_reworded_in_the_section_stays_reworded() -> None:
    made = cut_of(KEEP)
    now = made.replace("A leak.", "A large leak.")

    assert taken_out(now, before=KEEP, after=made) == KEEP.replace("A leak.", "A large leak.")


def test_a_heading_that_was_changed_again_is_left_to_a_person() -> None:
    made = cut_of(KEEP)
    now = made.replace("2026-01-31", "2026-02-01")

    assert taken_out(now, before=KEEP, after=made) is None


def test_a_neighbour_of_a_version_is_no_conflict() -> None:
    before = 'name = "a"\nversion = "1.0.0"\ndescription = "x"\n'
    after = before.replace("1.0.0", "1.1.0")
    now = after.replace('"x"', '"y"').replace('"a"', '"b"')

    assert taken_out(now, before=before, after=after) == now.replace("1.1.0", "1.0.0")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(KEEP, id="groups that are there once"),
        pytest.param("", id="nothing"),
        pytest.param("# Changelog\n\n## Unreleased\n\n- a\n\n- b\n", id="a list"),
    ],
)
def test_a_changelog_without_doubles_is_not_touched(text: str) -> None:
    assert rejoined(text) == text


_LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "## 1\n", "version = 1\n", "x\n", "y\n"]), max_size=12)


@given(_LINES, _LINES, _LINES)
def test_no_line_is_lost_that_the_change_did_not_bring(
    old: list[str], made: list[str], now: list[str]
) -> None:
    before, after, present = "".join(old), "".join(made), "".join(now)

    text = taken_out(present, before=before, after=after)

    assert taken_out(after, before=before, after=after) is not None
    if text is not None:
        brought = {line for line in made if made.count(line) > old.count(line)}
        assert all(
            text.splitlines(keepends=True).count(line) >= min(now.count(line), 1)
            for line in set(now) - brought
        )


@given(_LINES, _LINES)
def test_a_change_that_nothing_followed_is_taken_out_whole(old: list[str], made: list[str]) -> None:
    before, after = "".join(old), "".join(made)

    assert taken_out(after, before=before, after=after) == before
