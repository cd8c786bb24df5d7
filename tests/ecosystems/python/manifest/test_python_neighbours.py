"""Python projects beside the workspace follow a release where they take one of its packages from its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from castoff.ecosystems.python.locks import update_neighbour_locks
from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Edited
from castoff.redaction import Redactor
from whole_workspace import workspace_in

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
WORKSPACE = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    "packages/core/pyproject.toml": f'[project]\nname = "zz-core"\nversion = "1.2.0"\n{BUILD}',
}
UV = '[tool.uv.sources]\nzz-core = { path = "../../packages/core", editable = true }\n'
MINOR, MAJOR, CANDIDATE = ReleaseVersion(1, 3, 0), ReleaseVersion(2, 0, 0), ReleaseVersion(1, 3, 0, "rc", 1)


@dataclass
class Texts:
    texts: Mapping[str, str]

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def read(self, path: str) -> str | None:
        return self.texts.get(path)


def beside(texts: Mapping[str, str], new: ReleaseVersion) -> Edited:
    tree, manifests = Texts({**WORKSPACE, **texts}), PythonManifests()
    workspace = workspace_in(manifests, tree)
    assert workspace.names == ("zz-core",)
    edited = manifests.edited(tree, workspace, new)
    return manifests.neighbours(tree, edited.texts, workspace, new)


def example(requirement: str, more: str = UV) -> str:
    return f'[project]\nname = "demo"\nversion = "0"\ndependencies = ["{requirement}"]\n{more}'


MOVED = {
    "a pin": (example("zz-core==1.2.0"), MINOR, ("==1.2.0", "==1.3.0")),
    "a bound": (example("zz_core>=1,<2"), MAJOR, (">=1,<2", ">=2,<3")),
    "compatible": (example("zz-core~=1.2"), MAJOR, ("~=1.2", "~=2.0")),
    "a pre-release": (example("zz-core==1.2.0"), CANDIDATE, ("==1.2.0", "==1.3.0rc1")),
    "a source for one platform": (
        example(
            "zz-core==1.2.0",
            '[tool.uv.sources]\nzz-core = [{ path = "../../packages/core", marker = "sys_platform == \'linux\'" }]\n',
        ),
        MINOR,
        ("==1.2.0", "==1.3.0"),
    ),
    "a dependency group": (
        example("x", f'[dependency-groups]\ndev = ["zz-core==1.2.0"]\n{UV}'),
        MINOR,
        ("==1.2.0", "==1.3.0"),
    ),
    "Poetry's path": (
        example("zz-core==1.2.0", '[tool.poetry.dependencies]\nzz-core = { path = "../../packages/core" }\n'),
        MINOR,
        ("==1.2.0", "==1.3.0"),
    ),
}


@pytest.mark.parametrize(("text", "new", "change"), MOVED.values(), ids=MOVED.keys())
def test_a_requirement_that_shuts_the_new_version_out_moves(
    text: str, new: ReleaseVersion, change: tuple[str, str]
) -> None:
    found = beside({"examples/demo/pyproject.toml": text}, new)

    assert found.texts == {"examples/demo/pyproject.toml": text.replace(*change)}
    (edit,) = found.edits
    assert (edit.path, edit.kind) == ("examples/demo/pyproject.toml", "requirement")
    assert edit.old in text.splitlines()[edit.line - 1]
    assert edit.new == edit.old.replace(*change)


LEFT = {
    "it admits the new version": (example("zz-core>=1.2.0"), MINOR),
    "it has no version": (example("zz-core"), MAJOR),
    "it comes from the index": (example("zz-core==1.2.0", ""), MINOR),
    "it comes from git": (
        example("zz-core==1.2.0", '[tool.uv.sources]\nzz-core = { git = "https://example.org/x" }\n'),
        MINOR,
    ),
    "the path leads elsewhere": (example("zz-core==1.2.0", UV.replace("packages/core", "packages/old")), MINOR),
    "the path leaves the tree": (example("zz-core==1.2.0", UV.replace("../../", "../../../")), MINOR),
    "the package there has another name": (example("core==1.2.0", UV.replace("zz-core", "core")), MINOR),
    "the manifest is broken": (example("zz-core==1.2.0") + "[\n", MINOR),
    "a requirement is broken": (example("zz-core == one two"), MINOR),
}  # fmt: skip


@pytest.mark.parametrize(("text", "new"), LEFT.values(), ids=LEFT.keys())
def test_everything_else_stays(text: str, new: ReleaseVersion) -> None:
    assert beside({"examples/demo/pyproject.toml": text}, new) == Edited(texts={}, edits=())


UV_LOCK = (
    'version = 1\n[[package]]\nname = "zz-core"\nversion = "1.2.0"\n'
    'source = { editable = "../../packages/core" }\n'
)
POETRY_LOCK = (
    '[[package]]\nname = "zz-core"\nversion = "1.2.0"\n[package.source]\n'
    'type = "directory"\nurl = "../../packages/core"\n'
)


@pytest.mark.parametrize(
    ("path", "text", "is_stale"),
    [
        pytest.param("examples/demo/uv.lock", UV_LOCK, True, id="uv"),
        pytest.param("examples/demo/uv.lock", UV_LOCK.replace("editable", "directory"), True, id="uv, no edits"),
        pytest.param("examples/demo/uv.lock", UV_LOCK.replace("1.2.0", "1.3.0"), False, id="new already"),
        pytest.param("examples/demo/uv.lock", UV_LOCK.replace("core\" }", "old\" }"), False, id="elsewhere"),
        pytest.param("examples/demo/uv.lock", UV_LOCK.replace('version = "1.2.0"\n', ""), False, id="no version"),
        pytest.param("examples/demo/uv.lock", "[", False, id="unreadable"),
        pytest.param("examples/demo/poetry.lock", POETRY_LOCK, True, id="poetry"),
        pytest.param("uv.lock", UV_LOCK.replace("../../", ""), False, id="that of the workspace"),
    ],
)  # fmt: skip
def test_a_lock_file_that_holds_the_package_by_path_is_listed(path: str, text: str, is_stale: bool) -> None:
    found = beside({path: text}, MINOR)

    assert found.locks == ((path,) if is_stale else ())
    assert [one.code for one in found.problems] == (
        ["lock-needs-its-client"] if "poetry" in path and is_stale else []
    )


@pytest.mark.real
def test_uv_brings_the_lock_file_up_to_date_and_leaves_one_that_it_cannot(tmp_path: Path) -> None:
    core, demo = tmp_path / "packages" / "core", tmp_path / "examples" / "demo"
    for folder, text in (
        (core, WORKSPACE["packages/core/pyproject.toml"]),
        (demo, example("zz-core==1.2.0")),
    ):
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(text.replace("[build-", 'requires-python = ">=3.9"\n[build-'))
    manifest, lock = core / "pyproject.toml", demo / "uv.lock"
    processes = Processes({**os.environ, "UV_OFFLINE": "1"}, Redactor())
    assert processes.run(["uv", "lock"], kind=Kind.TOOL, cwd=demo).code == 0

    manifest.write_text(manifest.read_text().replace("1.2.0", "1.3.0"))
    assert update_neighbour_locks(processes, tmp_path, ["examples/demo/uv.lock"]) == (
        ["examples/demo/uv.lock"],
        (),
    )
    assert 'version = "1.3.0"' in lock.read_text()
    before = lock.read_bytes()

    (core / "pyproject.toml").unlink()
    changed, (problem,) = update_neighbour_locks(processes, tmp_path, ["examples/demo/uv.lock"])
    assert (changed, lock.read_bytes()) == ([], before)
    assert (problem.code, problem.severity, problem.file) == (
        "lock-not-updated", "warning", "examples/demo/uv.lock",
    )  # fmt: skip


def test_a_lock_file_whose_client_is_missing_stays_since_the_plan_warned_of_it(tmp_path: Path) -> None:
    assert update_neighbour_locks(Processes({"PATH": ""}), tmp_path, ["demo/poetry.lock"]) == ([], ())
