"""A workspace with changes since its last release, and a forge that knows them; castoff runs on it in process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.wiring import Options, open_setting
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from loopback import open_directly

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = "2026-03-01T12:00:00+00:00"
SLUG = "acme/harbour"
RELEASE_YML = """changelog:
  exclude:
    labels: [changelog-exclude]
  categories:
    - title: Added
      labels: [changelog-add]
    - title: Fixed
      labels: [changelog-fix]
"""
PYPROJECT = """[project]
name = "harbour"
version = "{version}"
description = "For trying"
requires-python = ">=3.11"

[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"
"""


@dataclass(slots=True)
class History:
    """A repository under construction: commits, and the pull requests that brought them."""

    path: Path
    at: datetime = START
    pulls: list[dict[str, object]] = field(default_factory=list)

    def git(self, *arguments: str, given: str = "") -> str:
        """Run git at the history's own time."""
        when = self.at.isoformat()
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            input=given,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **IDENTITY, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when},
        )
        return done.stdout.strip()

    def commit(self, message: str, files: Mapping[str, str] | None = None) -> str:
        """Commit on the branch that is checked out."""
        self.at += timedelta(hours=1)
        for name, text in (files or {}).items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-F", "-", given=message)
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str) -> None:
        """Tag the head."""
        self.at += timedelta(minutes=1)
        self.git("tag", "-a", "-m", name, name)

    def squash(self, number: int, title: str, **fields: Any) -> str:
        """Bring a pull request in as one commit."""
        sha = self.commit(f"{title} (#{number})", fields.pop("files", None))
        self.merged(number, title, sha, **fields)
        return sha

    def merge(self, number: int, title: str, commits: Sequence[str] = ("work",), **fields: Any) -> str:
        """Bring a pull request in as a merge commit with its own commits."""
        self.git("checkout", "--quiet", "-b", f"topic-{number}")
        for message in commits:
            self.commit(message)
        self.git("checkout", "--quiet", "main")
        self.at += timedelta(hours=1)
        self.git(
            "merge", "--quiet", "--no-ff", "-m", f"Merge pull request #{number} from x", f"topic-{number}"
        )
        sha = self.git("rev-parse", "HEAD")
        self.merged(number, title, sha, **fields)
        return sha

    def merged(self, number: int, title: str, commit: str, **fields: Any) -> None:
        """Say that a pull request was merged as this commit, now."""
        entry: dict[str, object] = {
            "number": number,
            "title": title,
            "author": "ada",
            "merged_at": self.at.isoformat(),
            "merge_commit": commit,
        }
        self.pulls.append(entry | fields)


IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.invalid",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(slots=True)
class Ground:
    """The world, and a clone in which castoff runs."""

    folder: Path
    world: World
    checkout: Path

    @property
    def environment(self) -> dict[str, str]:
        """What castoff sees."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        fixed = {"CASTOFF_NOW": NOW, "NO_COLOR": "1", "HOME": str(home), "GH_TOKEN": "writer"}
        return {**self.world.child_environment(), **IDENTITY, **fixed}

    def setting(self, **changes: str) -> Services:
        """Open the clone."""
        return open_setting(Options(directory=self.checkout), Silence(), {**self.environment, **changes})

    def forge(self) -> dict[str, Any]:
        """Give what is on the forge."""
        dump = self.world.dump()["forge"]
        assert isinstance(dump, dict)
        return dump

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Ask the forge as another client would."""
        import urllib.request

        url = f"{self.world.forge.url}/repos/{SLUG}{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Authorization": "Bearer writer"}, method=method)
        with open_directly(request) as answer:
            return json.loads(answer.read() or b"null")

    def asked(self, service: str = "forge") -> list[str]:
        """List the requests so far."""
        return [f"{e.method} {e.path}" for e in self.world.journal.entries() if e.service == service]

    def writes(self) -> list[str]:
        """List the writes to the forge so far."""
        return [
            f"{e.method} {e.path}" for e in self.world.journal.entries() if e.service == "forge" and e.write
        ]


@contextmanager
def ground(
    folder: Path, build: Callable[[History], object], *, configuration: str = "", **forge: object
) -> Iterator[Ground]:
    """Open a world over a workspace that was released as 1.0.0, and whatever ``build`` does after that."""
    source = folder / "source"
    source.mkdir(parents=True)
    history = History(source)
    history.git("init", "--quiet", "--initial-branch=main")
    files = {
        "pyproject.toml": PYPROJECT.format(version="1.0.0"),
        "src/harbour/__init__.py": '"""Harbour."""\n',
        ".github/release.yml": RELEASE_YML,
    }
    history.commit("release 1.0.0", files | ({"castoff.toml": configuration} if configuration else {}))
    history.tag("1.0.0")
    build(history)
    pulls = [*history.pulls, *forge.pop("pull_requests", ())]  # type: ignore[misc]
    seed = WorldSeed(slug=SLUG, repository=source, forge={"pull_requests": pulls, **forge})
    with World(folder / "world", seed=seed, outside=False) as world:
        checkout = folder / "checkout"
        clone = ["git", "clone", "--quiet", world.repository.url, str(checkout)]
        subprocess.run(clone, check=True, env={**world.child_environment(), **IDENTITY})
        for name, value in (("user.name", "Ada"), ("user.email", "ada@example.invalid")):
            subprocess.run(["git", "config", name, value], cwd=checkout, check=True)
        yield Ground(folder, world, checkout)


def release(history: History, version: str) -> str:
    """Commit and tag a release, as castoff would leave it after the tag."""
    commit = history.commit(f"release {version}", {"pyproject.toml": PYPROJECT.format(version=version)})
    history.tag(version)
    return commit


def castoff(
    ground: Ground,
    *arguments: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    **changes: str,
) -> tuple[int, str, str]:
    """Run the command line in process; gives exit code, standard output and standard error."""
    from castoff.cli.main import run

    for name in [name for name in os.environ if name not in ground.environment]:
        monkeypatch.delenv(name)
    for name, value in {**ground.environment, **changes}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ground.checkout)
    capsys.readouterr()
    code = run(arguments)
    told = capsys.readouterr()
    return code, told.out, told.err
