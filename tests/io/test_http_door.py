"""Answers come out, never exceptions; what failed says whether it may have reached the server."""

from __future__ import annotations

import errno
import gzip
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.errors import MachineFailure
from castoff.io.http import Failure, Http, Reply, retry_after
from castoff.redaction import Redactor
from castoff.world.messages import Request, Response
from castoff.world.server import Server, Site

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Echo:
    """A service that tells what it was asked, or answers what the path says."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        if request.path.startswith("/status/"):
            status = int(request.path.rpartition("/")[2])
            return Response(status, b"token: canary-canary", {"Retry-After": "7"})
        if request.path == "/redirect":
            return Response(302, b"", {"Location": "/elsewhere"})
        return Response(200, request.body or b"hello", {"X-Method": request.method})


@contextmanager
def server() -> Iterator[tuple[str, Echo]]:
    echo = Echo()
    with Server(Site("echo", echo)) as running:
        yield running.url, echo


@contextmanager
def rude(reply: bytes) -> Iterator[str]:
    """Serve one connection: read a request, send some bytes, and hang up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_an_answer_has_status_headers_in_lower_case_and_body() -> None:
    with server() as (url, echo):
        reply = Http(Redactor()).ask("POST", f"{url}/x", headers={"X-One": "1"}, body=b"words")

    assert isinstance(reply, Reply)
    assert (reply.status, reply.headers["x-method"], reply.text) == (200, "POST", "words")
    assert echo.requests[0].headers["x-one"] == "1"
    assert echo.requests[0].headers["user-agent"] == "castoff"


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504])
def test_every_status_is_an_answer_and_no_exception(status: int) -> None:
    with server() as (url, _):
        reply = Http(Redactor()).ask("GET", f"{url}/status/{status}")

    assert isinstance(reply, Reply)
    assert reply.status == status
    assert retry_after(reply.headers, NOW) == 7.0


def test_nothing_is_repeated() -> None:
    with server() as (url, echo):
        Http(Redactor()).ask("POST", f"{url}/status/503", body=b"x")

        assert len(echo.requests) == 1


def test_a_server_that_is_not_there_was_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    failure = Http(Redactor()).ask("POST", f"http://127.0.0.1:{port}/x", body=b"x")

    assert isinstance(failure, Failure)
    assert not failure.sent
    assert failure.reason == "`127.0.0.1` did not answer: connection refused"


def test_a_name_that_nobody_knows_is_said_in_three_words() -> None:
    failure = Http(Redactor()).ask("GET", "http://nowhere.invalid/x")

    assert isinstance(failure, Failure)
    assert failure.reason == "`nowhere.invalid` did not answer: name not known"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"nonsense\r\n\r\n",
    ],
    ids=["hung up", "half a body", "no HTTP"],
)
def test_an_exchange_that_broke_may_have_reached_the_server(reply: bytes) -> None:
    with rude(reply) as url:
        failure = Http(Redactor()).ask("POST", f"{url}/x", body=b"x")

    assert isinstance(failure, Failure)
    assert failure.sent
    assert failure.reason


@pytest.mark.parametrize(
    "url", ["", "no-scheme", "http://", "ftp://127.0.0.1/x", "http://[::1", "http://.bad/"]
)
def test_an_address_that_is_none_was_not_reached(url: str) -> None:
    failure = Http(Redactor()).ask("GET", url)

    assert isinstance(failure, Failure)
    assert not failure.sent


@pytest.mark.parametrize("token", ["a\nb: c", "a\udcff", "a\u2028"])
def test_a_header_that_cannot_be_sent_is_a_failure_and_not_an_exception(token: str) -> None:
    with server() as (url, echo):
        failure = Http(Redactor()).ask("GET", url, headers={"Authorization": f"Bearer {token}"})

    assert isinstance(failure, Failure)
    assert not failure.sent
    assert echo.requests == []


def test_a_reason_has_no_secret_in_it() -> None:
    http = Http(Redactor(["canary-canary"]))

    failure = http.ask("GET", "http://user:hidden-word@127.0.0.1:1/canary-canary")

    assert isinstance(failure, Failure)
    assert "canary-canary" not in failure.reason
    assert "hidden-word" not in failure.reason
    assert len(failure.reason) <= 300


def test_what_the_machine_keeps_for_a_host_does_not_replace_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    with server() as (url, echo):
        Http(Redactor()).ask("GET", url, headers={"Authorization": "Bearer ours"})
        Http(Redactor()).ask("GET", url)

    assert echo.requests[0].headers["authorization"] == "Bearer ours"
    assert echo.requests[1].headers["authorization"].startswith("Basic ")


