from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import acyclic, cyclic, edge, workspace

from castoff.errors import Problem
from castoff.model.graph import Order, likely_facade, order_of
from castoff.model.workspace import FACADE_KINDS, Edge, EdgeKind, Workspace
from castoff.values import replace


def waves(order: Order) -> list[str]:
    return [" ".join(wave) for wave in order.waves]


def typed(edge: Edge, ordering: Literal["always", "never"]) -> Edge:
    return replace(edge, ordering=ordering)


def codes(order: Order) -> list[str]:
    return [problem.code for problem in order.problems]


KUBE = workspace(
    "kube kube-client kube-core kube-derive kube-runtime",
    edge("kube", "kube-core"),
    edge("kube", "kube-client", "optional"),
    edge("kube", "kube-derive", "optional"),
    edge("kube", "kube-runtime", "optional"),
    edge("kube-client", "kube-core"),
    edge("kube-runtime", "kube-client"),
    edge("kube-client", "kube", "dev", survives=False),
    edge("kube-derive", "kube-core", "dev", survives=False),
)


@pytest.mark.parametrize(
    ("shape", "expected", "facade"),
    [
        pytest.param(workspace("a"), ["a"], None, id="one package is its own facade"),
        pytest.param(workspace("b a"), ["a b"], None, id="two strangers go together"),
        pytest.param(workspace("a b", edge("a", "b")), ["b", "a"], "a", id="a pair"),
        pytest.param(
            workspace("a b c d", edge("d", "b"), edge("d", "c"), edge("b", "a"), edge("c", "a")),
            ["a", "b c", "d"],
            "d",
            id="a diamond",
        ),
        pytest.param(
            KUBE,
            ["kube-core kube-derive", "kube-client", "kube-runtime", "kube"],
            "kube",
            id="the shape of kube",
        ),
        pytest.param(
            workspace("a b c", edge("a", "c"), edge("b", "c")), ["c", "a b"], None, id="two sinks, no facade"
        ),
        pytest.param(workspace("a b", edge("a", "b", "build")), ["b", "a"], "a", id="build edges order"),
        pytest.param(
            workspace("a b", edge("a", "b", "extra")), ["b", "a"], "a", id="extras order where they can"
        ),
        pytest.param(
            workspace("a b", edge("a", "b", "dev")), ["b", "a"], None, id="dev orders, but is no facade's"
        ),
        pytest.param(workspace("a b", edge("a", "b", "group")), ["a b"], None, id="groups never order"),
        pytest.param(
            workspace("a b", edge("a", "b", "dev", survives=False)),
            ["a b"],
            None,
            id="what is dropped never orders",
        ),
        pytest.param(
            workspace("a b", edge("a", "a"), edge("a", "gone")), ["a b"], None, id="itself and strangers"
        ),
        pytest.param(
            workspace("f x", edge("f", "x", "optional", survives=False)),
            ["x", "f"],
            "f",
            id="a facade goes last even where nothing else says so",
        ),
    ],
)
def test_packages_go_up_in_waves_and_the_facade_last(
    shape: Workspace, expected: list[str], facade: str | None
) -> None:
    order = order_of(shape)

    assert waves(order) == expected
    assert order.facade == facade
    assert order.facade_source == ("found" if facade else "none")
    assert order.problems == ()


def test_soft_edges_that_would_close_a_cycle_are_named_and_do_not_order() -> None:
    shape = workspace("a b", edge("a", "b"), edge("b", "a", "extra"), edge("b", "a", "dev"))

    order = order_of(shape)

    assert waves(order) == ["b", "a"]
    assert [(one.edge.kind, one.orders, one.why) for one in order.edges] == [
        ("normal", True, None),
        ("extra", False, "would close a cycle"),
        ("dev", False, "would close a cycle"),
    ]


def test_two_extras_on_each_other_are_legal() -> None:
    order = order_of(workspace("a b", edge("a", "b", "extra"), edge("b", "a", "extra")))

    assert waves(order) == ["b", "a"]
    assert [one.orders for one in order.edges] == [True, False]


def test_what_is_left_out_of_the_upload_says_why() -> None:
    shape = workspace("a b", edge("a", "b", "dev", survives=False), edge("a", "b", "group"))

    assert {one.edge.kind: one.why for one in order_of(shape).edges} == {
        "dev": "not uploaded",
        "group": "dependency groups are not uploaded",
    }


