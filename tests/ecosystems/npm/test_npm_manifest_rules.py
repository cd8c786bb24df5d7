"""What castoff judges of the npm registry's rules, each beside a control that must pass."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from npm_files import npm_package, packed, tarball

from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.ecosystems.npm.manifest.rules import judge_new_npm_name, judge_npm_metadata
from castoff.ecosystems.npm.packed_rules import refusals
from castoff.ecosystems.npm.tarballs import artifact_of
from castoff.errors import Problem
from castoff.registry_rules import read_rules
from castoff.values import replace
from config.configuration_files import Files

REMOTE = "git@github.com:acme/orchard.git"


def judged(manifest: dict[str, Any], manager: str = "pnpm", remote: str | None = REMOTE) -> list[Problem]:
    files = Files(
        {
            "package.json": json.dumps({"workspaces": ["packages/*"], "packageManager": f"{manager}@9"}),
            "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
            "packages/a/package.json": json.dumps({"name": "a", "version": "1.3.0", **manifest}),
        }
    )  # fmt: skip
    return list(judge_npm_metadata(NpmManifests().layouts(files), [npm_package("a")], remote))


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [
        ("a.b_c-d", False),
        ("JSONStream", False),  # older than the rule of lower case
        ("http", False),
        ("@Acme/_a", False),
        ("_a", True),
        (".a", True),
        ("-a", True),
        ("@acme/.a", True),
        ("@/a", True),
        ("a b", True),
        ("a/b", True),
        ("Node_Modules", True),
        ("favicon.ico", True),
    ],
)
def test_names_that_no_package_may_have(name: str, is_refused: bool) -> None:
    files = Files({"package.json": json.dumps({"name": name, "version": "1.3.0"})})
    package = replace(npm_package(name), manifest="package.json", root=".")
    problems = judge_npm_metadata(NpmManifests().layouts(files), [package], REMOTE)
    assert [one.message for one in problems if "no package may have" in one.message] == (
        [f"`{name}` would be refused: no package may have this name"] * is_refused
    )


PROVENANCE = {"publishConfig": {"provenance": True}}


@pytest.mark.parametrize(
    ("manifest", "fact"),
    [
        (PROVENANCE, "`repository` is missing"),
        (PROVENANCE | {"repository": "github:acme/other"}, "names `acme/other`, the remote is `acme/orchard`"),
        (PROVENANCE | {"repository": {"url": "git+https://github.com/other/orchard.git"}}, "names `other/orchard`"),
        (PROVENANCE | {"repository": {"url": "git+https://github.com/Acme/orchard.git"}}, ""),
        (PROVENANCE | {"repository": "acme/orchard"}, ""),
        ({"repository": "github:acme/other"}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_provenance_needs_the_repository_that_is_released(manifest: dict[str, Any], fact: str) -> None:
    found = judged(manifest)
    assert [one.code for one in found] == (["metadata-refused"] if fact else [])
    assert all(fact in one.message for one in found)


def test_a_remote_that_is_a_folder_names_no_repository() -> None:
    assert judged(PROVENANCE | {"repository": "acme/orchard"}, remote="/srv/x") == []


@pytest.mark.parametrize(
    ("manager", "ignored"),
    [
        ("npm", "`directory`, `main`, `typings`"),
        ("bun", "`directory`, `main`, `typings`"),
        ("yarn", "`directory`, `typings`"),
        ("pnpm", ""),
    ],
)
def test_what_a_client_does_not_apply_of_publish_config_is_named(manager: str, ignored: str) -> None:
    config = {
        "main": "dist/a.js",
        "typings": "dist/a.d.ts",
        "directory": "dist",
        "access": "public",
    }
    found = judged({"publishConfig": config}, manager)
    assert [(one.code, one.severity) for one in found] == (
        [("publish-config-ignored", "warning")] if ignored else []
    )
    assert all(ignored in one.message for one in found)


@pytest.mark.parametrize(
    ("tag", "configured", "found"),
    [("next", None, 1), ("next", "next", 0), ("next", "beta", 1), (None, "next", 0)],
)
def test_a_dist_tag_that_castoff_does_not_use_is_named(
    tag: str | None, configured: str | None, found: int
) -> None:
    config = {"publishConfig": {"tag": tag}} if tag else {}
    files = Files({"a/package.json": json.dumps({"name": "a", "version": "1.3.0", **config})})
    package = replace(npm_package("a"), manifest="a/package.json", root="a")
    problems = judge_npm_metadata(NpmManifests().layouts(files), [package], None, dist_tag=configured)
    assert [one.code for one in problems] == ["publish-config-ignored"] * found


def named(name: str, access: str | None, settings: str = "", **manifest: Any) -> list[str]:
    package = npm_package(name)
    files = Files(
        {package.manifest: json.dumps({"name": name, "version": "1.3.0", **manifest}), ".npmrc": settings}
    )
    return [one.message for one in judge_new_npm_name(package, files, access=access)]


@pytest.mark.parametrize(
    ("name", "access", "settings", "config", "fact"),
    [
        ("@acme/a", None, "", {}, "nothing says whether it is public"),
        ("@acme/a", "public", "", {}, ""),
        ("@acme/a", "restricted", "", {}, ""),
        ("@acme/a", None, "access=public\n", {}, ""),
        ("@acme/a", None, "", {"access": "public"}, ""),
        ("acme-a", None, "", {}, ""),
        ("Acme", None, "", {}, "no new package may have this name"),
        ("http", None, "", {}, "no new package may have this name"),
        ("a" * 215, None, "", {}, "no new package may have this name"),
        ("a" * 214, None, "", {}, ""),
        ("@acme/http", "public", "", {}, ""),
    ],
)
def test_the_first_upload_of_a_name_is_judged(
    name: str, access: str | None, settings: str, config: dict[str, str], fact: str
) -> None:
    found = named(name, access, settings, publishConfig=config)
    assert len(found) == bool(fact)
    assert all(fact in one for one in found)


def linked(kind: bytes) -> bytes:
    content = io.BytesIO(tarball({"name": "a", "version": "1.3.0"}, "index.js"))
    with tarfile.open(fileobj=content, mode="r:gz") as archive:
        entries = [(one, archive.extractfile(one)) for one in archive]
        data = [(one, stream.read() if stream else b"") for one, stream in entries]
    made = io.BytesIO()
    link = tarfile.TarInfo("package/link.js")
    link.type, link.linkname = kind, "package/index.js"
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for one, text in data:
            archive.addfile(one, io.BytesIO(text))
        archive.addfile(link)
    return made.getvalue()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE], ids=["symbolic", "hard"])
def test_a_link_in_a_tarball_is_refused(tmp_path: Path, kind: bytes) -> None:
    file = tmp_path / "a-1.3.0.tgz"
    file.write_bytes(linked(kind))
    (problem,) = refusals(npm_package(), artifact_of(npm_package(), file))
    assert "holds the link `link.js`" in problem.message


def test_a_private_manifest_is_refused(tmp_path: Path) -> None:
    (problem,) = refusals(npm_package(), packed(tmp_path, npm_package(), "index.js", private=True))
    assert (problem.code, "`private`" in problem.message) == ("metadata-refused", True)


@pytest.mark.parametrize(("size", "refused"), [(200_000_000, False), (200_000_001, True)])
def test_a_tarball_above_200_mb_is_refused(tmp_path: Path, size: int, refused: bool) -> None:
    artifact = packed(tmp_path, npm_package(), "index.js")
    with Path(artifact.path).open("r+b") as file:
        file.truncate(size)  # sparse; what follows the end of an archive is not read
    assert bool(list(refusals(npm_package(), artifact))) == refused


def test_a_usual_tarball_passes(tmp_path: Path) -> None:
    assert list(refusals(npm_package(), packed(tmp_path, npm_package(), "index.js"))) == []


JUDGED = {
    "authentication": "the check of credentials (tests/preflight)",
    "tarball": "packed manifests against the plan (test_npm_tarballs)",
    "access-private": "test_the_first_upload_of_a_name_is_judged",
    "name-new": "test_the_first_upload_of_a_name_is_judged",
    "provenance": "test_provenance_needs_the_repository_that_is_released",
    "tarball-links": "test_a_link_in_a_tarball_is_refused",
    "tarball-size": "test_a_tarball_above_200_mb_is_refused",
    "private-field": "test_a_private_manifest_is_refused",
}


def test_each_rule_that_castoff_judges_has_a_test_here() -> None:
    rules = {one.id for one in read_rules("npm").rules if one.judged != "no"}
    assert rules == set(JUDGED)
