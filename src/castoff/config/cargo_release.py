"""Settings of cargo-release in a workspace, as far as they have a meaning in castoff.

Read where castoff itself is not configured: `release.toml` and `[workspace.metadata.release]` (or
`[package.metadata.release]`) of the root, and of single crates what is theirs alone. Every setting that has
no meaning here is named in a warning (``setting-not-taken-over``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct, field

from castoff.config.cargo_release_settings import (
    CARGO_TOML,
    RELEASE_TOML,
    CargoReleaseSetting,
    CrateSettings,
    RootSettings,
    Untaken,
    crate_settings,
    replacements,
    root_settings,
    template,
)
from castoff.config.positions import Report, TablePath
from castoff.config.rules import RULES
from castoff.config.tables import Table
from castoff.config.values import Configuration
from castoff.ecosystems.cargo.manifest.layout import read_layouts
from castoff.errors import CastoffError, ConfigurationError, Problem
from castoff.ports import Tree

Settings = Mapping[str, Any]
Tables = dict[str, Any]
Ask = Callable[[], bool]

REMEDIES: Mapping[str, str] = {
    "publish": "write `publish = false` below `[package]` in each private `Cargo.toml`, and remove `publish` here",
    "release": "list packages that are not released in `release.exclude` of a `castoff.toml`",
    "rate-limit": "if the registry has other limits than usual, set them in `[limits]` of a `castoff.toml`",
    "target": "set `build.target` in Cargo's configuration, and remove `target` here",
}


def is_ours(key: str, value: object) -> bool:
    """Return whether castoff does this anyway."""
    return key in _OURS and value in _OURS[key]


def translated(key: str, value: Any, root: Settings) -> Tables:
    """Return the tables of castoff that mean the same; ``root`` holds all settings of the workspace.

    Raises:
        Untaken: with the reason, where nothing means the same.
    """
    if key in _ALONE:
        return _ALONE[key](value)
    if key in _WITH_OTHERS:
        return _WITH_OTHERS[key](value, root)
    raise Untaken(_REASONS.get(key, "it has no meaning here"))


def _message(value: Any) -> Tables:
    return {"release": {"message": template(value)}}


def _tag(value: Any, root: Settings) -> Tables:
    if isinstance(value, str) and "{{crate_name}}" in value:
        raise Untaken("castoff creates one tag for the workspace")
    return {"release": {"tag": template(value, prefix=_prefix(root))}}


def _tag_prefix(value: Any, root: Settings) -> Tables:
    if "tag-name" in root:
        return {}  # it stands in that name
    return {"release": {"tag": template(value) + "v{version}"}}


def _tag_message(value: Any, root: Settings) -> Tables:
    if value == "":
        raise Untaken("an empty message makes a lightweight tag, which cannot be signed")
    return {"release": {"tag-message": template(value, prefix=_prefix(root))}}


def _sign(value: Any, root: Settings) -> Tables:
    if not isinstance(value, bool):
        raise Untaken("it is neither true nor false")
    signed = (root.get("sign-commit") is True, root.get("sign-tag") is True)
    word = {(True, True): "both", (True, False): "commit", (False, True): "tag"}.get(signed)
    return {"release": {"sign": word}} if word is not None else {}


def _branches(value: Any) -> Tables:
    # `!HEAD` is cargo-release's way to refuse a detached commit, which castoff judges by itself.
    names = [name for name in value if name not in ("!HEAD", "HEAD")] if isinstance(value, list) else value
    return {"release": {"branches": names}}


def _hook(value: Any) -> Tables:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list):
        raise Untaken("it is not a command")
    command = [template(word) for word in words]
    # cargo-release runs a hook in the crate's folder, and nobody knows what it writes: any file counts as
    # meant.
    return {"version": {"run": [{"command": command, "writes": ["**"], "folder": "facade"}]}}


def _features(value: Any, root: Settings) -> Tables:
    return {} if root.get("enable-all-features") is True else {"cargo": {"features": value}}


def _prefix(root: Settings) -> str:
    return template(root.get("tag-prefix", ""))


_ALONE: Mapping[str, Callable[[Any], Tables]] = {
    "pre-release-commit-message": _message,
    "push-remote": lambda value: {"release": {"remote": value}},
    "allow-branch": _branches,
    "pre-release-hook": _hook,
    "enable-all-features": lambda value: {"cargo": {"all-features": value}},
    "registry": lambda value: {"cargo": {"registry": value}},
    "verify": lambda value: {"cargo": {"verify": value}},
}
_WITH_OTHERS: Mapping[str, Callable[[Any, Settings], Tables]] = {
    "tag-name": _tag,
    "tag-prefix": _tag_prefix,
    "tag-message": _tag_message,
    "sign-commit": _sign,
    "sign-tag": _sign,
    "enable-features": _features,
}
_OURS: Mapping[str, tuple[object, ...]] = {
    "shared-version": (True, "workspace"),
    "consolidate-commits": (True,),
    "consolidate-pushes": (True,),
    "dependent-version": ("upgrade", "fix"),
    "metadata": ("optional", "ignore"),
    "push": (True,),
    "tag": (True,),
    "publish": (True,),
    "release": (True,),
    "no-dev-version": (True,),
    "dev-version": (False,),
    "disable-push": (False,),
    "disable-tag": (False,),
    "disable-publish": (False,),
}
"""What castoff does anyway."""

_REASONS: Mapping[str, str] = {
    "shared-version": "castoff releases all packages of a workspace with one version",
    "consolidate-commits": "castoff creates one commit for the workspace",
    "consolidate-pushes": "castoff pushes the branch first, as its claim, and the tag last",
    "dependent-version": "requirements among the packages always move with the version",
    "metadata": "release versions carry no build metadata",
    "push": "the push of the release commit claims the version: nothing is uploaded before it",
    "disable-push": "the push of the release commit claims the version: nothing is uploaded before it",
    "push-options": "castoff pushes without options",
    "tag": "every release has a tag",
    "disable-tag": "every release has a tag",
    "publish": "a release without uploads is not a release",
    "disable-publish": "a release without uploads is not a release",
    "release": "castoff releases the whole workspace",
    "owners": "castoff does not change who owns a package",
    "rate-limit": "castoff follows the rate limits of the registry instead",
    "certs-source": "the real cargo uploads, with the certificates that it is configured for",
    "target": "packages are verified for the target that cargo is configured for",
    "post-release-replacements": "nothing is committed after a release",
    "post-release-hook": "nothing is run after a release",
    "post-release-commit-message": "nothing is committed after a release",
}


REPLACEMENTS = "pre-release-replacements"


class TakenOver(Struct, frozen=True):
    """What was found: a configuration, the file it came from, and what could not be taken over."""

    configuration: Configuration
    source: str | None = None
    problems: tuple[Problem, ...] = ()


def take_over(tree: Tree, folder: str = ".", has_settings_of_crates: Ask | None = None) -> TakenOver:
    """Make a configuration of what cargo-release was told in the root of a workspace; the default one if nothing.

    ``has_settings_of_crates`` says whether any manifest below the root has settings of its own; without it, all are
    read. Errors: ``toml-invalid`` where `release.toml` is not TOML.
    """
    try:
        root = root_settings(tree, "" if folder == "." else folder)
        crates = _crates(tree, root, has_settings_of_crates or partial(_has_own_settings, tree))
    except CastoffError as error:
        raise ConfigurationError(*error.problems) from None
    everything = (*root.effective, *(setting for crate in crates for setting in crate.settings))
    if not everything:
        return TakenOver(Configuration())
    work = _Work(tree, {setting.key: setting.value for setting in root.effective})
    for setting in root.effective:
        if setting.key != REPLACEMENTS:
            work.take(setting)
    for setting, some in _replacements(root, crates):
        work.take_replacements(setting, some)
    for crate in crates:
        for setting in crate.settings if crate.folder != root.folder else ():
            work.take_of_crate(setting, crate)
    source = everything[0].file
    return TakenOver(work.configuration(source), source, tuple(work.problems))


class _Work(Struct):
    """Turns settings into the tables of a castoff.toml, one by one, each checked alone."""

    tree: Tree
    root: Mapping[str, Any]
    tables: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def take(self, setting: CargoReleaseSetting) -> None:
        """Take over one setting of the workspace, or say why not."""
        if is_ours(setting.key, setting.value):
            return
        try:
            self._merge(translated(setting.key, setting.value, self.root))
        except Untaken as reason:
            self._untaken(setting, reason)

    def take_replacements(self, setting: CargoReleaseSetting, crates: tuple[CrateSettings, ...]) -> None:
        """Take over the replacements that hold for these crates, or say why not."""
        try:
            self._merge({"replace": list(replacements(self.tree, setting, crates))})
        except Untaken as reason:
            self._untaken(setting, reason)

    def take_of_crate(self, setting: CargoReleaseSetting, crate: CrateSettings) -> None:
        """Take over one setting of a single crate (but its replacements), or say why not."""
        if setting.key == REPLACEMENTS or is_ours(setting.key, setting.value):
            return
        # Written twice, and taken over once with the workspace's.
        if setting.key in self.root and setting.value == self.root[setting.key]:
            return
        match setting.key, setting.value:
            case "tag", False:
                pass  # one tag for all is what castoff makes
            case (("publish" | "release"), False) if not crate.is_published:
                pass
            case "release", False:
                self._merge({"release": {"exclude": [crate.name]}})
            case _:
                self._untaken(setting, Untaken("castoff has no settings for single crates"))

    def _untaken(self, setting: CargoReleaseSetting, reason: Untaken) -> None:
        self.problems.append(setting.not_taken_over(str(reason), REMEDIES.get(setting.key, "")))

    def configuration(self, file: str) -> Configuration:
        """Make the configuration of all that was taken over."""
        return _read(self.tables, file)

    def _merge(self, tables: Mapping[str, Any]) -> None:
        try:
            # Each setting alone: one that is impossible here is named, and costs the others nothing.
            _read(tables, RELEASE_TOML)
        except ConfigurationError as error:
            raise Untaken(error.problems[0].message) from None
        for name, table in tables.items():
            if isinstance(table, list):
                self.tables.setdefault(name, []).extend(table)
                continue
            merged = self.tables.setdefault(name, {})
            for key, value in table.items():
                merged[key] = [*merged[key], *value] if key == "exclude" and key in merged else value


def _replacements(
    root: RootSettings, crates: tuple[CrateSettings, ...]
) -> Iterator[tuple[CargoReleaseSetting, tuple[CrateSettings, ...]]]:
    """Return each list of replacements with the crates for which it holds: a crate's own replaces the shared one."""
    shared = next((setting for setting in root.shared if setting.key == REPLACEMENTS), None)
    released = tuple(crate for crate in crates if crate.is_released)
    without = tuple(crate for crate in released if crate.own(REPLACEMENTS) is None)
    if shared is not None and (without or not crates):
        yield shared, without
    for crate in released:
        own = crate.own(REPLACEMENTS)
        if own is not None:
            yield own, (crate,)


