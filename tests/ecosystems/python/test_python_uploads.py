from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from python_bench import NOWHERE, artifact, doors, ended, metadata, package, settings, wheel

from castoff.ecosystems.python.registry import PythonRegistry
from castoff.ecosystems.python.uploader import outcome_of
from castoff.io.http import Http
from castoff.model.acts import Succeeded, Unclear
from castoff.model.observations import Present
from castoff.model.workspace import Artifact
from castoff.world.faults import parse_faults
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World

SEED = WorldSeed(python=(Seed(name="acme-core", version="1.2.0"),))


@pytest.fixture
def built(tmp_path: Path) -> Artifact:
    file = tmp_path / "acme_core-1.3.0-py3-none-any.whl"
    file.write_bytes(wheel(metadata()))
    return artifact(file)


@pytest.mark.parametrize(
    ("code", "errors", "expected"),
    [
        pytest.param(0, "", "succeeded", id="done"),
        pytest.param(0, "error: oh no", "succeeded", id="done, whatever it reports"),
        pytest.param(2, "", "it ended with code 2", id="failed without a word"),
        pytest.param(
            2, "Server returned status code 403 Forbidden", "403 Forbidden", id="prose decides nothing"
        ),
        pytest.param(124, "(took too long)", "took too long", id="took too long"),
        pytest.param(-9, "", "it ended with code -9", id="killed"),
    ],
)
def test_the_outcome_comes_from_the_exit_code(built: Artifact, code: int, errors: str, expected: str) -> None:
    outcome = outcome_of(built, ended(code, errors), "uv publish")
    if expected == "succeeded":
        assert outcome == Succeeded()
        return
    assert isinstance(outcome, Unclear)
    assert expected in outcome.reason
    assert outcome.problem is not None
    assert (outcome.problem.code, outcome.problem.reason) == ("upload-failed", outcome.reason)


@pytest.mark.real
def test_a_client_without_a_token_fails_in_its_own_words(built: Artifact, tmp_path: Path) -> None:
    with World(seed=SEED, environment=NOWHERE, outside=False) as world:
        known = world.environment()
        processes = doors(
            {name: known[name] for name in known if not name.startswith(("UV_PUBLISH_T", "TWINE_"))}
        )
        http = Http(processes.redactor, environment=processes.environment)

        outcome = PythonRegistry(processes, http, settings(publish="uv")).upload(built, tmp_path)

        assert not [one for one in world.journal.entries() if one.method == "POST"]
    assert isinstance(outcome, Unclear)
    assert "credentials" in outcome.reason


@pytest.mark.real
def test_twine_without_tokens_uses_none_of_its_file_or_of_a_keyring(built: Artifact, tmp_path: Path) -> None:
    with World(seed=SEED, environment=NOWHERE, outside=False) as world:
        known = world.environment()
        login = (
            f"username = __token__\npassword: {known['TWINE_PASSWORD'][:4]}\n  {known['TWINE_PASSWORD'][4:]}"
        )
        address = f"repository = {known['TWINE_REPOSITORY_URL']}"
        (tmp_path / ".pypirc").write_text(
            f"[distutils]\nindex-servers =\n    house\n[house]\n{login}\n{address}\n", encoding="utf-8"
        )
        variables = {
            name: known[name] for name in known if name not in ("TWINE_REPOSITORY_URL", "UV_PUBLISH_URL")
        }
        processes = doors({**variables, "HOME": str(tmp_path), "TWINE_REPOSITORY": "house"})
        http = Http(processes.redactor, environment=processes.environment)

        registry = PythonRegistry(processes, http, settings(publish="twine"), tokenless=True)
        outcome = registry.upload(built, tmp_path)

        assert not [one for one in world.journal.entries() if one.method == "POST"]
    assert isinstance(outcome, Unclear)
    assert "Credential not found" in outcome.reason


@contextmanager
def world_with(*script: Mapping[str, object], client: str = "uv") -> Iterator[tuple[World, PythonRegistry]]:
    faults = parse_faults(
        json.dumps({"rules": [{"service": "python", "method": "POST", **one} for one in script]})
    )
    with World(seed=SEED, faults=faults, environment=NOWHERE, outside=False) as world:
        processes = doors(world.environment())
        yield (
            world,
            PythonRegistry(
                processes,
                Http(processes.redactor, environment=processes.environment),
                settings(publish=client),
            ),
        )


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


@pytest.mark.real
@pytest.mark.parametrize("client", ["uv", "twine"])
@pytest.mark.parametrize(
    ("effect", "lists"),
    [
        pytest.param({"rate_limit": 7}, False, id="429"),
        pytest.param({"lost_reply": 0}, True, id="lost reply"),
    ],
)
def test_a_failure_is_unclear_and_the_index_tells_what_came_of_it(
    built: Artifact, tmp_path: Path, effect: Mapping[str, object], lists: bool, client: str
) -> None:
    with world_with({"effect": effect, "times": 1}, client=client) as (_, registry):
        assert isinstance(registry.upload(built, tmp_path), Unclear)
        assert (built.filename in registry.look(package(), "1.3.0").files) is lists


@pytest.mark.real
@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param([{"status": 503, "method": "POST"}], "upload-failed", id="uploads alone"),
        pytest.param(
            [{"status": 503, "method": "POST"}, {"status": 503, "method": "GET"}], None, id="all of it"
        ),
        pytest.param(
            [{"status": 401, "method": "POST"}, {"status": 401, "method": "GET"}], "upload-failed", id="401"
        ),
    ],
)
def test_only_while_the_endpoint_is_down_an_upload_is_tried_again_later(
    built: Artifact, tmp_path: Path, script: Sequence[Mapping[str, object]], code: str | None
) -> None:
    rules = [{"method": one["method"], "effect": {"status": one["status"]}} for one in script]
    with world_with(*rules) as (_, registry):
        outcome = registry.upload(built, tmp_path)

    assert isinstance(outcome, Unclear)
    assert (outcome.problem.code if outcome.problem else None) == code


@pytest.mark.real
def test_other_bytes_under_a_used_name_are_refused(built: Artifact, tmp_path: Path) -> None:
    with world_with() as (_, registry):
        assert registry.upload(built, tmp_path) == Succeeded()
        Path(built.path).write_bytes(wheel(metadata(), {"acme_core/__init__.py": "x = 2\n"}))
        changed = artifact(Path(built.path))
        assert isinstance(registry.upload(changed, tmp_path), Unclear)
        assert registry.compare(changed, built.digest) == "no"


@pytest.mark.real
def test_no_secret_reaches_an_argument_or_an_outcome(built: Artifact, tmp_path: Path) -> None:
    with world_with({"effect": {"deny": "the token world-token is wrong"}}) as (world, _):
        environment = {**world.environment(), "UV_PUBLISH_TOKEN": "pypi-very-secret"}
        from castoff.io.process import Processes
        from castoff.redaction import Redactor

        processes = Processes({**doors().environment, **environment}, Redactor.of_environment(environment))
        registry = PythonRegistry(
            processes, Http(processes.redactor, environment=processes.environment), settings()
        )
        outcome = registry.upload(built, tmp_path)
        assert "pypi-very-secret" not in repr(outcome)
        assert isinstance(outcome, Unclear)
