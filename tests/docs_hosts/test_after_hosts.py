"""What documentation hosts answer, and what is made of answers that they should never give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.docs_hosts.docs_rs import DocsRs, Structure
from castoff.docs_hosts.read_the_docs import ReadTheDocs
from castoff.io.http import Failure, Reply
from castoff.model.observations import Unknown
from castoff.ports import DocsBuild

ROOT = "https://docs.example.invalid"


@dataclass
class Said:
    """An HTTP door that answers from a table; what is not in it is 404."""

    answers: Mapping[str, Reply | Failure]
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply | Failure:
        assert method == "GET"
        self.asked.append((url, headers or {}))
        return self.answers.get(url.removeprefix(ROOT), Reply(status=404))


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError


def docs_rs(**answers: Reply | Failure | str) -> DocsRs:
    paths = {
        "status": "/crate/kit/1.1.0/status.json",
        "builds": "/crate/kit/1.1.0/builds",
        "seven": "/crate/kit/1.1.0/builds/7",
    }
    told = {
        paths[name]: Reply(status=200, body=value.encode()) if isinstance(value, str) else value
        for name, value in answers.items()
    }
    return DocsRs(Said(told), Noon(), ROOT)  # type: ignore[arg-type]


FALSE = '{"version": "1.1.0", "doc_status": false}'
LINK = '<ul><li><a class="release" href="/crate/kit/1.1.0/builds/7">x</a></li></ul>'
BUSY = '<div class="build-in-progress">In the <a href="/releases/queue">build queue</a></div>'

STATES = {
    "no row yet": ({}, "queued"),
    "another version's answer": ({"status": '{"version": "1.0.9", "doc_status": true}'}, "queued"),
    "built": ({"status": '{"version": "1.1.0", "doc_status": true}'}, "built"),
    "under way": ({"status": FALSE, "builds": BUSY}, "building"),
    "no build listed": ({"status": FALSE, "builds": "<ul></ul>"}, "building"),
    "listed, not shown": ({"status": FALSE, "builds": LINK}, "building"),
    "ended": ({"status": FALSE, "builds": LINK, "seven": "<pre>x</pre>"}, "failed"),
    "built again after a failure": ({"status": FALSE, "builds": LINK + BUSY, "seven": "x"}, "building"),
}


@pytest.mark.parametrize(("answers", "state"), STATES.values(), ids=STATES)
def test_docs_rs_is_read_by_status_codes_and_structure(answers: Mapping[str, str], state: str) -> None:
    found = docs_rs(**answers).look("kit", "1.1.0")

    assert isinstance(found, DocsBuild)
    assert found.state == state


ODD = {
    "no json": {"status": "<html>"},
    "a list": {"status": "[]"},
    "null": {"status": "null"},
    "no status": {"status": '{"version": "1.1.0"}'},
    "a text for a status": {"status": '{"version": "1.1.0", "doc_status": "true"}'},
    "500": {"status": Reply(status=500)},
    "429": {"status": Reply(status=429, headers={"retry-after": "7"})},
    "403": {"status": Reply(status=403)},
    "no connection": {"status": Failure(reason="refused", sent=False)},
    "builds down": {"status": FALSE, "builds": Reply(status=503)},
    "log down": {"status": FALSE, "builds": LINK, "seven": Reply(status=500)},
    "not UTF-8": {"status": Reply(status=200, body=b"\xff\xfe{")},
}


@pytest.mark.parametrize("answers", ODD.values(), ids=ODD)
def test_an_odd_answer_of_docs_rs_is_unknown(answers: Mapping[str, Reply | Failure | str]) -> None:
    assert isinstance(docs_rs(**answers).look("kit", "1.1.0"), Unknown)


class _Ending(Said):
    """A host whose build goes well right after the status was asked for."""

    def ask(self, method: str, url: str, **more: Any) -> Reply | Failure:
        reply = super().ask(method, url, **more)
        ended = Reply(status=200, body=b'{"version": "1.1.0", "doc_status": true}')
        self.answers = {**self.answers, "/crate/kit/1.1.0/status.json": ended}
        return reply


def test_a_build_that_ends_between_two_questions_did_not_fail() -> None:
    bodies = {"1.1.0/status.json": FALSE, "1.1.0/builds": LINK, "1.1.0/builds/7": "<pre>fine</pre>"}
    answers = {f"/crate/kit/{path}": Reply(status=200, body=text.encode()) for path, text in bodies.items()}

    found = DocsRs(_Ending(answers), Noon(), ROOT).look("kit", "1.1.0")  # type: ignore[arg-type]

    assert isinstance(found, DocsBuild)
    assert found.state == "built"


def test_a_limit_is_passed_on() -> None:
    found = docs_rs(status=Reply(status=429, headers={"retry-after": "7"})).look("kit", "1.1.0")

    assert found == Unknown(reason="the documentation host answered 429", retry_after=7.0)


def test_the_log_is_the_longest_preformatted_text() -> None:
    page = "<pre># rustc</pre><p>x</p><pre>error &lt;b&gt;\nmore</pre>"

    assert docs_rs(builds=LINK, seven=page).log("kit", "1.1.0") == "error <b>\nmore"


def test_the_log_is_that_of_the_last_build_whatever_the_order_of_the_list() -> None:
    links = "".join(f'<a href="/crate/kit/1.1.0/builds/{number}">x</a>' for number in (6, 7, 5))

    assert docs_rs(builds=links, seven="<pre>last</pre>").log("kit", "1.1.0") == "last"


def test_no_page_outside_of_the_host_is_read() -> None:
    assert isinstance(docs_rs().page("https://elsewhere.example.invalid/x"), Unknown)


@given(st.text(alphabet="<>/abpre \"'=&;!-\n", max_size=200))
def test_any_page_can_be_read(html: str) -> None:
    page = Structure(html)

    assert isinstance(page.preformatted, str)


VERSION = "/api/v3/projects/kit/versions/1.1.0/"


def read_the_docs(version: object, builds: object = None, *, token: str | None = None) -> ReadTheDocs:
    answers: dict[str, Reply | Failure] = {}
    for path, value in ((VERSION, version), (VERSION + "builds/", builds)):
        if isinstance(value, Reply | Failure):
            answers[path] = value
        elif value is not None:
            answers[path] = Reply(status=200, body=json.dumps(value).encode())
    return ReadTheDocs(Said(answers), Noon(), ROOT, token=token)  # type: ignore[arg-type]


def last(code: str, success: bool | None = None) -> dict[str, object]:
    return {"results": [{"state": {"code": code}, "success": success}]}


RTD = {
    "unseen": (None, None, "queued"),
    "seen": ({"built": False, "active": True}, {"results": []}, "queued"),
    "triggered": ({"built": False}, last("triggered"), "queued"),
    "cloning": ({"built": False}, last("cloning"), "building"),
    "failed": ({"built": False}, last("finished", False), "failed"),
    "failed after a success": ({"built": True}, last("finished", False), "failed"),
    "built": ({"built": True}, last("finished", True), "built"),
    "cancelled": ({"built": False, "active": True}, last("cancelled"), "queued"),
    "cancelled after a success": ({"built": True}, last("cancelled"), "built"),
}


@pytest.mark.parametrize(("version", "builds", "state"), RTD.values(), ids=RTD)
def test_read_the_docs_is_read_by_its_interface(version: object, builds: object, state: str) -> None:
    found = read_the_docs(version, builds).look("kit", "1.1.0")

    assert isinstance(found, DocsBuild)
    assert found.state == state


RTD_ODD = {
    "inactive": ({"built": False, "active": False}, {"results": []}),
    "a list": ([], None),
    "500": (Reply(status=500), None),
    "401": (Reply(status=401), None),
    "builds down": ({"built": True}, Reply(status=502)),
    "no connection": (Failure(reason="x", sent=True), None),
    "no json": (Reply(status=200, body=b"<"), None),
}


@pytest.mark.parametrize(("version", "builds"), RTD_ODD.values(), ids=RTD_ODD)
def test_an_odd_answer_of_read_the_docs_is_unknown(version: object, builds: object) -> None:
    assert isinstance(read_the_docs(version, builds).look("kit", "1.1.0"), Unknown)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://x.invalid/a b", "https://x.invalid/)[y](z", 7, None]
)
def test_an_address_that_would_break_a_link_is_not_taken(address: object) -> None:
    host = read_the_docs({"built": True, "urls": {"documentation": address}}, last("finished", True))

    found = host.look("kit", "1.1.0")

    assert isinstance(found, DocsBuild)
    assert found.url == f"{ROOT}/projects/kit/en/1.1.0/"


def test_a_token_is_sent_where_there_is_one() -> None:
    door = Said({})
    ReadTheDocs(door, Noon(), ROOT, token="secret-token").look("kit", "1.1.0")  # type: ignore[arg-type]

    assert door.asked[0][1] == {"Authorization": "Token secret-token"}
