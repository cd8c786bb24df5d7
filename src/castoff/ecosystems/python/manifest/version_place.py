"""The place of a package's version: a value in a manifest, a span in another file, or git tags.

Tags that a tool reads which makes the version of a Python package from git tags.
Only what manifests say is read: expressions and globs for the names of tags, with each tool's own defaults. What a
tool makes of a tag in the end is seen in what is built.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.names import name_of
from castoff.errors import CastoffError, WorkspaceError
from castoff.model.refs import TagSource
from castoff.text.toml import Path, Span

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
# The default `tag_regex` of setuptools-scm, which hatch-vcs and flit-scm call.
_SCM_TAG = r"^(?:[\w-]+-)?(?P<version>[vV]?\d+(?:\.\d+){0,2}[^\+]*)(?:\+.*)?$"
_DUNAMAI = ("uv-dynamic-versioning", "poetry-dynamic-versioning")
# dunamai's default pattern, without its `v`, which a setting may take away.
_DUNAMAI_TAG = (
    r"(?:\d+!)?(?P<base>\d+(?:\.\d+)*)"
    r"(?:[-._]?(?P<stage>[a-zA-Z]+)[-._]?(?P<revision>\d+)?)?(?:\+.+)?$"
)


def tag_tool(document: PythonDocument) -> str | None:
    """Name the tool that a project's build requires, or has settings for; None where there is none."""
    names = [name_of(one) for one in document.strings("build-system", "requires")]
    # Requirements first: settings of a tool that a project left often stay behind.
    for tool in TOOLS:
        if tool in names:
            return tool
    return next((table for table in _TABLES if table in document.table("tool")), None)


def tag_source(document: PythonDocument, tool: str, key: Path) -> TagSource:
    """Return how a tool reads tags; ``key`` is where the manifest names it. Errors: ``manifest-invalid``."""
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


def _pattern(document: PythonDocument, tool: str) -> tuple[str | None, Path]:
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


def _dunamai(document: PythonDocument, tool: str) -> tuple[str | None, Path]:
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


def _globs(document: PythonDocument, tool: str, option: str) -> Iterator[str]:
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


Read = Callable[[str], str | None]


class VersionSpot(Struct, frozen=True):
    """A version with its place: ``key`` in the TOML document ``file``, ``span`` in another ``file``, or ``tags``.

    ``version`` is spelled as PEP 440 does, and empty for tags. ``semver`` is the text in the file where that file
    holds a SemVer version, which the back end translates (`1.2.0-rc.1` is 1.2.0rc1): `Cargo.toml`, `package.json`.
    """

    version: str
    file: str
    line: int | None
    key: Path | None = None
    span: Span | None = None
    tags: TagSource | None = None
    semver: str | None = None

    @property
    def written(self) -> str:
        """The text that stands in the file."""
        return self.semver if self.semver is not None else self.version


def spot_in(
    pattern: re.Pattern[str], file: str, text: str, group: str | int = "version"
) -> VersionSpot | None:
    """Find the first match of a pattern; None if there is none."""
    match = pattern.search(text)
    return None if match is None or match[group] is None else spot_at(file, text, match.span(group))


def spot_at(file: str, text: str, span: Span) -> VersionSpot:
    """Make the spot of a span of a text."""
    start, end = span
    return VersionSpot(text[start:end], file, text.count("\n", 0, start) + 1, span=span)


def spot_in_file(
    document: PythonDocument,
    read: Read,
    path: str,
    pattern: re.Pattern[str],
    key: Path,
    *,
    group: str | int = "version",
) -> VersionSpot:
    """Find a version in a file that ``key`` of the manifest names. Errors: ``version-not-found``."""
    file, text = read_beside(document, read, path, key)
    spot = spot_in(pattern, file, text, group)
    if spot is None:
        raise not_found(document, f"no version was found in `{file}`", key)
    return spot


def read_beside(document: PythonDocument, read: Read, path: str, key: Path) -> tuple[str, str]:
    """Read a file whose path is relative to the manifest. Errors: ``version-not-found``."""
    file = document.at(path)
    text = read(file) if file is not None else None
    if file is None or text is None:
        raise not_found(document, f"the version file `{path}` does not exist", key)
    return file, text


def spot_in_tags(document: PythonDocument, tool: str, key: Path) -> VersionSpot:
    """Make the spot of a version that a tool makes from git tags."""
    tags = tag_source(document, tool, key)
    return VersionSpot("", document.file, tags.line, tags=tags)


def compiled(
    document: PythonDocument, pattern: str, key: Path, group: str | None = "version"
) -> re.Pattern[str]:
    """Compile a pattern with a group, of any name for None. Errors: ``manifest-invalid``."""
    try:
        found = re.compile(pattern, re.M)
    except re.error:
        raise document.invalid(key, "a regular expression") from None
    if group is None and not found.groups:
        raise document.invalid(key, "a pattern with a group")
    if group is not None and group not in found.groupindex:
        raise document.invalid(key, f"a pattern with a group `{group}`")
    return found


def not_found(document: PythonDocument, fact: str, key: Path) -> CastoffError:
    """Make the error of a version file, module or value that is missing."""
    return WorkspaceError.of(
        "version-not-found",
        f"{fact}, from which `{document.file}` reads its version",
        reason="the version is `dynamic`, so the build back end reads it from there",
        remedy="correct the path, or write the version in the manifest",
        file=document.file,
        line=document.line(*key) or document.line("project", "dynamic"),
    )


def not_literal(variable: str, file: str, line: int | None) -> CastoffError:
    """Make the error of a variable that is not set to a plain string; ``line`` is where it is set."""
    return WorkspaceError.of(
        "version-not-literal",
        f"`{variable}` in `{file}` is not set to a plain string",
        reason="castoff edits the version in its file, and never runs project code to find it",
        remedy=f'write `{variable} = "1.2.0"`, or move the version to `pyproject.toml`',
        file=file,
        line=line,
    )


def unknown_source(document: PythonDocument, source: str, key: Path) -> CastoffError:
    """Make the error of a version source that castoff cannot edit."""
    return WorkspaceError.of(
        "version-source-unknown",
        f"`{document.file}` reads its version from {source}, which castoff does not support",
        reason="castoff edits the version in its file, and never runs project code to find it",
        remedy="write the version in the manifest or a version file, or exclude the package",
        file=document.file,
        line=document.line(*key),
    )
