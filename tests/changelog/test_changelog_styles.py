"""Cutting and porting in each style, word for word."""

from __future__ import annotations

from textwrap import dedent

import pytest

from castoff.changelog import CutOptions, PortOptions, cut, parse, port
from castoff.changelog.body import BodyContext, is_generated_entry, prepare_body
from castoff.changelog.release_edit import check_untouched
from castoff.errors import Refusal
from castoff.values import replace

ROOT = "https://github.com/acme/acme"
BODY = dedent("""\
    ## Highlights
    See [#7](https://github.com/acme/acme/pull/7) and #8.

    ## What's Changed
    ### Added
    * Sail by @jo in https://github.com/acme/acme/pull/7

    ## New Contributors
    * @jo made their first contribution in https://github.com/acme/acme/pull/7

    **Full Changelog**: https://github.com/acme/acme/compare/1.1.0...1.2.0
    """)


def url(tag: str = "1.2.0") -> str:
    return f"{ROOT}/releases/tag/{tag}"


STYLES = {
    "kube": (
        f"""\
<!-- next-header -->
UNRELEASED
===================
 * see {ROOT}/compare/1.1.0...main

[1.1.0]({ROOT}/releases/tag/1.1.0) / 2026-01-02
===================
old
""",
        f"""\
<!-- next-header -->
UNRELEASED
===================
 * see {ROOT}/compare/1.2.0...main

[1.2.0]({ROOT}/releases/tag/1.2.0) / 2026-11-22
===================
## Highlights
See [#7]({ROOT}/pull/7) and [#8]({ROOT}/issues/8).

## What's Changed
### Added
* Sail by @jo in {ROOT}/pull/7

**Full Changelog**: {ROOT}/compare/1.1.0...1.2.0

[1.1.0]({ROOT}/releases/tag/1.1.0) / 2026-01-02
===================
old
""",
    ),
    "keep-a-changelog": (
        f"""\
# Changelog

## [Unreleased]

## [1.1.0] - 2026-01-02

### Added

- old

[Unreleased]: {ROOT}/compare/1.1.0...HEAD
[1.1.0]: {ROOT}/compare/1.0.0...1.1.0
""",
        f"""\
# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-22

### Highlights
See [#7]({ROOT}/pull/7) and [#8]({ROOT}/issues/8).

### What's Changed
#### Added
* Sail by @jo in {ROOT}/pull/7

**Full Changelog**: {ROOT}/compare/1.1.0...1.2.0

## [1.1.0] - 2026-01-02

### Added

- old

[Unreleased]: {ROOT}/compare/1.2.0...HEAD
[1.2.0]: {ROOT}/compare/1.1.0...1.2.0
[1.1.0]: {ROOT}/compare/1.0.0...1.1.0
""",
    ),
    "towncrier": (
        """\
# Acme 1.1.0 (2026-01-02)

## Features

- old (#3)
""",
        f"""\
# Acme [1.2.0]({ROOT}/releases/tag/1.2.0) (2026-11-22)

## Highlights
See [#7]({ROOT}/pull/7) and #8.

## What's Changed
### Added
* Sail by @jo in {ROOT}/pull/7

**Full Changelog**: {ROOT}/compare/1.1.0...1.2.0

# Acme 1.1.0 (2026-01-02)

## Features

- old (#3)
""",
    ),
    "plain": (
        """\
# Changes

## v1.1.0 (January 2nd, 2026)
- old
""",
        f"""\
# Changes

## [v1.2.0]({ROOT}/releases/tag/1.2.0) (November 22nd, 2026)
### Highlights
See [#7]({ROOT}/pull/7) and [#8]({ROOT}/issues/8).

### What's Changed
#### Added
* Sail by @jo in {ROOT}/pull/7

**Full Changelog**: {ROOT}/compare/1.1.0...1.2.0

## v1.1.0 (January 2nd, 2026)
- old
""",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_release_is_ported_in_the_style_of_the_file(style: str, newline: str) -> None:
    before, after = (text.replace("\n", newline) for text in STYLES[style])
    done = port(before, "1.2.0", BODY.replace("\n", "\r\n"), url(), "2026-11-22")
    assert done.text == after
    assert done.outcome == "created"
    assert parse(done.text).released[0].line == done.line
    assert port(after, "1.2.0", BODY, url(), "2026-11-22").outcome == "unchanged"


@pytest.mark.parametrize("style", sorted(STYLES))
def test_cutting_before_porting_ends_in_the_same_bytes(style: str) -> None:
    before, after = STYLES[style]
    options = CutOptions(root=ROOT, previous="1.1.0")
    through = cut(before, "1.2.0", "2026-11-22", options).text
    assert port(through, "1.2.0", BODY, url(), "2026-11-22").text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f"UNRELEASED\n===================\n * see {ROOT}/compare/1.1.0...main\n * news #3\n\n"
            f"[1.1.0]({ROOT}/releases/tag/1.1.0) / 2026-01-02\n===================\n * [#1]({ROOT}/issues/1)\n",
            f"UNRELEASED\n===================\n * see {ROOT}/compare/1.2.0...main\n\n1.2.0 / 2026-11-22\n"
            f"===================\n * news [#3]({ROOT}/issues/3)\n\n"
            f"[1.1.0]({ROOT}/releases/tag/1.1.0) / 2026-01-02\n===================\n * [#1]({ROOT}/issues/1)\n",
            id="kube, with news",
        ),
        pytest.param(
            f"## [Unreleased]\n\n### Added\n\n- news\n\n## [1.1.0] - 2026-01-02\n\n- old\n\n"
            f"[unreleased]: {ROOT}/compare/v1.1.0...HEAD\n[1.1.0]: {ROOT}/compare/v1.0.0...v1.1.0\n",
            f"## [Unreleased]\n\n## [1.2.0] - 2026-11-22\n\n### Added\n\n- news\n\n## [1.1.0] - 2026-01-02\n\n- old\n\n"
            f"[unreleased]: {ROOT}/compare/v1.2.0...HEAD\n[1.2.0]: {ROOT}/compare/v1.1.0...v1.2.0\n"
            f"[1.1.0]: {ROOT}/compare/v1.0.0...v1.1.0\n",
            id="keep a changelog, with news and a v",
        ),
        pytest.param(
            "# Unreleased\n\n## Fixed\n- news\n\n# v1.1.0\n\n- old\n",
            "# Unreleased\n\n# v1.2.0\n\n## Fixed\n- news\n\n# v1.1.0\n\n- old\n",
            id="no dates",
        ),
        pytest.param(
            "## 1.2.0 (unreleased)\n\n- news\n\n## 1.1.0 (2026-01-02)\n\n- old\n",
            "## 1.2.0 (2026-11-22)\n\n- news\n\n## 1.1.0 (2026-01-02)\n\n- old\n",
            id="a version that was announced",
        ),
        pytest.param(
            "# Changelog\n\n## 1.1.0 (2026-01-02)\n\n- old",
            "# Changelog\n\n## 1.2.0 (2026-11-22)\n\n## 1.1.0 (2026-01-02)\n\n- old",
            id="nothing unreleased, no newline at the end",
        ),
        pytest.param(
            "# acme 1.1.0\n\n- old\n\n# acme 1.0.0\n\n- older\n\n## [v0.9](https://x.test) (2025-01-02)\n\n- first\n",
            "# acme 1.2.0\n\n# acme 1.1.0\n\n- old\n\n# acme 1.0.0\n\n- older\n\n"
            "## [v0.9](https://x.test) (2025-01-02)\n\n- first\n",
            id="dates and levels that were given up",
        ),
        pytest.param(
            "1.2.0 (unreleased)\n==================\n\n- news\n\n1.1.0 (2026-01-02)\n==================\n\n- old\n",
            "1.2.0 (2026-11-22)\n==================\n\n- news\n\n1.1.0 (2026-01-02)\n==================\n\n- old\n",
            id="a line below as long as the heading",
        ),
        pytest.param("", "## 1.2.0 - 2026-11-22\n", id="an empty file"),
    ],
)
def test_the_release_commit_cuts_a_section(before: str, after: str) -> None:
    options = CutOptions(root=ROOT, tag="v1.2.0" if "v1.0.0" in before else "1.2.0", previous="v1.1.0")
    done = cut(before, "1.2.0", "2026-11-22", options)
    assert done.text == after or done.text.rstrip("\n") == after.rstrip("\n") == "## 1.2.0 - 2026-11-22"
    assert cut(done.text, "1.2.0", "2026-11-22", options).outcome == "unchanged"


