"""A claim by a ref stands only if nothing was released from its branch since the run computed its version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from castoff.errors import Refusal
from castoff.model.intent import Claim
from castoff.model.versions import ReleaseVersion
from castoff.release.rivals import require_first
from castoff.session.session import Session, open_session
from session.versioned import Versioned

FROM_TAGS = """[project]
name = "zz-a"
dynamic = ["version"]

[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[tool.hatch.version]
source = "vcs"
"""


@pytest.fixture
def made(tmp_path: Path) -> Versioned:
    return Versioned.begin(tmp_path, {"pyproject.toml": FROM_TAGS}, "1.0.0")


@pytest.fixture
def session(made: Versioned) -> Iterator[Session]:
    """Compute 1.1.0 from 1.0.0, and claim it after whatever the test did."""
    with open_session(made.setting()) as session:
        yield session


def claimed(made: Versioned, session: Session) -> None:
    head = session.snapshot.head
    made.git("tag", "--annotate", "-m", "1.1.0", "stamp", head)
    made.git("push", "--quiet", "origin", f"{head}:refs/castoff/1.1.0", "stamp:refs/castoff/on/main")
    require_first(session, session.release(Claim(version=ReleaseVersion(1, 1, 0), commit=head)))


def claims(made: Versioned) -> list[str]:
    return made.git("ls-remote", "--refs", "origin", "refs/castoff/*").split()[1::2]


@pytest.mark.parametrize("tag", ["1.0.1", "2.0.0", "1.1.0rc1"])
def test_a_claim_is_taken_back_if_another_run_finished_a_release_meanwhile(
    made: Versioned, session: Session, tag: str
) -> None:
    made.git("push", "--quiet", "origin", f"main:refs/tags/{tag}")

    with pytest.raises(Refusal) as caught:
        claimed(made, session)

    (problem,) = caught.value.problems
    assert (problem.code, f"claimed {tag} while" in problem.message) == ("claimed-by-another", True)
    assert claims(made) == []


@pytest.mark.parametrize(
    ("place", "tag"),
    [(None, "1.0.1"), ("branch", "1.0.1"), ("main", "nightly")],
    ids=["nothing happened", "a hotfix on another branch", "a tag that is not a release"],
)
def test_a_claim_stands_otherwise(made: Versioned, session: Session, place: str | None, tag: str) -> None:
    if place == "branch":
        made.git("switch", "--quiet", "--create", "1.0.x", "1.0.0")
        made.commit({"fix.txt": "fix"})
        made.git("push", "--quiet", "origin", "1.0.x")
    if place:
        made.git("push", "--quiet", "origin", f"HEAD:refs/tags/{tag}")

    claimed(made, session)

    assert claims(made) == ["refs/castoff/1.1.0", "refs/castoff/on/main"]
