"""A Cargo workspace just large enough for proofs: a core, a lens that needs an outside crate, a facade."""

from __future__ import annotations

from pathlib import Path

OUTSIDE = "driftwood"
"""A crate that is not of the workspace, so that its releases change lock files."""

NAMES = ("beacon-core", "beacon-lens", "beacon")

_WORKSPACE = """[workspace]
resolver = "2"
members = ["beacon*"]

[workspace.package]
version = "1.0.0"
edition = "2021"
license = "Apache-2.0"
repository = "https://github.com/acme/harbour"
description = "For proofs"

[workspace.dependencies]
beacon-core = { path = "beacon-core", version = "=1.0.0" }
beacon-lens = { path = "beacon-lens", version = "=1.0.0" }
"""
_INHERITED = ("version", "edition", "license", "repository", "description")
_NEEDS = {
    "beacon-core": "",
    "beacon-lens": f'beacon-core.workspace = true\n{OUTSIDE} = "1.0"\n',
    "beacon": "beacon-core.workspace = true\nbeacon-lens.workspace = true\n",
}


def write_small_crates(folder: Path) -> Path:
    """Write the workspace, which does not commit its lock file; gives its folder."""
    for name in NAMES:
        source = folder / name / "src"
        source.mkdir(parents=True)
        (source / "lib.rs").write_text(f"//! {name}\n", encoding="utf-8")
        head = f'[package]\nname = "{name}"\n' + "".join(f"{key}.workspace = true\n" for key in _INHERITED)
        text = f"{head}\n[dependencies]\n{_NEEDS[name]}"
        (folder / name / "Cargo.toml").write_text(text, encoding="utf-8")
    (folder / "Cargo.toml").write_text(_WORKSPACE, encoding="utf-8")
    (folder / ".gitignore").write_text("target/\nCargo.lock\n", encoding="utf-8")
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- News.\n", encoding="utf-8")
    return folder
