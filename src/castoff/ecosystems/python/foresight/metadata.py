"""Judgement of `[project]` by the rules that any build and any index applies.

Sources: the specification of pyproject.toml (PEP 621, PEP 639) and of the core metadata. The rules that PyPI has
besides are in :mod:`castoff.ecosystems.python.foresight.project_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import Metadata, RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.errors import Problem
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.regexes import regex

Finding = tuple[str, str, str]
"""The key of ``[project]``, what is wrong, and what to do."""
Findings = Iterator[Finding]

_There = Callable[[str], bool]
_MISSING = " is not there"

_README_TYPES = (".md", ".rst", ".txt")
_JOIN_LINES = frozenset({"hatchling", "setuptools"})
"""Back ends that make one line of a `description` that has several: the lines joined, or the first of them."""
_WILD = regex(r"[*?\[]")


def judge_python_metadata(
    tree: Tree, packages: Sequence[Package], there: Callable[[str], bool]
) -> tuple[Problem, ...]:
    """Return what a build or an index would refuse of these packages; ``there`` says which files exist, links included.

    Codes: ``metadata-refused``, and ``metadata-file-missing`` (a warning: what builds the package may make the file).
    """
    found: list[Problem] = []
    for package in packages:
        document = PythonDocument.of(package.manifest, tree.read(package.manifest) or "")
        project = document.get("project")
        if isinstance(project, dict):
            findings = _findings(document, project, there)
            found += [refused_metadata(document, package.id, one) for one in findings]
    return tuple(found)


def _findings(document: PythonDocument, project: dict[str, Any], there: _There) -> Findings:
    # All others write the text as it is, and the index refuses a summary of several lines.
    if _back_end(document) not in _JOIN_LINES:
        yield from _description(project.get("description"))
    yield from _readme(document, project.get("readme"), there)
    yield from _licence(document, project, there)
    wanted = project.get("requires-python")
    if isinstance(wanted, str) and not _is_specifier(wanted):
        yield "requires-python", f"`{wanted[:80]}` is not a version specifier", "write it as `>=3.11`"
    yield from _requirements(project)


def _back_end(document: PythonDocument) -> str:
    value = document.get("build-system", "build-backend")
    return re.split(r"[.:]", value, maxsplit=1)[0] if isinstance(value, str) else ""


def _description(value: object) -> Findings:
    if not isinstance(value, str):
        return
    if "\n" in value.strip():
        yield (
            "description",
            "its `description` has several lines",
            "use one line, and move the rest to the readme",
        )


def _readme(document: PythonDocument, value: object, there: _There) -> Findings:
    table = value if isinstance(value, dict) else {"file": value}
    path = table.get("file")
    if not isinstance(path, str):
        yield from _content_type(table.get("content-type"))
        return
    if not _is_there(document, path, there):
        yield "readme", f"its readme `{path[:120]}`{_MISSING}", "correct `readme`, or add the file"
    # Where the type is named, the suffix says nothing.
    elif "content-type" in table:
        yield from _content_type(table["content-type"])
    elif not path.lower().endswith(_README_TYPES):
        yield (
            "readme",
            f"the format of `{path[:120]}` is not known",
            "use the suffix `.md`, `.rst` or `.txt`, or set `content-type`",
        )


def _content_type(value: object) -> Findings:
    """Judge the type of a readme as the core metadata are judged: type, charset, variant of Markdown."""
    if not isinstance(value, str):
        return
    raw: RawMetadata = {
        "metadata_version": "2.1",
        "name": "x",
        "version": "1",
        "description_content_type": value,
    }
    try:
        Metadata.from_raw(raw)
    # `packaging` collects all that is wrong; here only one field is given to it.
    except ExceptionGroup:
        fact = f"`{value[:80]}` is not a content type of a readme that indexes take"
        yield (
            "readme",
            fact,
            "use `text/markdown`, `text/x-rst` or `text/plain`, with `charset=UTF-8` or none",
        )


def _requirements(project: dict[str, Any]) -> Findings:
    """Find requirements that no build back end and no index can read."""
    extras = project.get("optional-dependencies")
    lists: list[tuple[str, object]] = [("dependencies", project.get("dependencies"))]
    lists += [("optional-dependencies", one) for one in (extras.values() if isinstance(extras, dict) else ())]
    for key, value in lists:
        for text in strings_of(value):
            try:
                Requirement(text)
            except InvalidRequirement:
                yield (
                    key,
                    f"`{text[:120]}` is not a requirement",
                    "write it as `NAME>=1.2,<3; MARKER` (PEP 508)",
                )


def _licence(document: PythonDocument, project: dict[str, Any], there: _There) -> Findings:
    expression = project.get("license")
    if isinstance(expression, str):
        try:
            canonicalize_license_expression(expression)
        except InvalidLicenseExpression:
            yield (
                "license",
                f"`{expression[:80]}` is not a licence expression",
                "use SPDX identifiers, such as `MIT` or `MIT OR Apache-2.0`; a licence without one is `LicenseRef-...`",
            )
    for pattern in strings_of(project.get("license-files")):
        # A pattern that finds nothing is an error of the build, which says so itself.
        if not _WILD.search(pattern) and not _is_there(document, pattern, there):
            yield "license-files", f"its licence file `{pattern[:120]}`{_MISSING}", "correct `license-files`"


def _is_there(document: PythonDocument, path: str, there: _There) -> bool:
    full = document.at(path)
    return full is not None and there(full)


def strings_of(value: object) -> list[str]:
    """Return the strings of a list; other values are left to the build."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def refused_metadata(document: PythonDocument, name: str, finding: Finding) -> Problem:
    """Make a problem of a finding, with its line."""
    key, fact, remedy = finding
    line = document.line("project", key)
    if fact.endswith(_MISSING):
        return Problem(
            code="metadata-file-missing",
            severity="warning",
            message=f"`{name}`: {fact}",
            reason="its build fails without the file, unless an earlier step creates it",
            remedy=remedy,
            file=document.file,
            line=line,
            package=name,
        )
    return Problem(
        code="metadata-refused",
        message=f"`{name}` would be refused: {fact}",
        reason="builds and indexes check metadata package by package, when others may already be published",
        remedy=remedy,
        file=document.file,
        line=line,
        package=name,
    )
