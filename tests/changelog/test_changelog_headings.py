"""Headings of real changelogs: where a new section goes, in which form, and when castoff stops."""

from __future__ import annotations

import datetime

import pytest

from castoff.changelog import CutOptions, cut, parse, port
from castoff.changelog.news import trimmed
from castoff.changelog.style import TitleForm
from castoff.changelog.titles import is_unreleased, read_title, write_like
from castoff.errors import Refusal

URL = "https://github.com/acme/rocket/releases/tag/1.1.0"
DAY = datetime.date(2026, 11, 28)

NEWS_BEFORE = [
    pytest.param("## \U0001f6a7 Unreleased", "## \U0001f389 1.0.0 - 2026-01-01", id="emoji"),
    pytest.param("## :construction: Next", "## :tada: 1.0.0", id="shortcodes"),
    pytest.param("## main", "## 1.0.0 - 2026-01-01", id="a branch"),
    pytest.param("## master (unreleased)", "## 1.0.0 (2026-01-01)", id="rubocop"),
    pytest.param("## HEAD", "## Release (1.0.0)", id="in brackets"),
    pytest.param("## Upcoming", "## Version 1.0.0 (2026-01-01)", id="version"),
    pytest.param("## 2.x (unreleased)", "## 2026-01-01, Version 1.0.0 (Current), @ada", id="the day first"),
    pytest.param("HEAD\n====", "v1.0.0 / 2026-01-01\n===================", id="setext"),
    pytest.param("**Unreleased**", "**1.0.0** (2026-01-01)", id="bold lines"),
    pytest.param("# Unreleased", "## 1.0.0", id="news above the level of releases"),
    pytest.param(
        "<!-- next-header -->\n## [Unreleased] - ReleaseDate", "## [1.0.0] - 2026-01-01", id="cargo-release"
    ),
    pytest.param("## In development", "## `rocket` 1.0.0", id="a package's name"),
    pytest.param("## vNext", "## @acme/rocket@1.0.0", id="a tag's name"),
    pytest.param("## X.Y.Z - TBD", "## What's new in rocket 1.0.0", id="words in front"),
]
FORMS = [
    (["\U0001f389 1.0.0 - 2026-01-01"], "\U0001f389 1.1.0 - 2026-11-28"),
    ([":tada: 1.0.0", ":tada: 0.9.0"], ":tada: 1.1.0"),
    ([":tada: 1.0.0", ":rocket: 0.9.0"], "1.1.0"),
    (["Release (1.0.0)"], "Release (1.1.0)"),
    (["Version 1.0.0 (2026-01-01)"], "Version 1.1.0 (2026-11-28)"),
    (
        ["Version 1.0.0/0.5b0 (2026-01-01)", "Version 0.9.0/0.4b0 (2025-01-01)"],
        "Version 1.1.0 (2026-11-28)",
    ),
    (["2026-01-01 - 1.0.0"], "2026-11-28 - 1.1.0"),
    (["[2026-01-01] v1.0.0"], "[2026-11-28] v1.1.0"),
    (
        ["2026-01-01, Version 1.0.0 (LTS), @a", "2025-01-01, Version 0.9.0 (Current), @b"],
        "2026-11-28, Version 1.1.0",
    ),
    (["**1.0.0 (2026-01-01)**"], "**1.1.0 (2026-11-28)**"),
    (["**1.0.0** \u2013 *2026-01-01*"], "**1.1.0** \u2013 *2026-11-28*"),
    (["`1.0.0` (2026-01-01)"], "`1.1.0` (2026-11-28)"),
    (["`1.0.0`"], "`1.1.0`"),
    (['1.0.0 "Blue Whale" (2026-01-01)'], "1.1.0 (2026-11-28)"),
    (['1.0.0 "Blue Whale" (2026-01-01)', '0.9.0 "Orca" (2025-01-01)'], "1.1.0 (2026-11-28)"),
    (['1.0.0 "Blue Whale"'], "1.1.0"),
    (["1.0.0 (2026-01-01), the good one", "0.9.0 (2025-01-01), the bad one"], "1.1.0 (2026-11-28)"),
    (["v1.0.0", "0.9.0", "0.8.0"], "1.1.0"),
    (["v1.0.0", "v0.9.0", "v0.8.0", "0.7.0", "0.6.0", "0.5.0", "0.4.0"], "v1.1.0"),
    (["1.0.0 \u2013 Blue Whale \u2013 2026-01-01"], "1.1.0 \u2013 2026-11-28"),
    (["1.0.0 (Blue Whale, 2026-01-01)"], "1.1.0 - 2026-11-28"),
    (["1.0.0: the first", "0.9.0: nearly"], "1.1.0"),
    (["1.0.0 (released on 2026-01-01)"], "1.1.0 (released on 2026-11-28)"),
    (["1.0.0 (2026-01-01) [YANKED]"], "1.1.0 (2026-11-28)"),
    (["1.0.0 (2026-01-01) stable", "0.9.0 (2025-01-01) stable"], "1.1.0 (2026-11-28) stable"),
    (["1.0.0", "0.9.0 - 2026-01-01"], "1.1.0 - 2026-11-28"),
    (["1.0.0", "0.9.0"], "1.1.0"),
    (['<a name="1.0.0"></a> 1.0.0 (2026-01-01)'], "1.1.0 (2026-11-28)"),
    ([], "1.1.0 - 2026-11-28"),
]
LINKED = [
    ("1.0.0", f"[1.1.0]({URL})"),
    ("`1.0.0`", f"[`1.1.0`]({URL})"),
    ("[1.0.0 - 2026-01-01](https://a.b)", f"[1.1.0 - 2026-11-28]({URL})"),
    ("[Rocket 1.0.0](https://a.b) (2026-01-01)", f"[Rocket 1.1.0]({URL}) (2026-11-28)"),
    ("Release (1.0.0)", f"Release ([1.1.0]({URL}))"),
]
UNCLEAR = [
    pytest.param("# Changelog\n\n## Rolling\n\n- new\n\n## 1.0.0\n\n- a\n", 3, id="above the first release"),
    pytest.param(
        "# Changelog\n\n## Unreleased\n\n## Rolling\n\n- new\n\n## 1.0.0\n", 5, id="below unreleased news"
    ),
    pytest.param(
        "# Changelog\n\n## Unreleased\n\n- b\n\n## Next\n\n- new\n\n## 1.0.0\n",
        7,
        id="news under two headings",
    ),
    pytest.param("# Changelog\n\n## Sprint 12\n\n- new\n\n## Sprint 11\n\n- a\n", 3, id="no release at all"),
    pytest.param(
        "# Changelog\n\n### Added\n\n- new\n\n## 1.0.0\n\n- a\n", 3, id="news without a heading of their own"
    ),
    pytest.param("# Changelog\n\n##1.0.0\n\n- a\n\n## 0.9.0\n\n- b\n", 3, id="a missing space"),
    pytest.param(
        "# Changelog\n\n## 0.9\n\n- b\n\n## 1.0\n\n- a\n\n## Rolling\n\n- new\n", 11, id="the newest last"
    ),
    pytest.param("- a\n- b\n", 1, id="a list alone"),
    pytest.param("# Rolling\n\n- new\n\n# 1.0.0\n\n- a\n", 1, id="a first heading with entries"),
    pytest.param("# Changelog\n\n## Rolling\n\n### Added\n\n- new\n\n## 1.0.0\n\n- a\n", 3, id="with groups"),
    pytest.param(
        "# Changelog\n\n## 1.1.0-dev\n\n- new\n\n### 1.0.0 - 2026-01-01\n\n- a\n\n### 0.9.0 - 2025-01-01\n",
        3,
        id="a version above the level of the releases",
    ),
    pytest.param(
        "# 1.0.1\n\n- new\n\n## 1.0.0 - 2026-01-01\n\n- a\n\n## 0.9.0 - 2025-01-01\n",
        1,
        id="a version as the first heading",
    ),
    pytest.param(
        "# Changelog\n\n### 1.0.1\n\n- new\n\n## 1.0.0 - 2026-01-01\n\n- a\n\n## 0.9.0 - 2025-01-01\n",
        3,
        id="a version below the level of the releases",
    ),
]
CLEAR = [
    pytest.param("# Rocket\n\nText.\n\n", "# 1.0.0", id="a title at the level of releases"),
    pytest.param(
        "# Changelog\n\n## About this file\n\n- [x](y)\n\n## Versioning policy\n\ntext\n\n",
        "## 1.0.0",
        id="introductions",
    ),
    pytest.param("# Changelog\n\n<!-- next-header -->\n\n", "## Rolling\n\n- new\n\n## 1.0.0", id="a marker"),
    pytest.param(
        "# Changelog\n\n<!-- towncrier release notes start -->\n\n",
        "## Rocket 1.0.0 (2026-01-01)",
        id="towncrier",
    ),
    pytest.param("# Changelog\n\n## 1.x\n\n", "### 1.0.0", id="a series"),
    pytest.param(
        "# Changelog\n\n# 1.0\n\nText.\n\n", "## 1.0.0\n\n- b\n\n## 0.9.0", id="a series by its number"
    ),
    pytest.param("# Next\n\nA tool.\n\n", "## 1.0.0", id="a project with a branch's name"),
    pytest.param("", "## 1.0.0", id="no title"),
    pytest.param(
        "# Changelog\n\n",
        "## v1.0.0\n\n## What's Changed\n* a by @b in https://a.b/c/pull/1",
        id="GitHub's notes",
    ),
    pytest.param("# @acme/rocket\n\n", "## 1.0.0\n\n### Major Changes\n\n- 0a1b2c3: new", id="changesets"),
    pytest.param(
        "# Changelog\n\n## Upgrading to 1.0\n\n- step\n\n", "## 1.0.0", id="a guide that names a version"
    ),
]


