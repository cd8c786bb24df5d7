"""What tests of the command line stand on: a world, a clone, and castoff in this process with that environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from castoff.cli.main import run
from proofs.worlds import Stage


@dataclass(slots=True)
class Ground:
    """One clone in one world; a case spoils either, or the environment."""

    here: Stage
    checkout: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file into the clone."""
        full = self.checkout / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(text if isinstance(text, bytes) else text.encode())
        return full

    def replace(self, path: str, old: str, new: str) -> None:
        """Change a text in a file of the clone."""
        text = (self.checkout / path).read_text("utf-8")
        assert old in text, (path, old)
        self.write(path, text.replace(old, new))

    def git(self, *arguments: str) -> str:
        """Run git in the clone."""
        return self.here.git(self.checkout, *arguments)

    def commit(self, message: str = "A change") -> str:
        """Commit everything; gives the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def push(self, *specs: str) -> None:
        """Commit everything, and push."""
        self.commit()
        self.git("push", "--quiet", "origin", *(specs or ("main",)))

    def another(self) -> Ground:
        """Give another clone of the same remote."""
        return Ground(self.here, self.here.checkout())

    def hook(self, name: str, script: str, *, remote: bool = False) -> None:
        """Install a hook in the clone, or in the remote."""
        base = self.here.world.repository.path if remote else self.checkout / ".git"
        path = base / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def castoff(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        """Run a command in this process; gives its exit code."""
        environment = {**self.here.environment, **self.environment}
        with monkeypatch.context() as during:
            for name in list(os.environ):
                during.delenv(name)
            for name, value in environment.items():
                during.setenv(name, value)
            during.setattr(tempfile, "tempdir", environment.get("TMPDIR"))
            during.chdir(self.checkout)
            return run(arguments)


Spoil = Callable[[Ground], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One bad input: what is run on what, and which exit code and stable codes come of it.

    ``seed`` is what the forge begins with.
    """

    name: str
    command: str
    exit: int
    codes: tuple[str, ...]
    spoil: Spoil = lambda ground: None
    environment: Mapping[str, str] = field(default_factory=dict)
    seed: Mapping[str, object] = field(default_factory=dict)
