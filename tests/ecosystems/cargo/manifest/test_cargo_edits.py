"""Do manifests change in what must change for a version, and in nothing else?"""

from __future__ import annotations

import tomllib

import pytest
from cargo_trees import SHAPES, Files, discover, edited, package, shape_tree, tree
from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.cargo.manifest.edits import moved
from castoff.model.semver import Version, read_requirement, read_version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("=1.2.0", "=1.3.0"),
        ("= 1.2.0", "= 1.3.0"),
        ("=1.1.0", "=1.3.0"),
        ("=1.2", "=1.3"),
        ("1.2.0", "1.3.0"),
        ("^1.2.0", "^1.3.0"),
        ("1.2", "1.3"),
        ("1", "1"),
        ("1.1", "1.1"),
        ("1.0.5", "1.0.5"),
        ("0.9", "1.3"),
        ("~1.2.0", "~1.3.0"),
        ("~1.2", "~1.3"),
        ("~1.1", "~1.3"),
        ("1.2.*", "1.3.*"),
        ("1.*", "1.*"),
        ("*", "*"),
        (">=1.2.0", ">=1.3.0"),
        (">=1.2.0, <2", ">=1.3.0, <2"),
        (">=1.1, <1.3", ">=1.1, <1.4"),
        (">=1.2.0,<1.3.0", ">=1.3.0,<1.4.0"),
        (">=1, <2", ">=1, <2"),
        (">=1, <=1.2.0", ">=1, <=1.3.0"),
        (">1.0, <2.0.0", ">1.0, <2.0.0"),
        ("<1.2.5", "<1.3.1"),
    ],
)
def test_a_requirement_moves_in_its_own_style(old: str, new: str) -> None:
    assert moved(old, Version(1, 2, 0), Version(1, 3, 0)) == new


@pytest.mark.parametrize(
    ("old", "current", "new", "wanted"),
    [
        ("=1.2.0", "1.2.0", "2.0.0", "=2.0.0"),
        ("1", "1.2.0", "2.0.0", "2"),
        ("<2", "1.2.0", "2.0.0", "<3"),
        (">=1.2, <2.0", "1.2.0", "2.0.0", ">=2.0, <3.0"),
        ("<0.13", "0.12.0", "0.13.0", "<0.14"),
        ("0.12.0", "0.12.0", "0.13.0", "0.13.0"),
        ("=1.2.0", "1.2.0", "1.3.0-rc.1", "=1.3.0-rc.1"),
        ("1.2", "1.2.0", "1.3.0-rc.1", "1.3.0-rc.1"),
        ("1.2.*", "1.2.0", "1.3.0-rc.1", "1.3.0-rc.1"),
        (">=1, <2", "1.2.0", "1.3.0-rc.1", ">=1.3.0-rc.1, <2"),
        ("<2", "1.2.0", "1.3.0-rc.1", "1.3.0-rc.1"),
        ("=1.3.0-rc.1", "1.3.0-rc.1", "1.3.0", "=1.3.0"),
        ("1.3.0-rc.1", "1.3.0-rc.1", "1.3.0-rc.2", "1.3.0-rc.2"),
        ("1.3.0-rc.1", "1.3.0-rc.1", "1.3.0", "1.3.0"),
    ],
)
def test_the_new_version_is_always_admitted(old: str, current: str, new: str, wanted: str) -> None:
    assert moved(old, read_version(current), _version(new)) == wanted


@pytest.mark.parametrize(
    ("old", "wanted"),
    [
        (">=1.2.0", ">=1.2.0"),
        ("1.2.0", "1.2.0"),
        ("=1.2.0", "=1.3.0"),
        ("~1.2", "~1.3"),
        (">=0.61, <1.0", ">=0.61, <2.0"),
    ],
)
def test_a_dev_requirement_stays_where_it_admits_the_new_version(old: str, wanted: str) -> None:
    assert moved(old, Version(1, 2, 0), Version(1, 3, 0), stays=True) == wanted


_VERSIONS = st.builds(
    Version,
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from([(), ("rc", "1"), ("beta", "2")]),
)
_COMPARATORS = st.builds(
    lambda operator, numbers: operator + ".".join(map(str, numbers)),
    st.sampled_from(["=", "^", "~", ">=", "<", "<=", ">", ""]),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
)


@given(st.lists(_COMPARATORS, min_size=1, max_size=3).map(", ".join), _VERSIONS, _VERSIONS, st.booleans())
def test_whatever_was_written_admits_the_new_version_and_is_stable(
    old: str, current: Version, new: Version, dev: bool
) -> None:
    result = moved(old, current, new, stays=dev)

    requirement = read_requirement(result)
    assert requirement is not None and requirement.admits(new)
    assert moved(result, new, new, stays=dev) == result


HAND = """# The workspace
[workspace]
members = [ "crates/*" ]   # all of them

[workspace.package]
version   =   '1.2.0'      # moves
edition = "2021"

[workspace.dependencies]
serde = "1.2.0"            # not ours
b = { path = "crates/b", version = "=1.2.0" } # pinned
a = {version="1.2", path='crates/a',features=["x"]}
unused = { path = "crates/a", package = "a", version = "=1.2.0" }
"""


