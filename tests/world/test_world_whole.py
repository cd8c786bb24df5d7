from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from castoff.errors import ConfigurationError
from castoff.world.clients import python_index_address, without_loopback_proxy, without_secrets
from castoff.world.faults import parse_faults
from castoff.world.python_index.minimal import Seed, minimal_wheel
from castoff.world.seed import WorldSeed, parse_seed
from castoff.world.serve import serve
from castoff.world.world import World

ANY = ssl._create_unverified_context()
"""Speaks to any world; that clients trust it by its certificate is for the tests of clients."""


@pytest.fixture
def world() -> Iterator[World]:
    with World(outside=False, tls=False) as made:
        yield made


def call(url: str, method: str = "GET", body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, method=method)
    with urllib.request.urlopen(asked, timeout=10, context=ANY) as answer:
        return json.loads(answer.read())


def status(url: str, method: str = "GET", body: object = None) -> int:
    try:
        call(url, method, body)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return 200


def commit(folder: Path, remote: str, *arguments: str) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    environment = {
        **os.environ,
        "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    }
    for line in (
        ["init", "-q", "-b", "main"],
        ["commit", "-q", "--allow-empty", "-m", "first"],
        ["tag", "light"],
        ["tag", "-a", "1.0.0", "-m", "1.0.0"],
        ["push", "-q", remote, "main", "1.0.0", "light"],
    ):
        subprocess.run([*git, *line], check=True, env={**environment}, capture_output=True)


def test_the_dump_is_the_same_for_two_worlds_with_the_same_history(tmp_path: Path) -> None:
    dumps = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with World(outside=False, tls=False) as world:
            commit(tmp_path / name, world.repository.url)
            with urllib.request.urlopen(f"{world.control_url}/_world", timeout=10) as answer:
                dumps.append(answer.read())

    assert dumps[0] == dumps[1]
    refs = json.loads(dumps[0])["git"]["refs"]
    assert {name: ref["type"] for name, ref in refs.items()} == {
        "refs/heads/main": "commit",
        "refs/tags/1.0.0": "annotated",
        "refs/tags/light": "lightweight",
    }
    assert refs["refs/tags/1.0.0"]["signed"] is False
    assert refs["refs/tags/1.0.0"]["commit"] == refs["refs/heads/main"]["commit"]


def test_git_is_led_here_whatever_the_repository_is_called(world: World, tmp_path: Path) -> None:
    commit(tmp_path, world.repository.url)
    environment = {**os.environ, **world.environment()}

    for address in (
        "https://github.com/acme/rocket",
        "https://github.com/acme/rocket.git",
        "git@github.com:acme/rocket.git",
        "ssh://git@github.com/acme/rocket.git",
    ):
        listed = subprocess.run(
            ["git", "ls-remote", address, "main"], env=environment, capture_output=True, text=True, check=True
        )
        assert "refs/heads/main" in listed.stdout


@pytest.mark.parametrize("address", ["git@github.com:acme/site.git", "ssh://git@github.com/acme/site.git"])
def test_git_opens_no_ssh_connection_to_anywhere_else(world: World, tmp_path: Path, address: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    pushed = subprocess.run(
        ["git", "-C", str(tmp_path), "push", address, "HEAD:main"],
        env=world.child_environment(),
        capture_output=True,
        text=True,
        timeout=10,
    )

    assert pushed.returncode != 0


def test_git_settings_of_the_user_stay() -> None:
    user = {
        **os.environ,
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Somebody",
        "GIT_CONFIG_KEY_1": "credential.helper",
        "GIT_CONFIG_VALUE_1": "store",
    }
    with World(environment=user, outside=False, tls=False) as world:
        asked = [
            subprocess.run(
                ["git", "config", "--get", key], env=world.child_environment(), capture_output=True, text=True
            ).stdout.strip()
            for key in ("user.name", "credential.helper")
        ]

    assert asked == ["Somebody", ""]


def test_a_cargo_home_can_be_warmed_and_the_users_stays_as_it_is(tmp_path: Path) -> None:
    cache = tmp_path / "home" / "registry" / "cache" / "somewhere"
    index = tmp_path / "home" / "registry" / "index" / "somewhere"
    for folder, name in ((cache, "a-1.0.0.crate"), (index, "config.json")):
        folder.mkdir(parents=True)
        (folder / name).write_text("theirs")
    user = {**os.environ, "CARGO_HOME": str(tmp_path / "home")}
    with World(environment=user, outside=False, tls=False) as world:
        world.warm_cargo_home()
        ours = Path(world.environment()["CARGO_HOME"]) / "registry"
        (ours / "index" / "somewhere" / "config.json").write_text("ours")

        assert (ours / "cache" / "somewhere" / "a-1.0.0.crate").read_text() == "theirs"
        assert (index / "config.json").read_text() == "theirs"


def test_a_repository_can_be_copied_in(tmp_path: Path) -> None:
    with World(outside=False, tls=False) as first:
        commit(tmp_path, first.repository.url)
        seed = WorldSeed(slug="acme/copy", repository=first.repository.path)
        with World(seed=seed, outside=False, tls=False) as second:
            assert second.repository.dump() == first.repository.dump()


def test_other_repositories_stand_beside_it_at_their_usual_addresses(tmp_path: Path) -> None:
    with World(outside=False, tls=False) as first:
        commit(tmp_path, first.repository.url)
        seed = WorldSeed(beside=(("acme/site", first.repository.path),))
        with World(seed=seed, outside=False, tls=False) as second:
            seen = subprocess.run(
                ["git", "ls-remote", "https://github.com/acme/site.git", "refs/heads/main"],
                env=second.child_environment(),
                capture_output=True,
                text=True,
                check=True,
            )
            assert second.dump()["beside"] == {"acme/site": {**first.repository.dump(), "pull_requests": []}}
    assert seen.stdout.endswith("refs/heads/main\n")


def test_the_forge_answers_for_repositories_beside_its_own_and_for_no_other(tmp_path: Path) -> None:
    with World(outside=False, tls=False) as first:
        commit(tmp_path, first.repository.url)
        for words in (
            ["branch", "pages", "main"],
            ["symbolic-ref", "HEAD", "refs/heads/pages"],
        ):
            subprocess.run(["git", "--git-dir", first.repository.path, *words], check=True)
        for words in (
            ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "second"],
            ["push", "-q", first.repository.url, "HEAD:refs/heads/change"],
        ):
            subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
        seed = WorldSeed(
            beside=(("acme/Site", first.repository.path),),
            forge={"tokens": {"reader": "read", "writer": "write"}},
        )
        with World(seed=seed, outside=False, tls=False) as world:
            pulls = f"{world.forge.url}/repos/acme/site/pulls"
            wanted = {"title": "t", "head": "change", "base": "pages"}

            assert asked(pulls.removesuffix("/pulls"), "reader")[1]["default_branch"] == "pages"
            assert asked(pulls, "reader") == (200, [])
            assert asked(pulls, "reader", wanted)[0] in (403, 404)
            assert asked(pulls.replace("site", "other"), "writer", wanted)[0] == 404
            assert asked(pulls, "writer", wanted)[0] == 201
            assert asked(pulls.replace("site", "rocket"), "writer")[1] == []
            assert [one["title"] for one in world.dump()["beside"]["acme/Site"]["pull_requests"]] == ["t"]  # type: ignore[index]


def asked(url: str, token: str, body: object = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "test"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


def test_faults_are_replaced_and_refused_through_the_control_door(world: World) -> None:
    rule = {"service": "python", "effect": {"status": 503}}

    assert call(f"{world.control_url}/_faults", "PUT", {"rules": [rule]}) == {"rules": 1}
    assert status(f"{world.python.url}/simple/") == 503
    assert status(f"{world.control_url}/_faults", "PUT", {"rule": []}) == 400
    assert call(f"{world.control_url}/_faults", "PUT", {"rules": []}) == {"rules": 0}


def test_the_log_tells_reads_from_writes(world: World) -> None:
    call(f"{world.python.url}/simple/?format=application/vnd.pypi.simple.v1%2Bjson")
    assert status(f"{world.python.url}/legacy/", "POST", {}) == 403

    entries = call(f"{world.control_url}/_log")["requests"]

    assert [(entry["method"], entry["write"], entry["status"]) for entry in entries] == [
        ("GET", False, 200),
        ("POST", True, 403),
    ]
    assert [entry["method"] for entry in call(f"{world.control_url}/_log?writes")["requests"]] == ["POST"]


def test_a_hold_is_seen_and_released_through_the_control_door(world: World) -> None:
    rule = {"path": "/simple/", "effect": {"hold": "gate", "seconds": 30}}
    call(f"{world.control_url}/_faults", "PUT", {"rules": [rule]})
    reader = subprocess.Popen(
        [sys.executable, "-c", f"import urllib.request as u; u.urlopen('{world.python.url}/simple/')"],
        env={**os.environ, **world.environment()},
    )

    held = call(f"{world.control_url}/_holds?count=1&wait=10")["holds"]
    freed = call(f"{world.control_url}/_release-hold", "POST", {"name": "gate"})

    assert [each["hold"] for each in held] == ["gate"]
    assert freed == {"released": 1}
    assert reader.wait(10) == 0


def test_views_yanks_and_deletions_go_through_the_control_door() -> None:
    seeds = (Seed(name="acme", version="1.0.0"), Seed(name="acme", version="1.1.0"))
    with World(seed=WorldSeed(python=seeds), outside=False, tls=False) as world:
        door = world.control_url
        assert call(f"{door}/_views/turn", "PUT", ["acme"]) == {"names": 1, "view": "turn"}
        assert call(f"{door}/_python/yank", "POST", {"name": "acme", "version": "1.0.0"}) == {"files": 1}
        assert call(f"{door}/_python/delete", "POST", {"name": "acme", "version": "1.1.0"}) == {"files": 1}

        page = call(f"{world.python.url}/view/turn/simple/acme/?format=application/vnd.pypi.simple.v1%2Bjson")

    assert page["versions"] == ["1.0.0"]
    assert page["files"][0]["yanked"] is True


def test_documentation_and_time_go_through_the_control_door(world: World) -> None:
    schedule = [{"state": "queued", "seconds": 1000}, {"state": "built"}]
    call(f"{world.control_url}/_docs/crates/acme/1.0.0", "PUT", {"schedule": schedule})
    before = call(f"{world.control_url}/_world")["docs"]["crates"]
    call(f"{world.control_url}/_clock", "POST", {"advance": 1000})
    after = call(f"{world.control_url}/_world")["docs"]["crates"]

    assert (before[0]["state"], after[0]["state"]) == ("queued", "built")


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/_nothing", None, 404),
        ("POST", "/_clock", {}, 400),
        ("POST", "/_clock", [1], 400),
        ("PUT", "/_views/x", {"a": 1}, 400),
        ("PUT", "/_docs/others/a/1", {}, 400),
        ("PUT", "/_docs/crates/a", {}, 400),
        ("POST", "/_python/yank", {"name": "a", "version": "one"}, 400),
    ],
)
def test_what_is_misspelt_at_the_control_door_is_said(
    world: World, method: str, path: str, body: object, code: int
) -> None:
    assert status(world.control_url + path, method, body) == code


