"""What cargo lists is compared with what castoff found; what only the user's checkout holds is reported."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from castoff.ecosystems.cargo.members import listed_members, packed_files, packed_lists, uncommitted_includes
from castoff.io.process import Processes
from castoff.model.observations import Unknown
from castoff.model.workspace import Package

MANIFEST = '[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n'


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def crate(name: str, folder: str, more: str = "") -> dict[str, str]:
    return {f"{folder}/Cargo.toml": MANIFEST.format(name=name) + more, f"{folder}/src/lib.rs": ""}


def package(folder: str) -> Package:
    manifest = f"{folder}/Cargo.toml".removeprefix("./")
    return Package(
        name="rk-a", ecosystem="cargo", path=folder, manifest=manifest, version="1.0.0", version_file=manifest
    )


@pytest.mark.real
def test_a_member_behind_a_symbolic_link_is_listed(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n'})
    write(tmp_path, {**crate("rk-a", "real/a"), **crate("rk", "crates/b")})
    (tmp_path / "crates" / "a").symlink_to("../real/a")

    assert listed_members(Processes(os.environ), tmp_path) == {"rk-a", "rk"}


@pytest.mark.real
def test_one_call_lists_the_files_of_each_member_as_a_call_for_each_does(tmp_path: Path) -> None:
    needs = '[dependencies]\nrk-a = { path = "../a", version = "1" }\n'
    write(tmp_path, {"Cargo.toml": '[workspace]\nmembers = ["a", "b", "c"]\nresolver = "2"\n'})
    write(
        tmp_path,
        {**crate("rk-a", "a"), **crate("rk-b", "b", needs), **crate("rk-c", "c", "publish = false\n")},
    )
    # by bytes `a-b/x` comes before `a/x`, by the parts of a path after it
    write(tmp_path, {f"a/{path}": "" for path in ("a-b/x", "a/x", "a/x-y", ".hidden", "Zebra", "ünder")})
    processes = Processes(os.environ)

    together = packed_lists(processes, tmp_path)

    apart = {packed_files(processes, tmp_path, package(folder)) for folder in "abc"}
    assert (len(together), together) == (2, apart)


@pytest.mark.real
def test_a_workspace_of_which_a_member_cannot_be_listed_has_no_lists(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": '[workspace]\nmembers = ["gone"]\n'})

    assert packed_lists(Processes(os.environ), tmp_path) == frozenset()


@pytest.mark.real
def test_a_workspace_that_cargo_cannot_read_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": '[workspace]\nmembers = ["gone"]\n'})

    assert isinstance(listed_members(Processes(os.environ), tmp_path), Unknown)


def test_without_cargo_it_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": "[workspace]\n"})

    assert listed_members(Processes({"PATH": ""}), tmp_path) == Unknown(reason="`cargo` was not found")


def test_a_folder_without_a_manifest_has_no_members(tmp_path: Path) -> None:
    assert listed_members(Processes({"PATH": ""}), tmp_path) is None


@pytest.mark.parametrize(
    ("include", "folder", "there", "severity"),
    [
        (["src/gen.rs"], "a", ["src/gen.rs"], "error"),
        (["/src/gen.rs"], "a", ["src/gen.rs"], "error"),
        (["src/gen.rs"], ".", ["src/gen.rs"], "error"),
        (["src/**"], "a", ["src/gen.rs"], "warning"),
        (["src/*.rs"], "a", ["src/gen.rs"], "warning"),
        (["gen.rs"], "a", ["src/gen.rs"], "warning"),
        (["src"], "a", ["src/gen.rs"], "warning"),
        (["src/"], "a", ["src/gen.rs"], "warning"),
        (["src/**", "!src/gen.rs"], "a", ["src/gen.rs"], None),
        (["src/lib.rs"], "a", ["src/gen.rs"], None),
        (["**/*.rs"], "a", ["target/gen.rs"], None),
        (["src/**"], "a", [], None),
        ([], "a", ["src/gen.rs"], None),
    ],
)
def test_files_that_only_the_checkout_has(
    tmp_path: Path, include: Sequence[str], folder: str, there: Sequence[str], severity: str | None
) -> None:
    more = f"include = {include!r}\n" if include else ""
    write(tmp_path, {**crate("rk-a", folder, more), ".gitignore": "gen.rs\n"})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    write(tmp_path, {f"{folder}/{path}": "" for path in there})

    found = uncommitted_includes(Processes(os.environ), tmp_path, [package(folder)])

    assert [one.severity for one in found] == ([severity] if severity else [])
    if severity:
        assert f"`{folder}/{there[0]}`".replace("./", "") in found[0].message
        assert found[0].code == "include-not-committed"


def test_an_include_of_the_workspace_counts(tmp_path: Path) -> None:
    write(
        tmp_path, {"Cargo.toml": '[workspace]\nmembers = ["a"]\n[workspace.package]\ninclude = ["gen.rs"]\n'}
    )
    write(tmp_path, {**crate("rk-a", "a", "include.workspace = true\n"), ".gitignore": "gen.rs\n"})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    write(tmp_path, {"a/gen.rs": ""})

    assert [one.code for one in uncommitted_includes(Processes(os.environ), tmp_path, [package("a")])] == [
        "include-not-committed"
    ]