def test_comments_order_quotes_and_spaces_stay() -> None:
    files = Files(
        {
            "Cargo.toml": HAND,
            "crates/a/Cargo.toml": package("a", "\r\n[dependencies]\r\nserde = '=1.2.0'\r\n"),
            "crates/b/Cargo.toml": package("b", "[build-dependencies]\na.workspace = true\n"),
            "crates/c/Cargo.toml": package(
                "c", 'publish = false\n[dependencies.b]\nversion = """=1.2.0"""\npath = "../b"\n'
            ),
        }
    )

    result = edited(files, "1.3.0")

    wanted = HAND.replace("'1.2.0'      # m", "'1.3.0'      # m").replace('"=1.2.0" }', '"=1.3.0" }')
    assert result.texts["Cargo.toml"] == wanted.replace('version="1.2"', 'version="1.3"')
    assert result.texts["crates/c/Cargo.toml"] == files.texts["crates/c/Cargo.toml"].replace(
        "=1.2.0", "=1.3.0"
    )
    assert sorted(result.texts) == ["Cargo.toml", "crates/c/Cargo.toml"]
    assert result.problems == ()


def test_every_table_is_edited() -> None:
    tables = ["dependencies", "build-dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"]
    tables += ["target.wasm32-unknown-unknown.build-dependencies", 'target."cfg(windows)".dev-dependencies']
    text = "".join(f'[{table}]\na = {{ path = "../a", version = "=1.2.0" }}\n' for table in tables)

    result = edited(tree(a=package("a"), b=package("b", text)), "1.3.0")

    assert result.texts["crates/b/Cargo.toml"].count('"=1.3.0"') == len(tables)
    assert [(e.kind, e.line) for e in result.edits if e.path != "Cargo.toml"] == [
        ("requirement", 5 + 2 * index) for index in range(len(tables))
    ]


def test_a_stale_pin_is_an_edit_and_no_warning() -> None:
    files = tree(
        a=package("a"), b=package("b", '[dependencies]\na = { path = "../a", version = "=1.1.0" }\n')
    )

    result = edited(files, "1.3.0")

    assert result.problems == ()
    assert '"=1.3.0"' in result.texts["crates/b/Cargo.toml"]


def test_a_bound_that_is_widened_is_an_edit_and_no_warning() -> None:
    files = tree(
        a=package("a"), b=package("b", '[dependencies]\na = { path = "../a", version = ">=1, <2" }\n')
    )

    result = edited(files, "2.0.0")

    assert '">=2, <3"' in result.texts["crates/b/Cargo.toml"]
    assert result.problems == ()


def test_a_release_of_a_sibling_that_is_required_without_a_path_stays() -> None:
    entries = 'old = { package = "a", version = "=1.1.0" }\na = { version = "1.2.0" }\n'

    result = edited(tree(a=package("a"), b=package("b", f"[dependencies]\n{entries}")), "1.3.0")

    assert [(e.old, e.new) for e in result.edits] == [("1.2.0", "1.3.0"), ("1.2.0", "1.3.0")]
    assert "=1.1.0" in result.texts["crates/b/Cargo.toml"]


def test_a_shared_requirement_that_only_tests_use_keeps_its_floor() -> None:
    root = '[workspace.dependencies]\na = { path = "crates/a", version = ">=1.2.0" }\n'
    dev = tree(root, a=package("a"), b=package("b", "[dev-dependencies]\na.workspace = true\n"))
    both = tree(
        root,
        a=package("a"),
        b=package("b", "[dev-dependencies]\na.workspace = true\n[dependencies]\na.workspace = true\n"),
    )

    assert [e.kind for e in edited(dev, "1.3.0").edits] == ["version"]
    assert [e.kind for e in edited(both, "1.3.0").edits] == ["version", "requirement"]


def test_members_that_follow_move_and_others_stay() -> None:
    files = tree(
        a=package("a"),
        b=package("b", "publish = false\n", version='version = "1.2.0"'),
        c=package("c", "publish = false\n", version='version = "0.1.0"'),
    )

    assert [e.path for e in edited(files, "1.3.0").edits] == ["Cargo.toml", "crates/b/Cargo.toml"]


def test_requirements_in_packages_that_are_not_released_move_too() -> None:
    files = tree(
        a=package("a"), b=package("b", '[dependencies]\na = { path = "../a", version = "=1.2.0" }\n')
    )

    result = edited(files, "1.3.0", "b")

    assert [(e.path, e.new) for e in result.edits] == [
        ("Cargo.toml", "1.3.0"),
        ("crates/b/Cargo.toml", "=1.3.0"),
    ]


def test_editing_twice_changes_nothing_more() -> None:
    files = tree(
        a=package("a"), b=package("b", '[dependencies]\na = { path = "../a", version = "=1.2.0" }\n')
    )
    files.texts.update(edited(files, "1.3.0").texts)

    assert edited(files, "1.3.0").texts == {}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape["label"])
def test_kubes_manifests_mean_the_same_but_for_versions(shape: dict[str, object]) -> None:
    files = shape_tree(shape)
    result = edited(files, "9.0.0")

    for path, text in result.texts.items():
        before, after = tomllib.loads(files.texts[path]), tomllib.loads(text)
        assert _without_versions(before) == _without_versions(after)
    files.texts.update(result.texts)
    assert {p.version for p in discover(files).packages} == {"9.0.0"}


def _without_versions(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_versions(one) for key, one in value.items() if key != "version"}
    return "" if isinstance(value, str) and value[:1] in "=^~<>0123456789" else value


def _version(text: str) -> Version:
    version = read_version(text)
    assert version is not None
    return version
