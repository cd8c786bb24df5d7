"""Other release tools that a repository is set up for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from castoff.ports import Tree

_FILES: Mapping[str, str] = {
    "release-please-config.json": "release-please",
    ".release-please-manifest.json": "release-please",
    "release-plz.toml": "release-plz",
    ".release-plz.toml": "release-plz",
    ".changeset/config.json": "changesets",
    "knope.toml": "knope",
    "lerna.json": "lerna",
    ".release-it.json": "release-it",
    ".bumpversion.toml": "bump-my-version",
    ".bumpversion.cfg": "bump2version",
    "GitVersion.yml": "GitVersion",
}
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"\.releaserc(\.(json|ya?ml|c?js|mjs|toml))?|release\.config\.(c|m)?(j|t)s"),
        "semantic-release",
    ),
    (re.compile(r"\.release-it\.(c?js|ts|ya?ml|toml)"), "release-it"),
    (re.compile(r"\.cz\.(toml|json|ya?ml)|cz\.(toml|json|ya?ml)"), "commitizen"),
    (re.compile(r"\.goreleaser\.ya?ml"), "goreleaser"),
)
_TABLES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^\[tool\.semantic_release\b", re.M), "python-semantic-release"),
    (re.compile(r"^\[tool\.commitizen\b", re.M), "commitizen"),
    (re.compile(r"^\[tool\.bumpversion\b", re.M), "bump-my-version"),
    (re.compile(r"^\[tool\.tbump\b", re.M), "tbump"),
)


@dataclass(frozen=True, slots=True)
class ReleaseTool:
    """A release tool, and the file that configures it."""

    tool: str
    path: str


def release_tools(tree: Tree) -> tuple[ReleaseTool, ...]:
    """List the release tools whose configuration is at the repository's root, each once."""
    found: dict[str, str] = {}
    paths = set(tree.paths())
    for path in sorted(paths):
        tool = _FILES.get(path) or next((name for one, name in _PATTERNS if one.fullmatch(path)), None)
        if tool is not None:
            found.setdefault(tool, path)
    text = tree.read("pyproject.toml") if "pyproject.toml" in paths else None
    for pattern, tool in _TABLES:
        if text is not None and pattern.search(text):
            found.setdefault(tool, "pyproject.toml")
    return tuple(ReleaseTool(tool, path) for tool, path in sorted(found.items()))