def test_news_that_the_release_commit_moved_are_kept_once_and_before_the_notes() -> None:
    text = STYLES["kube"][0].replace("...main\n", "...main\n * Sail far\n * dock\n")
    done = cut(text, "1.2.0", "2026-11-22", CutOptions(root=ROOT))
    assert done.news == " * Sail far\n * dock"
    ported = port(done.text, "1.2.0", BODY, url(), "2026-11-22")
    assert ported.outcome == "filled"
    assert "===================\n * Sail far\n * dock\n\n## Highlights\n" in ported.text
    again = port(ported.text, "1.2.0", BODY, url(), "2026-11-22")
    assert (again.outcome, again.text) == ("unchanged", ported.text)


def test_news_that_the_notes_tell_already_are_not_told_twice() -> None:
    text = STYLES["kube"][0].replace("...main\n", "...main\n * Sail far\n * dock #9\n")
    body = (
        "## Highlights\n* Sail far\n\n## What's Changed\n* x by @jo in https://github.com/acme/acme/pull/1\n"
    )
    done = port(cut(text, "1.2.0", "2026-11-22").text, "1.2.0", body, url(), "2026-11-22").text
    assert done.count("Sail far") == 1
    assert done.count("dock") == 1


def test_lines_that_castoff_adds_itself_may_be_missing_from_a_section() -> None:
    body = f"* Sail by @jo in {ROOT}/pull/7\n\n**Milestone**: {ROOT}/milestone/3\n"
    text = f"## 1.2.0 - 2026-11-22\n\n* Sail by @jo in {ROOT}/pull/7\n\n## 1.1.0 - 2026-01-02\n\n- old\n"

    done = port(text, "1.2.0", body, url(), "2026-11-22")

    assert done.outcome == "filled"
    assert done.text.count("Sail") == 1
    assert f"**Milestone**: {ROOT}/milestone/3" in done.text


