from __future__ import annotations

from collections.abc import Sequence

import pytest

from castoff.errors import CastoffError, Problem
from castoff.model.intent import Begin, Claim, History, Resume, meant, meant_again, named, to_resume
from castoff.model.versions import read
from castoff.values import replace


def claim(text: str, *, tagged: bool = False) -> Claim:
    version = read(text)
    assert version is not None
    return Claim(version=version, commit=f"{text:0<40}", tagged=tagged)


def history(
    released: Sequence[str] = (), unfinished: Sequence[str] = (), *, settled: bool = False
) -> History:
    claims = tuple(claim(text, tagged=True) for text in released)
    return History(
        previous=claims[0] if claims else None,
        released=claims,
        unfinished=tuple(claim(text) for text in unfinished),
        ours=settled,
        idle=settled,
    )


NEW = history()
IDLE = history(["1.2.0", "1.1.0"])
PRE = history(["1.3.0-rc.1", "1.2.0"])
BEGUN = history(["1.2.0", "1.1.0"], ["1.3.0"])
BEGUN_PRE = history(["1.2.0"], ["1.3.0-rc.1"])
UNTOLD = history(["1.2.0"], ["1.3.0-alpha.1"])
UNTOLD = replace(UNTOLD, unfinished=(replace(UNTOLD.unfinished[0], told=False),))
ALPHA = history(["1.2.0"], ["1.3.0-alpha.1"])
STABLE = replace(BEGUN, unfinished=(replace(BEGUN.unfinished[0], told=False),))
BOTH = replace(UNTOLD, unfinished=(*UNTOLD.unfinished, claim("1.2.1")))
TWICE = history(["1.2.0"], ["1.4.0", "1.3.0"])
FIRST = history([], ["0.1.0"])
OURS = history(["1.2.0", "1.1.0"], settled=True)
REOPENED = IDLE.reopened(IDLE.released[:1])
REOPENED_PRE = PRE.reopened(PRE.released[:1])


@pytest.mark.parametrize(
    ("seen", "level", "pre", "version"),
    [
        pytest.param(NEW, "minor", None, "0.1.0", id="first release by level"),
        pytest.param(NEW, "3.0.0", None, "3.0.0", id="first release by version"),
        pytest.param(IDLE, "minor", None, "1.3.0", id="minor"),
        pytest.param(IDLE, "minor", "rc", "1.3.0-rc.1", id="pre-release"),
        pytest.param(IDLE, "1.2.1", None, "1.2.1", id="exact"),
        pytest.param(PRE, "release", None, "1.3.0", id="end of a pre-release"),
        pytest.param(PRE, "rc", None, "1.3.0-rc.2", id="next pre-release"),
        pytest.param(UNTOLD, "1.3.0", None, "1.3.0", id="exact, above what nobody may have meant"),
    ],
)
def test_a_new_version_begins(seen: History, level: str, pre: str | None, version: str) -> None:
    assert meant(seen, level, pre) == Begin(claim(version).version)
    assert meant_again(seen, level, pre) == Begin(claim(version).version)


@pytest.mark.parametrize(
    ("seen", "level", "pre", "version"),
    [
        pytest.param(BEGUN, "minor", None, "1.3.0", id="the same level resumes"),
        pytest.param(BEGUN, "1.3.0", None, "1.3.0", id="the same version resumes"),
        pytest.param(BEGUN, "v1.3.0", None, "1.3.0", id="however it is spelled"),
        pytest.param(BEGUN_PRE, "minor", "rc", "1.3.0-rc.1", id="the same pre-release resumes"),
        pytest.param(TWICE, "minor", None, "1.3.0", id="the older of two"),
        pytest.param(TWICE, "1.4.0", None, "1.4.0", id="the newer of two"),
        pytest.param(FIRST, "minor", None, "0.1.0", id="first release"),
        pytest.param(REOPENED, "minor", None, "1.2.0", id="tagged and not announced"),
        pytest.param(REOPENED, "1.2.0", None, "1.2.0", id="tagged and not announced, by its version"),
        pytest.param(REOPENED_PRE, "minor", "rc", "1.3.0-rc.1", id="a pre-release that is not announced"),
        pytest.param(IDLE, "1.1.0", None, "1.1.0", id="a finished one by its version"),
    ],
)
def test_what_was_begun_is_resumed(seen: History, level: str, pre: str | None, version: str) -> None:
    found = meant(seen, level, pre)

    assert isinstance(found, Resume)
    assert found.claim.version == claim(version).version


