"""Questions to registries for many packages at once: every answer counts, and none is waited for too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from castoff.errors import NotYet, Problem, Refusal, UsageError
from castoff.io.clock import SystemClock
from castoff.model.observations import Unknown
from castoff.model.versions import Ecosystem, ReleaseVersion
from castoff.model.workspace import Package
from castoff.session.registry_versions import Listed, no_answer, registry_versions, with_silence_named

Answer = Callable[[], Sequence[str] | Unknown]


def package(name: str, ecosystem: Ecosystem = "python") -> Package:
    return Package(name=name, ecosystem=ecosystem, path=name, manifest="m", version="1.0.0", version_file="m")


def setting(**answers: Answer) -> Any:
    registry = SimpleNamespace(versions=lambda package: answers[package.name]())
    return SimpleNamespace(
        registry=lambda ecosystem: registry,
        registries_within=lambda seconds: lambda ecosystem: registry,
        clock=SystemClock(),
    )


def missing_client() -> Sequence[str]:
    raise UsageError.of("program-missing", "`cargo` was not found")


@pytest.mark.parametrize("seconds", [None, 10.0])
@pytest.mark.parametrize(
    ("answer", "listed"),
    [
        pytest.param(lambda: ["1.0.0", "0.9.0"], ["1.0.0", "0.9.0"], id="versions"),
        pytest.param(list, [], id="no-such-name"),
        pytest.param(lambda: Unknown(reason="503"), Unknown(reason="503"), id="no-answer"),
        pytest.param(missing_client, Unknown(reason="`cargo` was not found"), id="no-client"),
    ],
)
def test_an_answer_is_versions_or_unknown(answer: Answer, listed: object, seconds: float | None) -> None:
    found = registry_versions(setting(a=answer), [package("a")], seconds=seconds)

    assert found.answers == {"a": listed}


def test_who_does_not_answer_in_time_is_unknown_and_holds_nobody_up() -> None:
    never = threading.Event()
    began = time.monotonic()

    found = registry_versions(
        setting(a=lambda: [str(never.wait(30))], b=lambda: ["1.0.0"]),
        [package("a"), package("b")],
        seconds=0.1,
    )

    assert time.monotonic() - began < 5.0
    assert found.answers == {"a": Unknown(reason="no answer within 0.1 seconds"), "b": ["1.0.0"]}
    never.set()


def test_questions_are_asked_side_by_side() -> None:
    meeting = threading.Barrier(3)

    def meet() -> Sequence[str]:
        meeting.wait(10)
        return []

    found = registry_versions(setting(a=meet, b=meet, c=meet), [package(name) for name in "abc"])

    assert dict(found.unknown) == {}


def test_only_release_versions_count() -> None:
    found = registry_versions(setting(a=lambda: ["1.0.0", "1.1.0.dev1", "1!2.0", "1.1.0rc1"]), [package("a")])

    assert found.of(package("a")) == (ReleaseVersion(1, 0, 0), ReleaseVersion(1, 1, 0, "rc", 1))


def test_a_package_that_nobody_was_asked_about_is_unknown() -> None:
    found = registry_versions(setting(), [])

    assert isinstance(found.of(package("a")), Unknown)


@pytest.mark.parametrize(
    ("answers", "messages"),
    [
        ({"a": list}, []),
        (
            {"a": lambda: Unknown(reason="503")},
            ["the registry did not answer for 1 of 1 package: `a`"],
        ),
        (
            {name: lambda: Unknown(reason="503") for name in "abcdefg"},
            ["the registry did not answer for 7 of 7 packages: `a`, `b`, `c`, `d`, `e`, ..."],
        ),
        (
            {"a": list, "b": lambda: Unknown(reason="503")},
            ["the registry did not answer for 1 of 2 packages: `b`"],
        ),
    ],
)
def test_what_did_not_answer_is_one_warning(answers: dict[str, Answer], messages: list[str]) -> None:
    packages = [package(name) for name in answers]

    problems = no_answer(registry_versions(setting(**answers), packages), len(packages))

    assert [one.message for one in problems] == messages
    assert {(one.code, one.severity) for one in problems} <= {("registry-unknown", "warning")}


DOWN = Unknown(reason="503")


@pytest.mark.parametrize(
    ("answer", "problems", "codes", "end"),
    [
        pytest.param(
            DOWN, [("build-failed", "a")], ["registry-unknown", "build-failed"], NotYet, id="a build"
        ),
        pytest.param(
            DOWN, [("verify-failed", "a")], ["registry-unknown", "verify-failed"], NotYet, id="a trial"
        ),
        pytest.param(
            DOWN,
            [("lock-not-updated", None)],
            ["registry-unknown", "lock-not-updated"],
            NotYet,
            id="a lock file",
        ),
        pytest.param(
            DOWN, [("install-failed", "a")], ["registry-unknown", "install-failed"], NotYet, id="an install"
        ),
        pytest.param(DOWN, [("pack-failed", "a")], ["registry-unknown", "pack-failed"], NotYet, id="a pack"),
        pytest.param(["1.0.0"], [("build-failed", "a")], ["build-failed"], Refusal, id="it answers"),
        pytest.param([], [("build-failed", "a")], ["build-failed"], Refusal, id="a new name"),
        pytest.param(DOWN, [("hook-failed", None)], ["hook-failed"], Refusal, id="no client that reads it"),
        pytest.param(
            DOWN,
            [("build-failed", "a"), ("metadata-refused", "a")],
            ["build-failed", "metadata-refused"],
            Refusal,
            id="another problem beside it",
        ),
        pytest.param(DOWN, [("build-failed", "b")], ["build-failed"], Refusal, id="of another registry"),
    ],
)
def test_a_client_that_fails_while_its_registry_is_silent_makes_nobody_act(
    answer: Listed, problems: list[tuple[str, str | None]], codes: list[str], end: type[Exception]
) -> None:
    services = setting(a=lambda: answer, b=lambda: ["1.0.0"])
    found = [Problem(code=code, message=code, package=name) for code, name in problems]

    with (
        pytest.raises(end) as caught,
        with_silence_named(services, [package("a"), package("b", "cargo")]),
    ):
        raise Refusal(*found)

    assert isinstance(caught.value, NotYet | Refusal)
    assert [one.code for one in caught.value.problems] == codes
    assert all(one.severity == "error" for one in caught.value.problems)
