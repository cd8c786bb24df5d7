"""Is everything that is wrong with manifests told, each with its code, file and line, and never a traceback?"""

from __future__ import annotations

from contextlib import suppress

import pytest
from cargo_trees import Files, discover, package, tree
from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.errors import CastoffError, WorkspaceError

A = package("a")
B = "crates/b/Cargo.toml"


def root(text: str) -> Files:
    return Files({"Cargo.toml": text, "a/Cargo.toml": package("a", version='version = "1.0.0"')})


def member(text: str, shared: str = "") -> Files:
    return tree(shared, a=A, b=text)


CASES: dict[str, tuple[Files, str, str, int | None]] = {
    "member without a manifest": (
        root('[workspace]\nmembers = ["a", "b"]\n'),
        "member-missing",
        "Cargo.toml",
        2,
    ),
    "member outside": (root('[workspace]\nmembers = ["a",\n"../b"]\n'), "member-missing", "Cargo.toml", 3),
    "member by an absolute path": (
        root('[workspace]\nmembers = ["a", "/etc"]\n'),
        "member-missing",
        "Cargo.toml",
        2,
    ),
    "default member that is none": (
        root('[workspace]\nmembers = ["a"]\ndefault-members = ["x"]\n'),
        "member-missing",
        "Cargo.toml",
        3,
    ),
    "members no list": (root('[workspace]\nmembers = "a"\n'), "manifest-invalid", "Cargo.toml", 2),
    "members of numbers": (root("[workspace]\nmembers = [1]\n"), "manifest-invalid", "Cargo.toml", 2),
    "exclude no list": (
        root('[workspace]\nmembers = ["a"]\nexclude = 1\n'),
        "manifest-invalid",
        "Cargo.toml",
        3,
    ),
    "member with broken TOML": (member("[package]\nname = \n"), "toml-invalid", B, 2),
    "member that is a workspace": (member(package("b", "\n[workspace]\n")), "nested-workspace", B, 5),
    "no name": (member('[package]\nversion = "1.2.0"\n'), "name-invalid", B, 1),
    "name of spaces": (member(package("b b")), "name-invalid", B, 2),
    "name no text": (member("[package]\nname = 3\n"), "name-invalid", B, 2),
    "name with a path in it": (member(package("../b")), "name-invalid", B, 2),
    "package no table": (member("package = 3\n"), "manifest-invalid", B, 1),
    "two packages of one name": (member(package("a")), "duplicate-name", B, 2),
    "no version, but to be published": (
        member(package("b", "publish = true\n", version="")),
        "version-missing",
        B,
        1,
    ),
    "version no text": (member(package("b", version="version = 1.2")), "manifest-invalid", B, 3),
    "version of two numbers": (member(package("b", version='version = "1.2"')), "version-invalid", B, 3),
    "version with a leading zero": (
        member(package("b", version='version = "1.02.0"')),
        "version-invalid",
        B,
        3,
    ),
    "version of another kind of inheritance": (
        member(package("b", version="version.workspace = false")),
        "manifest-invalid",
        B,
        3,
    ),
    "nothing to inherit": (
        Files({"Cargo.toml": "[workspace]\nmembers = ['b']\n", "b/Cargo.toml": package("b")}),
        "not-inheritable",
        "b/Cargo.toml",
        3,
    ),
    "stray version": (member(package("b", version='version = "1.1.0"')), "stray-version", B, 3),
    "publish of a wrong type": (member(package("b", 'publish = "yes"\n')), "manifest-invalid", B, 4),
    "publish that nobody says": (member(package("b", "publish.workspace = true\n")), "not-inheritable", B, 4),
    "requirement that is none": (
        member(package("b", '[dependencies]\nx = "one"\n')),
        "requirement-invalid",
        B,
        5,
    ),
    "requirement with a space": (
        member(package("b", '[dependencies]\nx = { version = ">=1 <2" }\n')),
        "requirement-invalid",
        B,
        5,
    ),
    "requirement of a number": (
        member(package("b", "[dependencies]\nx = { version = 1 }\n")),
        "requirement-invalid",
        B,
        5,
    ),
    "dependency of a wrong type": (
        member(package("b", "[dependencies]\nx = 1\n")),
        "manifest-invalid",
        B,
        5,
    ),
    "dependencies no table": (member("dependencies = 1\n" + package("b")), "manifest-invalid", B, 1),
    "target no table": (member("target = 1\n" + package("b")), "manifest-invalid", B, 1),
    "features no table": (member("features = 1\n" + package("b")), "manifest-invalid", B, 1),
    "dependency inherited from nowhere": (
        member(package("b", "[dependencies]\nx.workspace = true\n")),
        "not-inheritable",
        B,
        5,
    ),
    "dependency that is not inherited": (
        member(package("b", "[dependencies]\nx.workspace = false\n"), "[workspace.dependencies]\nx = '1'\n"),
        "manifest-invalid",
        B,
        5,
    ),
    "inherited requirement that is none": (
        member(package("b", "[dependencies]\nx.workspace = true\n"), "[workspace.dependencies]\nx = '?'\n"),
        "requirement-invalid",
        "Cargo.toml",
        8,
    ),
    "dependency on a name that is none": (
        member(package("b", "[dependencies]\nx = { package = 'x/y', version = '1' }\n")),
        "name-invalid",
        B,
        5,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_told_with_its_place(case: str) -> None:
    files, code, file, line = CASES[case]

    problems = discover(files).problems

    assert (code, file, line) in [(p.code, p.file, p.line) for p in problems], problems
    assert all(p.message and p.severity == "error" for p in problems)


def test_a_broken_root_is_an_error_of_its_own() -> None:
    with pytest.raises(WorkspaceError) as caught:
        discover(Files({"Cargo.toml": "[workspace\n"}))

    assert (caught.value.problems[0].code, caught.value.problems[0].file) == ("toml-invalid", "Cargo.toml")


def test_one_broken_member_does_not_hide_the_others() -> None:
    workspace = discover(member("[package\n"))

    assert workspace.names == ("a",)
    assert [p.code for p in workspace.problems] == ["toml-invalid"]


_KEYS = st.sampled_from(
    (
        *(
            "package",
            "workspace",
            "dependencies",
            "dev-dependencies",
            "target",
            "features",
            "name",
            "version",
        ),
        *(
            "publish",
            "members",
            "exclude",
            "path",
            "a",
            "b",
            "patch",
            "crates-io",
            "default-members",
            "optional",
        ),
    )
)
_LEAVES = st.sampled_from(['"1.0.0"', '"*"', '"a"', "1", "true", "[]", '["a"]', "{}", '"../../.."', "[1]"])


def _inline(depth: int) -> st.SearchStrategy[str]:
    if not depth:
        return _LEAVES
    inner = st.dictionaries(_KEYS, _inline(depth - 1), max_size=4)
    return _LEAVES | inner.map(lambda one: "{" + ", ".join(f"{k} = {v}" for k, v in one.items()) + "}")


@given(st.lists(st.dictionaries(_KEYS, _inline(3), max_size=6), min_size=1, max_size=3))
def test_no_manifest_brings_the_reader_down(documents: list[dict[str, str]]) -> None:
    texts = ["\n".join(f"{key} = {value}" for key, value in one.items()) for one in documents]
    names = ["Cargo.toml", "a/Cargo.toml", "b/Cargo.toml"]
    manifests = CargoManifests()

    with suppress(CastoffError):
        manifests.discover(Files(dict(zip(names, texts, strict=False))), ("x*",))
