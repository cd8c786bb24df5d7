"""How do Cargo packages become `.crate` files, and can they be built from what is in them?

All packages are packed in one call before anything is uploaded: cargo lays those of the same call over the
registry, so that each resolves with its siblings. A package that keeps a dev-dependency on one that it does not
need otherwise is packed by a call of its own, with no more than what it needs, so that its lock holds what the
registry will have at its turn; where what is out already does not do, with what goes up before it as well.
"""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from castoff.configuration.values import Cargo
from castoff.ecosystems.cargo.locks import ensure_lock, settle_lock
from castoff.ecosystems.cargo.targets import target_beside, target_in
from castoff.errors import Problem
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import BuildFailure, Built
from castoff.process import Completed, Processes

_PATIENCE = 3600.0
_TABLES = ("dependencies", "build-dependencies", "dev-dependencies")


class CargoBuilder:
    """Packs and verifies through the real cargo; implements :class:`castoff.ports.Builder`.

    ``settings`` is the configuration's table: features to verify with, whether to verify, the registry.
    """

    def __init__(self, processes: Processes, settings: Cargo) -> None:
        self._processes = processes
        self._settings = settings

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Bring a committed ``Cargo.lock`` up to date; gives its path where it changed.

        Errors: ``lock-not-updated``.
        """
        del workspace
        return settle_lock(self._processes, root)

    def build(self, root: Path, packages: Sequence[Package], into: Path) -> Built:
        """Pack all packages; the same tree and lock give the same bytes. Failures: ``pack-failed``."""
        into.mkdir(parents=True, exist_ok=True)
        failed = ensure_lock(self._processes, root)
        if failed is not None:
            return Built(failures=tuple(BuildFailure(package=one.id, problem=failed) for one in packages))
        manifests = {one.name: _manifest(root, one) for one in packages}
        alone = _packed_alone(manifests, _shared(root))
        together = [one for one in packages if one.name not in alone]
        failures = self._pack_together(root, together, packages, into, alone)
        for number, package in enumerate(packages):
            if package.name in alone:
                failures += self._pack_alone(root, packages[: number + 1], into, manifests, failures)
        artifacts = [_artifact(one, into) for one in packages]
        return Built(artifacts=tuple(one for one in artifacts if one is not None), failures=tuple(failures))

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Build a package from what is packed of it, against what its registry holds now.

        Problems: ``verify-failed`` with cargo's last words.
        """
        if not self._settings.verify or not artifacts:
            return ()
        done = self._run(
            root,
            target_beside(artifacts[0]),
            [
                *("--package", package.name),
                *self._features(_manifest(root, package)),
                *self._registry([package]),
            ],
        )
        return (
            ()
            if done.code == 0
            else (_failed("verify-failed", "built from what is packed of it", package, done),)
        )

    def _pack_together(
        self,
        root: Path,
        together: Sequence[Package],
        everything: Sequence[Package],
        into: Path,
        alone: AbstractSet[str],
    ) -> list[BuildFailure]:
        """Pack in one call; where that fails, find out which packages are to blame.

        Cargo can order packages wrongly whose dev-dependencies close a cycle. Those that need such a package
        are then packed without a lock file; at their turn they get one, and count as the same contents.
        """
        if not together:
            return []
        if not self._pack(root, everything, into, keep=together):
            return []
        manifests = {one.name: _manifest(root, one) for one in everything}
        failures: list[BuildFailure] = []
        for package in together:
            needs = _closure(package.name, manifests)
            if any(failure.package in needs for failure in failures):
                continue
            group = [one for one in everything if one.name in needs or one is package]
            if needs & alone:
                failures += self._pack(root, [package], into, keep=[package], words=["--exclude-lockfile"])
            else:
                failures += self._pack(root, group, into, keep=[package])
        return failures

    def _pack_alone(
        self,
        root: Path,
        until: Sequence[Package],
        into: Path,
        manifests: Mapping[str, Mapping[str, Any]],
        failures: Sequence[BuildFailure],
    ) -> list[BuildFailure]:
        """Pack the last of these packages, which are in the order of their uploads."""
        package, shared = until[-1], _shared(root)
        needs = _closure(package.name, manifests)
        if any(failure.package in needs for failure in failures):
            return []
        small = [one for one in until if one.name in needs or one is package]
        failed = self._pack(root, small, into, keep=[package])
        before = {one.name: manifests[one.name] for one in until}
        wide = _closure(
            package.name, before, {name: set(_kept_dev(one, shared)) for name, one in before.items()}
        )
        if not failed or len(wide | {package.name}) == len(small):
            return failed
        return self._pack(
            root, [one for one in until if one.name in wide or one is package], into, keep=[package]
        )

    def _pack(
        self,
        root: Path,
        group: Sequence[Package],
        into: Path,
        *,
        keep: Sequence[Package],
        words: Sequence[str] = (),
    ) -> list[BuildFailure]:
        target = target_in(into)
        named = [word for one in group for word in ("--package", one.name)]
        done = self._run(root, target, ["--no-verify", *words, *named, *self._registry(group)])
        if done.code != 0:
            last = keep[-1]
            problem = _failed("pack-failed", "packed", last, done)
            return [BuildFailure(package=last.id, problem=problem)]
        for package in keep:
            made = target / "package" / _filename(package)
            if made.is_file():
                shutil.copy2(made, into / made.name)
        return []

    def _run(self, root: Path, target: Path, words: Sequence[str]) -> Completed:
        return self._processes.run(
            ["cargo", "package", "--quiet", *words],
            cwd=root,
            timeout=_PATIENCE,
            changes={"CARGO_TARGET_DIR": str(target), "CARGO_TERM_COLOR": "never", "CARGO_LOG": None},
        )

    def _registry(self, group: Sequence[Package]) -> list[str]:
        """Name the registry that all of a call go to, where it is not the default one."""
        named = {self._settings.registry or "".join(one.registries[:1]) for one in group}
        return ["--registry", *named] if len(named) == 1 and named != {""} else []

    def _features(self, manifest: Mapping[str, Any]) -> list[str]:
        """Give the features of the configuration that this package has, as cargo refuses others."""
        if self._settings.all_features:
            return ["--all-features"]
        names = {str(name) for name in _table(manifest, "features")} | {"default"}
        keys = {key for _, key, _ in _entries(manifest)}
        chosen = [one for one in self._settings.features if one in names or one.partition("/")[0] in keys]
        return ["--features", ",".join(chosen)] if chosen else []


