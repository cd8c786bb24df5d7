from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import pytest

from castoff.errors import ConfigurationError
from castoff.world.fault_gate import FaultGate
from castoff.world.faults import Rule, parse_faults
from castoff.world.journal import Journal
from castoff.world.messages import Request, Response
from castoff.world.server import Server, Site


class Counting:
    """Count the effects, and echo what was sent."""

    def __init__(self) -> None:
        self.effects: list[Request] = []

    def handle(self, request: Request) -> Response:
        self.effects.append(request)
        if request.path == "/broken":
            raise RuntimeError("oh")
        return Response(200, request.body or b"0123456789", {"X-Seen": request.path})


def rules(*rules: Mapping[str, object]) -> tuple[Rule, ...]:
    return parse_faults(json.dumps({"rules": rules}))


@contextmanager
def serving(*script: Mapping[str, object]) -> Iterator[tuple[Server, Counting]]:
    service = Counting()
    gate = FaultGate(rules(*script))
    with Server(Site("python", service), gate=gate, journal=Journal()) as server:
        try:
            yield server, service
        finally:
            gate.close()


def ask(server: Server, method: str = "GET", path: str = "/", body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _late(conditions: str) -> str:
    return f'{{"rules": [{{{conditions}, "effect": {{"late": {{"reads": 1}}}}}}]}}'


WRONG = {
    "no JSON": "{",
    "no object": "[]",
    "an unknown key at the top": '{"rule": []}',
    "rules that are no list": '{"rules": {}}',
    "a rule that is not an object": '{"rules": [1]}',
    "an unknown key in a rule": '{"rules": [{"methods": "GET", "effect": {"delay": 1}}]}',
    "no effect": '{"rules": [{}]}',
    "an unknown effect": '{"rules": [{"effect": {"explode": 1}}]}',
    "two effects": '{"rules": [{"effect": {"delay": 1, "deny": "x"}}]}',
    "an unknown key in an effect": '{"rules": [{"effect": {"delay": 1, "form": "date"}}]}',
    "a status that is none": '{"rules": [{"effect": {"status": 42}}]}',
    "a moment that is none": '{"rules": [{"effect": {"status": 500, "when": "during"}}]}',
    "a cut at no moment": '{"rules": [{"effect": {"cut": true}}]}',
    "a negative delay": '{"rules": [{"effect": {"delay": -1}}]}',
    "a count in words": '{"rules": [{"times": "two", "effect": {"delay": 1}}]}',
    "a negative count": '{"rules": [{"after": -1, "effect": {"delay": 1}}]}',
    "a service that is no text": '{"rules": [{"service": 3, "effect": {"delay": 1}}]}',
    "two kinds of path": '{"rules": [{"path": "*", "path_regex": ".*", "effect": {"delay": 1}}]}',
    "a broken expression": '{"rules": [{"path_regex": "(", "effect": {"delay": 1}}]}',
    "a form that is none": '{"rules": [{"effect": {"rate_limit": 1, "form": "soon"}}]}',
    "late without a measure": '{"rules": [{"effect": {"late": {}}}]}',
    "late on a read": '{"rules": [{"method": "GET", "effect": {"late": {"reads": 1}}}]}',
    "late on a service that stores nothing": _late('"service": "docs"'),
    "late by another method than the service stores with": _late('"service": "cargo", "method": "POST"'),
    "late on a change": _late('"service": "forge", "method": "PATCH"'),
    "late where the forge creates nothing": _late('"service": "forge", "path": "*/releases/7"'),
    "late on a query": _late('"service": "forge", "path": "/graphql"'),
    "stale where the index stores nothing": _late('"service": "python", "path": "/simple/*/x"'),
    "no such service": '{"rules": [{"service": "pypi", "effect": {"delay": 1}}]}',
    "no such method": '{"rules": [{"method": "FETCH", "effect": {"delay": 1}}]}',
    "never": '{"rules": [{"times": 0, "effect": {"delay": 1}}]}',
}
RIGHT = {
    "any service": _late('"times": 1'),
    "by a glob": _late('"service": "*o*", "method": "PUT"'),
    "releases": _late('"service": "forge", "method": "POST", "path": "*/releases"'),
    "anything of a release": _late('"service": "forge", "path": "*/releases*"'),
    "an expression": _late('"service": "forge", "path_regex": ".*/issues"'),
    "uploads": _late('"service": "python", "path": "/legacy/"'),
    "lower case": _late('"service": "cargo", "method": "put"'),
    "packages": _late('"service": "npm", "path": "/@acme*core"'),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_script_that_cannot_be_meant_is_refused(case: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_faults(WRONG[case], file="faults.json")

    problem = caught.value.problems[0]
    assert (problem.code, problem.file) == ("world-faults-invalid", "faults.json")


@pytest.mark.parametrize("case", RIGHT)
def test_a_script_that_can_have_an_effect_passes(case: str) -> None:
    assert len(parse_faults(RIGHT[case])) == 1


def test_without_faults_the_service_answers_and_the_journal_knows() -> None:
    with serving() as (server, _):
        assert ask(server, "POST", "/a%20b?x=1", b"hello") == (200, b"hello")

        entry = server.journal.entries()[0]

    assert (entry.method, entry.path, entry.write, entry.status) == ("POST", "/a b", True, 200)


def test_head_is_answered_as_get_without_the_body() -> None:
    with serving() as (server, service):
        assert ask(server, "HEAD") == (200, b"")

    assert service.effects[0].method == "GET"


def test_a_chunked_body_arrives_whole() -> None:
    with serving() as (server, service):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("PUT", "/", iter([b"ab", b"cd" * 5000]), encode_chunked=True)
        connection.getresponse().read()
        connection.close()

    assert service.effects[0].body == b"ab" + b"cd" * 5000


def test_a_client_that_waits_for_100_is_told_to_go_on() -> None:
    with serving() as (server, service), socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.settimeout(5)
        raw.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 100")
        raw.sendall(b"ok")
        assert raw.recv(100).startswith(b"HTTP/1.1 200")

    assert service.effects[0].body == b"ok"


def test_a_body_that_ends_early_has_no_effect() -> None:
    with serving() as (server, service):
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nhalf")
        ask(server)

    assert [request.method for request in service.effects] == ["GET"]


def test_a_service_that_breaks_says_so() -> None:
    with serving() as (server, _):
        status, body = ask(server, path="/broken")

    assert status == 500
    assert b"RuntimeError: oh" in body


def test_a_status_before_the_effect_has_none_and_one_after_it_has() -> None:
    script = (
        {"path": "/before", "effect": {"status": 503, "body": "busy"}},
        {"path": "/after", "effect": {"status": 504, "when": "after"}},
    )
    with serving(*script) as (server, service):
        before, body = ask(server, "PUT", "/before", b"x")
        after, _ = ask(server, "PUT", "/after", b"x")
        names = [entry.fault for entry in server.journal.entries()]

    assert (before, after) == (503, 504)
    assert b"busy" in body
    assert [request.path for request in service.effects] == ["/after"]
    assert names == ["rule 1", "rule 2"]


def test_a_rule_leaves_some_alone_and_then_counts() -> None:
    with serving({"after": 1, "times": 2, "effect": {"status": 500}}) as (server, _):
        seen = [ask(server)[0] for _ in range(5)]

    assert seen == [200, 500, 500, 200, 200]


def test_conditions_all_hold() -> None:
    rule = rules(
        {
            "service": "py*",
            "method": "put",
            "path_regex": "/a/[0-9]+",
            "subject": "x-*",
            "effect": {"delay": 0},
        }
    )[0]

    assert rule.meets("python", "PUT", "/a/12", "x-1")
    assert not rule.meets("cargo", "PUT", "/a/12", "x-1")
    assert not rule.meets("python", "GET", "/a/12", "x-1")
    assert not rule.meets("python", "PUT", "/a/12/b", "x-1")
    assert not rule.meets("python", "PUT", "/a/12", "y-1")


def test_a_rate_limit_says_when_to_come_back() -> None:
    gate = FaultGate(
        rules(
            {"path": "/s", "effect": {"rate_limit": 3}},
            {"path": "/d", "effect": {"rate_limit": 3, "form": "date"}},
        )
    )

    seconds, _ = gate.carry_out("x", Request("PUT", "/s"), "/s", Counting().handle)
    date, _ = gate.carry_out("x", Request("PUT", "/d"), "/d", Counting().handle)

    assert isinstance(seconds, Response)
    assert (seconds.status, seconds.headers["Retry-After"]) == (429, "3")
    assert isinstance(date, Response)
    assert 2 < parsedate_to_datetime(date.headers["Retry-After"]).timestamp() - time.time() <= 4


def test_a_cut_before_the_effect_gives_nothing_and_has_none() -> None:
    with serving({"effect": {"cut": "before"}}) as (server, service):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            ask(server, "PUT", "/", b"x")
        assert server.journal.entries()[0].status == 0

    assert service.effects == []


def test_a_cut_after_the_effect_gives_half_an_answer() -> None:
    with (
        serving({"effect": {"cut": "after"}}) as (server, service),
        pytest.raises(http.client.IncompleteRead) as caught,
    ):
        ask(server, "PUT", "/", b"12345678")

    assert caught.value.partial == b"1234"
    assert len(service.effects) == 1


def test_a_lost_reply_has_its_effect() -> None:
    with (
        serving({"effect": {"lost_reply": 0}}) as (server, service),
        pytest.raises((http.client.RemoteDisconnected, ConnectionError)),
    ):
        ask(server, "PUT", "/", b"x")

    assert len(service.effects) == 1


def test_a_denial_is_a_403_with_its_reason() -> None:
    with serving({"effect": {"deny": "not yours"}}) as (server, service):
        status, body = ask(server, "PUT", "/", b"x")

    assert (status, json.loads(body)["message"], service.effects) == (403, "not yours", [])


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_a_held_request_waits_for_the_control_door(when: str, effects: int) -> None:
    with (
        serving({"effect": {"hold": "gate", "when": when}}) as (server, service),
        ThreadPoolExecutor(1) as pool,
    ):
        pending = pool.submit(ask, server, "PUT", "/", b"x")
        held = server.gate.held(count=1, within=5)
        before = len(service.effects)
        nobody = server.gate.release("other")
        freed = server.gate.release("gate")
        status, _ = pending.result(5)

    assert [each.hold for each in held] == ["gate"]
    assert (before, nobody, freed, status) == (effects, 0, 1, 200)


def test_a_held_request_goes_on_after_its_time() -> None:
    with serving({"effect": {"hold": "gate", "seconds": 0.05}}) as (server, _):
        assert ask(server)[0] == 200
        assert server.gate.held() == ()


def test_all_rules_that_meet_a_request_act_until_one_answers() -> None:
    script = (
        {"effect": {"late": {"seconds": 4, "reads": 2}}},
        {"effect": {"delay": 0.01}},
        {"effect": {"status": 504, "when": "after"}},
    )
    with serving(*script) as (server, service):
        status, _ = ask(server, "PUT", "/", b"x")

    late = service.effects[0].late
    assert status == 504
    assert late is not None
    assert (late.seconds, late.reads, late.alternating) == (4.0, 2, False)


def test_other_rules_start_their_counts_again() -> None:
    with serving({"times": 1, "effect": {"status": 500}}) as (server, _):
        first = [ask(server)[0], ask(server)[0]]
        server.gate.replace(rules({"times": 1, "effect": {"status": 502}}))
        second = [ask(server)[0], ask(server)[0]]

    assert (first, second) == ([500, 200], [502, 200])


def test_hundreds_of_connections_are_answered_at_once_and_do_not_wait_for_each_other() -> None:
    with serving({"effect": {"delay": 0.2}}) as (server, service):
        barrier = threading.Barrier(200)

        def one() -> int:
            barrier.wait(30)
            return ask(server)[0]

        with ThreadPoolExecutor(200) as pool:
            statuses = [pending.result(30) for pending in [pool.submit(one) for _ in range(200)]]

    assert set(statuses) == {200}
    assert len(service.effects) == 200


def test_a_server_stops_while_requests_are_held_and_connections_open() -> None:
    with serving({"path": "/held", "effect": {"hold": "gate"}}) as (server, _):
        idle = socket.create_connection(("127.0.0.1", server.port))
        thread = threading.Thread(target=lambda: _quietly(server), daemon=True)
        thread.start()
        server.gate.held(count=1, within=5)
        started = time.monotonic()
    thread.join(5)

    assert time.monotonic() - started < 5
    assert not thread.is_alive()
    assert idle.recv(1) == b""
    idle.close()


def _quietly(server: Server) -> None:
    try:
        ask(server, path="/held")
    except (OSError, http.client.HTTPException):
        return
