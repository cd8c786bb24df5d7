"""What cannot be done without harm is refused, with a code, a line where there is one, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.changelog import CutOptions, PortOptions, cut, port
from castoff.changelog.doctor import read_known
from castoff.errors import CastoffError, Problem, Refusal, UsageError
from castoff.values import replace
from recorded import assert_recorded, problems_as_text

RECORD = Path(__file__).parent / "data" / "refusals.txt"
URL = "https://github.com/acme/acme/releases/tag/1.2.0"
LOG = "## Unreleased\n\n## 1.1.0 - 2026-01-02\n\n- old\n"
DOUBLED = "## 1.2.0 - 2026-01-02\n\na\n\n## [1.2.0] - 2026-01-02\n\nb\n"


REFUSED = [
        pytest.param(LOG, "", "n", URL, "2026-11-22", "changelog-version-invalid", None, id="no version"),
        pytest.param(LOG, "next", "n", URL, "2026-11-22", "changelog-version-invalid", None, id="a word"),
        pytest.param(LOG, "1.2.0\n# x", "n", URL, "2026-11-22", "changelog-version-invalid", None, id="two lines"),
        pytest.param(LOG, "1.2.0](x)", "n", URL, "2026-11-22", "changelog-version-invalid", None, id="a bracket"),
        pytest.param(LOG, "1", "n", URL, "2026-11-22", "changelog-version-invalid", None, id="one number"),
        pytest.param(LOG, "1.2.x", "n", URL, "2026-11-22", "changelog-version-invalid", None, id="a wildcard"),
        pytest.param(LOG, "1.2.0", "n", URL, "", "changelog-date-invalid", None, id="no day"),
        pytest.param(LOG, "1.2.0", "n", URL, "2026-13-01", "changelog-date-invalid", None, id="no such month"),
        pytest.param(LOG, "1.2.0", "n", URL, "22.11.2026", "changelog-date-invalid", None, id="another form"),
        pytest.param(LOG, "1.2.0", "n", URL, "today", "changelog-date-invalid", None, id="a word for a day"),
        pytest.param(LOG, "1.2.0", "n", "", "2026-11-22", "changelog-url-invalid", None, id="no address"),
        pytest.param(LOG, "1.2.0", "n", "javascript:x", "2026-11-22", "changelog-url-invalid", None, id="a script"),
        pytest.param(LOG, "1.2.0", "n", "https://a b", "2026-11-22", "changelog-url-invalid", None, id="a space"),
        pytest.param(LOG, "1.2.0", "n", "https://a)b", "2026-11-22", "changelog-url-invalid", None, id="a bracket out"),
        pytest.param(LOG, "1.2.0", "n", "https://a\nb", "2026-11-22", "changelog-url-invalid", None, id="a break"),
        pytest.param(LOG, "1" * 90, "n", URL, "2026-11-22", "changelog-version-invalid", None, id="a long version"),
    pytest.param(LOG, "1.2.0", "n", URL, "2" * 90, "changelog-date-invalid", None, id="a long day"),
    pytest.param(LOG, "1.2.0", "n", "x" * 150, "2026-11-22", "changelog-url-invalid", None, id="a long address"),
    pytest.param(LOG, "1.2.0", "", URL, "2026-11-22", "changelog-body-empty", None, id="no notes"),
        pytest.param(LOG, "1.2.0", " \r\n\t\n", URL, "2026-11-22", "changelog-body-empty", None, id="white notes"),
        pytest.param(LOG, "1.2.0", "# 1.2.0\n", URL, "2026-11-22", "changelog-body-empty", None, id="a title only"),
        pytest.param(LOG, "1.2.0", "a\n\n```rust\nb", URL, "2026-11-22", "changelog-open-block", 3, id="an open fence"),
        pytest.param(LOG, "1.2.0", "~~~\n```\n", URL, "2026-11-22", "changelog-open-block", 1, id="the other fence"),
        pytest.param(LOG, "1.2.0", "````\n```\n", URL, "2026-11-22", "changelog-open-block", 1, id="a shorter fence"),
        pytest.param(LOG, "1.2.0", "a\n\n<!-- b\n", URL, "2026-11-22", "changelog-open-block", 3, id="a comment"),
        pytest.param(LOG, "1.2.0", "<pre>\nx\n", URL, "2026-11-22", "changelog-open-block", 1, id="a tag"),
        pytest.param(LOG, "1.2.0", "<![CDATA[ x\n", URL, "2026-11-22", "changelog-open-block", 1, id="CDATA"),
        pytest.param(LOG, "1.2.0", "<?php\n", URL, "2026-11-22", "changelog-open-block", 1, id="an instruction"),
        pytest.param(
            LOG + "\n```\nopen\n", "1.2.0", "n", URL, "2026-11-22", "changelog-open-block", 7, id="a fence in the log"
        ),
        pytest.param(
            LOG + "\n<!-- open\n", "1.2.0", "n", URL, "2026-11-22", "changelog-open-block", 7, id="a comment in the log"
        ),
        pytest.param(
            "```\n" + LOG, "1.2.0", "n", URL, "2026-11-22", "changelog-open-block", 1, id="a fence over the log"
        ),
        pytest.param(DOUBLED, "1.2.0", "n", URL, "2026-11-22", "changelog-doubled-heading", 5, id="two headings"),
        pytest.param(DOUBLED, "v1.2", "n", URL, "2026-11-22", "changelog-doubled-heading", 5, id="two of 1.2"),
        pytest.param(
            "<<<<<<< ours\n" + LOG, "1.2.0", "n", URL, "2026-11-22", "changelog-conflict-markers", 1, id="a conflict"
        ),
        pytest.param(
            "<<<<<<<\n>>>>>>>\n" * 4, "1.2.0", "n", URL, "2026-11-22", "changelog-conflict-markers", 1, id="several"
        ),
        pytest.param(
            LOG + "\n[1]: https://a.b\n",
            "1.2.0",
            "see [1]\n\n[1]: https://c.d",
            URL,
            "2026-11-22",
            "changelog-label-clash",
            7,
            id="a label that is taken",
        ),
        pytest.param(
            LOG,
            "1.2.0",
            "## [1.0.0](https://a.b) (2025-01-01)\n\nx",
            URL,
            "2026-11-22",
            "changelog-would-damage",
            None,
            id="another release in the notes",
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "version", "body", "url", "date", "code", "line"), REFUSED)
def test_bad_input_is_refused(
    text: str, version: str, body: str, url: str, date: str, code: str, line: int | None
) -> None:
    with pytest.raises(CastoffError) as caught:
        port(text, version, body, url, date)
    problem = caught.value.problems[0]
    assert problem.code == code
    assert problem.message
    assert problem.remedy
    assert isinstance(caught.value, (UsageError, Refusal))
    if line is not None:
        assert problem.line == line


def test_each_refusal_reads_as_recorded() -> None:
    found = ""
    for one in REFUSED:
        text, version, body, url, date, *_ = map(str, one.values)
        with pytest.raises(CastoffError) as caught:
            port(text, version, body, url, date)
        found += problems_as_text(str(one.id), caught.value.problems)

    assert_recorded(RECORD, found)


@pytest.mark.parametrize(
    ("text", "version", "date", "code"),
    [
        pytest.param(LOG, "x", "2026-11-22", "changelog-version-invalid", id="no version"),
        pytest.param(LOG, "1.2.0", "soon", "changelog-date-invalid", id="no day"),
        pytest.param(LOG + "\n```\n", "1.2.0", "2026-11-22", "changelog-open-block", id="an open fence"),
        pytest.param(DOUBLED, "1.2.0", "2026-11-22", "changelog-doubled-heading", id="two headings"),
        pytest.param(
            LOG + ">>>>>>> theirs\n", "1.2.0", "2026-11-22", "changelog-conflict-markers", id="a conflict"
        ),
    ],
)
def test_what_cannot_be_cut_is_refused(text: str, version: str, date: str, code: str) -> None:
    with pytest.raises(CastoffError) as caught:
        cut(text, version, date, CutOptions())
    assert caught.value.problems[0].code == code


def test_a_doubled_section_is_not_replaced_either() -> None:
    with pytest.raises(Refusal):
        port(DOUBLED, "1.2.0", "n", URL, "2026-11-22", PortOptions(replace=True))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{", "it is not JSON (Expecting property name enclosed in double quotes: ", id="half an object"),
        pytest.param("[1]", "`1` is not a tag", id="a number"),
        pytest.param('[{"x": 1}]', "`{'x': 1}` names no tag", id="no tag"),
        pytest.param("[" * 100_000, "it is not JSON (maximum recursion depth exceeded", id="deep"),
    ],
)  # fmt: skip
def test_a_file_of_tags_that_cannot_be_read_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_known(text)
    (problem,) = caught.value.problems
    assert problem.reason.startswith(reason)
    assert replace(problem, reason="") == Problem(
        code="doctor-tags-invalid",
        message="the file of tags cannot be read",
        remedy="write one tag per line, optionally with a tab and its date, or a JSON list",
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1.0.0\n1.1.0\t2026-01-02\n", id="lines"),
        pytest.param("# tags\n1.0.0\r\n1.1.0,2026-01-02T10:00:00+01:00\r\n", id="a comma, a time, CRLF"),
        pytest.param('["1.0.0", ["1.1.0", "2026-01-02"]]', id="a list"),
        pytest.param('["1.0.0", {"tag": "1.1.0", "date": "2026-01-02"}]', id="objects"),
        pytest.param(
            '[{"name": "1.0.0"}, {"tag_name": "1.1.0", "published_at": "2026-01-02T00:00:00Z"}]',
            id="releases",
        ),
        pytest.param('{"1.0.0": "", "1.1.0": "2026-01-02"}', id="an object"),
        pytest.param(
            '{"tags": ["refs/tags/1.0.0", "1.1.0\\t2026-01-02"], "pulls": [3]}', id="with pull requests"
        ),
    ],
)
def test_tags_are_read_in_each_form(text: str) -> None:
    known = read_known(text)
    assert known.tags is not None
    assert [(tag.name, tag.version, str(tag.day)) for tag in known.tags] == [
        ("1.0.0", "1.0.0", "None"),
        ("1.1.0", "1.1.0", "2026-01-02"),
    ]


@pytest.mark.parametrize(
    ("text", "pulls"),
    [
        ('{"tags": ["1.0.0"], "pulls": [3, true, "4"]}', {3}),
        ('{"tags": ["1.0.0"], "pulls": 3}', set()),
        ('[{"tag": "1.0.0", "merged_prs": [{"number": 5}, 6, true, {"number": "7"}, {}]}]', {5, 6}),
        ('[{"tag": "1.0.0", "pulls": [8]}, {"tag": "1.1.0", "pulls": {"a": 9}}, "1.2.0"]', {8}),
        ('{"tags": [{"tag": "1.0.0", "pulls": [8]}], "pulls": [9]}', {8, 9}),
        ("1.0.0\n", set()),
    ],
)
def test_pull_requests_are_known_from_the_file_of_tags(text: str, pulls: set[int]) -> None:
    assert read_known(text).pulls == pulls
