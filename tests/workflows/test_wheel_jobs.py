"""Jobs that build wheels on several machines: rights, order, and what passes from one to the next."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from ruamel.yaml import YAML

from castoff.values import replace
from castoff.workflows.options import WheelBuilds, WorkflowOptions
from castoff.workflows.plan import workflows

OPTIONS = WorkflowOptions(
    repository="o/r",
    source="git+https://github.com/o/castoff@" + "0123456789" * 4,
    ecosystems=("python",),
    build_secrets=("UV_INDEX_HOUSE_PASSWORD",),
    wheels=WheelBuilds(
        runners=("ubuntu-24.04-arm", "windows-latest"),
        folder="dist/all",
        compiled=("packages/core", "."),
        pure=("packages/facade",),
    ),
)
GOLDEN = Path(__file__).with_name("wheel_jobs.yml")


def text_of(release: Literal["push", "pull-request"], name: str, **more: Any) -> str:
    files = workflows(replace(OPTIONS, release=release, **more))
    return next(one.text for one in files if one.path.endswith(f"castoff-{name}.yml"))


def jobs(release: Literal["push", "pull-request"], name: str, **more: Any) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(text_of(release, name, **more))["jobs"])


def script(job: Any, title: str) -> str:
    return str(next(one["run"] for one in job["steps"] if one.get("name") == title))


def test_the_text_of_these_jobs_is_the_one_that_was_read_by_people() -> None:
    text = text_of("push", "resume")
    start, end = text.index("  tree:"), text.index("  rehearse:")

    assert text[start:end] == GOLDEN.read_text("utf-8")


RUNS: tuple[tuple[Literal["push", "pull-request"], str, str], ...] = (
    ("push", "resume", "rehearse"),
    ("push", "resume", "build"),
    ("pull-request", "propose", "rehearse"),
    ("pull-request", "resume", "build"),
)


@pytest.mark.parametrize(("release", "name", "user"), RUNS)
def test_wheels_come_first_with_no_right_no_clone_and_no_secret(
    release: Literal["push", "pull-request"], name: str, user: str
) -> None:
    found = jobs(release, name)

    assert [*found][:3] == ["tree", "wheels", "sdists"]
    assert found["tree"]["permissions"] == {"contents": "read"}
    assert found[user]["needs"][:3] == ["tree", "wheels", "sdists"]
    assert "needs.tree.result == 'success'" in found[user]["if"]
    for one in ("wheels", "sdists"):
        assert found[one]["permissions"] == {}
        assert "secrets." not in str(found[one])
        assert "github.token" not in str(found[one])
        assert "checkout" not in str(found[one])
        assert found[one]["if"] == "${{ needs.tree.outputs.digest }}"
    assert "secrets." not in str(found["tree"])


def test_the_tree_is_that_of_a_level_only_where_a_person_may_name_one() -> None:
    for release, name, level in (
        ("push", "resume", True),
        ("pull-request", "propose", True),
        ("pull-request", "resume", False),
    ):
        tree = jobs(release, name)["tree"]  # type: ignore[arg-type]
        assert ("LEVEL" in str(tree)) is level
        # The commit that started the workflow is what is rehearsed and claimed.
        assert ("ref" in tree["steps"][0]["with"]) is not level


def test_each_shard_gets_the_files() -> None:
    build = jobs("push", "resume", shards=3)["build"]

    assert [one["with"]["pattern"] for one in build["steps"] if "pattern" in one.get("with", {})] == [
        "part-*"
    ]
    assert build["needs"] == ["tree", "wheels", "sdists", "claim"]


def test_without_wheels_there_is_none_of_these_jobs() -> None:
    assert [*jobs("push", "resume", wheels=None)][:3] == ["rehearse", "claim", "build"]


@dataclass(slots=True)
class Machine:
    """A runner's folders."""

    folder: Path

    def run(self, text: str, **given: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "output").touch()
        (self.folder / "clone").mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_WORKSPACE": str(self.folder / "clone"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
        }
        return subprocess.run(
            # As GitHub runs a step whose shell is bash.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            env={**environment, **given},
            cwd=self.folder / "clone",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder / "clone", capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def part(self, name: str, *files: str) -> str:
        """Put what a job kept where another one takes it; returns the digest of its list."""
        part = self.folder / "parts" / name
        part.mkdir(parents=True)
        for one in files:
            (part / one).write_text(one)
        rows = [f"{hashlib.sha256(one.encode()).hexdigest()}  {one}\n" for one in files]
        (part / "SHA256SUMS").write_text("".join(rows))
        return hashlib.sha256("".join(rows).encode()).hexdigest()


def test_a_tree_becomes_a_repository_with_the_tag_and_one_that_was_changed_does_not(tmp_path: Path) -> None:
    unpack = script(jobs("push", "resume")["wheels"], "Unpack the files into a repository that has the tag")
    machine = Machine(tmp_path)
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "old").mkdir()
    source = tmp_path / "source"
    source.mkdir()
    (source / ".gitignore").write_text("kept\n")
    (source / "kept").write_text("git has it although a pattern ignores it")
    (source / "link").symlink_to("kept")
    (tmp_path / "tree").mkdir()
    with tarfile.open(tmp_path / "tree" / "tree.tar", "w") as archive:
        archive.add(source, ".")
    digest = hashlib.sha256((tmp_path / "tree" / "tree.tar").read_bytes()).hexdigest()

    assert machine.run(unpack, TREE="0" * 64, TAGS="1.1.0").returncode == 1
    assert (tmp_path / "clone" / "old").exists()
    done = machine.run(unpack, TREE=digest, TAGS="core/1.1.0 1.1.0")

    assert done.returncode == 0, done.stdout
    assert machine.git("ls-files").split() == [".gitignore", "kept", "link"]
    assert machine.git("status", "--porcelain") == ""
    assert machine.git("describe", "--dirty", "--match", "[0-9]*") == "1.1.0"
    assert machine.git("tag", "--points-at", "HEAD").split() == ["1.1.0", "core/1.1.0"]
    assert not (tmp_path / "clone" / "old").exists()


