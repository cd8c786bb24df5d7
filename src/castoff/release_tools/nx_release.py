"""nx release: the table `release` of `nx.json`, and version plans that wait."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from castoff.release_tools.reading import (
    Notebook,
    Reading,
    ToolProject,
    change_files,
    excluded,
    find_config,
    template,
)

PLANS = ".nx/version-plans"
_NAMES = {"{projectName}": "{package}"}
_TAKEN = ("projects", "projectsRelationship", "releaseTag", "releaseTagPattern", "version", "changelog", "git",
          "groups")  # fmt: skip
_LEFT = {
    "versionPlans": "write news under the changelog's unreleased heading, or merge labelled pull requests",
    "conventionalCommits": "the level is given at each release",
    "docker": "castoff releases packages, no images",
}


def read(project: ToolProject) -> Reading | None:
    """Read the relationship of its projects, tags, commit message and build."""
    config = find_config(project.tree, "nx.json#release")
    if config is None:
        return None
    book = Notebook("nx release", project, config)
    independent = config.get("projectsRelationship") == "independent"
    groups = config.table("groups")
    if independent or len(groups) > 1:
        book.leave("projectsRelationship" if independent else "groups", "castoff releases all packages under one "
                   "version: release the groups by workspaces of their own, or name packages that stay behind in "
                   "`release.exclude`", "decision",
                   "independent versions" if independent else f"{len(groups)} release groups")  # fmt: skip
    tag = config.one("releaseTag", "pattern") or config.one("releaseTagPattern") or "v{version}"
    if not independent:
        book.take_tag(template(tag, _NAMES), "releaseTag.pattern")
    _projects(book)
    git = {**config.table("changelog", "git"), **config.table("version", "git"), **config.table("git")}
    message, tag_message = git.get("commitMessage"), git.get("tagMessage")
    book.take("release.message", template(message, {}) if isinstance(message, str) else None, "commitMessage")
    book.take(
        "release.tag-message",
        template(tag_message, {}) if isinstance(tag_message, str) else None,
        "tagMessage",
    )
    if build := config.one("version", "preVersionCommand"):
        book.take("npm.build", shlex.split(build), "preVersionCommand")
    changelog = config.get("changelog", "workspaceChangelog")
    if isinstance(changelog, Mapping) and isinstance(changelog.get("file"), str):
        book.take(
            "changelog.file", changelog["file"].removeprefix("{workspaceRoot}/"), "workspaceChangelog.file"
        )
    if config.get("changelog", "projectChangelogs"):
        book.leave("projectChangelogs", "castoff keeps one changelog for the release, at the root")
    book.leave_known(config.data, _LEFT, _TAKEN)
    news = tuple(change_files(project.tree, PLANS))
    return book.reading("the table `release` of nx.json", *([f"{PLANS}/"] if news else []), news=news)


def _projects(book: Notebook) -> None:
    patterns = book.config.words("projects")
    if not patterns or any(":" in one for one in patterns):
        return
    chosen = set(excluded(book.project, [one for one in patterns if not one.startswith("!")] or ["*"]))
    chosen -= set(excluded(book.project, [one[1:] for one in patterns if one.startswith("!")]))
    # Projects of nx are often named otherwise than packages; patterns that match none say nothing here.
    others = [one.id for one in book.project.packages if one.id not in chosen]
    book.take("release.exclude", others if chosen and others else None, "projects")
