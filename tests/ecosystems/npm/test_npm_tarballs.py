from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from npm_files import npm_package, packed, tarball

from castoff.ecosystems.npm.packed_rules import mismatches, missing_entries
from castoff.ecosystems.npm.tarballs import compare_tarballs, integrity_of, packed_in

MANIFEST = {"name": "a", "version": "1.3.0", "main": "index.js"}
OURS = tarball(MANIFEST, "index.js")


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        (OURS, "bytes"),
        (tarball(dict(reversed(MANIFEST.items())), "index.js"), "contents"),
        (tarball(MANIFEST, "index.js", mode=0o600), "contents"),
        (tarball(MANIFEST, "index.js", folder="a"), "contents"),
        (tarball(MANIFEST, "index.js", mode=0o755), "no"),
        (tarball(MANIFEST | {"main": "other.js"}, "index.js"), "no"),
        (tarball(MANIFEST, "index.js", "more.js"), "no"),
        (b"nothing", "not-comparable"),
    ],
)
def test_tarballs_are_the_same_by_paths_bytes_and_the_executable_bit(theirs: bytes, same: str) -> None:
    assert compare_tarballs(OURS, theirs) == same


def test_the_digest_of_a_registry_is_sha_512() -> None:
    assert integrity_of(b"").startswith(
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwv"
    )


def test_what_is_no_tarball_has_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_bytes(b"nothing")
    (tmp_path / "b.tgz").write_bytes(OURS[:60])
    assert [packed_in(tmp_path / name) for name in ("a.tgz", "b.tgz")] == [None, None]


@pytest.mark.parametrize(
    ("manifest", "fact"),
    [
        ({"name": "b"}, "has the name `b`"),
        ({"version": "1.2.0"}, "has the version `1.2.0`"),
        ({"dependencies": {"x": "workspace:*"}}, "requires `x` by `workspace:*`"),
        ({"peerDependencies": {"x": "catalog:"}}, "requires `x` by `catalog:`"),
        ({"optionalDependencies": {"x": "file:../x"}}, "requires `x` by `file:../x`"),
        ({"dependencies": {"b": "^1.4.0"}}, "which excludes 1.3.0"),
        ({"peerDependencies": {"b": "<1.3"}}, "which excludes 1.3.0"),
        ({"devDependencies": {"b": "0.1.0", "x": "workspace:*"}}, ""),
        ({"dependencies": {"b": "1.3.0", "x": "npm:b@0.1.0", "y": "git+https://host/y", "z": "user/z"}}, ""),
    ],
)
def test_a_packed_manifest_is_compared_with_the_plan(
    tmp_path: Path, manifest: dict[str, Any], fact: str
) -> None:
    artifact = packed(tmp_path, npm_package(), **manifest)
    found = list(mismatches(npm_package(), artifact, {"a": "1.3.0", "b": "1.3.0"}))
    assert [one.code for one in found] == (["metadata-mismatch"] if fact else [])
    assert all(fact in one.message for one in found)


@pytest.mark.parametrize(
    ("manifest", "missing"),
    [
        ({"main": "index.js"}, ""),
        ({"main": "./lib"}, "./lib"),
        ({"main": "index"}, ""),
        ({"main": "."}, ""),
        ({"module": "dist/a.mjs"}, "dist/a.mjs"),
        ({"types": "index.d.ts"}, "index.d.ts"),
        ({"bin": {"a": "cli.js"}}, "cli.js"),
        ({"bin": "cli.js"}, "cli.js"),
        ({"exports": "./none.js"}, "./none.js"),
        ({"exports": {".": {"types": "./x.d.ts", "default": "./index.js"}}}, "./x.d.ts"),
        ({"exports": {"./*": "./lib/*.js", "./data/": "./data/", "./package.json": "./package.json"}}, ""),
        ({"exports": {".": ["./index.js", "./none.js"], "./gone": None}}, ""),
        ({"exports": {".": {"types@<5.2": "./old.d.ts", "default": "./index.js"}}}, "./old.d.ts"),
        ({"exports": {".": {"source": "./src/a.ts", "default": "./index.js"}}}, ""),
        ({"exports": {".": {"browser": {"production": "./b.js"}, "default": "./index.js"}}}, "./b.js"),
        ({}, ""),
    ],
)
def test_entry_files_are_in_the_tarball(tmp_path: Path, manifest: dict[str, Any], missing: str) -> None:
    artifact = packed(tmp_path, npm_package(), "index.js", **manifest)
    found = list(missing_entries(npm_package(), artifact))
    assert [one.code for one in found] == (["entry-file-missing"] if missing else [])
    assert all(f"`{missing}`" in one.message for one in found)


def test_the_files_that_a_missing_one_may_be_are_named(tmp_path: Path) -> None:
    there = ("index.d.ts", "dist/b.d.ts", "dist/b.js", "dist/deep/c.d.ts")
    artifact = packed(tmp_path, npm_package(), *there, exports={".": {"types": "./dist/a.d.ts"}})
    (problem,) = missing_entries(npm_package(), artifact)
    assert problem.reason.endswith("; it holds `dist/b.d.ts` there")


def test_a_build_that_packing_does_not_run_is_named(tmp_path: Path) -> None:
    artifact = packed(tmp_path, npm_package(), main="dist/a.js", scripts={"prepublishOnly": "tsc"})
    (problem,) = missing_entries(npm_package(), artifact)
    assert "`prepublishOnly` does not run" in problem.reason