def test_uploads_can_be_sorted_for_worlds_that_were_filled_in_parallel(world: World) -> None:
    for name in ("b", "a"):
        filename, content = minimal_wheel(Seed(name=name, version="1.0.0"))
        from castoff.world.python_index.artifact import read_artifact

        world.services.python.store.add(read_artifact(filename, content))

    plain = call(f"{world.control_url}/_world")["python"]["uploads"]
    ordered = call(f"{world.control_url}/_world?sorted")["python"]["uploads"]

    assert [upload["package"] for upload in plain] == ["b", "a"]
    assert [upload["package"] for upload in ordered] == ["a", "b"]


BAD_SEEDS: dict[str, object] = {
    "no object": [],
    "an unknown key": {"pyton": []},
    "a slug of one word": {"slug": "rocket"},
    "a slug that climbs": {"slug": "../rocket"},
    "a slug beside it that climbs": {"beside": {"../site": "."}},
    "a repository that is not there": {"repository": "nowhere.git"},
    "a list that is none": {"python": {"packages": {}}},
    "an unknown key of the index": {"python": {"package": []}},
    "an object that is none": {"cargo": []},
    "a version without a name": {"python": [{"version": "1.0.0"}]},
    "an unknown key of a version": {"python": [{"name": "a", "version": "1", "yankd": True}]},
    "a clock that is none": {"clock": "noon"},
    "a file that is not there": {"python": ["dist/none-1.0.0-py3-none-any.whl"]},
    "an invalid version": {"python": [{"name": "a", "version": "one"}]},
    "an unknown key of cargo": {"cargo": {"crate": []}},
    "a requirement of no grammar": {
        "cargo": {"packages": {"a": {"1.0.0": {"requirements": [{"name": "b", "requirement": "x"}]}}}}
    },
    "a schedule that is none": {"docs": {"automatic": "soon"}},
    "a list for an object": {"npm": {"users": []}},
    "an object for a list": {"npm": {"packages": {"a": {}}}},
    "an entry of another shape": {"cargo": {"owners": {"a": "b"}}},
    "an npm package without a name": {"npm": {"packages": [{"version": "1.0.0"}]}},
}


