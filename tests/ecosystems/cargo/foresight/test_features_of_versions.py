"""Features of published versions, by how much the registry's record knows of them."""

from __future__ import annotations

from typing import Any

import pytest

from castoff.ecosystems.cargo.foresight.resolver import Universe, active_needs, missing_features
from castoff.ecosystems.record import Need, Published
from castoff.model.semver import read_requirement, read_version

VERSION = read_version("1.0.0")
ANY = read_requirement("^1.0")
assert VERSION is not None
assert ANY is not None


def need(name: str, **fields: Any) -> Need:
    return Need(**{"name": name, "key": name, "requirement": ANY, "default_features": False, **fields})


def published(*features: str, **fields: Any) -> Published:
    return Published(version=VERSION, features=dict.fromkeys(features, ()), **fields)


@pytest.mark.parametrize(
    ("one", "missing"),
    [
        (published("tls"), {"zip"}),
        (published("tls", expanded=False), {"zip"}),
        (published(expanded=None), set()),
        (published(fresh=True), set()),
        (published("tls", needs=(need("zip", kind="optional"),)), set()),
        (published("tls", needs=(need("zip"),)), {"zip"}),
    ],
    ids=["whole table", "names alone", "nothing known", "of this release", "an optional package", "a needed package"],
)  # fmt: skip
def test_a_feature_is_missing_only_if_the_record_would_know_it(one: Published, missing: set[str]) -> None:
    assert missing_features(one, ["default", "tls", "zip"]) == missing


@pytest.mark.parametrize(
    ("expanded", "asked"),
    [(True, {"core": {"fast"}, "rustls": set()}), (False, {"core": set(), "rustls": set()})],
    ids=["its own table", "the table of today"],
)
def test_a_guessed_table_turns_packages_on_but_asks_no_features_of_them(
    expanded: bool, asked: dict[str, set[str]]
) -> None:
    table = {"tls": ("dep:rustls", "core/fast")}
    one = Published(
        version=VERSION,
        needs=(need("core"), need("rustls", kind="optional"), need("zip", kind="optional")),
        features=table if expanded else {"tls": ()},
        expanded=expanded,
    )
    universe = Universe({}, features_now={"a": table})

    found = active_needs(universe, "a", one, frozenset({"tls"}))

    assert {each.name: set(features) for each, features in found} == asked
