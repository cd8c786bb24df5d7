from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from castoff.world.authority import ThrowAwayAuthority
from castoff.world.cargo_registry import CargoRegistry
from castoff.world.cargo_registry.index import index_path
from castoff.world.cargo_registry.record import minimal_crate
from castoff.world.fault_gate import FaultGate
from castoff.world.faults import parse_faults
from castoff.world.journal import Journal
from castoff.world.messages import Request, Response
from castoff.world.proxy import CargoDoor, Outside, ProxyPort
from castoff.world.proxy.cargo_door import index_name
from castoff.world.proxy.passing import Target, parse_authority
from castoff.world.server import Server, Site


class Recording:
    """A real registry, from far away; it remembers what reached it."""

    def __init__(self, registry: CargoRegistry) -> None:
        self.registry = registry
        self.requests: list[Request] = []

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        return self.registry.handle(request)


@dataclass(frozen=True)
class Scene:
    proxy: ProxyPort
    far: Recording
    port: int
    registry: CargoRegistry

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, port: int | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask as a client does: CONNECT through the proxy, trusting its authority alone."""
        context = ssl.create_default_context(cafile=str(self.proxy.authority.certificate))
        proxy_port = int(self.proxy.url.rpartition(":")[2])
        connection = http.client.HTTPSConnection("127.0.0.1", proxy_port, timeout=10, context=context)
        connection.set_tunnel("127.0.0.1", port or self.port)
        try:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, path, body, {"User-Agent": "cargo", **named})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def publish(self, name: str, version: str, prefix: str = "") -> tuple[http.client.HTTPResponse, bytes]:
        content = minimal_crate(name, version)
        text = json.dumps({"name": name, "vers": version}).encode()
        body = len(text).to_bytes(4, "little") + text + len(content).to_bytes(4, "little") + content
        return self.ask("PUT", f"{prefix}/api/v1/crates/new", body, Authorization="secret")

    def index(self, name: str) -> list[str]:
        answer, body = self.ask("GET", f"/index/{index_path(name)}")
        return [json.loads(line)["vers"] for line in body.splitlines()] if answer.status == 200 else []


@contextmanager
def scene(
    folder: Path, *, enabled: bool = True, faults: str = '{"rules": []}', trusted: bool = True
) -> Iterator[Scene]:
    """Set up the user's own registry behind TLS of its own, and the proxy before it."""
    theirs = ThrowAwayAuthority(folder / "theirs")
    far = Recording(CargoRegistry(settings={"packages": {"acme": {"1.0.0": {}}, "serde": {"1.0.0": {}}}}))
    server = Server(Site("far", far))
    server._tcp.socket = theirs.context_for("127.0.0.1").wrap_socket(server._tcp.socket, server_side=True)
    environment = {"SSL_CERT_FILE": str(theirs.certificate)} if trusted else {}
    outside = Outside(environment, enabled=enabled)
    registry = CargoRegistry()
    port = ProxyPort(
        CargoDoor(registry, outside),
        authority=ThrowAwayAuthority(folder / "ours"),
        outside=outside,
        journal=Journal(),
        gate=FaultGate(parse_faults(faults)),
    )
    with server, port:
        yield Scene(port, far, server.port, registry)


