"""Which workspaces are released: one row for each condition of the decision."""

from __future__ import annotations

import pytest

from castoff.errors import CastoffError, Problem
from castoff.model.scope import Scope, is_excluded
from castoff.model.selection import Unreadable, chosen_workspaces
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Member, Package, Workspace


def one(
    root: str, *folders: str, ecosystem: Ecosystem = "cargo", version: str = "1.0.0", declared: bool = True
) -> Workspace:
    packages = tuple(
        Package(
            name=folder.replace("/", "-"),
            ecosystem=ecosystem,
            path=folder,
            manifest=f"{folder}/manifest",
            version=version,
            version_file=f"{folder}/manifest",
            root=root,
        )
        for folder in folders
    )
    plain = not declared and ecosystem != "cargo"
    return Workspace(
        packages=packages, ecosystems=(ecosystem,), roots=(root,), declared=declared, plain=plain
    )


def plain(*folders: str, version: str = "1.0.0") -> Workspace:
    return one(".", *folders, ecosystem="python", version=version, declared=False)


def private(root: str, version: str = "1.0.0") -> Workspace:
    member = Member(name="m", ecosystem="cargo", path=root, manifest=f"{root}/Cargo.toml", version=version)
    return Workspace(packages=(), members=(member,), ecosystems=("cargo",), roots=(root,))


TOP = one(".", "a", "b")
TOOLS = one("tools", "tools/t", version="0.5.0")
RUST = one("rust", "rust/a")
JAVA = one("py", "py/x", ecosystem="python", version="3.0.0")
SINGLE = one("bindings", "bindings", declared=False)
WHEEL = plain("bindings")
EXTRA = one("extra", "extra", declared=False)
OLD = one("old", "old", version="0.1.0", declared=False)
TARBALL = one("web", "web", ecosystem="npm", declared=False)
BROKEN = Workspace(
    packages=(),
    ecosystems=("cargo",),
    roots=("x",),
    broken=("x/Cargo.toml",),
    declared=False,
    problems=(Problem(code="x", message="`x` has no version"),),
)
PAIRS = plain("bindings", "extra")

CHOSEN = {
    "at the top": ([TOP, TOOLS], ".", [TOP]),
    "in a folder of the workspace that is no package": ([TOP, TOOLS], "docs", [TOP]),
    "at another root": ([TOP, TOOLS], "tools", [TOOLS]),
    "in a package of another root": ([TOP, TOOLS], "tools/t/src", [TOOLS]),
    "the only one below": ([RUST], ".", [RUST]),
    "the only one below the folder": ([RUST, JAVA], "rust", [RUST]),
    "the only one beside the folder": ([RUST], "docs", [RUST]),
    "the only one that publishes": ([private("."), RUST], ".", [RUST]),
    "beside one that publishes nothing": ([private("fuzz"), TOP], "fuzz", [TOP]),
    "plain projects from the top": ([plain("x", "y")], ".", [plain("x", "y")]),
    "plain projects from one of them": ([plain("x", "y"), TOOLS], "x", [plain("x", "y")]),
    "two ecosystems in one folder": ([SINGLE, WHEEL], ".", [SINGLE, WHEEL]),
    "two ecosystems at the top": ([TOP, one(".", ".", ecosystem="python")], ".", None),
    "two crates that one group of wheels links, from the top": (
        [SINGLE, EXTRA, PAIRS],
        ".",
        [SINGLE, EXTRA, PAIRS],
    ),
    "two crates that one group of wheels links, from the second": (
        [SINGLE, EXTRA, PAIRS],
        "extra",
        [SINGLE, EXTRA, PAIRS],
    ),
    "folders of a crate each, from above": ([SINGLE, EXTRA], ".", [SINGLE, EXTRA]),
    "folders of a crate each, from one of them": ([SINGLE, EXTRA], "extra", [EXTRA]),
    "most of the folders have one version": ([SINGLE, OLD, EXTRA], ".", [SINGLE, EXTRA]),
    "folders of an npm package each": (
        [TARBALL, one("app", "app", ecosystem="npm", declared=False)],
        ".",
        None,
    ),
    "a crate at the top, others below": (
        [one(".", ".", declared=False), EXTRA],
        ".",
        [one(".", ".", declared=False)],
    ),
    "a wheel and a private crate": ([private("bindings"), WHEEL], "bindings", [private("bindings"), WHEEL]),
}


