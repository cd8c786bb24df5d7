from __future__ import annotations

from pathlib import Path

import pytest
from python_bench import NOWHERE, artifact, doors, metadata, package, settings, wheel

from castoff.ecosystems.python.builder import PythonBuilder
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from castoff.world.world import World

pytestmark = pytest.mark.real


def test_uvs_own_variables_say_where_else_to_look(tmp_path: Path) -> None:
    """A package lies in one index and what it needs in another; only uv's variables name both."""
    outside = WorldSeed(python=(Seed(name="far-away", version="2.0"),))
    needing = Seed(name="acme-core", version="1.3.0", requires_dist=("far-away>=1",))
    file = tmp_path / "acme_core-1.3.0-py3-none-any.whl"
    file.write_bytes(wheel(metadata("acme-core", "1.3.0", "Requires-Dist: far-away>=1")))
    with (
        World(seed=outside, environment=NOWHERE) as far,
        World(seed=WorldSeed(python=(needing,)), environment={"UV_DEFAULT_INDEX": far.python.url}) as near,
    ):
        index = f"{near.python.url}/simple/"
        variables = {
            "UV_INDEX": index,
            "UV_DEFAULT_INDEX": f"{far.python.url}/simple/",
            "PIP_INDEX_URL": index,
        }
        builder = PythonBuilder(doors({**near.environment(), **variables}), settings(), 0)
        assert builder.verify(package(), [artifact(file)], tmp_path) == ()
