"""A private crate behind a wheel or an npm package follows the version of the release that it is built into."""

from __future__ import annotations

from pathlib import Path

import pytest

from session.versioned import Versioned, crate, python

WHEEL = {"pyproject.toml": python("zz-quay", "1.0.0")}
ADDON = {"package.json": '{\n  "name": "zz-quay",\n  "version": "1.0.0"\n}\n'}


@pytest.mark.parametrize("published", [WHEEL, ADDON], ids=["a wheel", "an npm package"])
@pytest.mark.parametrize(("version", "moves"), [("1.0.0", True), ("0.3.0", False)], ids=["same", "own"])
def test_a_private_crate_follows_what_it_is_built_into(
    published: dict[str, str], version: str, moves: bool, tmp_path: Path
) -> None:
    files = {"Cargo.toml": crate("zz-quay", version, "publish = false\n"), "src/lib.rs": "", **published}
    ground = Versioned.begin(tmp_path, files, "1.0.0")

    plan = ground.plan("minor")

    assert [one.package.manifest for one in plan.packages] == [*published]
    assert ("Cargo.toml" in [one.path for one in plan.edits]) is moves
