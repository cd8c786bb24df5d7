"""Mentions of the workspace's version in readmes, pages and modules, and those that no rule would move.

A version is a whole word there: `1.2.0` is not in `1.2.0-rc.1`, `11.2.0` or `tidepool-1.2.0.tar.gz`. What tells of the
past is left out (changelogs, and remarks such as "since 1.2.0"), and so are requirements on packages of others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from castoff.config.values import Configuration
from castoff.ecosystems.python.names import normalised
from castoff.errors import Problem, WorkspaceError
from castoff.git import GitTree
from castoff.model.versions import ReleaseVersion, spell
from castoff.model.workspace import Package
from castoff.regexes import regex
from castoff.session.snapshot import Snapshot

_DOCUMENT = regex(r"(?:(?P<folder>.*)/)?README(?:\.(?:md|rst|txt))?|docs/index\.(?:md|rst)", re.I)
_MODULES = ("__init__.py", "__about__.py", "__version__.py", "version.py")
_MODULE = regex(r"(?:src/)?[^/]+/(?:__init__|__about__|__version__|_version|version)\.py")
_NPM_PLACES = regex(r"(?:jsr|deno)\.jsonc?|(?:(?:src|lib)/)?version\.[cm]?[jt]s")
"""Files beside a `package.json` with a version of their own: manifests of JSR and Deno, modules of constants."""
_ATTRIBUTES = {
    "py": re.compile(
        r"""__version__(?:[ \t]*:[ \t]*\w{1,40})?[ \t]*=[ \t]*(?P<mark>["'])(?P<version>[^"'\n]{1,80})(?P=mark)"""
    ),
    # The name may stand before it on the line, no other entry: a version further in is one of something else.
    "json": re.compile(
        r"""[^"\n]{0,40}(?:"name"[ \t]*:[ \t]*"[^"\n]{1,214}"[ \t]*,[ \t]*)?"""
        r""""version"[ \t]*:[ \t]*(?P<mark>")(?P<version>[^"\n]{1,80})\""""
    ),
    "js": re.compile(
        r"""(?:export[ \t]+)?(?:const|let|var)[ \t]+(?:(?:[A-Z]{1,20}_){0,3}VERSION|version|[a-z]{1,20}Version)"""
        r"""(?:[ \t]*:[ \t]*\w{1,40})?[ \t]*=[ \t]*"""
        r"""(?P<mark>["'`])(?P<version>[^"'`\n]{1,80})(?P=mark)"""
    ),
}
"""Where code says its version, by the kind of file."""
_VERSION = regex(
    r"(?<![0-9A-Za-z.+])v?(?P<version>[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:(?:a|b|rc|-(?:alpha|beta|rc)\.)[0-9]{1,8})?)"
    r"(?![0-9A-Za-z+]|\.[0-9A-Za-z]|-(?:a|b|rc|alpha|beta|dev|post|pre)\b)"
)
_HEADING = regex(r"(?P<marks>#{1,6})[ \t]+(?P<title>.*)")
_PAST = regex(r"change|histor|news|release notes|what.s new|migrat|upgrad", re.I)
_REMARK = regex(
    r"\b(?:since|added in|new in|changed in|fixed in|removed in|deprecated|versionadded|versionchanged)\b[^0-9]{0,12}$",
    re.I,
)
_NAMED = regex(
    r"""([A-Za-z][\w.-]{0,100})(?:\[[^\]\n]{0,100}\])?[ \t]*(?:[=~!<>]=|[=<>@])[ \t]*["'^~=v]{0,3}$"""
)
_PLAIN_NAMES = frozenset({"version", "release", "tag", "rev", "ref", "branch"})
_CONTEXT = 40
_LONGEST_WORD = 300
_LARGEST = 1_000_000


class Mention(Struct, frozen=True, kw_only=True):
    """One place that says a version: file, line (from 1), the words before it in that line, and the version itself.

    ``is_code`` says that it is the attribute of a module or of another manifest; ``closing`` is the mark after
    the version.
    """

    file: str
    line: int
    before: str
    version: str
    is_code: bool = False
    closing: str = ""


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
        kind = _kind_of(path)
        told = _in_code(path, text, _ATTRIBUTES[kind]) if kind else _in_document(path, text, names)
        found += (one for one in told if one.version in versions)
    return tuple(found)


