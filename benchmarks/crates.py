"""How does a made-up workspace of crates lie on disk? Manifests with siblings pinned exactly, an empty library each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graphs import Made
from workspaces import VERSION

_ROOT = f"""[workspace]
resolver = "2"
members = ["crates/*"]

[workspace.package]
version = "{VERSION}"
edition = "2021"
license = "Apache-2.0"
description = "For measuring"
repository = "https://github.com/acme/bench"

[workspace.dependencies]
"""
_INHERITED = ("version", "edition", "license", "description", "repository")


def write_cargo(root: Path, packages: Sequence[Made], *, verify: bool = True) -> Path:
    """Write a Cargo workspace that does not commit its lock file; gives its folder."""
    shared = "".join(
        f'{one.name} = {{ path = "crates/{one.name}", version = "={VERSION}" }}\n' for one in packages
    )
    _write(root / "Cargo.toml", _ROOT + shared)
    _write(root / ".gitignore", "target/\nCargo.lock\n")
    if not verify:
        _write(root / "castoff.toml", "[cargo]\nverify = false\n")
    for one in packages:
        head = f'[package]\nname = "{one.name}"\n' + "".join(
            f"{key}.workspace = true\n" for key in _INHERITED
        )
        needs = "".join(f"{need}.workspace = true\n" for need in one.needs)
        folder = root / "crates" / one.name
        _write(folder / "Cargo.toml", f"{head}\n[dependencies]\n{needs}")
        _write(folder / "src" / "lib.rs", f"//! {one.name}\n")
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
