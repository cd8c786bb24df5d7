"""The place of the version of a Python package.

It is in the manifest (``project.version``, ``tool.poetry.version``), or in a file that the back end reads it from
(hatchling, setuptools, flit, PDM, maturin, scikit-build-core), or nowhere: tools that make it from git tags leave
nothing to edit. A function of the project's that hatchling calls is taken for such a tool, since what is built shows
it. What only running the project's code would show is refused otherwise.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.maturin import is_maturin, maturin_version
from castoff.ecosystems.python.manifest.modules import PythonModules, version_argument
from castoff.ecosystems.python.manifest.requirements import version_of
from castoff.ecosystems.python.manifest.version_place import (
    TOOLS,
    Read,
    VersionSpot,
    compiled,
    not_found,
    read_beside,
    spot_at,
    spot_in_file,
    spot_in_tags,
    tag_tool,
    unknown_source,
)
from castoff.errors import WorkspaceError
from castoff.regexes import regex
from castoff.text.toml import Path, parse
from castoff.values import replace

_KEY = ("tool", "hatch", "version")
_DEFAULT = regex(r"^(?:__version__|VERSION)(?: ?: ?str)? *= *(['\"])v?(?P<version>[^'\"\n]+)\1", re.M | re.I)
_FROM_FILE = ("tool", "uv-dynamic-versioning", "from-file")
_WHOLE_FILE = regex(r"\A\s*(?P<version>\S+)\s*\Z")
_JSON_TOKEN = regex(r'"(?:[^"\\\n]|\\.)*"|[\[\]{}:,]')


def hatch_version(document: PythonDocument, read: Read) -> VersionSpot:
    """Find the version of a hatchling project; plug-ins with patterns or tags are known by name."""
    document = _with_hatch_file(document, read)
    source = document.string(*_KEY, "source") or "regex"
    if source == "uv-dynamic-versioning" and document.get(*_FROM_FILE) is not None:
        return _from_file(document, read)
    if source in ("vcs", *TOOLS):
        return spot_in_tags(document, "hatch-vcs" if source == "vcs" else source, (*_KEY, "source"))
    if source == "nodejs":
        return json_version(document, read, document.string(*_KEY, "path") or "package.json", (*_KEY, "path"))
    if source not in ("regex", "regex_commit", "code"):
        raise unknown_source(document, f"hatch's version source `{source}`", (*_KEY, "source"))
    expression = document.string(*_KEY, "expression") or "__version__"
    if source == "code" and "(" in expression:
        # A function of the project: what is built shows whether it makes the version from tags.
        return spot_in_tags(document, "hatch-code", (*_KEY, "expression"))
    path = document.string(*_KEY, "path")
    if path is None:
        raise not_found(document, "`tool.hatch.version.path` is not set", _KEY)
    if source == "code":
        if not expression.isidentifier():
            raise unknown_source(document, f"the expression `{expression}`", (*_KEY, "expression"))
        file, text = read_beside(document, read, path, (*_KEY, "path"))
        return PythonModules(document, read).version_in_code(file, text, expression)
    pattern = document.get(*_KEY, "pattern")
    own = compiled(document, pattern, (*_KEY, "pattern")) if isinstance(pattern, str) else _DEFAULT
    return spot_in_file(document, read, path, own, (*_KEY, "path"))


def _with_hatch_file(document: PythonDocument, read: Read) -> PythonDocument:
    """Put the tables of `hatch.toml` in the place of those in `tool.hatch`, as hatchling does (its `metadata.core`).

    Errors: ``toml-invalid``.
    """
    file = document.at("hatch.toml")
    text = read(file) if file is not None else None
    if file is None or text is None:
        return document
    tool, hatch = document.table("tool"), document.table("tool", "hatch")
    return replace(
        document, data={**document.data, "tool": {**tool, "hatch": {**hatch, **parse(text, file)}}}
    )


def _from_file(document: PythonDocument, read: Read) -> VersionSpot:
    """Follow uv-dynamic-versioning's `from-file`: the first group of a pattern, or the whole file."""
    path = document.string(*_FROM_FILE, "source")
    if path is None:
        raise not_found(document, "`from-file.source` is not set", _FROM_FILE)
    pattern = document.string(*_FROM_FILE, "pattern")
    if pattern is None:
        return spot_in_file(document, read, path, _WHOLE_FILE, (*_FROM_FILE, "source"))
    own = compiled(document, pattern, (*_FROM_FILE, "pattern"), None)
    return spot_in_file(document, read, path, own, (*_FROM_FILE, "source"), group=1)


