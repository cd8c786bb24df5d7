"""A workspace of crates that was released and tagged, in an embedded world, for what comes after the announcement."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from castoff.model.acts import Act, Outcome
from castoff.ports import NewRelease
from castoff.reconcile import Patience
from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.seed import WorldSeed
from castoff.world.world import World

SLUG = "acme/kit"
ROOT = f"https://github.com/{SLUG}"
DAY = "2026-11-20"
BODY = (
    "## Highlights\n\nThe kit folds.\n\n## What's Changed\n### Added\n"
    f"* Fold by @ada in {ROOT}/pull/2\n\n## New Contributors\n"
    f"* @ada made their first contribution in {ROOT}/pull/2\n\n"
    f"**Full Changelog**: {ROOT}/compare/1.0.0...1.1.0"
)
OLD = "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-10-01\n\n- First.\n\n[1.0.0]: {root}/releases/tag/1.0.0\n"
CUT = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - {day}\n\n- News of the kit.\n\n"
    "## [1.0.0] - 2026-10-01\n\n- First.\n\n[1.0.0]: {root}/releases/tag/1.0.0\n"
)
_MANIFEST = """[package]
name = "{name}"
version = "{version}"
edition = "2021"
license = "MIT"
description = "For tests"
{needs}"""


def old_changelog() -> str:
    return OLD.format(root=ROOT)


def cut_changelog() -> str:
    return CUT.format(root=ROOT, day=DAY)


def crates(version: str) -> dict[str, str]:
    """Give the files of the workspace at one version."""
    needs = f'[dependencies]\nkit-core = {{ path = "../kit-core", version = "={version}" }}\n'
    return {
        "Cargo.toml": '[workspace]\nmembers = ["kit", "kit-core"]\nresolver = "2"\n',
        "kit/Cargo.toml": _MANIFEST.format(name="kit", version=version, needs=needs),
        "kit/src/lib.rs": "pub use kit_core::*;\n",
        "kit-core/Cargo.toml": _MANIFEST.format(name="kit-core", version=version, needs=""),
        "kit-core/src/lib.rs": "pub struct Kit;\n",
    }


@dataclass
class Yard:
    """The world, a checkout, and the ways to both."""

    world: World
    folder: Path
    checkout: Path
    environment: dict[str, str]
    clones: int = field(default=0)

    def git(self, *arguments: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=at or self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def setting(self, configuration: str | None = None, *, patience: Patience | None = None) -> Services:
        """Open the checkout; a configuration is written into it first, uncommitted."""
        if configuration is not None:
            (self.checkout / "castoff.toml").write_text(configuration)
        setting = open_setting(Options(directory=self.checkout), Silence(), self.environment)
        usual = Patience(first_pause=0.01, longest_pause=0.05, settle=0.05, unknown=0.3, visible=2.0)
        return replace(setting, patience=patience or usual)

    def commit(self, files: Mapping[str, str], message: str) -> str:
        for path, text in files.items():
            (self.checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (self.checkout / path).write_text(text)
        self.git("add", "--all", ":!castoff.toml")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, *refs: str) -> None:
        self.git("push", "--quiet", "origin", *refs)

    def bare(self, *arguments: str) -> str:
        return self.git("--git-dir", str(self.world.repository.path), *arguments)

    def head(self, branch: str = "main") -> str:
        return self.bare("rev-parse", f"refs/heads/{branch}")

    def text(self, path: str = "CHANGELOG.md", branch: str = "main") -> str:
        done = subprocess.run(
            ["git", "--git-dir", str(self.world.repository.path), "show", f"{branch}:{path}"],
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def issues(self) -> list[dict[str, object]]:
        dumped = self.world.dump()["forge"]
        assert isinstance(dumped, dict)
        return list(dumped["issues"])

    def writes(self) -> int:
        return sum(entry.write for entry in self.world.journal.entries())

    def tag(self, name: str, message: str = "", at: str = "HEAD") -> None:
        self.git("tag", "--annotate", "-m", message or name, name, at)


def published(tag: str = "1.1.0", body: str = BODY, **more: object) -> dict[str, object]:
    return {"tag": tag, "body": body, "published_at": f"{DAY}T10:00:00Z", **more}


@contextmanager
def yard(
    folder: Path,
    *,
    forge: Mapping[str, object] | None = None,
    docs: Mapping[str, object] | None = None,
    files: Mapping[str, str] | None = None,
    changelog: str | None = None,
) -> Iterator[Yard]:
    """Open a world with 1.0.0 and 1.1.0 released from main, the notes of 1.1.0 published and not ported."""
    seed = WorldSeed(
        slug=SLUG,
        clock=datetime(2026, 11, 20, 12, tzinfo=UTC),
        forge={"releases": [published()], **(forge or {})},
        docs=dict(docs or {}),
    )
    with World(folder / "world", seed=seed, outside=False, tls=False, environment=_quiet()) as world:
        made = Yard(world, folder, folder / "checkout", _environment(world, folder))
        made.checkout.mkdir(parents=True)
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("config", "user.name", "Ada")
        made.git("config", "user.email", "ada@example.invalid")
        made.git("remote", "add", "origin", world.repository.url)
        made.commit({**crates("1.0.0"), "CHANGELOG.md": old_changelog(), **(files or {})}, "release 1.0.0")
        made.tag("1.0.0")
        made.commit({"kit-core/src/lib.rs": "pub struct Kit;\npub fn fold() {}\n"}, "Fold (#2)")
        made.commit({**crates("1.1.0"), "CHANGELOG.md": changelog or cut_changelog()}, "release 1.1.0")
        made.tag("1.1.0")
        made.push("main", "--tags")
        yield made


def _quiet() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GH_", "GITHUB_"))}


def _environment(world: World, folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    moment = f"{DAY}T12:00:00+00:00"
    return {
        **world.child_environment(),
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": moment,
        "GIT_COMMITTER_DATE": moment,
    }


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


class Dying(Silence):
    """A reporter at which the process dies: before or after the effect of one act."""

    def __init__(self, act: str, when: str) -> None:
        self._act = act
        self._when = when

    def act_begins(self, act: Act) -> None:
        if act.id == self._act and self._when == "before":
            raise Killed

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        if act.id == self._act and self._when == "after":
            raise Killed


def publish(here: Yard, tag: str, body: str = BODY) -> None:
    """Publish a release through the forge's interface."""
    setting = here.setting()
    forge = setting.forge(here.world.repository.url)
    assert forge is not None
    forge.create_release(
        NewRelease(tag=tag, name=tag, body=body, draft=False, prerelease=False, target="main", latest=False)
    )
