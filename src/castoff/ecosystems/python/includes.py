"""Files that a Python project includes by name and that no clean checkout has."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import tomli

from castoff.errors import Problem
from castoff.io.files import read_regular
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.model.workspace import Package

_GLOB = frozenset("*?[{")
_SHOWN = 5
_NAMED = (
    ("uv", "build-backend", "source-include"),
    ("poetry", "include"),
    ("pdm", "build", "includes"),
    ("pdm", "build", "source-includes"),
    ("flit", "sdist", "include"),
    ("maturin", "include"),
    *(
        ("hatch", "build", *target, key)
        for target in ((), ("targets", "sdist"), ("targets", "wheel"))
        for key in ("include", "force-include")
    ),
)
"""Where backends take names of files from, below `[tool]`: lists of texts or of tables with `path`, or tables by path.

hatch's `artifacts` are left out: they are files that a build makes and git ignores.
"""


def uncommitted_includes(
    processes: Processes, home: Path, packages: Sequence[Package]
) -> tuple[Problem, ...]:
    """Report files of the user's checkout that are included by name and that git does not track, as warnings.

    Only a build knows whether it makes such a file itself. What a pattern matches may be left over from a build.
    """
    found: list[Problem] = []
    for package in packages:
        paths = [path for path in _named(home, package) if _GLOB.isdisjoint(path)]
        if missing := _untracked(processes, home, paths):
            found.append(_not_committed(package, missing))
    return tuple(found)


def _named(home: Path, package: Package) -> Iterator[str]:
    tool = _table(home / package.path / "pyproject.toml").get("tool")
    for keys in _NAMED:
        for name in _texts(_below(tool, keys)):
            yield _joined(package.path, name)
    data = _below(tool, ("setuptools", "package-data"))
    for module, names in data.items() if isinstance(data, dict) else ():
        folder = str(module).replace(".", "/")
        for name in _texts(names):
            yield from (_joined(package.path, f"{base}{folder}/{name}") for base in ("", "src/"))
    for line in _lines(home / package.path / "MANIFEST.in"):
        command, *names = line
        if command == "include":
            yield from (_joined(package.path, name) for name in names)


def _below(value: object, keys: Sequence[str]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _texts(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list | dict) else ():
        name = one.get("path") if isinstance(one, dict) else one
        if isinstance(name, str) and name.strip("/"):
            yield name


def _joined(folder: str, name: str) -> str:
    """Return a path from the repository's root; hatch and uv anchor names with a slash at the project's folder."""
    return str(PurePosixPath(folder) / name.lstrip("/"))


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomli.loads(read_regular(file) or "")
    except (ValueError, RecursionError):
        return {}


def _lines(file: Path) -> Iterator[list[str]]:
    for line in (read_regular(file) or "").splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        if words:
            yield words


def _untracked(processes: Processes, home: Path, paths: Sequence[str]) -> list[str]:
    there = [path for path in dict.fromkeys(paths) if ".." not in path and (home / path).is_file()]
    if not there:
        return []
    specs = [f":(literal){path}" for path in there]
    done = processes.run(["git", "ls-files", "--others", "-z", "--", *specs], kind=Kind.TOOL, cwd=home)
    return sorted(one for one in done.stdout.decode("utf-8", "replace").split("\0") if one)


def _not_committed(package: Package, paths: Sequence[str]) -> Problem:
    shown = ", ".join(f"`{path}`" for path in paths[:_SHOWN]) + (", ..." if len(paths) > _SHOWN else "")
    return Problem(
        code="include-not-committed",
        severity="warning",
        message=f"`{package.name}` includes files that are not committed: {shown}",
        reason="a release is made from a clean checkout, which does not have them; its backend leaves out what is "
        "not there, unless the build makes it",
        remedy="commit them (`git add --force` if git ignores them), or remove them from what is included",
        file=package.manifest,
        package=package.id,
    )
