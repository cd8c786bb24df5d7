"""The spelling of versions in tags follows the newest pre-release of their form."""

from __future__ import annotations

import pytest

from castoff.model.refs import TagName
from castoff.model.versions import Ecosystem, read

CANDIDATE = read("1.2.0-rc.1")
assert CANDIDATE is not None


@pytest.mark.parametrize(
    ("tags", "usual", "named"),
    [
        pytest.param(["v1.1.0-rc.1"], "python", "v1.2.0-rc.1", id="SemVer in a Python project"),
        pytest.param(["v1.1.0rc1"], "python", "v1.2.0rc1", id="PEP 440 in a Python project"),
        pytest.param(["v1.1.0rc1"], "cargo", "v1.2.0rc1", id="PEP 440 in a Cargo workspace"),
        pytest.param(["v1.1.0", "v1.1.0-rc.1"], "python", "v1.2.0-rc.1", id="a stable one decides nothing"),
        pytest.param(["v1.1.0rc1", "v1.0.0-rc.1"], "python", "v1.2.0rc1", id="the newest one decides"),
        pytest.param(["x-1.1.0-rc.1", "v1.0.0"], "python", "v1.2.0rc1", id="one of another form"),
        pytest.param(["v1.1.0.rc1"], "python", "v1.2.0rc1", id="a spelling of its own"),
        pytest.param([], "python", "v1.2.0rc1", id="no tag in a Python project"),
        pytest.param([], "cargo", "v1.2.0-rc.1", id="no tag elsewhere"),
    ],
)
def test_a_candidate_is_tagged_as_those_before_it(tags: list[str], usual: Ecosystem, named: str) -> None:
    assert CANDIDATE is not None
    assert TagName.spelled_like(tags, "v{version}", usual).of(CANDIDATE) == named
