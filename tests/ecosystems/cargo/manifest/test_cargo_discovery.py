"""Are Cargo's workspaces read as Cargo reads them?"""

from __future__ import annotations

import pytest
from cargo_trees import Files, discover, edited, package, tree

from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.model.selection import Discovery
from castoff.model.workspace import Edge


def only_edge(files: Files) -> Edge:
    (edge,) = discover(files).edges
    return edge


def test_a_tree_without_a_manifest_has_no_cargo_workspace() -> None:
    assert CargoManifests().discover(Files({"README.md": ""})) == Discovery()


def test_a_single_crate_is_a_workspace_of_one() -> None:
    files = Files(
        {"Cargo.toml": package("solo", version='version = "0.3.0"'), "sub/Cargo.toml": package("other")}
    )

    workspace = discover(files)

    assert workspace.names == ("solo",)
    assert (workspace.packages[0].path, workspace.packages[0].version_line) == (".", 3)


def test_a_root_package_is_a_member() -> None:
    files = Files(
        {
            "Cargo.toml": package("top", "[workspace]\nmembers = ['sub']\n", version='version = "1.0.0"'),
            "sub/Cargo.toml": package("sub", version='version = "1.0.0"'),
        }
    )

    assert discover(files).names == ("top", "sub")


def test_globs_and_exclusions_choose_the_members() -> None:
    files = tree(a=package("a"), b=package("b"))
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace(
        'members = ["crates/*"]', 'members = ["crates/*", "tools/**/kit"]\nexclude = ["crates/b"]'
    )
    files.texts["tools/x/y/kit/Cargo.toml"] = package("kit")
    files.texts["crates/a/deeper/Cargo.toml"] = package("deeper")

    assert discover(files).names == ("a", "kit")


def test_a_member_that_is_named_without_a_glob_beats_the_exclusion() -> None:
    files = tree(a=package("a"))
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace(
        'members = ["crates/*"]', 'members = ["crates/a"]\nexclude = ["crates"]'
    )

    assert discover(files).names == ("a",)


def test_path_dependencies_inside_the_root_are_members() -> None:
    files = tree(
        a=package(
            "a", '[target."cfg(unix)".dependencies]\nhidden = { path = "../../hidden", version = "1.2" }\n'
        )
    )
    files.texts["hidden/Cargo.toml"] = package("hidden", "[dev-dependencies]\ndeep.workspace = true\n")
    files.texts["deep/Cargo.toml"] = package("deep")
    files.texts["Cargo.toml"] += '[workspace.dependencies]\ndeep = { path = "deep" }\n'

    assert sorted(discover(files).names) == ["a", "deep", "hidden"]


def test_packages_that_are_not_published_are_members() -> None:
    files = tree(
        a=package("a"),
        b=package("b", "publish = false\n"),
        c=package("c", "publish = []\n", version='version = "0.0.0"'),
        d=package("d", "publish = ['here', 'there']\n"),
        e=package("e", "publish.workspace = true\n"),
        f=package("f", "publish = false\n", version=""),
        g=package("g", "publish = false\n", version='version = "1.2.0"'),
    )
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace(
        "[workspace.package]", "[workspace.package]\npublish = false"
    )

    workspace = discover(files)

    assert {p.name: p.registries for p in workspace.packages} == {"a": (), "d": ("here", "there")}
    assert {m.name: (m.version, m.follows) for m in workspace.members} == {
        "b": ("1.2.0", True),
        "c": ("0.0.0", False),
        "e": ("1.2.0", True),
        "f": (None, False),
        "g": ("1.2.0", True),
    }


def test_excluded_packages_are_named_by_name_or_by_path() -> None:
    files = tree(a=package("a"), b=package("b"), c_x=package("c-x"), d=package("d"))

    assert discover(files, "c-*", "crates/d").names == ("a", "b")


A = package("a")


