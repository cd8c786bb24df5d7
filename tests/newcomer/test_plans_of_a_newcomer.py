"""What a plan tells somebody who mistyped a version."""

from __future__ import annotations

import pytest
from newcomer_bench import Shore


@pytest.fixture(scope="module")
def shore(tmp_path_factory: pytest.TempPathFactory) -> Shore:
    return Shore.made(tmp_path_factory.mktemp("shore"), {})


@pytest.mark.parametrize(
    ("level", "codes"),
    [
        pytest.param("13.0", {"version-skips-a-step", "version-shorter"}, id="a point too few"),
        pytest.param("1.3", {"version-shorter"}, id="a number too few"),
        pytest.param("1.4.0", {"version-skips-a-step"}, id="a minor left out"),
        pytest.param("1.3.1", {"version-skips-a-step"}, id="a patch of what was never released"),
        pytest.param("1.3.0", set(), id="the next minor"),
        pytest.param("2.0.0rc1", set(), id="a candidate of the next major"),
        pytest.param("patch", set(), id="a level"),
    ],
)
def test_a_version_that_looks_mistyped_is_warned_of(
    level: str, codes: set[str], shore: Shore, capfd: pytest.CaptureFixture[str]
) -> None:
    assert shore.castoff("plan", level) == 0

    said = capfd.readouterr().err
    assert {
        code for code in ("version-skips-a-step", "version-shorter") if f"warning[{code}]" in said
    } == codes
