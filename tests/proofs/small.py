"""A workspace just large enough for proofs: a core, a facade, no network for its builds."""

from __future__ import annotations

from pathlib import Path

_PROJECT = """[project]
name = "{name}"
version = "1.0.0"
description = "For proofs"
requires-python = ">=3.11"
dependencies = [{needs}]

[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"
"""


def write_small(folder: Path) -> Path:
    """Write the workspace; gives its folder."""
    for name, needs in (("proof-core", ""), ("proof", '"proof-core==1.0.0"')):
        module = name.replace("-", "_")
        source = folder / "packages" / name / "src" / module
        source.mkdir(parents=True)
        (source / "__init__.py").write_text(f'"""{name}."""\n', encoding="utf-8")
        (source.parents[1] / "pyproject.toml").write_text(
            _PROJECT.format(name=name, needs=needs), encoding="utf-8"
        )
    (folder / "pyproject.toml").write_text(
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n', encoding="utf-8"
    )
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- News.\n", encoding="utf-8")
    return folder
