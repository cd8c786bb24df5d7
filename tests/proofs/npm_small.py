"""An npm workspace just large enough for proofs: a core, a lens that needs an outside package, a facade."""

from __future__ import annotations

import json
from pathlib import Path

OUTSIDE = "driftwood"
"""A package that is not of the workspace, so that installs need a registry that has others."""

NAMES = ("beacon-core", "beacon-lens", "beacon")
_NEEDS = {
    "beacon-core": {},
    "beacon-lens": {"beacon-core": "1.0.0", OUTSIDE: "^1.0.0"},
    "beacon": {"beacon-core": "1.0.0", "beacon-lens": "1.0.0"},
}


def write_small_packages(folder: Path, *, staged: bool = False) -> Path:
    """Write the workspace, which has no lock file; gives its folder."""
    for name in NAMES:
        home = folder / name
        home.mkdir(parents=True)
        manifest = {
            "name": name,
            "version": "1.0.0",
            "description": "For proofs",
            "license": "Apache-2.0",
            "main": "index.js",
            "files": ["index.js"],
            **({"dependencies": _NEEDS[name]} if _NEEDS[name] else {}),
        }
        (home / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        (home / "index.js").write_text(f'exports.name = "{name}"\n', encoding="utf-8")
    root = {"name": "beacons", "private": True, "workspaces": list(NAMES)}
    (folder / "package.json").write_text(json.dumps(root, indent=2) + "\n", encoding="utf-8")
    (folder / ".gitignore").write_text("node_modules/\npackage-lock.json\n", encoding="utf-8")
    settings = f"[npm]\nstaged = {'true' if staged else 'false'}\n"
    (folder / "castoff.toml").write_text(settings, encoding="utf-8")
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- News.\n", encoding="utf-8")
    return folder
