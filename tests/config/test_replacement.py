from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.config.reader import parse_configuration
from castoff.config.replacement import LARGEST_TEXT, replace_all, replace_in
from castoff.config.values import Replace

VALUES = {"version": "1.3.0", "previous": "1.2.0", "name": "harbour"}


def rule(search: str, replace: str, **rest: object) -> Replace:
    return Replace(file="README.md", search=search, replace=replace, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "given_rule", "expected"),
    [
        ("use 1.2.0\n", rule("{previous}", "{version}"), "use 1.3.0\n"),
        ("use 1x2x0\n", rule("{previous}", "{version}", min=0), "use 1x2x0\n"),
        ("1.2.0 1.2.0", rule(r"\d+\.\d+\.\d+", "{version}", count=2), "1.3.0 1.3.0"),
        ('a = "1.2.0"', rule(r'^(\w+) = "[^"]+"', r'\1 = "{version}"'), 'a = "1.3.0"'),
        ("ab", rule("(?P<x>a)b", r"\g<x>\g<1>{name}"), "aaharbour"),
        ("ab", rule("(a)(z)?b", r"\2\1"), "a"),
        ("a", rule("a", r"\\1 \n"), "\\1 \\n"),
        ("a.b", rule("a.b", r"\1{version}", literal=True), "\\11.3.0"),
        ("axb", rule("a.b", "c", literal=True, min=0), "axb"),
        ("x { y", rule("{ y", "{ z", literal=True), "x { z"),
        ("one\ntwo\n", rule("^", "> ", count=3), "> one\n> two\n> "),
        ("{version}", rule("{open}version{close}", "{open}x{close}", literal=True), "{x}"),
        ("\ufeffa", rule("a", "b"), "\ufeffb"),
    ],
    ids=[
        "placeholders",
        "placeholder is literal in a pattern",
        "several matches",
        "group by number",
        "group by name",
        "group that took no part",
        "escaped backslash",
        "literal",
        "literal finds no pattern",
        "lone brace",
        "matches of nothing",
        "braces as text",
        "byte order mark",
    ],
)
def test_a_rule_replaces(text: str, given_rule: Replace, expected: str) -> None:
    new, _, problem = replace_in(text, given_rule, VALUES)

    assert new == expected
    assert problem is None


def test_each_change_is_told_with_its_line() -> None:
    _, edits, _ = replace_in("a\n1.2.0\n\n1.2.0 1.3.0\n", rule(r"\d\.\d\.\d", "{version}"), VALUES)

    assert [(edit.path, edit.line, edit.kind, edit.old, edit.new) for edit in edits] == [
        ("README.md", 2, "replacement", "1.2.0", "1.3.0"),
        ("README.md", 4, "replacement", "1.2.0", "1.3.0"),
    ]


def test_line_ends_of_the_file_are_kept() -> None:
    new, edits, _ = replace_in("a\r\nb\r\n", rule("^b$", "b\nc"), VALUES)

    assert new == "a\r\nb\r\nc\r\n"
    assert edits[0].line == 2


def test_mixed_line_ends_are_left_alone() -> None:
    new, _, _ = replace_in("a\r\nb\nc", rule("c", "d"), VALUES)

    assert new == "a\r\nb\nd"


@pytest.mark.parametrize(
    ("counts", "text", "wanted"),
    [
        ({}, "", "at least once"),
        ({"count": 1}, "", "once"),
        ({"count": 1}, "aa", "once"),
        ({"count": 0}, "a", "0 times"),
        ({"min": 2}, "a", "at least 2 times"),
        ({"max": 1}, "aa", "at most once"),
        ({"min": 0, "max": 2}, "aaa", "at most 2 times"),
    ],
)
def test_a_rule_that_matches_too_often_or_too_rarely_is_a_problem(
    counts: dict[str, int], text: str, wanted: str
) -> None:
    _, _, problem = replace_in(text, rule("a", "b", **counts), VALUES)

    assert problem is not None
    assert problem.code == "replacement-count"
    assert problem.message.endswith(f"it must match {wanted}")


def test_rules_apply_one_after_the_other_and_only_changed_texts_come_back() -> None:
    texts = {"README.md": "a", "other": "x"}
    rules = (
        rule("a", "b"),
        rule("b", "c"),
        Replace(file="other", search="x", replace="x"),
    )

    done = replace_all(texts.get, rules, VALUES, is_stable=True)

    assert dict(done.texts) == {"README.md": "c"}
    assert [edit.new for edit in done.edits] == ["b", "c"]
    assert done.problems == ()


def test_a_rule_can_leave_out_pre_releases() -> None:
    rules = (rule("a", "b", prerelease=False),)

    assert dict(replace_all({"README.md": "a"}.get, rules, VALUES, is_stable=False).texts) == {}
    assert dict(replace_all({"README.md": "a"}.get, rules, VALUES, is_stable=True).texts) == {
        "README.md": "b"
    }


@pytest.mark.parametrize(
    ("text", "values", "code", "severity"),
    [
        (None, VALUES, "replacement-file-missing", "error"),
        ("a" * (LARGEST_TEXT + 1), VALUES, "replacement-text-too-large", "error"),
        ("a", {"version": "0.1.0"}, "replacement-skipped", "warning"),
    ],
    ids=["no file", "too large", "first release"],
)
def test_what_cannot_be_searched_is_a_problem(
    text: str | None, values: dict[str, str], code: str, severity: str
) -> None:
    done = replace_all(lambda path: text, (rule("{previous}", "{version}"),), values, is_stable=True)

    assert [(problem.code, problem.severity) for problem in done.problems] == [(code, severity)]
    assert not done.texts


@given(st.text(max_size=200), st.text(min_size=1, max_size=5), st.text(max_size=8))
def test_literal_rules_do_what_replace_does(text: str, search: str, replace: str) -> None:
    braces = re.compile("[{}\r\n]")
    text, search, replace = braces.sub("", text), braces.sub("", search) or "x", braces.sub("", replace)

    new, _, _ = replace_in(text, rule(search, replace, literal=True, min=0), {})

    assert new == text.replace(search, replace)


def test_a_rule_does_not_run_for_a_pre_release_unless_it_asks_for_it() -> None:
    text = '[[replace]]\nfile = "README.md"\nsearch = "a"\nreplace = "{version}"\n'
    asked = parse_configuration(text + "prerelease = true\n").replace
    texts = {"README.md": "a"}

    assert (
        dict(replace_all(texts.get, parse_configuration(text).replace, VALUES, is_stable=False).texts) == {}
    )
    assert set(replace_all(texts.get, asked, VALUES, is_stable=False).texts) == {"README.md"}