def test_the_oldest_version_goes_right_below_the_others() -> None:
    text = "## 1.1.0 - 2026-01-02\n\n- b\n\n## 1.0.5 - 2026-01-01\n\n- a\n\n## Unreleased\n\n- news\n"

    done = port(text, "1.0.1", "- old\n", url("1.0.1"), "2026-11-22").text

    assert done.index("1.0.5") < done.index("1.0.1") < done.index("Unreleased")


def test_news_of_a_release_that_was_never_cut_move_from_unreleased() -> None:
    text = STYLES["kube"][0].replace("...main\n", "...main\n * Sail far\n")
    done = port(text, "1.2.0", BODY, url(), "2026-11-22").text
    waiting, mine = parse(done).sections[:2]
    assert "Sail" not in done[waiting.start : waiting.end]
    assert done[mine.body :].startswith(" * Sail far\n\n## Highlights")
    assert port(done, "1.2.0", BODY, url(), "2026-11-22").text == done


@pytest.mark.parametrize("version", ["1.0.9", "1.1.0-rc.1"])
def test_news_stay_where_they_are_when_an_older_release_is_ported(version: str) -> None:
    text = STYLES["kube"][0].replace("...main\n", "...main\n * Sail far\n")
    done = port(text, version, BODY, url(version), "2026-11-22").text
    assert done.startswith(text[: text.index("[1.1.0]")])


def test_the_milestone_is_linked_once() -> None:
    options = PortOptions(milestone_url=f"{ROOT}/milestone/5?closed=1")
    before = STYLES["kube"][0]
    done = port(before, "1.2.0", BODY, url(), "2026-11-22", options).text
    assert f"pull/7\n\n**Milestone**: {ROOT}/milestone/5?closed=1\n\n**Full Changelog**" in done
    assert port(done, "1.2.0", BODY, url(), "2026-11-22", options).text == done
    told = BODY.replace("## Highlights", f"## Highlights\nSee the [milestone]({ROOT}/milestone/5).")
    assert "**Milestone**" not in port(before, "1.2.0", told, url(), "2026-11-22", options).text
    queried = PortOptions(milestone_url=f"{ROOT}/milestone/5?closed=1?sort=x")
    assert "**Milestone**" not in port(before, "1.2.0", told, url(), "2026-11-22", queried).text


