"""Trial of a package: installed and imported in a clean environment, from what the index holds at that moment."""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from packaging.specifiers import SpecifierSet

from castoff.ecosystems.python.artifacts import metadata_of
from castoff.ecosystems.python.indexes import Endpoints
from castoff.ecosystems.python.names import normalised
from castoff.errors import Problem
from castoff.io.process import Completed, Processes
from castoff.io.scratch import scratch_prefix
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.workspace import Artifact, Package
from castoff.values import replace

_IMPORT = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
_PATIENCE = 600.0
_NOT_DONE = 2
"""uv's exit code if something beside it failed, as an index that does not answer; 1: the requirements cannot be met."""
_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_ENDINGS = (".py", ".so", ".pyd")
_MARKS = frozenset({"__init__.py", "__init__.so"})
_NOT_MODULES = frozenset({"tests", "test", "testing", "docs", "examples", "conftest", "setup"})


def try_out(
    processes: Processes, endpoints: Endpoints, package: Package, artifacts: Sequence[Artifact]
) -> Problem | None:
    """Install ``NAME==VERSION`` from the index into an empty environment and import its modules.

    Files may come from the client's cache, listings never: a sibling may be up since a minute.
    Problems: ``verify-failed`` with the client's last words, ``interpreter-missing``.
    """
    with tempfile.TemporaryDirectory(prefix=scratch_prefix("trial"), ignore_cleanup_errors=True) as held:
        folder = Path(held)
        python = _python(artifacts)
        made = processes.run(
            ["uv", "venv", "--quiet", "--no-project", "--no-config", "--python", python, "env"],
            kind=Kind.TOOL,
            cwd=folder,
        )
        if made.code != 0:
            return _no_interpreter(package, python, made)
        installed = _installed(processes, endpoints, package, folder)
        if installed.code == _NOT_DONE:
            installed = _installed(processes, endpoints, package, folder)
        if installed.code == _NOT_DONE:
            fact = "could not be tested: its installation did not come to an end"
            again = "if an index or the network did not answer, run the same command again; otherwise fix the error"
            hint = withheld_words(Kind.BUILD, installed.withheld)
            return replace(_failed(package, fact, installed), remedy=again + hint)
        if installed.code != 0:
            return _failed(package, "cannot be installed from its index", installed)
        modules = _installed_modules(folder / "env", package)
        if not modules:
            return None
        imported = processes.run(
            # `-I` keeps the current folder and the user's site-packages out of the import path.
            [folder / "env" / "bin" / "python", "-I", "-c", _IMPORT, *modules],
            kind=Kind.BUILD,
            cwd=folder,
            timeout=_PATIENCE,
        )
        if imported.code != 0:
            return _failed(package, f"cannot be imported ({_few(modules)})", imported)
        return None


def modules_of(files: Collection[str]) -> tuple[str, ...]:
    """Name the modules that installed files offer: the outermost of each branch, without private ones.

    ``files`` are paths as ``RECORD`` has them. Folders without ``__init__`` are namespaces: the first modules
    below them are named. Tests and documents that were installed by mistake are not imported.
    """
    found: set[tuple[str, ...]] = set()
    for file in files:
        path = PurePosixPath(file)
        name = path.name.partition(".")[0]
        if path.suffix not in _ENDINGS or path.is_absolute() or ".." in path.parts:
            continue
        parts = path.parts[:-1] if name == "__init__" else (*path.parts[:-1], name)
        if parts and all(part.isidentifier() for part in parts) and parts[0] not in _NOT_MODULES:
            found.add(parts)
    packages = {PurePosixPath(one).parent.parts for one in files if PurePosixPath(one).name in _MARKS}
    outer = {_outermost(parts, packages) for parts in found}
    # Private modules may need what only their package sets up.
    public = [parts for parts in outer if not any(part.startswith("_") for part in parts)]
    return tuple(sorted(".".join(parts) for parts in public))


def _outermost(parts: tuple[str, ...], packages: set[tuple[str, ...]]) -> tuple[str, ...]:
    for length in range(1, len(parts)):
        if parts[:length] in packages:
            return parts[:length]
    return parts


def _installed(processes: Processes, endpoints: Endpoints, package: Package, folder: Path) -> Completed:
    done: Completed | None = None
    for kind, words in endpoints.attempts:
        done = processes.run(
            [*_install(package), *words],
            kind=kind,
            cwd=folder,
            timeout=_PATIENCE,
            changes={"VIRTUAL_ENV": None, **_indexes(processes, endpoints)},
        )
        if done.code == 0:
            break
    assert done is not None
    return done


def _install(package: Package) -> list[str]:
    return [
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-progress",
        "--no-config",
        "--python",
        "env/bin/python",
        # Listings must be current: a sibling may have been uploaded a minute ago.
        "--refresh",
        f"{package.name}=={package.version}",
    ]


def _indexes(processes: Processes, endpoints: Endpoints) -> dict[str, str | None]:
    """Name the indexes where uv would not read them from its own variables; addresses may hold credentials."""
    if endpoints.is_default or any(processes.environment.get(name) for name in _INDEX_VARIABLES):
        return {}
    return {"UV_DEFAULT_INDEX": endpoints.client_simple, "UV_INDEX": " ".join(endpoints.others) or None}


def _python(artifacts: Sequence[Artifact]) -> str:
    """Choose the interpreter: this one where the package allows it, else one that the client finds."""
    for artifact in artifacts:
        metadata = metadata_of(Path(artifact.path))
        wanted = metadata.fields.get("requires_python", "") if metadata else ""
        try:
            if wanted and not SpecifierSet(wanted).contains(_this_python(), prereleases=True):
                return wanted
        except ValueError:
            continue
    return sys.executable


def _this_python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _installed_modules(environment: Path, package: Package) -> tuple[str, ...]:
    for record in environment.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        name = record.parent.name.removesuffix(".dist-info").rpartition("-")[0]
        if normalised(name) == normalised(package.name):
            with record.open(encoding="utf-8", newline="") as stream:
                return modules_of([row[0] for row in csv.reader(stream) if row])
    return ()


def _few(modules: Sequence[str]) -> str:
    shown = ", ".join(f"`{one}`" for one in modules[:5])
    return shown if len(modules) <= 5 else f"{shown} and {len(modules) - 5} more"


def _no_interpreter(package: Package, python: str, done: Completed) -> Problem:
    return Problem(
        code="interpreter-missing",
        message=f"`{package.name}` could not be tested: cannot create an environment with Python {python}",
        reason=done.last_words,
        remedy="install that Python version (`uv python list` shows the versions that uv finds)",
        file=package.manifest,
        package=package.id,
    )


def _failed(package: Package, fact: str, done: Completed) -> Problem:
    return Problem(
        code="verify-failed",
        message=f"`{package.name}` {package.version} {fact}",
        reason=done.last_words,
        remedy="fix the package or its requirements: at its turn, its index will not satisfy them"
        + withheld_words(Kind.BUILD, done.withheld),
        file=package.manifest,
        package=package.id,
    )