@pytest.mark.parametrize(
    ("seen", "level", "pre", "code", "exit_code"),
    [
        pytest.param(BEGUN, "patch", None, "release-in-flight", 4, id="another level"),
        pytest.param(BEGUN, "major", None, "release-in-flight", 4, id="a higher level"),
        pytest.param(BEGUN, "1.5.0", None, "release-in-flight", 4, id="another version"),
        pytest.param(
            UNTOLD, "major", None, "release-in-flight", 4, id="a level above what nobody may have meant"
        ),
        pytest.param(
            UNTOLD, "1.2.9", None, "release-in-flight", 4, id="exact, below what nobody may have meant"
        ),
        pytest.param(
            BOTH, "1.5.0", None, "release-in-flight", 4, id="exact, above what castoff began as well"
        ),
        pytest.param(BEGUN, "minor", "rc", "release-in-flight", 4, id="its own pre-release"),
        pytest.param(
            REOPENED, "patch", None, "release-in-flight", 4, id="another level than the tagged one's"
        ),
        pytest.param(
            REOPENED, "1.3.0", None, "release-in-flight", 4, id="another version than the tagged one"
        ),
        pytest.param(REOPENED_PRE, "rc", None, "release-in-flight", 4, id="the next of a first pre-release"),
        pytest.param(
            REOPENED_PRE, "release", None, "release-in-flight", 4, id="the end of what is in flight"
        ),
        pytest.param(REOPENED, "huge", None, "unknown-level", 2, id="no level, while one is in flight"),
        pytest.param(IDLE, "1.2.0-rc.1", None, "version-not-higher", 2, id="a pre-release of the last"),
        pytest.param(IDLE, "1.0.5", None, "version-not-higher", 2, id="lower"),
        pytest.param(IDLE, "rc", None, "level-needs-pre", 2, id="no pre-release to count"),
        pytest.param(BEGUN, "huge", None, "unknown-level", 2, id="no level"),
        pytest.param(BEGUN, "1.3.0", "rc", "level-needs-bump", 2, id="a kind with a version that was begun"),
        pytest.param(IDLE, "1.3.0", "rc", "level-needs-bump", 2, id="a kind with a new version"),
    ],
)
def test_a_version_that_cannot_be_meant_is_refused(
    seen: History, level: str, pre: str | None, code: str, exit_code: int
) -> None:
    with pytest.raises(CastoffError) as caught:
        meant(seen, level, pre)

    assert caught.value.problems[0].code == code
    assert caught.value.exit_code == exit_code


ELSEWHERE = replace(BEGUN.unfinished[0], other_tag="v1.3.0")


@pytest.mark.parametrize(
    ("seen", "reason", "remedy"),
    [
        pytest.param(
            BEGUN,
            "its release commit 1.3.00000000 is on the branch, its tag is not on the remote",
            "finish it with `castoff resume 1.3.0 --execute`, or withdraw it with `castoff abandon 1.3.0 --execute`",
            id="claimed",
        ),
        pytest.param(
            replace(BEGUN, unfinished=(ELSEWHERE,)),
            "its release commit 1.3.00000000 is on the branch, its tag is not on the remote: "
            "`v1.3.0` exists, but does not match `release.tag`",
            "change `release.tag` to the form of that tag; otherwise finish it with "
            "`castoff resume 1.3.0 --execute`, or withdraw it with `castoff abandon 1.3.0 --execute`",
            id="tagged in another form",
        ),
        pytest.param(
            NEW.reopened([claim("1.3.0", tagged=True)]),
            "its tag is on 1.3.00000000, and it is not announced",
            "finish it with `castoff resume 1.3.0 --execute`, or finish without a release on the forge: "
            "`castoff resume 1.3.0 --without draft --execute`",
            id="tagged",
        ),
    ],
)
def test_the_refusal_of_another_release_names_both_ways_out(seen: History, reason: str, remedy: str) -> None:
    with pytest.raises(CastoffError) as caught:
        meant(seen, "1.2.9")

    assert caught.value.problems == (
        Problem(
            code="release-in-flight",
            message="1.3.0 is in flight; 1.2.9 would be another release",
            reason=reason,
            remedy=remedy,
            commit=seen.unfinished[0].commit,
        ),
    )


@pytest.mark.parametrize(("seen", "named"), [(UNTOLD, True), (ALPHA, False), (STABLE, False)])
def test_the_exact_version_is_named_where_nobody_may_have_meant_a_release(seen: History, named: bool) -> None:
    with pytest.raises(CastoffError) as caught:
        meant(seen, "major")

    assert caught.value.problems[0].remedy.endswith("pass the exact version of the next one") is named


