from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import castoff
from castoff.regexes import regex


def modules() -> list[str]:
    names = [one.name for one in pkgutil.walk_packages(castoff.__path__, "castoff.")]
    return [name for name in names if not name.endswith("__main__")]


def test_every_constant_expression_is_valid() -> None:
    kind = type(regex("a"))
    found = [
        one for name in modules() for one in vars(importlib.import_module(name)).values() if type(one) is kind
    ]

    assert len(found) > 100
    assert all(isinstance(one.pattern, str | bytes) for one in found)


def test_constant_expressions_of_a_command_wait_for_their_first_use() -> None:
    folder = Path(castoff.__file__).parent
    # The embedded world stands alone: it imports nothing of castoff's.
    files = [one for one in folder.rglob("*.py") if "world" not in one.relative_to(folder).parts[:1]]

    assert [
        f"{one.name}:{node.lineno}"
        for one in files
        for node in ast.parse(one.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and ast.unparse(node.value).startswith("re.compile(")
    ] == []


def test_an_expression_does_what_a_compiled_one_does() -> None:
    made = regex("a(b+)", re.IGNORECASE)

    assert made.pattern == "a(b+)"
    assert made.fullmatch("AB") is not None
    assert made.fullmatch("ac") is None
    assert made.sub(r"\1", "abbc") == "bbc"
    assert made.split("xaby") == ["x", "b", "y"]
    assert [one[1] for one in made.finditer("ab abb")] == ["b", "bb"]
