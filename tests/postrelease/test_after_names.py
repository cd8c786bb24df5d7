"""Names of documentation projects and of the issues on them, if two ecosystems share one."""

from __future__ import annotations

import pytest

from castoff.errors import Problem
from castoff.model.graph import order_of
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Edge, Package, Workspace
from castoff.postrelease.docs import marker
from castoff.postrelease.stages import documented_name
from castoff.postrelease.verify.verify import tried_packages
from castoff.preflight.foresight import with_ids


def package(ecosystem: Ecosystem, name: str, label: str = "") -> Package:
    return Package(
        name=name, ecosystem=ecosystem, path=".", manifest="m", version="1.0.0", version_file="m", label=label
    )


@pytest.mark.parametrize(
    ("packages", "facade", "name"),
    [
        ([], None, None),
        ([package("cargo", "rk-a"), package("cargo", "rk")], "rk", "rk"),
        ([package("cargo", "rk-a"), package("cargo", "rk")], None, "rk-a"),
        ([package("cargo", "rk"), package("python", "zz-a"), package("python", "zz")], "zz", "zz"),
        ([package("cargo", "rk"), package("python", "zz")], "rk", "zz"),
        (
            [package("cargo", "quay", "cargo:quay"), package("python", "quay", "python:quay")],
            "cargo:quay",
            "quay",
        ),
    ],
)
def test_a_project_for_all_packages_is_named_without_the_ecosystem(
    packages: list[Package], facade: str | None, name: str | None
) -> None:
    assert documented_name(packages, facade) == name


def test_issues_of_a_shared_name_are_told_apart() -> None:
    names = ["cargo:quay", "python:quay", "cargo-quay"]
    assert len({marker(name, "1.1.0") for name in names}) == 3


@pytest.mark.parametrize(
    ("edges", "facade", "tried"),
    [
        ((), None, ["cargo:quay", "rk-a", "python:quay"]),
        ((("cargo:quay", "rk-a"),), None, ["cargo:quay", "python:quay"]),
        ((("cargo:quay", "rk-a"),), "cargo:quay", ["cargo:quay", "python:quay"]),
        ((), "cargo:quay", ["cargo:quay", "python:quay"]),
        ((), "python:quay", ["cargo:quay", "rk-a", "python:quay"]),
        ((("cargo:quay", "rk-a"),), "python:quay", ["cargo:quay", "python:quay"]),
    ],
)
def test_a_fresh_project_tries_each_ecosystem(
    edges: tuple[tuple[str, str], ...], facade: str | None, tried: list[str]
) -> None:
    packages = (
        package("cargo", "quay", "cargo:quay"),
        package("cargo", "rk-a"),
        package("python", "quay", "python:quay"),
    )
    workspace = Workspace(
        packages=packages,
        edges=tuple(Edge(origin=one, target=other, kind="normal") for one, other in edges),
    )
    order = order_of(workspace, named_facade=facade)
    assert [one.id for one in tried_packages(workspace, order)] == tried


def test_problems_of_crates_carry_the_ids_of_the_release() -> None:
    packages = (
        package("cargo", "quay", "cargo:quay"),
        package("cargo", "rk"),
        package("python", "quay", "python:quay"),
    )
    problems = [Problem(code="x", message="m", package=name) for name in ("quay", "rk", "other", None)]
    found = with_ids(Workspace(packages=packages), problems)
    assert [one.package for one in found] == ["cargo:quay", "rk", "other", None]
