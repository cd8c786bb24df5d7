"""Can users install a package that is out, and import it? Tried with the real client, in an empty environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from castoff.ecosystems.python.builder import PythonBuilder
from castoff.errors import Problem
from castoff.model.workspace import Package


class PythonTrial:
    """Installs exactly one version from the index, as the builder's own verification does at its turn."""

    def __init__(self, builder: PythonBuilder) -> None:
        self._builder = builder

    def use(self, package: Package, version: str, manifest: str = "") -> tuple[Problem, ...]:  # noqa: ARG002 - the port's
        """Install and import it; problems: ``verify-failed`` with the client's last words."""
        return self._builder.verify(replace(package, version=version), (), Path())
