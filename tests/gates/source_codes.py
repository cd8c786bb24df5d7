"""Which error codes are written in the source, and where?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "castoff"
ERRORS = {"CastoffError", "UsageError", "ConfigurationError", "WorkspaceError", "NotYet", "Refusal"}
MAKERS = {
    "Problem", "Defect", "problem", "_problem", "wrong", "warn", "warning", "refuse", "refused", "_refused",
    "error", "_error", "fault", "_fault", "note", "_note", "complain", "_invalid", "_bad", "add",
}  # fmt: skip
"""Functions of single rooms whose first argument may be a code."""
CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def codes_raised() -> dict[str, str]:
    """Give each code with a place where it is raised."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for code in _codes(node):
                found.setdefault(code, f"{path.relative_to(SOURCE)}:{getattr(node, 'lineno', 0)}")
    return found


def codes_without_reason() -> dict[str, str]:
    """Give each code that is raised without a reason of its own, with a place."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and not {"reason", None} & {one.arg for one in node.keywords}:
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if _is_an_error(node.func) or name in ("Problem", "wrong", "report", "Impossible", "Defect"):
                    for code in _codes(node):
                        found.setdefault(code, f"{path.relative_to(SOURCE)}:{node.lineno}")
    return found


def literals() -> set[str]:
    """Give all texts that look like codes, whatever they are."""
    return {
        node.value
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


def _codes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "code":
        yield from _texts(node.value)
    if not isinstance(node, ast.Call):
        return
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from _texts(keyword.value)
    if node.args and _is_an_error(node.func):
        yield from _texts(node.args[0])
    elif node.args and _may_make_a_problem(node.func):
        yield from (text for text in _texts(node.args[0]) if "-" in text)


def _is_an_error(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr != "of":
        return False
    return isinstance(function.value, ast.Name) and function.value.id in ERRORS


def _may_make_a_problem(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in MAKERS


def _texts(value: ast.expr | None) -> Iterator[str]:
    """Give the texts that an expression can be: one, or either of a conditional."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
