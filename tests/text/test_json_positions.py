from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.errors import CastoffError
from castoff.text.json import JsonPositions, parse_json, replace_json_strings

TEXT = (
    '\ufeff{\r\n\t"name" : "a",\n  "twice": "1", "twice": "2",\n'
    '  "deep": [{"x/y": "é\\"}"}, [], "z"],\n  "n": -1.50e3\n}'
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("name",), '"a"'),
        (("twice",), '"2"'),
        (("deep",), '[{"x/y": "é\\"}"}, [], "z"]'),
        (("deep", 0, "x/y"), '"é\\"}"'),
        (("deep", 1), "[]"),
        (("deep", 2), '"z"'),
        (("n",), "-1.50e3"),
    ],
)
def test_a_value_has_a_span(path: tuple[str | int, ...], found: str) -> None:
    start, end = JsonPositions(TEXT).spans[path]
    assert TEXT[start:end] == found


def test_lines_are_those_of_the_nearest_value() -> None:
    positions = JsonPositions(TEXT)
    assert [positions.nearest_line(path) for path in (("n",), ("deep", 0, "none"), ("none",))] == [5, 4, None]


def test_only_the_named_strings_change() -> None:
    changed = replace_json_strings(TEXT, {("name",): 'b"', ("deep", 2): "ü"})
    assert changed == TEXT.replace('"a"', '"b\\""').replace('"z"', '"ü"')


@pytest.mark.parametrize(
    ("text", "line"), [('{\n"a": 1,\n}', 3), ("", 1), ("[" * 5000 + "]" * 5000, None), ("{\n'a': 1}", 2)]
)
def test_what_is_not_json_has_a_line(text: str, line: int | None) -> None:
    with pytest.raises(CastoffError) as caught:
        parse_json(text, "package.json")
    problem = caught.value.problems[0]
    assert (problem.code, problem.file, problem.line) == ("json-invalid", "package.json", line)


@given(VALUES, st.sampled_from([None, 1, "\t"]))
def test_every_value_is_found_at_its_span(value: object, indent: int | str | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    for path, (start, end) in JsonPositions(text).spans.items():
        found = value
        for part in path:
            found = found[part]  # type: ignore[index]
        assert json.loads(text[start:end]) == found
