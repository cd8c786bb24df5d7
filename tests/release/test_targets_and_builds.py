"""What a release is made of: targets with an order, and artifacts of every package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from castoff.config.values import Configuration
from castoff.errors import Refusal
from castoff.model.intent import Claim
from castoff.model.refs import TagName
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Artifact, Edge, Package, Workspace
from castoff.ports import Built
from castoff.release.candidate import build_artifacts
from castoff.session.release import release_of_claim
from castoff.session.reporters import Silence
from castoff.session.session import Session
from castoff.session.snapshot import ordered
from castoff.session.tag_names import TagNaming

VERSION = ReleaseVersion(1, 1, 0)


def workspace(*edges: tuple[str, str], version: str = "1.1.0") -> Workspace:
    packages = tuple(
        Package(
            name=name,
            ecosystem="python",
            path=name,
            manifest=f"{name}/pyproject.toml",
            version=version if name == "b" else "1.1.0",
            version_file=f"{name}/pyproject.toml",
        )
        for name in ("a", "b")
    )
    return Workspace(
        packages=packages,
        edges=tuple(Edge(origin=one, target=two, kind="normal", requirement="==1.1.0") for one, two in edges),
    )


def target(*edges: tuple[str, str], facade: str | None = None, version: str = "1.1.0") -> Any:
    survey: Any = SimpleNamespace(
        tag_name=TagName("{version}"),
        tags=TagNaming(tag=TagName("{version}")),
        tag_of=lambda claim: str(claim.version),
        shown=str,
        remote_url=None,
        branch="main",
        ecosystems=("python",),
    )
    configured: Any = SimpleNamespace(facade=facade, after=())
    found = workspace(*edges, version=version)
    return release_of_claim(
        survey, Claim(version=VERSION, commit="c" * 40), found, ordered(found, configured)
    )


def test_packages_that_need_each_other_at_the_release_commit_stop_every_command() -> None:
    with pytest.raises(Refusal) as caught:
        target(("a", "b"), ("b", "a"))

    assert [one.code for one in caught.value.problems] == ["dependency-cycle"]


@pytest.mark.parametrize("facade", [None, "named-since-then"])
def test_a_release_commit_that_todays_facade_is_no_part_of_can_be_looked_at(facade: str | None) -> None:
    assert target(("b", "a"), facade=facade).order.waves == (("a",), ("b",))


def build(into: Path, *built: str, version: str = "1.1.0") -> Sequence[Artifact]:
    artifacts = tuple(
        Artifact(
            package=name,
            ecosystem="python",
            kind="wheel",
            filename=f"{name}-1.1.0-py3-none-any.whl",
            path="",
            digest="d" * 64,
        )
        for name in built
    )
    builder = SimpleNamespace(build=lambda root, packages, into, step: Built(artifacts=artifacts))
    setting: Any = SimpleNamespace(
        builder=lambda ecosystem, when: builder, configuration=Configuration(), reporter=Silence()
    )
    git = SimpleNamespace(run=lambda *words: SimpleNamespace(code=1))
    clone: Any = SimpleNamespace(root=Path(), commit_time=lambda commit: 0, git=git)
    nothing: Any = None
    return build_artifacts(Session(setting, clone, nothing), target(version=version), into, only=("a", "b"))


def test_a_package_of_which_nothing_was_built_stops_before_the_claim(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        build(tmp_path, "a")

    assert [(one.code, one.package) for one in caught.value.problems] == [("build-incomplete", "b")]


@pytest.mark.parametrize("version", ["1.1.0", "1.1"])
def test_one_artifact_of_each_package_is_enough(tmp_path: Path, version: str) -> None:
    assert len(build(tmp_path, "a", "b", version=version)) == 2


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0rc1", "1.1.0.dev0", "unclear"])
def test_a_package_that_the_release_commit_left_at_another_version_is_not_built(
    tmp_path: Path, version: str
) -> None:
    with pytest.raises(Refusal) as caught:
        build(tmp_path, "a", "b", version=version)

    assert [(one.code, one.package) for one in caught.value.problems] == [("built-version-differs", "b")]
