"""Files that the tag lists and a registry does not have: what was uploaded once is never "upload it" again."""

from __future__ import annotations

import pytest

from castoff.model.versions import Ecosystem
from castoff.model.workspace import ArtifactKind, Package
from castoff.postrelease.verify.artifacts import ListedFiles, missing_files

SDIST, WHEEL = "zz_a-1.1.0.tar.gz", "zz_a-1.1.0-py3-none-any.whl"
LINUX, MACOS = "zz_a-1.1.0-cp311-linux.whl", "zz_a-1.1.0-cp311-macosx.whl"
OTHER = "zz_a_more-1.1.0-py3-none-any.whl"


def found(
    there: list[str], listed: list[str], ecosystem: Ecosystem = "python", name: str = "zz-a"
) -> list[str]:
    kinds: tuple[ArtifactKind, ...] = ("crate",) if ecosystem == "cargo" else ("sdist", "wheel")
    package = Package(
        name=name,
        ecosystem=ecosystem,
        path="",
        manifest="m",
        version="1.1.0",
        version_file="m",
        kinds=kinds,
    )
    own = ListedFiles(dict.fromkeys(listed, "")).of(package, "1.1.0")
    problems = [*missing_files(package, "1.1.0", there, own)]
    assert {one.code for one in problems} <= {"verify-artifact-missing"}
    assert all(("resume" in one.remedy) is one.message.startswith("the ") for one in problems)
    return [one.message.partition(" is no")[0] for one in problems]


@pytest.mark.parametrize(
    ("there", "listed", "missing"),
    [
        pytest.param([SDIST, WHEEL], [SDIST, WHEEL], [], id="whole"),
        pytest.param([SDIST, WHEEL], [], [], id="whole-and-the-tag-lists-nothing"),
        pytest.param([SDIST, WHEEL], [OTHER], [], id="a-file-of-another-package-is-listed"),
        pytest.param([SDIST], [SDIST, WHEEL], [f"`{WHEEL}`"], id="deleted"),
        pytest.param([SDIST, LINUX], [SDIST, LINUX, MACOS], [f"`{MACOS}`"], id="one-of-two-wheels-deleted"),
        pytest.param([WHEEL], ["zz-a-1.1.0.tar.gz", WHEEL], ["`zz-a-1.1.0.tar.gz`"], id="an-older-spelling"),
        pytest.param([SDIST], [], ["the wheel of `python:zz-a` 1.1.0"], id="never-uploaded"),
        pytest.param([SDIST], [SDIST], ["the wheel of `python:zz-a` 1.1.0"], id="never-uploaded-nor-listed"),
    ],
)
def test_missing_files_of_a_python_package(there: list[str], listed: list[str], missing: list[str]) -> None:
    assert [one.replace("`zz-a`", "`python:zz-a`") for one in found(there, listed)] == missing


@pytest.mark.parametrize(
    ("there", "listed", "missing"),
    [
        pytest.param([WHEEL], [], 0, id="wheels-alone"),
        pytest.param([WHEEL], [SDIST, WHEEL], 1, id="deleted"),
        pytest.param([], [], 2, id="nothing"),
    ],
)
def test_a_build_of_ones_own_chooses_the_kinds(there: list[str], listed: list[str], missing: int) -> None:
    package = Package(
        name="zz-a",
        ecosystem="python",
        path="",
        manifest="m",
        version="1.1.0",
        version_file="m",
        kinds=("sdist", "wheel"),
    )
    own = ListedFiles(dict.fromkeys(listed, "")).of(package, "1.1.0")
    assert len([*missing_files(package, "1.1.0", there, own, any_kind=True)]) == missing


@pytest.mark.parametrize(
    ("there", "listed", "missing"),
    [
        (["zz-a-1.1.0.crate"], ["zz-a-1.1.0.crate"], []),
        ([], ["zz-a-1.1.0.crate"], ["`zz-a-1.1.0.crate`"]),
        ([], ["zz-a-more-1.1.0.crate"], ["the crate of `cargo:zz-a` 1.1.0"]),
    ],
)
def test_missing_crates(there: list[str], listed: list[str], missing: list[str]) -> None:
    assert [one.replace("`zz-a` ", "`cargo:zz-a` ") for one in found(there, listed, "cargo")] == missing
