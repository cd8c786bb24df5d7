"""A release without tokens, whole: in a CI job that the registries trust, in another one, and on nobody's CI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from castoff.world.seed import WorldSeed
from proofs.small import write_small
from proofs.worlds import Stage, make_key, make_source, stage_of

pytestmark = pytest.mark.real

JOB = {"workflow": "castoff-resume.yml", "environment": "release", "repository": "acme/harbour"}
PUBLISHER = {"repository": "acme/harbour", "workflow": "castoff-resume.yml", "environment": "release"}


@contextmanager
def stage(folder: Path, job: Mapping[str, Any] = JOB, **machine: str) -> Iterator[Stage]:
    sample = write_small(folder / "sample")
    (sample / "castoff.toml").write_text("[release]\ntokenless = true\n")
    key = make_key(folder)
    publishers = {"trusted": {"proof-core": PUBLISHER, "proof": PUBLISHER}}
    seed = WorldSeed(job=dict(job), python_publishers=publishers)
    with stage_of(folder, key, make_source(folder / "source", key, sample), seed=seed) as made:
        made.machine = machine
        yield made


def exchanges(made: Stage) -> list[int | None]:
    return [one.status for one in made.world.journal.entries() if one.path == "/_/oidc/mint-token"]


def heads(made: Stage) -> Any:
    return made.world.repository.dump()


def test_a_release_uploads_by_the_job_alone(tmp_path: Path) -> None:
    with stage(tmp_path) as made:
        code, output = made.run(made.checkout(), "release", "minor", "--execute")

        assert code == 0, output
        assert len(made.world.python_index.store.dump()) == 4
        # One to try before anything is claimed, and one for each file.
        assert exchanges(made) == [200] * 5


@pytest.mark.parametrize(
    ("job", "machine", "code"),
    [
        ({**JOB, "workflow": "ci.yml"}, {}, "publisher-missing"),
        ({**JOB, "environment": None}, {}, "publisher-missing"),
        ({**JOB, "caller": "all.yml", "workflow": "other.yml"}, {}, "workflow-called"),
        ({**JOB, "event": "pull_request_target"}, {}, "event-refused"),
        (JOB, {"ACTIONS_ID_TOKEN_REQUEST_URL": ""}, "identity-token-missing"),
        (JOB, {"GITHUB_ACTIONS": "false"}, "tokenless-outside-ci"),
    ],
    ids=["workflow", "environment", "called", "event", "rights", "no-ci"],
)
def test_a_job_without_a_publisher_stops_before_the_claim(
    tmp_path: Path, job: Mapping[str, Any], machine: Mapping[str, str], code: str
) -> None:
    with stage(tmp_path, job, **machine) as made:
        before = heads(made)

        ended, output = made.run(made.checkout(), "release", "minor", "--execute")

        assert (ended, f"[{code}]" in output) == (4, True), output
        assert heads(made) == before
        assert made.world.python_index.store.dump() == []


def test_the_plan_has_the_file_of_digests_between_draft_and_announcement(tmp_path: Path) -> None:
    with stage(tmp_path, GITHUB_ACTIONS="false") as made:
        code, output = made.run(made.checkout(), "plan", "minor", "--json")

        assert code == 0, output
        acts = [one["id"] for one in json.loads(output)["acts"] if one["stage"] in ("draft", "announce")]
        assert acts == ["draft:create", "draft:asset:SHA256SUMS", "announce:publish"]


def test_outside_of_ci_a_check_and_a_plan_pass(tmp_path: Path) -> None:
    with stage(tmp_path, GITHUB_ACTIONS="false") as made:
        clone = made.checkout()

        code, output = made.run(clone, "check", "-v")

        assert code == 0, output
        assert "this is no CI job that may request identity tokens" in output
        assert "token:python" not in output