GENERATED = "## What's Changed\n* x by @jo in #1"
WHOLE = BodyContext(version="1.2.0", level=1, root=ROOT, tag="1.2.0", previous="1.1.0", link_numbers=False)


@pytest.mark.parametrize(
    ("body", "context", "completed"),
    [
        (GENERATED, WHOLE, True),
        (GENERATED, replace(WHOLE, root=None), False),
        (GENERATED, replace(WHOLE, previous=None), False),
        (GENERATED, replace(WHOLE, tag=None), False),
        ("What I wrote.", WHOLE, False),
        (f"{GENERATED}\n\n**Full Changelog**: x", WHOLE, False),
    ],
    ids=["lacking", "no address", "nothing before", "no tag", "by hand", "there"],
)
def test_generated_notes_get_the_comparison_that_they_lack(
    body: str, context: BodyContext, completed: bool
) -> None:
    end = f"\n\n**Full Changelog**: {ROOT}/compare/1.1.0...1.2.0" if completed else ""

    assert prepare_body(body, context) == body + end


def test_new_contributors_are_kept_as_a_whole_where_that_is_wanted() -> None:
    done = port(STYLES["kube"][0], "1.2.0", BODY, url(), "2026-11-22", PortOptions(contributors="keep")).text
    assert "\n\n## New Contributors\n* @jo made their first contribution in" in done


@pytest.mark.parametrize(
    "contributors",
    [
        pytest.param("## New Contributors\n* @a made their first contribution in #1\n", id="as generated"),
        pytest.param(
            "### New Contributors 🎉\nWelcome!\n\n* @a made their first contribution in #1\n",
            id="a word more",
        ),
        pytest.param("## First-time contributors\n- a\n- b\n  c\n", id="a list by hand"),
        pytest.param(
            "* @a made their first contribution in #1\n* @b made their first contribution in #2\n",
            id="no heading",
        ),
    ],
)
def test_the_list_of_new_contributors_goes_as_a_whole(contributors: str) -> None:
    body = f"## What's Changed\n* x\n\n{contributors}\n**Full Changelog**: {ROOT}/compare/1.1.0...1.2.0"
    done = port("", "1.2.0", body, url(), "2026-11-22").text
    assert done.rstrip("\n").endswith(
        f"### What's Changed\n* x\n\n**Full Changelog**: {ROOT}/compare/1.1.0...1.2.0"
    )


def test_what_people_wrote_after_the_list_of_new_contributors_stays() -> None:
    body = "## New Contributors\n* @a made their first contribution in #1\n\nThanks to all!\n"
    assert "Thanks to all!" in port("", "1.2.0", body, url(), "2026-11-22").text


@pytest.mark.parametrize(("length", "generated"), [(1999, True), (2000, False)])
def test_a_line_that_is_too_long_for_a_title_is_not_generated(length: int, generated: bool) -> None:
    end = " by @jo in #1"
    line = "* " + "x" * (length - 2 - len(end)) + end

    assert len(line) == length
    assert is_generated_entry(line) is generated


TWO = "# Log\n\n## 1.1.0\n\n- a\n\n## 1.0.0\n\n- b\n"
MINE = TWO.replace("## 1.1.0", "## 1.2.0\n\n- new\n\n## 1.1.0")


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (MINE, None),
        (MINE.replace("- b\n", "- b\n\n"), None),
        (MINE.replace("- a", "- A"), 3),
        (MINE.replace("## 1.0.0", "## 1.0.1"), 7),
        (MINE.replace("## 1.0.0\n\n- b\n", ""), 7),
        (MINE + "\n## 0.9.0\n\n- c\n", 15),
        (TWO, 1),
        (MINE.replace("# Log", "# Log\n\n## 1.2.0"), 1),
    ],
    ids=[
        "as it was",
        "blank lines",
        "text",
        "a heading",
        "one lost",
        "one more",
        "not written",
        "written twice",
    ],
)
def test_every_other_section_has_to_stay_as_it_was(after: str, line: int | None) -> None:
    if line is None:
        check_untouched(parse(TWO), after, "1.2.0")
        return
    with pytest.raises(Refusal) as caught:
        check_untouched(parse(TWO), after, "1.2.0")
    assert (caught.value.problems[0].code, caught.value.problems[0].line) == ("changelog-would-damage", line)


