"""One Python project: its name, whether it is published, what it requires of siblings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.maturin import crate_manifest, is_maturin
from castoff.ecosystems.python.manifest.requirements import Dialect, read_requirement
from castoff.ecosystems.python.manifest.version_place import Read
from castoff.ecosystems.python.names import name_of, normalised
from castoff.errors import Problem, WorkspaceError
from castoff.model.workspace import EdgeKind
from castoff.regexes import regex
from castoff.text.toml import Path

_NAME = regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_FORGE = regex(r"https?://", re.I)
_TEMPLATES = ("tool", "hatch", "metadata", "hooks", "uv-dynamic-versioning")
_REPOSITORY_KEYS = ("repository", "sourcecode", "source", "github", "code", "homepage")


class Project(Struct, frozen=True, kw_only=True):
    """One project: ``name`` as written; ``private`` says why it is not published, None where it is."""

    document: PythonDocument
    name: str
    private: str | None = None
    repository: str | None = None
    problems: tuple[Problem, ...] = ()


class Demand(Struct, frozen=True, kw_only=True):
    """One requirement on a sibling; ``key`` is where its text stands, ``spec`` its version part at ``start``."""

    name: str
    kind: EdgeKind
    key: Path
    text: str
    spec: str
    start: int = 0
    extras: tuple[str, ...] = ()
    dialect: Dialect = "pep440"
    by_path: bool = False

    @property
    def extra(self) -> str:
        """Name the extra that it belongs to, normalised; "" where it belongs to none."""
        if self.kind != "extra" or self.dialect == "poetry":
            return ""
        return normalised(str(self.key[-2]))


def is_project(document: PythonDocument) -> bool:
    """Return whether a pyproject.toml describes a project, and not only the settings of tools."""
    if "project" in document.data or is_maturin(document):
        return True
    tool = document.get("tool")
    if not isinstance(tool, dict):
        return False
    poetry, flit = tool.get("poetry"), tool.get("flit")
    return (isinstance(poetry, dict) and ("name" in poetry or "version" in poetry)) or (
        isinstance(flit, dict) and "metadata" in flit
    )


def read_project(document: PythonDocument, read: Read) -> Project:
    """Read what a project says of itself. Errors: ``name-missing``, ``name-invalid``, ``manifest-invalid``."""
    private = _private(document)
    name = _name(document)
    if name is None and "project" not in document.data and is_maturin(document):
        name = crate_manifest(document, read).string("package", "name")
    if name is None and private is not None:
        return Project(document=document, name=document.folder, private=private)
    if name is None:
        raise WorkspaceError.of(
            "name-missing",
            f"`{document.file}` has no name",
            reason="an upload requires a name",
            remedy="write `project.name`",
            file=document.file,
            line=document.line("project"),
        )
    if not _NAME.fullmatch(name):
        raise WorkspaceError.of(
            "name-invalid",
            f"`{name[:80]}` in `{document.file}` is not a valid name of a Python package",
            reason="names consist of ASCII letters, digits, `-`, `_` and `.`, and start and end with a letter or digit",
            remedy="correct `name`",
            file=document.file,
            line=document.line("project", "name"),
        )
    problems = (
        ()
        if private is not None
        else (*_dynamic_dependencies(document, name), *_marked_both_ways(document, name))
    )
    return Project(
        document=document, name=name, private=private, repository=_repository(document), problems=problems
    )


def demands(document: PythonDocument, siblings: Mapping[str, str]) -> Iterator[Demand]:
    """Find every requirement on a sibling (normalised names) in a manifest.

    Errors: ``requirement-invalid`` with the line, ``manifest-invalid``.
    """
    for kind, key in _lists(document):
        for index, text in enumerate(document.get(*key) or ()):
            if isinstance(text, str) and name_of(text) in siblings:
                yield read_demand(document, kind, (*key, index), text)
    yield from _templates(document, siblings)
    if document.get("tool", "poetry") is not None:
        yield from _poetry(document, siblings)


def foreign_sources(document: PythonDocument) -> frozenset[str]:
    """Name what `tool.uv.sources` takes from elsewhere than the workspace or a path (normalised names)."""
    sources = document.get("tool", "uv", "sources")
    if not isinstance(sources, dict):
        return frozenset()
    return frozenset(
        normalised(name)
        for name, value in sources.items()
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, dict) and not one.get("workspace") and "path" not in one
    )


def _name(document: PythonDocument) -> str | None:
    places = (
        ("project", "name"),
        ("tool", "poetry", "name"),
        ("tool", "flit", "metadata", "dist-name"),
        ("tool", "flit", "metadata", "module"),
    )
    return next((name for place in places if (name := document.string(*place)) is not None), None)


def _lists(document: PythonDocument) -> Iterator[tuple[EdgeKind, tuple[str, ...]]]:
    """Name the arrays that hold requirements by PEP 508."""
    places: tuple[tuple[EdgeKind, tuple[str, ...], bool], ...] = (
        ("normal", ("project", "dependencies"), False),
        ("normal", ("tool", "flit", "metadata", "requires"), False),
        ("extra", ("project", "optional-dependencies"), True),
        ("extra", ("tool", "flit", "metadata", "requires-extra"), True),
        ("build", ("build-system", "requires"), False),
        ("group", ("dependency-groups",), True),
        ("group", ("tool", "uv", "dev-dependencies"), False),
        ("group", ("tool", "pdm", "dev-dependencies"), True),
    )
    for kind, key, is_table in places:
        if document.get(*key) is None:
            continue
        for one in _keys_of(document, key) if is_table else (key,):
            if not isinstance(document.get(*one), list):
                raise document.invalid(one, "an array")
            yield kind, one
    for name, environment in document.table("tool", "hatch", "envs").items():
        for field in ("dependencies", "extra-dependencies"):
            if isinstance(environment, dict) and isinstance(environment.get(field), list):
                yield "group", ("tool", "hatch", "envs", name, field)
    yield from (("build", key) for key in _hatch_build(document))


def _hatch_build(document: PythonDocument) -> Iterator[tuple[str, ...]]:
    """Name the arrays of hatch that add to the build requirements: of the build, of a target, of their hooks."""
    base = ("tool", "hatch", "build")
    if not document.table(*base):
        return
    targets = document.get(*base, "targets")
    for place in (base, *((*base, "targets", name) for name in targets or () if isinstance(targets, dict))):
        hooks = document.get(*place, "hooks")
        for one in (place, *((*place, "hooks", name) for name in hooks or () if isinstance(hooks, dict))):
            if isinstance(document.get(*one, "dependencies"), list):
                yield (*one, "dependencies")


def _templates(document: PythonDocument, siblings: Mapping[str, str]) -> Iterator[Demand]:
    """Find requirements whose versions are filled in when the project is built: ``core=={{ version }}``.

    Their version part is unknown until then.
    """
    lists: list[tuple[EdgeKind, tuple[str, ...]]] = [("normal", (*_TEMPLATES, "dependencies"))]
    lists += [("extra", key) for key in _keys_of(document, (*_TEMPLATES, "optional-dependencies"))]
    for kind, key in lists:
        for index, text in enumerate(document.strings(*key)):
            found = read_requirement(text.partition("{{")[0].rstrip(" \t=<>~!,("))
            if found is not None and normalised(found.name) in siblings:
                yield Demand(
                    name=normalised(found.name),
                    kind=kind,
                    key=(*key, index),
                    text=text,
                    spec="",
                    extras=found.extras,
                )


def _keys_of(document: PythonDocument, key: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    return ((*key, name) for name in document.table(*key))


def read_demand(document: PythonDocument, kind: EdgeKind, key: Path, text: str) -> Demand:
    """Read one requirement by PEP 508 that stands at ``key``. Errors: ``requirement-invalid``."""
    found = read_requirement(text)
    if found is None:
        raise WorkspaceError.of(
            "requirement-invalid",
            f"`{text[:120]}` in `{document.file}` is not a requirement",
            reason="requirements follow PEP 508, versions follow PEP 440",
            remedy="correct it, for example `name>=1.2.0`",
            file=document.file,
            line=document.line(*key),
        )
    return Demand(
        name=found.name,
        kind=kind,
        key=key,
        text=text,
        spec=found.spec,
        start=found.start,
        extras=found.extras,
        by_path=found.url is not None,
    )


def _poetry(document: PythonDocument, siblings: Mapping[str, str]) -> Iterator[Demand]:
    base = ("tool", "poetry")
    tables: list[tuple[EdgeKind, tuple[str, ...]]] = [
        ("normal", (*base, "dependencies")),
        ("group", (*base, "dev-dependencies")),
    ]
    tables += [("group", (*base, "group", one, "dependencies")) for one in document.table(*base, "group")]
    # Beside `project.dependencies`, Poetry's table only adds sources for its lock file (Poetry docs,
    # "Dependencies and dependency groups"): it is in no metadata, so it orders nothing.
    is_legacy = document.get("project", "dependencies") is None
    for kind, key in tables:
        for name, value in document.table(*key).items():
            if normalised(name) not in siblings:
                continue
            optional = isinstance(value, dict) and value.get("optional") is True
            real: EdgeKind = "extra" if kind == "normal" and optional else kind
            yield from _constraints(
                document, real if is_legacy or kind == "group" else "group", (*key, name), value
            )


def _constraints(document: PythonDocument, kind: EdgeKind, key: Path, value: object) -> Iterator[Demand]:
    """Read one entry of a Poetry table: a constraint, a table with one, or several such tables."""
    name = normalised(str(next(part for part in reversed(key) if isinstance(part, str))))
    match value:
        case str():
            yield Demand(name=name, kind=kind, key=key, text=value, spec=value, dialect="poetry")
        case dict():
            version = value.get("version")
            extras = tuple(sorted(normalised(str(one)) for one in value.get("extras") or ()))
            yield Demand(
                name=name,
                kind=kind,
                key=(*key, "version") if isinstance(version, str) else key,
                text=version if isinstance(version, str) else "",
                spec=version if isinstance(version, str) else "",
                extras=extras,
                dialect="poetry",
                by_path=not isinstance(version, str),
            )
        case list():
            for index, one in enumerate(value):
                if isinstance(one, dict):
                    yield from _constraints(document, kind, (*key, index), one)
        case _:
            raise document.invalid(key, "a version constraint")


def _private(document: PythonDocument) -> str | None:
    # PyPI refuses every upload with such a classifier, and people set it for that reason.
    if any(one.startswith("Private ::") for one in _classifiers(document)):
        return "it has a Private classifier"
    if document.get("tool", "poetry", "package-mode") is False:
        return "`tool.poetry.package-mode` is false"
    package = document.get("tool", "uv", "package")
    # uv's rule: a project without a build system is "virtual" unless `tool.uv.package` says otherwise.
    if "build-system" in document.data or package is True:
        return None
    return "`tool.uv.package` is false" if package is False else "it has no `[build-system]`"


def _classifiers(document: PythonDocument) -> Iterable[str]:
    yield from document.strings("project", "classifiers")
    yield from document.strings("tool", "poetry", "classifiers")


def _dynamic_dependencies(document: PythonDocument, name: str) -> tuple[Problem, ...]:
    told = document.table(*_TEMPLATES)
    dynamic = document.strings("project", "dynamic")
    fields = [one for one in dynamic if one.endswith("dependencies") and one not in told]
    if not fields:
        return ()
    return (
        Problem(
            code="dynamic-dependencies",
            severity="warning",
            message=f"`{name}` has requirements that are not in its manifest: "
            + ", ".join(f"`{one}`" for one in fields),
            reason="they are computed at the build, so castoff can neither order packages by them nor update them",
            remedy="make sure that they name the new version, and write them into the manifest if possible",
            file=document.file,
            line=document.line("project", "dynamic"),
            package=name,
        ),
    )


def _marked_both_ways(document: PythonDocument, name: str) -> tuple[Problem, ...]:
    """Tell of a project that uv shall not install, though it says how it is built: some publish their facade so."""
    if document.get("tool", "uv", "package") is not False:
        return ()
    return (
        Problem(
            code="marked-both-ways",
            severity="warning",
            message=f"`{name}` has a build system, so it is published, although `tool.uv.package` is false",
            reason="that setting only affects uv's environments, not publishing",
            remedy="if it must not be published, remove its build system or exclude it",
            file=document.file,
            line=document.line("tool", "uv", "package"),
            package=name,
        ),
    )


def _repository(document: PythonDocument) -> str | None:
    urls: dict[str, str] = {}
    for table in (document.table("project", "urls"), document.table("tool", "poetry", "urls")):
        urls |= {
            # Labels are compared without punctuation, spaces and case (PyPA, "Well-known Project URLs in
            # Metadata").
            re.sub(r"[^a-z]", "", key.lower()): value
            for key, value in table.items()
            if isinstance(value, str)
        }
    for key in ("repository", "homepage"):
        value = document.get("tool", "poetry", key)
        if isinstance(value, str):
            urls.setdefault(key, value)
    return next((urls[key] for key in _REPOSITORY_KEYS if key in urls and _FORGE.match(urls[key])), None)
