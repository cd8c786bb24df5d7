"""What did cargo-release know of this workspace, and what of it means something here?

Read where castoff itself is not configured: `release.toml` and `[workspace.metadata.release]` (or
`[package.metadata.release]`) of the root, and of single crates what is theirs alone. Every setting that has
no meaning here is named in a warning (``setting-not-taken-over``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from castoff.configuration.places import Place, Report
from castoff.configuration.release_replacements import Untaken, replacements
from castoff.configuration.release_settings import (
    CARGO_TOML,
    RELEASE_TOML,
    Crate,
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
        crates = _crates(tree, root)
    except CastoffError as error:
        raise ConfigurationError(*error.problems) from None
    if not root and not any(crate.settings for crate in crates):
        return TakenOver(Configuration())
    work = _Work(tree, crates, {setting.key: setting.value for setting in root})
    for setting in root:
        work.take(setting)
    for crate in crates:
        for setting in crate.settings:
            work.take_of_crate(setting, crate)
    first = root[0] if root else next(crate.settings[0] for crate in crates if crate.settings)
    return TakenOver(work.configuration(first.file), first.file, tuple(work.problems))


@dataclass(slots=True)
class _Work:
    """Turns settings into the tables of a castoff.toml, one by one, each checked alone."""

    tree: Tree
    crates: tuple[Crate, ...]
    root: Mapping[str, Any]
    tables: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def take(self, setting: Setting) -> None:
        """Take over one setting of the workspace, or say why not."""
        if is_ours(setting.key, setting.value):
            return
        try:
            if setting.key == "pre-release-replacements":
                self._merge({"replace": list(replacements(self.tree, setting, self.crates))})
            else:
                self._merge(translated(setting.key, setting.value, self.root))
        except Untaken as reason:
            self.problems.append(setting.not_taken_over(str(reason), REMEDIES.get(setting.key, "")))

    def take_of_crate(self, setting: Setting, crate: Crate) -> None:
        """Take over one setting of a single crate, or say why not."""
        if is_ours(setting.key, setting.value):
            return
        if setting.key in self.root and setting.value == self.root[setting.key]:
            return
        try:
            if setting.key == "pre-release-replacements":
                self._merge({"replace": list(replacements(self.tree, setting, (crate,)))})
            elif setting.key == "release" and setting.value is False:
                self._merge({"release": {"exclude": [crate.name] if crate.is_published else []}})
            else:
                raise Untaken("castoff has no settings for single crates")
        except Untaken as reason:
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


def _crates(tree: Tree, root: tuple[Setting, ...]) -> tuple[Crate, ...]:
    if not (any(setting.key == "pre-release-replacements" for setting in root) or _has_own_settings(tree)):
        return ()
    layout = read_layout(tree)
    found = []
    for document in layout.members if layout is not None else ():
        folder = document.folder
        found.append(crate_of(tree, folder, document.table.get("package")))
    return tuple(found)


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
