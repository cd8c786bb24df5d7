"""cargo-smart-release, which has no configuration: its marks in the changelogs give it away."""

from __future__ import annotations

from castoff.regexes import regex
from castoff.release_tools.reading import Notebook, Reading, ToolConfig, ToolProject

_MARK = "<csr-read-only-do-not-edit/>"
_CHANGELOG = regex(r"(?:.*/)?CHANGELOG\.md")


def read(project: ToolProject) -> Reading | None:
    """Read the tags that it sets."""
    marked = [
        path
        for path in project.tree.paths()
        if _CHANGELOG.fullmatch(path) and _MARK in (project.tree.read(path) or "")
    ]
    if not marked:
        return None
    book = Notebook("cargo-smart-release", project, ToolConfig(marked[0], "", {}))
    book.take_tag(
        "{package}-v{version}" if project.several else "v{version}", "the tags of `cargo smart-release`"
    )
    book.leave("csr-read-only-do-not-edit", "castoff leaves released sections as they are, and writes none of these",
               what="commit statistics in the changelogs")  # fmt: skip
    if project.several and project.current is None:
        book.leave("version", "castoff releases all packages under one version: give them one version first, or name "
                   "those that stay behind in `release.exclude`", "decision",
                   "packages with versions of their own")  # fmt: skip
    if len(marked) > 1:
        book.leave("CHANGELOG.md", "castoff keeps one changelog for the release, at the root",
                   what=f"{len(marked)} changelogs of packages")  # fmt: skip
    return book.reading()
