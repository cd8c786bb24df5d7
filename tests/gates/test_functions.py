from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "castoff"
LONGEST = 60
MOST = 4
MANY = 60
"""Functions with more than ``MOST`` parameters that are left; the number only goes down."""


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}", node


def body_lines(node: ast.FunctionDef) -> int:
    """Count the lines of a function without its docstring and its signature."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_is_longer_than_the_house_allows() -> None:
    assert {name: body_lines(node) for name, node in functions() if body_lines(node) > LONGEST} == {}


def parameters(node: ast.FunctionDef) -> int:
    """Count the parameters of a function, that of a method for its object left out."""
    named = [
        *node.args.posonlyargs,
        *node.args.args,
        *node.args.kwonlyargs,
        node.args.vararg,
        node.args.kwarg,
    ]
    names = [one.arg for one in named if one is not None]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def is_command(node: ast.FunctionDef) -> bool:
    """Return whether click calls a function: its parameters are the options of a command."""
    return any("command" in ast.unparse(one) for one in node.decorator_list)


def test_values_that_belong_together_are_one_parameter() -> None:
    found = [name for name, node in functions() if parameters(node) > MOST and not is_command(node)]

    assert len(found) == MANY, "more: give the values a type; fewer: lower the number"


def test_no_function_knows_of_a_dry_run() -> None:
    assert [
        name
        for name, node in functions()
        if "dry_run" in [one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)]
    ] == []


def test_no_module_is_named_for_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}

    assert [str(path) for path in SOURCE.rglob("*.py") if path.stem in empty] == []


def test_no_two_classes_have_one_name() -> None:
    """Private names and the embedded world are free: its services speak of the same things with other words."""
    found: dict[str, list[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if "world" in path.relative_to(SOURCE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(path.relative_to(SOURCE)))

    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