@pytest.mark.parametrize(
    ("table", "entry", "kind", "requirement", "survives"),
    [
        ("dependencies", 'a = { path = "../a", version = "=1.2.0" }', "normal", "=1.2.0", True),
        ("dependencies", 'a = { path = "../a", version = "1", optional = true }', "optional", "1", True),
        ("dependencies", 'a = "1.2"', "normal", "1.2", True),
        ("dependencies", 'a = { path = "../a" }', "normal", None, True),
        ("build-dependencies", 'a = { path = "../a", version = "~1.2" }', "build", "~1.2", True),
        ("dev-dependencies", 'a = { path = "../a" }', "dev", None, False),
        ("dev-dependencies", 'a = { path = "../a", version = ">=1" }', "dev", ">=1", True),
        ("dev_dependencies", 'a = { path = "../a", version = ">=1" }', "dev", ">=1", True),
        (
            "dependencies",
            'other = { package = "a", path = "../a", version = "1.2.0" }',
            "normal",
            "1.2.0",
            True,
        ),
        ("target.'cfg(unix)'.dependencies", 'a = { path = "../a", version = "1.2" }', "normal", "1.2", True),
        (
            "target.x86_64-pc-windows-gnu.dev-dependencies",
            'a = { path = "../a", version = "1" }',
            "dev",
            "1",
            True,
        ),
        ("dependencies", "a.path = '../a'\na.version = '=1.2.0'", "normal", "=1.2.0", True),
        ("dependencies.a", "path = '../a'\nversion = '=1.2.0'", "normal", "=1.2.0", True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_every_kind_of_dependency_is_an_edge(
    table: str, entry: str, kind: str, requirement: str | None, survives: bool
) -> None:
    edge = only_edge(tree(a=A, b=package("b", f"\n[{table}]\n{entry}\n")))

    assert (edge.origin, edge.target, edge.kind) == ("b", "a", kind)
    assert (edge.requirement, edge.survives, edge.file) == (requirement, survives, "crates/b/Cargo.toml")
    assert edge.line == (5 if table == "dependencies.a" else 6)


def test_inherited_dependencies_keep_what_the_member_adds() -> None:
    root = '[workspace.dependencies]\na = { path = "crates/a", version = "=1.2.0", features = ["x"] }\n'
    edge = only_edge(
        tree(
            root,
            a=A,
            b=package("b", '[dependencies]\na = { workspace = true, optional = true, features = ["y"] }\n'),
        )
    )

    assert (edge.kind, edge.requirement, edge.features) == ("optional", "=1.2.0", ("x", "y"))


@pytest.mark.parametrize(
    "entry",
    [
        'a = "0.9"',
        'old = { package = "a", version = "=1.1.0" }',
        'a = { git = "https://example.invalid/a", version = "1.2.0" }',
        'a = { version = "1.2.0", registry = "elsewhere" }',
        'a = { path = "../../vendored/a", version = "1.2.0" }',
    ],
)
def test_a_requirement_on_another_package_of_that_name_is_no_edge(entry: str) -> None:
    files = tree(a=A, b=package("b", f"[dependencies]\n{entry}\n"))
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace("]\n\n", ']\nexclude = ["vendored"]\n\n', 1)

    assert discover(files).edges == ()


def test_a_patched_name_is_the_sibling() -> None:
    root = '[patch.crates-io]\na = { path = "crates/a" }\n'

    assert only_edge(tree(root, a=A, b=package("b", '[dependencies]\na = "9"\n'))).target == "a"


def test_the_files_of_the_version_are_known() -> None:
    files = tree(a=A, b=package("b", version='version = "1.2.0"'))

    assert [one.version_file for one in discover(files).packages] == ["Cargo.toml", "crates/b/Cargo.toml"]


def test_most_packages_say_which_version_is_the_stray_one() -> None:
    files = tree(
        a=package("a", version='version = "2.0.0"'),
        b=package("b", version='version = "2.0.0"'),
        c=package("c", version='version = "3.0.0"'),
    )

    (problem,) = discover(files).problems

    assert (problem.code, problem.package, problem.file, problem.line) == (
        "stray-version",
        "c",
        "crates/c/Cargo.toml",
        3,
    )
    assert [edit.path for edit in edited(files, "2.1.0", "c").edits] == [
        "crates/a/Cargo.toml",
        "crates/b/Cargo.toml",
    ]


ALONE = 'version = "1.0.0"'
TWINS = {
    "both would be published": (package("a", version=ALONE), (), ["y/Cargo.toml"]),
    "one is private": (package("a", version=f"{ALONE}\npublish = false"), (), []),
    "one is excluded": (package("a", version=ALONE), ("y",), []),
    "another name": (package("b", version=ALONE), (), []),
}


@pytest.mark.parametrize(("second", "exclude", "named"), TWINS.values(), ids=TWINS)
def test_a_name_of_two_crates_of_joined_workspaces_is_a_problem(
    second: str, exclude: tuple[str, ...], named: list[str]
) -> None:
    tree = Files({"x/Cargo.toml": package("a", version=ALONE), "y/Cargo.toml": second})
    manifests = CargoManifests()

    joined = manifests.join(tree, manifests.discover(tree, exclude).workspaces, exclude)

    assert [one.file for one in joined.problems if one.code == "duplicate-name"] == named
    assert list(joined.broken) == named


def test_a_crate_by_itself_that_cannot_be_read_is_in_no_workspace() -> None:
    tree = Files({"x/Cargo.toml": package("a", version='version = "1"')})

    found = CargoManifests().discover(tree)

    assert ([one.path for one in found.unreadable], found.workspaces) == (["x/Cargo.toml"], ())
