from __future__ import annotations

import contextlib
import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from castoff.errors import ConfigurationError
from castoff.world.cargo_registry import CargoRegistry, upload_subject
from castoff.world.cargo_registry.record import minimal_crate
from castoff.world.cargo_registry.requirements import check_version, index_requirement
from castoff.world.clock import WorldClock
from castoff.world.docs_host import DocsHost
from castoff.world.faults import parse_faults
from castoff.world.messages import Late, Rejected, Request
from castoff.world.npm_registry import NpmRegistry
from castoff.world.python_index import PythonIndex
from castoff.world.python_index.artifact import read_artifact
from castoff.world.python_index.multipart import parse_form
from castoff.world.seed import parse_seed
from castoff.world.visibility import Visibility

words = st.sampled_from(
    [
        "rules",
        "effect",
        "status",
        "when",
        "late",
        "reads",
        "python",
        "cargo",
        "name",
        "version",
        "slug",
        "clock",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 700) | st.text(max_size=8) | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_a_fault_script_is_read_or_refused_in_words(value: object) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_faults(json.dumps(value))


@given(st.binary(max_size=60))
def test_a_fault_script_of_any_bytes_is_read_or_refused_in_words(raw: bytes) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_faults(raw)


@given(st.dictionaries(words, values, max_size=4) | values)
def test_a_seed_is_read_or_refused_in_words(value: object) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_seed(json.dumps(value), Path("/nowhere"))


@given(st.text(max_size=60), st.binary(max_size=200))
def test_a_form_is_read_or_is_none(content_type: str, body: bytes) -> None:
    parse_form(content_type, body)
    parse_form("multipart/form-data; boundary=b", b"--b\r\n" + body + b"\r\n--b--")


@given(
    st.sampled_from(["a-1-py3-none-any.whl", "a-1.tar.gz"]) | st.text(max_size=30), st.binary(max_size=200)
)
def test_a_file_is_read_or_refused_in_words(filename: str, content: bytes) -> None:
    with contextlib.suppress(Rejected):
        read_artifact(filename, content)


@given(st.text(max_size=30))
def test_requirements_and_versions_are_read_or_rejected_in_words(text: str) -> None:
    with contextlib.suppress(Rejected):
        index_requirement(text, "x")
    with contextlib.suppress(Rejected):
        check_version(text)


paths = st.lists(
    st.sampled_from(["api", "v1", "crates", "new", "-", "simple", "x", "..", "1.0.0", ""]), max_size=6
)
methods = st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH"])


@settings(max_examples=200)
@given(methods, paths, values, st.binary(max_size=80))
def test_no_request_breaks_a_service(method: str, parts: list[str], value: object, raw: bytes) -> None:
    headers = {"authorization": "Bearer x", "user-agent": "x"}
    for body in (raw, json.dumps(value).encode()):
        request = Request(method, "/" + "/".join(parts), {}, headers, body, "http://x")
        upload_subject(request)
        for service in (PythonIndex(), CargoRegistry(), NpmRegistry(), DocsHost()):
            assert service.handle(request).status < 500


@given(st.binary(max_size=300))
def test_any_crate_is_taken_or_rejected_in_words(content: bytes) -> None:
    text = json.dumps({"name": "acme", "vers": "1.0.0"}).encode()
    headers = {"authorization": "x", "user-agent": "x"}
    for crate in (content, minimal_crate("acme", "1.0.0")[: len(content)]):
        body = len(text).to_bytes(4, "little") + text + len(crate).to_bytes(4, "little") + crate
        answer = CargoRegistry().handle(Request("PUT", "/api/v1/crates/new", {}, headers, body))
        assert answer.status == 400


@given(st.integers(0, 9), st.booleans())
def test_what_is_late_is_seen_at_last_and_for_ever(reads: int, alternating: bool) -> None:
    sight = Visibility(Late(reads=reads, alternating=alternating), WorldClock())

    seen = [sight.look() for _ in range(reads + 5)]

    assert all(seen[reads:])
    assert alternating or not any(seen[:reads])
