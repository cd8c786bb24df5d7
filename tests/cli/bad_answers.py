"""Worlds that answer badly, or hold what must not be there, with the exit code and the stable code of each."""

from __future__ import annotations

import json
from collections.abc import Mapping

from castoff.world.faults import parse_faults
from castoff.world.python_index.minimal import Seed
from cli.bad_repositories import RELEASE, RESUME, claim
from cli.ground import Bad, Ground, Spoil

_INDEX = {"service": "python", "method": "GET", "path": "/simple/*"}
_RELEASES = {"service": "forge", "method": "GET", "path": "*/releases"}
_REPOSITORY = {"service": "forge", "method": "GET", "path": "/repos/*/harbour"}
_GRAPH = {"service": "forge", "path": "/graphql"}
_HUGE = '{"files": [' + '{"filename": "x", "url": "y"},' * 200_000 + "0]}"


def _answers(where: Mapping[str, object], body: str, status: int = 200) -> Spoil:
    rule = {**where, "effect": {"status": status, "body": body}}

    def spoil(ground: Ground) -> None:
        ground.here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))

    return spoil


def _index_holds(version: str, *, yanked: bool = False) -> Spoil:
    def spoil(ground: Ground) -> None:
        if version == "1.1.0 claimed":
            claim(ground)
        ground.here.world.python_index.seed([Seed(name="proof-core", version="1.1.0", yanked=yanked)])

    return spoil


def _seeded(times: int, *, draft: bool) -> Mapping[str, object]:
    return {"releases": [{"tag": "1.1.0", "name": "1.1.0", "draft": draft, "body": "x"}] * times}


ANSWERS = (
    Bad(
        name="index of HTML",
        command=RELEASE,
        exit=3,
        codes=("still-waiting",),
        spoil=_answers(_INDEX, "<html><body><h1>Sign in</h1>"),
    ),
    Bad(
        name="index cut short",
        command=RELEASE,
        exit=3,
        codes=("still-waiting",),
        spoil=_answers(_INDEX, '{"files": [{"fi'),
    ),
    Bad(name="huge index", command=RELEASE, exit=3, codes=("still-waiting",), spoil=_answers(_INDEX, _HUGE)),
    Bad(
        name="index that wants a login",
        command=RELEASE,
        exit=3,
        codes=("still-waiting",),
        spoil=_answers(_INDEX, "", 401),
    ),
    Bad(
        name="forge of HTML",
        command=RELEASE,
        exit=3,
        codes=("still-waiting",),
        spoil=_answers(_RELEASES, "<html><body><h1>Unicorn!</h1>"),
    ),
    Bad(
        name="forge cut short",
        command=RELEASE,
        exit=3,
        codes=("still-waiting",),
        spoil=_answers(_RELEASES, '[{"id": '),
    ),
    Bad(
        name="deep forge",
        command=RELEASE,
        exit=3,
        codes=("still-waiting",),
        spoil=_answers(_RELEASES, "[" * 200_000),
    ),
    Bad(
        name="changes of HTML",
        command="notes",
        exit=3,
        codes=("forge-unreachable",),
        spoil=_answers(_GRAPH, "<html>"),
    ),
    Bad(name="forge down, status", command="status", exit=0, codes=(), spoil=_answers(_RELEASES, "", 502)),
    Bad(
        name="version on the index",
        command=RELEASE,
        exit=4,
        codes=("version-burnt",),
        spoil=_index_holds("1.1.0"),
    ),
    Bad(
        name="version withdrawn",
        command=RELEASE,
        exit=4,
        codes=("version-burnt",),
        spoil=_index_holds("1.1.0", yanked=True),
    ),
    Bad(
        name="other contents on the index",
        command=RESUME,
        exit=4,
        codes=("different-contents",),
        spoil=_index_holds("1.1.0 claimed"),
    ),
    Bad(
        name="withdrawn from the index",
        command=RESUME,
        exit=4,
        codes=("artifact-withdrawn",),
        spoil=_index_holds("1.1.0 claimed", yanked=True),
    ),
    Bad(
        name="released by hand",
        command=RELEASE,
        exit=4,
        codes=("release-taken",),
        seed=_seeded(1, draft=False),
    ),
    Bad(
        name="two drafts",
        command=RESUME,
        exit=4,
        codes=("two-releases",),
        spoil=claim,
        seed=_seeded(2, draft=True),
    ),
    Bad(
        name="a token that may only read",
        command=RELEASE,
        exit=4,
        codes=("permission-denied",),
        seed={"default_permission": "read"},
    ),
    Bad(
        name="bad token",
        command=RELEASE,
        exit=4,
        codes=("unauthorized",),
        seed={"tokens": {"world-token": "bad"}},
    ),
)