def test_a_proxy_of_the_machine_is_not_asked_for_what_is_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    with server() as (url, _):
        reply = Http(Redactor()).ask("GET", url)

    assert isinstance(reply, Reply)
    assert reply.status == 200


def test_a_connection_goes_from_thread_to_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        http = Http(Redactor())
        asking = partial(http.ask, "GET", f"http://127.0.0.1:{listener.getsockname()[1]}/")
        with ThreadPoolExecutor(1) as first:
            answer = first.submit(asking)
            connection, _ = listener.accept()
            with connection:
                _answer(connection)
                assert isinstance(answer.result(), Reply)
                with ThreadPoolExecutor(1) as second:
                    answer = second.submit(asking)
                    _answer(connection)  # a second connection would wait to be accepted, for ever
                    assert isinstance(answer.result(), Reply)


def _answer(connection: socket.socket) -> None:
    connection.settimeout(30)
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_a_redirect_on_the_same_host_keeps_the_token() -> None:
    with server() as (url, echo):
        reply = Http(Redactor()).ask("GET", f"{url}/redirect", headers={"Authorization": "Bearer ours"})

    assert isinstance(reply, Reply)
    assert [request.path for request in echo.requests] == ["/redirect", "/elsewhere"]
    assert echo.requests[1].headers["authorization"] == "Bearer ours"


def test_a_redirect_to_another_host_loses_the_token() -> None:
    with server() as (other, seen):
        location = f"HTTP/1.1 302 Found\r\nLocation: {other}/x\r\nContent-Length: 0\r\n\r\n".encode()
        with rude(location) as url:
            Http(Redactor()).ask("GET", url, headers={"Authorization": "Bearer ours"})

    assert "authorization" not in seen.requests[0].headers


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 30 ", 30.0),
        ("86400", 86_400.0),
        ("999999999999", 86_400.0),
        ("9" * 5000, 86_400.0),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=900), usegmt=True), 86_400.0),
        ("Fri, 02 Jan 2026 03:05:05 +0000", 60.0),
        ("Fri, 02 Jan 2026 03:05:05", 60.0),
        ("Fri, 99 Jan 2026 99:05:05 GMT", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    headers: Mapping[str, str] = {} if value is None else {"retry-after": value}

    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_makes_an_error(value: str) -> None:
    seconds = retry_after({"retry-after": value}, NOW)

    assert seconds is None or 0.0 <= seconds <= 86_400.0


@pytest.mark.parametrize("left", [0.2, 0.0, -1.0])
def test_an_exchange_gets_no_more_time_than_is_left(left: float) -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"

        answer = Http(Redactor(), seconds_left=lambda: left).ask("GET", url)

    assert isinstance(answer, Failure)
    assert "timed out" in answer.reason
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("size", "status", "ends"),
    [
        (999_999, 200, 999_999),
        (1_000_000, 200, 1_000_000),
        (1_000_001, 200, None),
        (30_000_000, 200, None),
        (30_000_000, 500, 100_000),
    ],
)
def test_an_answer_is_bounded_by_what_it_is_after_decoding(size: int, status: int, ends: int | None) -> None:
    packed = gzip.compress(b"x" * size, 1)
    head = f"HTTP/1.1 {status} X\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with rude(head.encode() + packed) as url:
        reply = Http(Redactor()).ask("GET", url, largest=1_000_000)

    if ends is None:
        assert isinstance(reply, Failure)
        assert "larger than" in reply.reason
    else:
        assert isinstance(reply, Reply)
        assert (reply.status, len(reply.body)) == (status, ends)


def test_the_body_of_a_redirect_is_not_read() -> None:
    with server() as (target, _):
        head = f"HTTP/1.1 302 X\r\nLocation: {target}/x\r\nContent-Length: 99999999999\r\n\r\nmore"
        with rude(head.encode()) as url:
            reply = Http(Redactor()).ask("GET", url)

    assert isinstance(reply, Reply)
    assert reply.body == b"hello"


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_machine_without_handles_is_not_a_silent_service(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(MachineFailure, match=os.strerror(number)):
        Http(Redactor()).ask("GET", "http://127.0.0.1:9/")


def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(MachineFailure, match=r"/nowhere/ca\.pem"):
        Http(Redactor()).ask("GET", "https://127.0.0.1:9/")
