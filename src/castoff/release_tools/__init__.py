"""Other release tools: what each is set up to do, and what of it has an equivalent here; one module for each tool."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from castoff.errors import CastoffError
from castoff.ports import Tree
from castoff.release_tools import (
    bump_my_version,
    cargo_smart_release,
    cargo_workspaces,
    changesets,
    commitizen,
    goreleaser,
    lerna,
    nx_release,
    python_semantic_release,
    release_please,
    release_plz,
    semantic_release,
    tbump,
    towncrier,
)
from castoff.release_tools.reading import Left, Reading, ToolProject, unreadable

TOOLS: Mapping[str, Callable[[ToolProject], Reading | None]] = {
    "bump-my-version": bump_my_version.read,
    "cargo-smart-release": cargo_smart_release.read,
    "cargo-workspaces": cargo_workspaces.read,
    "changesets": changesets.read,
    "commitizen": commitizen.read,
    "goreleaser": goreleaser.read,
    "lerna": lerna.read,
    "nx release": nx_release.read,
    "python-semantic-release": python_semantic_release.read,
    "release-please": release_please.read,
    "release-plz": release_plz.read,
    "semantic-release": semantic_release.read,
    "tbump": tbump.read,
    "towncrier": towncrier.read,
}
_NAMED_ONLY: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\.release-it\.(json|c?js|ts|ya?ml|toml)"), "release-it"),
    (re.compile(r"knope\.toml"), "knope"),
    (re.compile(r"GitVersion\.ya?ml"), "GitVersion"),
    (re.compile(r"\.versionrc(\.json|\.c?js)?"), "standard-version"),
)
"""Tools that are recognised, and of which nothing is taken over."""


class ReleaseTool(Struct, frozen=True):
    """A release tool, and the file that configures it."""

    tool: str
    path: str


def read_release_tools(project: ToolProject) -> tuple[Reading, ...]:
    """Read every release tool that is set up at the repository's root, by name."""
    found = [reading for name, read in TOOLS.items() if (reading := _read(name, read, project)) is not None]
    for path in project.tree.paths():
        tool = next((name for pattern, name in _NAMED_ONLY if pattern.fullmatch(path)), None)
        if tool is not None:
            what = f"the configuration of {tool}"
            reason = "castoff reads none of it: compare tags, branches and files with the version by hand"
            left = Left(where=path, what=what, reason=reason, need="decision")
            found.append(Reading(tool=tool, path=path, left=(left,), obsolete=(path,)))
    return tuple(sorted(found, key=lambda one: one.tool))


def release_tools(tree: Tree) -> tuple[ReleaseTool, ...]:
    """List the release tools that a repository is set up for, each once."""
    return tuple(ReleaseTool(one.tool, one.path) for one in read_release_tools(ToolProject(tree=tree)))


def _read(name: str, read: Callable[[ToolProject], Reading | None], project: ToolProject) -> Reading | None:
    try:
        return read(project)
    except CastoffError as error:
        return unreadable(error, name)
