"""What a repository decides for cargo that runs with credentials: registries and sources as data, no program.

cargo reads `.cargo/config.toml` from the folder that it runs in upwards, and rustup the toolchain file. Both can name
programs of the repository: a wrapper of rustc, a credential provider, a toolchain in a folder. So cargo runs in an
empty folder, and is told what it needs of these files on its command line (The Cargo Book, "Configuration").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import tomli

from castoff.errors import Refusal
from castoff.regexes import regex

_BARE = regex(r"[A-Za-z0-9_-]+")
_SOURCE_KEYS = frozenset(
    {"replace-with", "registry", "local-registry", "directory", "git", "branch", "tag", "rev"}
)
_PATHS = frozenset({"local-registry", "directory", "cainfo", "proxy-cainfo"})
"""Keys whose values are paths, relative to the folder that has the `.cargo`."""
_TABLES: Mapping[str, frozenset[str]] = {
    "net": frozenset({"retry", "git-fetch-with-cli", "offline"}),
    "http": frozenset(
        {"proxy", "timeout", "cainfo", "proxy-cainfo", "check-revoke", "multiplexing", "ssl-version"}
    ),
    "registry": frozenset({"default"}),
    "resolver": frozenset({"incompatible-rust-versions"}),
}
_TOOLCHAIN_FILES = ("rust-toolchain", "rust-toolchain.toml")
"""In the order in which rustup looks within a folder (rustup book, "Overrides")."""

NO_WRAPPERS: Mapping[str, str] = {"RUSTC_WRAPPER": "", "RUSTC_WORKSPACE_WRAPPER": "", "RUSTC": "rustc"}
"""Empty values take back what a configuration file names (The Cargo Book, "Environment Variables")."""


def settings_words(files: Sequence[Path]) -> list[str]:
    """Return the options that stand for configuration files, outermost first."""
    return [word for file in files for entry in _entries(file) for word in ("--config", entry)]


def toolchain_in(folder: Path) -> str | None:
    """Return the toolchain that a repository names, for RUSTUP_TOOLCHAIN; None if it names none.

    Errors: ``toolchain-in-repository`` for one that is a folder of the repository.
    """
    for one in (folder, *folder.parents):
        for name in _TOOLCHAIN_FILES:
            text = _text(one / name)
            if text is not None:
                return _channel(text, name)
    return None


def _channel(text: str, name: str) -> str | None:
    try:
        table = tomli.loads(text).get("toolchain")
    except tomli.TOMLDecodeError:
        # The older form: the name alone, on one line.
        return text.strip() or None
    if not isinstance(table, dict):
        return None
    if "path" in table:
        raise Refusal.of(
            "toolchain-in-repository",
            f"`{name}` names a toolchain by a path",
            reason="cargo of that folder would run with the credentials of the upload",
            remedy="name a `channel` instead, or set `RUSTUP_TOOLCHAIN` to a toolchain that is installed",
            file=name,
        )
    channel = table.get("channel")
    return channel if isinstance(channel, str) else None


def _entries(file: Path) -> Iterator[str]:
    text = _text(file)
    try:
        document = tomli.loads(text or "")
    except tomli.TOMLDecodeError:
        return
    base = file.parent.parent
    for name, keys in _TABLES.items():
        yield from _values((name,), _table(document, name), keys, base)
    for name, one in _table(document, "source").items():
        yield from _values(("source", name), one, _SOURCE_KEYS, base)
    for name, one in _table(document, "registries").items():
        yield from _values(("registries", name), one, frozenset({"index"}), base)
        provider = one.get("credential-provider") if isinstance(one, dict) else None
        # A word without a slash is built in or found in PATH; whatever else could be a file of the repository.
        if isinstance(provider, str) and "/" not in provider and " " not in provider:
            yield from _values(("registries", name), one, frozenset({"credential-provider"}), base)


def _values(path: tuple[str, ...], table: object, keys: frozenset[str], base: Path) -> Iterator[str]:
    for key, value in table.items() if isinstance(table, dict) else ():
        if key in keys and isinstance(value, str | bool | int):
            given = str(base / value) if key in _PATHS and isinstance(value, str) else value
            dotted = ".".join(one if _BARE.fullmatch(one) else json.dumps(one) for one in (*path, key))
            yield f"{dotted}={json.dumps(given)}"


def _table(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