def json_version(document: PythonDocument, read: Read, path: str, key: Path) -> VersionSpot:
    """Find the SemVer version of a JSON document's top level, as hatch-nodejs-version reads it.

    Errors: ``version-not-found``.
    """
    file, text = read_beside(document, read, path, key)
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        raise not_found(document, f"`{file}` is not valid JSON", key) from None
    span = _top_level(text, "version") if isinstance(table, dict) else None
    if span is None or table.get("version") != text[slice(*span)]:
        raise not_found(document, f"no version was found in `{file}`", key)
    spot = spot_at(file, text, span)
    return VersionSpot(
        str(version_of(spot.version) or spot.version), file, spot.line, span=span, semver=spot.version
    )


def _top_level(text: str, key: str) -> tuple[int, int] | None:
    """Return the span of the content of a string value at the top level; the last one if the key is there twice."""
    depth, before, found = 0, ["", ""], None
    for match in _JSON_TOKEN.finditer(text):
        token = match.group()
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token, 0)
        if depth == 1 and token[0] == '"' and before == [f'"{key}"', ":"]:
            found = match.start() + 1, match.end() - 1
        before = [before[1], token]
    return found


_DYNAMIC = ("project", "dynamic")
_SECTION = regex(r"^\[metadata\][^\n]*\n(?P<body>(?:(?!\[)[^\n]*(?:\n|\Z))*)", re.M)
_VERSION = regex(r"^version[ \t]*[=:][ \t]*(?P<version>[^\n]*?)[ \t\r]*$", re.M)


def setuptools_version(document: PythonDocument, read: Read) -> VersionSpot | None:
    """Find the version of a setuptools project; None if neither manifest nor `setup.cfg` nor `setup.py` sets it.

    Setuptools reads `setup.cfg` first and `pyproject.toml` over it; what `setup.py` passes comes last.
    """
    key = ("tool", "setuptools", "dynamic", "version")
    if document.get(*key) is not None:
        return _setuptools_dynamic(document, read, key)
    # An argument in `setup.py` is read last: setuptools takes it only where no file of configuration has one.
    return _setup_cfg(document, read) or _setup_py(document, read)


def _setuptools_dynamic(document: PythonDocument, read: Read, key: tuple[str, ...]) -> VersionSpot:
    table = document.table(*key)
    if "file" in table:
        files = [table["file"]] if isinstance(table["file"], str) else document.strings(*key, "file")
        # setuptools puts the texts of several files together, line by line, and not one of them alone is the version.
        if len(files) != 1:
            raise unknown_source(document, "a version combined from several files", (*key, "file"))
        return spot_in_file(document, read, files[0], _WHOLE_FILE, (*key, "file"))
    return _attribute(document, read, document.string(*key, "attr") or "", (*key, "attr"))


def _setup_cfg(document: PythonDocument, read: Read) -> VersionSpot | None:
    file = document.at("setup.cfg")
    text = read(file) if file is not None else None
    section = _SECTION.search(text) if text is not None else None
    found = _VERSION.search(text or "", *section.span("body")) if section is not None else None
    if file is None or text is None or found is None:
        return None
    kind, directive, value = found["version"].partition(":")
    if not directive:
        return spot_at(file, text, found.span("version"))
    if kind.strip() == "file" and "," not in value:
        return spot_in_file(document, read, value.strip(), _WHOLE_FILE, _DYNAMIC)
    if kind.strip() == "attr":
        return _attribute(document, read, value.strip(), _DYNAMIC, _package_dir(text))
    raise unknown_source(document, f"`version = {found['version']}` in `{file}`", _DYNAMIC)


