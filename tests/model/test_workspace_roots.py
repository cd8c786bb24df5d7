from __future__ import annotations

import pytest
from model_strategies import package

from castoff.model.graph import order_of
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Member, Workspace
from castoff.values import replace


@pytest.mark.parametrize(
    ("root", "path", "folder", "ecosystem", "locked"),
    [
        (".", "crates/a", ".", "python", True),
        (".", "crates/a", "crates/a", "python", True),
        (".", "crates/a", "crates", "python", True),
        (".", "crates/a", "crates/ab", "python", False),
        (".", "crates/a", "tools", "python", False),
        (".", "crates/a", ".", "cargo", False),
        ("py", "py/a", "py", "python", True),
        ("py", "py/a", ".", "python", False),
        ("py", "py/a", "py/a", "python", True),
        ("py", "py", "py", "python", True),
        ("py", "lib/a", "lib", "python", False),
    ],
)
def test_a_lock_file_lies_between_a_package_and_its_workspace(
    root: str, path: str, folder: str, ecosystem: Ecosystem, locked: bool
) -> None:
    one = replace(package("a"), root=root, path=path)
    member = Member(
        name="a", ecosystem="python", path=path, manifest=f"{path}/pyproject.toml", version=None, root=root
    )
    assert Workspace(packages=(one,)).locks_in(folder, ecosystem) is locked
    assert Workspace(packages=(), members=(member,)).locks_in(folder, ecosystem) is locked


@pytest.mark.parametrize(
    ("name", "found"),
    [("python:a", "a"), ("a", "a"), ("cargo:a", "cargo:a"), ("python:quay", "python:quay"), ("quay", "quay")],
)
def test_configuration_names_a_package_by_its_id_or_after_its_ecosystem(name: str, found: str) -> None:
    shared = replace(package("quay"), label="python:quay")
    assert Workspace(packages=(package("a"), shared)).id_of(name) == found


def test_the_facade_and_the_order_may_be_named_after_the_ecosystem() -> None:
    order = order_of(
        Workspace(packages=(package("a"), package("b"))),
        named_facade="python:a",
        after=[("python:a", ["python:b"])],
    )
    assert (order.facade, order.waves, order.problems) == ("a", (("b",), ("a",)), ())


def test_an_artifact_of_a_shared_name_belongs_to_the_package_of_its_ecosystem() -> None:
    crate = replace(package("quay"), ecosystem="cargo", label="cargo:quay")
    wheel = replace(package("quay"), label="python:quay")
    both = Workspace(packages=(crate, wheel))
    for one in both.packages:
        kind = one.kinds[0]
        artifact = Artifact(
            package=one.id, ecosystem=one.ecosystem, kind=kind, filename="f", path="f", digest=""
        )
        assert (artifact.name, both.owner(artifact)) == ("quay", one)
