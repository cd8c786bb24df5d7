"""A repository with a history of tags, and a bare remote beside it; nothing else is reachable."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from castoff.cli.render.reporter import reporter_for
from castoff.model.plan import Plan
from castoff.release.plan import plan_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.services import Services
from castoff.wiring.services import Options, open_setting


def python(name: str, version: str) -> str:
    """Write the manifest of a Python package."""
    return (
        f'[project]\nname = "{name}"\nversion = "{version}"\nrequires-python = ">=3.9"\n\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )


def crate(name: str, version: str, more: str = "") -> str:
    """Write the manifest of a crate."""
    return (
        f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\nlicense = "MIT"\n'
        f'description = "x"\n{more}'
    )


def members(*names: str, version: str = "1.0.0") -> dict[str, str]:
    """Write a uv workspace with these packages."""
    files = {f"packages/{name}/pyproject.toml": python(name, version) for name in names}
    return {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n', **files}


@dataclass(slots=True)
class Versioned:
    """A clone and its remote."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    @classmethod
    def begin(cls, folder: Path, files: Mapping[str, str], *tags: str) -> Versioned:
        """Commit files with these tags, and something after them."""
        made = cls(folder / "clone", _environment(folder))
        made.folder.mkdir()
        made.git("init", "--quiet", "--initial-branch=main")
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder / "remote")], check=True
        )
        made.git("remote", "add", "origin", str(folder / "remote"))
        made.commit(files, *tags)
        if tags:
            made.commit({})
        return made

    def git(self, *words: str) -> str:
        """Run git in the clone."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str], *tags: str, message: str | None = None) -> str:
        """Commit files, or an unimportant change, and tag the commit; gives it."""
        self._count += 1
        for path, text in {**files, "count.txt": str(self._count)}.items():
            full = self.folder / path
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message or f"Change {self._count}")
        for tag in tags:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def setting(self) -> Services:
        """Push everything, and open the clone as castoff does."""
        self.git("push", "--quiet", "--all", "--set-upstream", "origin")
        self.git("push", "--quiet", "--tags", "origin")
        return open_setting(Options(directory=self.folder), reporter_for(None, quiet=True), self.environment)

    def plan(self, level: str, pre: str | None = None) -> Plan:
        """Plan a release; no registry is asked."""
        return plan_release(self.setting(), ReleaseRequest(level=level, pre=pre), offline=True)


def _environment(folder: Path) -> dict[str, str]:
    config = folder / "gitconfig"
    config.write_text("[user]\nname = A\nemail = a@example.org\n", encoding="utf-8")
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**keep, "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
