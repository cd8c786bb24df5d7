"""release-please: `release-please-config.json` and its manifest of versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import normpath
from typing import Any

from castoff.ports import Tree
from castoff.release_tools.reading import (
    Notebook,
    Reading,
    ToolConfig,
    ToolProject,
    find_config,
    other_version,
)
from castoff.workflows.jobs import workflow_files, workflow_steps

CONFIG = "release-please-config.json"
MANIFEST = ".release-please-manifest.json"
APP = ".github/release-please.yml"
_TAKEN = ("packages", "include-component-in-tag", "include-v-in-tag", "tag-separator", "extra-files",
          "changelog-path", "component", "package-name", "signoff", "plugins")  # fmt: skip
_LEFT = {
    "release-type": "castoff finds the manifests of Cargo, Python and npm packages itself",
    "skip-github-release": '`by = "off"` in `[draft]` creates no release on the forge',
    "draft": "castoff always creates a draft, and a person announces it",
    "prerelease": "`castoff release minor --pre rc` makes a pre-release",
    "bump-minor-pre-major": "the level is given at each release: `castoff release minor`",
    "bump-patch-for-minor-pre-major": "the level is given at each release",
    "versioning": "the level is given at each release",
    "release-as": "`castoff release X.Y.Z` takes an exact version",
    "changelog-sections": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "changelog-type": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "bootstrap-sha": "castoff counts changes from the last tag",
    "last-release-sha": "castoff counts changes from the last tag",
    "separate-pull-requests": "castoff opens one pull request for a release",
    "pull-request-title-pattern": "castoff names its pull request after the release",
    "group-pull-request-title-pattern": "castoff names its pull request after the release",
    "always-update": "castoff updates its pull request when it is run",
    "labels": "castoff recognises its pull request by its branch",
}


def read(project: ToolProject) -> Reading | None:
    """Read the manifest configuration, or that of the GitHub App."""
    named, manifest = _named_files(project.tree)
    config = find_config(project.tree, named, manifest, APP)
    if config is None:
        return None
    book = Notebook("release-please", project, config)
    if config.path == APP:
        book.leave("handleGHRelease", "the GitHub App reads it, and releases on its own: remove the file, or the App "
                   "from this repository", "writer", "the configuration of release-please's App")  # fmt: skip
        return book.reading(APP)
    if config.path == named:
        _settings(book, config)
    _versions(book, manifest)
    book.left.append(_open_pull_request(config))
    return book.reading(*(path for path in (named, manifest) if path in project.tree.paths()))


def _named_files(tree: Tree) -> tuple[str, str]:
    """Return the paths of the configuration and of the versions: the usual ones, or those that a workflow names."""
    paths = frozenset(tree.paths())
    if CONFIG in paths or MANIFEST in paths:
        return CONFIG, MANIFEST
    files = {path: text for path, text in workflow_files(tree).items() if "release-please" in text}
    for step in workflow_steps(files):
        config, manifest = (step.options.get(name, "") for name in ("config-file", "manifest-file"))
        if "release-please" in step.uses and (config or manifest):
            return normpath(config or CONFIG), normpath(manifest or MANIFEST)
    return CONFIG, MANIFEST


def _settings(book: Notebook, config: ToolConfig) -> None:
    packages = {path: one for path, one in config.table("packages").items() if isinstance(one, Mapping)}
    single = next(iter(packages.values())) if len(packages) == 1 else {}
    whole: dict[str, Any] = {**config.data, **single}
    if packages:
        book.take_tag(_tag(whole, _hole(book.project), several=len(packages) > 1), "include-component-in-tag")
    if whole.get("signoff"):
        book.take("release.signoff", True, "signoff")
    plugins = [one.get("type") if isinstance(one, Mapping) else one for one in config.get("plugins") or ()]
    if len(packages) > 1 and "linked-versions" not in plugins:
        book.leave("packages", "castoff releases all packages under one version, and release-please gives each its "
                   "own: give them one version first, or name those that stay behind in `release.exclude`",
                   "decision", f"{len(packages)} packages with versions of their own")  # fmt: skip
    for path, settings in packages.items():
        _package(book, path, {**config.data, **settings}, alone=len(packages) == 1)
    named = {key: value for one in packages.values() for key, value in one.items()}
    book.leave_known({**config.data, **named}, _LEFT, _TAKEN)


def _hole(project: ToolProject) -> str:
    """Return what stands for a package: components have npm's names without their scope."""
    return "{unscoped}" if any("/" in one.name for one in project.packages) else "{package}"


def _tag(settings: Mapping[str, Any], hole: str, *, several: bool) -> str:
    v = "v" if settings.get("include-v-in-tag", True) else ""
    named = bool(settings.get("component") or settings.get("package-name"))
    if settings.get("include-component-in-tag", True) and (several or named):
        return hole + str(settings.get("tag-separator", "-")) + v + "{version}"
    return v + "{version}"


def _package(book: Notebook, path: str, settings: Mapping[str, Any], *, alone: bool) -> None:
    prefix = "" if path == "." else f"{path}/"
    changelog = settings.get("changelog-path", "CHANGELOG.md")
    if alone and prefix + str(changelog) != "CHANGELOG.md":
        book.take("changelog.file", prefix + str(changelog), "changelog-path")
    elif not alone and prefix:
        book.leave("changelog-path", "castoff keeps one changelog for the release, at the root",
                   what=f"the changelog of `{path}`")  # fmt: skip
    for file in settings.get("extra-files") or ():
        _extra_file(book, prefix, file)


def _extra_file(book: Notebook, prefix: str, file: object) -> None:
    name = str(file.get("path") if isinstance(file, Mapping) else file)
    path = name.removeprefix("/") if name.startswith("/") else prefix + name
    jsonpath = str(file.get("jsonpath", "")) if isinstance(file, Mapping) else ""
    key = re.split(r"[.\['\"\]]+", jsonpath.rstrip("'\"]"))[-1]
    if not key:
        text = book.project.tree.read(path)
        marked = _marked_lines(text or "")
        if text and not marked:
            book.leave("extra-files", "no line of it is marked, so that release-please changes none either",
                       what=f"the version in `{path}`")  # fmt: skip
        else:
            book.replace_lines(path, marked.__contains__, "extra-files")
        return
    holds = re.compile(rf"['\"]?{re.escape(key)}['\"]?\s*[:=]")
    book.replace_lines(path, lambda line: holds.search(line) is not None, "extra-files")


def _marked_lines(text: str) -> frozenset[str]:
    """Return the lines that release-please's generic updater changes: annotated ones, and those of marked blocks."""
    found = set()
    inside = False
    for line in text.splitlines():
        inside = (inside or "x-release-please-start-version" in line) and "x-release-please-end" not in line
        if inside or "x-release-please-version" in line:
            found.add(line)
    return frozenset(found)


def _versions(book: Notebook, path_of_manifest: str) -> None:
    manifest = find_config(book.project.tree, path_of_manifest)
    for path, version in (manifest.data if manifest else {}).items():
        if why := other_version(book.project, str(version)):
            book.leave(path, why, "decision", f"the version {version} of `{path}` in {path_of_manifest}")


def _open_pull_request(config: ToolConfig) -> Any:
    from castoff.release_tools.reading import Left

    return Left(
        where=config.path,
        what="its release pull request, if one is open",
        reason="its merge would write a version: close it once the workflow is removed (label `autorelease: pending`)",
        need="decision",
    )