@pytest.mark.parametrize(("unreleased", "released"), NEWS_BEFORE)
def test_news_stay_above_the_release_before(unreleased: str, released: str) -> None:
    text = f"{unreleased}\n\n- new\n\n{released}\n\n- a\n"

    done = cut(text, "1.1.0", "2026-11-28")

    assert done.outcome == "cut"
    assert done.text.startswith(unreleased + "\n")
    assert [section.version for section in parse(done.text).sections] == [None, "1.1.0", "1.0.0"]
    assert done.text.index("1.1.0") < done.text.index("- new") < done.text.index(released)
    assert port(text, "1.1.0", "- b\n", URL, "2026-11-28").text.index("- new") > done.text.index("1.1.0")


@pytest.mark.parametrize(("titles", "expected"), FORMS)
def test_only_what_the_headings_share_is_form(titles: list[str], expected: str) -> None:
    read = tuple(title for text in titles if (title := read_title(text)))

    assert len(read) == len(titles)
    assert TitleForm(read, is_setext=False).write("1.1.0", DAY, None) == expected


@pytest.mark.parametrize(("title", "expected"), LINKED)
def test_a_link_keeps_the_marks_around_the_version(title: str, expected: str) -> None:
    sample = read_title(title)
    assert sample is not None

    assert TitleForm((sample,), is_setext=False).write("1.1.0", DAY, URL) == expected


