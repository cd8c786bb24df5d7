"""Is what would fail after the first upload found beforehand, and nothing else accused?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cargo_trees import SHAPES, Files, discover, package, shape_tree, tree
from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.cargo.foresight.packing import foresee, needed_outside, used_before
from castoff.ecosystems.cargo.manifest.document import Dependency, StringPosition
from castoff.ecosystems.cargo.manifest.workspace import open_crates, workspace_of
from castoff.ecosystems.record import Record, read_record, record_of
from castoff.errors import Problem, UsageError
from castoff.model.semver import read_version
from castoff.model.workspace import Package, Workspace
from castoff.preflight.foresight import asked_packages

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "kube_published.json").read_text())


def published_before(version: str) -> Record:
    """Give what kube had published before a version, with the feature names alone."""
    limit = read_version(version)
    assert limit is not None
    packages = {
        name: {text: entry for text, entry in versions.items() if (read_version(text) or limit) < limit}
        for name, versions in PUBLISHED["packages"].items()
    }
    return read_record(json.dumps({"packages": packages}), "record.json")


def record(**packages: dict[str, Any]) -> Record:
    """Write a record; ``kube_core`` stands for `kube-core`."""
    named = {name.replace("_", "-"): versions for name, versions in packages.items()}
    return read_record(json.dumps({"packages": named}), "record.json")


def foreseen(files: Files, version: str, published: Record) -> tuple[Problem, ...]:
    return foresee(files, discover(files), version, published)


def told(problems: tuple[Problem, ...]) -> list[tuple[str, str | None, str | None, int | None]]:
    return [(one.code, one.package, one.file, one.line) for one in problems]


@pytest.mark.parametrize("shape", SHAPES[1:], ids=lambda shape: shape["label"])
def test_kubes_releases_that_worked_pass(shape: dict[str, Any]) -> None:
    assert shape["ok"]

    assert foreseen(shape_tree(shape), shape["version"], published_before(shape["version"])) == ()


def test_a_package_that_nobody_ever_published_is_no_reason_to_stop() -> None:
    """Kube's `tests` of 2020: its own version, a path alone, and no `publish = false`."""
    files = two("x = '1'")
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace('"crates/*"', '"crates/*", "tests"')
    files.texts["tests/Cargo.toml"] = package(
        "tests", '[dependencies]\na = { path = "../crates/a" }\n', version='version = "0.1.0"'
    )

    assert foreseen(files, "1.3.0", Record()) == ()
    known = foreseen(files, "1.3.0", record(tests={"0.0.9": A1}))
    assert [one.code for one in known] == ["dependency-without-version"]


def kube(requirement: str | None, version: str, *, features: str = '"derive", "client", "ws"') -> Files:
    """Write kube's workspace of 2026 as far as it matters, with one requirement on the facade in its tests."""
    shape = json.loads(json.dumps(SHAPES[-1]))
    for member in shape["members"]:
        for one in member["internal_dependencies"]:
            one["req"] = f"={version}" if one["kind"] != "dev" else None
            if one["kind"] == "dev" and member["name"] == "kube-client":
                one |= {"req": requirement, "features": json.loads(f"[{features}]")}
    return shape_tree(shape | {"version": version})


def test_the_story_of_4_1_0_is_stopped_with_its_line() -> None:
    (problem,) = foreseen(kube(">=4", "4.0.0"), "4.1.0", published_before("4.1.0"))

    assert told((problem,)) == [("two-versions-in-one-range", "kube-client", "kube-client/Cargo.toml", 9)]
    assert "`kube` 4.0.0" in problem.reason
    assert "`kube-core` 4.0.0" in problem.reason
    assert "remove `version`" in problem.remedy


def test_the_way_out_that_kube_took_passes() -> None:
    assert foreseen(kube(None, "4.0.0"), "4.2.0", published_before("4.2.0")) == ()


@pytest.mark.parametrize(
    ("requirement", "version", "new", "passes"),
    [
        (">=2", "3.0.1", "3.1.0", True),
        (">=3", "3.0.1", "3.1.0", False),
        (">=2", "3.1.0", "4.0.0", True),
        (">=3", "3.1.0", "4.0.0", True),
        (">=4", "3.1.0", "4.0.0", False),
        (">=3", "4.0.0", "4.1.0", True),
        ("=4.0.0", "4.0.0", "4.1.0", False),
        ("*", "4.0.0", "4.1.0", False),
    ],
)
def test_a_floor_is_judged_by_what_it_can_get(requirement: str, version: str, new: str, passes: bool) -> None:
    problems = foreseen(kube(requirement, version), new, published_before(new))

    assert (problems == ()) is passes


