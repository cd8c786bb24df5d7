"""semantic-release (JavaScript): `.releaserc`, or the table `release` of `package.json`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from castoff.regexes import regex
from castoff.release_tools.reading import (
    Left,
    Notebook,
    Reading,
    ToolConfig,
    ToolProject,
    find_config,
    template,
)
from castoff.text.json5 import exported_object

_FILES = (".releaserc", ".releaserc.json", ".releaserc.yaml", ".releaserc.yml", "package.json#release")
_PROGRAMS = regex(r"(?:\.releaserc|release\.config)\.[cm]?[jt]s")
_NAMES = {"${version}": "{version}", "${nextRelease.version}": "{version}", "${nextRelease.gitTag}": "{tag}",
          "${lastRelease.version}": "{previous}"}  # fmt: skip
_PLUGINS = {
    "commit-analyzer": "the level is given at each release: `castoff release minor`",
    "release-notes-generator": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "npm": "castoff uploads the packages itself",
    "github": "castoff creates the draft on the forge itself",
    "gitlab": "castoff does not release on GitLab yet",
}
_TAKEN = ("branches", "tagFormat", "plugins", "extends")
_LEFT = {
    "preset": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "ci": "castoff runs on any machine",
    "dryRun": "castoff prints its acts unless it is run with `--execute`",
    "repositoryUrl": "castoff reads the address from the git remote",
}


def read(project: ToolProject) -> Reading | None:
    """Read branches, tags and plugins."""
    program = next((path for path in project.tree.paths() if _PROGRAMS.fullmatch(path)), None)
    config = find_config(project.tree, *_FILES)
    if config is None and program is not None:
        text = project.tree.read(program) or ""
        if not isinstance(data := exported_object(text), Mapping):
            return _program(program)
        config = ToolConfig(program, text, data)
    if config is None:
        return None
    book = Notebook("semantic-release", project, config)
    book.take_tag(template(config.one("tagFormat") or "v${version}", _NAMES), "tagFormat")
    branches = list(_branches(book))
    book.take("release.branches", branches or None, "branches")
    for name, options in _plugins(config.get("plugins")):
        _plugin(book, name, options)
    if any(one.version.startswith("0.0.0") for one in project.packages):
        book.leave("version", "semantic-release writes the version while it publishes, castoff commits it: write the "
                   "last released version into the manifests first", "decision",
                   "the version 0.0.0 in the manifests")  # fmt: skip
    if "extends" in config.data:
        book.leave("extends", "settings of a shared configuration are not in this repository: compare them by hand",
                   "decision")  # fmt: skip
    book.leave_known(config.data, _LEFT, _TAKEN)
    obsolete = "the table `release` of package.json" if config.path == "package.json" else config.path
    return book.reading(obsolete)


def _program(path: str) -> Reading:
    reason = "castoff reads no program code: compare `tagFormat`, `branches` and plugins by hand"
    left = Left(where=path, what="the configuration of semantic-release", reason=reason, need="decision")
    return Reading(tool="semantic-release", path=path, left=(left,), obsolete=(path,))


def _branches(book: Notebook) -> Iterator[str]:
    given = book.config.get("branches") or []
    for one in [given] if isinstance(given, str) else given:
        name = one.get("name") if isinstance(one, Mapping) else one
        if isinstance(one, Mapping) and one.get("prerelease"):
            kind = name if name in ("alpha", "beta", "rc") else "rc"
            book.leave("branches", f"any release branch makes pre-releases: `castoff release minor --pre {kind}`",
                       what=f"the pre-release branch `{name}`")  # fmt: skip
        # Patterns of maintenance branches, `+([0-9])?(.{+([0-9]),x}).x`, are castoff's default.
        elif isinstance(name, str) and re.fullmatch(r"[\w./-]+", name):
            yield name


def _plugins(given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in given if isinstance(given, list) else []:
        name, options = (one[0], one[1]) if isinstance(one, list) and len(one) > 1 else (one, {})
        name = name[0] if isinstance(name, list) else name
        if isinstance(name, str):
            yield name.removeprefix("@semantic-release/"), options if isinstance(options, Mapping) else {}


def _plugin(book: Notebook, name: str, options: Mapping[str, Any]) -> None:
    match name:
        case "git":
            message = options.get("message")
            first = message.split("\n")[0] if isinstance(message, str) else None
            book.take("release.message", template(first, _NAMES), "message")
        case "changelog":
            book.take("changelog.file", options.get("changelogFile"), "changelogFile")
        case "exec":
            for key, command in options.items():
                book.leave(key, "a command that edits files can run from `[[version.run]]`, with the files that it "
                           "writes; what uploads is castoff's", "decision", f"`{key}`: {command}")  # fmt: skip
        case _:
            reason = _PLUGINS.get(name, "castoff has no equivalent")
            book.leave(f"@semantic-release/{name}", reason, what=f"the plugin `{name}`")
