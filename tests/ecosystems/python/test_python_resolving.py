from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec import field
from python_bench import NOWHERE, artifact, doors, ended, metadata, package, settings, wheel

from castoff.ecosystems.python.indexes import Endpoints
from castoff.ecosystems.python.listing import ListedFile
from castoff.ecosystems.python.registry import PythonRegistry
from castoff.ecosystems.python.resolver import Resolver
from castoff.io.http import Http
from castoff.io.process import Completed, Processes
from castoff.model.child_environments import Kind
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World

ENDPOINTS = Endpoints(simple="https://i.example/simple/", client_simple="https://i.example/simple/")


class FakeUv(Processes, frozen=True):
    """A resolver that knows some requirements; ``asked`` is what it was asked for, call by call."""

    known: Mapping[str, frozenset[str]] = {}
    asked: list[tuple[str, ...]] = field(default_factory=list)
    broken: bool = False
    gate: threading.Event | None = None

    def run(
        self,
        arguments: Sequence[str | Path],
        *,
        kind: Kind,
        cwd: Path,
        given: bytes | None = None,
        timeout: float | None = None,
        changes: Mapping[str, str | None] | None = None,
        is_data: bool = False,
    ) -> Completed:
        words = [str(word) for word in arguments]
        wanted = (cwd / "wanted.in").read_text().split()
        self.asked.append(tuple(wanted))
        if self.gate is not None:
            self.gate.wait(5)
        python = words[words.index("--python-version") + 1] if "--python-version" in words else "own"
        if self.broken:
            return ended(2)
        return ended(0 if all(python in self.known.get(one, ()) for one in wanted) else 1)


OWN = frozenset({"own"})


def file(name: str, requires: str | None = None) -> ListedFile:
    return ListedFile(filename=name, url="https://i.example/f", requires_python=requires)


def test_what_is_visible_is_resolvable() -> None:
    uv = FakeUv({}, known={"a==1": OWN})
    assert Resolver(uv, ENDPOINTS, lambda *_: []).ask(["a==1"]) is True


def test_what_no_listing_shows_is_not() -> None:
    assert Resolver(FakeUv({}), ENDPOINTS, lambda *_: []).ask(["a==1"]) is False


def test_what_is_listed_and_not_found_is_not_yet() -> None:
    assert Resolver(FakeUv({}), ENDPOINTS, lambda *_: [file("a-1.tar.gz")]).ask(["a==1"]) is False


def test_a_listing_that_cannot_be_had_makes_it_unknown() -> None:
    assert Resolver(FakeUv({}), ENDPOINTS, lambda *_: None).ask(["a==1"]) is None


def test_a_client_that_fails_makes_it_unknown() -> None:
    assert Resolver(FakeUv({}, broken=True), ENDPOINTS, lambda *_: []).ask(["a==1"]) is None


def test_a_package_for_another_interpreter_is_asked_for_with_that_one() -> None:
    uv = FakeUv({}, known={"a==1": frozenset({"3.8"})})
    assert Resolver(uv, ENDPOINTS, lambda *_: [file("a-1.tar.gz", "<3.9")]).ask(["a==1"]) is True
    assert len(uv.asked) == 2


def test_questions_that_come_together_are_asked_as_one_and_answered_apart() -> None:
    gate = threading.Event()
    names = [f"p{number}==1" for number in range(10)]
    uv = FakeUv({}, known=dict.fromkeys(names[:9], OWN), gate=gate)
    resolver = Resolver(uv, ENDPOINTS, lambda name, _: [] if name == "p9" else [file(f"{name}-1.tar.gz")])
    with ThreadPoolExecutor(10) as pool:
        answers = [pool.submit(resolver.ask, [name]) for name in names]
        deadline = time.monotonic() + 10
        while len(resolver._waiting) + len(uv.asked) < 10 and time.monotonic() < deadline:
            time.sleep(0.001)
        gate.set()
        assert [answer.result(5) for answer in answers] == [True] * 9 + [False]
    assert len(uv.asked[0]) == 1
    assert any(len(asked) == 9 for asked in uv.asked)


@pytest.mark.real
def test_the_real_resolver_answers(tmp_path: Path) -> None:
    wheels = (
        Seed(name="acme-core", version="1.2.0"),
        Seed(name="acme-old", version="1.0.0", requires_python="<3.9"),
        Seed(name="acme-gone", version="1.0.0", yanked=True),
    )
    with World(seed=WorldSeed(python=wheels), environment=NOWHERE) as world:
        processes = doors(world.environment())
        registry = PythonRegistry(
            processes, Http(processes.redactor, environment=processes.environment), settings()
        )
        assert registry.resolvable(["acme-core==1.2.0"]) is True
        assert registry.resolvable(["acme-core==1.3.0"]) is False
        assert registry.resolvable(["acme-old==1.0.0"]) is True
        built = tmp_path / "acme_core-1.3.0-py3-none-any.whl"
        built.write_bytes(wheel(metadata()))
        registry.upload(artifact(built), tmp_path)
        assert registry.resolvable([registry.requirement(package(), "1.3.0")]) is True


@pytest.mark.real
def test_an_index_that_does_not_answer_is_unknown() -> None:
    processes = doors({"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple/"})
    assert (
        PythonRegistry(
            processes, Http(processes.redactor, environment=processes.environment), settings()
        ).resolvable(["acme-core==1"])
        is None
    )
