from __future__ import annotations

import pytest
from model_strategies import edge, package, workspace

from castoff.model.graph import order_of
from castoff.model.plan import planned_packages, predicted_filename
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import ArtifactKind
from castoff.values import replace


def rc() -> ReleaseVersion:
    version = read("1.3.0-rc.1")
    assert version is not None
    return version


def test_packages_are_planned_in_the_order_of_the_waves() -> None:
    shape = workspace("a b c", edge("a", "b"), edge("a", "c"), edge("b", "c"))

    planned = planned_packages(shape.packages, order_of(shape), rc(), frozenset({"c"}))

    assert [(one.package.name, one.wave, one.new, one.needs) for one in planned] == [
        ("c", 1, True, ()),
        ("b", 2, False, ("c",)),
        ("a", 3, False, ("b", "c")),
    ]
    assert {one.to for one in planned} == {"1.3.0rc1"}
    assert planned[0].artifacts == (("sdist", "c-1.3.0rc1.tar.gz"), ("wheel", None))


def test_each_ecosystem_has_its_spelling_of_the_version() -> None:
    shape = workspace("a")
    crate = replace(shape.packages[0], ecosystem="cargo", kinds=("crate",))

    (planned,) = planned_packages([crate], order_of(shape), rc(), frozenset())

    assert planned.to == "1.3.0-rc.1"
    assert planned.artifacts == (("crate", "a-1.3.0-rc.1.crate"),)


@pytest.mark.parametrize(
    ("name", "kind", "filename"),
    [
        ("kube-core", "crate", "kube-core-1.0.0.crate"),
        ("Kube.Core-py", "sdist", "kube_core_py-1.0.0.tar.gz"),
        ("a--b", "sdist", "a_b-1.0.0.tar.gz"),
        ("a-_.b", "sdist", "a_b-1.0.0.tar.gz"),
        ("@kube/core", "tarball", "kube-core-1.0.0.tgz"),
        ("kube-core", "wheel", None),
    ],
)
def test_file_names_are_predicted_where_the_build_does_not_decide(
    name: str, kind: ArtifactKind, filename: str | None
) -> None:
    assert predicted_filename(replace(package("x"), name=name), kind, "1.0.0") == filename


def test_a_cycle_leaves_nothing_to_plan() -> None:
    shape = workspace("a b", edge("a", "b"), edge("b", "a"))

    assert planned_packages(shape.packages, order_of(shape), rc(), frozenset()) == ()