NUMBERED = "# Log\n\n## [1.1.0]\n\n- [#2] b\n\n## [1.0.0]\n\n- [#1] a\n\n[#2]: x/2\n\n[#1]: x/1\n"


@pytest.mark.parametrize(
    ("change", "is_same"),
    [(("- [#1] a", "- [#1] b"), False), (("[#1]: x/1\n", "[#1]: x/1\n[1.2.0]: x\n"), True)],
    ids=["text above definitions", "definitions that became the footer"],
)
def test_definitions_below_the_last_section_are_no_text_of_it(change: tuple[str, str], is_same: bool) -> None:
    after = NUMBERED.replace("## [1.1.0]", "## [1.2.0]\n\n## [1.1.0]").replace(*change)
    if is_same:
        check_untouched(parse(NUMBERED), after, "1.2.0")
        return
    with pytest.raises(Refusal):
        check_untouched(parse(NUMBERED), after, "1.2.0")


HAND = f"""\
UNRELEASED
===================
 * see {ROOT}/compare/1.2.0...main

[1.2.0]({ROOT}/releases/tag/1.2.0) / 2026-11-22
===================
What I wrote.

[1.1.0]({ROOT}/releases/tag/1.1.0) / 2026-01-02
===================
old
"""


def test_a_section_written_by_hand_is_left_alone_and_the_difference_is_shown() -> None:
    done = port(HAND, "1.2.0", BODY, url(), "2026-11-22")
    assert (done.outcome, done.text) == ("by-hand", HAND)
    assert "\n-What I wrote.\n" in done.difference
    assert "\n+## Highlights\n" in done.difference


def test_a_section_written_by_hand_is_replaced_where_that_is_asked_for() -> None:
    done = port(HAND, "1.2.0", BODY, url(), "2026-11-22", PortOptions(replace=True))
    assert done.outcome == "replaced"
    assert "What I wrote." not in done.text
    assert done.text == STYLES["kube"][1].removeprefix("<!-- next-header -->\n")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param("# Top\n\n## Sub\n", "## Top\n\n### Sub", id="levels move together"),
        pytest.param("Top\n===\n\nSub\n---\n", "Top\n---\n\n### Sub", id="setext becomes what can go deeper"),
        pytest.param("### Deep\n", "### Deep", id="what is deep enough stays"),
        pytest.param("# 1.2.0 (2026-11-22)\n\n## Sub\n", "## Sub", id="a title that repeats the version goes"),
        pytest.param("# A\n\n```\n# not me\n```\n", "## A\n\n```\n# not me\n```", id="fences stay"),
        pytest.param("# A\n\n    # not me\n", "## A\n\n    # not me", id="indented code stays"),
        pytest.param("# A\n\n> # not me\n", "## A\n\n> # not me", id="quotations stay"),
        pytest.param("###### Six\n# One\n", "###### Six\n## One", id="six is the last level"),
        pytest.param("# A #\n", "## A #", id="closing marks stay"),
        pytest.param("[a](docs/a.md) ![b](/b.png)", f"[a]({ROOT}/blob/1.2.0/docs/a.md) ![b](/b.png)", id="links"),
        pytest.param("![c](./c.png)", f"![c]({ROOT}/raw/1.2.0/c.png)", id="images"),
        pytest.param("`#1` [#2](x:y) \\#3 a#4 #5x", "`#1` [#2](x:y) \\#3 a#4 #5x", id="what is no reference"),
        pytest.param("(#7)", f"([#7]({ROOT}/issues/7))", id="numbers"),
    ],
)  # fmt: skip
def test_the_notes_nest_under_the_heading_of_the_section(body: str, told: str) -> None:
    log = parse(port(STYLES["kube"][0], "1.2.0", body, url(), "2026-11-22").text)
    mine = log.released[0]
    assert log.text[mine.body : mine.end].strip() == told


@pytest.mark.parametrize(
    ("version", "above", "below"),
    [
        pytest.param("1.1.5", "2.0.0", "1.1.0", id="a fix between two releases"),
        pytest.param("3.0.0", "Unreleased", "2.0.0", id="the newest"),
        pytest.param("0.9.0", "1.0.0", None, id="the oldest"),
        pytest.param("2.0.0-rc.1", "2.0.0", "1.1.0", id="a pre-release"),
    ],
)
def test_a_section_gets_its_place_by_the_order_of_versions(
    version: str, above: str, below: str | None
) -> None:
    dated = "".join(f"## {v} - 2026-0{m}-01\n\na\n\n" for v, m in (("2.0.0", 3), ("1.1.0", 2), ("1.0.0", 1)))
    text = f"# Log\n\n## Unreleased\n\n{dated}"
    done = port(text, version, "notes", url(version), "2026-11-22").text
    titles = [section.version or "Unreleased" for section in parse(done).sections]
    at = titles.index(version)
    assert titles[at - 1] == above
    assert (titles[at + 1] if at + 1 < len(titles) else None) == below


