"""Does npm send each upload once, with its own settings, however many share one process?"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from npm_files import npm_package, packed, tarball
from world_of_fakes import FakeClock

from castoff.config.values import NpmSettings
from castoff.ecosystems.npm.client_runs import FORCED, ClientRuns, answer_of, error_code_of, reason_of
from castoff.ecosystems.npm.registry import NpmRegistry
from castoff.errors import MachineFailure
from castoff.io.clock import SystemClock
from castoff.io.process import Completed, Processes
from castoff.model.acts import Succeeded
from castoff.model.child_environments import Kind
from castoff.values import replace
from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from world.npm_clients import FOLDER, NODE

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("npm"),
]


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=WorldSeed(), tls=True, outside=False) as world:
        yield world


def noting_starts(world: World, folder: Path, *, shim: bool = False) -> Processes:
    """Return processes whose `node` notes each start; behind a shim, npm's modules are not beside its program."""
    programs = folder / "bin"
    programs.mkdir()
    shims = {"node": f'echo $$ >> "{folder}/starts"; exec "{shutil.which("node")}" "$@"'}
    if shim:
        shims["npm"] = f'exec "{shutil.which("npm")}" "$@"'
    for name, text in shims.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return Processes({**world.child_environment(), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"})


def client_programs(folder: Path, npm: str) -> Path:
    """Return a folder of programs with this npm, which runs with the node of its clients; skip where it is missing."""
    if npm == "npm":
        return folder
    script = FOLDER / npm / "bin" / "npm-cli.js"
    if not script.is_file():
        pytest.skip(f"{npm} is not installed")
    folder.mkdir()
    (folder / "npm").symlink_to(script)
    (folder / "node").symlink_to(shutil.which(NODE) or NODE)
    return folder


def starts(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "starts").read_text(encoding="utf-8").split()]


def upload(runs: ClientRuns, folder: Path, name: str, *words: str) -> Completed:
    file = folder / f"{name}.tgz"
    file.write_bytes(tarball({"name": name, "version": "1.0.0"}))
    return runs.run(npm_package(name), Kind.NPM_UPLOAD, "publish", file, *words)


def uploaded(world: World) -> list[str]:
    return [one.subject for one in world.journal.entries() if one.method == "PUT"]


def test_an_upload_whose_answer_is_lost_is_not_sent_again_by_npm(world: World, tmp_path: Path) -> None:
    rule = {"service": "npm", "method": "PUT", "effect": {"lost_reply": 0.2}}
    world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

    done = upload(ClientRuns(Processes(world.child_environment())), tmp_path, "beacon")

    assert done.code != 0
    assert uploaded(world) == ["beacon@1.0.0"]


@pytest.mark.parametrize("shim", [False, True])
def test_options_of_one_upload_are_not_those_of_another(world: World, tmp_path: Path, shim: bool) -> None:
    names = [f"beacon-{number}" for number in range(8)]
    runs = ClientRuns(noting_starts(world, tmp_path, shim=shim))

    with ThreadPoolExecutor(len(names)) as pool:
        tagged = [*pool.map(lambda name: upload(runs, tmp_path, name, "--tag", f"for-{name}"), names[:-1])]
        tagged.append(upload(runs, tmp_path, names[-1]))

    assert [one.code for one in tagged] == [0] * 8
    for name in names:
        listed = answer_of(runs.run(npm_package(name), Kind.NPM_READ, "view", name, "dist-tags"))
        expected = {"latest": "1.0.0"} if name == names[-1] else {"latest": "1.0.0", f"for-{name}": "1.0.0"}
        assert listed == expected
    assert sorted(uploaded(world)) == sorted(f"{name}@1.0.0" for name in names)
    # At most one process for each core; the eighth upload may meet one that has just ended.
    assert (len(starts(tmp_path)) > 16) if shim else (len(starts(tmp_path)) <= (os.cpu_count() or 1) + 1)


@pytest.mark.parametrize(
    ("variables", "processes"),
    [({}, 1), ({"NPM_TOKEN": "world-token"}, 1), ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}, 2)],
)
def test_looks_and_uploads_share_a_process_where_both_may_see_the_same(
    world: World, tmp_path: Path, variables: Mapping[str, str], processes: int
) -> None:
    noting = noting_starts(world, tmp_path)
    runs = ClientRuns(replace(noting, environment={**noting.environment, **variables}))

    upload(runs, tmp_path, "beacon")
    runs.packument(npm_package("beacon"), "1.0.0")

    assert len(starts(tmp_path)) == processes


def test_the_look_that_decides_on_an_upload_tells_its_tag(world: World, tmp_path: Path) -> None:
    package = npm_package("beacon", "1.0.0")
    registry = NpmRegistry(Processes(world.child_environment()), NpmSettings(staged=False), SystemClock())
    registry.look(package, "1.0.0")

    assert registry.upload(packed(tmp_path, package), tmp_path) == Succeeded()

    # One by castoff, and two by npm before it uploads a new name.
    assert [one.method for one in world.journal.entries() if "beacon" in one.path] == [
        "GET",
        "GET",
        "GET",
        "PUT",
    ]


