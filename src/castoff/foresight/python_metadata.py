"""Would an index take the metadata of each Python package, and can it be built at all? Asked of the manifests alone.

Sources: the specification of pyproject.toml (PEP 621, PEP 639), the core metadata, and what Warehouse checks when a
file is uploaded (``forklift/metadata.py``). Of classifiers only the first part is judged: the list below it grows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from castoff.errors import Problem
from castoff.manifests.python_document import Document
from castoff.manifests.requirements import read_requirement
from castoff.model.workspace import Package
from castoff.ports import Tree

_Finding = tuple[str, str, str]
"""The key of ``[project]``, what is wrong, and what to do."""

_There = Callable[[str], bool]
_MISSING = " is not there"

_CLASSIFIED_BY = frozenset(
    {
        "Development Status",
        "Environment",
        "Framework",
        "Intended Audience",
        "License",
        "Natural Language",
        "Operating System",
        "Private",
        "Programming Language",
        "Topic",
        "Typing",
    }
)
_README_TYPES = (".md", ".rst", ".txt")
_WILD = re.compile(r"[*?\[]")
_LONGEST_SUMMARY, _LONGEST_LABEL = 512, 32


def judge_python_metadata(
    tree: Tree, packages: Sequence[Package], there: Callable[[str], bool]
) -> tuple[Problem, ...]:
    """Say what a build or an index would refuse of these packages; ``there`` says which files exist, links included.

    Codes: ``metadata-refused``, and ``metadata-file-missing`` (a warning: what builds the package may make the file).
    """
    found: list[Problem] = []
    names = {_plain(one.name) for one in packages}
    for package in packages:
        document = Document.of(package.manifest, tree.read(package.manifest) or "")
        project = document.get("project")
        if isinstance(project, dict):
            findings = _findings(document, project, there, names)
            found += [_problem(document, package.name, one) for one in findings]
    return tuple(found)


def _findings(
    document: Document, project: dict[str, Any], there: _There, names: set[str]
) -> Iterator[_Finding]:
    yield from _description(project.get("description"))
    yield from _readme(document, project.get("readme"), there)
    yield from _licence(document, project, there)
    yield from _classifiers(project)
    wanted = project.get("requires-python")
    if isinstance(wanted, str) and not _is_specifier(wanted):
        yield "requires-python", f"`{wanted[:80]}` is no set of versions", "write it as `>=3.11`"
    yield from _urls(project.get("urls"))
    yield from _addresses(project, names)


def _description(value: object) -> Iterator[_Finding]:
    if not isinstance(value, str):
        return
    if "\n" in value.strip():
        yield (
            "description",
            "its `description` has several lines",
            "say it in one, and the rest in the readme",
        )
    elif len(value) > _LONGEST_SUMMARY:
        yield "description", f"its `description` has more than {_LONGEST_SUMMARY} characters", "shorten it"


def _readme(document: Document, value: object, there: _There) -> Iterator[_Finding]:
    table = value if isinstance(value, dict) else {"file": value}
    path = table.get("file")
    if not isinstance(path, str):
        return
    if not _is_there(document, path, there):
        yield "readme", f"its readme `{path[:120]}`{_MISSING}", "correct `readme`, or add the file"
    elif "content-type" not in table and not path.lower().endswith(_README_TYPES):
        yield (
            "readme",
            f"nobody can tell what `{path[:120]}` is written in",
            "name it `.md`, `.rst` or `.txt`, or give `content-type`",
        )


def _licence(document: Document, project: dict[str, Any], there: _There) -> Iterator[_Finding]:
    expression = project.get("license")
    if isinstance(expression, str):
        try:
            canonicalize_license_expression(expression)
        except InvalidLicenseExpression:
            yield (
                "license",
                f"`{expression[:80]}` is no licence expression",
                "write SPDX identifiers, as in `MIT` or `MIT OR Apache-2.0`; a licence without one is `LicenseRef-...`",
            )
    for pattern in _strings(project.get("license-files")):
        if not _WILD.search(pattern) and not _is_there(document, pattern, there):
            yield "license-files", f"its licence file `{pattern[:120]}`{_MISSING}", "correct `license-files`"


def _is_there(document: Document, path: str, there: _There) -> bool:
    full = document.at(path)
    return full is not None and there(full)


def _classifiers(project: dict[str, Any]) -> Iterator[_Finding]:
    for one in _strings(project.get("classifiers")):
        first, mark, _ = one.partition(" :: ")
        if not mark or first not in _CLASSIFIED_BY:
            yield "classifiers", f"`{one[:80]}` is no classifier", "take one from the index's list"


def _urls(value: object) -> Iterator[_Finding]:
    for label, url in value.items() if isinstance(value, dict) else ():
        if len(label) > _LONGEST_LABEL:
            yield (
                "urls",
                f"the label `{label[:80]}` has more than {_LONGEST_LABEL} characters",
                "shorten it",
            )
        if isinstance(url, str) and not url.lower().startswith(("https://", "http://")):
            yield "urls", f"`{url[:80]}` is no address that begins with `https://`", "write the whole address"


def _addresses(project: dict[str, Any], names: set[str]) -> Iterator[_Finding]:
    """Find requirements by address: indexes take none. Those on siblings are told of with the workspace."""
    extras = project.get("optional-dependencies")
    lists: list[tuple[str, object]] = [("dependencies", project.get("dependencies"))]
    lists += [("optional-dependencies", one) for one in (extras.values() if isinstance(extras, dict) else ())]
    for key, value in lists:
        for text in _strings(value):
            read = read_requirement(text)
            if read is not None and read.url is not None and _plain(read.name) not in names:
                yield key, f"it requires `{read.name}` by an address", "require a published version of it"


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _is_specifier(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _problem(document: Document, name: str, finding: _Finding) -> Problem:
    key, fact, remedy = finding
    line = document.line("project", key)
    if fact.endswith(_MISSING):
        return Problem(
            code="metadata-file-missing",
            severity="warning",
            message=f"`{name}`: {fact}",
            reason="its build fails without it, unless a step before it makes the file",
            remedy=remedy,
            file=document.file,
            line=line,
            package=name,
        )
    return Problem(
        code="metadata-refused",
        message=f"`{name}` would be refused: {fact}",
        reason="builds and indexes judge metadata package by package, when others may be up already",
        remedy=remedy,
        file=document.file,
        line=line,
        package=name,
    )
