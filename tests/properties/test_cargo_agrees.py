"""Members of drawn Cargo repositories, compared with those that the real cargo lists in the same folder."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from repositories import Repository, cargo_repositories

from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.errors import CastoffError
from castoff.model.scope import Scope
from castoff.session.workspaces import read_workspace


@pytest.mark.needs("cargo")
@pytest.mark.real
@settings(
    max_examples=20,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cargo_repositories(), st.data())
def test_the_members_are_those_that_cargo_lists(
    tmp_path: Path, tree: Repository, data: st.DataObject
) -> None:
    start = data.draw(st.sampled_from((".", ".", ".", *tree.folders)))
    top = Path(tempfile.mkdtemp(dir=tmp_path))
    for path, text in tree.texts.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, encoding="utf-8")
        if path.endswith("Cargo.toml") and "[package]" in text:
            (top / path).parent.joinpath("lib.rs").touch()
    for link, target in tree.symlinks.items():
        (top / link).parent.mkdir(parents=True, exist_ok=True)
        (top / link).symlink_to(target)

    listed = _listed(top, start)

    if listed is None:
        return  # cargo refuses it, or would publish nothing of it: castoff looks for a workspace further up
    try:
        release = read_workspace(tree, [CargoManifests()], Scope(start=start))
    except CastoffError as error:
        pytest.fail(f"cargo lists {sorted(listed)}, castoff refuses: {error}")
    found = {one.manifest for one in release.packages} | {one.manifest for one in release.members}
    assert found == listed


def _listed(top: Path, start: str) -> set[str] | None:
    """Return the manifests that cargo lists, None if it refuses, or if all are private."""
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version=1"]
    done = subprocess.run(
        command, cwd=top / start, env=os.environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return None
    packages = json.loads(done.stdout)["packages"]
    if all(one["publish"] == [] for one in packages):
        return None
    return {Path(one["manifest_path"]).resolve().relative_to(top.resolve()).as_posix() for one in packages}
