"""The workspace of a tree by one ecosystem's manifests, judged as a release judges it."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.model.scope import Scope
from castoff.model.workspace import Workspace
from castoff.ports import Manifests, Tree
from castoff.session.workspaces import read_workspace


def workspace_in(
    manifests: Manifests, tree: Tree, exclude: Sequence[str] = (), start: str = "."
) -> Workspace:
    """Read the workspace; errors as those of a release."""
    return read_workspace(tree, [manifests], Scope(start=start, exclude=tuple(exclude)))