def test_a_file_with_the_oldest_first_gets_the_newest_last() -> None:
    text = "## 1.0.0 - 2026-01-01\n\na\n\n## 1.1.0 - 2026-02-01\n\nb\n"
    done = port(
        port(text, "1.2.0", "notes", url(), "2026-11-22").text, "1.0.5", "fix", url("1.0.5"), "2026-11-22"
    ).text
    assert [section.version for section in parse(done).released] == ["1.0.0", "1.0.5", "1.1.0", "1.2.0"]


def test_the_oldest_version_gets_its_place_before_all_others_in_a_file_with_the_oldest_first() -> None:
    text = "# Log\n\n## 1.0.0 - 2026-01-01\n\na\n\n## 1.1.0 - 2026-02-01\n\nb\n"
    done = port(text, "0.9.1", "fix", url("0.9.1"), "2026-11-22").text
    assert [section.version for section in parse(done).released] == ["0.9.1", "1.0.0", "1.1.0"]


def test_the_comparison_never_moves_back() -> None:
    done = port(STYLES["kube"][0], "1.0.7", BODY, url("1.0.7"), "2026-11-22").text
    assert f"{ROOT}/compare/1.1.0...main" in done


def test_the_two_blank_lines_of_the_generator_become_one_and_code_keeps_its_own() -> None:
    body = "## What's Changed\n* A by @ada\n\n```\na\n\n\nb\n```\n\n\n**Full Changelog**: https://github.com/a/b/compare/1...2"

    text = port(
        "# Changelog\n", "1.3.0", body, "https://github.com/a/b/releases/tag/1.3.0", "2026-11-22"
    ).text

    assert "```\n\n**Full Changelog**" in text
    assert "a\n\n\nb" in text


KEPT = """\
# Changelog

## [Unreleased]

- News.

## [1.1.0] - 2026-01-02

- Old.

[Unreleased]: {root}/compare/1.1.0...HEAD
[1.1.0]: {definition}
"""


def test_a_heading_in_brackets_gets_its_address_where_the_file_links_inline() -> None:
    linked = "".join(f"## [{one}]({url(one)}) - 2026-01-02\n\n- old\n\n" for one in ("1.1.0", "1.0.0"))
    text = f"# Log\n\n## [1.2.0] - 2026-11-22\n\n{linked}"

    done = port(text, "1.2.0", "notes", url(), "2026-11-22").text

    assert f"## [1.2.0]({url()}) - 2026-11-22\n" in done


def test_the_last_definition_of_a_file_without_a_final_newline_gets_none() -> None:
    text = KEPT.format(root=ROOT, definition=url("1.1.0")).rstrip("\n")

    done = port(text, "1.0.5", "fix", url("1.0.5"), "2026-11-22").text

    assert done.endswith(f"[1.1.0]: {url('1.1.0')}\n[1.0.5]: {url('1.0.5')}")


@pytest.mark.parametrize(
    ("before", "cut_to", "ported_to"),
    [
        pytest.param(
            f"{ROOT}/compare/1.0.0...1.1.0",
            f"{ROOT}/compare/1.2.0-rc.1...1.2.0",
            f"{ROOT}/compare/1.1.0...1.2.0",
            id="comparisons",
        ),
        pytest.param(url("1.1.0"), url("1.2.0"), url("1.2.0"), id="pages"),
    ],
)
def test_the_release_commit_leaves_no_heading_without_its_definition(
    before: str, cut_to: str, ported_to: str
) -> None:
    """The tag before is a candidate here, and the notes of a final version compare with the last final one."""
    text = KEPT.format(root=ROOT, definition=before)

    done = cut(text, "1.2.0", "2026-11-22", CutOptions(tag="1.2.0", previous="1.2.0-rc.1"))
    options = PortOptions(tag="1.2.0", previous="1.2.0-rc.1", news=done.news)
    ported = port(done.text, "1.2.0", BODY, url(), "2026-11-22", options)

    assert f"[1.2.0]: {cut_to}\n[1.1.0]: {before}\n" in done.text
    assert f"[1.2.0]: {ported_to}\n[1.1.0]: {before}\n" in ported.text
    assert ported.text.count("[1.2.0]:") == 1
    assert port(ported.text, "1.2.0", BODY, url(), "2026-11-22", options).text == ported.text