def _crates(tree: Tree, root: RootSettings, has_own_settings: Ask) -> tuple[CrateSettings, ...]:
    if tree.read(posixpath.join(root.folder, CARGO_TOML)) is None:
        return ()
    if not (any(setting.key == REPLACEMENTS for setting in root.effective) or has_own_settings()):
        return ()
    layout = next((one for one in read_layouts(tree).found if one.root.folder == root.folder), None)
    if layout is None:
        return ()
    workspace = layout.root.table.get("workspace")
    inherited = workspace.get("package") if isinstance(workspace, Mapping) else None
    return tuple(
        _crate(one.folder, one.table.get("package"), inherited, crate_settings(tree, one.folder, root))
        for one in layout.members
    )


def _crate(
    folder: str, table: object, inherited: object, settings: tuple[CargoReleaseSetting, ...]
) -> CrateSettings:
    package = table if isinstance(table, Mapping) else {}
    repository = package.get("repository")
    if isinstance(repository, Mapping) and isinstance(inherited, Mapping):
        repository = inherited.get("repository")
    return CrateSettings(
        folder=folder,
        name=str(package.get("name", folder.rpartition("/")[2])),
        repository=repository if isinstance(repository, str) else None,
        is_published=package.get("publish") not in (False, []),
        settings=settings,
    )


def _has_own_settings(tree: Tree) -> bool:
    manifests = tuple(path for path in tree.paths() if path.endswith(("/" + CARGO_TOML, "/" + RELEASE_TOML)))
    return any(
        path.endswith(RELEASE_TOML) or "metadata.release" in (tree.read(path) or "") for path in manifests
    )


def _read(tables: Mapping[str, Any], file: str) -> Configuration:
    report = Report(file, rules=RULES)
    found: Configuration = Table(Configuration).read(dict(tables), TablePath(report))
    if report.problems:
        raise ConfigurationError(*report.problems)
    return found
