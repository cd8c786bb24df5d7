"""C8: several machines release at the same time; one release comes of it, and everybody is told."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from proofs.small import write_small
from proofs.worlds import Stage, make_key, make_source, stage_of

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make the key and the source that every case clones."""
    folder = tmp_path_factory.mktemp("releasers")
    key = make_key(folder)
    return key, make_source(folder / "source", key, write_small(folder / "sample"))


@pytest.mark.parametrize(
    ("levels", "apart"),
    [
        pytest.param(("1.1.0", "1.1.0"), 1, id="two, the same version"),
        pytest.param(("minor", "1.1.0"), 0, id="two, the very same commit"),
        pytest.param(("1.1.0", "2.0.0"), 1, id="two, different versions"),
        pytest.param(("minor", "minor", "minor", "minor"), 1, id="four, the same level"),
        pytest.param(("1.0.1", "1.1.0", "2.0.0", "1.1.0"), 0, id="four, different versions and commits"),
    ],
)
def test_releasing_at_the_same_time_makes_one_release(
    levels: tuple[str, ...], apart: int, ground: tuple[Path, Path], tmp_path: Path
) -> None:
    """One wins, the others help to finish or are refused; nothing goes up twice, nothing stays half done.

    ``apart``: how many seconds lie between their commits; with 0, the same version makes the same commit.
    """
    key, source = ground
    with stage_of(tmp_path, key, source) as here:
        clones = [here.checkout() for _ in levels]
        running = [
            here.start(clone, "release", level, "--execute", "--yes", "--json", second=number * apart)
            for number, (clone, level) in enumerate(zip(clones, levels, strict=True))
        ]
        ends = [(process.communicate(timeout=300)[0].decode(), process.returncode) for process in running]

        told = [_codes(output) for output, code in ends if code != 0]
        assert {code for _, code in ends} <= {0, 4}, ends
        assert 0 in [code for _, code in ends], ends
        allowed = {"claimed-by-another", "release-in-flight", "version-burnt"}
        assert all(codes and codes <= allowed for codes in told), ends
        _whole_and_once(here)


@pytest.mark.whole
def test_a_loser_of_the_race_can_help_to_finish(ground: tuple[Path, Path], tmp_path: Path) -> None:
    """Who was told of another's claim resumes it with the command in the remedy, and nothing goes up twice."""
    key, source = ground
    with stage_of(tmp_path, key, source) as here:
        first = here.start(here.checkout(), "release", "minor", "--execute", "--yes")
        second = here.start(here.checkout(), "release", "major", "--execute", "--yes")
        first.communicate(timeout=300)
        second.communicate(timeout=300)
        ((_, claimed),) = claims(here)

        code, output = here.run(here.checkout(), "resume", claimed, "--execute", "--yes")

        assert code == 0, output
        _whole_and_once(here)


def claims(here: Stage) -> list[tuple[str, str]]:
    """List the release commits after 1.0.0 on the remote's branch: commit, version."""
    log = here.git(here.world.repository.path, "log", "--format=%H %s", "1.0.0..main")
    rows = [line.split(" ", 2) for line in log.splitlines()]
    return [(row[0], row[2]) for row in rows if row[1] == "release"]


def _whole_and_once(here: Stage) -> None:
    dump = json.loads(here.dump())
    tags = [ref for ref in dump["git"]["refs"] if ref.startswith("refs/tags/") and not ref.endswith("/1.0.0")]
    assert len(tags) == 1, tags
    version = tags[0].rpartition("/")[2]
    uploads = Counter(one["filename"] for one in dump["python"]["uploads"])
    assert uploads == {
        f"{name}-{version}{end}": 1
        for name in ("proof", "proof_core")
        for end in (".tar.gz", "-py3-none-any.whl")
    }
    sent = Counter(
        entry.subject
        for entry in here.world.journal.entries()
        if (entry.service, entry.method) == ("python", "POST")
    )
    assert sent == uploads, sent
    assert claims(here) == [(dump["git"]["refs"][tags[0]]["commit"], version)]
    assert [one["draft"] for one in dump["forge"]["releases"]] == [False]


def _codes(output: str) -> set[str]:
    """Read the object that `--json` prints; talk on stderr stands before it."""
    value = json.loads(output[output.index("{\n") :])
    return {problem["code"] for problem in value["problems"]}
