"""What was begun, what was given up: by what the manifests say from commit to commit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.model.intent import Step, begun_in
from castoff.model.versions import read

A_RELEASE = read("1.0.0")


def steps(*texts: str | None) -> list[Step]:
    """Make a branch whose manifests say these versions one after the other."""
    pairs = itertools.pairwise(texts)
    return [Step(f"c{number}", before, after) for number, (before, after) in enumerate(pairs, start=1)]


@pytest.mark.parametrize(
    ("texts", "standing", "given_up"),
    [
        pytest.param(["1.0.0"], [], [], id="nothing"),
        pytest.param(["1.0.0", "1.1.0"], ["1.1.0@c1"], [], id="claimed"),
        pytest.param(["1.0.0", "1.1.0", "1.0.0"], [], ["1.1.0@c1"], id="reverted"),
        pytest.param(["1.0.0", "1.1.0", "1.0.0", "1.1.0"], ["1.1.0@c3"], [], id="claimed again"),
        pytest.param(["1.0.0", "1.1.0", "1.0.0", "1.2.0"], ["1.2.0@c3"], ["1.1.0@c1"], id="another instead"),
        pytest.param(
            ["1.0.0", "1.1.0", "1.2.0", "1.1.0"], ["1.1.0@c1"], ["1.2.0@c2"], id="second one reverted"
        ),
        pytest.param(["1.1.0.dev0", "1.1.0"], ["1.1.0@c1"], [], id="from a development version"),
        pytest.param(
            ["1.0.0", "1.1.0.dev0", "1.1.0", "1.1.0.dev0"], [], ["1.1.0@c2"], id="back to development"
        ),
        pytest.param(
            ["1.0.0", "1.1.0", "1.2.0.dev0"], ["1.1.0@c1"], [], id="development went on above a claim"
        ),
        pytest.param(["1.0.0", None, "1.1.0"], ["1.1.0@c2"], [], id="strays between"),
        pytest.param(["1.0.0", "1.2.0", "1.1.1"], ["1.1.1@c2"], ["1.2.0@c1"], id="a lower one after a bump"),
        pytest.param(["0.8.0", "0.9.0"], [], [], id="below what was released"),
        pytest.param(["1.0.0", "1.1.0-pre"], [], [], id="a spelling that castoff does not write"),
    ],
)
def test_a_branch_tells_what_was_begun_and_what_was_given_up(
    texts: list[str | None], standing: list[str], given_up: list[str]
) -> None:
    now = read(texts[-1]) if texts[-1] else None

    begun = begun_in(steps(*texts), A_RELEASE, now)

    assert [f"{one.version}@{one.commit}" for one in begun.standing] == standing
    assert [f"{one.version}@{one.commit}" for one in begun.given_up] == given_up


@pytest.mark.parametrize(
    ("texts", "standing"),
    [
        pytest.param(["0.9.0", "1.0.0"], ["1.0.0"], id="a first release"),
        pytest.param(["0.9.0", "1.0.0", "0.9.0"], [], id="a first release, reverted"),
        pytest.param(
            ["0.1.0", "0.2.0", "0.3.0"], ["0.3.0"], id="only the newest of many that were never tagged"
        ),
    ],
)
def test_without_a_release_only_the_newest_counts(texts: list[str | None], standing: list[str]) -> None:
    begun = begun_in(steps(*texts), None, read(texts[-1] or ""))

    assert [str(one.version) for one in begun.standing] == standing


@given(
    st.lists(
        st.sampled_from(["1.0.0", "1.1.0", "1.1.0.dev0", "1.2.0", "2.0.0-rc.1", None]), min_size=1, max_size=9
    )
)
def test_a_version_never_stands_and_is_given_up_at_once(texts: list[str | None]) -> None:
    now = read(texts[-1]) if texts[-1] else None

    begun = begun_in(steps(*texts), A_RELEASE, now)

    assert not {one.version for one in begun.standing} & {one.version for one in begun.given_up}
    assert all(now is None or one.version <= now for one in begun.standing)
    if now is not None and now > A_RELEASE and texts[-1] != texts[0]:
        assert now in {one.version for one in begun.standing}
