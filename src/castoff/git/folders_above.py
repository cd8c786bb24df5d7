"""Files in the folders above a checkout that cargo, rustup and uv read there, made visible above a temporary clone.

These clients look for configuration in the current folder and in all folders above it. So a clone lies below one folder
for each folder above the user's checkout that holds such a file, and links to it. The order, and what wins over what,
are then the same as in the user's checkout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomli

from castoff.io.files import read_regular

_NAMES = ("rust-toolchain", "rust-toolchain.toml", "uv.toml", ".python-version", ".tool-versions")
_CARGO = ("config.toml", "config")
_OUTSIDE = frozenset(
    {"source", "http", "net", "registry", "credential-alias", "paths"}
    | {"index", "index-url", "extra-index-url", "default-index", "find-links", "publish-url", "pip"}
)
"""Keys that lead cargo or uv to other services; a file with one of them does not apply in a rehearsal."""


def place_of_clone(root: Path, holder: Path, environment: Mapping[str, str]) -> Path:
    """Return the place of a clone of ``root`` below a folder, with links to what clients read above ``root``."""
    place = holder
    around = {holder, *holder.resolve().parents}
    for folder in reversed(root.resolve().parents):
        found = [] if folder in around else list(_files(folder, environment))
        if found:
            place = place / "above"
            place.mkdir()
            for file in found:
                _link(file, place / file.name)
                if file.name == ".cargo":
                    _link_mentioned(folder, place)
    return place / "tree"


@contextmanager
def scrubbed(tree: Path, holder: Path) -> Iterator[None]:
    """Take away what leads clients to services outside, while a rehearsal runs."""
    links = [
        link
        for folder in tree.parents
        if folder != holder and holder in folder.parents
        for link in (folder / ".cargo", folder / "uv.toml")
        if link.is_symlink() and _leads_outside(link)
    ]
    targets = {link: link.readlink() for link in links}
    for link in links:
        link.unlink()
    try:
        yield
    finally:
        for link, target in targets.items():
            link.symlink_to(target)


def _files(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    cargo = folder / ".cargo"
    homes = [Path(environment.get("HOME", "/")) / ".cargo", Path(environment.get("CARGO_HOME") or "/")]
    # What lies in cargo's home applies everywhere, and a rehearsal has a home of its own.
    if any((cargo / name).is_file() for name in _CARGO) and cargo.resolve() not in [
        one.resolve() for one in homes
    ]:
        yield cargo
    yield from (folder / name for name in _NAMES if (folder / name).is_file())


def _link(file: Path, link: Path) -> None:
    with suppress(FileExistsError):
        link.symlink_to(file)


def _link_mentioned(folder: Path, place: Path) -> None:
    """Link what a configuration names by a relative path, which counts from the folder that holds `.cargo`."""
    for text in _texts(_read(folder / ".cargo")):
        first = text.partition("/")[0]
        if first not in ("", ".", "..", ".cargo", "tree", "above") and (folder / first).exists():
            _link(folder / first, place / first)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.removeprefix("./")
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _leads_outside(link: Path) -> bool:
    return bool(_OUTSIDE & _read(link).keys())


def _read(path: Path) -> dict[str, Any]:
    """Read a configuration; cargo's from its folder. What cannot be read is left for the client to report."""
    files = [path / name for name in _CARGO] if path.is_dir() else [path]
    for file in files:
        if (text := read_regular(file)) is not None:
            with suppress(ValueError, RecursionError):
                return tomli.loads(text)
    return {}