def test_a_list_of_wheels_is_handed_on_by_its_digest_also_where_sha256sum_is_missing(tmp_path: Path) -> None:
    listing = script(jobs("push", "resume")["wheels"], "List the wheels")
    machine = Machine(tmp_path)
    (tmp_path / "part").mkdir()
    assert machine.run(listing, NUMBER="1").returncode == 1, "there is no wheel"
    (tmp_path / "part" / "a.whl").write_text("a")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "cat", "cut", "perl", "shasum"):
        if (found := shutil.which(name)) is None:
            pytest.skip(f"{name} is not installed")
        (programs / name).symlink_to(found)
    rows = f"{hashlib.sha256(b'a').hexdigest()}  a.whl\n"

    for path in (os.environ["PATH"], str(programs)):
        (tmp_path / "output").write_text("")
        done = machine.run(listing, NUMBER="1", PATH=path)

        assert done.returncode == 0, done.stdout
        assert (tmp_path / "part" / "SHA256SUMS").read_text() == rows
        handed = f"wheels_1={hashlib.sha256(rows.encode()).hexdigest()}\n"
        assert (tmp_path / "output").read_text() == handed


def place(machine: Machine, **digests: str) -> tuple[int, set[str]]:
    text = script(jobs("push", "resume")["rehearse"], "Put the files of all platforms into one folder")
    done = machine.run(text, TREE="0" * 64, **digests)
    folder = machine.folder / "clone" / "dist" / "all"
    return done.returncode, {one.name for one in folder.iterdir()} if folder.is_dir() else set()


def parts(machine: Machine) -> dict[str, str]:
    return {
        "WHEELS_0": machine.part("part-ubuntu-24.04-arm", "a-linux.whl", "same.whl"),
        "WHEELS_1": machine.part("part-windows-latest", "a-win.whl", "same.whl"),
        "SDISTS": machine.part("part-sdists", "a.tar.gz", "b.whl"),
    }


