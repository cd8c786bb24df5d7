"""Remedies for releases in flight: git is real, forge and registry answer as the case says."""

from __future__ import annotations

from pathlib import Path

from castoff.errors import Problem
from castoff.io.clock import SystemClock
from castoff.model.versions import ReleaseVersion
from castoff.reconcile import observe
from castoff.release.claim_guard import ClaimGuard
from castoff.release.flight import with_known_flights
from castoff.release.tag import PUSH
from castoff.release.tag_fitness import TagFitness
from castoff.release.waiver_command import given_up, require_waivable, waiver_stage
from castoff.session.session import open_session
from castoff.session.version_guards import require_version
from remedies.following import follow, follows
from session.in_flight import LISTED, UP, InFlight, page


@follows("nothing-committed")
def test_a_level_with_nothing_new_passes_after_a_commit(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path)
    made = there.made

    def look() -> object:
        return made.plan("minor").problems

    assert [one.code for one in made.plan("1.2.0").problems if one.severity == "error"] == []
    with open_session(there.setting()) as session:
        # A rehearsal shows the next release right after one.
        require_version(session, ReleaseVersion(1, 2, 0), "minor", but={"nothing-committed"})
    follow("nothing-committed", look, told="push the changes to release", do=lambda: made.commit({}))


@follows("claim-reset")
def test_a_release_goes_on_when_its_commit_is_back_on_the_branch(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    setting = there.setting()
    with open_session(setting) as session:
        target = there.target(session)
        guard = ClaimGuard(target, session.clone, SystemClock(), "origin")
        guard.require_claim(PUSH)
        there.made.git("push", "--quiet", "--force", "origin", f"{there.commit}~1:refs/heads/main")

        def bring_back() -> None:
            there.made.git("fetch", "--quiet", "origin", there.commit)
            there.made.git("push", "--quiet", "origin", f"{there.commit}:refs/heads/main")

        told = f"`git push origin {there.commit}:refs/heads/main`"
        follow("claim-reset", lambda: guard.require_claim(PUSH), told=told, do=bring_back)

        there.tag(LISTED)
        there.made.git("push", "--quiet", "origin", "1.1.0")
        there.made.git("push", "--quiet", "--force", "origin", f"{there.commit}~1:refs/heads/main")
        guard.require_claim(PUSH)  # the tag keeps the commit


@follows("tag-unfit")
def test_a_foreign_tag_makes_way_for_castoffs(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag="")
    setting = there.setting()
    with open_session(setting) as session:
        target = there.target(session)

        def look() -> object:
            refs = session.clone.ls_remote(target.remote_url)
            assert refs is not None
            fault = TagFitness(session, target).fault(refs.tags["1.1.0"])
            return [fault] if isinstance(fault, Problem) else []

        def replace_tag() -> None:
            there.made.git("push", "--quiet", "--delete", "origin", "1.1.0")
            there.made.git("tag", "--delete", "1.1.0")
            there.tag(LISTED)
            there.made.git("push", "--quiet", "origin", "1.1.0")

        follow("tag-unfit", look, told="`git push --delete origin 1.1.0`", do=replace_tag)


@follows("flight-unknown", "without-too-early")
def test_answers_end_what_is_not_known_and_uploads_make_a_waiver_possible(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path)
    there.pages, there.silent = (page(draft=False),), "the index did not answer"
    setting = there.setting()
    with open_session(setting) as session:
        target = there.target(session)

        def look() -> object:
            return with_known_flights(session)[1]

        def answer() -> None:
            there.silent = None

        follow("flight-unknown", look, told="run it again later", do=answer)
        there.files, there.pages = {}, ()
        follow(
            "without-too-early",
            lambda: require_waivable(session, target),
            told="run `castoff resume 1.1.0 --execute` first",
            do=lambda: setattr(there, "files", UP),
        )
        flying, _ = with_known_flights(session)
        waiver = waiver_stage(target, session.clone, given_up(["draft"], ()))
        for part in waiver.parts:
            part.act(PUSH)
        over, _ = with_known_flights(session)
        (state,) = observe([waiver])

    assert [str(claim.version) for claim in flying.snapshot.history.unfinished] == ["1.1.0"]
    assert over.snapshot.history.unfinished == ()
    assert state.state == "done"
