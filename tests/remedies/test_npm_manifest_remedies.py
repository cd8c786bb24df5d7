"""Remedies for manifests of npm packages: trees of texts, read and edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from npm_files import npm_package, packed

from castoff.config.values import NpmSettings
from castoff.ecosystems.npm.builder import NpmBuilder
from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.ecosystems.npm.manifest.rules import judge_npm_metadata
from castoff.ecosystems.npm.packed_rules import missing_entries
from castoff.io.process import Processes
from castoff.model.scope import Scope
from castoff.model.versions import ReleaseVersion
from castoff.session.workspaces import read_workspace
from castoff.values import replace
from config.configuration_files import Files
from remedies.following import Case, cases, follow, follow_row, follows

SETTINGS = "packages:\n  - 'packages/*'\n"


def package(name: str, **more: Any) -> str:
    """Write one manifest."""
    return json.dumps({"name": name, "version": "1.2.0", **more}, indent=2)


def beside(manifest: str) -> Files:
    """Return a workspace with a private member `tool`, a good member and another one."""
    return Files(
        {
            "package.json": '{"private": true}',
            "pnpm-workspace.yaml": SETTINGS,
            "packages/a/package.json": package("a"),
            "packages/b/package.json": manifest,
            "packages/tool/package.json": package("tool", private=True),
        }
    )


GOOD = beside(package("b", dependencies={"a": "workspace:*"}))
CASES = [
    Case("json-invalid", beside('{"name": "b",\n}'), GOOD, "correct the file at that line"),
    Case("manifest-invalid", beside('{"name": 1}'), GOOD, "correct the manifest"),
    Case("duplicate-name", beside(package("a")), GOOD, "rename one"),
    Case(
        "requirement-by-path",
        beside(package("b", dependencies={"a": "file:../a"})),
        GOOD,
        "write `workspace:^` if the client is pnpm",
    ),
    Case(
        "requires-unpublished",
        beside(package("b", dependencies={"tool": "workspace:*"})),
        beside(package("b", devDependencies={"tool": "workspace:*"})),
        "move the requirement to `devDependencies`",
    ),
    Case(
        "requirement-excludes-release",
        beside(package("b", dependencies={"a": ">=1 <1.3"})),
        GOOD,
        "correct the requirement by hand",
    ),
]


@cases(CASES)
def test_the_remedy_repairs_the_manifest(case: Case) -> None:
    def look(tree: Files) -> object:
        manifests = NpmManifests()
        workspace = read_workspace(tree, [manifests], Scope())
        edited = manifests.edited(tree, workspace, ReleaseVersion(1, 3, 0))
        return (*workspace.problems, *edited.problems)

    follow_row(case, look)


@cases([Case("entry-file-missing", (), ("dist/a.js",), "add the files to `files` in the manifest")])
def test_the_entry_file_is_packed(case: Case, tmp_path: Path) -> None:
    def look(files: tuple[str, ...]) -> object:
        return tuple(
            missing_entries(npm_package(), packed(tmp_path, npm_package(), *files, main="dist/a.js"))
        )

    follow_row(case, look)


@follows("install-failed")
def test_the_install_that_failed_is_run_again(tmp_path: Path) -> None:
    """The client is a script here: what it does not find makes it fail."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "npm"
    program.write_text('#!/bin/sh\ncase "$1" in ci) test -f ready;; *) exit 0;; esac\n', encoding="utf-8")
    program.chmod(0o755)
    place = tmp_path / "clone"
    place.mkdir()
    (place / "package.json").write_text('{"name": "a", "version": "1.3.0"}', encoding="utf-8")
    (place / "package-lock.json").write_text("{}", encoding="utf-8")
    processes = Processes({"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    package = replace(npm_package(), path=".", manifest="package.json")

    def look() -> object:
        failures = NpmBuilder(processes, NpmSettings(), 0).build(place, [package], tmp_path / "out").failures
        return tuple(one.problem for one in failures if one.problem.code != "build-incomplete")

    follow(
        "install-failed",
        look,
        told="run it in `.` of a fresh clone and fix the reported problem",
        do=lambda: (place / "ready").touch(),
    )


def _config(manager: str, **more: Any) -> Files:
    root = json.dumps({"private": True, "workspaces": ["packages/*"], "packageManager": f"{manager}@9.0.0"})
    return Files(
        {
            "package.json": root,
            "pnpm-workspace.yaml": SETTINGS,
            "packages/a/package.json": package("a", **more),
        }
    )


@cases(
    [
        Case(
            "publish-config-ignored",
            _config("npm", publishConfig={"main": "dist/a.js"}),
            _config("npm", main="dist/a.js"),
            "write the values for users into the manifest",
        ),
        Case(
            "publish-config-ignored",
            _config("npm", publishConfig={"main": "dist/a.js"}),
            _config("pnpm", publishConfig={"main": "dist/a.js"}),
            "use a client that applies them, such as pnpm",
        ),
    ]
)
def test_values_for_users_are_applied(case: Case) -> None:
    follow_row(
        case,
        lambda files: judge_npm_metadata(NpmManifests().layouts(files), [npm_package("a")], None),
    )
