from __future__ import annotations

from dataclasses import replace

import pytest
from model_strategies import edge, package, workspace

from castoff.errors import Problem, WorkspaceError
from castoff.model.merging import merged, require_packages
from castoff.model.workspace import Member, Package, Workspace


def crate(name: str, version: str = "1.0.0") -> Package:
    return replace(
        package(name),
        ecosystem="cargo",
        version=version,
        manifest=f"crates/{name}/Cargo.toml",
        kinds=("crate",),
    )


CRATES = Workspace(
    packages=(crate("core"), crate("util")), edges=(edge("util", "core"),), ecosystems=("cargo",)
)
PROJECTS = replace(workspace("core cli", edge("cli", "core")), ecosystems=("python",))


def test_one_workspace_stays_as_it_is() -> None:
    assert merged([CRATES]) is CRATES


def test_names_that_two_ecosystems_share_are_told_apart_in_packages_and_edges() -> None:
    both = merged([CRATES, PROJECTS])

    assert both.names == ("cargo:core", "util", "python:core", "cli")
    assert [(one.origin, one.target) for one in both.edges] == [
        ("util", "cargo:core"),
        ("cli", "python:core"),
    ]
    assert [one.name for one in both.packages] == ["core", "util", "core", "cli"]
    assert both.ecosystems == ("cargo", "python")
    assert both.problems == ()


def test_members_and_problems_of_all_are_kept() -> None:
    member = Member(name="e2e", ecosystem="cargo", path="e2e", manifest="e2e/Cargo.toml", version=None)
    problem = Problem(code="stale-requirement", message="m")

    both = merged([replace(CRATES, members=(member,)), replace(PROJECTS, problems=(problem,))])

    assert both.members == (member,)
    assert both.problems == (problem,)


@pytest.mark.parametrize(
    ("cargo", "python", "strays"),
    [
        ("1.0.0", "1.0.0", []),
        ("1.3.0-rc.1", "1.3.0rc1", []),
        ("1.0.0", "1.0.1", ["py"]),
        ("1.0.0", "1.0.0.dev0", ["py"]),
    ],
)
def test_between_ecosystems_spellings_may_differ_but_the_version_may_not(
    cargo: str, python: str, strays: list[str]
) -> None:
    crates = Workspace(packages=(crate("a", cargo), crate("b", cargo)))
    projects = Workspace(packages=(replace(package("py"), version=python),))

    both = merged([crates, projects])

    assert [problem.package for problem in both.problems] == strays
    assert {problem.code for problem in both.problems} <= {"stray-version"}
    assert all(problem.file and problem.remedy for problem in both.problems)


def test_a_workspace_that_publishes_nothing_is_refused() -> None:
    member = Member(name="x", ecosystem="cargo", path="x", manifest="x/Cargo.toml", version=None)

    with pytest.raises(WorkspaceError) as caught:
        require_packages(Workspace(packages=(), members=(member,)))

    assert caught.value.problems[0].code == "nothing-to-publish"
    assert "1 member " in caught.value.problems[0].reason


def test_a_workspace_with_packages_is_fine() -> None:
    require_packages(CRATES)
    assert CRATES.package("core").id == "core"
    with pytest.raises(KeyError):
        CRATES.package("gone")
