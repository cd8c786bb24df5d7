"""Remedies for levels, the order of packages and what Cargo would refuse: pure functions of values and manifests."""

from __future__ import annotations

from typing import Any

from cargo_trees import Files, discover, package, tree
from model_strategies import edge, workspace

from castoff.ecosystems.cargo.foresight.packing import foresee
from castoff.ecosystems.record import Record, read_record
from castoff.model.graph import order_of
from castoff.model.versions import next_version, read
from remedies.following import Case, cases, follow_row

ROUND = (edge("a", "b"), edge("b", "a"))
SHARED = (edge("a", "c"), edge("b", "c"))
FACADE = (edge("a", "b"),)
ORDERS = [
    Case(
        "dependency-cycle",
        ("a b", ROUND, None),
        ("a b", (ROUND[0], edge("b", "a", "extra")), None),
        "into an extra",
    ),
    Case(
        "dependency-cycle",
        ("a b", ROUND, None),
        ("a b c", SHARED, None),
        "the shared code to a separate package",
    ),
    Case("facade-not-last", ("a b", FACADE, "b"), ("a b", FACADE, "a"), "set another facade"),
    Case("facade-not-last", ("a b", FACADE, "b"), ("a b", (), "b"), "remove that requirement"),
]


@cases(ORDERS)
def test_packages_are_ordered_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda shape: order_of(workspace(shape[0], *shape[1]), named_facade=shape[2]).problems)


LEVELS = [
    Case("level-needs-pre", ("rc", None), ("minor", "rc"), "`minor --pre rc`"),
    Case("level-needs-bump", ("1.3.0", "rc"), ("1.3.0-rc.1", None), "pass the exact version"),
    Case("level-needs-bump", ("release", "rc"), ("minor", "rc"), "combine it with major, minor or patch"),
]


@cases(LEVELS)
def test_a_level_is_written_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda words: next_version(read("1.2.0"), *words) and None)


NEW = {"yanked": False, "requirements": [], "features": []}


def _crates(entry: str, table: str = "dependencies", published: str = "") -> Files:
    entries = f"{published}\n[{table}]\n{entry}\n"
    needs = '[dependencies]\na = { path = "../a", version = "=1.2.0" }\n'
    return tree(a=package("a", entries), b=package("b", needs))


FEATURE = 'b = { path = "../b", version = "1", features = ["new"] }'
FORESEEN = [
    Case(
        "dependency-without-version",
        _crates('x = { path = "../../x" }'),
        _crates('x = { path = "../../x", version = "1" }'),
        'add `version = "..."` beside it',
    ),
    Case(
        "dependency-without-version",
        _crates('x = { git = "https://example.invalid/x" }'),
        _crates('x = { git = "https://example.invalid/x", version = "1" }'),
        'add `version = "..."` beside it',
    ),
    Case(
        "foreign-registry",
        _crates('x = { version = "1", registry = "mine" }'),
        _crates('x = { version = "1", registry = "mine" }', published='publish = ["mine"]'),
        '`publish = ["mine"]`',
    ),
    Case(
        "foreign-registry",
        _crates('x = { version = "1", registry = "mine" }'),
        _crates('x = "1"'),
        "publish `x` on crates-io first",
    ),
    Case(
        "feature-not-published",
        _crates(FEATURE, "dev-dependencies"),
        _crates('b = { path = "../b", features = ["new"] }', "dev-dependencies"),
        "remove `version`",
    ),
    Case(
        "feature-not-published",
        _crates(FEATURE, "dev-dependencies"),
        _crates('b = { path = "../b", version = "1" }', "dev-dependencies"),
        "remove the feature until it is published",
    ),
]


def _record() -> Record:
    packages: dict[str, Any] = {"a": {"1.1.0": NEW}, "b": {"1.1.0": NEW}, "x": {"1.0.0": NEW}}
    return read_record(
        f'{{"packages": {packages}}}'.replace("'", '"').replace("False", "false"), "record.json"
    )


@cases(FORESEEN)
def test_what_cargo_would_refuse_is_changed_as_the_remedy_reads(case: Case) -> None:
    follow_row(case, lambda files: foresee(files, discover(files), "1.3.0", _record()))
