"""Versions in Python modules, found in the syntax tree: never in a docstring, and never by running the module.

Setuptools takes the first string that a module's top level sets the variable to, and imports the module if there is
none. Imports are followed here through the files of the project instead.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.version_place import (
    Read,
    VersionSpot,
    not_found,
    not_literal,
    spot_at,
    spot_in,
)
from castoff.regexes import regex
from castoff.text.toml import Path, Span

_LINE_END = regex(r"\r\n|\r|\n")
_ONE_STRING = regex(r"[rRuU]?(\"\"\"|'''|\"|')(?P<version>[^'\"\\\n]*)\1")
_MOST_IMPORTS = 5


class _Imported(Struct, frozen=True):
    """A name that a module imports: ``level`` counts the leading dots of a relative import."""

    module: str
    level: int
    name: str
    line: int


class _Computed(Struct, frozen=True):
    line: int


class PythonModules(Struct, frozen=True):
    """The modules of a project; ``roots`` are the folders that hold them, relative to the manifest."""

    document: PythonDocument
    read: Read
    roots: Sequence[str] = ()

    def version_in(self, module: str, variable: str, key: Path) -> VersionSpot:
        """Find the version that a variable of a module holds.

        Errors: ``version-not-found``, ``version-not-literal``.
        """
        for file in self._files(module):
            text = self.read(file)
            if text is not None:
                return self.version_in_code(file, text, variable)
        raise not_found(self.document, f"the module `{module}` was not found", key)

    def version_in_code(self, file: str, text: str, variable: str, *, imports: int = 0) -> VersionSpot:
        """Find the version that a variable of a file holds, after so many imports. Errors: ``version-not-literal``."""
        found = _find(text, variable)
        if isinstance(found, tuple):
            return spot_at(file, text, found)
        if isinstance(found, VersionSpot):
            return VersionSpot(found.version, file, found.line, span=found.span)
        if isinstance(found, _Imported) and imports < _MOST_IMPORTS:
            for other in self._imported_files(file, found):
                inner = self.read(other)
                if inner is not None:
                    return self.version_in_code(other, inner, found.name, imports=imports + 1)
        raise not_literal(variable, file, found.line if found is not None else None)

    def _files(self, module: str) -> Iterator[str]:
        path = module.replace(".", "/")
        for root in self.roots:
            for tail in ("/__init__.py", ".py"):
                file = self.document.at(f"{root}/{path}{tail}")
                if file is not None:
                    yield file

    def _imported_files(self, file: str, found: _Imported) -> Iterator[str]:
        if found.level == 0:
            yield from self._files(found.module)
            return
        folder = file.split("/")[: -found.level]
        path = "/".join([*folder, *found.module.split(".")] if found.module else [*folder, "__init__"])
        yield from (f"{path}.py", f"{path}/__init__.py")


def version_argument(file: str, text: str) -> VersionSpot | None:
    """Find the string that a `setup.py` passes to ``setup`` as ``version``; None if it passes none.

    Errors: ``version-not-literal``.
    """
    tree = _parsed(text)
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Call) or _called(node.func) != "setup":
            continue
        for argument in node.keywords:
            if argument.arg != "version":
                continue
            value: ast.expr | None = argument.value
            if isinstance(value, ast.Name) and tree is not None:
                value = _literal(tree, value.id)
            span = _string_span(text, value)
            if span is None:
                raise not_literal("version", file, argument.value.lineno)
            return spot_at(file, text, span)
    return None


def _find(text: str, variable: str) -> Span | VersionSpot | _Imported | _Computed | None:
    tree = _parsed(text)
    if tree is None:  # newer syntax than this interpreter's: the form that tools with patterns look for
        return spot_in(_assignment(variable), "", text)
    for _ in range(_MOST_IMPORTS):
        span = _string_span(text, _literal(tree, variable))
        if span is not None:
            return span
        last = next(reversed([*_bindings(tree.body, variable)]), None)
        if isinstance(last, ast.Name):
            variable = last.id
            continue
        if isinstance(last, _Imported) or last is None:
            return last
        return _Computed(last.lineno)
    return None


def _literal(tree: ast.Module, variable: str) -> ast.expr | None:
    """Return the first string that the top level sets a variable to, as setuptools and flit look for it."""
    for statement in tree.body:
        value = _assigned(statement, variable)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value
    return None


def _bindings(body: Iterable[ast.stmt], variable: str) -> Iterator[ast.expr | _Imported]:
    for statement in body:
        value = _assigned(statement, variable)
        if value is not None:
            yield value
        if isinstance(statement, ast.ImportFrom):
            for one in statement.names:
                if (one.asname or one.name) == variable:
                    yield _Imported(statement.module or "", statement.level, one.name, statement.lineno)
        # What `except ImportError` sets is for when the usual binding fails: it is not the version that is built.
        for inner in ("body", "orelse", "finalbody"):
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from _bindings(getattr(statement, inner, ()), variable)


def _assigned(statement: ast.stmt, variable: str) -> ast.expr | None:
    targets: Sequence[ast.expr] = ()
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return None
    named = any(isinstance(one, ast.Name) and one.id == variable for one in targets)
    return statement.value if named else None


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _string_span(text: str, value: ast.expr | None) -> Span | None:
    """Return the span of a string's content; None if it is not one plain literal."""
    if value is None or value.end_lineno is None or value.end_col_offset is None:
        return None
    source = text.removeprefix("\ufeff")
    shift = len(text) - len(source)
    starts = [0, *(match.end() for match in _LINE_END.finditer(source))]
    start = _offset(source, starts, value.lineno, value.col_offset)
    match = _ONE_STRING.fullmatch(
        source, start, _offset(source, starts, value.end_lineno, value.end_col_offset)
    )
    if match is None or not isinstance(value, ast.Constant) or match["version"] != value.value:
        return None
    return match.start("version") + shift, match.end("version") + shift


def _offset(text: str, starts: Sequence[int], line: int, column: int) -> int:
    """Turn a line and its column, which `ast` counts in bytes, into an offset in characters."""
    start = starts[line - 1]
    whole = text[start : starts[line]] if line < len(starts) else text[start:]
    return start + len(whole.encode("utf-8")[:column].decode("utf-8", "replace"))


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text.removeprefix("\ufeff"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _assignment(variable: str) -> re.Pattern[str]:
    name = re.escape(variable)
    return re.compile(
        rf"^{name}[ \t]*(?::[^=\n]*)?=[ \t]*(['\"])(?P<version>[^'\"\n]+)\1[ \t\r]*(?:\#.*)?$", re.M
    )
