"""release-plz: `release-plz.toml`."""

from __future__ import annotations

from collections.abc import Mapping

from castoff.release_tools.reading import Notebook, Reading, ToolProject, find_config, template

_NAMES = {"{{ version }}": "{version}", "{{version}}": "{version}", "{{ package }}": "{package}",
          "{{package}}": "{package}"}  # fmt: skip
_TAKEN = ("git_tag_name", "publish_features", "publish_all_features", "publish_no_verify", "changelog_path")
_LEFT = {
    "allow_dirty": "castoff releases a commit, never the files of the checkout",
    "publish_allow_dirty": "castoff releases a commit, never the files of the checkout",
    "changelog_config": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "changelog_update": '`mode = "off"` in `[changelog]` leaves the changelog alone',
    "dependencies_update": "castoff changes no dependencies but those among the packages of the release",
    "features_always_increment_minor": "the level is given at each release",
    "git_release_body": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "git_release_draft": "castoff always creates a draft, and a person announces it",
    "git_release_enable": '`by = "off"` in `[draft]` creates no release on the forge',
    "git_release_name": "the release is named after its tag",
    "git_release_type": "castoff marks pre-releases by their version",
    "git_release_latest": "castoff marks the highest stable version as the latest",
    "git_tag_enable": "castoff always tags the release; tags of packages are `release.package-tags`",
    "pr_branch_prefix": "castoff names the branch of its pull request",
    "pr_draft": "`castoff release --pull-request` opens the pull request",
    "pr_labels": "castoff recognises its pull request by its branch",
    "pr_name": "castoff names its pull request after the release",
    "pr_body": "castoff writes the plan of the release into its pull request",
    "publish": "`release.exclude` leaves packages out",
    "release_always": "castoff releases when it is told to",
    "release_commits": "castoff releases when it is told to; `castoff status` shows whether a release is due",
    "repo_url": "castoff reads the address from the git remote",
    "semver_check": "`cargo semver-checks` can be a check of your own: `[[check]]` with `command`",
    "publish_timeout": "castoff waits until the index shows a crate",
    "changelog": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
}


def read(project: ToolProject) -> Reading | None:
    """Read its settings for the workspace and for packages."""
    config = find_config(project.tree, "release-plz.toml", ".release-plz.toml")
    if config is None:
        return None
    book = Notebook("release-plz", project, config)
    packages = [one for one in config.get("package") or () if isinstance(one, Mapping)]
    names = {str(one["git_tag_name"]) for one in packages if "git_tag_name" in one}
    usual = "{{ package }}-v{{ version }}" if project.several else "v{{ version }}"
    named = config.one("workspace", "git_tag_name") or (names.pop() if len(names) == 1 else usual)
    book.take_tag(template(named, _NAMES), "git_tag_name")
    book.take(
        "cargo.features", list(config.words("workspace", "publish_features")) or None, "publish_features"
    )
    if config.get("workspace", "publish_all_features") is True:
        book.take("cargo.all-features", True, "publish_all_features")
    if config.get("workspace", "publish_no_verify") is True:
        book.take("cargo.verify", False, "publish_no_verify")
    book.take("changelog.file", config.one("workspace", "changelog_path"), "changelog_path")
    out = [
        str(one.get("name")) for one in packages if one.get("release") is False or one.get("publish") is False
    ]
    known = {one.name for one in project.packages}
    book.take("release.exclude", [name for name in out if name in known] or None, "`release = false`")
    groups = {one.get("version_group") for one in packages if "version_group" in one}
    if project.several and project.current is None and not groups:
        book.leave("package", "castoff releases all packages under one version: give them one version first, or name "
                   "those that stay behind in `release.exclude`", "decision",
                   "packages with versions of their own")  # fmt: skip
    whole = {
        **config.table("workspace"),
        **{key: one for key, one in config.data.items() if key == "changelog"},
    }
    book.leave_known(whole, _LEFT, _TAKEN)
    return book.reading(config.path)
