from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from python_bench import NOWHERE, artifact, doors, ended, metadata, package, settings, wheel

from castoff.ecosystems.python.registry import PythonRegistry
from castoff.ecosystems.python.uploading import outcome_of
from castoff.http import Http
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.observations import Present
from castoff.model.workspace import Artifact
from castoff.watching import Watched
from castoff.world.faults import parse_faults
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World

SEED = WorldSeed(python=(Seed(name="acme-core", version="1.2.0"),))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
RECORD = "DEBUG Response code for https://index.example/: {} Some Words\nDEBUG more\nerror: oh no\n"


@pytest.fixture
def built(tmp_path: Path) -> Artifact:
    file = tmp_path / "acme_core-1.3.0-py3-none-any.whl"
    file.write_bytes(wheel(metadata()))
    return artifact(file)


@pytest.mark.parametrize(
    ("code", "errors", "status", "headers", "expected"),
    [
        pytest.param(0, "", None, {}, "succeeded", id="done"),
        pytest.param(2, "error: oh no", None, {}, "unclear", id="no status at all"),
        pytest.param(2, "Server returned status code 403 Forbidden", None, {}, "unclear", id="prose alone"),
        pytest.param(2, RECORD.format(403), None, {}, "permission-denied", id="403 in the log"),
        pytest.param(2, RECORD.format(400), None, {}, "upload-refused", id="400 in the log"),
        pytest.param(2, RECORD.format(503), None, {}, "unclear", id="503 in the log"),
        pytest.param(2, RECORD.format(408), None, {}, "unclear", id="408 in the log"),
        pytest.param(2, RECORD.format(429), None, {}, 60.0, id="429 in the log"),
        pytest.param(1, "", 429, {"retry-after": "7"}, 7.0, id="429 seen"),
        pytest.param(1, "", 429, {"retry-after": "Sun, 22 Nov 2026 00:00:09 GMT"}, 9.0, id="429 with a date"),
        pytest.param(1, "", 401, {}, "permission-denied", id="401 seen"),
        pytest.param(1, RECORD.format(503), 400, {}, "upload-refused", id="what was seen comes first"),
        pytest.param(124, "", None, {}, "unclear", id="took too long"),
        pytest.param(-9, "", None, {}, "unclear", id="killed"),
        pytest.param(2, "", 200, {}, "unclear", id="failed after the answer"),
    ],
)
def test_the_outcome_comes_from_codes_and_data(
    built: Artifact,
    code: int,
    errors: str,
    status: int | None,
    headers: Mapping[str, str],
    expected: str | float,
) -> None:
    outcome = outcome_of(built, ended(code, errors), Watched(status, headers), NOW)
    assert named(outcome) == expected


def test_the_log_is_not_shown_to_people(built: Artifact) -> None:
    outcome = outcome_of(built, ended(2, RECORD.format(400)), Watched(), NOW)
    assert isinstance(outcome, Refused)
    assert outcome.problem.reason == "error: oh no"


def test_a_client_that_sent_nothing_ends_it_at_once(built: Artifact) -> None:
    outcome = outcome_of(built, ended(2, "error: Missing credentials\n"), Watched(asked=False), NOW)

    assert isinstance(outcome, Refused)
    assert outcome.unasked
    assert (outcome.problem.code, outcome.problem.reason) == ("upload-not-sent", "error: Missing credentials")


@pytest.mark.real
def test_uv_without_a_token_sends_nothing_and_is_not_asked_again(built: Artifact, tmp_path: Path) -> None:
    with World(seed=SEED, environment=NOWHERE) as world:
        known = world.environment()
        processes = doors(
            {name: known[name] for name in known if not name.startswith(("UV_PUBLISH_T", "TWINE_"))}
        )
        registry = PythonRegistry(processes, Http(processes.redactor), settings(publish="uv"))

        outcome = registry.upload(built, tmp_path)

    assert named(outcome) == "upload-not-sent"


def named(outcome: Outcome) -> str | float:
    match outcome:
        case Succeeded():
            return "succeeded"
        case Refused(problem):
            return problem.code
        case Throttled(retry_after=seconds):
            return seconds
        case Unclear():
            return "unclear"


