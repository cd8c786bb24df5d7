"""How is the demo's world made and played?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from castoff.flows.survey import read_workspace
from castoff.git import FolderTree
from castoff.ports import Reporter
from castoff.process import Processes
from castoff.wiring.embedding import fill_crates, fill_registries
from castoff.wiring.opening import Options, open_setting

if TYPE_CHECKING:
    from castoff.flows.release import Result


def play_demo(folder: Path, sample: str, reporter: Reporter) -> tuple[Result, dict[str, object]]:
    """Make the sample workspace and an embedded world, and release the one in the other."""
    from castoff.flows.demo import connect, make_sample, merged_change
    from castoff.flows.release import run_release
    from castoff.flows.wish import Wish
    from castoff.world.secrets import without_secrets
    from castoff.world.seed import WorldSeed
    from castoff.world.world import World

    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    before = Processes({**without_secrets(os.environ), **quiet})
    checkout = make_sample(before, examples() / sample, folder, tag="1.0.0")
    slug = "acme/lighthouse" if sample == "cargo" else "acme/harbour"
    seed = WorldSeed(slug=slug, forge={"pull_requests": [merged_change(before, checkout)]})
    with World(folder / "world", seed=seed) as world:
        environment = {**world.child_environment(), **quiet}
        connect(Processes(environment), checkout, world.repository.url)
        setting = open_setting(Options(directory=checkout), reporter, environment)
        released = read_workspace(FolderTree(checkout), setting.manifests, ())
        fill_registries(world, released)
        fill_crates(world, released)
        return run_release(setting, Wish(level="minor", agreed=True)), world.dump()


def examples() -> Path:
    """Find the sample workspaces: inside the installed package, or in the source tree."""
    here = Path(__file__).resolve().parents[1]
    packed = here / "examples"
    return packed if packed.is_dir() else here.parents[1] / "examples"
