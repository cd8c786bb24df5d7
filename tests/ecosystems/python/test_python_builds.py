from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_bench import NOWHERE, doors, settings

from castoff.ecosystems.python.builder import PythonBuilder
from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.ecosystems.python.registry import PythonRegistry
from castoff.errors import Refusal
from castoff.io.http import Http
from castoff.io.process import Processes
from castoff.model.acts import Succeeded
from castoff.model.graph import order_of
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Workspace
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from whole_workspace import workspace_in

pytestmark = pytest.mark.real

SAMPLE = Path(__file__).parents[3] / "examples" / "python"
EPOCH = 1_790_000_000


class Folder:
    """The files of a folder, as manifests read them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def paths(self) -> list[str]:
        return sorted(one.relative_to(self.root).as_posix() for one in self.root.rglob("*") if one.is_file())

    def read(self, path: str) -> str | None:
        file = self.root / path
        return file.read_text() if file.is_file() else None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "harbour"))


@pytest.fixture
def world() -> Iterator[World]:
    siblings = tuple(Seed(name=one, version="0.9.0") for one in sorted(names()))
    with World(seed=WorldSeed(python=siblings), environment=NOWHERE) as world:
        yield world


def names() -> set[str]:
    return {"harbour", *(f"harbour-{one}" for one in ("tides", "ships", "berths", "pilots", "ledger"))}


def workspace_of(root: Path) -> Workspace:
    workspace = workspace_in(PythonManifests(), Folder(root))
    assert workspace.problems == ()
    return workspace


def builder(processes: Processes | None = None, **values: object) -> PythonBuilder:
    return PythonBuilder(processes or doors(), settings(**values), EPOCH)


def test_the_sample_is_a_workspace_with_a_facade(root: Path) -> None:
    workspace = workspace_of(root)
    order = order_of(workspace)
    assert set(workspace.names) == names()
    assert order.facade == "harbour"
    assert order.waves[0] == ("harbour-ships", "harbour-tides")
    assert [(one.name, one.follows) for one in workspace.members] == [("harbour-office", True)]


def test_all_packages_are_built_and_twice_alike(root: Path, tmp_path: Path) -> None:
    workspace = workspace_of(root)
    first = builder().build(root, workspace.packages, tmp_path / "one")
    second = builder().build(root, workspace.packages, tmp_path / "two")
    assert first.failures == ()
    assert len(first.artifacts) == 12
    assert sorted(one.name for one in (tmp_path / "one").iterdir()) == sorted(
        one.filename for one in first.artifacts
    )
    assert [(one.filename, one.digest) for one in first.artifacts] == [
        (one.filename, one.digest) for one in second.artifacts
    ]


def test_a_package_that_cannot_be_built_is_told_and_the_rest_is_built(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "packages/harbour-ships/src")
    built = builder().build(root, workspace_of(root).packages, tmp_path / "out")
    assert [(one.package, one.problem.code) for one in built.failures] == [("harbour-ships", "build-failed")]
    assert "harbour_ships" in built.failures[0].problem.reason
    assert len(built.artifacts) == 10


def test_a_build_command_of_ones_own_gets_the_folder_as_its_last_word(root: Path, tmp_path: Path) -> None:
    command = ("uv", "build", "--quiet", "--wheel", "--out-dir")
    built = builder(build=command).build(root, workspace_of(root).packages[:1], tmp_path / "out")
    assert [one.kind for one in built.artifacts] == ["wheel"]


def test_a_build_command_that_writes_nothing_is_told(root: Path, tmp_path: Path) -> None:
    built = builder(build=("true",)).build(root, workspace_of(root).packages[:1], tmp_path / "out")
    assert [one.problem.code for one in built.failures] == ["build-incomplete"]


def test_files_that_were_built_elsewhere_are_taken(root: Path, tmp_path: Path) -> None:
    workspace = workspace_of(root)
    made = builder().build(root, workspace.packages, tmp_path / "home" / "dist")
    taker = PythonBuilder(doors(), settings(artifacts="dist"), EPOCH, home=tmp_path / "home")
    taken = taker.build(root, workspace.packages, tmp_path / "out")
    assert [one.digest for one in taken.artifacts] == [one.digest for one in made.artifacts]
    (tmp_path / "home" / "dist" / "harbour-1.0.0.tar.gz").unlink()
    (tmp_path / "home" / "dist" / "harbour-1.0.0-py3-none-any.whl").unlink()
    short = taker.build(root, workspace.packages, tmp_path / "again")
    assert [(one.package, one.problem.code) for one in short.failures] == [("harbour", "artifact-missing")]


def test_a_package_is_tried_with_what_the_index_holds_at_its_turn(
    root: Path, tmp_path: Path, world: World
) -> None:
    processes = doors(world.environment())
    maker = builder(processes)
    registry = PythonRegistry(
        processes, Http(processes.redactor, environment=processes.environment), settings()
    )
    workspace = workspace_of(root)
    built = maker.build(root, workspace.packages, tmp_path / "out").artifacts
    by_name = {name: [one for one in built if one.package == name] for name in workspace.names}
    early = maker.verify(workspace.package("harbour-pilots"), by_name["harbour-pilots"], root)
    assert [one.code for one in early] == ["verify-failed"]
    for wave in order_of(workspace).waves:
        for name in wave:
            for one in by_name[name]:
                assert registry.upload(one, root) == Succeeded()
            assert maker.verify(workspace.package(name), by_name[name], root) == ()


def test_an_index_that_does_not_answer_proves_nothing_about_a_package(root: Path, tmp_path: Path) -> None:
    package = workspace_of(root).package("harbour-tides")
    built = builder().build(root, [package], tmp_path / "out").artifacts
    nobody = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple/", "UV_HTTP_RETRIES": "0"}

    (problem,) = builder(doors(nobody)).verify(package, built, root)

    assert problem.code == "verify-failed"
    assert (
        problem.message
        == "`harbour-tides` 1.0.0 could not be tested: its installation did not come to an end"
    )
    assert "run the same command again" in problem.remedy


def test_a_package_that_cannot_be_imported_is_told(root: Path, tmp_path: Path, world: World) -> None:
    module = root / "packages/harbour-tides/src/harbour_tides/__init__.py"
    module.write_text("import nothing_like_this\n")
    module.with_name("inner.py").write_text("")
    processes = doors(world.environment())
    package = workspace_of(root).package("harbour-tides")
    built = builder(processes).build(root, [package], tmp_path / "out").artifacts
    for one in built:
        PythonRegistry(
            processes, Http(processes.redactor, environment=processes.environment), settings()
        ).upload(one, root)
    (problem,) = builder(processes).verify(package, built, root)
    assert problem.code == "verify-failed"
    assert problem.message == "`harbour-tides` 1.0.0 cannot be imported (`harbour_tides`)"
    assert "nothing_like_this" in problem.reason


def git(root: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", *words], cwd=root, check=True
    )


def test_a_committed_lock_follows_the_new_version(root: Path) -> None:
    uv = doors().find("uv")
    assert uv is not None
    subprocess.run([uv, "lock", "--quiet", "--offline"], cwd=root, check=True)
    git(root, "init", "--quiet")
    assert builder().settle(root, workspace_of(root)) == [], "only what git tracks"
    git(root, "add", "--all")
    assert builder().settle(root, workspace_of(root)) == []
    edited = PythonManifests().edited(Folder(root), workspace_of(root), ReleaseVersion(1, 1, 0))
    for path, text in edited.texts.items():
        (root / path).write_text(text)
    assert builder().settle(root, workspace_of(root)) == ["uv.lock"]
    lock = (root / "uv.lock").read_text()
    assert lock.count('version = "1.1.0"') == 7
    assert "1.0.0" not in lock


def test_a_lock_that_cannot_follow_is_told_with_the_clients_words(root: Path) -> None:
    git(root, "init", "--quiet")
    (root / "uv.lock").write_text("version = 1\n")
    git(root, "add", "--all")
    workspace = workspace_of(root)
    (root / "packages/harbour/pyproject.toml").write_text("broken [")
    with pytest.raises(Refusal) as caught:
        builder().settle(root, workspace)
    assert (caught.value.problems[0].code, caught.value.problems[0].file) == ("lock-not-updated", "uv.lock")
