"""Do the workflows of `castoff ci` release wheels of several platforms? Their steps are run, cibuildwheel is played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from branches_bench import bench
from test_release_in_actions import FORGE, Runner

from castoff_needs import FROM, offer_what_castoff_needs

pytestmark = [pytest.mark.real, pytest.mark.whole]

CONFIGURATION = f"""\
{FROM}release = RELEASE
wheels = ["ubuntu-latest", "windows-latest"]
wheel-packages = ["proof-core"]

[python]
artifacts = "dist"
"""
FILES = [
    "proof_core-1.1.0.tar.gz",
    "proof_core-1.1.0-py3-none-manylinux_2_17_x86_64.whl",
    "proof_core-1.1.0-py3-none-win_amd64.whl",
    "proof-1.1.0.tar.gz",
    "proof-1.1.0-py3-none-any.whl",
]


def files(release: str) -> dict[str, str]:
    return {"castoff.toml": CONFIGURATION.replace("RELEASE", release), ".gitignore": "dist/\n"}


def workflow(tmp_path: Path, name: str) -> Path:
    return tmp_path / f"castoff-{name}.yml"


def test_wheels_of_one_tree_are_rehearsed_before_the_claim_and_uploaded_after_it(tmp_path: Path) -> None:
    with bench(tmp_path, "python", forge={"tokens": FORGE["tokens"]}, files=files('"push"')) as made:
        offer_what_castoff_needs(made.stage.world)
        made.run("ci", "--write", ".")
        path = made.clone / ".github" / "workflows" / "castoff-resume.yml"
        runner = Runner(made, {"secrets.UV_PUBLISH_TOKEN": made.stage.environment["UV_PUBLISH_TOKEN"]})

        ran = runner.run(path, inputs_level="minor")

        assert ran == [
            "tree",
            "wheels",
            "sdists",
            "rehearse",
            "claim",
            "build",
            "sign",
            "publish",
            "finish",
        ], runner.told
        assert sorted(made.uploads("python")) == sorted(FILES)
        dumped: Any = made.stage.world.dump()
        assert "refs/tags/1.1.0" in dumped["git"]["refs"]

        # Nothing is left to do, and nothing is built for it.
        assert runner.run(path) == ["tree", "build", "finish"]


def test_wheels_are_built_for_the_proposal_and_again_for_what_its_merge_claims(tmp_path: Path) -> None:
    with bench(tmp_path, "python", forge=FORGE, files=files("true\nshards = 2")) as made:
        offer_what_castoff_needs(made.stage.world)
        made.run("ci", "--write", ".")
        folder = made.clone / ".github" / "workflows"
        runner = Runner(made, {"secrets.UV_PUBLISH_TOKEN": made.stage.environment["UV_PUBLISH_TOKEN"]})

        assert runner.run(folder / "castoff-propose.yml", inputs_level="minor") == [
            "tree", "wheels", "sdists", "rehearse", "propose",
        ], runner.told  # fmt: skip
        (pull,) = made.ask("GET", "pulls?state=open")
        made.ask("PUT", f"pulls/{pull['number']}/merge", {"merge_method": "squash"})
        assert runner.run(folder / "castoff-resume.yml") == [
            "tree", "wheels", "sdists", "build", "join", "sign", "publish", "finish",
        ], runner.told  # fmt: skip

        assert sorted(made.uploads("python")) == sorted(FILES)
