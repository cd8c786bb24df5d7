"""A package is tried out as its users have it: installed by npm, and each entry imported by node."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from npm_files import npm_package

from castoff.ecosystems.npm.client_runs import ClientRuns
from castoff.ecosystems.npm.trial import try_out
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.world.seed import WorldSeed
from castoff.world.world import World

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("npm"),
]
OPTIONAL = {"peerDependencies": {"lens": "1"}, "peerDependenciesMeta": {"lens": {"optional": True}}}
NEEDS = {"elsewhere": "1.0.0"}
ENTRIES = {"exports": {".": "./index.js", "./more": "./more.mjs"}}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(seed=WorldSeed(), tls=True, outside=False) as world:
        yield world


def published(world: World, folder: Path, name: str, files: dict[str, str], **manifest: Any) -> Processes:
    """Publish a package, and return what it can be tried with."""
    for path, text in {
        "package.json": json.dumps({"name": name, "version": "1.0.0", **manifest}),
        **files,
    }.items():
        (folder / path).write_text(text, encoding="utf-8")
    processes = Processes(world.child_environment())
    done = ClientRuns(processes).run(npm_package(name, "1.0.0"), Kind.NPM_UPLOAD, "publish", folder)
    assert done.code == 0, done
    return processes


@pytest.mark.parametrize(
    ("name", "required", "imported", "failure"),
    [
        ("meant", "throw new Error('use import')", "export const a = 1", ""),
        ("accident", "nothing.like.this", "export const a = 1", "ReferenceError"),
        ("neither", "throw new Error('use import')", "import 'node:gone'", "Error: use import"),
    ],
)
def test_an_entry_that_refuses_require_is_imported(
    world: World, tmp_path: Path, name: str, required: str, imported: str, failure: str
) -> None:
    exports = {".": {"require": "./index.cjs", "import": "./index.mjs"}}
    files = {"index.cjs": f"{required};\n", "index.mjs": f"{imported};\n"}
    processes = published(world, tmp_path, name, files, exports=exports)

    found = try_out(processes, npm_package(name, "1.0.0"), "1.0.0", imports=True)

    assert failure in (found.reason if found else "")
    assert (found is None) == (not failure)


@pytest.mark.parametrize(
    ("name", "more", "manifest", "failure"),
    [
        ("whole", "import './index.js'", {}, ""),
        ("peer", "import 'lens'", OPTIONAL, ""),
        ("peer-below", "import 'lens/x'", OPTIONAL, ""),
        ("undeclared", "import 'lens'", {}, "undeclared/more: "),
        ("another", "import 'lens-cap'", OPTIONAL, "another/more: "),
        ("thrown", "throw new Error('dark')", OPTIONAL, "thrown/more: Error: dark"),
        ("file", "import './gone.js'", OPTIONAL, "file/more: "),
    ],
)
def test_each_entry_is_imported_but_for_one_that_lacks_a_peer(
    world: World, tmp_path: Path, name: str, more: str, manifest: dict[str, Any], failure: str
) -> None:
    files = {"index.js": "exports.a = 1;\n", "more.mjs": more}
    processes = published(world, tmp_path, name, files, **ENTRIES, **manifest)

    found = try_out(processes, npm_package(name, "1.0.0"), "1.0.0", imports=True)

    assert (found.code if found else "") == ("verify-failed" if failure else "")
    assert found is None or '`verify = "install"`' in found.remedy
    assert found is None or failure in found.reason


@pytest.mark.parametrize(
    ("name", "manifest", "failure"),
    [
        pytest.param("elsewhere", {"os": ["aix"], "cpu": ["ppc64"]}, "", id="for another platform"),
        pytest.param("not-here", {"os": [f"!{sys.platform}"]}, "", id="for all but this one"),
        pytest.param(
            "beside",
            {"os": ["aix"], "cpu": ["ppc64"], "dependencies": NEEDS},
            "",
            id="needs one for its platform",
        ),
        pytest.param(
            "astray",
            {"os": ["sunos"], "dependencies": NEEDS},
            "npm leaves it out",
            id="needs one for a third platform",
        ),
        pytest.param(
            "anywhere",
            {"dependencies": NEEDS},
            "EBADPLATFORM",
            id="for all, and needs one for another platform",
        ),
        pytest.param("optional", {"optionalDependencies": NEEDS}, "", id="may do without it"),
    ],
)
def test_a_package_for_another_platform_is_installed_as_there(
    world: World, tmp_path: Path, name: str, manifest: dict[str, Any], failure: str
) -> None:
    """As napi-rs has it: a package for each platform, which the main one has as optional requirements."""
    text = "throw new Error('not here');\n" if "os" in manifest else "exports.a = 1;\n"
    processes = published(world, tmp_path, name, {"index.js": text}, **manifest, main="index.js")

    found = try_out(processes, npm_package(name, "1.0.0"), "1.0.0", imports=True)

    assert (found is not None) == bool(failure)
    assert found is None or failure in found.reason
