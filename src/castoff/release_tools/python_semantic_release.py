"""python-semantic-release: `[tool.semantic_release]`, and `[semantic_release]` of older ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from castoff.release_tools.reading import Notebook, Reading, ToolConfig, ToolProject, find_config, template

_TAKEN = ("tag_format", "commit_message", "branches", "branch", "version_variables", "version_variable",
          "version_toml", "version_pattern", "changelog", "changelog_file", "build_command")  # fmt: skip
_LEFT = {
    "allow_zero_version": "the level is given at each release",
    "major_on_zero": "the level is given at each release",
    "commit_parser": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "commit_parser_options": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "commit_author": "castoff commits as git is configured",
    "assets": "castoff attaches no files of the repository to a release",
    "no_git_verify": "hooks of git run, and their failure is reported as theirs",
    "publish": "castoff uploads the packages itself",
    "remote": "castoff reads the address from the git remote",
    "upload_to_repository": "castoff uploads the packages itself",
    "upload_to_vcs_release": "castoff uploads to the package index, not to the release",
    "upload_to_pypi": "castoff uploads the packages itself",
    "upload_to_release": "castoff uploads to the package index, not to the release",
    "version_source": "castoff counts from the last tag",
    "logging_use_named_masks": "it has no meaning for a release",
}


def read(project: ToolProject) -> Reading | None:
    """Read tags, commit message, branches and places of the version."""
    config = find_config(
        project.tree,
        "pyproject.toml#tool.semantic_release",
        "releaserc.toml#semantic_release",
        ".releaserc.toml#semantic_release",
        "releaserc.json#semantic_release",
        "setup.cfg#semantic_release",
    )
    if config is None:
        return None
    book = Notebook("python-semantic-release", project, config)
    book.take_tag(config.one("tag_format") or "v{version}", "tag_format")
    message = (config.one("commit_message") or "").split("\n")[0]
    book.take("release.message", template(message, {}) if message else None, "commit_message")
    book.take("release.branches", _branches(book) or None, "branches")
    for key in ("version_variables", "version_variable"):
        for place in _places(config, key):
            path, _, variable = place.partition(":")
            name = re.compile(rf"\b{re.escape(variable.partition(':')[0])}\b\s*[:=]")
            book.replace_lines(path, lambda line, name=name: name.search(line) is not None, key)  # type: ignore[misc]
    for place in config.words("version_toml"):
        path, _, keys = place.partition(":")
        last = keys.partition(":")[0].rpartition(".")[2]
        book.replace_lines(path, lambda line, last=last: line.strip().startswith(last), "version_toml")  # type: ignore[misc]
    file = config.one("changelog", "default_templates", "changelog_file") or config.one(
        "changelog", "changelog_file"
    )
    book.take("changelog.file", file or config.one("changelog_file"), "changelog_file")
    build = config.one("build_command")
    if build and not re.fullmatch(r"\s*(?:uv|python -m|hatch|poetry|pdm|flit|rye) build\s*", build):
        book.leave("build_command", "castoff builds with `uv build`; what else has to run before a build can be "
                   "`[[version.run]]` or `python.build`", "decision", f"`{build.strip()}`")  # fmt: skip
    book.leave_known(config.data, _LEFT, _TAKEN)
    inline = config.path in ("pyproject.toml", "setup.cfg")
    table = "tool.semantic_release" if config.path == "pyproject.toml" else "semantic_release"
    return book.reading(f"the table `{table}` of {config.path}" if inline else config.path)


def _places(config: ToolConfig, key: str) -> Iterator[str]:
    """Yield places of the version; `setup.cfg` has them in one line."""
    for one in config.words(key):
        yield from (place.strip() for place in one.split(",") if place.strip())


def _branches(book: Notebook) -> list[str]:
    found = []
    for name, settings in book.config.table("branches").items():
        match = str(settings.get("match", name)) if isinstance(settings, Mapping) else name
        if isinstance(settings, Mapping) and settings.get("prerelease"):
            book.leave(name, "pre-releases are made from any release branch: `castoff release minor --pre rc`",
                       what=f"the pre-release branch `{match}`")  # fmt: skip
        else:
            # Alternatives in a group are the usual form: `(main|master)`.
            found += [one for one in re.split(r"[()|^$]", match) if re.fullmatch(r"[\w./-]+", one)]
    return found + list(book.config.words("branch"))
