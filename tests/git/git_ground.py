"""Real repositories in a temporary folder, with settings of their own and none of the machine's."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from castoff.git import Git, Repository
from castoff.io.process import Processes

DAY = "2026-01-02T03:04:05+00:00"


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder with a home in it; ``extra`` goes into the environment of every program."""

    folder: Path
    extra: Mapping[str, str]

    @classmethod
    def at(cls, folder: Path, **extra: str) -> Ground:
        """Prepare a folder."""
        (folder / "home").mkdir()
        (folder / "home" / "gitconfig").write_text(
            "[user]\n\tname = Ada\n\temail = ada@example.org\n", "utf-8"
        )
        return cls(folder, extra)

    @property
    def environment(self) -> dict[str, str]:
        """Give the environment of every program here."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "GIT_CONFIG_GLOBAL": str(self.folder / "home" / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": DAY,
            "GIT_COMMITTER_DATE": DAY,
            **self.extra,
        }

    @property
    def processes(self) -> Processes:
        """Open a door."""
        return Processes(self.environment)

    def settings(self, text: str) -> None:
        """Add to the user's own settings."""
        with (self.folder / "home" / "gitconfig").open("a", encoding="utf-8") as file:
            file.write(text)

    def git(self, folder: str | Path, *words: str | Path, given: str | None = None) -> str:
        """Run git as the user would; it must work."""
        done = subprocess.run(
            ["git", *map(str, words)],
            cwd=self.folder / folder,
            env=self.environment,
            input=None if given is None else given.encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="surrogateescape").removesuffix("\n")

    def new(self, name: str = "here", **files: str) -> Path:
        """Make a repository with one commit of these files (``a__b`` stands for ``a/b``)."""
        root = self.folder / name
        self.git(".", "init", "--quiet", "--initial-branch=main", name)
        self.commit(root, "first", {"readme": "one\n", **{k.replace("__", "/"): v for k, v in files.items()}})
        return root

    def bare(self, name: str = "there.git") -> Path:
        """Make an empty bare repository."""
        self.git(".", "init", "--quiet", "--bare", "--initial-branch=main", name)
        return self.folder / name

    def commit(self, root: Path, message: str, files: Mapping[str, str | bytes]) -> str:
        """Write files, and commit them."""
        for path, content in files.items():
            full = root / path
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git(root, "add", "--all")
        self.git(root, "commit", "--quiet", "--allow-empty", "-m", message)
        return self.git(root, "rev-parse", "HEAD")

    def repository(self, root: Path) -> Repository:
        """Open a repository as castoff does."""
        return Repository(Git(self.processes, root))


def fingerprint(root: Path) -> dict[str, tuple[str, int, int]]:
    """Give content, mode and time of every file and folder below a folder."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(root))] = (
            hashlib.sha256(content).hexdigest(),
            status.st_mode,
            status.st_mtime_ns,
        )
    return found


def hook(root: Path, name: str, script: str) -> Path:
    """Install a hook."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