ALL = {"a-linux.whl", "a-win.whl", "same.whl", "a.tar.gz", "b.whl"}


def test_the_files_that_are_listed_come_into_one_folder(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    digests = parts(machine)
    (tmp_path / "parts" / "part-windows-latest" / "added.whl").write_text("by a later job")
    windows = tmp_path / "parts" / "part-windows-latest" / "SHA256SUMS"
    # As `sha256sum` of Windows writes it.
    windows.write_text(windows.read_text().replace("  ", " *"))
    digests["WHEELS_1"] = hashlib.sha256(windows.read_bytes()).hexdigest()

    assert place(machine, **digests) == (0, ALL)


def _changed_file(folder: Path) -> None:
    (folder / "part-windows-latest" / "a-win.whl").write_text("other bytes")


def _changed_list(folder: Path) -> None:
    with (folder / "part-sdists" / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  more.whl\n")


def _missing_part(folder: Path) -> None:
    shutil.rmtree(folder / "part-windows-latest")


@pytest.mark.parametrize("change", [_changed_file, _changed_list, _missing_part])
def test_what_was_changed_on_its_way_is_refused(tmp_path: Path, change: Any) -> None:
    machine = Machine(tmp_path)
    digests = parts(machine)
    change(tmp_path / "parts")

    assert place(machine, **digests)[0] == 1


def test_one_file_of_two_jobs_is_refused_if_it_differs_and_a_path_is_no_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "differs")
    digests = parts(machine)
    folder = machine.folder / "parts" / "part-windows-latest"
    (folder / "same.whl").write_text("built again")
    text = (folder / "SHA256SUMS").read_text()
    text = text.replace(*(hashlib.sha256(one).hexdigest() for one in (b"same.whl", b"built again")))
    (folder / "SHA256SUMS").write_text(text)
    assert place(machine, **digests | {"WHEELS_1": hashlib.sha256(text.encode()).hexdigest()})[0] == 1

    machine = Machine(tmp_path / "leads-out")
    digests = parts(machine)
    folder = machine.folder / "parts" / "part-windows-latest"
    (folder.parent / "out.whl").write_text("out")
    text = f"{hashlib.sha256(b'out').hexdigest()}  ../out.whl\n"
    (folder / "SHA256SUMS").write_text(text)
    assert place(machine, **digests | {"WHEELS_1": hashlib.sha256(text.encode()).hexdigest()})[0] == 1


def claimed(machine: Machine, tree: bytes, digests: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the step of the job that builds, with a castoff that writes this tree."""
    program = machine.folder / "castoff" / "bin" / "castoff"
    program.parent.mkdir(parents=True)
    (machine.folder / "of-the-claim").write_bytes(tree)
    program.write_text('#!/bin/sh\ntest "$3" = tree && cp "$RUNNER_TEMP/of-the-claim" "$5"\n')
    program.chmod(0o755)
    text = script(jobs("push", "resume")["build"], "Put the files of all platforms into one folder")
    return machine.run(text, TREE=hashlib.sha256(b"the tree").hexdigest(), **digests)


def test_wheels_of_another_tree_than_the_claimed_one_stop_the_build(tmp_path: Path) -> None:
    same, other = Machine(tmp_path / "same"), Machine(tmp_path / "other")

    assert claimed(same, b"the tree", parts(same)).returncode == 0
    done = claimed(other, b"another tree", parts(other))

    assert done.returncode == 1
    assert "start this workflow again, without a level" in done.stdout
    assert not (tmp_path / "other" / "clone" / "dist").exists()


def test_nothing_is_taken_where_everything_is_uploaded(tmp_path: Path) -> None:
    text = script(jobs("push", "resume")["build"], "Put the files of all platforms into one folder")

    assert Machine(tmp_path).run(text, TREE="").returncode == 0
