"""Remedies for the page and for traces."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from castoff.cli.commands.page import open_server, stored_status
from castoff.cli.page.source import PageSource
from castoff.cli.traces import Traces
from remedies.following import follow, follows


@follows("port-in-use")
def test_without_a_port_a_free_one_is_chosen() -> None:
    def listen() -> None:
        # Nothing is served: closing what listens is enough.
        open_server(PageSource(dict, None), ports[-1]).close()

    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = [other.getsockname()[1]]
        follow("port-in-use", listen, told="then a free one is chosen", do=lambda: ports.append(0))


@follows("status-unreadable")
def test_the_status_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    file.write_text("1.1.0: complete", "utf-8")

    def read() -> None:
        stored_status(file)()

    follow(
        "status-unreadable",
        read,
        told="write it with `castoff status --json > FILE`",
        do=lambda: file.write_text(json.dumps({"schema": "castoff/status"}), "utf-8"),
    )


@follows("otlp-library-missing")
def test_the_extra_brings_the_libraries_of_traces() -> None:
    missing = ["opentelemetry.sdk.trace"]

    def open_traces() -> None:
        with pytest.MonkeyPatch.context() as during:
            for name in missing:
                during.setitem(sys.modules, name, None)
            Traces("http://127.0.0.1:9/v1/traces", "castoff release").close()

    follow(
        "otlp-library-missing",
        open_traces,
        told="install castoff with it (`castoff[otlp]`)",
        do=missing.clear,
    )
