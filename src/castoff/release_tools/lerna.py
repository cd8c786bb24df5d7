"""lerna and lerna-lite: `lerna.json`."""

from __future__ import annotations

from castoff.release_tools.reading import Notebook, Reading, ToolProject, find_config, other_version, template

_TAKEN = ("version", "command", "message", "allowBranch", "tagVersionPrefix", "signGitTag", "signGitCommit",
          "access", "distTag")  # fmt: skip
_LEFT = {
    "npmClient": "castoff finds the client by the lock file",
    "packages": "castoff reads the members as the workspace's client lists them",
    "useWorkspaces": "castoff reads the members as the workspace's client lists them",
    "useNx": "it has no meaning for a release",
    "conventionalCommits": "the level is given at each release; labels in `.github/release.yml` sort the notes",
    "changelogPreset": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "createRelease": "castoff creates the draft on the forge itself",
    "exact": "castoff keeps the form of each requirement",
    "forcePublish": "castoff releases every package each time; `release.only-changed` only what changed",
    "ignoreChanges": "castoff releases every package each time; `release.only-changed` only what changed",
    "private": "private packages are never released",
    "push": "castoff pushes the release commit first, as its claim, and the tag last",
    "registry": "castoff reads the registry from the configuration of npm",
    "syncWorkspaceLock": "castoff updates committed lock files itself",
    "verifyAccess": "castoff checks the rights before a release",
}


def read(project: ToolProject) -> Reading | None:
    """Read its mode and the settings of `version` and `publish`."""
    config = find_config(project.tree, "lerna.json", "lerna.jsonc", "lerna.json5")
    if config is None or "version" not in config.data:
        return None
    book = Notebook("lerna", project, config)
    version, publish = config.table("command", "version"), config.table("command", "publish")
    prefix = str(version.get("tagVersionPrefix", config.get("tagVersionPrefix") or "v"))
    if config.get("version") == "independent":
        book.leave("version", "castoff releases all packages under one version: give them one version first, or name "
                   "those that stay behind in `release.exclude`", "decision", "independent versions")  # fmt: skip
    else:
        book.take_tag(prefix + "{version}", "tagVersionPrefix")
        if project.several and project.current is None:
            # In fixed mode lerna releases what changed, and the others keep their version.
            book.take("release.only-changed", True, "version")
        if why := other_version(project, config.one("version")):
            book.leave("version", why, "decision", f"the version {config.one('version')} in {config.path}")
    whole = {**version, **publish}
    message = whole.get("message")
    names = {"%s": prefix + "{version}", "%v": "{version}"}
    book.take("release.message", template(message, names) if isinstance(message, str) else None, "message")
    branches = config.words("command", "version", "allowBranch") or config.words(
        "command", "publish", "allowBranch"
    )
    book.take("release.branches", list(branches) or None, "allowBranch")
    commit, tag = whole.get("signGitCommit") is True, whole.get("signGitTag") is True
    sign = "both" if commit and tag else "commit" if commit else "tag" if tag else None
    book.take("release.sign", sign, "signGitTag")
    if whole.get("access") in ("public", "restricted"):
        book.take("npm.access", whole["access"], "access")
    if whole.get("distTag") not in (None, "latest"):
        book.take("npm.dist-tag", str(whole["distTag"]), "distTag")
    book.leave_known({**config.data, **whole}, _LEFT, _TAKEN)
    return book.reading(f"{config.path} (unless `lerna run` needs it)")
