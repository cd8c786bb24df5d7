"""Manifests and the trees of files that they are read from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from castoff.model.selection import Discovery
from castoff.model.versions import Ecosystem, ReleaseVersion
from castoff.model.workspace import Edited, Workspace


class Tree(Protocol):
    """The files of one commit (or folder), read only; paths are POSIX from the root."""

    def read(self, path: str) -> str | None:
        """Return a file's text (UTF-8), None where the file does not exist.

        A symbolic link is followed inside the tree. Errors: ``file-not-text`` where it is not UTF-8,
        ``file-unreadable`` where something of that name is there and is not a file that can be read.
        """
        ...

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        ...


class Manifests(Protocol):
    """One ecosystem's manifests, as values and as edited text; pure but for the tree it is given."""

    @property
    def ecosystem(self) -> Ecosystem:
        """Name the ecosystem."""
        ...

    def discover(self, tree: Tree, exclude: Sequence[str]) -> Discovery:
        """Find all workspaces of a tree, and what belongs to none; nothing is raised.

        ``exclude`` holds the patterns of ``release.exclude``. What is wrong with single manifests is in
        ``Workspace.problems``.
        """
        ...

    def join(self, tree: Tree, chosen: Sequence[Workspace], exclude: Sequence[str]) -> Workspace:
        """Return some of the discovered workspaces as one, with the edges among them."""
        ...

    def edited(
        self,
        tree: Tree,
        workspace: Workspace,
        version: ReleaseVersion,
        *,
        raised: Collection[str] | None = None,
    ) -> Edited:
        """Compute the texts of all manifests (and version files) for the version, only what must change.

        ``raised`` lists the manifests whose requirements on siblings move although they admit the version; None: all.
        """
        ...

    def neighbours(
        self, tree: Tree, texts: Mapping[str, str], workspace: Workspace, version: ReleaseVersion
    ) -> Edited:
        """Compute what ``texts`` break beside the workspace: requirements by path on released packages."""
        ...
