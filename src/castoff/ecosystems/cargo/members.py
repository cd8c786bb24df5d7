"""Members of a Cargo workspace as cargo lists them, and files that only the user's checkout holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import tomli

from castoff.errors import Problem
from castoff.io.files import read_regular
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.model.observations import Unknown
from castoff.model.workspace import Package

_PATIENCE = 120.0
_GLOB = frozenset("*?[{")


def listed_members(processes: Processes, root: Path) -> frozenset[str] | Unknown | None:
    """List the members in one call that reads manifests only (``cargo metadata --no-deps``)."""
    if not (root / "Cargo.toml").is_file():
        return None
    if processes.find("cargo") is None:
        return Unknown(reason="`cargo` was not found")
    words = ["cargo", "metadata", "--no-deps", "--format-version", "1", "--offline"]
    done = processes.run(words, kind=Kind.BUILD, cwd=root, timeout=_PATIENCE, changes={"CARGO_LOG": None})
    if done.code != 0:
        return Unknown(reason=f"`cargo metadata` ended with code {done.code}: {done.last_words}")
    try:
        return frozenset(str(one["name"]) for one in json.loads(done.stdout)["packages"])
    except (ValueError, KeyError, TypeError):
        return Unknown(reason="`cargo metadata` printed no list of packages")


def packed_files(processes: Processes, root: Path, package: Package) -> frozenset[str] | Unknown:
    """List what cargo would pack (``cargo package --list``); nothing is packed, built or resolved."""
    lines = _packed(processes, root / package.path)
    return lines if isinstance(lines, Unknown) else frozenset(lines)


def packed_lists(processes: Processes, root: Path) -> frozenset[frozenset[str]]:
    """List what cargo would pack of each member of a workspace, in one call; none if it fails.

    Cargo prints one list after the other, ordered by needs, and does not name the packages (its JSON is unstable,
    rust-lang/cargo#15353). Each list is sorted by path and has `Cargo.toml` before `Cargo.toml.orig`, so the next one
    begins where the order goes back.
    """
    lines = _packed(processes, root, "--workspace")
    lists: list[set[str]] = []
    last: tuple[str, ...] = ()
    for line in () if isinstance(lines, Unknown) else lines:
        parts = PurePosixPath(line).parts
        if not lists or parts <= last:
            lists.append(set())
        lists[-1].add(line)
        last = parts
    return frozenset(map(frozenset, lists))


def _packed(processes: Processes, folder: Path, *words: str) -> list[str] | Unknown:
    if processes.find("cargo") is None:
        return Unknown(reason="`cargo` was not found")
    done = processes.run(
        ["cargo", "package", "--list", "--offline", "--allow-dirty", "--quiet", *words],
        kind=Kind.BUILD,
        cwd=folder,
        timeout=_PATIENCE,
        changes={"CARGO_LOG": None},
    )
    if done.code != 0:
        return Unknown(reason=f"`cargo package --list` ended with code {done.code}: {done.last_words}")
    lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    return [line.replace("\\", "/") for line in lines if line]


def uncommitted_includes(
    processes: Processes, home: Path, packages: Sequence[Package]
) -> tuple[Problem, ...]:
    """Report files that a manifest's `include` names and git does not track: a clean checkout does not have them.

    cargo packs whatever `include` names, ignored by git or not, and refuses to publish it without ``--allow-dirty``.
    A file that is named literally is an error; what only a pattern matches may be left over, and is a warning.
    """
    found: list[Problem] = []
    for package in packages:
        patterns = _patterns(home, package)
        if patterns and (paths := _untracked(processes, home, package.path, patterns)):
            named = {f"{package.path}/{one.strip('/')}".removeprefix("./") for one in patterns}
            literal = [path for path in paths if path in named]
            found.append(_not_committed(package, literal or paths, is_named=bool(literal)))
    return tuple(found)


def _patterns(home: Path, package: Package) -> list[str]:
    value = _table(home / package.manifest, "package").get("include")
    if isinstance(value, dict) and value.get("workspace") is True:
        shared = _table(home / package.root / "Cargo.toml", "workspace").get("package")
        value = shared.get("include") if isinstance(shared, dict) else None
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _table(file: Path, key: str) -> dict[str, Any]:
    try:
        value = tomli.loads(read_regular(file) or "").get(key)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _untracked(processes: Processes, home: Path, folder: str, patterns: Sequence[str]) -> list[str]:
    base = "" if folder == "." else f"{folder}/"
    specs = [f":(exclude,glob){base}target/**"]
    for pattern in patterns:
        kind = ":(exclude,glob)" if pattern.startswith("!") else ":(glob)"
        bare = pattern.removeprefix("!")
        anchored = "/" in bare.rstrip("/")
        spec = f"{kind}{base}{'' if anchored else '**/'}{bare.strip('/')}"
        specs += [spec, f"{spec}/**"]
    done = processes.run(["git", "ls-files", "--others", "-z", "--", *specs], kind=Kind.TOOL, cwd=home)
    if done.code != 0:
        return []
    return sorted(one for one in done.stdout.decode("utf-8", "replace").split("\0") if one)


def _not_committed(package: Package, paths: Sequence[str], *, is_named: bool) -> Problem:
    shown = ", ".join(f"`{path}`" for path in paths[:5]) + (", ..." if len(paths) > 5 else "")
    return Problem(
        code="include-not-committed",
        severity="error" if is_named else "warning",
        message=f"`include` of `{package.name}` names files that are not committed: {shown}",
        reason="a release is made from a clean checkout, which does not have them; "
        "cargo refuses to publish them without `--allow-dirty`",
        remedy="commit them (`git add --force` if git ignores them), or remove them from `include`",
        file=package.manifest,
        package=package.id,
    )
