"""A run as one trace, as a collector gets it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import click
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from castoff.cli.options import endpoint
from castoff.cli.traces import Traces
from castoff.errors import Problem
from castoff.model.acts import Refused, Succeeded
from castoff.model.steps import LocalStep
from castoff.release.publish import UploadFile


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Take traces; gives the address, and what came: path and body."""
    came: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()
        thread.join()


def upload(name: str) -> UploadFile:
    file = f"{name}-1.crate"
    return UploadFile(
        id=f"publish:cargo:{name}:{file}",
        stage="publish",
        target=file,
        undo="never",
        filename=file,
        package=name,
    )


def test_a_release_is_one_trace_by_wave() -> None:
    with collector() as (url, came):
        traces = Traces(endpoint(url), "castoff release")
        traces.release("1.1.0", [["core"], ["a", "b"]])
        with traces.step(LocalStep("compile", "core")):
            pass
        traces.stage("publish", 3)
        for name in ("core", "a", "b"):
            traces.act_begins(upload(name))
            traces.act_ended(upload(name), Succeeded())
        traces.waiting("b", "not visible yet", 5.0)
        traces.close()
        traces.close()

    requests = [ExportTraceServiceRequest.FromString(body) for _, body in came]
    spans = [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.span_id: span.name for span in spans}
    assert [path for path, _ in came] == ["/v1/traces"] * len(came)
    assert len({span.trace_id for span in spans}) == 1
    assert {span.name: names.get(span.parent_span_id) for span in spans} == {
        "castoff release": None,
        "compile core": "castoff release",
        "stage publish": "castoff release",
        "wave 1": "stage publish",
        "wave 2": "stage publish",
        "publish:cargo:core:core-1.crate": "wave 1",
        "publish:cargo:a:a-1.crate": "wave 2",
        "publish:cargo:b:b-1.crate": "wave 2",
    }


def test_a_refused_write_is_an_error_and_an_interrupted_one_ends_with_the_run() -> None:
    with collector() as (url, came):
        traces = Traces(endpoint(url), "castoff release")
        for name in ("a", "b"):
            traces.act_begins(upload(name))
        traces.act_ended(upload("a"), Refused(Problem(code="upload-refused", message="no")))
        traces.close()

    (request,) = [ExportTraceServiceRequest.FromString(body) for _, body in came]
    states = {span.name: span.status for span in request.resource_spans[0].scope_spans[0].spans}
    refused = states["publish:cargo:a:a-1.crate"]
    assert (refused.code, refused.message) == (2, "no")
    assert states["publish:cargo:b:b-1.crate"].code == 0


def test_a_collector_that_is_gone_stops_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    traces = Traces("http://127.0.0.1:9/v1/traces", "castoff release")
    traces.close()

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        ("https://traces.example/custom", "https://traces.example/custom"),
    ],
)
def test_an_address_without_a_path_is_that_of_a_collector(written: str, meant: str) -> None:
    assert endpoint(written) == meant


@pytest.mark.parametrize("written", ["localhost:4318", "ftp://x", "http://", ""])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(click.BadParameter):
        endpoint(written)
