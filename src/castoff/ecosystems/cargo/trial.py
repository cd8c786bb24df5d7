"""Can users depend on a crate that is out? Tried with the real cargo, in a project that knows nothing of ours."""

from __future__ import annotations

import tempfile
from pathlib import Path

from castoff.configuration.values import Cargo
from castoff.errors import Problem
from castoff.model.workspace import Package
from castoff.process import Processes

_PATIENCE = 3600.0
_MANIFEST = """[package]
name = "castoff-trial"
version = "0.0.0"
edition = "2021"
publish = false

[workspace]

[dependencies]
"{name}" = {{ version = "={version}"{registry} }}
"""


class CargoTrial:
    """Makes a scratch crate that depends on exactly one version, and checks it."""

    def __init__(self, processes: Processes, settings: Cargo) -> None:
        self._processes = processes
        self._settings = settings

    def use(self, package: Package, version: str) -> tuple[Problem, ...]:
        """Resolve and compile it; problems: ``verify-failed`` with cargo's last words."""
        with tempfile.TemporaryDirectory(prefix="castoff-trial-", ignore_cleanup_errors=True) as held:
            folder = Path(held)
            (folder / "src").mkdir()
            (folder / "src" / "lib.rs").write_text("", encoding="utf-8")
            manifest = _MANIFEST.format(name=package.name, version=version, registry=self._registry(package))
            (folder / "Cargo.toml").write_text(manifest, encoding="utf-8")
            done = self._processes.run(
                ["cargo", "check", "--quiet"],
                cwd=folder,
                timeout=_PATIENCE,
                changes={"CARGO_TARGET_DIR": str(folder / "target")},
            )
        if done.code == 0:
            return ()
        return (
            Problem(
                code="verify-failed",
                message=f"a new project that depends on `{package.name}` {version} does not build",
                reason=done.last_words or f"cargo ended with {done.code}",
                remedy="mend it in a new version; what is out cannot be changed, only yanked",
                package=package.id,
            ),
        )

    def _registry(self, package: Package) -> str:
        name = self._settings.registry or "".join(package.registries[:1])
        return f', registry = "{name}"' if name else ""
