"""Answers of a registry that are no documents: nobody may take them for a package without versions."""

from __future__ import annotations

import json

import pytest
from npm_files import npm_package

from castoff.ecosystems.npm.client_runs import ClientRuns
from castoff.ecosystems.npm.packuments import Packuments
from castoff.io.process import Processes
from castoff.model.observations import Unknown
from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from castoff.world.world import World

pytestmark = pytest.mark.needs("npm")
BODIES = (
    "<html><body>Sign in</body></html>",
    '{"name": "beacon", "versions": ',
    "",
    "[]",
    "{}",
    '{"name": "beacon"}',
    '{"name": "other", "versions": {}}',
    '{"name": "beacon", "versions": ["1.1.0"]}',
    "[" * 100_000,
)


def test_an_answer_that_is_no_document_is_unknown() -> None:
    with World(seed=WorldSeed(npm={"packages": [{"name": "beacon", "version": "1.0.0"}]}), tls=True) as world:
        for body in BODIES:
            effect = {"status": 200, "body": body}
            rule = {"service": "npm", "method": "GET", "path": "*/beacon", "effect": effect}
            world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))
            found = Packuments(ClientRuns(Processes(world.child_environment()))).read(
                npm_package("beacon"), "1.1.0"
            )
            assert isinstance(found, Unknown), body[:40]
