"""Are two `.crate` files compared by what is in them?"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from castoff.ecosystems.cargo.crates import compare_crates, crate_name, read_crate_file
from castoff.model.workspace import Artifact

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "Cargo.toml": b'[package]\nname = "a"\n',
    "Cargo.toml.orig": b"x",
    "src/lib.rs": b"//! a\n",
    "Cargo.lock": b"version = 4\n",
    ".cargo_vcs_info.json": json.dumps({"git": {"sha1": COMMIT}, "path_in_vcs": "crates/a"}).encode(),
}


def pack(folder: Path, name: str, changes: dict[str, bytes | None] | None = None, *, time: int = 0) -> Path:
    files = {path: data for path, data in {**FILES, **(changes or {})}.items() if data is not None}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(f"a-1.0.0/{path}")
            member.size, member.mtime = len(data), time
            archive.addfile(member, io.BytesIO(data))
    file = folder / name
    file.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    return file


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, "bytes"),
        ({"Cargo.lock": b"version = 3\n"}, "contents"),
        ({"Cargo.lock": None}, "contents"),
        ({"Cargo.toml": b'# by another cargo\n[package]\nname="a"\n'}, "contents"),
        ({"Cargo.toml": b'[package]\nname = "b"\n'}, "no"),
        ({"src/lib.rs": b"//! b\n"}, "no"),
        ({"src/new.rs": b""}, "no"),
        ({"Cargo.toml.orig": None}, "no"),
        (
            {
                ".cargo_vcs_info.json": json.dumps(
                    {"git": {"sha1": "ff" * 20}, "path_in_vcs": "crates/a"}
                ).encode()
            },
            "no",
        ),
        ({".cargo_vcs_info.json": None}, "not-comparable"),
        ({".cargo_vcs_info.json": b"{}"}, "not-comparable"),
        ({".cargo_vcs_info.json": b"["}, "not-comparable"),
        ({"Cargo.toml": b"["}, "not-comparable"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_only_what_was_released_counts(tmp_path: Path, changes: dict[str, bytes | None], wanted: str) -> None:
    assert compare_crates(pack(tmp_path, "ours"), pack(tmp_path, "theirs", changes)) == wanted


def test_times_do_not_count(tmp_path: Path) -> None:
    assert compare_crates(pack(tmp_path, "ours"), pack(tmp_path, "theirs", time=9)) == "contents"


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b"no tar", mtime=0), gzip.compress(b"\0" * 2048, mtime=0)[:-9]],
    ids=["empty", "no gzip", "no tar", "cut short"],
)
def test_what_is_no_crate_is_not_comparable(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "theirs").write_bytes(data)

    assert compare_crates(pack(tmp_path, "ours"), tmp_path / "theirs") == "not-comparable"


def test_a_link_inside_is_not_followed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("a-1.0.0/src/lib.rs")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    (tmp_path / "theirs").write_bytes(gzip.compress(buffer.getvalue()))

    assert read_crate_file(tmp_path / "theirs") is None


@pytest.mark.parametrize(
    ("package", "filename", "wanted"),
    [
        ("a", "a-1.0.0.crate", ("a", "1.0.0")),
        ("cargo:a-2", "a-2-1.0.0-rc.1.crate", ("a-2", "1.0.0-rc.1")),
    ],
)
def test_the_name_and_version_of_a_file_are_known(
    package: str, filename: str, wanted: tuple[str, str]
) -> None:
    artifact = Artifact(
        package=package, ecosystem="cargo", kind="crate", filename=filename, path="/x", digest=""
    )

    assert crate_name(artifact) == wanted