@pytest.mark.parametrize(("found", "start", "chosen"), CHOSEN.values(), ids=CHOSEN)
def test_the_nearest_workspace_is_chosen(
    found: list[Workspace], start: str, chosen: list[Workspace] | None
) -> None:
    assert list(chosen_workspaces(found, Scope(start=start))) == (found if chosen is None else chosen)


SEVERAL = {
    "two ecosystems of one folder and two versions": ([SINGLE, plain("bindings", version="3.0.0")], 2),
    "folders of two ecosystems": ([SINGLE, TARBALL], 2),
    "folders of two versions": ([SINGLE, OLD], 2),
    "folders of one version beside a workspace": ([SINGLE, EXTRA, RUST], 2),
    "folders of one version, and one that cannot be read": ([SINGLE, EXTRA, BROKEN], 2),
}


@pytest.mark.parametrize(("found", "count"), SEVERAL.values(), ids=SEVERAL)
def test_what_is_no_one_release_is_asked_for(found: list[Workspace], count: int) -> None:
    with pytest.raises(CastoffError) as caught:
        chosen_workspaces(found, Scope())

    (problem,) = caught.value.problems
    assert problem.code == "several-workspaces"
    assert problem.message.startswith(f"the repository has {count} workspaces")


def test_folders_of_one_version_are_one_line_to_write() -> None:
    with pytest.raises(CastoffError) as caught:
        chosen_workspaces([SINGLE, EXTRA, RUST], Scope())

    assert '`workspaces = ["bindings", "extra"]` and' in caught.value.problems[0].remedy


def test_one_whose_manifests_cannot_be_read_is_listed_with_what_is_wrong() -> None:
    fuzz = Workspace(
        packages=(), roots=("fuzz",), problems=(Problem(code="x", message="`fuzz` has no version"),)
    )

    with pytest.raises(CastoffError) as caught:
        chosen_workspaces([JAVA, fuzz], Scope())

    (problem,) = caught.value.problems
    assert '`workspaces = ["fuzz"]` (`fuzz` has no version)' in problem.remedy


def test_several_are_listed_with_their_versions_and_the_lines_to_write() -> None:
    with pytest.raises(CastoffError) as caught:
        chosen_workspaces([RUST, JAVA, plain("z")], Scope())

    (problem,) = caught.value.problems
    assert (problem.code, problem.severity) == ("several-workspaces", "error")
    assert problem.remedy.startswith(
        "add what stands here for the intended workspace to `[release]` of `castoff.toml` ("
    )
    for text in ('workspaces = ["rust"]', 'workspaces = ["py"]', 'workspaces = ["z"]', "at 3.0.0"):
        assert text in problem.remedy


TWINS = {
    "another version": (one("tools", "tools/t", version="0.5.0"), ""),
    "the same version": (one("tools", "tools/t"), ' and `exclude = ["tools/t"]`'),
    "many of the same version": (
        one("tools", "tools/a", "tools/b", "tools/c", "tools/d"),
        ' and `exclude = ["tools/*"]`',
    ),
    "many, and one at their root": (
        one("tools", "tools", "tools/a", "tools/b", "tools/c"),
        ' and `exclude = ["tools", "tools/a", "tools/b", "tools/c"]`',
    ),
    "many around the chosen one": (
        one("rust/x", "rust/x/a", "rust/b", "rust/c", "rust/d"),
        ' and `exclude = ["rust/b", "rust/c", "rust/d", "rust/x/a"]`',
    ),
}