@pytest.mark.parametrize(("text", "line"), UNCLEAR)
def test_a_heading_that_is_not_understood_stops(text: str, line: int) -> None:
    for edit in (
        lambda: cut(text, "1.1.0", "2026-11-28"),
        lambda: port(text, "1.1.0", "- b\n", URL, "2026-11-28"),
    ):
        with pytest.raises(Refusal) as caught:
            edit()
        problem = caught.value.problems[0]
        assert (problem.code, problem.line) == ("changelog-heading-unclear", line)
        assert problem.remedy


@pytest.mark.parametrize(("before", "after"), CLEAR)
def test_the_new_section_goes_above_the_releases(before: str, after: str) -> None:
    text = f"{before}{after}\n\n- a\n"

    done = cut(text, "1.1.0", "2026-11-28", CutOptions(tag="1.1.0", previous="1.0.0"))

    assert done.outcome == "created"
    assert done.text.startswith(before.rstrip("\n"))
    assert done.text.endswith(f"{after}\n\n- a\n")
    assert "1.1.0" in done.text[len(before) : -len(after)]


def test_an_older_version_does_not_need_the_top_of_the_file() -> None:
    text = "# Changelog\n\n## Rolling\n\n- new\n\n## 2.0.0\n\n- a\n\n## 1.0.0\n\n- b\n"

    assert "## 1.1.0\n\n## 1.0.0" in cut(text, "1.1.0", "2026-11-28").text


