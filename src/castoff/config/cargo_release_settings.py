"""Settings that cargo-release would find, with their places; its templates and patterns as castoff's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from castoff.config.positions import shown
from castoff.errors import Problem, WorkspaceError
from castoff.ports import Tree
from castoff.regexes import regex
from castoff.text.toml import parse, scan

RELEASE_TOML = "release.toml"
CARGO_TOML = "Cargo.toml"


class CargoReleaseSetting(Struct, frozen=True):
    """One key with its value, the file that it stands in, and its line."""

    key: str
    value: Any
    file: str
    line: int | None

    def not_taken_over(self, reason: str, remedy: str = "") -> Problem:
        """Report that castoff goes its own way here."""
        return Problem(
            code="setting-not-taken-over",
            message=f"`{shown(self.key)}` of cargo-release is not taken over",
            severity="warning",
            reason=reason,
            remedy=remedy
            or f"write a `castoff.toml` with the intended settings, or remove `{shown(self.key)}`",
            file=self.file,
            line=self.line,
        )


class CrateSettings(Struct, frozen=True, kw_only=True):
    """A crate of the workspace: its folder ("" for the root), its name, and the settings that are its own."""

    folder: str
    name: str
    repository: str | None = None
    is_published: bool = True
    settings: tuple[CargoReleaseSetting, ...] = ()

    def own(self, key: str) -> CargoReleaseSetting | None:
        """Return a setting of its own, None where there is none."""
        return next((setting for setting in self.settings if setting.key == key), None)

    @property
    def is_released(self) -> bool:
        """Return whether cargo-release would release it."""
        own = self.own("release")
        return own is None or own.value is not False


class RootSettings(Struct, frozen=True):
    """What was said for all crates, and what for the root's crate alone, which comes first there.

    ``folder`` is the root's, "" for the top.
    """

    folder: str
    shared: tuple[CargoReleaseSetting, ...]
    own: tuple[CargoReleaseSetting, ...]

    @property
    def effective(self) -> tuple[CargoReleaseSetting, ...]:
        """Return one setting for each key."""
        return _first_of_each((*self.own, *self.shared))


def root_settings(tree: Tree, root: str) -> RootSettings:
    """Return the settings that stand in the root of a workspace; ``root`` is its folder, "" for the top.

    Errors: ``toml-invalid`` (of `release.toml`).
    """
    manifest, file = posixpath.join(root, CARGO_TOML), posixpath.join(root, RELEASE_TOML)
    shared = (*_of_manifest(tree, manifest, ("workspace", *_TABLE)), *_of_file(tree, file))
    own = _of_manifest(tree, manifest, ("package", *_TABLE))
    return RootSettings(root, _first_of_each(shared), tuple(own))


def crate_settings(tree: Tree, folder: str, root: RootSettings) -> tuple[CargoReleaseSetting, ...]:
    """Return what was said of one crate alone: in its manifest, else in its own `release.toml`."""
    settings = _of_manifest(tree, posixpath.join(folder, CARGO_TOML), ("package", *_TABLE))
    # That of the root's folder speaks for all crates.
    file = _of_file(tree, posixpath.join(folder, RELEASE_TOML)) if folder != root.folder else ()
    return _first_of_each((*settings, *file))


def _first_of_each(settings: Iterable[CargoReleaseSetting]) -> tuple[CargoReleaseSetting, ...]:
    found: dict[str, CargoReleaseSetting] = {}
    for setting in settings:
        found.setdefault(setting.key, setting)
    return tuple(found.values())


def _of_manifest(tree: Tree, file: str, path: tuple[str, ...]) -> Iterator[CargoReleaseSetting]:
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


def _of_file(tree: Tree, file: str) -> Iterator[CargoReleaseSetting]:
    text = tree.read(file)
    if text is not None:
        yield from _of_table(parse(text, file), text, file, ())


def _of_table(table: Any, text: str, file: str, path: tuple[str, ...]) -> Iterator[CargoReleaseSetting]:
    if isinstance(table, Mapping):
        positions = scan(text)
        for key, value in table.items():
            yield CargoReleaseSetting(str(key), value, file, positions.nearest_line((*path, key)))


_TABLE = ("metadata", "release")


class Untaken(Exception):
    """Something that has no meaning here; the text is the reason."""


_THEIRS = regex(r"\{\{([a-z_]{1,30})\}\}|\{([a-z][a-z0-9-]{0,40})\}")
_MEANINGS: Mapping[str, str] = {
    "version": "{version}",
    "prev_version": "{previous}",
    "crate_name": "{name}",
    "date": "{date}",
    "tag_name": "{tag}",
    "major": "{major}",
    "minor": "{minor}",
    "patch": "{patch}",
    "metadata": "",
    "prev_metadata": "",
}
_GROUP = regex(r"\$(?:(?P<dollar>\$)|\{(?P<braced>[A-Za-z0-9_]+)\}|(?P<bare>[A-Za-z0-9_]+))")
# Syntax of Rust's `regex` that Python reads as something else, or not at all.
_ONLY_RUST = regex(r"\[\[:|\\[pPz]|&&|~~|\(\?[a-zA-Z-]*[RUu]")
_KEYS = frozenset({"file", "search", "replace", "min", "max", "exactly", "prerelease"})


def template(value: object, *, prefix: str = "") -> str:
    """Translate a template; text in braces that means nothing to cargo-release stays text.

    Raises:
        Untaken: where it holds a placeholder that has no meaning here, or is no text.
    """
    if not isinstance(value, str):
        raise Untaken("it is not a string")
    return _THEIRS.sub(lambda match: _placeholder(match, prefix), value)


def replacements(
    tree: Tree, setting: CargoReleaseSetting, crates: tuple[CrateSettings, ...]
) -> Iterator[dict[str, Any]]:
    """Translate `pre-release-replacements`; each file once, though cargo-release goes there for each crate.

    Files count from each crate's folder; those that are nowhere are left out.

    Raises:
        Untaken: with the number of the rule and the reason.
    """
    if not isinstance(setting.value, list):
        raise Untaken("it is not a list")
    for number, rule in enumerate(setting.value, start=1):
        try:
            yield from _rules(tree, rule, crates)
        except Untaken as reason:
            raise Untaken(f"rule {number}: {reason}") from None


def _placeholder(match: re.Match[str], prefix: str) -> str:
    theirs, plain = match.groups()
    if plain is not None:
        return f"{{open}}{plain}{{close}}"
    if theirs == "prefix":
        return prefix
    if theirs not in _MEANINGS:
        raise Untaken(f"`{{{{{theirs}}}}}` has no meaning here")
    return _MEANINGS[theirs]


def _rules(tree: Tree, rule: object, crates: tuple[CrateSettings, ...]) -> Iterator[dict[str, Any]]:
    if not isinstance(rule, dict) or not all(
        isinstance(rule.get(key), str) for key in ("file", "search", "replace")
    ):
        raise Untaken("it has no `file`, `search` and `replace`")
    unknown = sorted(set(rule) - _KEYS)
    if unknown:
        raise Untaken(f"`{shown(unknown[0])}` is not a key of a replacement")
    common: dict[str, Any] = {
        "search": _search(rule["search"]),
        "prerelease": rule.get("prerelease", False),
        **{ours: rule[theirs] for theirs, ours in _COUNTS if theirs in rule},
    }
    text = _groups(rule["replace"])
    done: set[tuple[str, str]] = set()
    # cargo-release replaces in each crate's turn; one version for all makes the second time a repetition.
    for crate in crates:
        file = posixpath.normpath(f"{crate.folder}/{rule['file']}" if crate.folder else rule["file"])
        own = template(_of_crate(text, crate))
        if tree.read(file) is not None and (file, own) not in done:
            done.add((file, own))
            yield {"file": file, "replace": own, **common}
    if not done:
        raise Untaken(f"no crate has `{shown(rule['file'])}`")


def _of_crate(theirs: str, crate: CrateSettings) -> str:
    text = theirs.replace("{{crate_name}}", crate.name)
    return text if crate.repository is None else text.replace("{{repository}}", crate.repository)


def _search(theirs: str) -> str:
    if _ONLY_RUST.search(theirs):
        raise Untaken(f"`{shown(theirs)}` uses syntax that Python's regular expressions do not have")
    ours = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", theirs)
    return re.sub(r"\{([a-z][a-z0-9-]{0,40})\}", r"{open}\1{close}", ours)


def _groups(theirs: str) -> str:
    # Backslashes are plain text in Rust's replacements, and escapes in Python's.
    return _GROUP.sub(_group, theirs.replace("\\", "\\\\"))


def _group(match: re.Match[str]) -> str:
    return "$" if match["dollar"] else rf"\g<{match['braced'] or match['bare']}>"


_COUNTS = (("min", "min"), ("max", "max"), ("exactly", "count"))
