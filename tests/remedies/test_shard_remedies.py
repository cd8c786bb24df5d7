"""Remedies for builds in shards: results that are not one build, and files that are no results."""

from __future__ import annotations

import json
from pathlib import Path

from castoff.model.shards import Shard, ShardFile, ShardResult, join
from castoff.release.build import read_shard_result
from castoff.values import replace
from remedies.following import Case, cases, follow, follow_row, follows

FILES = tuple(ShardFile(package=one, filename=f"{one}-1.0.0.crate", digest=one * 64) for one in "ab")
ONE = ShardResult(version="1.0.0", shard=Shard(1, 2), files=FILES, verified=("a",))
TWO = replace(ONE, shard=Shard(2, 2), verified=("b",))
ALONE = replace(ONE, shard=Shard(1, 1), verified=("a", "b"))

ROWS = [
    Case("shards-incomplete", [ONE], [ONE, TWO], "pass the result of each shard of one build"),
    Case(
        "not-reproducible",
        [ONE, replace(TWO, files=(FILES[0], replace(FILES[1], digest="f" * 64)))],
        [ONE, TWO],
        "commit the lock file",
    ),
    Case(
        "not-reproducible",
        [ONE, replace(TWO, files=FILES[:1])],
        [ALONE],
        "or build without `--shard`",
    ),
]


@cases(ROWS)
def test_shards_become_one_build(case: Case) -> None:
    follow_row(case, lambda results: join(results)[1])


@follows("shard-result-unreadable")
def test_a_result_is_what_a_shard_printed(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    whole = {
        "schema": "castoff/build",
        "version": "1.0.0",
        "shard": "1/1",
        "verified": ["a"],
        "artifacts": [],
    }
    for text in ("", "[]", '{"schema": "castoff/build"}', json.dumps({**whole, "shard": None}), "[" * 99_999):
        file.write_text(text)

        def look() -> object:
            read_shard_result(file)
            return ()

        follow(
            "shard-result-unreadable",
            look,
            told="what `castoff build VERSION --shard I/N --json` printed",
            do=lambda: file.write_text(json.dumps(whole)),
        )