def _package_dir(text: str) -> str | None:
    """Return the folder that `options.package_dir` of a `setup.cfg` names for all packages."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
        written = parser.get("options", "package_dir", fallback="")
    except configparser.Error:
        return None
    pairs = (one.partition("=") for one in re.split(r"[\n,]", written))
    return next((folder.strip() for name, mark, folder in pairs if mark and not name.strip()), None)


def _setup_py(document: PythonDocument, read: Read) -> VersionSpot | None:
    file = document.at("setup.py")
    text = read(file) if file is not None else None
    return version_argument(file, text) if file is not None and text is not None else None


def _attribute(
    document: PythonDocument, read: Read, attribute: str, key: Path, package_dir: str | None = None
) -> VersionSpot:
    module, _, variable = attribute.rpartition(".")
    if not module or not variable.isidentifier():
        raise unknown_source(document, "setuptools' `attr`", key)
    roots = [one for one in (package_dir, *_roots(document, module)) if one is not None]
    return PythonModules(document, read, roots).version_in(module, variable, key)


def _roots(document: PythonDocument, module: str) -> Sequence[str]:
    """Return the folders that a module may lie in: where `package-dir` puts its package, `src`, the project's own."""
    table = document.get("tool", "setuptools", "package-dir")
    mapped = table if isinstance(table, dict) else {}
    top = module.partition(".")[0]
    own = mapped.get(top)
    base = mapped.get("")
    # `package-dir = {pkg = "lib/pkg"}`: the package's folder is named, modules are looked for beside it.
    beside = own.rpartition("/")[0] or "." if isinstance(own, str) and own.rpartition("/")[2] == top else None
    return [one for one in (beside, base if isinstance(base, str) else None, "src", ".") if one is not None]


_PDM = regex(r"^__version__[ \t]*=[ \t]*(['\"])(?P<version>[^'\"\n]+)\1[ \t]*(?:\#.*)?$", re.M)
_MESON = regex(
    r"\A(?:\s|\#[^\n]*\n)*+project[ \t]*\((?:[^()#']|'[^'\n]*'|\#[^\n]*|\([^()]*\))*?"
    r"\bversion[ \t]*:[ \t]*'(?P<version>[^'\n]+)'"
)
_SCIKIT_KEY = ("tool", "scikit-build", "metadata", "version")
_FIELDS = {"setuptools_scm": "version"}
"""What a provider makes without a `field`."""
_SCIKIT = regex(r"^(?:__version__|VERSION)(?: ?: ?str)? *= *(['\"])v?(?P<value>.+?)\1", re.M | re.I)


def find_version(document: PythonDocument, read: Read) -> VersionSpot:
    """Find the version of a project.

    Errors: ``version-missing``, ``version-invalid``, ``version-not-found``, ``version-not-literal``,
    ``version-source-unknown``, ``manifest-invalid``, ``toml-invalid``.
    """
    spot = _find(document, read)
    if spot.tags is None and version_of(spot.version) is None:
        raise WorkspaceError.of(
            "version-invalid",
            f"`{spot.written[:80]}` in `{spot.file}` is not a version of a Python package",
            reason="versions of Python packages follow PEP 440",
            remedy="write a version such as `1.2.0`",
            file=spot.file,
            line=spot.line,
        )
    return spot


def _find(document: PythonDocument, read: Read) -> VersionSpot:
    # The plug-in replaces the version of the manifest while it builds, so what stands there is a placeholder.
    if document.get("tool", "poetry-dynamic-versioning", "enable") is True:
        return spot_in_tags(document, "poetry-dynamic-versioning", ("tool", "poetry-dynamic-versioning"))
    if (static := document.string("project", "version")) is not None:
        return VersionSpot(static, document.file, document.line("project", "version"), ("project", "version"))
    # Poetry's own table counts only where `project` leaves the version open, or is not there.
    dynamic = "project" not in document.data or "version" in document.strings("project", "dynamic")
    if dynamic and (static := document.string("tool", "poetry", "version")) is not None:
        key = ("tool", "poetry", "version")
        return VersionSpot(static, document.file, document.line(*key), key)
    if dynamic and (document.get("project") or document.get("tool", "flit") or is_maturin(document)):
        return _dynamic(document, read)
    raise WorkspaceError.of(
        "version-missing",
        f"`{document.file}` has no version",
        reason="the project has neither `version` nor `version` in `dynamic`",
        remedy="write the workspace's version there, or exclude the package",
        file=document.file,
        line=document.line("project") or document.line("tool", "poetry"),
    )