def said_in(paths: Sequence[str], packages: Sequence[Package]) -> tuple[str, ...]:
    """List the files to look at.

    They are the readmes of repository, workspaces and packages, the first page of the docs, modules, other manifests.
    """
    folders = {folder for package in packages for folder in (package.path, package.root)} | {"", "."}
    modular = frozenset(
        "" if package.path in ("", ".") else f"{package.path}/"
        for package in packages
        if package.ecosystem == "python" and package.tags is None
    )
    npm = frozenset(
        "" if package.path in ("", ".") else f"{package.path}/"
        for package in packages
        if package.ecosystem == "npm"
    )
    return tuple(
        path
        for path in paths
        if ((found := _DOCUMENT.fullmatch(path)) and (found["folder"] or "") in folders)
        or (path.endswith(_MODULES) and _is_module(path, modular))
        or _is_beside_manifest(path, npm)
    )


def _is_beside_manifest(path: str, folders: frozenset[str]) -> bool:
    """Return whether a path has a version of its own beside a `package.json` in one of these folders."""
    parts = path.split("/")
    above = ("/".join((*parts[:-depth], "")) for depth in (1, 2) if len(parts) >= depth)
    return any(base in folders and _NPM_PLACES.fullmatch(path[len(base) :]) for base in above)


def _kind_of(path: str) -> str:
    """Return which kind of code a file is, "" for a document."""
    ending = path.rpartition(".")[2]
    return {"py": "py", "json": "json", "jsonc": "json"}.get(ending) or (
        "js" if ending[-2:] in ("js", "ts") else ""
    )


def _is_module(path: str, folders: frozenset[str]) -> bool:
    """Return whether a path is a module of a package in one of these folders (they end with a slash)."""
    parts = path.split("/")
    above = (
        "/".join(parts[:depth]) + "/" if depth else ""
        for depth in (len(parts) - 3, len(parts) - 2)
        if depth >= 0
    )
    return any(base in folders and _MODULE.fullmatch(path[len(base) :]) for base in above)


def _in_code(path: str, text: str, attribute: re.Pattern[str]) -> Iterator[Mention]:
    for number, line in enumerate(text.splitlines(), start=1):
        if found := attribute.match(line):
            before = line[: found.start("version")]
            yield Mention(
                file=path,
                line=number,
                before=before,
                version=found["version"],
                is_code=True,
                closing=found["mark"],
            )


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
                yield Mention(
                    file=path,
                    line=number,
                    before=_words(before),
                    version=found["version"],
                    closing=_closing(before, line[found.end("version") :]),
                )


def _is_ours(before: str, names: Collection[str]) -> bool:
    found = _NAMED.search(before[-300:])
    return found is None or found[1].lower() in _PLAIN_NAMES or normalised(found[1]) in names


def _closing(before: str, after: str) -> str:
    """Return the quotation mark after a version, if it closes one that is before it on the line."""
    mark = after[:1]
    return mark if mark and mark in "\"'`" and before.count(mark) % 2 else ""


def _words(before: str) -> str:
    """Return the end of the words before, from the beginning of a word on."""
    if len(before) <= _CONTEXT:
        return before
    start = before.find(" ", len(before) - _CONTEXT) + 1
    # A long address is one word.
    return before[start or before.rfind(" ") + 1 :][-_LONGEST_WORD:]


_SHOWN = 8


def stale_mentions(
    snapshot: Snapshot, configuration: Configuration, texts: Mapping[str, str], version: ReleaseVersion
) -> tuple[Problem, ...]:
    """Warn of old versions that stay; ``texts`` are what the release makes of files, commands of the user's left out.

    Documents speak of the last stable version while candidates are released, so they are judged by stable ones alone.
    """
    packages = snapshot.workspace.packages
    old = {one.version for one in packages if one.version != spell(version, one.ecosystem)}
    declared = [pattern for run in configuration.version.run for pattern in run.writes]
    tree = snapshot.tree
    if isinstance(tree, GitTree):
        tree.preload(said_in(tree.paths(), packages))
    found = [
        one
        for one in mentions(
            tree.paths(), lambda path: texts[path] if path in texts else _text(snapshot, path), packages, old
        )
        if (version.is_stable or one.is_code)
        and not any(fnmatchcase(one.file, one_of) for one_of in declared)
    ]
    return (_problem(found),) if found else ()


def _text(snapshot: Snapshot, path: str) -> str | None:
    try:
        return snapshot.tree.read(path)
    except WorkspaceError:  # not UTF-8: nobody's version is found there
        return None


def _problem(found: Sequence[Mention]) -> Problem:
    places = [
        f"{one.file}:{one.line} ({one.before.lstrip()}{one.version}{one.closing})" for one in found[:_SHOWN]
    ]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    times = "in one place" if len(found) == 1 else f"in {len(found)} places"
    return Problem(
        code="version-left-behind",
        severity="warning",
        message=f"{found[0].version} would remain {times} that no rule changes",
        reason=", ".join(places) + more,
        remedy="create `[[replace]]` rules for them with `castoff init`, or remove the version from these texts",
        file=found[0].file,
        line=found[0].line,
    )
