"""Are cargo's protocol lines read as what they are, and never what stands around them?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.cargo.uploader import Conversation

BEGIN = "   0.036300388s DEBUG network: "


def wire(direction: str, text: str) -> str:
    return f"{BEGIN}http-debug: {direction} {text}"


UPLOAD = [
    wire(">", "GET /index/ab/cd/abcd HTTP/1.1"),
    wire("<", "HTTP/1.1 404 Not Found"),
    wire("<", "Retry-After: 99"),
    wire(">", "PUT /api/v1/crates/new HTTP/1.1"),
    wire(">", "Authorization: [REDACTED]"),
]


def heard(*lines: str, method: str = "PUT") -> tuple[Conversation, list[str]]:
    talk = Conversation("PUT" if method == "PUT" else "DELETE")
    return talk, [talk.hear(line) for line in lines]


def test_an_upload_that_was_taken_is_done_when_cargo_goes_on() -> None:
    talk, verdicts = heard(
        *UPLOAD, wire("<", "HTTP/1.1 200 OK"), wire("<", ""), wire(">", "GET /index/x HTTP/1.1")
    )

    assert (talk.sent, talk.status, talk.accepted) == (True, 200, True)
    assert verdicts == ["drop"] * 7 + ["stop"]


def test_an_upload_that_cargo_did_not_go_on_from_is_not_done() -> None:
    talk, _ = heard(*UPLOAD, wire("<", "HTTP/1.1 200 OK"), "error: the registry said no in its body")

    assert (talk.status, talk.accepted) == (200, False)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("Retry-After: 120", "120"),
        ("retry-after: Sun, 22 Nov 2026 15:00:00 GMT", "Sun, 22 Nov 2026 15:00:00 GMT"),
        ("RETRY-AFTER:7", "7"),
    ],
)
def test_retry_after_is_taken_from_the_answer_to_the_write(line: str, wanted: str) -> None:
    talk, _ = heard(*UPLOAD, wire("<", "HTTP/2 429"), wire("<", line))

    assert (talk.status, talk.headers) == (429, {"retry-after": wanted})


def test_headers_of_other_answers_are_not_taken() -> None:
    talk, _ = heard(
        *UPLOAD, wire("<", "HTTP/1.1 500 No"), wire(">", "GET /x HTTP/1.1"), wire("<", "Retry-After: 5")
    )

    assert (talk.status, talk.headers, talk.accepted) == (500, {}, False)


def test_continue_and_the_tunnel_of_a_proxy_are_no_answers() -> None:
    talk, _ = heard(
        wire(">", "CONNECT registry.invalid:443 HTTP/1.1"),
        wire("<", "HTTP/1.1 200 Connection established"),
        wire(">", "PUT /api/v1/crates/new HTTP/1.1"),
        wire("<", "HTTP/1.1 100 Continue"),
    )

    assert (talk.sent, talk.status, talk.accepted) == (True, None, False)


def test_what_cargo_logs_is_dropped_and_what_it_says_is_kept() -> None:
    lines = [
        f"{BEGIN}Version {{",
        '    version: "8",',
        "}",
        f"{BEGIN}fetch x",
        "error: no such thing",
        "Caused by:",
    ]

    _, verdicts = heard(*lines)

    assert verdicts == ["drop"] * 4 + ["keep"] * 2


def test_a_sentence_about_the_protocol_is_no_protocol() -> None:
    talk, _ = heard("note: > PUT /api/v1/crates/new HTTP/1.1", "error: HTTP/1.1 429 Too Many Requests")

    assert (talk.sent, talk.status) == (False, None)


def test_a_yank_is_a_delete() -> None:
    talk, _ = heard(
        wire(">", "DELETE /api/v1/crates/a/1.0.0/yank HTTP/1.1"),
        wire("<", "HTTP/1.1 403 Forbidden"),
        method="DELETE",
    )

    assert (talk.sent, talk.status) == (True, 403)


@given(st.lists(st.text(max_size=80) | st.sampled_from(UPLOAD).map(lambda line: line + "x"), max_size=30))
def test_no_line_brings_it_down(lines: list[str]) -> None:
    heard(*lines)
