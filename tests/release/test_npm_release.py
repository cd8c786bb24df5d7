"""A release of npm packages on the embedded world, with the real npm."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.session.reporters import Silence
from castoff.wiring.sample import play_demo

pytestmark = [
    pytest.mark.real,
    pytest.mark.whole,
    pytest.mark.needs("npm"),
]


def test_the_sample_is_released_facade_last_and_as_latest(tmp_path: Path) -> None:
    result, world = play_demo(tmp_path, "npm", Silence())

    npm = world["npm"]
    assert isinstance(npm, dict)
    assert [one.stage.name for one in result.stages if one.state not in ("done", "off")] == []
    assert [one.package for one in result.uploads][-1] == "orchard"
    assert {one["package"]: one["version"] for one in npm["uploads"]} == {
        f"orchard{name}": "1.1.0" for name in ("", "-bees", "-fruit", "-soil", "-trees")
    }
    assert {name: tags["latest"] for name, tags in npm["tags"].items()} == {
        f"orchard{name}": "1.1.0" for name in ("", "-bees", "-fruit", "-soil", "-trees")
    }