def test_a_reopened_release_is_no_longer_a_finished_one() -> None:
    last, older = IDLE.released

    assert IDLE.reopened([]) is IDLE
    assert replace(IDLE, overtaken=last, idle=True).reopened([last]) == History(
        previous=older, unfinished=(last,), released=(older,), ours=True
    )


@pytest.mark.parametrize(
    ("seen", "level", "resumes"),
    [
        pytest.param(history(["1.2.0"], settled=True), "minor", True, id="nothing came since"),
        pytest.param(history(["1.2.0"], settled=True), "patch", True, id="whatever the level"),
        pytest.param(history(["1.2.0"], settled=True), "1.3.0", False, id="an exact version is meant"),
        pytest.param(history(["1.2.0"]), "minor", False, id="work came since"),
        pytest.param(history(settled=True), "minor", False, id="nothing was released"),
        pytest.param(history(["1.2.0", "1.1.0"], settled=True), "major", False, id="it leads elsewhere"),
        pytest.param(history(["1.2.0", "1.1.0"], settled=True), "minor", True, id="it led there"),
    ],
)
def test_a_run_that_acts_takes_the_last_release_up_where_nothing_came_since(
    seen: History, level: str, resumes: bool
) -> None:
    assert isinstance(meant_again(seen, level), Resume) is resumes
    assert isinstance(meant(seen, level), Begin)


@pytest.mark.parametrize(
    ("released", "level", "pre", "resumes"),
    [
        pytest.param(["1.3.0-rc.1", "1.2.0"], "minor", "rc", True, id="the same kind"),
        pytest.param(["1.3.0-rc.1", "1.2.0"], "major", "rc", False, id="another level"),
        pytest.param(["1.3.0-rc.1", "1.2.0"], "minor", "beta", None, id="another kind"),
        pytest.param(["1.3.0-rc.2", "1.3.0-rc.1", "1.2.0"], "rc", None, True, id="from the one before"),
        pytest.param(["1.3.0-rc.1", "1.2.0"], "minor", None, False, id="the end of it"),
    ],
)
def test_a_candidate_is_taken_up_by_what_leads_to_it(
    released: list[str], level: str, pre: str | None, resumes: bool | None
) -> None:
    seen = history(released, settled=True)
    if resumes is None:
        with pytest.raises(CastoffError):
            meant_again(seen, level, pre)
        return

    assert isinstance(meant_again(seen, level, pre), Resume) is resumes


@pytest.mark.parametrize(
    ("seen", "version", "expected"),
    [
        pytest.param(BEGUN, None, "1.3.0", id="the unfinished one"),
        pytest.param(TWICE, None, "1.4.0", id="the newest unfinished one"),
        pytest.param(REOPENED, None, "1.2.0", id="tagged and not announced"),
        pytest.param(OURS, None, "1.2.0", id="the last one that castoff made"),
        pytest.param(BEGUN, "1.3.0", "1.3.0", id="named and unfinished"),
        pytest.param(BEGUN, "1.1.0", "1.1.0", id="named and finished"),
    ],
)
def test_resume_takes_the_release_named_or_the_one_under_way(
    seen: History, version: str | None, expected: str
) -> None:
    found = to_resume(seen, version)

    assert found is not None
    assert found.version == claim(expected).version


@pytest.mark.parametrize("seen", [NEW, IDLE], ids=["nothing there", "made by other means"])
def test_without_a_version_only_what_castoff_began_is_resumed(seen: History) -> None:
    assert to_resume(seen, None) is None


def test_a_tagged_release_is_refused_with_ways_out_that_do_not_take_it_back() -> None:
    with pytest.raises(CastoffError) as caught:
        meant(REOPENED, "patch")

    remedy = caught.value.problems[0].remedy
    assert "castoff resume 1.2.0 --execute" in remedy
    assert "castoff resume 1.2.0 --without draft --execute" in remedy
    assert "abandon" not in remedy


@pytest.mark.parametrize(
    ("seen", "version", "code"),
    [
        pytest.param(IDLE, "1.9.0", "unknown-version", id="never begun"),
        pytest.param(IDLE, "what", "unknown-version", id="no version"),
        pytest.param(NEW, "1.0.0", "unknown-version", id="nothing there, but named"),
    ],
)
def test_a_version_that_was_never_begun_cannot_be_resumed(seen: History, version: str, code: str) -> None:
    with pytest.raises(CastoffError) as caught:
        named(seen, version)

    assert caught.value.problems[0].code == code
    assert caught.value.exit_code == 2
