"""Reads of packuments with the real npm, by its modules and, behind a shim, by `npm view`."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from npm_files import npm_package

from castoff.ecosystems.npm.client_runs import ClientRuns
from castoff.ecosystems.npm.packuments import Found, Packument, Packuments
from castoff.io.process import Processes
from castoff.model.observations import Unknown
from castoff.world.messages import Request, Response, json_response
from castoff.world.npm_registry import NpmRegistry
from castoff.world.server import Server, Site

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("npm"),
]
STATUS = {"/e401": 401, "/e429": 429, "/e500": 500}


class Registry:
    """A registry in which some names are always refused."""

    def __init__(self) -> None:
        self.npm = NpmRegistry(
            settings={
                "packages": [
                    {"name": "a", "version": "1.0.0"},
                    {"name": "a", "version": "1.1.0", "deprecated": "use 2"},
                    {"name": "@corp/b", "version": "3.0.0"},
                ],
                "settings": {"a": {"tags": {"latest": "1.0.0", "next": "1.1.0"}}},
            }
        )
        package = self.npm.store.seed({"name": "gone", "version": "1.0.0"})
        package.versions["1.0.0"].withdrawn = True

    def handle(self, request: Request) -> Response:
        status = STATUS.get(request.path)
        if status is None:
            return self.npm.handle(request)
        answer = json_response(status, {"error": "no"})
        return Response(answer.status, answer.body, {**answer.headers, "Retry-After": "1"})


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with Server(Site("npm", Registry())) as server:
        yield server.url


@pytest.fixture(params=["modules", pytest.param("shim", marks=pytest.mark.whole)])
def processes(request: pytest.FixtureRequest, tmp_path: Path) -> Processes:
    """Return processes whose `node` notes each start; behind a shim, npm's modules are not beside its program."""
    programs = tmp_path / "bin"
    programs.mkdir()
    shims = {"node": f'echo >> "{tmp_path}/starts"; exec "{shutil.which("node")}" "$@"'}
    if request.param == "shim":
        shims["npm"] = f'exec "{shutil.which("npm")}" "$@"'
    for name, text in shims.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    return Processes(
        {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "npm_config_cache": str(tmp_path / "cache"),
        }
    )


def is_shim(folder: Path) -> bool:
    return (folder / "bin" / "npm").exists()


def asked(
    processes: Processes, home: Path, *questions: tuple[str, str | None], registry: str = ""
) -> list[Found]:
    packuments = Packuments(ClientRuns(processes, home))
    with ThreadPoolExecutor(max(1, len(questions))) as pool:
        return list(
            pool.map(
                lambda one: packuments.read(
                    npm_package(one[0], registries=(registry,) if registry else ()), one[1]
                ),
                questions,
            )
        )


def test_documents_show_versions_digests_notices_and_what_was_unpublished(
    processes: Processes, tmp_path: Path, registry: str
) -> None:
    (tmp_path / ".npmrc").write_text(f"registry={registry}/\n@corp:registry={registry}/\n", encoding="utf-8")

    whole, deprecated, absent, missing, gone, scoped = asked(
        processes,
        tmp_path,
        ("a", None),
        ("a", "1.1.0"),
        ("a", "9.9.9"),
        ("missing", None),
        ("gone", "1.0.0"),
        ("@corp/b", "3.0.0"),
    )

    assert isinstance(whole, Packument)
    assert (whole.offered, whole.ever) == (("1.0.0", "1.1.0"), ("1.0.0", "1.1.0"))
    # `npm view` shows notices of one version alone: behind the shim, no version counts as deprecated.
    assert whole.standing == (("1.0.0", "1.1.0") if is_shim(tmp_path) else ("1.0.0",))
    assert whole.tags == {"latest": "1.0.0", "next": "1.1.0"}
    assert len(whole.maintainers) == 1
    assert isinstance(deprecated, Packument)
    assert deprecated.deprecated == "use 2"
    assert str((deprecated.dist or {})["integrity"]).startswith("sha512-")
    assert isinstance(absent, Packument)
    assert (absent.dist, absent.offered) == (None, ("1.0.0", "1.1.0"))
    assert missing is None
    assert gone is None or (isinstance(gone, Packument) and gone.dist is None and "1.0.0" in gone.ever)
    assert isinstance(scoped, Packument)
    assert scoped.dist is not None


@pytest.mark.parametrize(("name", "code"), [("e401", "E401"), ("e429", "E429"), ("e500", "E500")])
def test_what_is_neither_there_nor_missing_is_unknown(
    processes: Processes, tmp_path: Path, registry: str, name: str, code: str
) -> None:
    found, beside = asked(processes, tmp_path, (name, "1.0.0"), ("a", "1.0.0"), registry=f"{registry}/")

    assert isinstance(found, Unknown)
    assert found.reason.startswith(f"npm: {code}")
    assert isinstance(beside, Packument)


def test_a_registry_that_cannot_be_reached_is_unknown_soon(processes: Processes, tmp_path: Path) -> None:
    began = time.monotonic()

    (found,) = asked(processes, tmp_path, ("a", None), registry="http://127.0.0.1:9/")

    # npm's own tries take 70 seconds.
    assert time.monotonic() - began < 40
    assert isinstance(found, Unknown)
    assert "ECONNREFUSED" in found.reason


@pytest.mark.parametrize("processes", ["modules"], indirect=True)
def test_questions_of_one_moment_are_one_process(processes: Processes, tmp_path: Path, registry: str) -> None:
    found = asked(processes, tmp_path, *[("a", None)] * 32, registry=f"{registry}/")

    assert len({one.tags["next"] for one in found if isinstance(one, Packument)}) == 1
    assert len((tmp_path / "starts").read_text(encoding="utf-8").splitlines()) <= 2
