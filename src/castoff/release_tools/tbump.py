"""tbump: `tbump.toml`, or `[tool.tbump]`."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.release_tools.reading import Notebook, Reading, ToolProject, find_config, other_version, template

_NAMES = {"{new_version}": "{version}", "{current_version}": "{previous}"}
_TAKEN = ("version", "git", "file", "before_commit", "after_push")
_LEFT = {
    "github_url": "castoff reads the address from the git remote",
    "field": "castoff writes each version as its ecosystem does",
}


def read(project: ToolProject) -> Reading | None:
    """Read tag, message, the files with the version and the commands around the commit."""
    config = find_config(project.tree, "tbump.toml", "pyproject.toml#tool.tbump")
    if config is None:
        return None
    book = Notebook("tbump", project, config)
    if why := other_version(project, config.one("version", "current")):
        book.leave("current", why, "decision", f"the version {config.one('version', 'current')}")
    book.take_tag(template(config.one("git", "tag_template"), _NAMES), "tag_template")
    book.take("release.message", template(config.one("git", "message_template"), _NAMES), "message_template")
    for file in config.get("file") or ():
        if not isinstance(file, Mapping) or not isinstance(file.get("src"), str):
            continue
        before = str(file.get("search", "{current_version}")).partition("{current_version}")[0]
        book.replace_lines(file["src"], lambda line, before=before: before in line, "src")  # type: ignore[misc]
    for key in ("before_commit", "after_push"):
        for hook in config.get(key) or ():
            command = hook.get("cmd") if isinstance(hook, Mapping) else hook
            book.leave(key, _HOOKS[key], "decision", f"`{command}`")
    book.leave_known(config.data, _LEFT, _TAKEN)
    return book.reading(
        "tbump.toml" if config.path == "tbump.toml" else "the table `tool.tbump` of pyproject.toml"
    )


_HOOKS = {
    "before_commit": "a command that edits files can run from `[[version.run]]`, with the files that it writes; one "
    "that only looks can be a `[[check]]`",
    "after_push": "castoff uploads, drafts and announces itself; anything else is a job that starts when the release "
    "is published",
}
