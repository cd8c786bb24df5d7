"""The issue of a failed build: found by its line, with the part of the log that matters, whatever the log holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.ports import ForgeIssue
from castoff.postrelease.docs import (
    LONGEST,
    built_comment,
    find_issue,
    is_noted,
    issue_body,
    issue_title,
    marker,
    relevant,
)

URL = "https://docs.example.invalid/builds/1"


def issue(number: int, body: str) -> ForgeIssue:
    return ForgeIssue(number=number, body=body, is_open=True, url="")


LOGS = {
    "rustc": ("a\n" * 500 + "error[E0432]: no x\n --> src/lib.rs\n" + "b\n" * 500, "error[E0432]: no x"),
    "cargo": ("x\nerror: could not compile `kit`\n", "error: could not compile"),
    "docs.rs' own mark": ("[INFO] x\n[ERROR] error: the memory ran out\n", "the memory ran out"),
    "python": ("x\nTraceback (most recent call last):\n  y\nValueError: z\n", "ValueError: z"),
    "sphinx": ("reading\nSphinx error:\nroot file index.rst not found\n", "index.rst not found"),
    "no error": ("a\n" * 500 + "the end\n", "the end"),
    "carriage returns": ("a\r\nerror: x\r\n", "error: x"),
}


@pytest.mark.parametrize(("log", "part"), LOGS.values(), ids=LOGS)
def test_what_matters_of_a_log_is_kept(log: str, part: str) -> None:
    assert part in relevant(log)
    assert len(relevant(log).splitlines()) < 120


HOSTILE = {
    "a fence": "```\nerror: x\n```",
    "a longer fence": "`````\n",
    "html": "<script>alert(1)</script> <!-- x -->",
    "a marker": marker("kit", "1.1.0"),
    "escapes": "\x1b]0;title\x07\x1b[2J\x00\x08error: x",
    "one endless line": "x" * 1_000_000,
    "many lines": "error: y\n" * 100_000,
    "nothing": "",
    "blanks": "\n \n\t\n",
}


@pytest.mark.parametrize("log", HOSTILE.values(), ids=HOSTILE)
def test_no_log_breaks_out_of_its_block_or_grows_too_long(log: str) -> None:
    body = issue_body("kit-core", "1.1.0", URL, log)

    assert len(body) < LONGEST + 2_000
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", body)
    fence = re.search(r"^(`{3,})text$", body, re.MULTILINE)
    if fence is not None:
        inside = body.split(f"{fence[1]}text\n", 1)[1].rsplit(f"\n{fence[1]}\n", 1)[0]
        assert fence[1] not in inside
    assert find_issue([issue(1, body)], "kit-core", "1.1.0") is not None


@given(st.text(), st.text(max_size=80), st.text(max_size=40))
def test_any_log_and_any_name_make_an_issue_that_is_found_again(log: str, package: str, version: str) -> None:
    body = issue_body(package, version, URL, log)

    assert find_issue([issue(1, body)], package, version) is not None
    assert "\n" not in issue_title(package, version)
    assert len(issue_title(package, version)) <= 256


def test_an_issue_is_found_by_its_own_line_and_the_oldest_one_counts() -> None:
    body = issue_body("kit", "1.1.0", URL, "x")
    quoted = "> " + marker("kit", "1.1.0")

    assert find_issue([issue(9, body), issue(4, body)], "kit", "1.1.0") == issue(4, body)
    assert find_issue([issue(1, quoted)], "kit", "1.1.0") is None
    assert find_issue([issue(1, body)], "kit", "1.1.1") is None
    assert find_issue([issue(1, body)], "kit-core", "1.1.0") is None


def test_a_name_cannot_end_the_comment_that_holds_it() -> None:
    assert marker("kit --> <b>", "1") == "<!-- castoff docs failed kit------b- 1 -->"


def test_a_success_is_noted_for_its_own_version() -> None:
    comment = built_comment("kit", "1.1.0", URL)

    assert is_noted([comment], "kit", "1.1.0")
    assert not is_noted([comment], "kit", "1.1.1")
    assert not is_noted(["has been built"], "kit", "1.1.0")
