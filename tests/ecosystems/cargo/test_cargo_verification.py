"""What decides the result of a verification, and what does not: one row each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from test_cargo_crates import pack

from castoff.ecosystems.cargo.verification import verification_digest
from castoff.model.workspace import Artifact

LOCK = (
    b'version = 4\n[[package]]\nname = "a"\nversion = "1.0.0"\n'
    b'[[package]]\nname = "b"\nversion = "1.0.0"\nchecksum = "%s"\n'
    b'[[package]]\nname = "serde"\nversion = "%s"\nchecksum = "%s"\n'
)
Changes = Mapping[str, bytes | None]


def lock(sibling: bytes = b"11", outside: bytes = b"22", version: bytes = b"1.0.1") -> bytes:
    return LOCK % (sibling, version, outside)


def artifact(name: str, file: Path) -> Artifact:
    return Artifact(
        package=f"cargo:{name}",
        ecosystem="cargo",
        kind="crate",
        filename=f"{name}-1.0.0.crate",
        path=str(file),
        digest="",
    )


def named(
    folder: Path, own: Changes | None = None, needed: Changes | None = None, **changes: Any
) -> str | None:
    folder.mkdir()
    (folder / "tree").mkdir()
    crates = [
        artifact("a", pack(folder, "a.crate", {"Cargo.lock": lock(), **(own or {})})),
        artifact("b", pack(folder, "b.crate", dict(needed or {}))),
    ]
    if settings := changes.pop("settings", None):
        (folder / ".cargo").mkdir()
        (folder / ".cargo/config.toml").write_text(settings)
    given: dict[str, Any] = {
        "toolchain": "rustc 1.90.0",
        "words": ["--package", "a"],
        "environment": {},
        **changes,
    }
    return verification_digest(crates, **given, folder=folder / "tree")


COMMIT = json.dumps({"git": {"sha1": "f" * 40}, "path_in_vcs": "crates/a"}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"own": {".cargo_vcs_info.json": COMMIT}}, id="the commit"),
        pytest.param({"own": {"Cargo.lock": lock(sibling=b"33")}}, id="the checksum of a sibling"),
        pytest.param({"needed": {".cargo_vcs_info.json": COMMIT}}, id="the commit of a sibling"),
        pytest.param({"environment": {"HOME": "/elsewhere", "CARGO_HOME": "/other"}}, id="folders"),
        pytest.param({"environment": {"CARGO_TARGET_DIR": "/other"}}, id="the folder of the build"),
    ],
)
def test_what_does_not_decide(changes: dict[str, Any], tmp_path: Path) -> None:
    assert named(tmp_path / "one", **changes) == named(tmp_path / "other") is not None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"own": {"src/lib.rs": b"//! b\n"}}, id="a file"),
        pytest.param({"own": {"src/more.rs": b""}}, id="one file more"),
        pytest.param({"own": {"Cargo.lock": lock(outside=b"44")}}, id="the checksum of another crate"),
        pytest.param({"own": {"Cargo.lock": lock(version=b"1.0.2")}}, id="the version of another crate"),
        pytest.param({"needed": {"src/lib.rs": b"//! c\n"}}, id="a file of a sibling"),
        pytest.param({"toolchain": "rustc 1.91.0"}, id="the compiler"),
        pytest.param({"words": ["--package", "a", "--all-features"]}, id="features"),
        pytest.param({"environment": {"RUSTFLAGS": "-D warnings"}}, id="flags"),
        pytest.param({"environment": {"CC": "clang"}}, id="a compiler of native code"),
        pytest.param({"settings": "[build]\n"}, id="cargo's configuration above"),
    ],
)
def test_what_decides(changes: dict[str, Any], tmp_path: Path) -> None:
    assert named(tmp_path / "one", **changes) not in (None, named(tmp_path / "other"))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"own": {"Cargo.lock": None}}, id="no lock file"),
        pytest.param({"own": {"Cargo.lock": b"version = "}}, id="a lock file that is none"),
        pytest.param({"toolchain": ""}, id="a compiler that does not say what it is"),
    ],
)
def test_what_is_not_named_by_content(changes: dict[str, Any], tmp_path: Path) -> None:
    assert named(tmp_path / "one", **changes) is None


def test_a_crate_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.crate").write_bytes(b"no archive")

    assert (
        verification_digest(
            [artifact("a", tmp_path / "a.crate")],
            toolchain="rustc",
            words=[],
            environment={},
            folder=tmp_path,
        )
        is None
    )
