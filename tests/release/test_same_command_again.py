from __future__ import annotations

import pytest

from castoff.errors import UsageError
from castoff.model.intent import Begin, Claim, History, Resume, meant_again
from castoff.model.versions import read


def settled(version: str) -> History:
    """Give a history in which castoff made the last release and nothing came since."""
    found = read(version)
    assert found is not None
    claim = Claim(version=found, commit="c", tagged=True)
    return History(previous=claim, released=(claim,), ours=True, idle=True)


@pytest.mark.parametrize(
    ("last", "level", "pre", "meant"),
    [
        pytest.param("1.1.0", "minor", None, None, id="the same command again"),
        pytest.param("1.1.0-rc.1", "minor", "rc", None, id="the same candidate again"),
        pytest.param("1.1.0-rc.1", "rc", None, None, id="the same level again"),
        pytest.param("1.1.0-rc.1", "release", None, "1.1.0", id="the release of the candidate"),
        pytest.param("1.1.0-rc.1", "minor", None, "1.1.0", id="a stable version after the candidate"),
        pytest.param("1.1.0-beta.2", "rc", None, "1.1.0-rc.1", id="the next kind"),
        pytest.param("1.1.0", "minor", "rc", "1.2.0-rc.1", id="a candidate after a stable version"),
    ],
)
def test_only_a_command_that_can_have_made_the_last_release_means_it_again(
    last: str, level: str, pre: str | None, meant: str | None
) -> None:
    intent = meant_again(settled(last), level, pre)

    if meant is None:
        assert isinstance(intent, Resume)
    else:
        assert intent == Begin(read(meant))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("released", "level", "pre", "meant"),
    [
        pytest.param(("1.1.0", "1.0.0"), "minor", None, None, id="the level that led there"),
        pytest.param(("1.1.0", "1.0.0"), "major", None, "2.0.0", id="a level that leads elsewhere"),
        pytest.param(("1.1.0", "1.0.0"), "patch", None, "1.1.1", id="a smaller one"),
        pytest.param(("1.1.0", "1.1.0-rc.1", "1.0.0"), "minor", None, None, id="past candidates"),
        pytest.param(("1.1.0-rc.2", "1.1.0-rc.1", "1.0.0"), "rc", None, None, id="the next candidate"),
        pytest.param(("1.1.0-rc.1", "1.0.0"), "minor", "rc", None, id="the first candidate"),
    ],
)
def test_a_level_means_the_last_release_again_only_if_it_leads_there(
    released: tuple[str, ...], level: str, pre: str | None, meant: str | None
) -> None:
    claims = tuple(
        Claim(version=version, commit="c", tagged=True) for text in released if (version := read(text))
    )
    history = History(previous=claims[0], released=claims, ours=True, idle=True)

    intent = meant_again(history, level, pre)

    assert intent == (Resume(claims[0]) if meant is None else Begin(read(meant)))  # type: ignore[arg-type]


def test_what_cannot_follow_is_still_refused() -> None:
    with pytest.raises(UsageError) as caught:
        meant_again(settled("1.1.0"), "rc")

    assert caught.value.problems[0].code == "level-needs-pre"
