"""Each kind of defect: found where it is, repaired where that is safe, and not seen where it is none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from castoff.changelog import cut
from castoff.changelog.doctor import ChangelogFinding, OutsideFacts, examine, fix, read_known
from recorded import assert_recorded

RECORD = Path(__file__).parent / "data" / "findings.txt"

ROOT = "https://github.com/acme/acme"


def section(version: str, day: str, *lines: str, linked: bool = True) -> str:
    title = f"[{version}]({ROOT}/releases/tag/{version})" if linked else version
    return f"{title} / {day}\n===================\n" + "".join(f"{line}\n" for line in lines) + "\n"


def notes(version: str, previous: str, number: int) -> tuple[str, ...]:
    return (
        f"<!-- Release notes generated using configuration in .github/release.yml at {version} -->",
        "",
        "## What's Changed",
        f"* do [#{number}]({ROOT}/pull/{number}) by @jo in {ROOT}/pull/{number}",
        "",
        f"**Full Changelog**: {ROOT}/compare/{previous}...{version}",
    )


WAITING = f"UNRELEASED\n===================\n * see {ROOT}/compare/1.3.0...main\n\n"
OLD = (
    section("1.2.0", "2026-03-01", *notes("1.2.0", "1.1.0", 12))
    + section("1.1.0", "2026-02-01", *notes("1.1.0", "1.0.0", 11))
    + section("1.0.0", "2026-01-01", *notes("1.0.0", "0.9.0", 10))
)
NEW = section("1.3.0", "2026-04-01", *notes("1.3.0", "1.2.0", 13))
CLEAN = WAITING + NEW + OLD
TAGS = "1.0.0\t2026-01-01\n1.1.0\t2026-02-01\n1.2.0\t2026-03-01\n1.3.0\t2026-04-01\n"
COMPARE = f" * see {ROOT}/compare/1.2.0...main"
FIRST = f"* @jo made their first contribution in {ROOT}/pull/13"


def kinds(text: str, tags: str | None = None) -> list[tuple[str, int | None, str | None]]:
    return [(f.kind, f.line, f.release) for f in examine(text, read_known(tags) if tags else None)]


def test_a_clean_file_is_not_accused() -> None:
    assert kinds(CLEAN) == []
    assert kinds(CLEAN, TAGS) == []
    assert fix(CLEAN).text == CLEAN


DEFECTS = {
    "an empty section with a stale comparison": (
        WAITING + section("1.3.0", "2026-04-01", COMPARE, linked=False) + OLD,
        [
            ("empty-section", 5, "1.3.0"),
            ("notes-never-imported", 5, "1.3.0"),
            ("stale-compare-line", 7, "1.3.0"),
        ],
        ["empty-section", "notes-never-imported"],
    ),
    "notes that never came, though news stand there": (
        WAITING + section("1.3.0", "2026-04-01", " * news", linked=False) + OLD,
        [("notes-never-imported", 5, "1.3.0")],
        ["notes-never-imported"],
    ),
    "a doubled heading": (
        WAITING + NEW + section("1.3.0", "2026-04-01", COMPARE, linked=False) + OLD,
        [
            ("doubled-heading", 14, "1.3.0"),
            ("empty-section", 14, "1.3.0"),
            ("stale-compare-line", 16, "1.3.0"),
        ],
        [],
    ),
    "a doubled heading with the empty one first": (
        WAITING + section("1.3.0", "2026-04-01", linked=False) + NEW + OLD,
        [("doubled-heading", 5, "1.3.0"), ("empty-section", 5, "1.3.0")],
        [],
    ),
    "two sections of a version": (
        WAITING + NEW + section("1.3.0", "2026-04-01", "other words") + OLD,
        [("doubled-heading", 14, "1.3.0")],
        ["doubled-heading"],
    ),
    "a list that lost its heading": (
        WAITING + NEW.replace("\n\n**Full", f"\n\n\n{FIRST}\n{FIRST}\n\n**Full") + OLD,
        [("orphan-new-contributors-list", 13, "1.3.0")],
        [],
    ),
    "a trailer that was cut": (
        WAITING + section("1.3.0", "2026-04-01", *notes("1.3.0", "1.2.0", 13)[:4]) + OLD,
        [("trailer-cut", 10, "1.3.0")],
        ["trailer-cut"],
    ),
    "no blank line before a heading": (
        WAITING + NEW.rstrip("\n") + "\n" + OLD,
        [("missing-blank-before-heading", 13, "1.3.0")],
        [],
    ),
    "no blank line between a list and a heading": (
        WAITING + section("1.3.0", "2026-04-01", "* x").rstrip("\n") + "\n" + OLD,
        [("missing-blank-before-heading", 8, "1.3.0")],
        [],
    ),
    "a heading with no day": (
        WAITING + NEW.replace("2026-04-01", "2026-04-XX (SOON)") + OLD,
        [("unparsable-heading", 5, "1.3.0")],
        ["unparsable-heading"],
    ),
    "a heading with a day that no calendar has": (
        WAITING + NEW.replace("2026-04-01", "2026-02-30") + OLD,
        [("unparsable-heading", 5, "1.3.0")],
        ["unparsable-heading"],
    ),
    "a comparison that begins too early": (
        CLEAN.replace("1.3.0...main", "1.2.0...main"),
        [("unreleased-compare-base", 3, None)],
        [],
    ),
    "a short underline": (
        WAITING + NEW.replace("=\n", "\n", 1) + OLD,
        [("underline-length", 6, "1.3.0")],
        [],
    ),
    "a day before an older release's": (
        WAITING + NEW.replace("2026-04-01", "2026-02-15") + OLD,
        [("date-not-monotonic", 5, "1.3.0")],
        ["date-not-monotonic"],
    ),
    "a naked number": (
        CLEAN.replace("## What's Changed\n", "## What's Changed\n* fix (#5)\n", 1).replace(
            "\n**Full", f"\n[#1]({ROOT}/pull/1) [#2]({ROOT}/pull/2)\n\n**Full", 1
        ),
        [("naked-issue-reference", 10, "1.3.0")],
        [],
    ),
    "a pull request linked as an issue": (
        CLEAN.replace(f"[#12]({ROOT}/pull/12)", f"[#12]({ROOT}/issues/12)"),
        [("pull-linked-as-issue", 19, "1.2.0")],
        [],
    ),
    "a relative link": (
        CLEAN.replace("## What's Changed\n", "## What's Changed\nsee [it](./docs/it.md)\n", 1),
        [("relative-link", 10, "1.3.0")],
        ["relative-link"],
    ),
    "a comparison with the branch in a sentence": (
        NEW
        + f"as {ROOT}/compare/1.2.0...main shows, which people wrote with more words than a bare line has\n\n"
        + OLD,
        [("stale-compare-line", 10, "1.3.0")],
        ["stale-compare-line"],
    ),
    "a bare comparison with a branch of another repository": (
        NEW + " * see https://github.com/acme/other/compare/1.2.0...main\n\n" + OLD,
        [("stale-compare-line", 10, "1.3.0")],
        [],
    ),
    "a relative image": (
        CLEAN.replace("## What's Changed\n", "## What's Changed\n![it](./it.png)\n", 1),
        [("relative-link", 10, "1.3.0")],
        ["relative-link"],
    ),
    "a relative link in a file without an address": (
        "## 1.0.0\n\nsee [it](it.md)\n",
        [("relative-link", 3, "1.0.0")],
        ["relative-link"],
    ),
    "a list that lost its heading on the first line": (
        f"{FIRST}\n\n{CLEAN}",
        [("orphan-new-contributors-list", 1, None)],
        [],
    ),
    "underlines of which two thirds have one length": (
        "".join(
            f"1.{n}.0\n{'=' * length}\na\n\n"
            for n, length in zip((5, 4, 3, 2, 1, 0), (9, 9, 9, 9, 10, 11), strict=True)
        ),
        [("underline-length", 18, "1.1.0"), ("underline-length", 22, "1.0.0")],
        [],
    ),
}


@pytest.mark.parametrize(("text", "found", "left"), DEFECTS.values(), ids=DEFECTS.keys())
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_wound_is_found_and_mended(
    text: str, found: list[tuple[str, int, str]], left: list[str], newline: str
) -> None:
    text = text.replace("\n", newline)
    assert kinds(text) == found
    repaired = fix(text)
    assert [finding.kind for finding in repaired.findings] == left
    assert fix(repaired.text).text == repaired.text
    assert (newline == "\r\n") == ("\r\n" in repaired.text)
    assert "\n" not in repaired.text.replace(newline, "")


def findings_of(name: str, text: str, tags: str | None = None) -> Iterator[str]:
    """Write down what is found in a text, word for word, and what the repairs change in it."""
    known = read_known(tags) if tags is not None else None
    yield f"== {name}\n"
    yield from (f"{one}\n" for one in map(finding_line, examine(text, known)))
    repaired = fix(text, known)
    if repaired.text != text:
        yield f"fixed {repaired.fixed}, left {len(repaired.findings)}\n"
        changes = difflib.unified_diff(text.split("\n"), repaired.text.split("\n"), n=0, lineterm="")
        yield from (f"{line}\n" for line in list(changes)[2:])


def finding_line(one: ChangelogFinding) -> str:
    habit = " (habit)" if one.habit else ""
    repair = f" -> {'safe' if one.repair.safe else 'by hand'}: {one.repair.text}" if one.repair else ""
    place = f"{one.line}-{one.end_line} {one.release}"
    return f"{place} {one.severity}{habit} {one.kind} `{one.text}`: {one.detail}{repair}"


def test_findings_and_their_repairs_read_as_recorded() -> None:
    cases = [
        *((name, text, None) for name, (text, _, _) in DEFECTS.items()),
        *((name, text, TAGS) for name, (text, _, _) in DEFECTS.items() if "trailer" in name),
        *((str(one.id), str(one.values[0]), str(one.values[1])) for one in TAGGED),
        *((str(one.id), str(one.values[0]), None) for one in DAMAGE),
    ]

    assert_recorded(RECORD, "".join(line for case in cases for line in findings_of(*case)))


def test_a_doubled_heading_mended_leaves_the_file_as_it_was() -> None:
    assert fix(DEFECTS["a doubled heading"][0]).text == CLEAN
    assert fix(DEFECTS["a doubled heading with the empty one first"][0]).text == CLEAN
    assert fix(DEFECTS["no blank line before a heading"][0]).text == CLEAN
    assert fix(DEFECTS["a short underline"][0]).text == CLEAN
    assert fix(DEFECTS["a comparison that begins too early"][0]).text == CLEAN
    assert fix(DEFECTS["a pull request linked as an issue"][0]).text == CLEAN


TAGGED = [
    pytest.param(
        CLEAN, TAGS + "1.2.5\n", [("tag-without-section", None, "1.2.5")], id="a tag without a section"
    ),
    pytest.param(CLEAN, TAGS + "1.4.0\n", [("tag-without-section", None, "1.4.0")], id="the newest tag"),
    pytest.param(CLEAN, TAGS + "1.4.0-rc.1\n", [], id="a tag of a pre-release"),
    pytest.param(CLEAN, TAGS + "0.5.0\n", [], id="a tag before the first section"),
    pytest.param(
        CLEAN,
        TAGS.replace("1.1.0\t2026-02-01\n", ""),
        [("section-without-tag", 23, "1.1.0")],
        id="no tag",
    ),
    pytest.param(CLEAN, TAGS.replace("1.3.0\t2026-04-01\n", ""), [], id="the release that is under way"),
    pytest.param(
        CLEAN,
        TAGS.replace("1.0.0\t2026-01-01\n", ""),
        [("section-older-than-first-tag", 32, "1.0.0")],
        id="history",
    ),
    pytest.param(
        CLEAN, TAGS.replace("02-01", "02-02"), [("date-differs-from-tag", 23, "1.1.0")], id="another day"
    ),
    pytest.param(CLEAN, re.sub("^", "v", TAGS.rstrip(), flags=re.MULTILINE), [], id="tags with a v"),
    pytest.param(
        CLEAN, re.sub("^", "acme/v", TAGS.rstrip(), flags=re.MULTILINE), [], id="tags with a package"
    ),
    pytest.param(CLEAN, TAGS + "other-9.0.0\nnightly\n", [], id="tags of another package"),
    pytest.param(CLEAN, "", [], id="no tags"),
]


@pytest.mark.parametrize(("text", "tags", "found"), TAGGED)
def test_tags_are_compared(text: str, tags: str, found: list[tuple[str, int | None, str]]) -> None:
    assert kinds(text, tags) == found


def test_a_trailer_is_put_back_where_the_tags_tell_what_it_compared() -> None:
    assert fix(DEFECTS["a trailer that was cut"][0], read_known(TAGS)).text == CLEAN


def test_the_heading_of_new_contributors_is_put_back_where_the_file_keeps_them() -> None:
    kept = OLD.replace("\n\n**Full", f"\n\n## New Contributors\n{FIRST}\n\n**Full", 1)
    text = WAITING + NEW.replace("\n\n**Full", f"\n\n{FIRST}\n\n**Full") + kept
    repaired = fix(text)
    assert repaired.findings == ()
    assert repaired.text.count("## New Contributors\n* @jo") == 2


FINE = {
    "a fence with headings": CLEAN
    + "```\n1.0.0 / 2020-01-01\n=====\n## 1.3.0\n * see x/compare/1...main\n```\n",
    "a comment with headings": CLEAN + "<!--\n## 1.3.0 - 2026-04-01\n\n1.3.0 / x\n=====\n-->\n",
    "a file that links no numbers": "## 1.1.0\n\n- a (#1)\n- b (#2)\n\n## 1.0.0\n\n- c #3\n",
    "underlines as long as their titles": "1.10.0 (2026-01-02)\n===================\na\n\n1.9.0 (2026-01-01)\n"
    + "=" * 18
    + "\nb\n\n1.8.0 (2025-01-01)\n"
    + "=" * 18
    + "\nc\n",
    "a fix of an older line": "## 2.0.0 - 2026-03-01\na\n\n## 1.0.1 - 2026-04-01\nb\n\n## 1.0.0 - 2026-01-01\nc\n",
    "an announced version": "## 1.1.0 (unreleased)\n\n## 1.0.0 (2026-01-01)\n\n- a\n",
    "an announced version compared with the branch": f"## 1.1.0 (unreleased)\n\n- see {ROOT}/compare/1.0.0...main\n\n"
    "## 1.0.0 (2026-01-01)\n\n- a\n",
    "a comparison with a branch in code": NEW + f"```\n{COMPARE}\n```\n\n" + OLD,
    "a comparison with a branch of another repository": NEW
    + "as the other crew did it in https://github.com/acme/other/compare/1.0.0...main, "
    "with many more words that people wrote\n\n" + OLD,
    "a relative link in unreleased news": CLEAN.replace(
        f" * see {ROOT}/compare/1.3.0...main\n", f" * see {ROOT}/compare/1.3.0...main\n * [it](it.md)\n", 1
    ),
    "many relative links": CLEAN.replace(
        "## What's Changed\n", "## What's Changed\n" + "see [it](it.md)\n" * 9, 1
    ),
    "notes without any trailer": "## 1.1.0\n\n### What's Changed\n* a by @b in #1\n\n## 1.0.0\n\n- c\n",
    "a comparison of two tags": CLEAN + f"[diff]({ROOT}/compare/0.8.0...0.9.0)\n",
    "nothing": "",
    "no changelog": "# Hello\n\nSome text.\n",
    "keep a changelog": f"# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\n- a\n\n"
    f"[unreleased]: {ROOT}/compare/v1.0.0...HEAD\n[1.0.0]: {ROOT}/releases/tag/v1.0.0\n",
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE.keys())
def test_what_is_no_wound_is_not_accused(text: str) -> None:
    assert [f for f in examine(text, OutsideFacts()) if f.severity == "defect"] == []


CONFLICT = "# Changelog\n\n## 1.0.0 - 2026-01-01\n\n<<<<<<< ours\n- a\n=======\n- b\n>>>>>>> theirs\n"
DAMAGE = [
    pytest.param(CONFLICT, [("conflict-marker", 5, "1.0.0")], id="a conflict"),
    pytest.param(
        CONFLICT.replace("=======", "||||||| base\n- c\n======="),
        [("conflict-marker", 5, "1.0.0")],
        id="diff3",
    ),
    pytest.param(
        CONFLICT + CONFLICT[24:].replace("1.0", "0.9"), [("conflict-marker", 5, "1.0.0")], id="two conflicts"
    ),
    pytest.param(
        "# Changelog\n\n## 1.0.0\n\n- a\n>>>>>>> theirs\n",
        [("conflict-marker", 6, "1.0.0")],
        id="half resolved",
    ),
    pytest.param(
        "# Changelog\n\n## 1.0.0\n\n- a\n||||||| base\n- b\n",
        [("conflict-marker", 6, "1.0.0")],
        id="the base of a conflict alone",
    ),
    pytest.param(
        "# Changelog\n\n## Unreleased\n\n## Unreleased\n\n- n\n\n## 1.0.0\n\n- a\n",
        [("heading-unclear", 5, None)],
        id="two headings of unreleased news",
    ),
    pytest.param(
        "# Changelog\n\n## 1.0.0\n\n```\n- a\n\n## 0.9.0\n\n- b\n",
        [("open-block", 5, "1.0.0")],
        id="an open fence",
    ),
    pytest.param(
        "# Changelog\n\n## Rolling\n\n- n\n\n## 1.0.0\n\n- a\n", [("heading-unclear", 3, None)], id="unclear"
    ),
    pytest.param(
        "# Changelog\n\n## Rolling\n\nWords.\n\n## 1.0.0\n\n- a\n",
        [("heading-unclear", 3, None)],
        id="unclear, with prose",
    ),
    pytest.param(
        "# Changelog\n\n##1.0.0\n\n- n\n\n## 0.9.0\n\n- a\n",
        [("heading-unclear", 3, None)],
        id="no space above",
    ),
    pytest.param(
        "# Changelog\n\n##1.0.0\n## 0.9.0\n\n- a\n",
        [("heading-unclear", 3, None)],
        id="no space right above",
    ),
    pytest.param(
        "# Changelog\n\n## 1.0.0\n\n- n\n\n##0.9.0\n\n- a\n",
        [("unparsable-heading", 7, "1.0.0")],
        id="no space",
    ),
    pytest.param(
        "# Changelog\n\n## 1.0.0\n\n- n\n\n=======\n\n- a\n",
        [("unparsable-heading", 7, "1.0.0")],
        id="an underline",
    ),
    pytest.param(
        "# Changelog\n\n## 1.0.0\n\n- n\n\n## Rolling\n\n- a\n\n## 0.9.0\n\n- a\n",
        [("heading-unclear", 7, "1.0.0")],
        id="between",
    ),
    pytest.param(
        "## 1.0.0\n\n- n\n\n# 0.9.0\n\n- a\n\n## 0.8.0\n\n- a\n",
        [("heading-unclear", 5, None)],
        id="another level",
    ),
]


@pytest.mark.parametrize(("text", "expected"), DAMAGE)
def test_damage_to_the_structure_is_found(text: str, expected: list[tuple[str, int, str]]) -> None:
    found = kinds(text)

    assert [one for one in found if one[0] == expected[0][0]][: len(expected)] == expected
    assert fix(text).text == text


def test_a_conflict_that_is_shown_in_a_fence_is_none() -> None:
    text = "# Changelog\n\n## 1.0.0\n\n- shows\n\n```\n<<<<<<< a\n=======\n>>>>>>> b\n```\n"

    assert kinds(text) == []
    assert cut(text, "1.1.0", "2026-11-28").outcome == "created"


@pytest.mark.parametrize("marker", ["<<<<<<< a\n", ">>>>>>> b\n"])
def test_one_end_of_a_conflict_in_a_fence_is_one(marker: str) -> None:
    text = f"# Changelog\n\n## 1.0.0\n\n- shows\n\n```\n{marker}```\n"

    assert [kind for kind, _, _ in kinds(text)] == ["conflict-marker"]


HEADED = [
    pytest.param("### New Contributors\n\n#### `rocket`\n\n", id="divided by packages"),
    pytest.param("### New Contributors\n\nWelcome to:\n\n", id="with a line between"),
    pytest.param("**New Contributors**\n\nWelcome to:\n\n", id="in bold, with a line between"),
    pytest.param(
        "### New Contributors\n\n#### `rocket`\n\n* none\n\n#### `probe`\n\nWelcome to:\n",
        id="the second package",
    ),
]


@pytest.mark.parametrize("above", HEADED)
def test_a_list_below_its_heading_is_no_orphan(above: str) -> None:
    text = f"# Changelog\n\n## 2.9.0 (2026-02-01)\n\n{above}* @a made their first contribution in #7\n"

    assert kinds(text) == []
    assert fix(text).text == text


def test_a_heading_of_another_part_does_not_head_the_list() -> None:
    above = "### New Contributors\n\n* @b made their first contribution in #6\n\n### Fixed\n\n- x\n\n"
    text = f"# Changelog\n\n## 2.9.0 (2026-02-01)\n\n{above}* @a made their first contribution in #7\n"

    assert [kind for kind, _, _ in kinds(text)] == ["orphan-new-contributors-list"]
    assert fix(fix(text).text).text == fix(text).text


def test_a_pre_release_without_a_section_is_no_defect() -> None:
    text = "# Changelog\n\n## 1.0.0\n\n- a\n\n## 0.9.0rc1\n\n- b\n\n## 0.8.0\n\n- c\n"
    found = examine(text, read_known("0.8.0\n0.9.0rc1\n1.0.0b0\n1.0.0\n"))

    assert [(one.kind, one.release, one.severity) for one in found] == [
        ("tag-without-section", "1.0.0b0", "info")
    ]


@pytest.mark.parametrize("remark", ["[YANKED]", "(yanked)", "- never released"])
def test_a_withdrawn_release_needs_no_notes(remark: str) -> None:
    assert kinds(f"# Changelog\n\n## 1.0.1\n\n- a\n\n## 1.0.0 {remark}\n\n## 0.9.0\n\n- b\n") == []


_LINES_GO = {
    name: (text, at)
    for name, (text, *_) in DEFECTS.items()
    for at in [
        {
            text[: one.start].count("\n") + line
            for finding in examine(text)
            for one in finding.edits
            for line in range(text[one.start : one.end].count("\n"))
        }
    ]
    if at
}


@pytest.mark.parametrize("written", ["{} zebra", "{}\n<!-- zebra -->", "{}\n\n[zebra]: x\n", "{}\nzebra"])
@pytest.mark.parametrize(("text", "going"), _LINES_GO.values(), ids=_LINES_GO.keys())
def test_no_repair_takes_a_word_that_people_wrote(text: str, going: set[int], written: str) -> None:
    for line in going:
        lines = text.split("\n")
        lines[line] = written.format(lines[line])
        assert "zebra" in fix("\n".join(lines)).text


def test_a_surplus_heading_with_a_name_of_its_own_stays() -> None:
    text = (
        '## 1.1.0 (2026-01-01)\n\n- a\n\n## 1.1.0 (2026-01-01) "Blue Whale"\n\n## 1.0.0 (2025-01-01)\n\n- b\n'
    )
    repaired = fix(text)

    assert repaired.text == text
    assert {finding.kind for finding in repaired.findings} == {"doubled-heading", "empty-section"}
