"""What `castoff init` knows of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from castoff.changelog.files import heads_releases, is_changelog, is_fresh
from castoff.errors import Problem
from castoff.model.workspace import Package
from castoff.ports import Tree


class Surroundings(Struct, frozen=True, kw_only=True):
    """What is known of a workspace: files, packages, crates' folders, how its tags are named, its branch, its site.

    ``tags`` are the names of its tags, ``current`` is the version that it is at, ``problems`` is what no setting
    can fix. ``site`` holds the files of the website's repository, ``slug`` names that repository.
    """

    tree: Tree
    packages: Sequence[Package] = ()
    folders: Sequence[str] = ()
    tag: str | None = None
    tags: Sequence[str] = ()
    branch: str | None = None
    current: str | None = None
    problems: Sequence[Problem] = ()
    repository: str | None = None
    site: Tree | None = None
    slug: str | None = None


def changelog_of(tree: Tree) -> str | None:
    """Name the one changelog that castoff keeps: `CHANGELOG.md`, or a Markdown file that is like one."""
    if tree.read("CHANGELOG.md") is not None:
        return "CHANGELOG.md"
    others = (
        path for path in files_at_root(tree) if path.lower().endswith(".md") and is_like_changelog(tree, path)
    )
    return next(others, None)


def is_like_changelog(tree: Tree, path: str) -> bool:
    """Return whether a file has the name of a changelog, and headings of releases."""
    text = tree.read(path) if is_changelog(path) else None
    return text is not None and (heads_releases(text) or is_fresh(path, text))


def files_at_root(tree: Tree) -> Iterator[str]:
    """List the files of the repository's root."""
    return (path for path in tree.paths() if "/" not in path)
