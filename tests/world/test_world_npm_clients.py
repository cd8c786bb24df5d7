from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from castoff.world.world import World
from world.npm_clients import CHANGESETS, CLIENTS, LERNA, Client, Shop

pytestmark = pytest.mark.real
each = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
Open = Callable[[Client], Shop]
SEED = WorldSeed(npm={"packages": [{"name": "left", "version": "1.0.0"}]})
CORE = {"name": "@acme/core", "version": "1.0.0", "dependencies": {"left": "^1.0.0"}}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Open]:
    with World(tmp_path / "world", seed=SEED, outside=False) as world:

        def opened(client: Client) -> Shop:
            _ = client.command
            return Shop(world, tmp_path, client)

        yield opened


def held(world: World) -> dict[str, Any]:
    return dict(world.npm_registry.dump())


def versions(world: World) -> list[str]:
    return [f"{one['package']}@{one['version']}" for one in held(world)["uploads"]]


@each
def test_a_client_publishes_what_it_installs_again(shop: Open, client: Client) -> None:
    opened = shop(client)

    opened.do("publish", opened.project("core", CORE))
    consumer = opened.project("consumer", {"private": True, "dependencies": {"@acme/core": "1.0.0"}})
    opened.do("install", consumer)

    assert versions(opened.world) == ["@acme/core@1.0.0"]
    assert (consumer / "node_modules/@acme/core/package.json").is_file()


@pytest.mark.whole
@each
def test_a_client_sees_and_tags_what_is_there(shop: Open, client: Client) -> None:
    opened = shop(client)
    core = opened.project("core", CORE)
    opened.do("publish", core)

    shown = opened.do("view", core).stdout
    opened.do("tag", core)

    assert "1.0.0" in shown
    assert held(opened.world)["tags"]["@acme/core"] == {"latest": "1.0.0", "next": "1.0.0"}


@pytest.mark.whole
@each
def test_a_client_is_refused_a_version_that_is_there(shop: Open, client: Client) -> None:
    opened = shop(client)
    core = opened.project("core", CORE)
    opened.do("publish", core)

    again = opened.do("publish", core, ok=False)

    assert again.returncode != 0
    assert len(versions(opened.world)) == 1


@pytest.mark.whole
@each
def test_a_client_deprecates_and_takes_back(shop: Open, client: Client) -> None:
    opened = shop(client)
    core = opened.project("core", CORE)
    opened.do("publish", core)

    opened.do("deprecate", core)
    deprecated = held(opened.world)["deprecated"]
    opened.do("unpublish", core)

    assert deprecated == {"@acme/core@1.0.0": "use-2"}
    assert held(opened.world)["uploads"][0]["withdrawn"]


@pytest.mark.whole
@each
def test_a_client_stages_and_a_person_approves(shop: Open, client: Client) -> None:
    opened = shop(client)
    core = opened.project("core", CORE)

    opened.do("stage", core)
    staged = held(opened.world)["staged"]
    with opened.world.npm_registry.store.lock:
        number = opened.world.npm_registry.store.all_staged()[0].id
    listed = opened.do("list", core).stdout
    opened.do("approve", core, id=number)

    assert [one["version"] for one in staged] == ["1.0.0"]
    assert number in listed
    assert versions(opened.world) == ["@acme/core@1.0.0"]
    assert held(opened.world)["staged"] == []


@pytest.mark.whole
@each
def test_a_client_downloads_and_rejects_what_is_staged(shop: Open, client: Client) -> None:
    opened = shop(client)
    core = opened.project("core", CORE)
    opened.do("stage", core)
    number = opened.world.npm_registry.store.all_staged()[0].id
    content = opened.world.npm_registry.store.staged(number).publication.tarball

    opened.do("download", core, id=number)
    refused = opened.run(*opened.client.command, "stage", "reject", number, where=core, ok=False)
    opened.do("reject", core, id=number)

    assert content in [file.read_bytes() for file in core.glob("*.tgz")]
    assert refused.returncode != 0, "without a one-time password"
    assert (versions(opened.world), held(opened.world)["staged"]) == ([], [])


@pytest.mark.whole
@each
def test_a_lost_reply_leaves_one_version(shop: Open, client: Client) -> None:
    opened = shop(client)
    rule = {"service": "npm", "method": "PUT", "times": 1, "effect": {"status": 409, "when": "after"}}
    opened.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

    done = opened.do("publish", opened.project("core", CORE), ok=False)

    assert done.returncode != 0
    assert versions(opened.world) == ["@acme/core@1.0.0"]


def workspace(opened: Shop) -> Path:
    root = opened.project("workspace", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    for name, needs in (("core", {}), ("facade", {"@acme/core": "^1.0.0"})):
        access = {"publishConfig": {"access": "public"}}
        manifest = {"name": f"@acme/{name}", "version": "1.0.0", "dependencies": needs, **access}
        opened.project(f"workspace/packages/{name}", manifest)
    (root / "lerna.json").write_text('{"version": "1.0.0"}')
    (root / ".changeset").mkdir()
    (root / ".changeset" / "config.json").write_text('{"access": "public", "baseBranch": "main"}')
    (root / "package-lock.json").write_text('{"name": "root", "lockfileVersion": 3, "packages": {}}')
    for arguments in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-qm", "first")):
        person = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        opened.run("git", *person, *arguments, where=root)
    return root


@pytest.mark.whole
@pytest.mark.parametrize(
    ("client", "arguments"),
    [(LERNA, ("publish", "from-package", "--yes")), (CHANGESETS, ("publish", "--no-git-tag"))],
    ids=["lerna", "changesets"],
)
def test_a_release_tool_publishes_a_workspace(shop: Open, client: Client, arguments: tuple[str, ...]) -> None:
    opened = shop(client)
    root = workspace(opened)

    opened.run(*client.command, *arguments, where=root)

    assert sorted(versions(opened.world)) == ["@acme/core@1.0.0", "@acme/facade@1.0.0"]