def test_a_feature_that_nobody_published_is_named() -> None:
    (problem,) = foreseen(
        kube(">=0.61.0, <1.0.0", "0.98.0", features='"derive", "ring"'),
        "0.99.0",
        published_before("0.99.0"),
    )

    assert told((problem,)) == [("feature-not-published", "kube-client", "kube-client/Cargo.toml", 9)]
    assert "`ring`" in problem.reason


def two(entry: str, table: str = "dev-dependencies", a: str = "") -> Files:
    """Write two packages: ``b`` needs ``a``, and ``a`` has an entry of its own."""
    entries = f"{a}\n[{table}]\n{entry}\n"
    return tree(
        a=package("a", entries), b=package("b", '[dependencies]\na = { path = "../a", version = "=1.2.0" }\n')
    )


ONE = {
    "yanked": False,
    "requirements": [{"name": "a", "requirement": "^1", "kind": "normal"}],
    "features": ["x"],
}
PINNED = {
    "yanked": False,
    "requirements": [{"name": "a", "requirement": "=1.1.0", "kind": "normal"}],
    "features": [],
}
A1 = {"yanked": False, "requirements": [], "features": []}


@pytest.mark.parametrize(
    ("entry", "published", "code"),
    [
        ('b = { path = "../b" }', {}, None),
        ('b = { path = "../b", version = "1" }', {}, "requirement-admits-nothing"),
        ('b = { path = "../b", version = "1" }', {"b": {"1.1.0": ONE}, "a": {"1.1.0": A1}}, None),
        ('b = { path = "../b", version = "1" }', {"b": {"1.1.0": ONE}}, "unresolvable-at-its-turn"),
        ('b = { path = "../b", version = "1" }', {"b": {"1.1.0": PINNED}, "a": {"1.1.0": A1}}, None),
        ('b = { path = "../b", version = "=1.2.0" }', {"b": {"1.1.0": ONE}}, "requirement-admits-nothing"),
        (
            'b = { path = "../b", version = "1" }',
            {"b": {"1.1.0": ONE | {"yanked": True}}},
            "requirement-only-withdrawn",
        ),
        (
            'b = { path = "../b", version = "1", features = ["y"] }',
            {"b": {"1.1.0": ONE}, "a": {"1.1.0": A1}},
            "feature-not-published",
        ),
        (
            'b = { path = "../b", version = "1", features = ["x"] }',
            {"b": {"1.1.0": ONE}, "a": {"1.1.0": A1}},
            None,
        ),
        ('b = { package = "b", path = "../b", version = "*" }', {"b": {"1.0.0": A1}}, "wildcard-requirement"),
        ("b.workspace = true", {}, "requirement-admits-nothing"),
        ('a = { path = ".", version = "1" }', {}, "requirement-admits-nothing"),
        ('a = { path = ".", version = "1" }', {"a": {"1.1.0": A1}}, None),
        ('c = { git = "https://example.invalid/c" }', {}, None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_dev_dependency_is_judged_at_its_turn(
    entry: str, published: dict[str, Any], code: str | None
) -> None:
    files = two(entry)
    files.texts["Cargo.toml"] += '[workspace.dependencies]\nb = { path = "crates/b", version = "=1.2.0" }\n'

    problems = foreseen(files, "1.3.0", record(**published))

    assert [one.code for one in problems] == ([code] if code else [])
    assert all((one.package, one.file, one.line) == ("a", "crates/a/Cargo.toml", 6) for one in problems)


@pytest.mark.parametrize(
    ("table", "entry", "code"),
    [
        ("dependencies", 'x = { path = "../../x" }', "dependency-without-version"),
        ("dependencies", 'x = { git = "https://example.invalid/x" }', "dependency-without-version"),
        (
            "build-dependencies",
            'x = { git = "https://example.invalid/x", branch = "y" }',
            "dependency-without-version",
        ),
        ("dependencies", 'x = { git = "https://example.invalid/x", version = "1" }', None),
        ("dependencies", 'x = "*"', "wildcard-requirement"),
        ("dev-dependencies", 'x = "*"', "wildcard-requirement"),
        ("dependencies", 'x = { version = "1", registry = "mine" }', "foreign-registry"),
        ("dependencies", 'tool = { path = "../../tool", version = "0.1" }', "needs-unpublished-package"),
        ("dev-dependencies", 'tool = { path = "../../tool", version = "0.1" }', "needs-unpublished-package"),
        ("dev-dependencies", 'tool = { path = "../../tool" }', None),
        ("dependencies", 'x = "1"', None),
    ],
)
def test_what_cargo_or_the_registry_refuses_is_found(table: str, entry: str, code: str | None) -> None:
    files = two(entry, table)
    files.texts["tool/Cargo.toml"] = package("tool", "publish = false\n", version='version = "0.1.0"')
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace('"crates/*"', '"crates/*", "tool"')

    assert [one.code for one in foreseen(files, "1.3.0", Record())] == ([code] if code else [])


@pytest.mark.parametrize(
    ("entry", "table", "there", "code"),
    [
        (
            'aside = { path = "../../aside", version = "0.1" }',
            "dependencies",
            (),
            "needs-unpublished-package",
        ),
        (
            'aside = { path = "../../aside", version = "0.1" }',
            "dev-dependencies",
            (),
            "needs-unpublished-package",
        ),
        ('aside = { path = "../../aside", version = "0.1" }', "dependencies", ("0.1.7",), None),
        (
            'aside = { path = "../../aside", version = "0.1" }',
            "dependencies",
            ("0.2.0",),
            "requirement-admits-nothing",
        ),
        ('aside = { path = "../../aside" }', "dev-dependencies", (), None),
        ('aside = { git = "https://example.org/a", version = "0.1" }', "dependencies", (), None),
        ('aside = "0.1"', "dependencies", (), None),
    ],
)
def test_what_a_crate_needs_beside_the_workspace_must_be_on_its_registry(
    entry: str, table: str, there: tuple[str, ...], code: str | None
) -> None:
    versions = {version: {"requirements": []} for version in there}
    record = record_of({"packages": {"aside": versions} if versions else {}}, "a test")
    found = [one.code for one in foreseen(two(entry, table), "1.3.0", record)]
    assert found == ([code] if code else [])


def test_a_registry_is_asked_for_what_a_crate_needs_outside_of_the_release() -> None:
    files = two(
        'tool = { path = "../../tool", version = "0.1", registry = "mine" }\nserde = "1"\n'
        'aside = { path = "../../aside", version = "0.1" }\nbare = { path = "../../bare" }'
    )
    files.texts["tool/Cargo.toml"] = package("tool", version='version = "0.1.0"')
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace('"crates/*"', '"crates/*", "tool"')
    crates = open_crates(files, discover(files, "tool"))
    assert crates is not None
    workspace = workspace_of(crates)
    asked = asked_packages(workspace, needed_outside(crates))
    own = {one.name for one in workspace.packages}
    assert {one.name: one.registries for one in asked if one.name not in own} == {
        "tool": ("mine",),
        "aside": (),
    }
    assert own < {one.name for one in asked}


def test_a_private_registry_may_take_wildcards() -> None:
    files = two('x = "*"', "dependencies", a="publish = ['mine']\n")

    assert foreseen(files, "1.3.0", Record()) == ()


def test_a_dependency_on_an_unpublished_package_that_was_released_before_is_resolved() -> None:
    files = two('tool = { path = "../../tool", version = "0.1" }', "dependencies")
    files.texts["tool/Cargo.toml"] = package("tool", "publish = false\n", version='version = "0.1.0"')
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace('"crates/*"', '"crates/*", "tool"')

    assert foreseen(files, "1.3.0", record(tool={"0.1.5": A1})) == ()
    assert [one.code for one in foreseen(files, "1.3.0", record(tool={"0.2.0": A1}))] == [
        "requirement-admits-nothing"
    ]


def test_a_version_that_was_withdrawn_is_told() -> None:
    problems = foreseen(two("x = '1'"), "1.3.0", record(b={"1.3.0": ONE | {"yanked": True}}))

    assert told(problems) == [("version-withdrawn", "b", "crates/b/Cargo.toml", 3)]


def test_a_requirement_that_stays_behind_is_told_but_stops_nothing() -> None:
    files = tree(a=package("a"), b=package("b", '[dependencies]\na = "=1.1.0"\n'))

    (problem,) = foreseen(files, "1.3.0", record(a={"1.1.0": A1}))

    assert problem.severity == "warning"
    assert told((problem,)) == [("requirement-left-behind", "b", "crates/b/Cargo.toml", 5)]


@pytest.mark.parametrize(
    ("version", "published", "severity"),
    [
        ("1.3.0", {"a": {"1.3.0": A1}}, "error"),
        ("1.2.0", {"a": {"1.2.0": A1}}, "warning"),
        ("1.3.0", {"a": {"1.3.0": A1 | {"yanked": True}}}, None),
        ("1.3.0", {"a": {"1.2.0": A1}}, None),
    ],
)
def test_a_version_that_was_used_is_told_by_files_alone(
    version: str, published: dict[str, Any], severity: str | None
) -> None:
    found = used_before(two("x = '1'"), discover(two("x = '1'")), version, record(**published))

    assert [(one.severity, one.code, one.file, one.line) for one in found] == (
        [(severity, "version-burnt", "crates/a/Cargo.toml", 3)] if severity else []
    )


def test_a_half_finished_release_can_go_on() -> None:
    assert foreseen(two("x = '1'"), "1.3.0", record(a={"1.3.0": A1})) == ()


def test_a_package_with_a_native_library_cannot_stand_beside_its_older_self() -> None:
    free = two('b = { path = "../b", version = "1" }')
    bound = two('b = { path = "../b", version = "1" }', a='links = "z"\nbuild = "build.rs"\n')
    before = record(b={"1.1.0": ONE}, a={"1.1.0": A1})

    assert foreseen(free, "1.3.0", before) == ()
    assert [one.code for one in foreseen(bound, "1.3.0", before)] == ["unresolvable-at-its-turn"]


def test_features_turn_optional_requirements_on() -> None:
    files = two(
        'b = { path = "../b", version = "1", features = ["x"] }\na = { path = "../a" }', "dev-dependencies"
    )
    files.texts["crates/core/Cargo.toml"] = package("core")
    files.texts["crates/a/Cargo.toml"] += '[dependencies]\ncore = { path = "../core", version = "=1.2.0" }\n'
    optional = {"name": "core", "requirement": "=1.1.0", "kind": "optional"}
    needs_a = {"name": "a", "requirement": "^1", "kind": "normal"}
    entry = {"yanked": False, "requirements": [optional, needs_a]}
    off = record(b={"1.1.0": entry | {"features": {"x": []}}}, a={"1.1.0": A1}, core={"1.1.0": A1})
    on = record(b={"1.1.0": entry | {"features": {"x": ["dep:core"]}}}, a={"1.1.0": A1}, core={"1.1.0": A1})

    assert foreseen(files, "1.3.0", off) == ()
    assert [one.code for one in foreseen(files, "1.3.0", on)] == ["two-versions-in-one-range"]


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"packages": []}', '{"packages": {"a": []}}', '{"packages": {"a": {"1.0.0": 1}}}',
        '{"packages": {"a": {"1.0.0": {"requirements": 1}}}}', '{"packages": {"a": {"1.0.0": {"requirements": [1]}}}}',
        '{"packages": {"a": {"1.0.0": {"requirements": [{"name": 1}]}}}}',
        '{"packages": {"a": {"1.0.0": {"requirements": [{"name": "b", "kind": "odd"}]}}}}',
        '{"packages": {"a": {"1.0.0": {"features": 3}}}}',
    ],
)  # fmt: skip
def test_a_record_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_record(text, "record.json")

    assert (caught.value.problems[0].code, caught.value.problems[0].file) == ("record-invalid", "record.json")


