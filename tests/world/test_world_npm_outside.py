from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from castoff.world.npm_registry import NpmRegistry
from castoff.world.npm_registry.outside import NpmConfiguration, OutsideRegistry, read_credentials
from castoff.world.npm_registry.tarball import integrity
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


@contextmanager
def reading(url: str, **credentials: str) -> Iterator[NpmRegistry]:
    configuration = NpmConfiguration(
        {"": f"{url}/", "corp": url},
        {url.removeprefix("http:") + "/": value for value in credentials.values()},
    )
    with closing(OutsideRegistry({}, configuration)) as outside:
        yield NpmRegistry(outside=outside)


def test_outside_packages_are_read_through_under_this_address() -> None:
    with Server(Site("far", NpmRegistry(settings=FAR))) as far, reading(far.url) as near:
        shown = json.loads(get("/faraway", accept="application/vnd.npm.install-v1+json").send(near).body)
        address = shown["versions"]["2.0.0"]["dist"]["tarball"]
        content = get(address.removeprefix(BASE)).send(near).body
        scoped = get("/@corp/other").send(near)

    assert address == f"{BASE}/faraway/-/faraway-2.0.0.tgz"
    assert content.startswith(b"\x1f\x8b")
    assert scoped.status == 200


def test_the_users_own_token_reads_what_only_the_user_may_read() -> None:
    with (
        Server(Site("far", NpmRegistry(settings=FAR))) as far,
        reading(far.url) as stranger,
        reading(far.url, any="Bearer of-the-user") as user,
    ):
        without = get("/@corp/hidden").send(stranger)
        allowed = get("/@corp/hidden").send(user)

    assert (without.status, allowed.status) == (404, 200)


class Compressing:
    """A registry far away that compresses and counts connections; if it ``closes`` them, it does so unannounced."""

    def __init__(self) -> None:
        self.connections = 0
        self.closes = False
        self.more: dict[str, object] = {}


def handler_of(counted: Compressing) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            counted.connections += 1
            super().setup()

        def do_GET(self) -> None:
            document = {"name": self.path[1:], "asked": self.headers["Accept-Encoding"], **counted.more}
            body = gzip.compress(json.dumps(document).encode())
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = counted.closes

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            del code, size

    return Handler


@contextmanager
def compressing() -> Iterator[tuple[Compressing, OutsideRegistry]]:
    far = Compressing()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(far))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    outside = OutsideRegistry({}, NpmConfiguration({"": f"http://127.0.0.1:{server.server_port}"}))
    try:
        yield far, outside
    finally:
        outside.close()
        server.shutdown()
        server.server_close()


def test_a_connection_serves_many_reads_of_compressed_documents() -> None:
    with compressing() as (far, outside):
        near = NpmRegistry(outside=outside)
        shown = [json.loads(get(f"/package-{n}").send(near).body) for n in range(5)]

    assert shown == [{"name": f"package-{n}", "asked": "gzip"} for n in range(5)]
    assert far.connections == 1


def test_nothing_but_the_addresses_of_tarballs_is_rewritten() -> None:
    told = {"readme": 'see "tarball": "http://x/a.tgz"', "tarballs": "http://x/b.tgz"}
    with compressing() as (far, outside):
        far.more = {**told, "versions": {"1.0.0": {"dist": {"tarball": 'http://x/y/"a"-1.0.0.tgz'}}}}
        shown = json.loads(get("/a").send(NpmRegistry(outside=outside)).body)

    assert {key: shown[key] for key in told} == told
    assert shown["versions"]["1.0.0"]["dist"]["tarball"] == f'{BASE}/a/-/"a"-1.0.0.tgz'


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    with compressing() as (far, outside):
        near = NpmRegistry(outside=outside)
        far.closes = True
        shown = [get(f"/package-{n}").send(near).status for n in range(3)]

    assert shown == [200, 200, 200]
    assert far.connections == 3


