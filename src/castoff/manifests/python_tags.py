"""Which tags does a tool read that makes the version of a Python package from git tags?

Only what manifests say is read: expressions and globs for the names of tags, with each tool's own defaults. What a
tool makes of a tag in the end is seen in what is built.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from castoff.manifests.python_document import Document
from castoff.manifests.requirements import name_of
from castoff.manifests.toml import Path
from castoff.model.tags import TagSource

TOOLS = (
    "hatch-vcs",
    "setuptools-scm",
    "uv-dynamic-versioning",
    "poetry-dynamic-versioning",
    "versioningit",
    "dunamai",
    "setuptools-git-versioning",
    "setuptools-git-version",
    "versioneer",
    "pbr",
    "flit-scm",
    "vcs-versioning",
    "pdm-bump-scm",
)
"""What may stand in `build-system.requires`, and (for some) as the name of hatch's version source."""

_TABLES = (
    "setuptools_scm",
    "setuptools-scm",
    "versioningit",
    "versioneer",
    "uv-dynamic-versioning",
    "setuptools-git-versioning",
)
_SCM = ("hatch-vcs", "setuptools-scm", "setuptools_scm", "flit-scm", "vcs-versioning")
_SCM_TAG = r"^(?:[\w-]+-)?(?P<version>[vV]?\d+(?:\.\d+){0,2}[^\+]*)(?:\+.*)?$"
_DUNAMAI = ("uv-dynamic-versioning", "poetry-dynamic-versioning")
_DUNAMAI_TAG = (
    r"(?:\d+!)?(?P<base>\d+(?:\.\d+)*)"
    r"(?:[-._]?(?P<stage>[a-zA-Z]+)[-._]?(?P<revision>\d+)?)?(?:\+.+)?$"
)


def tag_tool(document: Document) -> str | None:
    """Name the tool that a project's build requires, or has settings for; None where there is none."""
    names = [name_of(one) for one in document.strings("build-system", "requires")]
    for tool in TOOLS:
        if tool in names:
            return tool
    return next((table for table in _TABLES if table in document.table("tool")), None)


def tag_source(document: Document, tool: str, key: Path) -> TagSource:
    """Say how a tool reads tags; ``key`` is where the manifest names it. Errors: ``manifest-invalid``."""
    pattern, place = _pattern(document, tool)
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error:
            raise document.invalid(place, "a regular expression") from None
    return TagSource(
        tool=tool,
        file=document.file,
        line=document.line(*key),
        pattern=pattern,
        globs=tuple(_globs(document, tool, "match")),
        without=tuple(_globs(document, tool, "exclude")),
    )


def _pattern(document: Document, tool: str) -> tuple[str | None, Path]:
    if tool in _DUNAMAI:
        return _dunamai(document, tool)
    if tool == "pdm-scm":
        place: tuple[str, ...] = ("tool", "pdm", "version", "tag_regex")
        return document.string(*place), place
    if tool not in _SCM:
        return None, ()
    for place in (("tool", "hatch", "version", "tag-pattern"), *((*one, "tag_regex") for one in _scm(tool))):
        if (own := document.string(*place)) is not None:
            return own, place
    return _SCM_TAG, ()


def _dunamai(document: Document, tool: str) -> tuple[str | None, Path]:
    """Follow dunamai: a preset, by default with a `v`, or an expression; what stands before the version is apart."""
    place = ("tool", tool, "pattern")
    written = document.string(*place) or "default"
    before = document.string("tool", tool, "pattern-prefix") or ""
    if written in ("default", "default-unprefixed"):
        mark = "v" if written == "default" else "v?"
        return f"^{before}{mark}{_DUNAMAI_TAG}", ("tool", tool, "pattern-prefix")
    if not written.startswith("^"):
        return None, place
    return f"^{before}{written[1:]}", place


def _scm(tool: str) -> Iterator[tuple[str, ...]]:
    if tool == "hatch-vcs":
        yield ("tool", "hatch", "version", "raw-options")
    else:
        yield ("tool", "setuptools_scm")
        yield ("tool", "setuptools-scm")


def _globs(document: Document, tool: str, option: str) -> Iterator[str]:
    if tool == "versioningit":
        yield from document.strings("tool", "versioningit", "vcs", option)
    if tool == "pdm-scm" and option == "match":
        one = document.string("tool", "pdm", "version", "tag_filter")
        yield from [one] if one else []
    for place in _scm(tool) if tool in _SCM else ():
        for command in (
            document.get(*place, "git_describe_command"),
            document.get(*place, "scm", "git", "describe_command"),
        ):
            yield from _options(_words(command), f"--{option}")


def _words(command: object) -> Sequence[str]:
    if isinstance(command, list):
        return [one for one in command if isinstance(one, str)]
    try:
        return shlex.split(command) if isinstance(command, str) else ()
    except ValueError:
        return ()


def _options(words: Sequence[str], option: str) -> Iterator[str]:
    for at, word in enumerate(words):
        if word.startswith(f"{option}="):
            yield word.partition("=")[2]
        elif word == option and at + 1 < len(words):
            yield words[at + 1]