@pytest.mark.parametrize(
    "title", ["Main features", "Next steps", "Future work", "Headline", "Fixed", "1.2.0 (unreleased)"]
)
def test_not_every_heading_is_unreleased_news(title: str) -> None:
    assert not is_unreleased(title)


@pytest.mark.parametrize(
    "title", ["Upgrading to 2.0", "Changes between 1.0 and 1.1", "2.x", "Added", "Unreleased 2.0.0"]
)
def test_not_every_heading_is_a_release(title: str) -> None:
    read = read_title(title)

    assert read is None or not read.firm


SCAFFOLD = (
    "## [Unreleased]\n\n### Added\n\n### Changed\n\n- new\n\n### Fixed\n\n## [1.0.0] - 2026-01-01\n\n- a\n"
)


def test_empty_groups_stay_under_unreleased() -> None:
    kept = "## [Unreleased]\n\n### Added\n\n### Changed\n\n### Fixed\n\n"
    cut_section = "## [1.1.0] - 2026-11-28\n\n### Changed\n\n- new\n\n## [1.0.0] - 2026-01-01\n\n- a\n"

    done = cut(SCAFFOLD, "1.1.0", "2026-11-28")

    assert done.text == kept + cut_section
    assert cut(done.text, "1.1.0", "2026-11-28").outcome == "unchanged"
    ported = port(SCAFFOLD, "1.1.0", "- b\n", URL, "2026-11-28").text
    assert ported.startswith(kept + "## [1.1.0] - 2026-11-28\n\n### Changed\n\n- new\n\n- b\n")


def test_groups_that_all_hold_entries_are_moved() -> None:
    text = "## Unreleased\n\n### Added\n\n- new\n\n## 1.0.0\n\n- a\n"

    assert cut(text, "1.1.0", "2026-11-28").text == text.replace("### Added", "## 1.1.0\n\n### Added")


def test_a_scaffold_without_news_gives_an_empty_section() -> None:
    text = SCAFFOLD.replace("- new\n\n", "")

    assert cut(text, "1.1.0", "2026-11-28").text == text.replace(
        "## [1.0.0]", "## [1.1.0] - 2026-11-28\n\n## [1.0.0]"
    )


