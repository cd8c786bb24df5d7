from __future__ import annotations

import base64
import json
from pathlib import Path

from castoff.world.npm_registry import NpmRegistry
from castoff.world.npm_registry.outside import NpmConfiguration, OutsideRegistry, read_credentials
from castoff.world.server import Server, Site
from registry_rules.npm_requests import BASE, get, publish

FAR = {
    "packages": [
        {"name": "faraway", "version": "2.0.0"},
        {"name": "@corp/hidden", "version": "1.0.0"},
        {"name": "@corp/other", "version": "1.0.0"},
    ],
    "settings": {"@corp/hidden": {"access": "restricted"}},
    "tokens": {"of-the-user": {}},
}


def reading(url: str, **credentials: str) -> NpmRegistry:
    configuration = NpmConfiguration(
        {"": f"{url}/", "corp": url},
        {url.removeprefix("http:") + "/": value for value in credentials.values()},
    )
    return NpmRegistry(outside=OutsideRegistry({}, configuration))


def test_outside_packages_are_read_through_under_this_address() -> None:
    with Server(Site("far", NpmRegistry(settings=FAR))) as far:
        near = reading(far.url)

        shown = json.loads(get("/faraway", accept="application/vnd.npm.install-v1+json").send(near).body)
        address = shown["versions"]["2.0.0"]["dist"]["tarball"]
        content = get(address.removeprefix(BASE)).send(near).body
        scoped = get("/@corp/other").send(near)

    assert address == f"{BASE}/faraway/-/faraway-2.0.0.tgz"
    assert content.startswith(b"\x1f\x8b")
    assert scoped.status == 200


def test_the_users_own_token_reads_what_only_the_user_may_read() -> None:
    with Server(Site("far", NpmRegistry(settings=FAR))) as far:
        without = get("/@corp/hidden").send(reading(far.url))
        allowed = get("/@corp/hidden").send(reading(far.url, any="Bearer of-the-user"))

    assert (without.status, allowed.status) == (404, 200)


def test_what_is_published_here_is_never_read_outside() -> None:
    with Server(Site("far", NpmRegistry(settings=FAR))) as far:
        near = reading(far.url)
        assert publish("faraway", "3.0.0").send(near).status == 200

        shown = json.loads(get("/faraway").send(near).body)

    assert list(shown["versions"]) == ["3.0.0"]


def test_an_outside_that_does_not_answer_is_not_absence() -> None:
    assert get("/faraway").send(reading("http://127.0.0.1:9")).status == 502


def test_without_an_outside_a_name_is_not_found() -> None:
    assert get("/faraway").send(NpmRegistry()).status == 404
    assert get("/faraway").send(NpmRegistry(outside=OutsideRegistry({"PATH": ""}))).status == 404


def test_credentials_are_those_of_npms_files_with_their_variables(tmp_path: Path) -> None:
    password = base64.b64encode(b"secret").decode()
    file = tmp_path / "npmrc"
    file.write_text(
        "registry=https://a.example/\n//a.example/:_authToken=${TOKEN}\n//b.example/npm/:_auth = abc\n"
        f"//c.example/:username=me\n//c.example/:_password={password}\n//d.example/:username=me\n"
    )

    found = read_credentials([tmp_path / "missing", file], {"TOKEN": "t"})

    assert found == {
        "//a.example/": "Bearer t",
        "//b.example/npm/": "Basic abc",
        "//c.example/": "Basic " + base64.b64encode(b"me:secret").decode(),
    }


def test_the_longest_address_that_leads_there_has_the_credentials() -> None:
    configuration = NpmConfiguration({}, {"//a.example/": "short", "//a.example/npm/": "long"})

    assert configuration.authorization("https://a.example/npm/x") == "long"
    assert configuration.authorization("https://a.example/x") == "short"
    assert configuration.authorization("https://b.example/npm/x") is None
