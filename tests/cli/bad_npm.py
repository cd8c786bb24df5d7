"""Bad inputs of npm: manifests, settings, lock files, tarballs, and answers of the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from npm_files import tarball

from castoff.world.faults import parse_faults
from cli.ground import Bad, Ground, Spoil

CORE, LENS, FACADE = (f"{name}/package.json" for name in ("beacon-core", "beacon-lens", "beacon"))
PLAN, BUILD = "plan minor --offline", "rehearse minor"
LOOK = "release minor --execute --yes --wait 2"
_ANSWER = {"service": "npm", "method": "GET", "path": "*/beacon"}
_TARBALL = "prebuilt/beacon-core-1.1.0.tgz"
_MANIFEST = {"name": "beacon-core", "version": "1.1.0", "main": "index.js"}


def _file(path: str, text: str | bytes) -> Spoil:
    def spoil(ground: Ground) -> None:
        ground.write(path, text)
        ground.push()

    return spoil


def _manifest(path: str, **changes: Any) -> Spoil:
    def spoil(ground: Ground) -> None:
        manifest = json.loads((ground.checkout / path).read_text("utf-8"))
        ground.write(path, json.dumps({**manifest, **changes}, indent=2))
        ground.push()

    return spoil


def _locked(text: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        ground.write(".gitignore", "node_modules/\n")
        ground.write("package-lock.json", text)
        ground.push()

    return spoil


def _all_private(ground: Ground) -> None:
    for path in (CORE, LENS, FACADE):
        manifest = json.loads((ground.checkout / path).read_text("utf-8"))
        ground.write(path, json.dumps({**manifest, "private": True}))
    ground.push()


def _prebuilt(content: bytes, name: str = _TARBALL) -> Spoil:
    def spoil(ground: Ground) -> None:
        ground.write("castoff.toml", '[npm]\nstaged = false\nartifacts = "prebuilt"\n')
        ground.write(".gitignore", "node_modules/\nprebuilt/\npackage-lock.json\n")
        ground.push()
        ground.write(name, content)

    return spoil


def _link(ground: Ground) -> None:
    _prebuilt(b"")(ground)
    target = ground.checkout / _TARBALL
    target.unlink()
    target.symlink_to(Path("/etc/hostname"))


def _answers(effect: Mapping[str, object], where: Mapping[str, object] = _ANSWER) -> Spoil:
    def spoil(ground: Ground) -> None:
        rule = {**where, "effect": effect}
        ground.here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

    return spoil


def _body(text: str, status: int = 200) -> Spoil:
    return _answers({"status": status, "body": text})


def _bad(name: str, command: str, code: int, found: str, spoil: Spoil) -> Bad:
    return Bad(name=name, command=command, exit=code, codes=(found,) if found else (), spoil=spoil)


MANIFESTS = (
    _bad("not JSON", PLAN, 4, "json-invalid", _file(CORE, '{"name": "beacon-core",')),
    _bad("not UTF-8", PLAN, 4, "file-not-text", _file(CORE, b'{"name": "\xff"}')),
    _bad("deep JSON", PLAN, 4, "json-invalid", _file(CORE, "[" * 5000)),
    _bad("a list", PLAN, 4, "manifest-invalid", _file(CORE, "[]")),
    _bad("number as name", PLAN, 4, "manifest-invalid", _manifest(CORE, name=7)),
    _bad("number as version", PLAN, 4, "manifest-invalid", _manifest(CORE, version=1)),
    _bad(
        "list of dependencies", PLAN, 2, "manifest-invalid", _manifest(FACADE, dependencies=["beacon-core"])
    ),
    _bad(
        "number as requirement",
        PLAN,
        2,
        "manifest-invalid",
        _manifest(FACADE, dependencies={"beacon-core": 1}),
    ),
    _bad("no version", PLAN, 4, "version-unsupported", _manifest(CORE, version="abc")),
    _bad("stray version", PLAN, 4, "stray-version", _manifest(CORE, version="1.0.1")),
    _bad("two of one name", PLAN, 4, "duplicate-name", _manifest(CORE, name="beacon")),
    _bad(
        "requirement by path",
        PLAN,
        4,
        "requirement-by-path",
        _manifest(FACADE, dependencies={"beacon-core": "file:../beacon-core"}),
    ),
    _bad("private sibling", PLAN, 4, "requires-unpublished", _manifest(CORE, private=True)),
    _bad(
        "range that cannot move",
        "plan major --offline",
        4,
        "requirement-excludes-release",
        _manifest(FACADE, dependencies={"beacon-core": ">=1 <2", "beacon-lens": "1.0.0"}),
    ),
    _bad("cycle", PLAN, 4, "dependency-cycle", _manifest(CORE, dependencies={"beacon": "1.0.0"})),
    _bad("nothing to publish", PLAN, 2, "nothing-to-publish", _all_private),
    _bad("number of workspaces", PLAN, 2, "manifest-invalid", _manifest("package.json", workspaces=3)),
    _bad(
        "broken settings of pnpm", PLAN, 2, "manifest-invalid", _file("pnpm-workspace.yaml", "packages: [\n")
    ),
    _bad(
        "unknown word for staged",
        PLAN,
        2,
        "impossible-value",
        _file("castoff.toml", '[npm]\nstaged = "perhaps"\n'),
    ),
    _bad("number for staged", PLAN, 2, "wrong-type", _file("castoff.toml", "[npm]\nstaged = 3\n")),
)
BUILDS = (
    _bad("lock file of garbage", BUILD, 2, "json-invalid", _locked("{]")),
    _bad("tarball of garbage", BUILD, 4, "metadata-mismatch", _prebuilt(b"nothing")),
    _bad("tarball cut short", BUILD, 4, "metadata-mismatch", _prebuilt(tarball(_MANIFEST, "index.js")[:80])),
    _bad(
        "tarball of another version",
        BUILD,
        4,
        "metadata-mismatch",
        _prebuilt(tarball({**_MANIFEST, "version": "1.0.0"}, "index.js")),
    ),
    _bad(
        "tarball with a protocol",
        BUILD,
        4,
        "metadata-mismatch",
        _prebuilt(tarball({**_MANIFEST, "dependencies": {"x": "workspace:*"}}, "index.js")),
    ),
    _bad("tarball without its entry", BUILD, 4, "entry-file-missing", _prebuilt(tarball(_MANIFEST))),
    _bad(
        "stray tarball",
        BUILD,
        4,
        "artifact-stray",
        _prebuilt(tarball(_MANIFEST, "index.js"), "prebuilt/other-1.1.0.tgz"),
    ),
    _bad("tarball elsewhere", BUILD, 2, "path-outside", _link),
)
ANSWERS = (
    _bad("registry of HTML", LOOK, 3, "still-waiting", _body("<html><body>Sign in</body></html>")),
    _bad("registry cut short", LOOK, 3, "still-waiting", _body('{"name": "beacon", "versions": ')),
    _bad("registry without an answer", LOOK, 3, "still-waiting", _answers({"cut": "before"})),
    _bad("registry that fails", LOOK, 3, "still-waiting", _body("", 503)),
    _bad("registry that wants a login", LOOK, 3, "still-waiting", _body("{}", 401)),
    _bad("deep registry", LOOK, 3, "still-waiting", _body("[" * 100_000)),
)
