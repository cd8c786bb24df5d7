"""A workspace in a clone with its remote beside it, and castoff in this process: all that a plan needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from castoff.cli.main import run
from git.git_ground import Ground

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.2.0"
description = "A part of the tides"
requires-python = ">=3.10"
dependencies = [{needs}]
"""
TIDES = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    "packages/tidepool-core/pyproject.toml": PROJECT.format(name="tidepool-core", needs=""),
    "packages/tidepool-core/src/tidepool_core/__init__.py": "",
    "packages/tidepool/pyproject.toml": PROJECT.format(name="tidepool", needs='"tidepool-core==1.2.0"'),
    "packages/tidepool/src/tidepool/__init__.py": "",
}


@dataclass(frozen=True, slots=True)
class Shore:
    """A clone whose remote stands at 1.2.0, tagged, with one commit after it."""

    ground: Ground
    clone: Path

    @classmethod
    def made(cls, folder: Path, files: Mapping[str, str]) -> Shore:
        """Make remote and clone; ``files`` lie over the tides."""
        ground = Ground.at(folder)
        ground.git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
        ground.git(folder, "clone", "--quiet", "remote.git", "clone")
        shore = cls(ground, folder / "clone")
        shore.git("switch", "--quiet", "--create", "main")
        shore.push({**TIDES, **files})
        shore.git("tag", "1.2.0")
        shore.push({"news.txt": "a change\n"})
        shore.git("push", "--quiet", "--tags")
        return shore

    def git(self, *words: str) -> str:
        """Run git in the clone."""
        return self.ground.git(self.clone, *words)

    def push(self, files: Mapping[str, str], subject: str = "A change") -> None:
        """Write files, commit and push them."""
        for path, text in files.items():
            (self.clone / path).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / path).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", subject)
        self.git("push", "--quiet", "--set-upstream", "origin", "main")

    def castoff(self, *words: str) -> int:
        """Run castoff in this process; gives its exit code. No registry is there to be asked by a plan."""
        environment = self.ground.environment
        words = (*words, "--offline") if words[0] == "plan" else words
        with pytest.MonkeyPatch.context() as during:
            for name in list(os.environ):
                during.delenv(name)
            for name, value in environment.items():
                during.setenv(name, value)
            during.chdir(self.clone)
            return run(words)
