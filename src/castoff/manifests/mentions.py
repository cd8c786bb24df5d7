"""Where do readmes, the first page of the documentation and Python modules say the version of the workspace?

A version is a whole word there: `1.2.0` is not in `1.2.0-rc.1`, `11.2.0` or `tidepool-1.2.0.tar.gz`. What tells of the
past is left out (changelogs, and remarks such as "since 1.2.0"), and so are requirements on packages of others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from castoff.manifests.requirements import normalised
from castoff.model.workspace import Package

_DOCUMENT = re.compile(r"(?:(?P<folder>.*)/)?README(?:\.(?:md|rst|txt))?|docs/index\.(?:md|rst)", re.I)
_MODULES = ("__init__.py", "__about__.py", "__version__.py", "version.py")
_MODULE = re.compile(r"(?:src/)?[^/]+/(?:__init__|__about__|__version__|_version|version)\.py")
_ATTRIBUTE = re.compile(
    r"""__version__(?:[ \t]*:[ \t]*\w{1,40})?[ \t]*=[ \t]*(["'])(?P<version>[^"'\n]{1,80})\1"""
)
_VERSION = re.compile(
    r"(?<![0-9A-Za-z.+])v?(?P<version>[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:(?:a|b|rc|-(?:alpha|beta|rc)\.)[0-9]{1,8})?)"
    r"(?![0-9A-Za-z+]|\.[0-9A-Za-z]|-(?:a|b|rc|alpha|beta|dev|post|pre)\b)"
)
_HEADING = re.compile(r"(?P<marks>#{1,6})[ \t]+(?P<title>.*)")
_PAST = re.compile(r"change|histor|news|release notes|what.s new|migrat|upgrad", re.I)
_REMARK = re.compile(
    r"\b(?:since|added in|new in|changed in|fixed in|removed in|deprecated|versionadded|versionchanged)\b[^0-9]{0,12}$",
    re.I,
)
_NAMED = re.compile(
    r"""([A-Za-z][\w.-]{0,100})(?:\[[^\]\n]{0,100}\])?[ \t]*(?:[=~!<>]=|[=<>@])[ \t]*["'^~=v]{0,3}$"""
)
_PLAIN_NAMES = frozenset({"version", "release", "tag", "rev", "ref", "branch"})
_CONTEXT = 40
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place that says a version: file, line (from 1), the words before it in that line, and the version itself.

    ``is_code`` says that it is the `__version__` of a module.
    """

    file: str
    line: int
    before: str
    version: str
    is_code: bool = False


def mentions(
    paths: Sequence[str],
    read: Callable[[str], str | None],
    packages: Sequence[Package],
    versions: Collection[str],
) -> tuple[Mention, ...]:
    """Find where one of these versions is said; ``read`` gives the text of a path."""
    found: list[Mention] = []
    names = {normalised(package.name) for package in packages}
    for path in said_in(paths, packages):
        text = read(path) or ""
        if len(text) > _LARGEST or not any(version in text for version in versions):
            continue
        told = _in_module(path, text) if path.endswith(".py") else _in_document(path, text, names)
        found += (one for one in told if one.version in versions)
    return tuple(found)


def said_in(paths: Sequence[str], packages: Sequence[Package]) -> tuple[str, ...]:
    """List the files that are looked at: readmes of root and packages, the documentation's first page, modules."""
    folders = {package.path for package in packages} | {"", "."}
    modular = frozenset(
        "" if package.path in ("", ".") else f"{package.path}/"
        for package in packages
        if package.ecosystem == "python" and package.tags is None
    )
    return tuple(
        path
        for path in paths
        if ((found := _DOCUMENT.fullmatch(path)) and (found["folder"] or "") in folders)
        or (path.endswith(_MODULES) and _is_module(path, modular))
    )


def _is_module(path: str, folders: frozenset[str]) -> bool:
    """Say whether a path is a module of a package in one of these folders (they end with a slash)."""
    parts = path.split("/")
    above = (
        "/".join(parts[:depth]) + "/" if depth else ""
        for depth in (len(parts) - 3, len(parts) - 2)
        if depth >= 0
    )
    return any(base in folders and _MODULE.fullmatch(path[len(base) :]) for base in above)


def _in_module(path: str, text: str) -> Iterator[Mention]:
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _ATTRIBUTE.match(line):
            before = line[: found.start("version")]
            yield Mention(file=path, line=number, before=before, version=found["version"], is_code=True)


def _in_document(path: str, text: str, names: Collection[str]) -> Iterator[Mention]:
    past = 0  # the level of the heading under which the past is told
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _HEADING.match(line):
            level = len(heading["marks"])
            past = 0 if past >= level else past
            past = past or (level if _PAST.search(heading["title"]) else 0)
        for found in () if past else _VERSION.finditer(line):
            before = line[: found.start("version")]
            if not _REMARK.search(before[-60:]) and _is_ours(before, names):
                yield Mention(file=path, line=number, before=_words(before), version=found["version"])


def _is_ours(before: str, names: Collection[str]) -> bool:
    found = _NAMED.search(before[-300:])
    return found is None or found[1].lower() in _PLAIN_NAMES or normalised(found[1]) in names


def _words(before: str) -> str:
    """Give the end of the words before, from the beginning of a word on."""
    if len(before) <= _CONTEXT:
        return before
    cut = before[-_CONTEXT:]
    return cut[cut.find(" ") + 1 :]