def test_a_named_facade_goes_last_though_it_reaches_nothing() -> None:
    order = order_of(workspace("a b c", edge("b", "c")), named_facade="a")

    assert waves(order) == ["c", "b", "a"]
    assert (order.facade, order.facade_source) == ("a", "named")
    assert order.needs["a"] == {"b", "c"}


@pytest.mark.parametrize(
    ("named", "code", "words"),
    [("x", "unknown-facade", "`a`, `b`"), ("b", "facade-not-last", "`a` needs it")],
)
def test_a_facade_that_cannot_be_is_a_problem_and_the_order_stands(named: str, code: str, words: str) -> None:
    order = order_of(workspace("a b", edge("a", "b")), named_facade=named)

    assert codes(order) == [code]
    assert words in order.problems[0].message + order.problems[0].reason
    assert order.facade is None
    assert waves(order) == ["b", "a"]


def test_the_problem_of_a_facade_that_others_need_names_the_line() -> None:
    order = order_of(workspace("a b", edge("a", "b")), named_facade="b")

    assert (order.problems[0].file, order.problems[0].line) == ("packages/a/pyproject.toml", 7)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (workspace("a b", edge("a", "b")), "`a` needs it"),
        (workspace("c a b", edge("c", "b"), edge("a", "b")), "`a`, `c` need it"),
    ],
)
def test_the_problem_of_a_facade_names_all_that_need_it(shape: Workspace, words: str) -> None:
    (problem,) = order_of(shape, named_facade="b").problems

    assert words in f"{problem.message}; {problem.reason}"


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (workspace("a b", edge("a", "b"), edge("b", "a")), "`a` -> `b` -> `a`"),
        (
            workspace("d a b c", edge("c", "b"), edge("b", "a", "build"), edge("a", "c"), edge("d", "a")),
            "`a` -> `c` -> `b` -> `a`",
        ),
    ],
)
def test_a_cycle_is_named_from_its_smallest_package_with_the_line(shape: Workspace, message: str) -> None:
    order = order_of(shape)

    assert codes(order) == ["dependency-cycle"]
    assert message in order.problems[0].message
    assert (order.problems[0].file, order.problems[0].line) == ("packages/a/pyproject.toml", 7)
    assert order.waves == ()


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        (
            "a/pyproject.toml",
            "move one of these requirements into an extra (`project.optional-dependencies`), or "
            "move the shared code to a separate package",
        ),
        ("a/Cargo.toml", "move the shared code to a separate package"),
        (None, "move the shared code to a separate package"),
    ],
)
def test_the_way_out_of_a_cycle_is_one_of_its_ecosystem(file: str | None, remedy: str) -> None:
    beside = replace(edge("a", "c"), line=3)
    (problem,) = order_of(
        workspace("a b c", beside, replace(edge("a", "b"), file=file), edge("b", "a"))
    ).problems

    assert problem == Problem(
        code="dependency-cycle",
        message="packages depend on each other: `a` -> `b` -> `a`",
        reason="none of them can be uploaded first, because each must resolve at its upload",
        remedy=remedy,
        file=file,
        line=7,
        package="a",
    )


def needed(order: Order) -> dict[str, set[str]]:
    needs: dict[str, set[str]] = {name: set() for name in order.needs}
    for one in order.edges:
        if one.orders:
            needs[one.edge.origin].add(one.edge.target)
    return needs


@given(acyclic(soft=True))
def test_each_package_is_in_the_earliest_wave_after_all_that_it_needs(shape: Workspace) -> None:
    order = order_of(shape)
    wave_of = {name: number for number, wave in enumerate(order.waves) for name in wave}
    assert sorted(wave_of) == sorted(shape.names)

    for name, targets in needed(order).items():
        earliest = 1 + max((wave_of[target] for target in targets), default=-1)
        if name == order.facade:
            earliest = len(order.waves) - 1
        assert wave_of[name] == earliest


@given(acyclic(soft=True))
def test_hard_edges_always_order(shape: Workspace) -> None:
    order = order_of(shape)

    for one in shape.edges:
        if one.kind in ("normal", "build"):
            assert one.target in order.needs[one.origin]


@given(acyclic(soft=True))
def test_the_facade_is_the_only_one_that_reaches_all_and_goes_last_alone(shape: Workspace) -> None:
    order = order_of(shape)
    names = set(shape.names)
    dependents = {target for targets in needed(order).values() for target in targets}
    sinks = [
        name
        for name in sorted(names)
        if len(names) > 1 and name not in dependents and reached(shape, name) == names
    ]

    assert order.facade == (sinks[0] if len(sinks) == 1 else None)
    if order.facade is not None:
        assert order.waves[-1] == (order.facade,)
        assert order.needs[order.facade] == names - {order.facade}