def test_at_most_sixteen_documents_are_read_at_once() -> None:
    with compressing() as (far, outside):
        near = NpmRegistry(outside=outside)
        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda n: get(f"/package-{n}").send(near).status, range(200)))

    assert set(answers) == {200}
    assert far.connections <= 16


def test_what_is_published_here_is_never_read_outside() -> None:
    with Server(Site("far", NpmRegistry(settings=FAR))) as far, reading(far.url) as near:
        assert publish("faraway", "3.0.0").send(near).status == 200

        shown = json.loads(get("/faraway").send(near).body)

    assert list(shown["versions"]) == ["3.0.0"]


BEFORE = [{"name": "faraway", "version": "2.0.0"}]


def files_of(near: NpmRegistry, document: dict[str, Any]) -> dict[str, bytes]:
    addresses = {number: one["dist"]["tarball"] for number, one in document["versions"].items()}
    return {number: get(one.removeprefix(BASE)).send(near).body for number, one in addresses.items()}


@pytest.mark.parametrize("accept", ["*/*", "application/vnd.npm.install-v1+json"])
def test_a_package_that_is_continued_has_its_earlier_versions_from_outside(accept: str) -> None:
    far_registry = NpmRegistry(settings=FAR)
    far_registry.seed([{"name": "faraway", "version": "1.9.0", "description": "an older line"}])
    with Server(Site("far", far_registry)) as far, reading(far.url) as near:
        near.seed(BEFORE, continued=True)
        real = get("/faraway/-/faraway-2.0.0.tgz").send(far_registry).body
        assert publish("faraway", "3.0.0").send(near).status == 200

        shown = json.loads(get("/faraway", accept=accept).send(near).body)
        files = files_of(near, shown)
        in_view = json.loads(get("/view/one/faraway", accept=accept).send(near).body)
        to_be_written = json.loads(get("/faraway?write=true").send(near).body)
        gone = get("/faraway/-/faraway-1.0.0.tgz").send(near)

    assert sorted(shown["versions"]) == ["1.9.0", "2.0.0", "3.0.0"]
    assert shown["dist-tags"]["latest"] == "3.0.0"
    assert {"1.9.0", "2.0.0", "3.0.0"} <= set(shown.get("time", shown["versions"]))
    assert files["2.0.0"] == real
    assert all(
        shown["versions"][one]["dist"]["integrity"] == integrity(content) for one, content in files.items()
    )
    assert sorted(in_view["versions"]) == ["1.9.0", "2.0.0"]
    assert all(one["dist"]["tarball"].startswith(f"{BASE}/view/one/") for one in in_view["versions"].values())
    assert sorted(to_be_written["versions"]) == ["2.0.0", "3.0.0"]
    assert gone.status == 404


@pytest.mark.parametrize("somebody", ["else's", "nobody", "no answer"])
def test_a_package_that_is_continued_stands_alone_if_its_versions_are_not_outside(somebody: str) -> None:
    with Server(Site("far", NpmRegistry(settings=FAR))) as far:
        url = "http://127.0.0.1:9" if somebody == "no answer" else far.url
        name = "unheard-of" if somebody == "nobody" else "faraway"
        with reading(url) as near:
            near.seed([{"name": name, "version": "0.5.0"}], continued=True)

            shown = json.loads(get(f"/{name}").send(near).body)
            assert json.loads(get(f"/{name}").send(near).body) == shown
            files = files_of(near, shown)

    assert list(shown["versions"]) == ["0.5.0"]
    assert shown["versions"]["0.5.0"]["dist"]["integrity"] == integrity(files["0.5.0"])


@pytest.mark.parametrize(("name", "status"), [("@corp/other", 200), ("@corp/new", 402)])
def test_a_scoped_package_that_is_outside_already_needs_no_access(name: str, status: int) -> None:
    with Server(Site("far", NpmRegistry(settings=FAR))) as far, reading(far.url) as near:
        assert publish(name, "3.0.0", access=None).send(near).status == status


def test_an_outside_that_does_not_answer_is_not_absence() -> None:
    with reading("http://127.0.0.1:9") as near:
        assert get("/faraway").send(near).status == 502


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
