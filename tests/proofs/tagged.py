"""A small workspace in which no version stands in the tree: two tools make it from git tags, one of them pins too."""

from __future__ import annotations

from pathlib import Path

_PROJECT = """[project]
name = "{name}"
dynamic = [{dynamic}]
description = "For proofs"
requires-python = ">=3.11"

[build-system]
requires = ["hatchling", "{tool}"]
build-backend = "hatchling.build"

"""
_CORE = """[tool.hatch.version]
source = "vcs"
raw-options = { root = "../.." }
"""
_FACADE = """[tool.hatch.version]
source = "uv-dynamic-versioning"

[tool.hatch.metadata.hooks.uv-dynamic-versioning]
dependencies = ["proof-core=={{ version }}"]

[tool.uv-dynamic-versioning]
pattern = "default-unprefixed"
fallback-version = "0.0.0"
"""
NO_ISOLATION = '[python]\nbuild = ["{python}", "-m", "build", "--no-isolation", "--outdir"]\n'
"""Lets the tools of the test's own environment build: no index is asked for them."""


def write_tagged(folder: Path, settings: str = "") -> Path:
    """Write the workspace, with castoff's settings; gives its folder."""
    for name, tool, dynamic, rest in (
        ("proof-core", "hatch-vcs", '"version"', _CORE),
        ("proof", "uv-dynamic-versioning", '"version", "dependencies"', _FACADE),
    ):
        module = name.replace("-", "_")
        source = folder / "packages" / name / "src" / module
        source.mkdir(parents=True)
        (source / "__init__.py").write_text(f'"""{name}."""\n', encoding="utf-8")
        (source.parents[1] / "pyproject.toml").write_text(
            _PROJECT.format(name=name, tool=tool, dynamic=dynamic) + rest, encoding="utf-8"
        )
    (folder / "pyproject.toml").write_text(
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n', encoding="utf-8"
    )
    if settings:
        (folder / "castoff.toml").write_text(settings, encoding="utf-8")
    return folder
