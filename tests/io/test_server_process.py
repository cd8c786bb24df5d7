"""Questions to a program that stays."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from castoff.errors import UsageError
from castoff.io.process import Processes
from castoff.io.server_process import Ended, ServerProcess
from castoff.model.child_environments import Kind

PROGRAM = """
import json, sys, time
waiting = []
for line in sys.stdin:
    number, asked = json.loads(line)
    if asked == "end":
        print("[null]", flush=True)
        sys.exit(0)
    if asked == "die":
        print("it hurts hunter22", file=sys.stderr, flush=True)
        sys.exit(7)
    if asked == "noise":
        print("no answer at all", flush=True)
    if asked == "never":
        continue
    if asked == "later":
        waiting.append(number)
        continue
    for one in [number, *waiting]:
        print(json.dumps([one, {"asked": asked, "secret": "hunter22"}]), flush=True)
    waiting = []
"""


@contextmanager
def talk(folder: Path) -> Iterator[tuple[ServerProcess, threading.Event]]:
    ended = threading.Event()
    processes = Processes({"PATH": "/usr/bin:/bin"})
    processes.redactor.learn("hunter22")
    server = processes.start_server(
        [sys.executable, "-c", PROGRAM], kind=Kind.TOOL, cwd=folder, ended=ended.set
    )
    try:
        yield server, ended
    finally:
        server.close()
        assert ended.wait(20)


def test_answers_come_in_any_order_and_without_secrets(tmp_path: Path) -> None:
    with talk(tmp_path) as (server, _), ThreadPoolExecutor() as pool:
        late = pool.submit(server.ask, "later", 20)
        while not server.open:
            pass
        assert server.ask("now", 20) == '{"asked": "now", "secret": "[secret]"}'
        assert late.result() == '{"asked": "now", "secret": "[secret]"}'
        assert server.open == 0


def test_lines_that_are_no_answers_are_passed_over(tmp_path: Path) -> None:
    with talk(tmp_path) as (server, _):
        assert str(server.ask("noise", 20)).startswith('{"asked": "noise"')


def test_the_end_of_a_program_is_told_to_all_who_wait(tmp_path: Path) -> None:
    with talk(tmp_path) as (server, _), ThreadPoolExecutor() as pool:
        waits = pool.submit(server.ask, "later", 20)
        while not server.open:
            pass
        ended = Ended(7, "it hurts [secret]\n", begun=True)
        assert server.ask("die", 20) == ended
        assert waits.result() == ended


def test_a_program_that_said_its_end_has_not_begun(tmp_path: Path) -> None:
    with talk(tmp_path) as (server, ended):
        assert server.ask("end", 20) == Ended(0, "", begun=False)
        assert ended.wait(20)
        assert server.is_over
        assert server.ask("now", 20) == Ended(0, "", begun=False)


def test_a_program_that_was_late_is_asked_nothing_more(tmp_path: Path) -> None:
    with talk(tmp_path) as (server, _):
        assert server.ask("never", 0.05) is None
        assert server.is_over
        assert server.ask("now", 20) == Ended(0, "", begun=False)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`no-such-program` was not found"):
        Processes({"PATH": ""}).start_server(
            ["no-such-program"], kind=Kind.TOOL, cwd=tmp_path, ended=lambda: None
        )