@contextmanager
def world_with(*script: Mapping[str, object], client: str = "uv") -> Iterator[tuple[World, PythonRegistry]]:
    faults = parse_faults(
        json.dumps({"rules": [{"service": "python", "method": "POST", **one} for one in script]})
    )
    with World(seed=SEED, faults=faults, environment=NOWHERE) as world:
        processes = doors(world.environment())
        yield world, PythonRegistry(processes, Http(processes.redactor), settings(publish=client))


@pytest.mark.real
@pytest.mark.parametrize("client", ["uv", "twine"])
def test_a_file_is_uploaded_and_seen(built: Artifact, tmp_path: Path, client: str) -> None:
    with world_with(client=client) as (_, registry):
        assert registry.look(package(), "1.3.0").files == {}
        assert registry.upload(built, tmp_path) == Succeeded()
        listing = registry.look(package(), "1.3.0")
        answer = listing.files[built.filename]
        assert isinstance(answer, Present)
        assert answer.digest == built.digest
        assert registry.compare(built, answer.digest) == "bytes"
        assert registry.compare(built, "0" * 64) == "not-comparable"
        assert registry.upload(built, tmp_path) == Succeeded(), "the same bytes are welcome again"


FAULTS = [
    pytest.param({"rate_limit": 7}, 7.0, id="429 with seconds"),
    pytest.param({"deny": "not yours"}, "permission-denied", id="403"),
    pytest.param({"status": 503, "when": "before"}, "unclear", id="503 before the effect"),
    pytest.param({"status": 504, "when": "after"}, "unclear", id="504 after the effect"),
    pytest.param({"status": 400, "when": "before", "body": "no"}, "upload-refused", id="400"),
    pytest.param({"cut": "before"}, "unclear", id="cut before the effect"),
    pytest.param({"cut": "after"}, "succeeded", id="cut in the answer, after its status"),
    pytest.param({"lost_reply": 0}, "unclear", id="lost reply"),
]


@pytest.mark.real
@pytest.mark.parametrize(("effect", "expected"), FAULTS)
def test_each_fault_of_the_index_has_its_outcome(
    built: Artifact, tmp_path: Path, effect: Mapping[str, object], expected: str | float
) -> None:
    with world_with({"effect": effect}) as (_, registry):
        assert named(registry.upload(built, tmp_path)) == expected


@pytest.mark.real
def test_twines_failures_are_told_apart_too(built: Artifact, tmp_path: Path) -> None:
    with world_with({"effect": {"rate_limit": 4}}, client="twine") as (_, registry):
        assert named(registry.upload(built, tmp_path)) == 4.0


@pytest.mark.real
def test_other_bytes_under_a_used_name_are_refused(built: Artifact, tmp_path: Path) -> None:
    with world_with() as (_, registry):
        assert registry.upload(built, tmp_path) == Succeeded()
        Path(built.path).write_bytes(wheel(metadata(), {"acme_core/__init__.py": "x = 2\n"}))
        changed = artifact(Path(built.path))
        outcome = registry.upload(changed, tmp_path)
        assert named(outcome) == "upload-refused"
        assert registry.compare(changed, built.digest) == "no"


@pytest.mark.real
def test_no_secret_reaches_an_argument_or_an_outcome(built: Artifact, tmp_path: Path) -> None:
    with world_with({"effect": {"deny": "the token world-token is wrong"}}) as (world, _):
        environment = {**world.environment(), "UV_PUBLISH_TOKEN": "pypi-very-secret"}
        from castoff.process import Processes
        from castoff.redaction import Redactor

        processes = Processes({**doors().environment, **environment}, Redactor.of_environment(environment))
        registry = PythonRegistry(processes, Http(processes.redactor), settings())
        outcome = registry.upload(built, tmp_path)
        assert "pypi-very-secret" not in repr(outcome)
        assert named(outcome) == "permission-denied"


@pytest.mark.real
def test_the_proxy_serves_nobody_else(built: Artifact, tmp_path: Path) -> None:
    import http.client

    with world_with() as (world, registry):
        assert registry.upload(built, tmp_path) == Succeeded()
        server = registry._uploader._watcher._server
        assert server is not None
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
        connection.request("GET", f"{world.python.url}/simple/")
        assert connection.getresponse().status == 403
        connection.close()
