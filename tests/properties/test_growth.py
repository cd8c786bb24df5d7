"""Work for twice the packages is twice the work: no search through all packages, or all files, for each package."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest

import castoff
from castoff.ecosystems.python.artifacts import artifacts_among, files_by_project, strays_in
from castoff.git import Git
from castoff.git.trees import open_tree
from castoff.io.process import Processes
from castoff.model.intent import Claim, History
from castoff.model.scope import Scope
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Edge, Package, Workspace
from castoff.postrelease.verify.artifacts import ListedFiles
from castoff.preflight.registry_names import _Asking, _Before, _Untagged

SOURCE = str(Path(castoff.__file__).parent)
FEW = 40


def lines_run(action: Callable[[], object]) -> int:
    """Count the lines of castoff that an action runs, each turn of a loop or a comprehension included."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def some_packages(count: int) -> tuple[Package, ...]:
    return tuple(
        Package(
            name=f"zz-{number:04}",
            ecosystem="python",
            path=f"packages/zz-{number:04}",
            manifest=f"packages/zz-{number:04}/pyproject.toml",
            version="1.1.0",
            version_file="pyproject.toml",
            kinds=("sdist", "wheel"),
        )
        for number in range(count)
    )


def files_of(packages: tuple[Package, ...]) -> list[str]:
    stems = [f"{one.name.replace('-', '_')}-1.1.0" for one in packages]
    return [f"{stem}{ending}" for stem in stems for ending in (".tar.gz", "-py3-none-any.whl")]


def files_in_the_tag(packages: tuple[Package, ...], _folder: Path) -> None:
    listed = ListedFiles(dict.fromkeys(files_of(packages), ""))
    assert all(len(listed.of(one, "1.1.0")) == 2 for one in packages)


def files_built_elsewhere(packages: tuple[Package, ...], folder: Path) -> None:
    found = files_by_project(folder)
    assert all(len(artifacts_among(one, found)) == 2 for one in packages)


def strays_among_them(packages: tuple[Package, ...], folder: Path) -> None:
    assert strays_in(folder, packages) == ()


def requirements_of_each(packages: tuple[Package, ...], _folder: Path) -> None:
    edges = [
        Edge(origin=one.id, target=packages[0].id, kind="normal", requirement="==1.1.0") for one in packages
    ]
    pins = Workspace(packages=packages, edges=tuple(edges)).pins()
    assert all(pins[one.id] == ("zz-0000==1.1.0",) for one in packages)


def versions_nobody_tagged(packages: tuple[Package, ...], _folder: Path) -> None:
    previous = ReleaseVersion(1, 1, 0)
    history = History(previous=Claim(version=previous, commit="a" * 40, tagged=True))
    seen: Any = SimpleNamespace(history=history, scope=Scope(versions="one"), tagged_versions={previous})
    session: Any = SimpleNamespace(snapshot=seen, workspace_before=lambda: Workspace(packages=packages))
    before, nobody, untagged = _Before(session), SimpleNamespace(), _Untagged()
    for one in packages:
        asking = _Asking(seen, nobody, one, before, ReleaseVersion(9, 0, 0), untagged=untagged)  # type: ignore[arg-type]
        assert [*asking.left_over({previous})] == []


@pytest.mark.parametrize(
    "work",
    [
        files_in_the_tag,
        files_built_elsewhere,
        strays_among_them,
        requirements_of_each,
        versions_nobody_tagged,
    ],
)
def test_twice_the_packages_are_twice_the_work(
    work: Callable[[tuple[Package, ...], Path], None], tmp_path: Path
) -> None:
    ran = []
    for count in (FEW, 2 * FEW):
        packages, folder = some_packages(count), tmp_path / str(count)
        folder.mkdir()
        for name in files_of(packages):
            (folder / name).touch()
        ran.append(lines_run(lambda packages=packages, folder=folder: work(packages, folder)))  # type: ignore[misc]

    assert ran[1] < 2.5 * ran[0]


def test_a_folder_of_a_thousand_folders_is_read_once(tmp_path: Path) -> None:
    ran = []
    for count in (FEW, 2 * FEW):
        root = tmp_path / str(count)
        git = Git(Processes(dict(os.environ)), root)
        manifests = [one.manifest for one in some_packages(count)]
        for one in manifests:
            (root / one).parent.mkdir(parents=True)
            (root / one).touch()
        for words in (("init", "--quiet"), ("add", "."), ("write-tree",)):
            done = git.must(*words)
        tree = open_tree(git, done.strip(), manifests)
        ran.append(lines_run(lambda tree=tree: tree.paths()))  # type: ignore[misc]
        git.objects.close()

    assert ran[1] < 2.5 * ran[0]
