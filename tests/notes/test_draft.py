"""Is a draft split where people and generator meet, and brought up to date without losing a word?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notes_cases import REQUEST, categories, change, change_lists, configurations

from castoff.model.changes import Change
from castoff.notes.configuration import NotesConfiguration
from castoff.notes.draft import (
    departures,
    draft_problems,
    hidden_lines,
    join,
    missing_lines,
    split,
    with_header,
)
from castoff.notes.engine import sort_into_notes
from castoff.notes.regenerate import regenerate
from castoff.notes.render import body as rendered
from recorded import assert_recorded, problems_as_text

DATA = Path(__file__).parent / "data"

SORTED = categories(("Added", ("add",)), ("Fixed", ("fix",)))
FIRST = (change(1, "One", labels=("add",)), change(2, "Two", labels=("fix",)))
LATER = (*FIRST, change(3, "Three", labels=("add",), author="grace"))


def notes(*changes: Change, configuration: NotesConfiguration = SORTED) -> str:
    return rendered(sort_into_notes(configuration, changes, REQUEST))


def text(lines: object) -> str:
    assert isinstance(lines, tuple)
    return "".join(line.text + line.end for line in lines)


OLD, NEW = notes(*FIRST), notes(*LATER)
COMMENT = OLD.partition("\n")[0]
LIST = OLD.partition("\n\n")[2]
LIST_NEW = NEW.partition("\n\n")[2]
HEADER = "## Highlights\n\n### Added\n\nA word.\n\n### Interface Changes\n\n```diff\n-a\n+b\n```"

PLACES = [
    ("the comment stands first", f"{COMMENT}\n\n{HEADER}\n\n{LIST}"),
    ("the comment stands before the list", f"{HEADER}\n\n{COMMENT}\n\n{LIST}"),
    ("there is no comment", f"{HEADER}\n\n{LIST}"),
]


@pytest.mark.parametrize("body", [c[1] for c in PLACES], ids=[c[0] for c in PLACES])
def test_the_generated_part_is_found_wherever_the_comment_stands(body: str) -> None:
    parts = split(body)

    assert text(parts.generated) == LIST
    assert parts.header == HEADER
    assert text(parts.before) + text(parts.generated) + text(parts.after) == body


WELCOME = "* @a made their first contribution in https://github.com/o/r/pull/1"
FOOTER = "**Full Changelog**: u"
SPLITS = [
    ("empty", "", "", ""),
    ("only by hand", "Hello\n", "Hello\n", ""),
    ("only the last line", "**Full Changelog**: u", "", "**Full Changelog**: u"),
    ("quoted in a fence", "```\n## What's Changed\n```\n", "```\n## What's Changed\n```\n", ""),
    ("quoted in a comment", "<!--\n## What's Changed\n-->\nx", "<!--\n## What's Changed\n-->\nx", ""),
    (
        "a fence in a fence",
        "````\n```\n## What's Changed\n````\n",
        "````\n```\n## What's Changed\n````\n",
        "",
    ),
    ("an open fence", "```\n" + LIST, "```\n" + LIST, ""),
    ("the last of two", "## What's Changed\nx\n" + LIST, "## What's Changed\nx\n", LIST),
    (
        "a linked heading",
        "x\n## [What's Changed](u)\n**Full Changelog**: u",
        "x\n",
        "## [What's Changed](u)\n**Full Changelog**: u",
    ),
    (
        "another apostrophe",
        f"## What’s Changed\n{FOOTER}",
        "",
        f"## What’s Changed\n{FOOTER}",
    ),
    ("a category of that name", "### What's Changed\n", "### What's Changed\n", ""),
    (
        "new contributors only",
        f"x\n\n## New Contributors\n{WELCOME}\n\n{FOOTER}",
        "x\n\n",
        f"## New Contributors\n{WELCOME}\n\n{FOOTER}",
    ),
]


@pytest.mark.parametrize(("body", "before", "generated"), [c[1:] for c in SPLITS], ids=[c[0] for c in SPLITS])
def test_split(body: str, before: str, generated: str) -> None:
    parts = split(body)

    assert (text(parts.before), text(parts.generated), text(parts.after)) == (before, generated, "")


def test_without_the_last_line_the_generated_part_ends_with_its_last_entry() -> None:
    body = LIST.partition("\n\n**Full")[0] + "\n\nThanks to all!\n"

    parts = split(body)

    assert text(parts.generated).endswith("first contribution in https://github.com/o/r/pull/1\n")
    assert text(parts.after) == "\nThanks to all!\n"
    assert [departure.name for departure in missing_lines(body, OLD)] == ["the line `Full Changelog`"]
    assert regenerate(body, NEW).body == f"{LIST_NEW}\n\nThanks to all!\n"


def test_text_after_the_last_line_is_not_generated() -> None:
    parts = split(LIST + "\n\nSee you!\n")

    assert text(parts.after) == "\nSee you!\n"


def test_the_header_comes_before_the_generated_text() -> None:
    assert join("Hello\n\n", OLD) == "Hello\n\n" + OLD
    assert join(" \n", OLD) == OLD


HEADERS = [
    ("none before", OLD, f"New\n\n{OLD}"),
    ("the comment first", f"{COMMENT}\n\n{HEADER}\n\n{LIST}", f"{COMMENT}\n\nNew\n\n{LIST}"),
    ("the comment before the list", f"{HEADER}\n\n{COMMENT}\n\n{LIST}", f"New\n\n{COMMENT}\n\n{LIST}"),
    ("no comment", f"{HEADER}\n\n{LIST}\n\nSee you!", f"New\n\n{LIST}\n\nSee you!"),
    ("nothing generated", "By hand.", "New"),
    ("nothing at all", "", "New"),
]


@pytest.mark.parametrize(("body", "expected"), [c[1:] for c in HEADERS], ids=[c[0] for c in HEADERS])
def test_a_header_is_replaced_and_nothing_else(body: str, expected: str) -> None:
    assert with_header(body, "New\n") == expected
    assert with_header(body.replace("\n", "\r\n"), "New\n") == expected.replace("\n", "\r\n")
    assert split(with_header(body, "")).header == ""


MISSING = [
    ("an entry", "* One by @ada in https://github.com/o/r/pull/1\n", "the line of change #1"),
    ("a category", "### Fixed\n", "the category `Fixed`"),
    ("the heading of new contributors", "## New Contributors\n", "the heading `## New Contributors`"),
    (
        "a welcome",
        "* @ada made their first contribution in https://github.com/o/r/pull/1\n",
        "the welcome for change #1",
    ),
    (
        "the last line",
        "**Full Changelog**: https://github.com/o/r/compare/1.0.0...2.0.0",
        "the line `Full Changelog`",
    ),
]


@pytest.mark.parametrize(("gone", "name"), [c[1:] for c in MISSING], ids=[c[0] for c in MISSING])
def test_a_line_that_is_gone_is_named(gone: str, name: str) -> None:
    assert gone in OLD

    (departure,) = missing_lines(join(HEADER, OLD.replace(gone, "")), OLD)

    assert departure.name == name
    assert departure.expected == gone.rstrip("\n")


def test_all_lines_are_gone_from_a_body_by_hand() -> None:
    assert len(missing_lines("By hand.", OLD)) == 8


def test_an_edited_line_is_a_warning_and_a_lost_one_an_error() -> None:
    body = OLD.replace("One by @ada in", "One by @ada (backported) in").replace(
        "* Two by @ada in https://github.com/o/r/pull/2\n", ""
    )

    found = draft_problems(body, OLD)

    assert [(p.code, p.severity, p.pull_request) for p in found] == [
        ("draft-line-edited", "warning", 1),
        ("draft-line-missing", "error", 2),
    ]


TWO = "* Two by @ada in https://github.com/o/r/pull/2\n"
SPOILED = {
    "gone": OLD.replace(TWO, ""),
    "edited": OLD.replace("One by @ada in", "One by @ada (backported) in"),
    "twice": OLD.replace(TWO, TWO * 2),
    "too long": "x" * 130_000 + "\n\n" + OLD,
    "as it was": OLD,
}


def test_what_is_reported_of_a_draft_is_recorded() -> None:
    """``CASTOFF_WRITE_CASES=1`` writes the record anew; read the difference before you commit it."""
    found = "".join(problems_as_text(case, draft_problems(body, OLD)) for case, body in SPOILED.items())
    for lost in (departures("By hand.", OLD)[:1], departures("By hand.", OLD)):
        found += problems_as_text(f"{len(lost)} hidden", [hidden_lines(lost)])

    assert_recorded(DATA / "draft_problems.txt", found)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_an_untouched_draft_becomes_the_new_text(end: str) -> None:
    body = join(HEADER, OLD).replace("\n", end)

    made = regenerate(body, NEW, previous=OLD)

    assert made.body == join(HEADER, NEW).replace("\n", end)
    assert made.kept == ()


def test_what_is_only_new_needs_no_memory_of_what_was() -> None:
    assert regenerate(join(HEADER, OLD), NEW).body == join(HEADER, NEW)


def test_a_body_without_a_generated_part_gets_one() -> None:
    assert regenerate("Hello", NEW).body == "Hello\n\n" + NEW
    assert regenerate("", NEW).body == NEW


def test_the_comment_follows_the_new_one() -> None:
    moved = NEW.replace("at 2.0.0 -->", "at main -->")

    made = regenerate(f"{COMMENT}\n\n{HEADER}\n\n{LIST}", moved)

    assert made.body.startswith(
        "<!-- Release notes generated using configuration in .github/release.yml at main -->"
    )


def test_a_line_written_between_generated_ones_stays_where_it_was() -> None:
    body = OLD.replace("### Fixed\n", "  - see the guide\n\nA paragraph.\n\n### Fixed\n")

    made = regenerate(body, NEW)

    assert (
        "/pull/1\n  - see the guide\n"
        "* Three by @grace in https://github.com/o/r/pull/3\n\nA paragraph.\n\n### Fixed\n" in made.body
    )


def test_an_edited_line_is_kept_and_named() -> None:
    line = "* One by @ada (backported by @grace) in https://github.com/o/r/pull/1"
    body = OLD.replace("* One by @ada in https://github.com/o/r/pull/1", line)

    for previous in (None, OLD):
        made = regenerate(body, NEW, previous=previous)

        assert line + "\n" in made.body
        assert made.kept == (line,)
        assert "pull/3" in made.body


def test_a_line_that_was_generated_and_is_not_any_more_goes_only_where_that_is_known() -> None:
    shorter = notes(FIRST[0])

    assert "pull/2" not in regenerate(OLD, shorter, previous=OLD).body
    assert regenerate(OLD, shorter, previous=OLD).body == shorter
    assert regenerate(OLD, shorter).kept == ("* Two by @ada in https://github.com/o/r/pull/2",)
    assert "### Fixed\n* Two by" in regenerate(OLD, shorter).body


def test_a_title_without_lines_stays_above_what_people_wrote_below_it() -> None:
    body = OLD.replace("/pull/2\n", "/pull/2\n\nMore to come.\n")

    made = regenerate(body, notes(FIRST[0]), previous=OLD)

    assert "### Fixed\n\nMore to come.\n" in made.body
    assert "pull/2" not in made.body


def test_what_is_new_comes_below_the_heading_that_is_there() -> None:
    footer = OLD.splitlines()[-1]
    new = f"## New Contributors\n* @jo made their first contribution in https://github.com/o/r/pull/3\n\n{footer}"

    made = regenerate(f"## What's Changed\n\n{footer}", new)

    assert [line for line in made.body.splitlines() if line] == [
        "## What's Changed",
        *new.splitlines()[:2],
        footer,
    ]


def test_a_title_that_changed_since_is_brought_up_to_date_where_nobody_touched_the_line() -> None:
    renamed = notes(change(1, "Uno", labels=("add",)), FIRST[1])

    assert regenerate(join(HEADER, OLD), renamed, previous=OLD).body == join(HEADER, renamed)
    assert "* One by" in regenerate(OLD, renamed).body


def test_a_line_that_was_taken_out_comes_back_in_its_place() -> None:
    body = join(HEADER, NEW.replace("* One by @ada in https://github.com/o/r/pull/1\n", ""))

    assert regenerate(body, NEW).body == join(HEADER, NEW)


def test_moved_lines_stay_where_people_put_them() -> None:
    line = "* One by @ada in https://github.com/o/r/pull/1\n"
    body = OLD.replace(line, "").replace("### Fixed\n", "### Fixed\n" + line)

    assert regenerate(body, OLD).body == body


def test_a_renamed_category_keeps_its_name() -> None:
    body = OLD.replace("### Fixed", "### Bugs that are gone")

    made = regenerate(body, NEW)

    assert "### Bugs that are gone\n* Two" in made.body
    assert "### Fixed" not in made.body


def test_doubled_category_titles_are_told_apart() -> None:
    doubled = categories(("Same", ("add",)), ("Same", ("fix",)))
    old, new = notes(*FIRST, configuration=doubled), notes(*LATER, configuration=doubled)

    assert regenerate("Hello\n\n" + old, new).body == "Hello\n\n" + new
    assert departures(old, old) == ()


def test_text_that_is_no_notes_changes_nothing() -> None:
    assert regenerate(OLD, "no notes").body == OLD


# Properties


@given(change_lists(), configurations())
def test_every_generated_line_is_recognised(changes: list[Change], configuration: NotesConfiguration) -> None:
    generated = notes(*changes, configuration=configuration)

    parts = split(generated)

    assert all(line.key is not None or line.is_blank for line in parts.generated)
    assert departures(generated, generated) == ()
    assert departures(join("## Highlights\n\n* a", generated), generated) == ()
    keys = [line.key for line in parts.generated if line.key is not None]
    assert len(keys) == len(set(keys))


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[str], str, str]:
    """Draw a generated text edited by hand, the hand-written lines, the old and the new generated text."""
    configuration = draw(configurations())
    changes = draw(change_lists())
    cut = draw(st.integers(0, len(changes)))
    old = notes(*changes[:cut], configuration=configuration)
    new = notes(*draw(st.permutations(changes[draw(st.integers(0, cut)) :])), configuration=configuration)
    lines = join(draw(st.sampled_from(["", HEADER])), old).split("\n")
    written: list[str] = []
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines)))
        match draw(st.sampled_from(["insert", "delete", "edit", "double"])):
            case "insert":
                line = draw(hand_lines) + f" {len(written)}"
                lines.insert(at, line)
                written.append(line)
            case "edit" if at < len(lines) and "pull/" in lines[at]:
                lines[at] = lines[at].replace(" in http", f" (edited {len(written)}) in http")
                written.append(lines[at])
            case "delete" if at < len(lines) and lines[at] not in written:
                del lines[at]
            case "double" if at < len(lines):
                lines.insert(at, lines[at])
            case _:
                pass
    written = [line for line in written if line in lines]
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines), written, old, new


hand_lines = st.sampled_from(
    [
        "A word",
        "  - a sub-item",
        "### By hand",
        "```",
        "> quote",
        "* by hand",
        "<!-- x",
        "-->",
        "## What's Changed",
        "**Full Changelog**: x",
    ]
) | st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=10)


@given(edited(), st.booleans())
def test_regenerating_keeps_every_line_that_people_wrote(
    case: tuple[str, list[str], str, str], known: bool
) -> None:
    body, written, old, new = case

    made = regenerate(body, new, previous=old if known else None)

    result = [line.rstrip("\r") for line in made.body.split("\n")]
    for line in written:
        assert line in result


@given(edited(), st.booleans())
def test_regenerating_twice_is_regenerating_once(case: tuple[str, list[str], str, str], known: bool) -> None:
    body, _, old, new = case

    once = regenerate(body, new, previous=old if known else None).body

    assert regenerate(once, new, previous=new).body == once
    assert regenerate(once, new).body == once


@given(edited())
def test_after_regenerating_nothing_is_missing(case: tuple[str, list[str], str, str]) -> None:
    body, _, old, new = case

    made = regenerate(body, new, previous=old)

    if split(body).generated and split(made.body).generated:
        assert missing_lines(made.body, new) == ()


@given(edited(), st.sampled_from(["", HEADER, "```\nopen", "a\r\nb", "<!-- open"]))
def test_a_new_header_leaves_the_generated_part_alone(
    case: tuple[str, list[str], str, str], header: str
) -> None:
    body = case[0]

    made = split(with_header(body, header))

    if split(body).generated:
        assert (made.generated, made.after) == (split(body).generated, split(body).after)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_taken(body: str, generated: str) -> None:
    parts = split(body)

    assert text(parts.before) + text(parts.generated) + text(parts.after) == body
    regenerate(body, generated, previous=generated)
    draft_problems(body, generated)