@pytest.mark.parametrize("case", BAD_SEEDS)
def test_a_seed_that_cannot_be_meant_is_refused_before_anything_starts(case: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        World(tmp_path / "world", seed=parse_seed(json.dumps(BAD_SEEDS[case]), tmp_path), tls=False)

    assert caught.value.problems[0].code == "world-seed-invalid"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        serve(faults=tmp_path / "none.json")

    assert caught.value.problems[0].code == "world-file-unreadable"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_served_world_says_where_it_is_and_ends_when_it_is_told_to(tmp_path: Path, number: int) -> None:
    (tmp_path / "faults.json").write_text('{"rules": [{"path": "/simple/none/", "effect": {"delay": 0}}]}')
    (tmp_path / "seed.json").write_text(
        '{"slug": "acme/web", "python": [{"name": "acme", "version": "1.0.0"}]}'
    )
    script = (
        "import sys; from pathlib import Path; from castoff.world.serve import serve;"
        f"sys.exit(serve(Path({str(tmp_path / 'world')!r}), faults=Path({str(tmp_path / 'faults.json')!r}),"
        f" seed=Path({str(tmp_path / 'seed.json')!r})))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as out:
        line = json.loads(out.readline())
        index = line["env"]["UV_DEFAULT_INDEX"]
        page = call(f"{index}acme/?format=application/vnd.pypi.simple.v1%2Bjson")
        os.kill(line["pid"], number)
        code = process.wait(10)

    assert (code, page["versions"]) == (0, ["1.0.0"])
    assert line["remote"] == (tmp_path / "world" / "git" / "acme" / "web.git").as_uri()
    assert set(line) == {"control", "env", "pid", "remote"}


HOSTS = (
    ("api.github.com", "/repos/acme/rocket", 200, "acme/rocket"),
    ("api.github.com", "/repos/acme/other", 404, None),
    ("github.com", "/api/v3/repos/acme/rocket", 200, "acme/rocket"),
    ("github.com", "/acme/rocket", 404, None),
    ("github.com", "/acme/rocket-2", 403, None),
    ("elsewhere.example", "/x", 403, None),
)


def test_a_client_of_github_finds_the_forge_behind_its_proxy_and_nothing_else() -> None:
    with World(outside=False, tls=True) as world:
        told = world.environment()
        context = ssl.create_default_context(cafile=told["SSL_CERT_FILE"])
        port = int(told["HTTPS_PROXY"].rpartition(":")[2])
        answers = []
        for host, path, _, _ in HOSTS:
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
            connection.set_tunnel(host, 443)
            headers = {"User-Agent": "gh", "Authorization": f"token {world.environment()['GH_TOKEN']}"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answers.append((answer.status, json.loads(answer.read()).get("full_name")))
            connection.close()

    assert answers == [(status, name) for _, _, status, name in HOSTS]


def test_a_world_in_a_temporary_directory_leaves_nothing_behind() -> None:
    with World(outside=False, tls=False) as world:
        folder = world.directory
        assert folder.is_dir()

    assert not folder.exists()


def test_a_client_of_the_world_never_sees_the_users_tokens() -> None:
    user = {
        "PATH": "/bin",
        "LANG": "C",
        "PYPI_TOKEN": "canary",
        "TWINE_PASSWORD": "canary",
        "UV_PUBLISH_PASSWORD": "canary",
        "CARGO_REGISTRIES_MINE_TOKEN": "canary",
        "CARGO_REGISTRIES_MINE_INDEX": "canary",
        "NPM_TOKEN": "canary",
        "NODE_AUTH_TOKEN": "canary",
        "GH_TOKEN": "canary",
        "GITHUB_TOKEN": "canary",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "canary",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "UV_EXTRA_INDEX_URL": "canary",
        "GIT_SSH_COMMAND": "canary",
        "GIT_CONFIG_PARAMETERS": "canary",
        "npm_config_registry": "canary",
    }

    kept = without_secrets(user)

    assert kept == {"PATH": "/bin", "LANG": "C"}
    with World(environment=user, outside=False, tls=False) as world:
        assert "canary" not in world.child_environment().values()


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({"UV_DEFAULT_INDEX": "http://a/simple"}, "http://a/simple"),
        ({"UV_DEFAULT_INDEX": "mine=http://a/simple"}, "http://a/simple"),
        ({"UV_INDEX_URL": "http://b/simple"}, "http://b/simple"),
        ({"PIP_INDEX_URL": "http://c/simple"}, "http://c/simple"),
    ],
)
def test_the_users_own_index_is_found_in_the_environment(environment: dict[str, str], address: str) -> None:
    assert python_index_address(environment) == address


def test_the_users_own_index_is_found_in_pips_configuration(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = http://d/simple\ncert = /x.pem\n")

    assert python_index_address({"PIP_CONFIG_FILE": str(file)}) == "http://d/simple"


def test_loopback_never_goes_through_the_users_proxy() -> None:
    assert without_loopback_proxy({"NO_PROXY": "a.example"})["NO_PROXY"] == "a.example,127.0.0.1,localhost"
    assert without_loopback_proxy({})["no_proxy"] == "127.0.0.1,localhost"


def test_the_readme_of_faults_is_true() -> None:
    import castoff.world.faults as faults

    assert faults.__doc__ is not None
    example = faults.__doc__.partition("again::")[2].partition("A rule meets")[0]
    assert parse_faults(example)[0].after == 0
