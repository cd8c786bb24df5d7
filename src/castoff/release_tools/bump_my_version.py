"""bump-my-version, and bump2version before it: `[tool.bumpversion]`, `.bumpversion.cfg`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from castoff.release_tools.reading import (
    Left,
    Notebook,
    Reading,
    ToolConfig,
    ToolProject,
    find_config,
    ini_mistake,
    mistaken,
    other_version,
    template,
)

_NAMES = {"{new_version}": "{version}", "{current_version}": "{previous}"}
_TAKEN = ("current_version", "files", "tag", "tag_name", "tag_message", "message", "sign_tags", "search", "replace",
          "regex", "ignore_missing_version", "ignore_missing_files")  # fmt: skip
_LEFT = {
    "allow_dirty": "castoff releases a commit, never the files of the checkout",
    "commit": "castoff creates the release commit itself",
    "commit_args": "castoff creates the release commit itself; `release.signoff` and `release.sign` are settings",
    "parse": "castoff reads versions of SemVer and PEP 440",
    "serialize": "castoff writes each version as its ecosystem does",
    "parts": "the levels are major, minor, patch, rc, beta, alpha and release",
    "moveable_tags": "castoff never moves a tag",
    "independent": "castoff releases all packages under one version",
}
_HOOKS = ("setup_hooks", "pre_commit_hooks", "post_commit_hooks")


def read(project: ToolProject) -> Reading | None:
    """Read tag, message, signing and the files with the version."""
    config = find_config(
        project.tree,
        ".bumpversion.toml#tool.bumpversion",
        "pyproject.toml#tool.bumpversion",
        ".bumpversion.cfg",
        "setup.cfg",
    )
    if config is None:
        return None
    if config.path.endswith(".cfg"):
        if "bumpversion" not in config.data:
            return _unreadable(config)
        config = _of_ini(config)
    book = Notebook("bump-my-version", project, config)
    if why := other_version(project, config.one("current_version")):
        book.leave("current_version", why, "decision", f"`current_version` {config.one('current_version')}")
    if config.get("tag") in (True, "True", "true"):
        book.take_tag(template(config.one("tag_name") or "v{new_version}", _NAMES), "tag_name")
        book.take("release.tag-message", template(config.one("tag_message"), _NAMES), "tag_message")
    book.take("release.message", template(config.one("message"), _NAMES), "message")
    if config.get("sign_tags") in (True, "True", "true"):
        book.take("release.sign", "tag", "sign_tags")
    for file in config.get("files") or ():
        if isinstance(file, Mapping):
            _file(book, file)
    for key in _HOOKS:
        for command in config.words(key):
            book.leave(key, "a command that edits files can run from `[[version.run]]`, with the files that it writes; "
                       "one that only looks can be a `[[check]]`", "decision", f"`{command}`")  # fmt: skip
    book.leave_known(config.data, _LEFT, (*_TAKEN, *_HOOKS))
    whole = config.path in (".bumpversion.toml", ".bumpversion.cfg")
    return book.reading(config.path if whole else f"the table of bumpversion in {config.path}")


def _unreadable(config: ToolConfig) -> Reading | None:
    """Name a file of bumpversion with a mistake; a `setup.cfg` without its sections is that of other tools."""
    mistake = ini_mistake(config.text)
    if mistake is None or "[bumpversion" not in config.text:
        return None
    line, reason = mistake
    what = f"`{config.path}` is not a valid INI file"
    left = Left(where=f"{config.path}:{line}", what=what, reason=reason, need="decision")
    return mistaken("bump-my-version", config.path, left)


def _of_ini(config: ToolConfig) -> ToolConfig:
    """Return the settings of the older format in the form of the newer one."""
    files = [
        {"filename" if match[1] == "file" else "glob": match[2].partition("(")[0].strip(), **values}
        for name, values in config.data.items()
        # A file that is edited twice has a word in parentheses: `[bumpversion:file(title):CHANGELOG.md]`.
        if (match := re.fullmatch(r"bumpversion:(file|glob)(?:\([^)]*\))?:(.+)", name))
    ]
    return ToolConfig(config.path, config.text, {**config.data["bumpversion"], "files": files})


def _file(book: Notebook, file: Mapping[str, Any]) -> None:
    for path in _paths(book.project, file):
        search = str(file.get("search") or book.config.get("search") or "{current_version}")
        replace = str(file.get("replace") or book.config.get("replace") or "{new_version}")
        if file.get("regex") or book.config.get("regex") or replace != search.replace("current_", "new_"):
            _odd(book, path, search, replace)
            continue
        before = search.partition("{current_version}")[0]
        lines = before.rsplit("\n", 1)[-1]
        book.replace_lines(path, lambda line, lines=lines: lines.strip() in line, "filename")  # type: ignore[misc]


def _odd(book: Notebook, path: str, search: str, replace: str) -> None:
    """A search that is a pattern, or a replacement that is more than the version."""
    if path.rpartition("/")[2].casefold().startswith(("changelog", "changes", "history", "news")):
        book.left.append(Left(
            where=book.config.where("filename"), what=f"the edit of `{path}`",
            reason="castoff writes the heading of the version, and keeps the unreleased heading, itself",
        ))  # fmt: skip
        return
    book.leave("filename", f"write it as a rule in `[[replace]]`: `{search}` becomes `{replace}`"[:200], "decision",
               f"the edit of `{path}`")  # fmt: skip


def _paths(project: ToolProject, file: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(file.get("filename"), str):
        yield file["filename"]
    if isinstance(pattern := file.get("glob"), str):
        yield from (path for path in project.tree.paths() if fnmatchcase(path, pattern.replace("**/", "*")))
