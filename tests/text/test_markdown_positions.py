"""Positions of blocks and spans are those of the text, to the character."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from castoff.text.markdown import Lines, TextEdit, apply_edits, find_spans, read_blocks


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        pytest.param("# A\n\n## B ##\n", [(1, "A"), (2, "B")], id="ATX"),
        pytest.param("A\n===\n\nB\n---\n", [(1, "A"), (2, "B")], id="setext"),
        pytest.param("\ufeff# A\n", [(1, "A")], id="a byte order mark"),
        pytest.param("# A\r\n\rB\r\n===\r\n", [(1, "A"), (1, "B")], id="every line break"),
        pytest.param("```\n# A\n```\n    # B\n# C\n", [(1, "C")], id="code"),
        pytest.param("<!--\n# A\n-->\n# B\n", [(1, "B")], id="a comment"),
        pytest.param("#A\n#\n# \n", [(1, ""), (1, "")], id="empty titles"),
        pytest.param("para\nA\n===\n", [(1, "A")], id="a paragraph of two lines"),
        pytest.param("# A\u2028# B\n", [(1, "A\u2028# B")], id="no line break of Markdown's"),
    ],
)
def test_headings_are_found_where_they_stand(text: str, titles: list[tuple[int, str]]) -> None:
    headings = read_blocks(text).headings
    assert [(heading.level, heading.title) for heading in headings] == titles
    assert [text[slice(*heading.title_at)] for heading in headings] == [title for _, title in titles]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        pytest.param("a `b` c", [("code", "`b`")], id="code"),
        pytest.param("`` a`b ``", [("code", "`` a`b ``")], id="longer ticks"),
        pytest.param("``a`", [], id="ticks that match none"),
        pytest.param("[a](b)", [("link", "[a](b)")], id="a link"),
        pytest.param("[a](b (c) d)", [], id="a destination with spaces"),
        pytest.param("[a](b(c)d)", [("link", "[a](b(c)d)")], id="brackets in a destination"),
        pytest.param("[a](<b c> 'd')", [("link", "[a](<b c> 'd')")], id="angle brackets and a title"),
        pytest.param("![a](b)", [("image", "![a](b)")], id="an image"),
        pytest.param(
            "[![a](b)](c)", [("link", "[![a](b)](c)"), ("image", "![a](b)")], id="an image in a link"
        ),
        pytest.param("[a [b](c) d](e)", [("link", "[b](c)")], id="no link in a link"),
        pytest.param("[x]", [("link", "[x]")], id="a shortcut"),
        pytest.param("[y][x] [x][]", [("link", "[y][x]"), ("link", "[x][]")], id="references"),
        pytest.param("[y]", [], id="a label that is not defined"),
        pytest.param("<https://a.b/c>", [("autolink", "<https://a.b/c>")], id="an autolink"),
        pytest.param("see https://a.b/(c).", [("url", "https://a.b/(c)")], id="a bare address"),
        pytest.param("(https://a.b)", [("url", "https://a.b")], id="a bare address in brackets"),
        pytest.param(
            "<b>x</b> <!-- c -->", [("html", "<b>"), ("html", "</b>"), ("html", "<!-- c -->")], id="tags"
        ),
        pytest.param("\\[a](b) \\`c\\`", [], id="escapes"),
        pytest.param("[a`]`](b)", [("link", "[a`]`](b)"), ("code", "`]`")], id="code comes first"),
    ],
)
def test_spans_are_found_where_they_stand(text: str, spans: list[tuple[str, str]]) -> None:
    found = find_spans(text, 0, len(text), {"x"})
    assert [(span.kind, text[span.start : span.end]) for span in found] == spans


@given(st.text(alphabet="#=\r\n a>-`", max_size=80))
@settings(max_examples=300, deadline=None)
def test_lines_cover_the_text(text: str) -> None:
    lines = Lines(text)
    breaks = {"", "\n", "\r", "\r\n"}
    assert all(text[lines.stop(n) : lines.start(n + 1)] in breaks for n in range(len(lines)))
    assert "".join(text[lines.start(n) : lines.start(n + 1)] for n in range(len(lines))) == text


def test_edits_apply_by_position_and_overlapping_ones_are_left_out() -> None:
    assert apply_edits("abcdef", [TextEdit(4, 5, "E"), TextEdit(0, 1, "A"), TextEdit(0, 1, "A")]) == "AbcdEf"
    assert apply_edits("abcdef", [TextEdit(0, 3, ""), TextEdit(2, 4, "X"), TextEdit(6, 6, "!")]) == "def!"


_PIECES = st.lists(
    st.sampled_from(
        [
            "# A\n",
            "A\n===\n",
            "- a\n",
            "  # nested\n",
            "> quoted\n",
            "```\n",
            "<!--\n",
            "-->\n",
            "<div>\n",
            "[a]: b\n",
            "text\n",
            "\n",
            "\r\n",
            "    code\n",
            "---\n",
            "a\r",
            "\ufeff",
            " ",
        ]
    ),
    max_size=12,
).map("".join)


@given(_PIECES, _PIECES, _PIECES)
@example("", "```\n", "# A\n")
@example("- a\n", "", "  # nested\n# A\n")
@example("", "text\n", "A\n===\n\n[a]: b\n")
@example("", "", "\ufeff# A\n")
@settings(deadline=None)
def test_a_text_that_was_edited_is_read_as_if_it_were_new(before: str, after: str, end: str) -> None:
    read_blocks(before + end)
    edited = read_blocks(after + end)
    # They share no heading with the text, and only a few texts are remembered: it is parsed whole.
    for number in range(8):
        read_blocks(str(number))
    assert edited == read_blocks(after + end)