def _dynamic(document: PythonDocument, read: Read) -> VersionSpot:
    backend = document.string("build-system", "build-backend") or "setuptools.build_meta"
    if backend.startswith("hatchling"):
        return hatch_version(document, read)
    if backend.startswith("pdm."):
        return _pdm(document, read)
    if is_maturin(document):
        return maturin_version(document, read)
    if backend.startswith("scikit_build_core") and (found := _scikit(document)) is not None:
        return _from_provider(document, read, *found)
    declared = document.get("tool", "setuptools", "dynamic", "version") is not None
    # Before the back ends: setuptools-scm and its like stand in for the version of several of them.
    if not declared and (tool := tag_tool(document)):
        return spot_in_tags(document, tool, ("project", "dynamic"))
    if backend.startswith("flit"):
        return _flit(document, read)
    if (declared or backend.startswith("setuptools")) and (spot := setuptools_version(document, read)):
        return spot
    if backend == "mesonpy":
        return spot_in_file(document, read, "meson.build", _MESON, ("project", "dynamic"))
    raise unknown_source(document, f"the back end `{backend}`", ("project", "dynamic"))


def _pdm(document: PythonDocument, read: Read) -> VersionSpot:
    key = ("tool", "pdm", "version")
    source = document.string(*key, "source")
    if source == "scm" or document.get(*key, "use_scm"):
        return spot_in_tags(document, "pdm-scm", (*key, "source"))
    path = document.string(*key, "path") or document.string(*key, "from")
    if source not in ("file", None) or path is None:
        raise unknown_source(document, f"PDM's version source `{source}`", (*key, "source"))
    return spot_in_file(document, read, path, _PDM, (*key, "path"))


def _scikit(document: PythonDocument) -> tuple[Path, Mapping[str, Any]] | None:
    """Find what provides the version for scikit-build-core: `[[tool.dynamic-metadata]]`, or its older own table."""
    table = document.get(*_SCIKIT_KEY)
    if isinstance(table, dict):
        return _SCIKIT_KEY, table
    listed = document.get("tool", "dynamic-metadata")
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, dict) and one.get("field", _FIELDS.get(_provider(one))) == "version":
            return ("tool", "dynamic-metadata", index), one
    return None


def _provider(table: Mapping[str, Any]) -> str:
    return str(table.get("provider")).rpartition(".")[2]


def _from_provider(document: PythonDocument, read: Read, key: Path, table: Mapping[str, Any]) -> VersionSpot:
    """Follow a provider of scikit-build-core: a pattern over a file, or git tags."""
    if _provider(table) == "setuptools_scm":
        return spot_in_tags(document, "setuptools-scm", (*key, "provider"))
    path, pattern = table.get("input"), table.get("regex")
    if _provider(table) != "regex" or not isinstance(path, str):
        raise unknown_source(document, f"the provider `{table.get('provider')}`", (*key, "provider"))
    for option, plain in (("result", "{value}"), ("remove", "")):
        if table.get(option, plain) != plain:
            raise unknown_source(document, f"several parts (`{option}`)", (*key, option))
    own = compiled(document, pattern, (*key, "regex"), "value") if isinstance(pattern, str) else _SCIKIT
    return spot_in_file(document, read, path, own, (*key, "input"), group="value")


def _flit(document: PythonDocument, read: Read) -> VersionSpot:
    name = (
        document.string("tool", "flit", "module", "name")
        or document.string("tool", "flit", "metadata", "module")
        or (document.string("project", "name") or "").replace("-", "_")
    )
    key = ("project", "dynamic") if "project" in document.data else ("tool", "flit", "metadata")
    return PythonModules(document, read, ("src", ".")).version_in(name, "__version__", key)