def reached(shape: Workspace, start: str) -> set[str]:
    seen, fresh = {start}, {start}
    while fresh:
        fresh = {e.target for e in shape.edges if e.kind in FACADE_KINDS and e.origin in fresh} - seen
        seen |= fresh
    return seen


@given(acyclic(soft=True), st.randoms(use_true_random=False))
def test_the_order_in_which_packages_and_edges_come_does_not_matter(shape: Workspace, random: Random) -> None:
    shuffled = Workspace(
        packages=tuple(random.sample(shape.packages, len(shape.packages))),
        edges=tuple(random.sample(shape.edges, len(shape.edges))),
    )

    one, other = order_of(shape), order_of(shuffled)

    assert (one.waves, one.facade, dict(one.needs)) == (other.waves, other.facade, dict(other.needs))
    assert [(j.edge, j.orders) for j in one.edges] == [(j.edge, j.orders) for j in other.edges]


@given(acyclic(soft=True))
def test_soft_edges_never_make_a_cycle_and_are_left_out_only_for_one(shape: Workspace) -> None:
    order = order_of(shape)

    assert order.problems == ()
    orders = needed(order)
    for one in order.edges:
        if one.why == "would close a cycle":
            assert one.edge.origin in closure(orders, one.edge.target)


def closure(needs: dict[str, set[str]], start: str) -> set[str]:
    seen, fresh = set[str](), {start}
    while fresh:
        fresh = {target for name in fresh for target in needs[name]} - seen
        seen |= fresh
    return seen


@given(cyclic())
def test_a_cycle_is_always_found_and_every_step_of_it_is_an_edge(shape: Workspace) -> None:
    order = order_of(shape)

    assert codes(order) == ["dependency-cycle"]
    path = order.problems[0].message.partition(": ")[2].replace("`", "").split(" -> ")
    steps = {(one.origin, one.target) for one in shape.edges}
    assert path[0] == path[-1] == min(path)
    assert len(set(path)) == len(path) - 1
    assert all(step in steps for step in pairwise(path))


@pytest.mark.parametrize("kind", ["normal", "extra"])
def test_a_chain_of_a_thousand_packages_is_ordered(kind: EdgeKind) -> None:
    names = [f"p{number:04}" for number in range(1000)]
    edges = tuple(edge(later, earlier, kind) for earlier, later in pairwise(names))
    shape = workspace(" ".join(names), *edges)

    order = order_of(shape)

    assert waves(order) == names
    assert order.facade == names[-1]


def test_a_package_that_reaches_most_others_may_be_meant_as_the_facade() -> None:
    edges = (edge("top", "a"), edge("top", "b"))

    assert likely_facade(order_of(workspace("top a b tool", *edges))) == "top"
    assert likely_facade(order_of(workspace("top a b c d", *edges))) is None
    assert likely_facade(order_of(workspace("a"))) is None


PEERS = workspace("a b vue", edge("a", "vue", "peer"), edge("vue", "b", "peer"), edge("b", "vue", "peer"))


@pytest.mark.parametrize(
    ("named", "expected", "why"),
    [
        (None, ["vue", "a b"], {("vue", "b"): "would close a cycle"}),
        ("vue", ["a b", "vue"], dict.fromkeys([("a", "vue"), ("b", "vue")], "the facade goes last")),
    ],
)
def test_peers_order_unless_they_close_a_cycle_or_are_on_the_named_facade(
    named: str | None, expected: list[str], why: dict[tuple[str, str], str]
) -> None:
    order = order_of(PEERS, named_facade=named)
    assert waves(order) == expected
    assert {(one.edge.origin, one.edge.target): one.why for one in order.edges if not one.orders} == why


def test_an_ecosystem_may_decide_which_edges_order() -> None:
    always = typed(edge("a", "b", "optional"), "always")
    never = typed(edge("b", "a", "peer"), "never")
    assert waves(order_of(workspace("a b", never))) == ["a b"]
    assert waves(order_of(workspace("a b", always, never))) == ["b", "a"]
    assert codes(order_of(workspace("a b", always, edge("b", "a")))) == ["dependency-cycle"]
