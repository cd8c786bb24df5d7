"""Which settings did cargo-release find, and where does each stand?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate of the workspace: its folder ("" for the root), its name, and the settings that are its own."""

    folder: str
    name: str
    is_published: bool = True
    settings: tuple[Setting, ...] = ()


def root_settings(tree: Tree) -> tuple[Setting, ...]:
    """Give the settings of the whole workspace; of one that stands in several places the one that counts.

    Errors: ``toml-invalid`` (of `release.toml`).
    """
    found: dict[str, Setting] = {}
    for setting in (
        *_of_manifest(tree, CARGO_TOML, ("package", "metadata", "release")),
        *_of_manifest(tree, CARGO_TOML, ("workspace", "metadata", "release")),
        *_of_file(tree, RELEASE_TOML),
    ):
        found.setdefault(setting.key, setting)
    return tuple(found.values())


def crate_of(tree: Tree, folder: str, package: Any) -> Crate:
    """Give a crate with what was said of it alone: in its manifest, else in its own `release.toml`.

    ``package`` is the `[package]` table of its manifest. The root's settings are those of the workspace.
    """
    table = package if isinstance(package, Mapping) else {}
    found: dict[str, Setting] = {}
    if folder:
        for setting in (
            *_of_manifest(tree, f"{folder}/{CARGO_TOML}", ("package", "metadata", "release")),
            *_of_file(tree, f"{folder}/{RELEASE_TOML}"),
        ):
            found.setdefault(setting.key, setting)
    return Crate(
        folder=folder,
        name=str(table.get("name", folder.rpartition("/")[2])),
        is_published=table.get("publish") not in (False, []),
        settings=tuple(found.values()),
    )


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