@pytest.mark.parametrize(
    ("heading", "above", "expected"),
    [
        ("1.1.0.dev0", "1.0.0", "1.1.0"),
        ("1.1.0-dev", "1.0.0 - 2026-01-01", "1.1.0 - 2026-11-28"),
        ("v1.1.0-SNAPSHOT", "v1.0.0", "v1.1.0"),
        ("1.1.0.dev3+g12ab (unreleased)", "1.0.0 (2026-01-01)", "1.1.0 (2026-11-28)"),
        ("[1.1.0-dev.2]", "[1.0.0] - 2026-01-01", "[1.1.0] - 2026-11-28"),
        ("1.1.0.dev1 (2026-02-01)", "1.0.0 (2026-01-01)", None),
        ("1.1.0-rc.1", "1.0.0", None),
        ("1.2.0.dev0", "1.0.0", None),
    ],
)
def test_a_development_version_without_a_day_heads_the_news_of_its_release(
    heading: str, above: str, expected: str | None
) -> None:
    text = f"# Changelog\n\n## {heading}\n\n- new\n\n## {above}\n\n- a\n"

    done = cut(text, "1.1.0", DAY.isoformat(), CutOptions(tag="1.1.0")).text

    assert ("- new" in done, f"## {heading}" in done) == (True, expected is None)
    if expected is not None:
        assert done == text.replace(f"## {heading}", f"## {expected}")


def test_development_versions_below_the_first_section_stay_releases() -> None:
    text = "# Changelog\n\n## 1.0.0\n\n- a\n\n## 1.0.0.dev2\n\n- b\n\n## 1.0.0.dev1\n\n- c\n"

    assert [one.version for one in parse(text).sections] == ["1.0.0", "1.0.0.dev2", "1.0.0.dev1"]


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("1.1.0\n=====\n* x\n1.0.0\n=====\n- y\n", ("setext", 3, 5, 4)),
        ("1.1.0\n=====\n<b>\n1.0.0\n=====\n- y\n", ("setext", 3, 5, 4)),
        ("## 1.1.0\n\n<b>\n## 1.0.0\n\n- y\n", ("atx", 3, 4, None)),
    ],
    ids=["after a list", "after HTML", "after HTML, with marks"],
)
def test_a_heading_that_a_missing_blank_line_hides_is_read_as_it_is_written(
    text: str, heading: tuple[str, int, int, int | None]
) -> None:
    found = parse(text).released[1].heading

    assert found.swallowed
    assert (found.form, found.line, found.end_line, found.underline) == heading


@pytest.mark.parametrize(
    ("sample", "written"),
    [
        (None, "2026-11-05"),
        ("soon", "2026-11-05"),
        ("2026-01-02", "2026-11-05"),
        ("2026/01/02", "2026/11/05"),
        ("Jan 2, 2026", "Nov 5, 2026"),
        ("Jan. 2, 2026", "Nov. 5, 2026"),
        ("Jan 02, 2026", "Nov 05, 2026"),
        ("January 2, 2026", "November 5, 2026"),
        ("May 2, 2026", "November 5, 2026"),
        ("January 2nd, 2026", "November 5th, 2026"),
        ("2 January 2026", "5 November 2026"),
        ("2. January 2026", "5. November 2026"),
    ],
    ids=str,
)
def test_a_day_is_written_in_the_form_of_another(sample: str | None, written: str) -> None:
    assert write_like(sample, datetime.date(2026, 11, 5)) == written


def test_an_anchor_at_the_end_of_the_file_is_none_of_the_first_heading() -> None:
    text = '## 1.0.0 - 2026-01-01\n\n- a\n\n<a id="end"></a>'

    assert [section.start for section in parse(text).sections] == [0]


def test_a_marker_names_the_place_only_where_headings_do_not() -> None:
    text = "# Changelog\n\n<!-- next-header -->\n\nAll notable changes.\n\n## 1.0.0 - 2026-01-01\n\n- a\n"

    done = cut(text, "1.1.0", "2026-11-28").text

    assert done.index("All notable changes.") < done.index("1.1.0") < done.index("1.0.0")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\r\nb\rc\nd", "a\nb\nc\nd"), ("\n \na\n\n", "a"), ("\n\n", ""), ("  a\n  b", "  a\n  b")],
    ids=["line ends", "blank lines around it", "nothing else", "spaces before the first"],
)
def test_news_are_trimmed_by_lines(text: str, expected: str) -> None:
    assert trimmed(text) == expected
