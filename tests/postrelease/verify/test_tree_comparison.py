"""Contents of released archives against the files of the release commit."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping

import pytest

from castoff.model.refs import TagSource
from castoff.model.workspace import Package
from castoff.postrelease.verify.tree import (
    TreeComparison,
    TreeNotComparable,
    archive_files,
    compare_crate,
    compare_sdist,
    compare_wheel,
)
from castoff.values import replace

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 5000\n"
MANIFEST = b'[package]\nname = "rk"\nreadme = "../../README.md"\n'
CRATE = Package(
    name="rk",
    ecosystem="cargo",
    path="crates/a",
    manifest="crates/a/Cargo.toml",
    version="1",
    version_file="",
)
PYTHON = Package(
    name="rk", ecosystem="python", path="py", manifest="py/pyproject.toml", version="1", version_file=""
)
SOURCES = {
    "README.md": b"top",
    "crates/a/Cargo.toml": MANIFEST,
    "crates/a/src/lib.rs": b"fn a() {}\n",
    "crates/a/vendor/z.c": b"int z;\n",
    "crates/a/big.bin": b"\0" * 9,
}
LISTED = ["Cargo.toml", "Cargo.toml.orig", "Cargo.lock", "README.md", "src/lib.rs", "vendor/z.c", "big.bin"]
PACKED = {
    "Cargo.toml": b"# generated",
    "Cargo.toml.orig": MANIFEST,
    "Cargo.lock": b"x",
    ".cargo_vcs_info.json": b"{}",
    "README.md": b"top",
    "src/lib.rs": b"fn a() {}\n",
    "vendor/z.c": b"int z;\n",
    "big.bin": b"\0" * 9,
}


def without(files: Mapping[str, bytes], path: str) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != path}


CRATES = {
    "the same": (PACKED, SOURCES, TreeComparison(compared=5)),
    "line ends of another machine": (
        {**PACKED, "src/lib.rs": b"fn a() {}\r\n"},
        SOURCES,
        TreeComparison(compared=5),
    ),
    "no file of a submodule": (
        without(PACKED, "vendor/z.c"),
        SOURCES,
        TreeComparison(compared=4, missing=("vendor/z.c",)),
    ),
    "a pointer instead of the content": (
        {**PACKED, "big.bin": POINTER},
        SOURCES,
        TreeComparison(compared=5, different=("big.bin",)),
    ),
    "a pointer on this machine": (
        PACKED,
        {**SOURCES, "crates/a/big.bin": POINTER},
        TreeComparison(compared=4, unfetched=("big.bin",)),
    ),
    "a file that nothing packs": (
        {**PACKED, "secret": b""},
        SOURCES,
        TreeComparison(compared=5, beyond=("secret",)),
    ),
    "another manifest": (
        {**PACKED, "Cargo.toml.orig": b"other"},
        SOURCES,
        TreeComparison(compared=5, different=("Cargo.toml.orig",)),
    ),
    "a readme inherited from the workspace": (
        {**PACKED, "Cargo.toml.orig": b"[package]\nreadme.workspace = true\n"},
        {
            **SOURCES,
            "crates/a/Cargo.toml": b"[package]\nreadme.workspace = true\n",
            "Cargo.toml": b'[workspace.package]\nreadme = "README.md"\n',
        },
        TreeComparison(compared=5),
    ),
}


@pytest.mark.parametrize(("packed", "sources", "found"), CRATES.values(), ids=CRATES)
def test_crates(packed: Mapping[str, bytes], sources: Mapping[str, bytes], found: TreeComparison) -> None:
    assert compare_crate(CRATE, packed, LISTED, sources.get) == found


MATURIN = b'[build-system]\nbuild-backend = "maturin"\n'
WRITTEN = b'# mine\n[project]\nname = "rk"\ndependencies = ["a","b"]\n[tool.x]\na = 1\n'
ANEW = b'[project]\nname = "rk"\ndependencies = [\n    "a",\n    "b",\n]\n'
SDISTS = {
    "the same": ({"rk/a.py": b"1"}, {"py/rk/a.py": b"1"}, 1, ()),
    "other bytes": ({"rk/a.py": b"2"}, {"py/rk/a.py": b"1"}, 1, ("rk/a.py",)),
    "not in the tree": ({"rk/made.py": b"2"}, {}, 0, ()),
    "generated": ({"PKG-INFO": b"2", "setup.cfg": b"2"}, {"py/PKG-INFO": b"1", "py/setup.cfg": b"1"}, 0, ()),
    "a manifest": ({"pyproject.toml": b"2"}, {"py/pyproject.toml": b"1"}, 1, ("pyproject.toml",)),
    "a rewritten manifest": ({"pyproject.toml": b"2"}, {"py/pyproject.toml": MATURIN}, 0, ()),
    "a manifest formatted anew": (
        {"pyproject.toml": ANEW, "pyproject.toml.orig": WRITTEN}, {"py/pyproject.toml": WRITTEN}, 1, ()
    ),
    "another original": (
        {"pyproject.toml": ANEW, "pyproject.toml.orig": WRITTEN}, {"py/pyproject.toml": ANEW}, 1,
        ("pyproject.toml.orig",)
    ),
    "another meaning": (
        {"pyproject.toml": ANEW.replace(b'"b"', b'"c"'), "pyproject.toml.orig": WRITTEN},
        {"py/pyproject.toml": WRITTEN}, 1, ("pyproject.toml",)
    ),
    "a readme from above": ({"README.md": b"top"}, {"py/README.md": b"own", "README.md": b"top"}, 1, ()),
}  # fmt: skip


@pytest.mark.parametrize(("files", "sources", "count", "unlike"), SDISTS.values(), ids=SDISTS)
def test_sdists(
    files: Mapping[str, bytes], sources: Mapping[str, bytes], count: int, unlike: tuple[str, ...]
) -> None:
    assert compare_sdist(PYTHON, files, sources.get) == TreeComparison(compared=count, different=unlike)


def test_a_version_file_of_a_package_with_versions_from_tags_is_left_out() -> None:
    from_tags = replace(PYTHON, tags=TagSource(tool="setuptools-scm", file="py/pyproject.toml"))
    files, sources = {"rk/_version.py": b"2"}, {"py/rk/_version.py": b"1"}

    assert compare_sdist(from_tags, files, sources.get).compared == 0
    assert compare_sdist(PYTHON, files, sources.get).different == ("rk/_version.py",)


def test_a_manifest_that_clients_write_anew_is_not_compared() -> None:
    package = replace(PYTHON, ecosystem="npm", path="js", kinds=("tarball",))
    files = {"package.json": b'{"dependencies": {"a": "1.3.0"}}', "index.js": b"other"}
    sources = {"js/package.json": b'{"dependencies": {"a": "workspace:*"}}', "js/index.js": b"one"}
    assert compare_sdist(package, files, sources.get) == TreeComparison(compared=1, different=("index.js",))


WHEELS = {
    "src": ({"rk/a.py": b"1", "rk-1.dist-info/RECORD": b""}, {"py/src/rk/a.py": b"1"}, 1, ()),
    "flat": ({"rk/a.py": b"1"}, {"py/rk/a.py": b"1"}, 1, ()),
    "other bytes": ({"rk/a.py": b"2", "rk/made.py": b""}, {"py/src/rk/a.py": b"1"}, 1, ("rk/a.py",)),
}


@pytest.mark.parametrize(("files", "sources", "count", "unlike"), WHEELS.values(), ids=WHEELS)
def test_wheels(
    files: Mapping[str, bytes], sources: Mapping[str, bytes], count: int, unlike: tuple[str, ...]
) -> None:
    assert compare_wheel(PYTHON, files, sources.get) == TreeComparison(compared=count, different=unlike)


def test_a_wheel_of_another_layout_is_not_comparable() -> None:
    with pytest.raises(TreeNotComparable, match="same paths"):
        compare_wheel(PYTHON, {"rk/a.py": b"1"}, {"py/lib/rk/a.py": b"1"}.get)


def wheel(purity: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("rk/a.py", "1")
        archive.writestr("rk-1.dist-info/WHEEL", f"Root-Is-Purelib: {purity}\n")
    return stream.getvalue()


def test_archives_are_read_without_their_folder() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("rk-1/src/lib.rs"), io.BytesIO())

    assert archive_files("rk-1.crate", stream.getvalue()) == {"src/lib.rs": b""}
    assert archive_files("rk-1-py3-none-any.whl", wheel("true"))["rk/a.py"] == b"1"


@pytest.mark.parametrize(
    ("data", "reason"), [(wheel("false"), "compiled"), (b"x", "cannot be read")], ids=["compiled", "broken"]
)
def test_what_is_not_comparable(data: bytes, reason: str) -> None:
    with pytest.raises(TreeNotComparable, match=reason):
        archive_files("rk-1-py3-none-any.whl", data)
