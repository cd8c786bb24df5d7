"""What did cargo-release know of this workspace, and what of it means something here?

Read where castoff itself is not configured: `release.toml` and `[workspace.metadata.release]` (or
`[package.metadata.release]`) of the root, and of single crates what is theirs alone. Every setting that has
no meaning here is named in a warning (``setting-not-taken-over``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from castoff.configuration.places import Place, Report
from castoff.configuration.release_replacements import Untaken, replacements
from castoff.configuration.release_settings import (
    CARGO_TOML,
    RELEASE_TOML,
    Crate,
    RootSettings,
    Setting,
    crate_of,
    root_settings,
)
from castoff.configuration.release_translations import REMEDIES, is_ours, translated
from castoff.configuration.rules import RULES
from castoff.configuration.tables import Table
from castoff.configuration.values import Configuration
from castoff.errors import CastoffError, ConfigurationError, Problem
from castoff.manifests.cargo_layout import read_layout
from castoff.ports import Tree

REPLACEMENTS = "pre-release-replacements"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was found: a configuration, the file it came from, and what could not be taken over."""

    configuration: Configuration
    source: str | None = None
    problems: tuple[Problem, ...] = ()


def take_over(tree: Tree) -> TakenOver:
    """Make a configuration of what cargo-release was told; the default one where it was told nothing.

    Errors: ``toml-invalid`` where `release.toml` is not TOML.
    """
    try:
        root = root_settings(tree)
        crates = _crates(tree, root) if tree.read(CARGO_TOML) is not None else ()
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
        for setting in crate.settings if crate.folder else ():
            work.take_of_crate(setting, crate)
    source = everything[0].file
    return TakenOver(work.configuration(source), source, tuple(work.problems))


@dataclass(slots=True)
class _Work:
    """Turns settings into the tables of a castoff.toml, one by one, each checked alone."""

    tree: Tree
    root: Mapping[str, Any]
    tables: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def take(self, setting: Setting) -> None:
        """Take over one setting of the workspace, or say why not."""
        if is_ours(setting.key, setting.value):
            return
        try:
            self._merge(translated(setting.key, setting.value, self.root))
        except Untaken as reason:
            self._untaken(setting, reason)

    def take_replacements(self, setting: Setting, crates: tuple[Crate, ...]) -> None:
        """Take over the replacements that hold for these crates, or say why not."""
        try:
            self._merge({"replace": list(replacements(self.tree, setting, crates))})
        except Untaken as reason:
            self._untaken(setting, reason)

    def take_of_crate(self, setting: Setting, crate: Crate) -> None:
        """Take over one setting of a single crate (but its replacements), or say why not."""
        if setting.key == REPLACEMENTS or is_ours(setting.key, setting.value):
            return
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

    def _untaken(self, setting: Setting, reason: Untaken) -> None:
        self.problems.append(setting.not_taken_over(str(reason), REMEDIES.get(setting.key, "")))

    def configuration(self, file: str) -> Configuration:
        """Make the configuration of all that was taken over."""
        return _read(self.tables, file)

    def _merge(self, tables: Mapping[str, Any]) -> None:
        try:
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
    root: RootSettings, crates: tuple[Crate, ...]
) -> Iterator[tuple[Setting, tuple[Crate, ...]]]:
    """Give each list of replacements with the crates for which it holds: a crate's own replaces the shared one."""
    shared = next((setting for setting in root.shared if setting.key == REPLACEMENTS), None)
    released = tuple(crate for crate in crates if crate.is_released)
    without = tuple(crate for crate in released if crate.own(REPLACEMENTS) is None)
    if shared is not None and (without or not crates):
        yield shared, without
    for crate in released:
        own = crate.own(REPLACEMENTS)
        if own is not None:
            yield own, (crate,)


def _crates(tree: Tree, root: RootSettings) -> tuple[Crate, ...]:
    if not (any(setting.key == REPLACEMENTS for setting in root.effective) or _has_own_settings(tree)):
        return ()
    layout = read_layout(tree)
    if layout is None:
        return ()
    workspace = layout.root.table.get("workspace")
    inherited = workspace.get("package") if isinstance(workspace, Mapping) else None
    return tuple(
        crate_of(tree, document.folder, document.table.get("package"), inherited)
        for document in layout.members
    )


def _has_own_settings(tree: Tree) -> bool:
    manifests = tuple(path for path in tree.paths() if path.endswith(("/" + CARGO_TOML, "/" + RELEASE_TOML)))
    return any(
        path.endswith(RELEASE_TOML) or "metadata.release" in (tree.read(path) or "") for path in manifests
    )


def _read(tables: Mapping[str, Any], file: str) -> Configuration:
    report = Report(file, rules=RULES)
    found: Configuration = Table(Configuration).read(dict(tables), Place(report))
    if report.problems:
        raise ConfigurationError(*report.problems)
    return found
