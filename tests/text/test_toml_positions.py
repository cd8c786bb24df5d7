from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.errors import WorkspaceError
from castoff.text.toml import Path, parse, replace_strings, scan

DOCUMENT = """\
# a comment
title = "one" # another
'quoted key'."dotted \\u0041" . plain = 'two'

[project]
name = "x"
dependencies = [
    "a==1.0",  # the first ] of them
    'b[extra]>=1',
    [1, [2, "deep"]],
    {name = "c", version.exact = "1"},
]
when = 1979-05-27 07:32:00 # a date
long = \"\"\"
# no comment
[no.table]
\"quoted\" \"\"two\"\" end\"\"\"\"\"
raw = '''it''s'''
empty = ""

[[package]]
name = "first"
[package.source]
kind = "registry"
[[package.files]]
url = "u0"
[[package.files]]
url = "u1"
[[package]]
name = "second"
inline = { a = { b = [ "x", "y" ] } }
"""


@pytest.mark.parametrize(
    ("path", "source", "line"),
    [
        pytest.param(("title",), '"one"', 2, id="value"),
        pytest.param(("quoted key", "dotted A", "plain"), "'two'", 3, id="dotted and quoted key"),
        pytest.param(("project", "dependencies", 0), '"a==1.0"', 8, id="array element"),
        pytest.param(
            ("project", "dependencies", 1), "'b[extra]>=1'", 9, id="element after a comment with a bracket"
        ),
        pytest.param(("project", "dependencies", 2, 1, 1), '"deep"', 10, id="nested arrays"),
        pytest.param(
            ("project", "dependencies", 3, "version", "exact"), '"1"', 11, id="inline table in an array"
        ),
        pytest.param(("project", "when"), "1979-05-27 07:32:00", 13, id="date with a space"),
        pytest.param(("project", "raw"), "'''it''s'''", 18, id="long literal"),
        pytest.param(("project", "empty"), '""', 19, id="empty string"),
        pytest.param(("package", 0, "name"), '"first"', 22, id="array of tables"),
        pytest.param(("package", 0, "source", "kind"), '"registry"', 24, id="table in an array of tables"),
        pytest.param(("package", 0, "files", 1, "url"), '"u1"', 28, id="array of tables in one"),
        pytest.param(("package", 1, "inline", "a", "b", 1), '"y"', 31, id="inline tables"),
    ],
)
def test_a_value_is_found_with_its_line(path: Path, source: str, line: int) -> None:
    positions = scan(DOCUMENT)
    span = positions.value_span(path)
    assert span is not None
    assert DOCUMENT[span[0] : span[1]] == source
    assert positions.line(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("project",), 5),
        (("package",), 21),
        (("package", 1), 29),
        (("package", 0, "source"), 23),
        (("quoted key",), 3),
    ],
    ids=str,
)
def test_a_table_has_the_line_of_its_first_mention(path: Path, line: int) -> None:
    assert scan(DOCUMENT).line(path) == line


@pytest.mark.parametrize(
    "path", [("no",), ("project", "no"), ("project", "dependencies", 9), ("title", "x"), ("package", 7)]
)
def test_what_is_not_there_is_not_found(path: Path) -> None:
    assert scan(DOCUMENT).value_span(path) is None


def test_the_nearest_line_is_that_of_what_is_written() -> None:
    assert scan(DOCUMENT).nearest_line(("project", "no", "such")) == 5


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_line_ends_and_a_byte_order_mark_stay(newline: str, mark: str) -> None:
    text = mark + DOCUMENT.replace("\n", newline)
    new = replace_strings(text, {("project", "dependencies", 0): "a==2.0"})
    assert new == text.replace("a==1.0", "a==2.0")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("'a'", "b", "'b'", id="literal stays literal"),
        pytest.param("'a'", "it's", '"it\'s"', id="literal that cannot be"),
        pytest.param('"a"', 'a"b\\', '"a\\"b\\\\"', id="escapes"),
        pytest.param('"""a"""', "b", '"""b"""', id="long basic"),
        pytest.param("'''a'''", "b", "'''b'''", id="long literal"),
        pytest.param('"a"', "\x7f\n", '"\\u007f\\n"', id="control characters"),
    ],
)
def test_quotes_are_kept(old: str, new: str, expected: str) -> None:
    assert replace_strings(f"x = {old} # c\n", {("x",): new}) == f"x = {expected} # c\n"


@pytest.mark.parametrize("path", [("x",), ("no",), ("t",)])
def test_only_strings_are_replaced(path: Path) -> None:
    with pytest.raises(KeyError):
        replace_strings("x = 1\n[t]\ny = nan\n", {path: "b"})