@given(
    st.dictionaries(
        st.sampled_from(["1.0.0", "1.1.0", "1.2.0", "2.0.0"]),
        st.sampled_from([ONE, PINNED, A1]),
    ),
    st.dictionaries(st.sampled_from(["1.0.0", "1.1.0", "2.0.0"]), st.just(A1)),
    st.sampled_from([">=1", "1.1", "^1.0.0", "~1.0", ">=2"]),
)
def test_more_published_versions_never_make_it_worse(
    b: dict[str, Any], a: dict[str, Any], requirement: str
) -> None:
    files = two(f'b = {{ path = "../b", version = "{requirement}" }}')

    few = foreseen(files, "1.3.0", record(b=b, a=a))
    many = foreseen(files, "1.3.0", record(b=b | {"1.0.1": A1, "2.1.0": A1}, a=a | {"1.0.1": A1}))

    assert len(many) <= len(few)


@pytest.mark.parametrize(
    ("manifest", "root"),
    [
        ("rust/a/Cargo.toml", "rust"),
        ("rust/Cargo.toml", "rust"),
        ("Cargo.toml", "."),
        ("rust/b/Cargo.toml", "."),
    ],
)
def test_the_registry_of_a_requirement_is_that_of_its_workspace(manifest: str, root: str) -> None:
    crate = Package(
        name="a",
        ecosystem="cargo",
        path="rust/a",
        manifest="rust/a/Cargo.toml",
        version="1.2.0",
        version_file="rust/a/Cargo.toml",
        root="rust",
    )
    needed = Dependency(
        name="m", key="m", kind="normal", place=StringPosition(file=manifest, path=()), requirement="0.3"
    )
    asked = asked_packages(Workspace(packages=(crate,)), {"m": needed})
    assert [one.root for one in asked] == ["rust", root]
