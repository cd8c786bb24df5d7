"""Pages of the website: rules that count, links that lead somewhere, and edits made on the site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castoff.errors import CastoffError
from castoff.values import replace
from castoff.website import (
    HeadingRule,
    Missing,
    Origin,
    Page,
    Rendered,
    decide,
    render_page,
    render_pages,
)

DATA = Path(__file__).parent / "data"
ROOT = "https://github.com/kube-rs/kube"
ORIGIN = Origin(root=ROOT, ref="0.76.0")
KUBE = Page(
    source="CHANGELOG.md",
    target="docs/changelog.md",
    banner="<!--GENERATED FROM {url} - CHANGES MUST BE MADE THERE -->",
    header="# Changelog",
    headings=(
        HeadingRule("^UNRELEASED$", "## Unreleased"),
        HeadingRule(r"^(.+ / [\d-]+)\n={19}$", r"## \1"),
    ),
)


def read(name: str) -> str:
    return (DATA / name).read_bytes().decode()


def plain(text: str, page: Page | None = None, pages: dict[str, str] | None = None) -> str:
    """Render a page without a banner."""
    page = page or Page(source="docs/a.md", target="site/a.md", banner="")
    return render_page(page, text, ORIGIN, pages or {"docs/a.md": "site/a.md"}).text


def test_the_page_of_kube_is_reproduced_but_for_the_links_that_were_broken() -> None:
    rendered = render_pages([KUBE], {"CHANGELOG.md": read("kube-source.md")}, ORIGIN)[0]
    repaired = read("kube-page.md").replace("](./examples/", f"]({ROOT}/blob/0.76.0/examples/")
    assert repaired.count(f"{ROOT}/blob/0.76.0/examples/") == 3
    assert rendered.text == repaired
    assert rendered.headings == (1, 56)


def test_a_rule_on_titles_finds_the_headings_that_the_script_missed() -> None:
    rule = HeadingRule(r"^(.+ / [\d-]+)$", r"## \1")
    page = replace(KUBE, headings=(KUBE.headings[0], rule))
    rendered = render_pages([page], {"CHANGELOG.md": read("kube-source.md")}, ORIGIN)[0]
    assert rendered.headings == (1, 75)
    assert not re.search(r"^=+$", rendered.text, re.MULTILINE)


def test_the_introduction_of_a_readme_is_dropped_for_another_title() -> None:
    page = Page(
        source="README.md", target="docs/start.md", banner="", header="# Getting Started", drop=("kube-rs",)
    )
    text = "# kube-rs\n\n[![badge](x)](y)\n\nWords.\n\n## Installation\n\nadd it\n\n## Usage\n"
    assert plain(text, page) == "# Getting Started\n## Installation\n\nadd it\n\n## Usage\n"


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        pytest.param("B", "# T\n\n## A\na\n\n## C\nc\n", id="with its subsections"),
        pytest.param("B1", "# T\n\n## A\na\n\n## B\nb\n\n## C\nc\n", id="a subsection"),
        pytest.param("C", "# T\n\n## A\na\n\n## B\nb\n\n### B1\nb1\n\n", id="the last one"),
    ],
)
def test_a_section_is_dropped(drop: str, left: str) -> None:
    text = "# T\n\n## A\na\n\n## B\nb\n\n### B1\nb1\n\n## C\nc\n"
    page = Page(source="a.md", target="a.md", banner="", drop=(drop,))
    assert plain(text, page) == left


@pytest.mark.parametrize(
    ("before", "rule", "after"),
    [
        pytest.param("# A b\n", HeadingRule("b", "c"), "# A c\n", id="words"),
        pytest.param("# A\n", HeadingRule("^(.*)$", r"### \1"), "### A\n", id="a level"),
        pytest.param(
            "A\n===\n", HeadingRule("^(.*)$", r"## \1"), "## A\n", id="a level for a setext heading"
        ),
        pytest.param("A b\n---\n", HeadingRule("b$", "c"), "A c\n---\n", id="words in a setext heading"),
        pytest.param("## [A](b://c) d\n", HeadingRule(r"\[(.*)\]\(.*?\)", r"\1"), "## A d\n", id="a link"),
        pytest.param(
            "p\nA\n===\n", HeadingRule("^A$", "## A"), "p\n## A\n", id="without a blank line before"
        ),
        pytest.param(
            "# A\n\n```\n# A\n```\n", HeadingRule("A", "B"), "# B\n\n```\n# A\n```\n", id="no fences"
        ),
        pytest.param("# A\r\n\r\nx\r\n", HeadingRule("^A$", "## B"), "## B\r\n\r\nx\r\n", id="CRLF stays"),
    ],
)
def test_headings_are_rewritten(before: str, rule: HeadingRule, after: str) -> None:
    assert plain(before, Page(source="a.md", target="a.md", banner="", headings=(rule,))) == after


@pytest.mark.parametrize(
    ("link", "target"),
    [
        pytest.param("[x](b.md)", "[x](../guide/b.md)", id="to a page"),
        pytest.param("[x](./b.md#top)", "[x](../guide/b.md#top)", id="to a place on a page"),
        pytest.param("[x](/docs/b.md)", "[x](../guide/b.md)", id="from the root"),
        pytest.param("[x](../README.md)", "[x](../index.md)", id="up"),
        pytest.param("[x](..)", "[x](../index.md)", id="to a folder whose readme is a page"),
        pytest.param("[x](c.md)", f"[x]({ROOT}/blob/0.76.0/docs/c.md)", id="to a file that is no page"),
        pytest.param("[x](../src/)", f"[x]({ROOT}/tree/0.76.0/src)", id="to a folder"),
        pytest.param("[x](../src/lib.rs#L3)", f"[x]({ROOT}/blob/0.76.0/src/lib.rs#L3)", id="to a line"),
        pytest.param("![x](logo.png)", f"![x]({ROOT}/raw/0.76.0/docs/logo.png)", id="an image"),
        pytest.param('[x](c.md "t")', f'[x]({ROOT}/blob/0.76.0/docs/c.md "t")', id="with a title"),
        pytest.param("[x](<c d.md>)", f"[x](<{ROOT}/blob/0.76.0/docs/c%20d.md>)", id="in angle brackets"),
        pytest.param("[x](c%20d.md)", f"[x]({ROOT}/blob/0.76.0/docs/c%20d.md)", id="encoded"),
        pytest.param("[x](../../issues)", f"[x]({ROOT}/blob/issues)", id="out of the tree"),
        pytest.param(
            "[x][y]\n\n[y]: c.md", f"[x][y]\n\n[y]: {ROOT}/blob/0.76.0/docs/c.md", id="a definition"
        ),
        pytest.param('<img src="logo.png">', f'<img src="{ROOT}/raw/0.76.0/docs/logo.png">', id="a tag"),
        pytest.param("a <a href='b.md'>x</a>", "a <a href='../guide/b.md'>x</a>", id="a tag in a line"),
        pytest.param(
            "[![x](l.png)](b.md)", f"[![x]({ROOT}/raw/0.76.0/docs/l.png)](../guide/b.md)", id="both"
        ),
        pytest.param("[x](#here)", "[x](#here)", id="an anchor stays"),
        pytest.param("[x](https://a.b/c.md)", "[x](https://a.b/c.md)", id="an address stays"),
        pytest.param("[x](//a.b/c)", "[x](//a.b/c)", id="an address without a scheme stays"),
        pytest.param("[x](mailto:a@b.c)", "[x](mailto:a@b.c)", id="mail stays"),
        pytest.param("`[x](b.md)`", "`[x](b.md)`", id="code stays"),
        pytest.param("```\n[x](b.md)\n```", "```\n[x](b.md)\n```", id="a fence stays"),
        pytest.param("<!-- [x](b.md) -->", "<!-- [x](b.md) -->", id="a comment stays"),
        pytest.param("\\[x](b.md)", "\\[x](b.md)", id="what is no link stays"),
    ],
)
def test_a_relative_link_leads_to_where_its_target_exists(link: str, target: str) -> None:
    pages = {"docs/a.md": "site/a.md", "docs/b.md": "guide/b.md", "README.md": "index.md"}
    assert plain(link + "\n", pages=pages) == target + "\n"


def test_links_to_what_is_not_there_are_told_with_their_lines() -> None:
    origin = replace(ORIGIN, files=frozenset({"docs/a.md", "src/lib.rs"}))
    page = Page(source="docs/a.md", target="a.md", banner="")
    rendered = render_page(page, "x\n[a](gone.md)\n[b](../src)\n[c](../src/lib.rs)\n", origin, {})
    assert rendered.missing == (Missing(2, "gone.md"),)
    assert f"[b]({ROOT}/tree/0.76.0/src)" in rendered.text


@pytest.mark.parametrize(
    ("page", "code"),
    [
        pytest.param(Page(source="a.md", target="b.md", drop=("Gone",)), "website-rule-unmatched", id="drop"),
        pytest.param(
            Page(source="a.md", target="b.md", headings=(HeadingRule("Gone", "x"),)),
            "website-rule-unmatched",
            id="rule",
        ),
        pytest.param(
            Page(source="a.md", target="b.md", headings=(HeadingRule("A", "x"), HeadingRule("A", "y"))),
            "website-rule-unmatched",
            id="a rule that another one always precedes",
        ),
        pytest.param(
            Page(source="a.md", target="b.md", headings=(HeadingRule("(", "x"),)),
            "website-rule-invalid",
            id="search",
        ),
        pytest.param(
            Page(source="a.md", target="b.md", headings=(HeadingRule("A", r"\3"),)),
            "website-rule-invalid",
            id="group",
        ),
        pytest.param(
            Page(source="a.md", target="b.md", headings=(HeadingRule("A", r"\g<x>"),)),
            "website-rule-invalid",
            id="name",
        ),
        pytest.param(Page(source="gone.md", target="b.md"), "website-source-missing", id="no source"),
    ],
)
def test_a_page_that_cannot_be_made_as_asked_is_refused(page: Page, code: str) -> None:
    with pytest.raises(CastoffError) as caught:
        render_pages([page], {"a.md": "# A\n\nText.\n"}, ORIGIN)
    assert caught.value.problems[0].code == code
    assert caught.value.problems[0].remedy


def test_front_matter_stays_first() -> None:
    own = plain("---\ntitle: x\n---\n# A\n", Page(source="a.md", target="a.md", banner="<!-- b -->"))
    assert own == "---\ntitle: x\n---\n<!-- b -->\n# A\n"
    header = Page(source="a.md", target="a.md", banner="<!-- b -->", header="---\ntitle: x\n---")
    assert plain("# A\n", header) == "---\ntitle: x\n---\n<!-- b -->\n# A\n"


def made(text: str, page: Page | None = None) -> Rendered:
    page = page or Page(source="a.md", target="docs/a.md")
    return render_page(page, text, ORIGIN, {page.source: page.target})


def test_a_page_is_created_left_alone_and_updated() -> None:
    first, second = made("# A\n"), made("# A\n\nmore\n")
    assert "castoff " in first.text.splitlines()[0]
    assert decide(first, None).action == "create"
    assert decide(first, first.text).action == "unchanged"
    assert decide(second, first.text).action == "update"


def test_an_edit_made_on_the_site_stops_with_a_difference() -> None:
    first, second = made("# A\n"), made("# A\n\nmore\n")
    edited = first.text + "by hand\n"
    for rendered in (first, second):
        found = decide(rendered, edited)
        assert found.action == "edited"
        assert "\n-by hand\n" in found.difference
    assert decide(second, first.text.replace("# A", "# B")).action == "edited"


def test_line_breaks_that_a_checkout_changed_are_no_edit() -> None:
    first, second = made("# A\n"), made("# A\n\nmore\n")
    assert decide(first, first.text.replace("\n", "\r\n")).action == "unchanged"
    assert decide(second, first.text.replace("\n", "\r\n")).action == "update"


def test_without_a_digest_the_page_of_the_release_before_tells() -> None:
    page = Page(source="a.md", target="docs/a.md", banner="<!-- from {url} -->")
    first, second = made("# A\n", page), made("# A\n\nmore\n", page)
    assert decide(second, first.text, previous=first.text).action == "update"
    assert decide(second, first.text + "by hand\n", previous=first.text).action == "edited"
    assert decide(second, first.text).action == "edited"


@given(st.text(alphabet="#=-[]()<>`!ab./ \n\"'{}", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_makes_a_page_and_making_it_again_changes_nothing(text: str) -> None:
    page = Page(source="docs/a.md", target="site/a.md")
    once = render_page(page, text, ORIGIN, {})
    assert decide(once, once.text).action == "unchanged"
    assert decide(render_page(page, text + "\n\nmore\n", ORIGIN, {}), once.text).action == "update"
