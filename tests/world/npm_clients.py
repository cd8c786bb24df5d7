"""Clients of the npm registry that nobody here wrote: where they are found, and how each is told what to do.

They are looked for in the folder that `CASTOFF_NPM_CLIENTS` names (`scripts/npm-clients` fills it), then in the
usual places. One that is missing is skipped by its name.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from castoff.world.world import World

FOLDER = Path(os.environ.get("CASTOFF_NPM_CLIENTS", "/nonexistent")) / "node_modules"
NODE = str(FOLDER / "node/bin/node") if (FOLDER / "node").is_dir() else "node"
OTP = "123456"
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client: the module below the folder of clients that it runs from, and the arguments of each act."""

    name: str
    module: str
    acts: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        """Return how it is started, or skip the test."""
        script = FOLDER / self.module
        found = script if script.is_file() else shutil.which(self.name)
        if found is None:
            pytest.skip(f"{self.name} is not installed")
        if script.is_file() and script.suffix in (".js", ".cjs", ".mjs"):
            return (NODE, str(found))
        return (str(found),)

    def arguments(self, act: str, **values: str) -> tuple[str, ...]:
        """Return the arguments of an act, or skip the test of a client that has none."""
        if act not in self.acts:
            pytest.skip(f"{self.name} has no {act}")
        return tuple(part.format(otp=OTP, **values) for part in self.acts[act].split())


_NPM = {
    "publish": "publish --access public",
    "install": "install --no-audit --no-fund --ignore-scripts",
    "view": "view @acme/core versions --json",
    "tag": "dist-tag add @acme/core@1.0.0 next",
    "deprecate": "deprecate @acme/core@1.0.0 use-2",
    "unpublish": "unpublish @acme/core@1.0.0 --force",
    "stage": "stage publish --access public",
    "list": "stage list --json",
    "download": "stage download {id}",
    "approve": "stage approve {id} --otp={otp}",
    "reject": "stage reject {id} --otp={otp}",
}
_PNPM = {
    **_NPM,
    "publish": "publish --access public --no-git-checks",
    "stage": "stage publish --access public --no-git-checks",
    "install": "install --ignore-scripts --no-frozen-lockfile",
}
_YARN = {
    "prepare": "install --no-immutable",
    "publish": "npm publish --access public",
    "install": "install --no-immutable",
    "view": "npm info @acme/core --fields versions --json",
    "tag": "npm tag add @acme/core@1.0.0 next",
    "stage": "npm publish --access public --staged",
}
_BUN = {
    "publish": "publish --access public",
    "install": "install --ignore-scripts",
    "view": "pm view @acme/core versions --json",
}
CLIENTS = (
    Client(name="npm", module="none", acts=_NPM),
    Client(name="npm11", module="npm11/bin/npm-cli.js", acts=_NPM),
    Client(name="npm12", module="npm12/bin/npm-cli.js", acts=_NPM),
    Client(name="pnpm", module=".bin/pnpm", acts=_PNPM),
    Client(name="yarn", module="@yarnpkg/cli-dist/bin/yarn.js", acts=_YARN),
    Client(name="bun", module=".bin/bun", acts=_BUN),
)
LERNA = Client(name="lerna", module="lerna/dist/cli.js")
CHANGESETS = Client(name="changeset", module="@changesets/cli/bin.js")


class Shop:
    """A folder in which a client works, with a home of its own, led to a world."""

    def __init__(self, world: World, folder: Path, client: Client) -> None:
        self.world = world
        self.folder = folder
        self.client = client
        home = folder / "home"
        home.mkdir()
        path = os.pathsep.join([str(FOLDER / ".bin"), world.child_environment()["PATH"]])
        own = {"HOME": str(home), "PATH": path, "npm_config_cache": str(home / "cache"), "CI": "1"}
        self.environment = {**world.child_environment(), **own, "YARN_NPM_MINIMAL_AGE_GATE": "0"}

    def project(self, name: str, manifest: Mapping[str, object]) -> Path:
        """Write a project."""
        made = self.folder / name
        made.mkdir(parents=True)
        (made / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
        if self.client.name == "yarn":
            (made / "yarn.lock").touch()
            (made / ".yarnrc.yml").write_text("nodeLinker: node-modules\nenableGlobalCache: false\n")
        if "prepare" in self.client.acts:  # yarn publishes only from a project that was installed
            self.do("prepare", made)
        return made

    def do(self, act: str, where: Path, *, ok: bool = True, **values: str) -> Done:
        """Let the client do something."""
        return self.run(*self.client.command, *self.client.arguments(act, **values), where=where, ok=ok)

    def run(self, *command: str, where: Path, ok: bool = True) -> Done:
        """Run a command."""
        done = subprocess.run(
            command,
            cwd=where,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done