def test_an_old_look_does_not_tell_the_tag_of_an_upload(world: World, tmp_path: Path) -> None:
    clock = FakeClock()
    package = npm_package("beacon", "1.0.0")
    registry = NpmRegistry(Processes(world.child_environment()), NpmSettings(staged=False), clock)
    registry.look(package, "1.0.0")
    newer = npm_package("beacon", "2.0.0")
    elsewhere = NpmRegistry(Processes(world.child_environment()), NpmSettings(staged=False), clock)
    elsewhere.look(newer, "2.0.0")
    assert elsewhere.upload(packed(tmp_path, newer), tmp_path) == Succeeded()
    clock.sleep(3)

    assert registry.upload(packed(tmp_path, package), tmp_path) == Succeeded()

    listed = answer_of(
        ClientRuns(Processes(world.child_environment())).run(
            newer, Kind.NPM_READ, "view", "beacon", "dist-tags"
        )
    )
    assert listed == {"latest": "2.0.0", "release-1.x": "1.0.0"}


@pytest.mark.parametrize("npm", ["npm12", "npm11", "npm"])
def test_tokens_of_uploads_side_by_side_are_those_of_each(tmp_path: Path, npm: str) -> None:
    programs = client_programs(tmp_path / "bin", npm)
    names = [f"beacon-{number}" for number in range(8)]
    trusted = {"trusted": {"repository": "acme/beacon", "workflow": "release.yml"}}
    seed = WorldSeed(
        slug="acme/beacon",
        job={"workflow": "release.yml"},
        npm={
            "packages": [{"name": name, "version": "0.9.0"} for name in names],
            "settings": dict.fromkeys(names, trusted),
        },
    )
    with World(seed=seed, tls=True, outside=False) as world:
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        runs = ClientRuns(Processes({**world.child_environment(), "PATH": path}), tokenless=True)
        slow = {"service": "npm", "method": "GET", "effect": {"delay": 0.3}}
        world.gate.replace(parse_faults(json.dumps({"rules": [slow]})))
        with ThreadPoolExecutor(len(names)) as pool:
            done = [*pool.map(lambda name: upload(runs, tmp_path, name, "--no-provenance"), names)]

        assert [(one.code, reason_of(one)) for one in done if one.code != 0] == []
        assert sorted(uploaded(world)) == sorted(f"{name}@1.0.0" for name in names)


def test_failures_have_the_code_of_npm_and_the_text_of_the_registry(world: World, tmp_path: Path) -> None:
    effect = {"status": 422, "body": '{"error": "no readme"}'}
    rule = {"service": "npm", "method": "PUT", "effect": effect}
    world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

    done = upload(ClientRuns(Processes(world.child_environment())), tmp_path, "beacon")

    assert (done.code, error_code_of(done)) == (1, "E422")
    assert "no readme" in reason_of(done)


def test_npm_refuses_what_its_own_checks_refuse(world: World, tmp_path: Path) -> None:
    runs = ClientRuns(Processes(world.child_environment()))
    assert upload(runs, tmp_path, "beacon").code == 0

    again = upload(runs, tmp_path, "beacon")

    assert (again.code, error_code_of(again)) == (1, "")
    assert "previously published" in reason_of(again)
    assert uploaded(world) == ["beacon@1.0.0"]


@pytest.mark.parametrize(("number", "is_accident"), [(signal.SIGKILL, True), (signal.SIGTERM, False)])
def test_a_process_that_is_ended_ends_its_uploads_without_an_answer(
    world: World, tmp_path: Path, number: signal.Signals, is_accident: bool
) -> None:
    rule = {"service": "npm", "method": "PUT", "effect": {"delay": 30}}
    world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))
    runs = ClientRuns(noting_starts(world, tmp_path))

    with ThreadPoolExecutor() as pool:
        waits = pool.submit(upload, runs, tmp_path, "beacon")
        for _ in range(200):
            if uploaded(world) or waits.done():
                break
            time.sleep(0.05)
        os.kill(starts(tmp_path)[-1], number)
        if is_accident:
            with pytest.raises(MachineFailure):
                waits.result(20)
        else:
            assert waits.result(20).code != 0

    world.gate.replace(parse_faults('{"rules": []}'))
    assert upload(runs, tmp_path, "beacon-light").code == 0


@pytest.mark.parametrize("asked", ["manifest", "variable"])
def test_an_upload_to_an_embedded_registry_makes_no_statement_of_provenance(
    world: World, tmp_path: Path, asked: str
) -> None:
    config = {"publishConfig": {"provenance": True}} if asked == "manifest" else {}
    package = npm_package("beacon", "1.0.0")
    artifact = packed(tmp_path, package, **config)
    variables = {"NPM_CONFIG_PROVENANCE": "true"} if asked == "variable" else {}
    processes = Processes({**world.child_environment(), FORCED: world.npm.url, **variables})
    registry = NpmRegistry(processes, NpmSettings(), SystemClock())
    registry.requirement(package, "1.0.0")

    assert registry.upload(artifact, tmp_path) == Succeeded()


def test_settings_of_the_repository_that_name_programs_are_left_out(tmp_path: Path) -> None:
    kept = (
        "registry=https://registry.example/\n@corp:registry = https://corp.example/\ngit-tag-version=false\n"
    )
    programs = (
        "script-shell = ./tools/sh\nnode-options=--require ./hook.cjs\n  git=./tools/git\ninit.module=x\n"
    )
    (tmp_path / ".npmrc").write_text(f"{kept}{programs}tag=next\n", encoding="utf-8")

    with ClientRuns(Processes({}), tmp_path).folder(".") as folder:
        copied = (folder / ".npmrc").read_text(encoding="utf-8")

    assert [line for line in copied.splitlines() if line] == [*kept.splitlines(), "tag=next"]
