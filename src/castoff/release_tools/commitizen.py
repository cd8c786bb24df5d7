"""commitizen: `[tool.commitizen]`, `.cz.toml` and its siblings.

Only `cz bump` writes; `cz commit` and `cz check` may stay.
"""

from __future__ import annotations

import re

from castoff.release_tools.reading import Notebook, Reading, ToolProject, find_config, other_version, template

_NAMES = {"${version}": "{version}", "$version": "{version}", "$major.$minor.$patch$prerelease": "{version}",
          "${major}.${minor}.${patch}${prerelease}": "{version}", "$current_version": "{previous}",
          "$new_version": "{version}"}  # fmt: skip
_STAYS = ("name", "customize", "schema", "schema_pattern", "allowed_prefixes", "message_length_limit", "style",
          "use_shortcuts", "encoding", "retry_after_failure", "always_signoff")  # fmt: skip
_TAKEN = ("version", "version_files", "tag_format", "bump_message", "gpg_sign", "changelog_file", "pre_bump_hooks",
          "post_bump_hooks", "version_provider")  # fmt: skip
_LEFT = {
    "version_scheme": "castoff reads versions of SemVer and PEP 440",
    "annotated_tag": "castoff always makes annotated tags",
    "update_changelog_on_bump": "castoff writes the section of the version itself",
    "changelog_incremental": "castoff writes the section of the version and no other",
    "changelog_format": "castoff imitates the style of the file",
    "changelog_merge_prerelease": "the notes of a release start at the last stable version",
    "major_version_zero": "the level is given at each release",
    "prerelease_offset": "pre-releases count from 1",
    "bump_map": "the level is given at each release",
    "bump_pattern": "the level is given at each release",
    "change_type_order": "the notes are sorted by labels in `.github/release.yml`",
    "template": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "legacy_tag_formats": "castoff recognises tags of other forms, and asks if they are unclear",
    "ignored_tag_formats": "`release.ignore-tags` names tags that are no releases",
}
PLACES = ("pyproject.toml#tool.commitizen", ".cz.toml#tool.commitizen", "cz.toml#tool.commitizen",
          ".cz.json#commitizen", "cz.json#commitizen", ".cz.yaml#commitizen", "cz.yaml#commitizen",
          ".cz.yml#commitizen", "cz.yml#commitizen")  # fmt: skip


def read(project: ToolProject) -> Reading | None:
    """Read tag, message, and the files with the version."""
    config = find_config(project.tree, *PLACES)
    if config is None:
        return None
    book = Notebook("commitizen", project, config)
    if why := other_version(project, config.one("version")):
        book.leave("version", why, "decision", f"the version {config.one('version')}")
    if config.get("version_provider") == "scm":
        book.leave("version_provider", "castoff finds versions that come from tags by the build back end")
    tag = config.one("tag_format") or "$version"
    book.take_tag(template(tag.replace("$devrelease", ""), _NAMES), "tag_format")
    book.take("release.message", template(config.one("bump_message"), _NAMES), "bump_message")
    if config.get("gpg_sign") is True:
        book.take("release.sign", "tag", "gpg_sign")
    book.take("changelog.file", config.one("changelog_file"), "changelog_file")
    for place in config.words("version_files"):
        path, _, pattern = place.partition(":")
        book.replace_lines(path, _matcher(pattern), "version_files")
    for key in ("pre_bump_hooks", "post_bump_hooks"):
        for command in config.words(key):
            book.leave(key, "a command that edits files can run from `[[version.run]]`, with the files that it writes; "
                       "one that only looks can be a `[[check]]`", "decision", f"`{command}`")  # fmt: skip
    book.leave_known(config.data, _LEFT, (*_TAKEN, *_STAYS))
    return book.reading(
        f"the settings of `cz bump` in {config.path} (`cz commit` and `cz check` need the others)"
    )


def _matcher(pattern: str):  # type: ignore[no-untyped-def]
    try:
        found = re.compile(pattern)
    except re.error:
        found = re.compile(re.escape(pattern))
    return lambda line: found.search(line) is not None
