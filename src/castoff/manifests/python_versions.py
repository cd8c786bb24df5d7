"""Where does the version of a Python package stand?

In the manifest (``project.version``, ``tool.poetry.version``), or in a file that the back end reads it from
(hatchling, setuptools, flit, PDM), or nowhere: tools that make it from git tags leave nothing to edit. A function
of the project's that hatchling calls is taken for such a tool, since what is built will tell. What only running the
project's code would tell is refused otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from castoff.errors import CastoffError, WorkspaceError
from castoff.manifests.python_document import Document
from castoff.manifests.python_tags import TOOLS, tag_source, tag_tool
from castoff.manifests.requirements import version_of
from castoff.manifests.toml import Path, Span
from castoff.model.tags import TagSource

Read = Callable[[str], str | None]

_HATCH = re.compile(
    r"^(?:__version__|VERSION)(?: ?: ?str)? *= *(['\"])v?(?P<version>[^'\"\n]+)\1", re.M | re.I
)
_PDM = re.compile(r"^__version__[ \t]*=[ \t]*(['\"])(?P<version>[^'\"\n]+)\1[ \t]*(?:\#.*)?$", re.M)
_WHOLE_FILE = re.compile(r"\A\s*(?P<version>\S+)\s*\Z")
_IMPORTED = re.compile(r"^from[ \t]+\.([A-Za-z_][\w]*)[ \t]+import[ \t]+([^\n]*)", re.M)


@dataclass(frozen=True, slots=True)
class VersionSpot:
    """A version with its place: ``key`` in the manifest itself, else ``span`` in ``file``, else (empty) ``tags``."""

    version: str
    file: str
    line: int | None
    key: Path | None = None
    span: Span | None = None
    tags: TagSource | None = None


def find_version(document: Document, read: Read) -> VersionSpot:
    """Find the version of a project.

    Errors: ``version-missing``, ``version-invalid``, ``version-not-found``, ``version-not-literal``,
    ``version-source-unknown``, ``manifest-invalid``.
    """
    spot = _find(document, read)
    if spot.tags is None and version_of(spot.version) is None:
        raise WorkspaceError.of(
            "version-invalid",
            f"`{spot.version[:80]}` in `{spot.file}` is no version",
            reason="Python packages have versions as PEP 440 spells them",
            remedy="write a version such as `1.2.0`",
            file=spot.file,
            line=spot.line,
        )
    return spot


def _find(document: Document, read: Read) -> VersionSpot:
    if document.get("tool", "poetry-dynamic-versioning", "enable") is True:
        return _from_tags(document, "poetry-dynamic-versioning", ("tool", "poetry-dynamic-versioning"))
    if (static := document.string("project", "version")) is not None:
        return VersionSpot(static, document.file, document.line("project", "version"), ("project", "version"))
    dynamic = "project" not in document.data or "version" in document.strings("project", "dynamic")
    if dynamic and (static := document.string("tool", "poetry", "version")) is not None:
        key = ("tool", "poetry", "version")
        return VersionSpot(static, document.file, document.line(*key), key)
    if dynamic and (document.get("project") or document.get("tool", "flit")):
        return _dynamic(document, read)
    raise WorkspaceError.of(
        "version-missing",
        f"`{document.file}` has no version",
        reason="the project has neither `version` nor `version` in `dynamic`",
        remedy="write the workspace's version there, or exclude the package",
        file=document.file,
        line=document.line("project") or document.line("tool", "poetry"),
    )


def _dynamic(document: Document, read: Read) -> VersionSpot:
    backend = document.string("build-system", "build-backend") or "setuptools.build_meta"
    if backend.startswith("hatchling"):
        return _hatch(document, read)
    if backend.startswith("pdm."):
        return _pdm(document, read)
    if document.get("tool", "setuptools", "dynamic", "version") is not None:
        return _setuptools(document, read)
    if tool := tag_tool(document):
        return _from_tags(document, tool, ("project", "dynamic"))
    if backend.startswith("flit"):
        return _flit(document, read)
    raise _unknown(document, f"the back end `{backend}`", ("project", "dynamic"))


def _hatch(document: Document, read: Read) -> VersionSpot:
    key = ("tool", "hatch", "version")
    source = document.string(*key, "source") or "regex"
    if source in ("vcs", *TOOLS):
        return _from_tags(document, "hatch-vcs" if source == "vcs" else source, (*key, "source"))
    if source not in ("regex", "code"):
        raise _unknown(document, f"hatch's version source `{source}`", (*key, "source"))
    if source == "code" and "(" in (document.string(*key, "expression") or ""):
        return _from_tags(document, "hatch-code", (*key, "expression"))
    path = document.string(*key, "path")
    if path is None:
        raise _not_found(document, "`tool.hatch.version.path` is not set", key)
    pattern = document.get(*key, "pattern")
    if source == "code":
        variable = document.string(*key, "expression") or "__version__"
        return _in_file(document, read, path, _assignment(variable), (*key, "path"))
    return _in_file(document, read, path, _hatch_pattern(document, pattern), (*key, "path"))


def _hatch_pattern(document: Document, pattern: object) -> re.Pattern[str]:
    if not isinstance(pattern, str):
        return _HATCH
    try:
        compiled = re.compile(pattern, re.M)
    except re.error:
        raise document.invalid(("tool", "hatch", "version", "pattern"), "a regular expression") from None
    if "version" not in compiled.groupindex:
        raise document.invalid(("tool", "hatch", "version", "pattern"), "a pattern with a group `version`")
    return compiled


def _pdm(document: Document, read: Read) -> VersionSpot:
    key = ("tool", "pdm", "version")
    source = document.string(*key, "source")
    if source == "scm" or document.get(*key, "use_scm"):
        return _from_tags(document, "pdm-scm", (*key, "source"))
    path = document.string(*key, "path") or document.string(*key, "from")
    if source not in ("file", None) or path is None:
        raise _unknown(document, f"PDM's version source `{source}`", (*key, "source"))
    return _in_file(document, read, path, _PDM, (*key, "path"))


def _setuptools(document: Document, read: Read) -> VersionSpot:
    key = ("tool", "setuptools", "dynamic", "version")
    table = document.table(*key)
    if "file" in table:
        files = [table["file"]] if isinstance(table["file"], str) else document.strings(*key, "file")
        if len(files) != 1:
            raise _unknown(document, "a version put together from several files", (*key, "file"))
        return _in_file(document, read, files[0], _WHOLE_FILE, (*key, "file"))
    module, _, variable = (document.string(*key, "attr") or "").rpartition(".")
    if not module or not variable.isidentifier():
        raise _unknown(document, "setuptools' `attr`", (*key, "attr"))
    return _in_module(document, read, module.replace(".", "/"), variable, (*key, "attr"))


def _flit(document: Document, read: Read) -> VersionSpot:
    name = (
        document.string("tool", "flit", "module", "name")
        or document.string("tool", "flit", "metadata", "module")
        or (document.string("project", "name") or "").replace("-", "_")
    )
    key = ("project", "dynamic") if "project" in document.data else ("tool", "flit", "metadata")
    return _in_module(document, read, name.replace(".", "/"), "__version__", key)


def _in_module(document: Document, read: Read, module: str, variable: str, key: Path) -> VersionSpot:
    pattern = _assignment(variable)
    for path in _module_files(document, module):
        text = read(path)
        if text is None:
            continue
        if spot := _match(pattern, path, text):
            return spot
        for submodule, names in _IMPORTED.findall(text):
            if re.search(rf"\b{variable}\b", names):
                folder = path.rpartition("/")[0]
                return _in_file(document, read, f"/{folder}/{submodule}.py", pattern, key)
        raise WorkspaceError.of(
            "version-not-literal",
            f"`{variable}` in `{path}` is not set to a plain string",
            reason="castoff changes the version where it stands, and never runs a project's code to find it",
            remedy=f'write `{variable} = "1.2.0"`, or move the version to `pyproject.toml`',
            file=path,
        )
    raise _not_found(document, f"the module `{module.replace('/', '.')}` was not found", key)


def _module_files(document: Document, module: str) -> Iterator[str]:
    base = document.get("tool", "setuptools", "package-dir", "")
    for root in (base if isinstance(base, str) else "src", "src", "."):
        for tail in ("/__init__.py", ".py"):
            path = document.at(f"{root}/{module}{tail}")
            if path is not None:
                yield path


def _in_file(document: Document, read: Read, path: str, pattern: re.Pattern[str], key: Path) -> VersionSpot:
    file = path.removeprefix("/") if path.startswith("/") else document.at(path)
    text = read(file) if file is not None else None
    if file is None or text is None:
        raise _not_found(document, f"the version file `{path}` does not exist", key)
    spot = _match(pattern, file, text)
    if spot is None:
        raise _not_found(document, f"no version was found in `{file}`", key)
    return spot


def _match(pattern: re.Pattern[str], file: str, text: str) -> VersionSpot | None:
    match = pattern.search(text)
    if match is None:
        return None
    start, end = match.span("version")
    return VersionSpot(match["version"], file, text.count("\n", 0, start) + 1, span=(start, end))


def _assignment(variable: str) -> re.Pattern[str]:
    name = re.escape(variable)
    return re.compile(
        rf"^{name}[ \t]*(?::[^=\n]*)?=[ \t]*(['\"])(?P<version>[^'\"\n]+)\1[ \t\r]*(?:\#.*)?$", re.M
    )


def _from_tags(document: Document, tool: str, key: Path) -> VersionSpot:
    tags = tag_source(document, tool, key)
    return VersionSpot("", document.file, tags.line, tags=tags)


def _not_found(document: Document, fact: str, key: Path) -> CastoffError:
    return WorkspaceError.of(
        "version-not-found",
        f"{fact}, which `{document.file}` takes its version from",
        reason="the version is `dynamic`, so the back end looks for it there",
        remedy="correct the path, or write the version into the manifest",
        file=document.file,
        line=document.line(*key) or document.line("project", "dynamic"),
    )


def _unknown(document: Document, source: str, key: Path) -> CastoffError:
    return WorkspaceError.of(
        "version-source-unknown",
        f"`{document.file}` takes its version from {source}, which castoff does not know",
        reason="castoff changes the version where it stands, and never runs a project's code to find it",
        remedy="write the version into the manifest or a version file, or exclude the package",
        file=document.file,
        line=document.line(*key),
    )
