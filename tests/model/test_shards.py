"""Shards of a build: who verifies what, and when several results are one build."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.model.shards import Shard, ShardFile, ShardResult, join, read_shard
from castoff.values import replace
from recorded import assert_recorded, problems_as_text

RECORD = Path(__file__).parent / "data" / "shard_problems.txt"


@pytest.mark.parametrize(
    ("text", "shard"),
    [
        ("1/1", Shard(1, 1)),
        ("2/4", Shard(2, 4)),
        ("5/4", None),
        ("0/4", None),
        ("1/0", None),
        ("01/4", None),
        ("1/4/5", None),
        ("", None),
        ("١/4", None),
        ("1/99999", None),
    ],
)
def test_a_shard_is_a_number_of_a_number(text: str, shard: Shard | None) -> None:
    assert read_shard(text) == shard
    assert shard is None or str(shard) == text


@given(st.lists(st.text(), unique=True), st.integers(1, 9))
def test_each_package_is_verified_by_one_shard(names: list[str], count: int) -> None:
    shares = [Shard(number, count).share(names) for number in range(1, count + 1)]

    assert sorted(name for share in shares for name in share) == sorted(names)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


FILES = tuple(
    ShardFile(package=name, filename=f"{name}-1.0.0.crate", digest=name[0] * 64) for name in ("a", "b", "c")
)
ONE = ShardResult(version="1.0.0", shard=Shard(1, 2), files=FILES, verified=("a", "c"))
TWO = replace(ONE, shard=Shard(2, 2), verified=("b",))
OTHER = (FILES[0], replace(FILES[1], digest="f" * 64), FILES[2])


JOINED = [
    ((ONE, TWO), [], ""),
    ((TWO, ONE), [], ""),
    ((ONE, TWO, TWO), [], ""),
    ((ONE,), ["shards-incomplete"], "2/2"),
    ((ONE, ONE), ["shards-incomplete"], "2/2"),
    ((ONE, replace(TWO, shard=Shard(2, 3))), ["shards-incomplete"], "not of one build"),
    ((ONE, replace(TWO, version="1.0.1")), ["shards-incomplete"], "not of one build"),
    ((ONE, replace(TWO, verified=())), ["shards-incomplete"], "no shard verified `b`"),
    ((ONE, replace(TWO, files=OTHER)), ["not-reproducible"], "`b-1.0.0.crate` differs"),
    ((ONE, replace(TWO, files=FILES[:2])), ["not-reproducible"], "`c-1.0.0.crate` differs"),
    ((replace(ONE, files=FILES[:2]), TWO), ["not-reproducible"], "`c-1.0.0.crate` differs"),
    ((ONE, TWO, replace(TWO, files=OTHER)), ["not-reproducible"], "shard 2/2"),
    ((replace(ONE, shard=Shard(1, 3)),), ["shards-incomplete"], "2/3, 3/3"),
    ((ONE, replace(TWO, files=FILES[:1])), ["not-reproducible", "not-reproducible"], "differs"),
]


def test_each_problem_of_shards_reads_as_recorded() -> None:
    assert_recorded(
        RECORD, "".join(problems_as_text(str(n), join(one[0])[1]) for n, one in enumerate(JOINED))
    )


@pytest.mark.parametrize(("results", "codes", "words"), JOINED, ids=range(len(JOINED)))
def test_results_are_joined_if_they_are_one_build(
    results: tuple[ShardResult, ...], codes: list[str], words: str
) -> None:
    files, problems = join(results)

    assert files == results[0].files, "the first result wins"
    assert [one.code for one in problems] == codes
    assert all(words in one.message for one in problems)
