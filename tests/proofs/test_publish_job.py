"""The job that uploads without tokens, killed, without an exchange, and twice at once: a sample.

`scripts/proof kill|faults|races --tokenless` tries all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.exchange_faults import exchange_faults
from proofs.faulting import try_fault
from proofs.killing import Point
from proofs.publish_job import Kind, PublishJob, has_client, prepare, try_job_race, try_kill, undisturbed_job

pytestmark = pytest.mark.real

Ground = tuple[PublishJob, str, list[Point]]
KINDS: tuple[Kind, ...] = ("python", "cargo", "npm")


@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=[pytest.mark.whole] * (one != "python")) for one in KINDS],
)
def ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Do what comes before the job, and run it once undisturbed."""
    if not has_client(request.param):
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp("job")
    job = prepare(folder / "job", request.param)
    return (job, *undisturbed_job(folder / "undisturbed", job))


def test_a_killed_job_is_finished_by_the_next_one(ground: Ground, tmp_path: Path) -> None:
    """Killed while its second exchange is answered, after which a token is lost; the next job gets others."""
    job, expected, known = ground
    exchanges = [
        one for one in known if one.rule and ("oidc" in one.name or "trusted_publishing" in one.name)
    ]

    verdict = try_kill(tmp_path / "case", job, exchanges[len(exchanges) // 2], expected)

    assert verdict.killed, "it ended before it could be killed"
    assert verdict.complaints == ()


@pytest.mark.parametrize("name", ["the workflow was renamed", "exchange, for long: status 503"])
def test_an_exchange_that_fails_ends_the_job_as_its_cause_demands(
    ground: Ground, tmp_path: Path, name: str
) -> None:
    job, expected, _ = ground
    (fault,) = (one for one in exchange_faults(job.kind) if one.name == name)

    outcome = try_fault(tmp_path / "case", job.key, job.source, fault, expected, scene=job.scene)

    assert outcome.complaints == ()


@pytest.mark.whole
def test_two_jobs_at_once_upload_one_release(ground: Ground, tmp_path: Path) -> None:
    job, expected, _ = ground

    assert try_job_race(tmp_path / "case", job, 0, 2, expected).complaints == ()


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_faults_have_the_same_name(kind: Kind) -> None:
    names = [one.name for one in exchange_faults(kind)]

    assert len(set(names)) == len(names)
