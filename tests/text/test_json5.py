"""JSON as people write it, and the literals that a configuration in JavaScript exports."""

from __future__ import annotations

from typing import Any

import pytest

from castoff.errors import CastoffError
from castoff.text.json5 import exported_object, parse_json5

DOCUMENTS = [
    ('{"a": [1, -2.5, 1e3]}', {"a": [1, -2.5, 1000.0]}),
    ('{\n // of ours\n "a": "http://x", /* and\n more */ "b": [1,],\n}', {"a": "http://x", "b": [1]}),
    ("{a: 'it\\'s', $b_1: true, 'c d': null, e: .5, f: +0x1F}",
     {"a": "it's", "$b_1": True, "c d": None, "e": 0.5, "f": 31}),
    ('\ufeff[// nothing\n]', []),
    ("{a: 'one\\\ntwo\\x41\\u0042'}", {"a": "onetwoAB"}),
    ("{a: 1, a: 2}", {"a": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), DOCUMENTS)
def test_a_document_is_read(text: str, value: Any) -> None:
    assert parse_json5(text, "a.json") == value


@pytest.mark.parametrize(
    "text", ["", "{", "{a: b}", "{a: 1 b: 2}", "{} {}", "{a: `x${y}`}", "[" * 200, "{'a\n': 1}", "{,}", "{a}"]
)
def test_anything_else_is_invalid_json(text: str) -> None:
    with pytest.raises(CastoffError) as raised:
        parse_json5(text, "a.json")

    assert [one.code for one in raised.value.problems] == ["json-invalid"]


MODULES = [
    ('module.exports = {a: ["x"], b: "y"};\n', {"a": ["x"], "b": "y"}),
    ("/** @type {X} */\nexport default {\n  a: 1, // one\n} satisfies Options;", {"a": 1}),
    ("import type { O } from 'x'\nconst config: O = {a: 1}\nexport default config\n", {"a": 1}),
    ("module.exports = {a: 1}\n// the end", {"a": 1}),
    ("module.exports = {a: process.env.X}", None),
    ("module.exports = {...base, a: 1}", None),
    ("module.exports = {a: 1}\nmodule.exports.b = 2", None),
    ("export default defineConfig({a: 1})", None),
    ("export default config", None),
    ("exports.a = 1", None),
]


@pytest.mark.parametrize(("text", "value"), MODULES)
def test_a_literal_that_a_module_exports_is_read_and_nothing_that_it_computes(text: str, value: Any) -> None:
    assert exported_object(text) == value