@pytest.mark.parametrize(("other", "excluded"), TWINS.values(), ids=TWINS)
def test_the_lines_exclude_what_would_be_the_next_refusal(other: Workspace, excluded: str) -> None:
    with pytest.raises(CastoffError) as caught:
        chosen_workspaces([RUST, other], Scope())

    assert f'`workspaces = ["rust"]`{excluded} for `rust-a` at 1.0.0' in caught.value.problems[0].remedy


NAMED = {
    "one root": ([TOP, TOOLS], ("tools",), [("tools/t",)]),
    "two roots": ([RUST, JAVA, TOOLS], ("rust", "py"), [("rust/a",), ("py/x",)]),
    "plain projects below a folder": ([plain("x/1", "x/2", "y")], ("x",), [("x/1", "x/2")]),
    "one plain project": ([plain("x", "y")], ("y",), [("y",)]),
    "a root, not the plain projects below it": ([RUST, plain("rust/py")], ("rust",), [("rust/a",)]),
    "a single crate and the project in its folder": (
        [SINGLE, WHEEL],
        ("bindings",),
        [("bindings",), ("bindings",)],
    ),
}


@pytest.mark.parametrize(("found", "folders", "packages"), NAMED.values(), ids=NAMED)
def test_the_configuration_names_what_is_released(
    found: list[Workspace], folders: tuple[str, ...], packages: list[tuple[str, ...]]
) -> None:
    chosen = chosen_workspaces(found, Scope(start="tools", joined=folders))

    assert [tuple(package.path for package in each.packages) for each in chosen] == packages


def test_a_folder_without_packages_is_an_error_that_names_those_with() -> None:
    with pytest.raises(CastoffError) as caught:
        chosen_workspaces([RUST, plain("z")], Scope(joined=("rust", "gone")))

    (problem,) = caught.value.problems
    assert problem.code == "workspace-missing"
    assert "`gone`" in problem.message
    assert "`rust`" not in problem.message
    assert "`z`" in problem.reason


BROKEN = Unreadable(path="rust/Cargo.toml", problem=Problem(code="toml-invalid", message="m"))


def test_the_nearest_manifest_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(CastoffError) as caught:
        chosen_workspaces([TOP], Scope(start="rust/a"), [BROKEN])

    assert caught.value.problems[0].code == "toml-invalid"


def test_one_that_cannot_be_read_elsewhere_is_no_matter() -> None:
    assert chosen_workspaces([TOP], Scope(), [BROKEN]) == (TOP,)


def test_where_nothing_else_is_what_cannot_be_read_is_the_error() -> None:
    with pytest.raises(CastoffError) as caught:
        chosen_workspaces([], Scope(), [BROKEN])

    assert caught.value.problems[0].code == "toml-invalid"


@pytest.mark.parametrize(
    ("pattern", "excluded"),
    [
        ("quay", True),
        ("q*", True),
        ("python:quay", True),
        ("cargo:quay", False),
        ("libs/quay", True),
        ("libs/quay/", True),
        ("python:libs/*", True),
        ("other", False),
    ],
)
def test_a_pattern_names_a_package_a_folder_or_either_of_one_ecosystem(pattern: str, excluded: bool) -> None:
    assert is_excluded((pattern,), "python", "libs/quay", "quay") is excluded


@pytest.mark.parametrize("ecosystem", ["cargo", "python", "npm"])
def test_a_pattern_may_begin_with_any_ecosystem(ecosystem: Ecosystem) -> None:
    assert is_excluded((f"{ecosystem}:quay",), ecosystem, "libs/quay", "quay")
    assert not is_excluded(
        (f"{ecosystem}:quay",), "cargo" if ecosystem == "npm" else "npm", "libs/quay", "quay"
    )
    assert is_excluded((f"x{ecosystem}:quay",), ecosystem, "libs/quay", f"x{ecosystem}:quay")
