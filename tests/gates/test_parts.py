"""What every part keeps to: a decision reads its look alone, and nobody reads the id of an act."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "castoff"
OF_A_PART = {"look", "decide", "describe", "act"}


def parts() -> Iterator[tuple[str, dict[str, ast.FunctionDef]]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "def describe(" not in (text := path.read_text(encoding="utf-8")):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
                if methods.keys() >= OF_A_PART:
                    yield node.name, methods


def own_names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.ctx, context)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
    }


def reads(methods: dict[str, ast.FunctionDef], name: str) -> set[str]:
    """Return the attributes that a method reads, also through methods of its own."""
    found: set[str] = set()
    left, seen = [name], set()
    while left:
        seen.add(method := left.pop())
        found |= (names := own_names(methods[method], ast.Load))
        left += [one for one in names if one in methods and one not in seen]
    return found


def test_no_decision_and_no_description_reads_what_a_part_remembers() -> None:
    hidden = {
        f"{name}.{method}": kept & reads(methods, method)
        for name, methods in parts()
        for kept in ({one for each in methods.values() for one in own_names(each, ast.Store)},)
        for method in ("decide", "describe")
    }

    assert len(hidden) >= 2 * 20
    assert {name: names for name, names in hidden.items() if names} == {}


def test_each_part_has_a_table_of_its_decisions() -> None:
    """The tables of ``test_*decisions*.py`` construct the part, one row per condition."""
    tables = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((SOURCE.parents[1] / "tests").rglob("test_*decisions*.py"))
    )

    assert [name for name, _ in parts() if f"{name}(" not in tables and name != "Part"] == []


def test_no_act_is_done_by_the_words_of_its_id() -> None:
    takes_apart = re.compile(
        r"\bact\.id(\.r?(split|partition|find|index)\(|\.remove(prefix|suffix)\(|\[)|\bin act\.id\b"
    )

    assert [
        f"{path.relative_to(SOURCE)}: {line.strip()}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "act.id" in line and takes_apart.search(line)
    ] == []
