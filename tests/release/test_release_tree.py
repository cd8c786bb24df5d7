"""`castoff tree`: what other machines build is what the release commit holds, before and after the claim."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from castoff.workflows.wheel_jobs import UNPACK
from proofs.small import write_small
from proofs.tagged import write_tagged
from proofs.worlds import Stage, make_key, make_source, stage_of

pytestmark = pytest.mark.real

CLAIM = ("release", "minor", "--execute", "--rehearsed", "--only", "version")


def written(here: Stage, checkout: Path, *words: str) -> dict[str, Any]:
    code, output = here.run(checkout, "tree", *words, "--to", str(here.folder / "tree.tar"), "--json")
    assert code == 0, output
    return dict(json.loads(output[output.index("{") :]))


def test_the_tree_of_a_level_has_its_version_and_all_files_and_nothing_is_written_elsewhere(
    tmp_path: Path,
) -> None:
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write_small(tmp_path / "sample"))
    with stage_of(tmp_path / "stage", key, source) as here:
        checkout = here.checkout()
        (checkout / "build.sh").write_text("#!/bin/sh\n")
        (checkout / "build.sh").chmod(0o755)
        (checkout / "NOTES").symlink_to("CHANGELOG.md")
        here.git(checkout, "add", "--all")
        here.git(checkout, "commit", "--quiet", "--message", "Add a script and a link")
        here.git(checkout, "push", "--quiet")
        # Neither a name nor a key: what is written is no commit.
        for name in ("user.name", "user.email", "user.signingkey"):
            here.git(checkout, "config", name, "")
        before = here.dump()

        tree = written(here, checkout, "minor")

        assert (tree["version"], tree["tags"], tree["problems"]) == ("1.1.0", ["1.1.0"], [])
        assert here.dump() == before
        assert here.git(checkout, "status", "--porcelain") == ""
        with tarfile.open(here.folder / "tree.tar") as archive:
            tree_files = {one.name: one for one in archive}
            manifest = archive.extractfile("packages/proof/pyproject.toml")
            assert manifest is not None
            text = manifest.read().decode()
        assert tree_files.keys() == set(here.git(checkout, "ls-files").split())
        assert 'version = "1.1.0"' in text
        assert "proof-core==1.1.0" in text
        assert (tree_files["build.sh"].mode, tree_files["NOTES"].linkname) == (0o755, "CHANGELOG.md")


@pytest.mark.whole
@pytest.mark.parametrize("write", [write_small, write_tagged])
def test_the_claim_changes_nothing_in_the_tree(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    key = make_key(tmp_path)
    with stage_of(
        tmp_path / "stage", key, make_source(tmp_path / "source", key, write(tmp_path / "sample"))
    ) as here:
        checkout = here.checkout()
        tree = written(here, checkout, "minor")

        code, output = here.run(here.checkout(), *CLAIM)

        assert code == 0, output
        here.git(checkout, "pull", "--quiet")
        assert written(here, checkout) == tree
        assert written(here, checkout, "minor") == tree, "it is in flight"


def test_of_versions_from_tags_the_tree_is_the_commit_and_the_tag_is_named(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write_tagged(tmp_path / "sample"))
    with stage_of(tmp_path / "stage", key, source) as here:
        checkout = here.checkout()

        tree = written(here, checkout, "minor", "--pre", "rc")

        assert (tree["version"], tree["tags"]) == ("1.1.0rc1", ["1.1.0rc1"])
        with tarfile.open(here.folder / "tree.tar") as archive:
            assert set(archive.getnames()) == set(here.git(checkout, "ls-files").split())


@pytest.mark.whole
def test_a_tool_takes_the_version_of_the_release_from_the_repository_that_a_job_makes(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write_tagged(tmp_path / "sample"))
    with stage_of(tmp_path / "stage", key, source) as here:
        (runner := tmp_path / "tree").mkdir()
        tree = written(here, here.checkout(), "minor")
        (here.folder / "tree.tar").rename(runner / "tree.tar")
        (clone := tmp_path / "clone").mkdir()
        given = {"TREE": tree["digest"], "TAGS": " ".join(tree["tags"]), "RUNNER_TEMP": str(tmp_path)}
        environment = {**here.environment, **given, "GITHUB_WORKSPACE": str(clone)}

        subprocess.run(["bash", "-eo", "pipefail", "-c", UNPACK], cwd=clone, env=environment, check=True)

        for name in ("proof-core", "proof"):
            # As cibuildwheel and uv do, with the tools of the test's own environment.
            build = [
                sys.executable,
                "-m",
                "build",
                "--no-isolation",
                "--wheel",
                "--outdir",
                str(tmp_path / "dist"),
            ]
            subprocess.run(build, cwd=clone / "packages" / name, env=environment, check=True)
        assert sorted(one.name for one in (tmp_path / "dist").iterdir()) == [
            "proof-1.1.0-py3-none-any.whl",
            "proof_core-1.1.0-py3-none-any.whl",
        ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), (0, "[nothing-to-resume]")),
        (("--pre", "rc"), (2, "--pre needs a LEVEL")),
        (("0.9.0",), (2, "[version-not-higher]")),
        (("minor", "--to", "missing/tree.tar"), (2, "[file-unwritable]")),
    ],
)
def test_what_is_no_tree_is_refused(
    tmp_path: Path, words: tuple[str, ...], expected: tuple[int, str]
) -> None:
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write_small(tmp_path / "sample"))
    with stage_of(tmp_path / "stage", key, source) as here:
        file = () if "--to" in words else ("--to", "tree.tar")

        code, output = here.run(here.checkout(), "tree", *words, *file)

        assert (code, expected[1] in output) == (expected[0], True), output