@pytest.mark.parametrize(
    ("standing", "settled"),
    [
        (f"{ROOT}/compare/1.2.0-rc.1...1.2.0", True),
        (f"{ROOT}/releases/tag/1.2.0", True),
        (f"{ROOT}/compare/1.1.0...2.0.0", False),
        (f"{ROOT}/releases/tag/1.1.0", False),
        ("https://acme.example/news/summer", False),
    ],
    ids=["comparison", "page", "another comparison", "another page", "elsewhere"],
)
def test_a_definition_is_changed_only_if_it_leads_to_this_release(standing: str, settled: bool) -> None:
    text = KEPT.format(root=ROOT, definition=f"{ROOT}/compare/1.0.0...1.1.0")
    text = text.replace("## [1.1.0]", "## [1.2.0] - 2026-11-22\n\n## [1.1.0]")
    text = text.replace("\n[1.1.0]:", f"\n[1.2.0]: {standing}\n[1.1.0]:")

    done = port(text, "1.2.0", BODY, url(), "2026-11-22", PortOptions(tag="1.2.0", previous="1.1.0"))

    now = f"{ROOT}/compare/1.1.0...1.2.0" if settled else standing
    assert f"\n[1.2.0]: {now}\n" in done.text


def test_no_definition_is_written_where_the_headings_have_none() -> None:
    text = KEPT.format(root=ROOT, definition="x").replace("[1.1.0]: x\n", "")

    assert "[1.2.0]:" not in cut(text, "1.2.0", "2026-11-22", CutOptions(tag="1.2.0", previous="1.1.0")).text


@pytest.mark.parametrize(
    ("head", "branch", "expected"),
    [
        pytest.param("main", None, "main", id="on the default branch"),
        pytest.param("HEAD", None, "HEAD", id="HEAD on the default branch"),
        pytest.param("main", "1.0.x", "1.0.x", id="the first release of a maintenance branch"),
        pytest.param("HEAD", "support", "support", id="HEAD is the default branch, whatever is checked out"),
        pytest.param("1.0.x", "1.0.x", "1.0.x", id="the next release there"),
        pytest.param("release/2.x", None, "release/2.x", id="a caller that knows no branch"),
    ],
)
def test_the_unreleased_news_are_compared_with_the_branch_of_the_release(
    head: str, branch: str | None, expected: str
) -> None:
    root = "https://github.com/acme/harbour/compare"
    text = (
        "# Changelog\n\n## [Unreleased]\n\n- A lamp\n\n## [1.0.0] - 2026-01-01\n\n- First\n\n"
        f"[Unreleased]: {root}/1.0.0...{head}\n[1.0.0]: {root}/0.9.0...1.0.0\n"
    )

    done = cut(text, "1.0.1", "2026-02-01", CutOptions(tag="1.0.1", previous="1.0.0", branch=branch))

    assert f"[Unreleased]: {root}/1.0.1...{expected}\n" in done.text


@pytest.mark.parametrize(
    ("title", "text", "edited"),
    [
        (f"[1.2.0]({url()})", "- Mine.", True),
        (f"[1.2.0]({url('v1.2.0')})", "- Mine.", False),
        ("1.2.0", "- Mine.", False),
        ("1.2.0", "<!-- Release notes generated using configuration in x at 1.2.0 -->\n- Mine.", True),
    ],
    ids=["linked to this release", "linked elsewhere", "not linked", "with the generator's comment"],
)
def test_a_section_that_was_filled_once_and_edited_is_told_from_one_by_hand(
    title: str, text: str, edited: bool
) -> None:
    done = port(f"# Changelog\n\n## {title}\n\n{text}\n", "1.2.0", BODY, url(), "2026-11-22")

    assert (done.outcome, done.edited) == ("by-hand", edited)
