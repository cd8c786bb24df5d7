"""Remedies for building Python packages, their indexes and their lock files: adapters with small commands."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from python_bench import Answers, artifact, doors, metadata, package, settings, wheel

from castoff.ecosystems.python.builder import PythonBuilder
from castoff.ecosystems.python.indexes import find_endpoints
from castoff.ecosystems.python.registry import PythonRegistry
from castoff.ecosystems.python.trial import try_out
from castoff.errors import Problem
from castoff.io.http import Reply
from castoff.model.acts import Blocked, Do
from castoff.model.observations import Present
from castoff.model.refs import TagSource
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import Listing
from castoff.redaction import Redactor
from castoff.release.platforms import platform_problems
from castoff.release.publish import PackagePart
from castoff.values import replace
from remedies.following import Case, cases, follow, follow_row, follows

NAME = "acme_core-1.3.0-py3-none-any.whl"
PROJECT = '[project]\nname = "acme-core"\nversion = "1.3.0"\nrequires-python = ">=3.9"\n'
COPY = ("sh", "-c", 'cp made/* "$0"')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    return folder


def _build(root: Path, one: Package | None = None, **values: object) -> Sequence[Problem]:
    built = PythonBuilder(doors(), settings(**values), 0).build(root, [one or package()], root.parent / "out")
    return [failure.problem for failure in built.failures]


def _write(folder: Path, name: str = NAME, version: str = "1.3.0") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(wheel(metadata(version=version)))


def _write_installable(file: Path, text: str) -> None:
    """Write a wheel whose list of files ends without the mark that tells two of them apart."""
    with zipfile.ZipFile(io.BytesIO(wheel(text))) as made, zipfile.ZipFile(file, "w") as written:
        for name in made.namelist():
            written.writestr(name, made.read(name).partition(b"#")[0])


@follows("build-failed")
def test_what_a_build_reports_is_fixed(root: Path) -> None:
    follow(
        "build-failed",
        lambda: _build(root, build=COPY),
        told="fix the reported problem",
        do=lambda: _write(root / "made"),
    )


@follows("build-incomplete")
def test_a_build_command_writes_into_its_last_argument(root: Path) -> None:
    _write(root / "made")
    command = [("sh", "-c", "cp made/* .")]

    follow(
        "build-incomplete",
        lambda: _build(root, build=command[0]),
        told="the folder in its last argument",
        do=lambda: command.insert(0, COPY),
    )


@pytest.mark.parametrize("way", ["add its files to", "remove `artifacts`"])
@follows("artifact-missing")
def test_files_that_were_built_elsewhere_are_put_there(way: str, root: Path) -> None:
    _write(root / "made")
    values: dict[str, object] = {"artifacts": "dist", "build": None}

    def carry_out() -> None:
        if way == "remove `artifacts`":
            values.update(artifacts=None, build=COPY)
        else:
            _write(root / "dist")

    follow("artifact-missing", lambda: _build(root, **values), told=way, do=carry_out)


LINUX, MANY = (
    "acme_core-1.3.0-cp311-cp311-linux_x86_64.whl",
    "acme_core-1.3.0-cp311-cp311-manylinux_2_28_x86_64.whl",
)


@follows("platform-tag-refused")
def test_wheels_are_built_elsewhere_and_their_folder_is_named(root: Path) -> None:
    _write(root / "made", LINUX)
    _write(root / "wheelhouse", MANY)
    values: dict[str, object] = {"build": COPY}

    follow(
        "platform-tag-refused",
        lambda: _judge(root, **values),
        told="set their folder in `python.artifacts`",
        do=lambda: values.update(build=None, artifacts="wheelhouse"),
    )


@follows("platform-tag-refused")
def test_wheels_for_one_machine_are_replaced_in_the_folder_that_is_set(root: Path) -> None:
    _write(root / "wheelhouse", LINUX)

    follow(
        "platform-tag-refused",
        lambda: _judge(root, artifacts="wheelhouse"),
        told="in `wheelhouse` (`python.artifacts`), replace it",
        do=lambda: (root / "wheelhouse" / LINUX).rename(root / "wheelhouse" / MANY),
    )


@follows("file-refused")
def test_files_that_were_built_elsewhere_are_built_again(root: Path) -> None:
    old = NAME.replace("acme_core", "Acme_Core")
    _write(root / "wheelhouse", old)

    follow(
        "file-refused",
        lambda: _judge(root, artifacts="wheelhouse"),
        told="then build the files in `wheelhouse` (`python.artifacts`) again",
        do=lambda: (root / "wheelhouse" / old).rename(root / "wheelhouse" / NAME),
    )


@follows("file-refused")
def test_a_back_end_that_normalizes_names_is_used(root: Path) -> None:
    _write(root / "old", NAME.replace("acme_core", "Acme_Core"))
    _write(root / "new")
    command = [("sh", "-c", 'cp old/* "$0"')]

    follow(
        "file-refused",
        lambda: _judge(root, build=command[0]),
        told="update the build back end",
        do=lambda: command.insert(0, ("sh", "-c", 'cp new/* "$0"')),
    )


def _judge(root: Path, **values: object) -> Sequence[Problem]:
    builder = PythonBuilder(doors({"PATH": "/usr/bin:/bin"}), settings(**values), 0)
    built = builder.build(root, [package()], root.parent / f"out-{len(list(root.parent.iterdir()))}")
    assert built.failures == ()
    return builder.judge([package()], built.artifacts, root)


@follows("artifact-stray")
def test_files_of_another_release_are_removed(root: Path) -> None:
    _write(root / "dist")
    stray = root / "dist" / "acme_core-1.2.9-py3-none-any.whl"
    stray.write_bytes(b"")
    builder = PythonBuilder(doors(), settings(artifacts="dist"), 0)

    follow(
        "artifact-stray",
        lambda: builder.stray_artifacts(root, [package()]),
        told="remove them",
        do=stray.unlink,
    )


@follows("platform-missing")
def test_a_wheel_that_is_missing_is_put_beside_the_others() -> None:
    names = [f"acme_core-1.3.0-cp311-cp311-{platform}.whl" for platform in ("win_amd64", "win_arm64")]
    there = names[:1]
    target: Any = SimpleNamespace(workspace=Workspace(packages=(package(),)))
    listing = Listing(files=dict.fromkeys(names, Present(digest="a" * 64)))
    setting: Any = SimpleNamespace(users_registry=lambda _: SimpleNamespace(look=lambda *_: listing))

    def look() -> object:
        made = [
            Artifact(
                package=package().id, ecosystem="python", kind="wheel", filename=name, path="", digest=""
            )
            for name in there
        ]
        return tuple(platform_problems(setting, target, made, ReleaseVersion(1, 2, 0)))

    follow("platform-missing", look, told="add them to the others", do=lambda: there.append(names[1]))


@follows("release-closed")
def test_the_next_version_is_released_instead_of_one_that_is_too_old(root: Path) -> None:
    times = {"1.3.0": "2026-01-01T00:00:00Z", "1.3.1": "2026-01-15T00:00:01Z"}
    listed = [
        {"filename": f"acme_core-{version}.tar.gz", "url": "x", "hashes": {}, "upload-time": time}
        for version, time in times.items()
    ]
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "acme-core", "files": listed})
    kind = {"content-type": "application/vnd.pypi.simple.v1+json"}
    reply = Reply(status=200, headers=kind, body=body.encode())
    registry = PythonRegistry(
        doors({"UV_DEFAULT_INDEX": "https://index.example/simple"}),
        Answers({"https://index.example/simple/acme-core/": reply}),
        settings(),
        now=lambda: datetime(2026, 1, 15, 0, 0, 1, tzinfo=UTC),
    )
    wanted = ["1.3.0"]

    def look() -> Problem | None:
        part = PackagePart(package(), wanted[0], [_built_wheel(wanted[0])], registry, root)
        decision = part.decide(part.look())
        assert isinstance(decision, Do | Blocked)
        return decision.problem if isinstance(decision, Blocked) else None

    follow("release-closed", look, told="then release the next version", do=lambda: wanted.insert(0, "1.3.1"))


def _built_wheel(version: str) -> Artifact:
    name = f"acme_core-{version}-py3-none-any.whl"
    return Artifact(
        package="acme-core", ecosystem="python", kind="wheel", filename=name, path=name, digest="a" * 64
    )


@follows("built-version-differs")
def test_a_variable_that_hides_the_tag_is_unset(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tagged = replace(package(), tags=TagSource(tool="setuptools-scm", file="pyproject.toml"))
    _write(root / "right")
    _write(root / "wrong", "acme_core-0.0.0-py3-none-any.whl", "0.0.0")
    command = ("sh", "-c", 'cp ${SETUPTOOLS_SCM_PRETEND_VERSION:-right}/* "$0"')
    environment = {"SETUPTOOLS_SCM_PRETEND_VERSION": "wrong"}

    def look() -> list[Problem]:
        builder = PythonBuilder(doors(environment), settings(build=command), 0)
        return [one.problem for one in builder.build(root, [tagged], root.parent / "out").failures]

    follow("built-version-differs", look, told="whether a variable", do=environment.clear)


@follows("interpreter-missing")
def test_a_python_that_the_package_allows_is_there(root: Path) -> None:
    page = root / "simple" / "acme-core" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../{NAME}">{NAME}</a>', "utf-8")
    index = (root / "simple").as_uri()
    processes = doors({"UV_PYTHON_DOWNLOADS": "never", "UV_DEFAULT_INDEX": index})
    allowed = [">=9.9"]

    def look() -> Problem | None:
        text = metadata("acme-core", "1.3.0", f"Requires-Python: {allowed[0]}")
        _write_installable(root / NAME, text)
        endpoints = find_endpoints(processes.environment, processes.redactor, root=root, named=None)
        return try_out(processes, endpoints, package(), [artifact(root / NAME)])

    follow(
        "interpreter-missing", look, told="install that Python version", do=lambda: allowed.insert(0, ">=3.9")
    )


@follows("lock-not-updated")
def test_what_the_client_of_a_lock_reports_is_fixed(root: Path) -> None:
    git = ["git", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "--quiet"], cwd=root, check=True)
    (root / "uv.lock").write_text('version = 1\nrequires-python = ">=3.9"\n', "utf-8")
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    (root / "pyproject.toml").write_text("broken [", "utf-8")
    builder = PythonBuilder(doors({"UV_OFFLINE": "1"}), settings(), 0)
    workspace = Workspace(packages=(package(),), ecosystems=("python",))

    follow(
        "lock-not-updated",
        lambda: builder.settle(root, workspace) and None,
        told="run `uv lock --no-progress` in its folder, fix the reported problem",
        do=lambda: (root / "pyproject.toml").write_text(PROJECT, "utf-8"),
    )


INDEX = '[[tool.uv.index]]\nname = "inner"\nurl = "https://inner.example/simple"\n'
PUBLISH = 'publish-url = "https://inner.example/upload"\n'
INDEXES = [
    Case(
        "index-unknown",
        ("", "inner"),
        (INDEX + PUBLISH, "inner"),
        "declare the index in the `pyproject.toml`",
    ),
    Case("index-unknown", (INDEX + PUBLISH, "iner"), (INDEX + PUBLISH, "inner"), "correct `python.index`"),
    Case("index-without-publish-url", (INDEX, "inner"), (INDEX + PUBLISH, "inner"), "set `publish-url`"),
]


@cases(INDEXES)
def test_an_index_is_declared_as_the_remedy_reads(case: Case, root: Path) -> None:
    def look(asked: tuple[str, str | None]) -> None:
        (root / "pyproject.toml").write_text(asked[0], "utf-8")
        find_endpoints({"PIP_CONFIG_FILE": "/dev/null"}, Redactor(), root=root, named=asked[1])

    follow_row(case, look)
