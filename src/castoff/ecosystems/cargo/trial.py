"""Trial of a published crate: the real cargo builds a new project that depends on it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import tomli

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.lookup import settings_above, user_home
from castoff.errors import Problem
from castoff.io.process import Completed, Processes
from castoff.io.scratch import scratch_prefix
from castoff.model.child_environments import Kind
from castoff.model.workspace import Package

_PATIENCE = 3600.0
_MANIFEST = """[package]
name = "castoff-trial"
version = "0.0.0"
edition = "2021"
publish = false

[workspace]

[dependencies]
"{name}" = {{ version = "={version}"{registry}, features = {features} }}
"""


class CargoTrial:
    """Makes a scratch crate that depends on exactly one version, and checks it.

    ``checkout`` is the user's checkout: cargo's configuration in the folder of a package's workspace may define the
    registry that the package is on.
    """

    def __init__(
        self, processes: Processes, settings: CargoSettings, *, checkout: Path | None = None
    ) -> None:
        self._processes = processes
        self._settings = settings
        self._checkout = checkout

    def use(self, package: Package, version: str, manifest: str = "") -> tuple[Problem, ...]:
        """Resolve and compile it, with those of the configured features that its ``manifest`` has.

        Problems: ``verify-failed`` with cargo's last words.
        """
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("trial"), ignore_cleanup_errors=True) as held:
            folder = Path(held)
            self._write(folder, package, version, features_in(manifest))
            done = self._cargo(folder, package, "check")
        if done.code == 0:
            return ()
        return (
            Problem(
                code="verify-failed",
                message=f"a new project that depends on `{package.name}` {version} does not build",
                reason=done.last_words or f"cargo ended with {done.code}",
                remedy="fix it in a new version; a published version can only be yanked",
                package=package.id,
            ),
        )

    def _write(self, folder: Path, package: Package, version: str, has: AbstractSet[str]) -> None:
        """Write the project; it chooses the features that the crates are verified with, as users have to."""
        own, others = chosen_features(package.name, self._settings.features, has)
        (folder / "src").mkdir()
        (folder / "src" / "lib.rs").write_text("", encoding="utf-8")
        text = _MANIFEST.format(
            name=package.name, version=version, registry=self._registry(package), features=json.dumps(own)
        )
        (folder / "Cargo.toml").write_text(text, encoding="utf-8")
        if not others or self._cargo(folder, package, "generate-lockfile").code != 0:
            return
        locked = tomli.loads((folder / "Cargo.lock").read_text(encoding="utf-8")).get("package", [])
        versions = {one["name"]: one["version"] for one in locked}
        for name, features in others.items():
            if name in versions:
                text += f'"{name}" = {{ version = "={versions[name]}", features = {json.dumps(features)} }}\n'
        (folder / "Cargo.toml").write_text(text, encoding="utf-8")

    def _cargo(self, folder: Path, package: Package, command: str) -> Completed:
        home = self._checkout / package.root if self._checkout is not None else None
        files = settings_above(home, user_home(self._processes))
        settings = [word for file in files for word in ("--config", str(file))]
        return self._processes.run(
            ["cargo", *settings, command, "--quiet"],
            kind=Kind.BUILD,
            cwd=folder,
            timeout=_PATIENCE,
            changes={"CARGO_TARGET_DIR": str(folder / "target")},
        )

    def _registry(self, package: Package) -> str:
        name = self._settings.registry or "".join(package.registries[:1])
        return f', registry = "{name}"' if name else ""


def features_in(manifest: str) -> frozenset[str]:
    """List the features of a crate: its own, `default`, and each optional dependency."""
    document = tomli.loads(manifest)
    tables = [
        part.get(name, {})
        for part in (document, *document.get("target", {}).values())
        for name in ("dependencies", "build-dependencies")
    ]
    optional = {
        name
        for table in tables
        for name, one in table.items()
        if isinstance(one, dict) and one.get("optional") is True
    }
    return frozenset({"default", *document.get("features", {}), *optional})


def chosen_features(
    name: str, features: Sequence[str], has: AbstractSet[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """Sort `FEATURE` and `CRATE/FEATURE` into those of the crate itself, and those of each other one.

    Of its own only those that it ``has``: without a facade the same features are for several crates.
    """
    own: list[str] = []
    others: dict[str, list[str]] = {}
    for one in features:
        crate, slash, feature = one.rpartition("/")
        if not slash or crate == name:
            own += [feature] if feature in has else []
        else:
            others.setdefault(crate.rstrip("?"), []).append(feature)
    return own, others
