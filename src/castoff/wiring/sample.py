"""The world of the demo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from castoff.git import FolderTree
from castoff.io.process import Processes
from castoff.ports import Reporter
from castoff.session.workspaces import read_workspace
from castoff.wiring.embedded_world import fill_crates, fill_npm, fill_registries
from castoff.wiring.services import Options, open_setting

if TYPE_CHECKING:
    from castoff.release.run import Result


_SLUGS = {"cargo": "acme/lighthouse", "npm": "acme/orchard", "python": "acme/harbour"}


def play_demo(folder: Path, sample: str, reporter: Reporter) -> tuple[Result, dict[str, object]]:
    """Make the sample workspace and an embedded world, and release the one in the other."""
    from castoff.release.demo import connect, make_sample, merged_change
    from castoff.release.run import approve_staged, run_release
    from castoff.session.release_request import ReleaseRequest
    from castoff.world.clients import without_secrets
    from castoff.world.npm_registry.accounts import OTP
    from castoff.world.seed import WorldSeed
    from castoff.world.world import World

    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    before = Processes({**without_secrets(os.environ), **quiet})
    checkout = make_sample(before, examples() / sample, folder, tag="1.0.0")
    slug = _SLUGS[sample]
    seed = WorldSeed(slug=slug, forge={"pull_requests": [merged_change(before, checkout)]})
    with World(folder / "world", seed=seed) as world:
        environment = {**world.child_environment(), **quiet, "npm_config_otp": OTP}
        connect(Processes(environment), checkout, world.repository.url)
        services = open_setting(Options(directory=checkout), reporter, environment)
        released = read_workspace(FolderTree(checkout), services.manifests, services.scope)
        fill_registries(world, released)
        fill_npm(world, released)
        fill_crates(world, released)
        result = run_release(services, ReleaseRequest(level="minor", agreed=True))
        return approve_staged(services, result, agreed=True), world.dump()


def examples() -> Path:
    """Find the sample workspaces: inside the installed package, or in the source tree."""
    here = Path(__file__).resolve().parents[1]
    packed = here / "examples"
    return packed if packed.is_dir() else here.parents[1] / "examples"
