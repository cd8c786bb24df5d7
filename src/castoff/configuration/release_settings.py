"""Which settings did cargo-release find, and where does each stand?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from castoff.configuration.places import shown
from castoff.errors import Problem, WorkspaceError
from castoff.manifests.toml import parse, scan
from castoff.ports import Tree

RELEASE_TOML = "release.toml"
CARGO_TOML = "Cargo.toml"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key with its value, the file that it stands in, and its line."""

    key: str
    value: Any
    file: str
    line: int | None

    def not_taken_over(self, reason: str, remedy: str = "") -> Problem:
        """Say that castoff goes its own way here."""
        return Problem(
            code="setting-not-taken-over",
            message=f"`{shown(self.key)}` of cargo-release is not taken over",
            severity="warning",
            reason=reason,
            remedy=remedy or f"write a `castoff.toml` that says what is meant, or drop `{shown(self.key)}`",
            file=self.file,
            line=self.line,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Crate:
    """A crate of the workspace: its folder ("" for the root), its name, and the settings that are its own."""

    folder: str
    name: str
    repository: str | None = None
    is_published: bool = True
    settings: tuple[Setting, ...] = ()

    def own(self, key: str) -> Setting | None:
        """Give a setting of its own, None where there is none."""
        return next((setting for setting in self.settings if setting.key == key), None)

    @property
    def is_released(self) -> bool:
        """Say whether cargo-release would release it."""
        own = self.own("release")
        return own is None or own.value is not False


@dataclass(frozen=True, slots=True)
class RootSettings:
    """What was said for all crates, and what for the root's crate alone, which comes first there."""

    shared: tuple[Setting, ...]
    own: tuple[Setting, ...]

    @property
    def effective(self) -> tuple[Setting, ...]:
        """Give one setting for each key."""
        return _first_of_each((*self.own, *self.shared))


def root_settings(tree: Tree) -> RootSettings:
    """Give the settings that stand in the root.

    Errors: ``toml-invalid`` (of `release.toml`).
    """
    shared = (*_of_manifest(tree, CARGO_TOML, ("workspace", *_TABLE)), *_of_file(tree, RELEASE_TOML))
    own = _of_manifest(tree, CARGO_TOML, ("package", *_TABLE))
    return RootSettings(_first_of_each(shared), tuple(own))


def crate_of(tree: Tree, folder: str, package: Any, inherited: Any) -> Crate:
    """Give a crate with what was said of it alone: in its manifest, else in its own `release.toml`.

    ``package`` is the `[package]` table of its manifest, ``inherited`` the `[workspace.package]` table of the
    root's.
    """
    table = package if isinstance(package, Mapping) else {}
    prefix = f"{folder}/" if folder else ""
    settings = _of_manifest(tree, prefix + CARGO_TOML, ("package", *_TABLE))
    return Crate(
        folder=folder,
        name=str(table.get("name", folder.rpartition("/")[2])),
        repository=_inherited(table.get("repository"), inherited),
        is_published=table.get("publish") not in (False, []),
        settings=_first_of_each((*settings, *(_of_file(tree, prefix + RELEASE_TOML) if folder else ()))),
    )


def _inherited(value: object, inherited: Any) -> str | None:
    if isinstance(value, Mapping) and isinstance(inherited, Mapping):
        value = inherited.get("repository")
    return value if isinstance(value, str) else None


def _first_of_each(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    found: dict[str, Setting] = {}
    for setting in settings:
        found.setdefault(setting.key, setting)
    return tuple(found.values())


def _of_manifest(tree: Tree, file: str, path: tuple[str, ...]) -> Iterator[Setting]:
    text = tree.read(file)
    if text is None or "release" not in text:
        return
    try:
        table: Any = parse(text, file)
    except WorkspaceError:
        return  # discovery tells what is wrong with manifests
    for step in path:
        table = table.get(step) if isinstance(table, Mapping) else None
    yield from _of_table(table, text, file, path)


def _of_file(tree: Tree, file: str) -> Iterator[Setting]:
    text = tree.read(file)
    if text is not None:
        yield from _of_table(parse(text, file), text, file, ())


def _of_table(table: Any, text: str, file: str, path: tuple[str, ...]) -> Iterator[Setting]:
    if isinstance(table, Mapping):
        positions = scan(text)
        for key, value in table.items():
            yield Setting(str(key), value, file, positions.nearest_line((*path, key)))


_TABLE = ("metadata", "release")