def test_several_values_are_replaced_at_once() -> None:
    text = 'a = "1"\nb = ["2", "1"]\nn = nan\n'
    assert (
        replace_strings(text, {("b", 1): "three", ("a",): "one"})
        == 'a = "one"\nb = ["2", "three"]\nn = nan\n'
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a = 1\nb = = 2\n", 2, id="two signs"),
        pytest.param('a = "open\n', 1, id="open string"),
        pytest.param("a = 1\na = 2\n", 2, id="key twice"),
        pytest.param("a = [1,\n\n", 3, id="open array"),
        pytest.param("a = " + "[" * 5000, None, id="too deep"),
    ],
)
def test_invalid_toml_is_told_with_its_line(text: str, line: int | None) -> None:
    with pytest.raises(WorkspaceError) as caught:
        parse(text, "pkg/pyproject.toml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.line) == ("toml-invalid", "pkg/pyproject.toml", line)


def test_hostile_texts_are_read_in_linear_time() -> None:
    for text in (
        'a = "' + "\\" * 100_000,
        "a = '''" + "''" * 50_000,
        "a = [" + "#" * 100_000,
        "a." * 50_000,
        "[" * 99_999,
    ):
        scan(text).line(("a", "b"))


KEYS = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True), st.text(max_size=6))
STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def _quoted(text: str) -> str:
    return (
        '"' + "".join(c if c.isalnum() or c in " ._-=<>[]{}#'," else f"\\U{ord(c):08x}" for c in text) + '"'
    )


def _literal_or_quoted(text: str, literal: bool) -> str:
    simple = literal and all(c.isprintable() and c != "'" for c in text)
    return f"'{text}'" if simple else _quoted(text)


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    kinds = ["string", "long", "number", "bool"] + (["array", "table"] if depth else [])
    match draw(st.sampled_from(kinds)):
        case "string":
            return _literal_or_quoted(draw(STRINGS), draw(st.booleans()))
        case "long":
            body = draw(st.sampled_from(['a "b" ""c', "# x\n[y]\n", "", 'end"', "\\\n  z"]))
            return f'"""{body}"""'
        case "number":
            return draw(
                st.sampled_from(["1", "-1.5e3", "nan", "1979-05-27", "1979-05-27 07:32:00Z", "0xff", "inf"])
            )
        case "bool":
            return draw(st.sampled_from(["true", "false"]))
        case "array":
            gap = draw(st.sampled_from(["", " ", "\n  ", " # c ]\n"]))
            inner = draw(st.lists(values(depth - 1), max_size=3))
            return "[" + "".join(f"{gap}{one}{gap}," for one in inner) + gap + "]"
        case _:
            keys = draw(st.lists(KEYS, max_size=3, unique=True))
            pairs = [f"{_quoted(key)} = {draw(values(0))}" for key in keys]
            return "{ " + ", ".join(pairs) + " }"


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for name in [None, *draw(st.lists(KEYS, max_size=4, unique=True))]:
        if name is not None:
            header = _quoted("t" + name)
            lines.append(f"[[{header}]]" if draw(st.booleans()) else f"[ {header} . sub ]  # c")
        for key in draw(st.lists(KEYS, max_size=3, unique=True)):
            written = f"{_quoted(key)}.d" if draw(st.booleans()) else _literal_or_quoted(key, True)
            lines.append(
                f"{written} = {draw(values())}" + draw(st.sampled_from(["", " # c", "\n", "\n# x = 1"]))
            )
    return (
        draw(st.sampled_from(["\n", "\r\n"])).join(line for one in lines for line in one.split("\n")) + "\n"
    )


def _leaves(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in _leaves(one, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, one in enumerate(value) for leaf in _leaves(one, (*path, index))]
    return [(path, value)]


@given(documents())
def test_every_value_stands_where_it_is_said_to_stand(text: str) -> None:
    positions = scan(text)
    for path, value in _leaves(tomllib.loads(text)):
        span = positions.value_span(path)
        assert span is not None, path
        assert repr(tomllib.loads(f"v = {text[span[0] : span[1]]}\n")["v"]) == repr(value)
        assert positions.line(path)


@given(documents(), STRINGS, st.randoms(use_true_random=False))
def test_a_replaced_string_changes_nothing_else(text: str, new: str, random: Any) -> None:
    strings = [path for path, value in _leaves(tomllib.loads(text)) if isinstance(value, str)]
    if not strings:
        return
    path = random.choice(strings)
    span = scan(text).value_span(path)
    assert span is not None
    result = replace_strings(text, {path: new})
    assert result.startswith(text[: span[0]])
    assert result.endswith(text[span[1] :])