def _filename(package: Package) -> str:
    return f"{package.name}-{package.version}.crate"


def _artifact(package: Package, into: Path) -> Artifact | None:
    file = into / _filename(package)
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Artifact(
        package=package.id,
        ecosystem="cargo",
        kind="crate",
        filename=file.name,
        path=str(file),
        digest=digest,
    )


def _failed(code: str, what: str, package: Package, done: Completed) -> Problem:
    return Problem(
        code=code,
        message=f"`{package.name}` could not be {what}",
        reason=done.last_words or f"cargo ended with {done.code}",
        remedy="mend what cargo names; `cargo package -p "
        f"{package.name}` in the workspace shows it again; nothing was uploaded",
        file=package.manifest,
        package=package.id,
    )


def _packed_alone(manifests: Mapping[str, Mapping[str, Any]], shared: Mapping[str, Any]) -> set[str]:
    """Find the packages that keep a dev-dependency on one that they are not surely after."""
    found: set[str] = set()
    for name, manifest in manifests.items():
        kept = set(_kept_dev(manifest, shared))
        later = (kept & manifests.keys()) - _closure(name, manifests)
        if later:
            found.add(name)
    return found


def _closure(
    name: str, manifests: Mapping[str, Mapping[str, Any]], more: Mapping[str, AbstractSet[str]] | None = None
) -> set[str]:
    """Find all packages of the release that one needs, over normal and build requirements and ``more``."""
    found: set[str] = set()
    queue = [name]
    while queue:
        one = queue.pop()
        needs = {target for kind, _, target in _entries(manifests[one]) if kind != "dev-dependencies"}
        new = (needs | (more or {}).get(one, set())) & manifests.keys() - found
        found |= new
        queue.extend(new)
    return found


def _kept_dev(manifest: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterable[str]:
    """Name the packages of dev-dependencies that have a version, so that cargo keeps them."""
    for holder in _holders(manifest):
        for key, value in _table(holder, "dev-dependencies").items():
            inherited = isinstance(value, dict) and value.get("workspace") is True
            entry = shared.get(key) if inherited else value
            if isinstance(entry, str) or (isinstance(entry, dict) and "version" in entry):
                yield _package_of(key, entry)


def _entries(manifest: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    for holder in _holders(manifest):
        for kind in _TABLES:
            for key, value in _table(holder, kind).items():
                yield kind, key, _package_of(key, value)


def _holders(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    targets = _table(manifest, "target").values()
    return [manifest, *(one for one in targets if isinstance(one, dict))]


def _table(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _package_of(key: str, value: object) -> str:
    return str(value.get("package", key)) if isinstance(value, dict) else key


def _shared(root: Path) -> Mapping[str, Any]:
    return _table(_table(_read(root / "Cargo.toml"), "workspace"), "dependencies")


def _manifest(root: Path, package: Package) -> Mapping[str, Any]:
    return _read(root / package.manifest)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
