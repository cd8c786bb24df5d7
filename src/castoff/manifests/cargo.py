"""How does castoff read and edit a Cargo workspace? The manifests' side of the ecosystem, pure but for its tree.

Discovery reads the manifests themselves, so that it works on any commit without a checkout and writes nothing
(``cargo metadata`` would write a lock file).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from castoff.errors import CastoffError, WorkspaceError
from castoff.manifests.cargo_edits import edit_crates
from castoff.manifests.cargo_layout import MANIFEST
from castoff.manifests.cargo_workspace import CrateFiles, read_crates, workspace_of
from castoff.model.versions import Ecosystem, ReleaseVersion, spell
from castoff.model.workspace import Workspace
from castoff.ports import Edited, Tree


class CargoManifests:
    """Cargo's manifests; implements :class:`castoff.ports.Manifests`."""

    ecosystem: ClassVar[Ecosystem] = "cargo"

    def __init__(self) -> None:
        self._last: tuple[Tree, tuple[str, ...], CrateFiles | None] | None = None

    def discover(self, tree: Tree, exclude: Sequence[str]) -> Workspace | None:
        """Read the workspace; None where the root has no ``Cargo.toml``.

        Errors: ``toml-invalid`` for the root's manifest. What is wrong with single manifests comes back in
        ``Workspace.problems``.
        """
        files = self._files(tree, exclude)
        return workspace_of(files) if files is not None else None

    def edited(self, tree: Tree, workspace: Workspace, version: ReleaseVersion) -> Edited:
        """Compute the texts of all manifests for the version; warnings tell what was stale."""
        files = self._files(tree, self._excluded(tree, workspace))
        if files is None:
            raise WorkspaceError.of("no-manifest", f"the tree has no `{MANIFEST}`")
        edits = edit_crates(files, spell(version, "cargo"))
        return Edited(texts=edits.texts, edits=tuple(edits.edits), problems=tuple(edits.problems))

    def version_at(self, tree: Tree, exclude: Sequence[str]) -> str | None:
        """Give the workspace's version, None where there is none or the packages disagree."""
        try:
            files = read_crates(tree, exclude)
        except CastoffError:
            return None
        if files is None:
            return None
        versions = {crate.version for crate in files.crates.released}
        return files.crates.version if versions == {files.crates.version} else None

    def version_paths(self, tree: Tree) -> Sequence[str]:
        """List the manifests in which the version stands."""
        try:
            files = read_crates(tree)
        except CastoffError:
            return (MANIFEST,)
        if files is None:
            return ()
        places = (crate.version_place for crate in files.crates.released)
        return sorted({place.file for place in places if place is not None}) or [MANIFEST]

    def _excluded(self, tree: Tree, workspace: Workspace) -> tuple[str, ...]:
        """Give patterns for what the workspace leaves out; those that it was discovered with where known."""
        if self._last is not None and self._last[0] is tree and self._last[2] is not None:
            released = {crate.name for crate in self._last[2].crates.released}
            if released == set(workspace.names):
                return self._last[1]
        files = read_crates(tree)
        names = {crate.name for crate in files.crates.released} if files is not None else set()
        return tuple(sorted(names - set(workspace.names)))

    def _files(self, tree: Tree, exclude: Sequence[str]) -> CrateFiles | None:
        key = tuple(exclude)
        if self._last is None or self._last[0] is not tree or self._last[1] != key:
            self._last = (tree, key, read_crates(tree, key))
        return self._last[2]