def test_a_read_of_a_name_that_is_not_ours_goes_on_and_keeps_its_etag(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        first, body = world.ask("GET", "/index/se/rd/serde")
        again, _ = world.ask("GET", "/index/se/rd/serde", If_None_Match=first.headers["ETag"])
        head, nothing = world.ask("HEAD", "/index/se/rd/serde")
        crate, content = world.ask("GET", "/dl/serde/1.0.0/download")

    assert (first.status, json.loads(body)["vers"]) == (200, "1.0.0")
    assert again.status == 304
    assert (head.status, nothing) == (200, b"")
    assert (crate.status, content) == (200, minimal_crate("serde", "1.0.0"))
    assert [entry.service for entry in world.proxy.journal.entries()] == ["cargo-outside"] * 4


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/index/se/rd/serde", "/upload", "/git-receive-pack"])
def test_a_write_never_leaves(tmp_path: Path, method: str, path: str) -> None:
    with scene(tmp_path) as world:
        answer, body = world.ask(method, path, b"x")

    assert answer.status == 403
    assert b"lets no" in body
    assert world.far.requests == []


def test_a_publication_stays_here_and_is_seen_along_with_what_was_out_before(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        before = world.index("acme")
        published, _ = world.publish("acme", "1.1.0")
        taken, refusal = world.publish("acme", "1.0.0")
        after = world.index("acme")
        ours, content = world.ask("GET", "/dl/acme/1.1.0/download")
        theirs, _ = world.ask("GET", "/dl/acme/1.0.0/download")
        missing, _ = world.ask("GET", "/dl/acme/7.0.0/download")

    assert (before, published.status, after) == (["1.0.0"], 200, ["1.0.0", "1.1.0"])
    assert (taken.status, b"already uploaded" in refusal) == (400, True)
    assert (ours.status, content) == (200, minimal_crate("acme", "1.1.0"))
    assert (theirs.status, missing.status) == (200, 403)
    assert {request.method for request in world.far.requests} == {"GET"}


def test_a_new_name_is_ours_alone(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        assert world.index("acme-new") == []
        world.publish("acme-new", "0.1.0", prefix="/some/mirror")

        assert world.index("acme-new") == ["0.1.0"]


def test_yank_owners_and_search_are_answered_here(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        world.publish("acme-new", "0.1.0")

        yanked, _ = world.ask("DELETE", "/api/v1/crates/acme-new/0.1.0/yank", Authorization="secret")
        owners, body = world.ask("GET", "/api/v1/crates/acme-new/owners")
        found, listed = world.ask("GET", "/api/v1/crates?q=acme-n")

    assert (yanked.status, owners.status, found.status) == (200, 200, 200)
    assert json.loads(body)["users"][0]["login"] == "world"
    assert json.loads(listed)["crates"][0]["name"] == "acme-new"
    assert world.far.requests == []


def test_the_worlds_token_does_not_leave_with_a_read_and_the_users_password_does(tmp_path: Path) -> None:
    basic = "Basic " + base64.b64encode(b"__token__:world-token").decode()
    ours = ("world-token", "Bearer world-token", "token world-token", basic, "Basic !")
    with scene(tmp_path) as world:
        for value in (*ours, "Basic dTpw"):
            world.ask("GET", "/index/se/rd/serde", Authorization=value, Cookie="a=b", X_Other="kept")

    asked = [request.headers for request in world.far.requests]
    assert [headers.get("authorization") for headers in asked] == [None] * len(ours) + ["Basic dTpw"]
    assert not any("cookie" in headers for headers in asked)
    assert {headers["x-other"] for headers in asked} == {"kept"}


def test_a_fetch_by_git_goes_on_with_its_body_and_a_push_does_not(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        world.ask("POST", "/acme/other.git/git-upload-pack", b"0000")
        push, _ = world.ask("POST", "/acme/other.git/git-receive-pack", b"0000")

    assert [(request.method, request.body) for request in world.far.requests] == [("POST", b"0000")]
    assert push.status == 403


def test_without_an_outside_nothing_leaves(tmp_path: Path) -> None:
    with scene(tmp_path, enabled=False) as world:
        index, _ = world.ask("GET", "/index/se/rd/serde")
        other, _ = world.ask("GET", "/anything")
        config, body = world.ask("GET", "/index/config.json")

    assert (index.status, other.status, config.status) == (404, 403, 200)
    assert json.loads(body)["api"] == f"https://127.0.0.1:{world.port}"
    assert world.far.requests == []


def test_an_outside_that_cannot_be_reached_or_trusted_is_a_502(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
    with scene(tmp_path / "a") as world:
        unreachable, text = world.ask("GET", "/index/se/rd/serde", port=nobody)
    with scene(tmp_path / "b", trusted=False) as world:
        untrusted, _ = world.ask("GET", "/index/se/rd/serde")

    assert (unreachable.status, untrusted.status) == (502, 502)
    assert b"cannot be read" in text
    assert world.far.requests == []


def test_faults_meet_what_comes_through_the_proxy(tmp_path: Path) -> None:
    script = '{"rules": [{"subject": "acme-new@*", "times": 1, "effect": {"status": 504, "when": "after"}}]}'
    with scene(tmp_path, faults=script) as world:
        answer, _ = world.publish("acme-new", "0.1.0")

        assert answer.status == 504
        assert world.index("acme-new") == ["0.1.0"]


def test_plain_requests_pass_or_stay_by_the_same_rule(tmp_path: Path) -> None:
    far = Recording(CargoRegistry(settings={"packages": {"serde": {"1.0.0": {}}}}))
    with scene(tmp_path) as world, Server(Site("plain", far)) as plain:
        connection = http.client.HTTPConnection(
            "127.0.0.1", int(world.proxy.url.rpartition(":")[2]), timeout=10
        )
        connection.request("GET", f"{plain.url}/index/se/rd/serde", headers={"User-Agent": "x"})
        read = connection.getresponse()
        read.read()
        connection.request("PUT", f"{plain.url}/index/se/rd/serde", b"x")
        write = connection.getresponse()
        write.read()
        connection.close()

    assert (read.status, write.status) == (200, 403)
    assert [request.method for request in far.requests] == ["GET"]


@pytest.mark.parametrize("target", ["ho_st:1:1", "host:99999", "host:0", "ho/st:1"])
def test_a_connect_to_nowhere_is_refused(tmp_path: Path, target: str) -> None:
    with scene(tmp_path) as world:
        port = int(world.proxy.url.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest("CONNECT", target, skip_host=True)
        connection.endheaders()
        assert connection.getresponse().status == 400
        connection.close()


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("example.org:8443", Target("https", "example.org", 8443)),
        ("Example.org", Target("https", "example.org", 443)),
        ("[::1]:1", Target("https", "::1", 1)),
        ("exa mple:1", None),
        ("a:b", None),
    ],
)
def test_authorities_are_read(text: str, target: Target | None) -> None:
    assert parse_authority(text, scheme="https", port=443) == target


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/se/rd/serde", "serde"),
        ("/some/prefix/3/s/syn", "syn"),
        ("/1/a", "a"),
        ("/api/v1/crates", None),
        ("/dl/serde/1.0.0/download", None),
        ("/config.json", None),
    ],
)
def test_an_index_path_names_its_crate(path: str, name: str | None) -> None:
    assert index_name(path) == name


def test_the_users_own_proxy_leads_outside(tmp_path: Path) -> None:
    with scene(tmp_path / "far") as far_world:
        environment = {
            "HTTPS_PROXY": far_world.proxy.url,
            "SSL_CERT_FILE": str(far_world.proxy.authority.certificate),
        }
        status, body = Outside(environment).fetch(
            Target("https", "127.0.0.1", far_world.port), "/index/se/rd/serde"
        )
        direct = Outside({**environment, "NO_PROXY": "127.0.0.1", "SSL_CERT_FILE": str(tmp_path / "none")})
        with pytest.raises(ssl.SSLError):
            direct.fetch(Target("https", "127.0.0.1", far_world.port), "/")

    assert (status, json.loads(body)["vers"]) == (200, "1.0.0")
