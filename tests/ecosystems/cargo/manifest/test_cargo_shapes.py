"""Are kube's workspaces of six years read as they were: packages, order, facade, cycles?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from cargo_trees import SHAPES, discover, shape_tree

from castoff.model.graph import order_of

LOCKSTEP = [shape for shape in SHAPES if shape["label"] != "0.36.0"]


def identify(shape: dict[str, Any]) -> str:
    return str(shape["label"])


@pytest.mark.parametrize("shape", SHAPES, ids=identify)
def test_packages_and_members_are_told_apart(shape: dict[str, Any]) -> None:
    workspace = discover(shape_tree(shape))

    assert sorted(workspace.names) == sorted(shape["publishable"])
    assert sorted(member.name for member in workspace.members) == sorted(shape["not_publishable"])


@pytest.mark.parametrize("shape", SHAPES, ids=identify)
def test_each_internal_dependency_is_an_edge(shape: dict[str, Any]) -> None:
    workspace = discover(shape_tree(shape))

    wanted = {
        (
            member["name"],
            one["to"],
            "optional" if one["optional"] else one["kind"],
            one["req"],
            one["survives_publish"],
        )
        for member in shape["members"]
        if member["publishable"]
        for one in member["internal_dependencies"]
        if one["to"] in shape["publishable"]
    }
    assert {(e.origin, e.target, e.kind, e.requirement, e.survives) for e in workspace.edges} == wanted


@pytest.mark.parametrize("shape", SHAPES, ids=identify)
def test_the_order_is_one_that_works(shape: dict[str, Any]) -> None:
    order = order_of(discover(shape_tree(shape)))

    flat = [name for wave in order.waves for name in wave]
    assert flat in shape["valid_publish_orders"] or _refines(order.waves, shape["valid_publish_orders"])


def _refines(waves: tuple[tuple[str, ...], ...], orders: list[list[str]]) -> bool:
    """Say whether some valid order passes the waves one after the other."""
    number = {name: index for index, wave in enumerate(waves) for name in wave}
    return any(all(number[a] <= number[b] for a, b in pairwise(order)) for order in orders)


@pytest.mark.parametrize("shape", [one for one in SHAPES if one["facade_last"]], ids=identify)
def test_the_facade_is_found_and_goes_last(shape: dict[str, Any]) -> None:
    order = order_of(discover(shape_tree(shape)))

    assert (order.facade, order.facade_source) == ("kube", "found")
    assert order.waves[-1] == ("kube",)


@pytest.mark.parametrize("shape", LOCKSTEP, ids=identify)
def test_a_workspace_with_one_version_has_no_problems(shape: dict[str, Any]) -> None:
    assert discover(shape_tree(shape)).problems == ()


def test_the_stray_package_of_the_day_is_named() -> None:
    shape = next(one for one in SHAPES if one["label"] == "0.36.0")

    problems = discover(shape_tree(shape)).problems

    assert [(p.code, p.package, p.file, p.line) for p in problems] == [
        ("stray-version", "tests", "tests/Cargo.toml", 3)
    ]


@pytest.mark.parametrize("shape", [one for one in SHAPES if one["dev_cycles"]], ids=identify)
def test_cycles_over_dev_dependencies_are_legal(shape: dict[str, Any]) -> None:
    order = order_of(discover(shape_tree(shape)))

    assert order.problems == ()
    assert sum(map(len, order.waves)) == len(shape["publishable"])
