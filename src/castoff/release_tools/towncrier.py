"""towncrier: fragments of news, which move under the changelog's unreleased heading."""

from __future__ import annotations

from collections.abc import Iterator

from castoff.regexes import regex
from castoff.release_tools.reading import Notebook, PendingNews, Reading, ToolConfig, ToolProject, find_config

_KINDS = {"feature": "Added", "bugfix": "Fixed", "removal": "Removed", "deprecation": "Deprecated",
          "security": "Security", "added": "Added", "changed": "Changed", "deprecated": "Deprecated",
          "removed": "Removed", "fixed": "Fixed", "fix": "Fixed",
          "breaking": "Changed", "change": "Changed"}  # fmt: skip
_FRAGMENT = regex(r"(?P<issue>[^/]*?)\.(?P<kind>[A-Za-z_-]+)(?:\.\d+)?(?:\.(?:md|rst|txt))?")
_TAKEN = ("directory", "filename", "type", "package", "package_dir", "section", "fragment")
_LEFT = {
    "name": "castoff imitates the titles of the file",
    "version": "castoff decides the version itself",
    "title_format": "castoff imitates the titles of the file",
    "template": "castoff imitates the style of the file",
    "start_string": "castoff puts a new section above the newest one; the mark may stay",
    "underlines": "castoff imitates the style of the file",
    "issue_format": "castoff links issue numbers itself, if the file links them",
    "issue_pattern": "there are no fragments any more",
    "wrap": "castoff leaves the text of news as it is",
    "all_bullets": "castoff leaves the text of news as it is",
    "single_file": "castoff keeps one changelog",
    "orphan_prefix": "there are no fragments any more",
    "create_eof_newline": "there are no fragments any more",
    "create_add_extension": "there are no fragments any more",
    "ignore": "there are no fragments any more",
}


def read(project: ToolProject) -> Reading | None:
    """Read the changelog's name and the fragments."""
    config = find_config(
        project.tree, "towncrier.toml#tool.towncrier", "pyproject.toml#tool.towncrier", "towncrier.toml"
    )
    if config is None:
        return None
    book = Notebook("towncrier", project, config)
    name = config.one("filename") or "NEWS.rst"
    markdown = name.endswith(".md")
    if markdown:
        book.take("changelog.file", name, "filename")
    else:
        book.leave("filename", "castoff writes Markdown only: convert the file, or set `mode = \"off\"` in "
                   "`[changelog]` and keep towncrier", "decision", f"the changelog `{name}`")  # fmt: skip
    book.leave_known(config.data, _LEFT, _TAKEN)
    folder = _folder(config)
    news = tuple(_fragments(project, folder)) if markdown else ()
    inline = (
        "the table `tool.towncrier` of pyproject.toml" if config.path == "pyproject.toml" else config.path
    )
    return book.reading(*([inline, f"{folder}/"] if markdown else []), news=news)


def _folder(config: ToolConfig) -> str:
    if folder := config.one("directory"):
        return folder.strip("/")
    package = config.one("package")
    inner = "/".join(
        part for part in (config.one("package_dir") or "", (package or "").replace(".", "/")) if part
    )
    return f"{inner.lstrip('./')}/newsfragments" if package else "newsfragments"


def _fragments(project: ToolProject, folder: str) -> Iterator[PendingNews]:
    for path in project.tree.paths():
        inner = path.removeprefix(f"{folder}/")
        match = _FRAGMENT.fullmatch(inner.rpartition("/")[2]) if inner != path else None
        text = (project.tree.read(path) or "").strip() if match else ""
        if (
            match is None
            or not text
            or match["issue"].casefold() in ("readme", "template", "_template", ".gitignore")
        ):
            continue
        issue = match["issue"]
        # An orphan (`+fix-name.bugfix.md`) belongs to no issue.
        shown = f"{text} (#{issue})" if issue.isdigit() and f"#{issue}" not in text else text
        yield PendingNews(path=path, text=shown, kind=_KINDS.get(match["kind"].casefold()))
