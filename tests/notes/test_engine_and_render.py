"""Does the engine sort and print as the forge does, in the corners too?"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notes_cases import REQUEST, categories, change, change_lists, configurations

from castoff.model.changes import Change
from castoff.notes.configuration import DEFAULT, NotesConfiguration
from castoff.notes.engine import NotesRequest, sort_into_notes
from castoff.notes.reachable import Category
from castoff.notes.render import body, notes_object
from castoff.values import replace

FOOTER = "**Full Changelog**: https://github.com/o/r/compare/1.0.0...2.0.0"
COMMENT = "<!-- Release notes generated using configuration in .github/release.yml at 2.0.0 -->"
ALL_KNOWN = replace(REQUEST, known_contributors=frozenset({"ada", "grace", "dependabot[bot]"}))


def text(configuration: NotesConfiguration, *changes: Change, request: NotesRequest = ALL_KNOWN) -> str:
    return body(sort_into_notes(configuration, changes, request))


def test_without_a_configuration_the_notes_are_a_flat_list_with_two_blank_lines_before_the_last_line() -> (
    None
):
    assert text(DEFAULT, change(2, "Second"), change(1, "First")) == (
        "## What's Changed\n"
        "* First by @ada in https://github.com/o/r/pull/1\n"
        "* Second by @ada in https://github.com/o/r/pull/2\n"
        "\n\n" + FOOTER
    )


def test_the_object_of_the_notes_holds_each_change_with_its_category() -> None:
    changes = (
        change(1, "One", labels=("fix",), merge_commit="c1"),
        change(2, "Two", url="https://forge.example/2"),
    )
    notes = sort_into_notes(categories(("Fixed", ("fix",)), ("Other", ("*",))), changes, REQUEST)

    found = notes_object(notes)

    assert found["categories"] == [{"title": "Fixed", "changes": [1]}, {"title": "Other", "changes": [2]}]
    assert found["changes"] == [
        {
            "number": 1,
            "title": "One",
            "login": "ada",
            "labels": ["fix"],
            "url": "https://github.com/o/r/pull/1",
            "merged_at": changes[0].merged_at.isoformat().replace("+00:00", "Z"),
            "commit": "c1",
            "category": "Fixed",
        },
        {
            "number": 2,
            "title": "Two",
            "login": "ada",
            "labels": [],
            "url": "https://forge.example/2",
            "merged_at": changes[1].merged_at.isoformat().replace("+00:00", "Z"),
            "commit": None,
            "category": "Other",
        },
    ]


def test_new_contributors_have_one_blank_line_before_and_after() -> None:
    assert text(DEFAULT, change(1, "First"), request=REQUEST) == (
        "## What's Changed\n"
        "* First by @ada in https://github.com/o/r/pull/1\n"
        "\n"
        "## New Contributors\n"
        "* @ada made their first contribution in https://github.com/o/r/pull/1\n"
        "\n" + FOOTER
    )


def test_with_nothing_to_list_there_is_no_heading() -> None:
    assert text(categories(("Added", ("changelog-add",)))) == COMMENT + "\n\n\n\n" + FOOTER


def test_without_a_configuration_and_changes_only_the_last_line_remains() -> None:
    assert text(DEFAULT) == FOOTER


def test_a_first_release_shows_the_commits_of_its_tag() -> None:
    first = replace(REQUEST, previous_tag=None, tag="v0.0.1")

    assert text(DEFAULT, request=first) == "**Full Changelog**: https://github.com/o/r/commits/v0.0.1"


def test_a_configuration_without_categories_makes_a_flat_list_below_its_comment() -> None:
    configuration = NotesConfiguration(path=".github/release.yml", exclude_labels=("skip",))

    made = text(configuration, change(1, "First"), change(2, "Hidden", labels=("skip",)))

    assert made.startswith(COMMENT + "\n\n## What's Changed\n* First by @ada in")
    assert "Hidden" not in made


def test_the_comment_names_the_target_and_not_the_tag() -> None:
    made = text(categories(("Added", ("a",))), request=replace(ALL_KNOWN, target="main"))

    assert made.partition("\n")[0] == COMMENT.replace("2.0.0", "main")


CLASSES = [
    ("the first category in file order wins", (("A", ("a",)), ("B", ("b",))), ("b", "a"), "A"),
    ("a catch-all takes what no other takes", (("A", ("a",)), ("Other", ("*",))), ("x",), "Other"),
    ("a catch-all takes changes without labels", (("A", ("a",)), ("Other", ("*",))), (), "Other"),
    ("a catch-all that stands first takes all", (("Other", ("*",)), ("A", ("a",))), ("a",), "Other"),
    ("labels of a category are alternatives", (("A", ("a", "b")),), ("b",), "A"),
    ("labels are compared exactly", (("A", ("a",)),), ("A",), None),
    ("a change without a matching label is left out", (("A", ("a",)),), ("x",), None),
]


@pytest.mark.parametrize(
    ("pairs", "labels", "expected"), [c[1:] for c in CLASSES], ids=[c[0] for c in CLASSES]
)
def test_categories(
    pairs: tuple[tuple[str, tuple[str, ...]], ...], labels: tuple[str, ...], expected: str | None
) -> None:
    notes = sort_into_notes(categories(*pairs), [change(1, labels=labels)], REQUEST)

    assert [section.title for section in notes.sections] == ([expected] if expected else [])


def test_a_category_that_excludes_a_change_lets_it_fall_through() -> None:
    configuration = NotesConfiguration(
        categories=(
            Category(title="Bumps", labels=("deps",), exclude_labels=("security",), exclude_authors=("ada",)),
            Category(title="Other", labels=("*",)),
        )
    )
    changes = [
        change(1, labels=("deps", "security"), author="grace"),
        change(2, labels=("deps",)),
        change(3, labels=("deps",), author="grace"),
    ]

    notes = sort_into_notes(configuration, changes, REQUEST)

    assert [(s.title, [c.number for c in s.changes]) for s in notes.sections] == [
        ("Bumps", [3]),
        ("Other", [1, 2]),
    ]


LEFT_OUT = [
    ("excluded label", {"labels": ("skip", "a")}, "excluded-label", "label `skip` is excluded"),
    ("excluded author", {"author": "renovate[bot]"}, "excluded-author", "author `renovate[bot]` is excluded"),
    ("excluded agent", {"agent": "Copilot"}, "excluded-author", "author `Copilot` is excluded"),
    ("no label", {}, "no-category", "it has no label"),
    ("other label", {"labels": ("docs",)}, "no-category", "no category takes `docs`"),
    (
        "category excludes",
        {"labels": ("b",), "author": "grace"},
        "no-category",
        "kept out of `B` by that category's own exclusions",
    ),
]


@pytest.mark.parametrize(
    ("fields", "reason", "detail"), [c[1:] for c in LEFT_OUT], ids=[c[0] for c in LEFT_OUT]
)
def test_what_is_left_out_says_why(fields: dict[str, Any], reason: str, detail: str) -> None:
    configuration = NotesConfiguration(
        categories=(
            Category(title="A", labels=("a",)),
            Category(title="B", labels=("b",), exclude_authors=("grace",)),
        ),
        exclude_labels=("skip",),
        exclude_authors=("renovate[bot]", "Copilot"),
    )

    notes = sort_into_notes(configuration, [change(1, merge_commit="c0ffee", **fields)], REQUEST)

    (left,) = notes.left_out
    assert (left.number, left.commit, left.reason, left.detail) == (1, "c0ffee", reason, detail)
    assert notes.sections == ()


def test_an_author_matches_only_with_the_exact_login() -> None:
    configuration = NotesConfiguration(exclude_authors=("dependabot",))

    notes = sort_into_notes(configuration, [change(1, author="dependabot[bot]")], REQUEST)

    assert notes.left_out == ()


def test_changes_that_are_left_out_still_make_new_contributors() -> None:
    configuration = NotesConfiguration(exclude_labels=("skip",))

    made = text(configuration, change(1, labels=("skip",)), request=REQUEST)

    assert "* @ada made their first contribution in https://github.com/o/r/pull/1" in made
    assert "What's Changed" not in made


def test_an_agent_is_named_and_is_the_contributor() -> None:
    changes = (change(1, "First", agent="Copilot"), change(2, "Second", author="grace", agent="Copilot"))

    made = text(DEFAULT, *changes, request=REQUEST)

    assert "* First by @ada with @Copilot in https://github.com/o/r/pull/1\n" in made
    assert made.count("first contribution") == 1
    assert "* @ada with @Copilot made their first contribution in https://github.com/o/r/pull/1" in made


def test_a_deleted_account_is_a_ghost_and_nobodys_first_time() -> None:
    made = text(DEFAULT, change(1, "First", author=None), request=REQUEST)

    assert "* First by @ghost in" in made
    assert "New Contributors" not in made


def test_logins_are_known_in_any_case() -> None:
    notes = sort_into_notes(DEFAULT, [change(1, author="Grace")], ALL_KNOWN)

    assert notes.new_contributors == ()


def test_equal_merge_times_are_ordered_by_number() -> None:
    first, second = change(9), change(4)
    twins = [first, replace(second, merged_at=first.merged_at)]

    notes = sort_into_notes(DEFAULT, twins, REQUEST)

    assert [c.number for c in notes.changes] == [4, 9]


TITLES = [
    ("spaces are kept", "  two  spaces  ", "  two  spaces  "),
    ("a tab is kept", "a\tb", "a\tb"),
    ("markdown is kept", "`a` *b* [c](d) <e> @f #1", "`a` *b* [c](d) <e> @f #1"),
    ("a mark of direction is kept", "a\u202eb", "a\u202eb"),
    ("a line feed", "a\nb", "a b"),
    ("both line ends", "a\r\nb\rc", "a b c"),
    ("other line ends", "a\u2028b\u2029c\x85d\x0be\x0cf", "a b c d e f"),
    ("an escape sequence", "a\x1b[31mb\x07", "a [31mb "),
    ("a control character of the second set", "a\x9b31mb", "a 31mb"),
    ("a null", "a\x00b", "a b"),
]


@pytest.mark.parametrize(("title", "expected"), [c[1:] for c in TITLES], ids=[c[0] for c in TITLES])
def test_titles_are_verbatim_but_cannot_break_a_line(title: str, expected: str) -> None:
    assert f"* {expected} by @ada in https://github.com/o/r/pull/1\n" in text(DEFAULT, change(1, title))


@given(change_lists(), configurations())
def test_every_change_is_in_exactly_one_category_or_left_out(
    changes: list[Change], configuration: NotesConfiguration
) -> None:
    notes = sort_into_notes(configuration, changes, REQUEST)

    listed = [c.number for section in notes.sections for c in section.changes]
    left = [item.number for item in notes.left_out]
    assert sorted([*listed, *(n for n in left if n is not None)]) == sorted(c.number for c in changes)


@given(change_lists(), configurations(), st.randoms(use_true_random=False))
def test_rendering_does_not_depend_on_the_order_of_the_input(
    changes: list[Change], configuration: NotesConfiguration, random: Random
) -> None:
    shuffled = list(changes)
    random.shuffle(shuffled)

    assert text(configuration, *shuffled, request=REQUEST) == text(configuration, *changes, request=REQUEST)


@given(change_lists(), configurations())
def test_every_change_takes_exactly_one_line_whatever_its_title_is(
    changes: list[Change], configuration: NotesConfiguration
) -> None:
    notes = sort_into_notes(configuration, changes, ALL_KNOWN)
    lines = body(notes).splitlines()

    listed = [c for section in notes.sections for c in section.changes]
    assert len([entry for entry in lines if entry.startswith("* ")]) == len(listed) + len(
        notes.new_contributors
    )
    assert lines.count(FOOTER) == 1
    assert lines[-1] == FOOTER
    assert lines.count("## What's Changed") == (1 if listed else 0)
