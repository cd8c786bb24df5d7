"""Packing and verification of Cargo packages.

All packages of a workspace are packed in one call before anything is uploaded: cargo lays those of the same call
over the registry, so that each resolves with its siblings. A package that keeps a dev-dependency on one that it does
not need otherwise is packed by a call of its own, with no more than what it needs, so that its lock holds what the
registry will have at its turn; if what is out already is not enough, with what goes up before it as well.

Cargo lays nothing of another workspace over the registry. A package that needs one of another workspace in the same
release is packed without its lock file, which changes nothing else in it. The rehearsal of the uploads packs it
again at its turn, when the registry has what it needs: those are the bytes that the tag lists.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePosixPath
from typing import Any

import tomli
from msgspec import Struct

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.crates import target_beside, target_in
from castoff.ecosystems.cargo.locks import create_lock, update_locks, update_neighbour_locks
from castoff.ecosystems.cargo.members import (
    listed_members,
    packed_files,
    packed_lists,
    uncommitted_includes,
)
from castoff.ecosystems.cargo.verification import verification_digest
from castoff.errors import Problem
from castoff.io.files import read_regular
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.observations import Unknown
from castoff.model.steps import LocalStep
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import BuildFailure, Built, Steps, unreported

_PATIENCE = 3600.0
_WITHOUT_LOCK = ("--exclude-lockfile",)
_TABLES = ("dependencies", "build-dependencies", "dev-dependencies")


class CargoBuilder:
    """Packs and verifies through the real cargo; implements :class:`castoff.ports.Builder`.

    ``settings`` is the configuration's table: features to verify with, whether to verify, the registry.
    """

    def __init__(self, processes: Processes, settings: CargoSettings) -> None:
        self.processes = processes
        self._settings = settings

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Update the committed ``Cargo.lock`` of each workspace; return the paths that changed.

        Errors: ``lock-not-updated``.
        """
        return update_locks(self.processes, root, workspace)

    def update_neighbour_locks(
        self, root: Path, locks: Sequence[str]
    ) -> tuple[Sequence[str], tuple[Problem, ...]]:
        """Bring each ``Cargo.lock`` of a list up to date. Warnings: ``lock-not-updated``."""
        return update_neighbour_locks(self.processes, root, locks)

    def members(self, root: Path) -> frozenset[str] | Unknown | None:
        """List the members of the workspace in a folder, as cargo does."""
        return listed_members(self.processes, root)

    def uncommitted_includes(self, home: Path, packages: Sequence[Package]) -> tuple[Problem, ...]:
        """Report files that `include` names and git does not track."""
        return uncommitted_includes(self.processes, home, packages)

    def packed_files(self, root: Path, package: Package) -> frozenset[str] | Unknown:
        """List what cargo would pack."""
        return packed_files(self.processes, root, package)

    def packed_lists(self, root: Path) -> frozenset[frozenset[str]]:
        """List what cargo would pack of each member."""
        return packed_lists(self.processes, root)

    def build(self, root: Path, packages: Sequence[Package], into: Path, step: Steps = unreported) -> Built:
        """Pack all packages; the same tree and lock give the same bytes. Failures: ``pack-failed``."""
        into.mkdir(parents=True, exist_ok=True)
        elsewhere = _needing_other_roots(root, packages)
        failures: list[BuildFailure] = []
        for folder, group in grouped_by_root(packages).items():
            with step(LocalStep("pack", _summary(group))):
                failures += _Packing(self, root, into).pack(folder, group, elsewhere)
        artifacts = [_artifact(one, into) for one in packages]
        return Built(artifacts=tuple(one for one in artifacts if one is not None), failures=tuple(failures))

    def judge(
        self, packages: Sequence[Package], artifacts: Sequence[Artifact], root: Path
    ) -> tuple[Problem, ...]:
        """Report nothing: a crate's registry judges what stands in its manifest, which `check` reads."""
        del packages, artifacts, root
        return ()

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Build a package from what is packed of it, against what its registry holds now.

        Problems: ``verify-failed`` with cargo's last words.
        """
        if not self._settings.verify or not artifacts:
            return ()
        done = self.cargo_package(
            root / package.root, target_beside(artifacts[0]), self._verified_words(package, root)
        )
        return (
            ()
            if done.code == 0
            else (_failed("verify-failed", "built from what is packed of it", package, done),)
        )

    def verification_digest(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> str | None:
        """Name what :meth:`verify` depends on; None where nothing is verified, or not all of it is known by content."""
        if not self._settings.verify or not artifacts:
            return None
        folder = root / PurePosixPath(package.manifest).parent
        # `cargo rustc --print` would be the same through cargo; rustup answers both by the toolchain of the folder.
        told = self.processes.run(["rustc", "-vV"], kind=Kind.BUILD, cwd=folder, timeout=60.0)
        return verification_digest(
            artifacts,
            toolchain=told.text if told.code == 0 else "",
            words=self._verified_words(package, root),
            environment=self.processes.child(Kind.BUILD).variables,
            folder=folder,
        )

    def _verified_words(self, package: Package, root: Path) -> list[str]:
        features = self._features(_manifest(root, package))
        return ["--package", package.name, *features, *self.registry_words([package])]

    def cargo_package(self, folder: Path, target: Path, words: Sequence[str]) -> Completed:
        """Run ``cargo package`` in a folder, with a target folder of its own."""
        return self.processes.run(
            ["cargo", "package", "--quiet", *words],
            kind=Kind.BUILD,
            cwd=folder,
            timeout=_PATIENCE,
            changes={"CARGO_TARGET_DIR": str(target), "CARGO_TERM_COLOR": "never", "CARGO_LOG": None},
        )

    def registry_words(self, group: Sequence[Package]) -> list[str]:
        """Name the registry that all of a call go to, where it is not the default one."""
        named = {self._settings.registry or "".join(one.registries[:1]) for one in group}
        # Cargo asks for the name as soon as one package of a call has `publish`, though the others go there as well.
        if "crates-io" in named:
            named.discard("")
        # Several registries in one call are not supported by cargo.
        return ["--registry", *named] if len(named) == 1 and named != {""} else []

    def _features(self, manifest: Mapping[str, Any]) -> list[str]:
        """Return the features of the configuration that this package has, as cargo refuses others."""
        if self._settings.all_features:
            return ["--all-features"]
        # Cargo fails on a feature that a package does not have, even in a call for several packages.
        names = {str(name) for name in _table(manifest, "features")} | {"default"}
        keys = {key for _, key, _ in _entries(manifest)}
        chosen = [one for one in self._settings.features if one in names or one.partition("/")[0] in keys]
        return ["--features", ",".join(chosen)] if chosen else []


class _Packing(Struct, frozen=True):
    """The packing of crates from the tree at ``root`` into a folder."""

    builder: CargoBuilder
    root: Path
    into: Path

    def pack(
        self, folder: str, packages: Sequence[Package], elsewhere: AbstractSet[str]
    ) -> list[BuildFailure]:
        """Pack the packages of one workspace; ``elsewhere`` names those that need another workspace."""
        # Without a lock file each call of cargo would resolve again, perhaps to other versions in between.
        failed = create_lock(self.builder.processes, self.root, folder)
        if failed is not None:
            return [BuildFailure(package=one.id, problem=failed) for one in packages]
        within = [one for one in packages if one.name not in elsewhere]
        manifests = {one.name: _manifest(self.root, one) for one in within}
        alone = _packed_alone(manifests, _shared(self.root / folder))
        # One call for as many as possible: cargo overlays the packages of a call over the registry (cargo
        # 1.90, multi-package publishing).
        together = [one for one in within if one.name not in alone]
        failures = self._together(together, within, alone)
        for number, package in enumerate(within):
            if package.name in alone:
                failures += self._alone(within[: number + 1], manifests, failures)
        for package in packages:
            if package.name in elsewhere:
                failures += self._call([package], keep=[package], words=_WITHOUT_LOCK)
        return failures

    def _together(
        self, together: Sequence[Package], everything: Sequence[Package], alone: AbstractSet[str]
    ) -> list[BuildFailure]:
        """Pack packages of one workspace in one call; if that fails, find out which packages are to blame.

        Cargo can order packages wrongly whose dev-dependencies close a cycle. Those that need such a package
        are then packed without a lock file; at their turn they get one, and count as the same contents.
        """
        if not together:
            return []
        # An empty list of failures: the cheap way worked.
        if not self._call(everything, keep=together):
            return []
        manifests = {one.name: _manifest(self.root, one) for one in everything}
        failures: list[BuildFailure] = []
        for package in together:
            needs = _closure(package.name, manifests)
            # Its failure would only repeat the one of what it needs.
            if _failed_in(failures, needs):
                continue
            group = [one for one in everything if one.name in needs or one is package]
            # A package that is packed alone is not in the overlay of this call, so a lock file could not be
            # resolved.
            if needs & alone:
                failures += self._call([package], keep=[package], words=_WITHOUT_LOCK)
            else:
                failures += self._call(group, keep=[package])
        return failures

    def _alone(
        self,
        until: Sequence[Package],
        manifests: Mapping[str, Mapping[str, Any]],
        failures: Sequence[BuildFailure],
    ) -> list[BuildFailure]:
        """Pack the last of these packages, which are in the order of their uploads."""
        package = until[-1]
        shared = _shared(self.root / package.root)
        needs = _closure(package.name, manifests)
        if _failed_in(failures, needs):
            return []
        small = [one for one in until if one.name in needs or one is package]
        failed = self._call(small, keep=[package])
        before = {one.name: manifests[one.name] for one in until}
        wide = _closure(
            package.name, before, {name: set(_kept_dev(one, shared)) for name, one in before.items()}
        )
        # Only a wider set can change the result.
        if not failed or len(wide | {package.name}) == len(small):
            return failed
        return self._call([one for one in until if one.name in wide or one is package], keep=[package])

    def _call(
        self, group: Sequence[Package], *, keep: Sequence[Package], words: Sequence[str] = ()
    ) -> list[BuildFailure]:
        """Pack a group in one call of cargo, and keep some of what comes of it."""
        target = target_in(self.into)
        named = [word for one in group for word in ("--package", one.name)]
        done = self.builder.cargo_package(
            self.root / group[0].root,
            target,
            ["--no-verify", *words, *named, *self.builder.registry_words(group)],
        )
        if done.code != 0:
            last = keep[-1]
            problem = _failed("pack-failed", "packed", last, done)
            return [BuildFailure(package=last.id, problem=problem)]
        for package in keep:
            # Overwritten by the next call for the same target folder, hence copied at once.
            made = target / "package" / _filename(package)
            if made.is_file():
                shutil.copy2(made, self.into / made.name)
        return []


def _summary(group: Sequence[Package]) -> str:
    return group[0].id if len(group) == 1 else f"{len(group)} packages"


def grouped_by_root(packages: Sequence[Package]) -> dict[str, list[Package]]:
    """Group packages by the folder of their workspace, both in the order given."""
    groups: dict[str, list[Package]] = {}
    for one in packages:
        groups.setdefault(one.root, []).append(one)
    return groups


def _needing_other_roots(tree: Path, packages: Sequence[Package]) -> set[str]:
    """Find the packages that cannot be resolved without one of another workspace of the release.

    Dev-dependencies that survive packing count: cargo resolves them as well.
    """
    roots = {one.name: one.root for one in packages}
    if len(set(roots.values())) < 2:
        return set()
    manifests = {one.name: _manifest(tree, one) for one in packages}
    shared = {folder: _shared(tree / folder) for folder in set(roots.values())}
    dev = {name: set(_kept_dev(one, shared[roots[name]])) for name, one in manifests.items()}
    return {
        name for name in roots if any(roots[one] != roots[name] for one in _closure(name, manifests, dev))
    }


def _failed_in(failures: Sequence[BuildFailure], needs: AbstractSet[str]) -> bool:
    return any(failure.package.removeprefix("cargo:") in needs for failure in failures)


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
        remedy="fix the error that cargo reports; castoff packs in a fresh clone of the commit (`git "
        "clone . FOLDER`), where "
        f"`cargo package -p {package.name}`"
        + ("" if package.root == "." else f" in `{package.root}`")
        + " shows it again; nothing was uploaded"
        + withheld_words(Kind.BUILD, done.withheld),
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
            # Cargo drops dev-dependencies without a version when it packs (The Cargo Book, "Specifying
            # dependencies").
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
        return tomli.loads(read_regular(file) or "")
    except (ValueError, RecursionError):
        return {}
