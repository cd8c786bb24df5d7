"""The notes reach the changelog: on top of the branch's head, by pull request, on every branch, and only once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from castoff.errors import CastoffError, Refusal
from castoff.git import Clone
from castoff.model.acts import Outcome
from castoff.postrelease.changelog_command import port_notes, preview_port
from castoff.release.status import look
from castoff.session.session import open_session
from castoff.values import replace
from postrelease.after_bench import (
    DAY,
    ROOT,
    Dying,
    Killed,
    Yard,
    crates,
    cut_changelog,
    old_changelog,
    publish,
    published,
    yard,
)

FILLED = (
    f"## [1.1.0] - {DAY}\n\n- News of the kit.\n\n### Highlights\n\nThe kit folds.\n\n### What's Changed\n"
    f"#### Added\n* Fold by @ada in {ROOT}/pull/2\n\n**Full Changelog**: {ROOT}/compare/1.0.0...1.1.0\n"
)


def test_the_notes_are_committed_on_top_of_the_branch_and_nothing_else_changes(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        before = here.head()

        report = port_notes(here.setting(), "1.1.0")

        assert [one.outcome for one in report.branches] == ["filled"]
        assert report.state.state == "done"
        assert FILLED in here.text()
        assert here.text().endswith(
            f"[1.1.0]: {ROOT}/releases/tag/1.1.0\n[1.0.0]: {ROOT}/releases/tag/1.0.0\n"
        )
        assert here.bare("log", "--format=%s", f"{before}..main") == "changelog: notes of 1.1.0"
        assert here.bare("diff", "--name-only", f"{before}..main") == "CHANGELOG.md"


def test_a_second_run_changes_nothing_and_writes_nothing(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        port_notes(here.setting(), "1.1.0")
        head, writes = here.head(), here.writes()

        report = port_notes(here.setting(), "1.1.0")

        assert [one.outcome for one in report.branches] == ["unchanged"]
        assert (here.head(), here.writes()) == (head, writes)


def test_a_preview_shows_the_difference_and_writes_nothing(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        head = here.head()

        report = preview_port(here.setting(), "1.1.0")

        assert "+### Highlights" in report.branches[0].difference
        assert [act.id for act in report.state.acts] == ["changelog:push"]
        assert here.head() == head


def test_without_a_published_release_a_person_comes_first(tmp_path: Path) -> None:
    with yard(tmp_path, forge={"releases": [published(draft=True)]}) as here:
        report = port_notes(here.setting(), "1.1.0")

        assert report.state.state == "person"
        assert report.branches[0].reason == "the notes are copied when the release is announced"


def test_status_says_what_blocks_the_changelog_of_a_version_with_two_headings(tmp_path: Path) -> None:
    """As in kube's file after 4.0.0."""
    twice = cut_changelog().replace("## [1.1.0]", f"## [1.1.0] - {DAY}\n\n- Again.\n\n## [1.1.0]")
    with yard(tmp_path, changelog=twice) as here:
        status = look(here.setting(), "1.1.0")

    assert {one.stage.name: one.state for one in status.states}["changelog"] == "blocked"
    assert "changelog-doubled-heading" in [one.code for one in status.problems]


def test_a_section_written_by_hand_is_left_alone_until_it_is_replaced(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        port_notes(here.setting(), "1.1.0")
        by_hand = here.text().replace("The kit folds.", "I wrote this myself, and then some.")
        here.git("pull", "--quiet", "origin", "main")
        here.commit({"CHANGELOG.md": by_hand}, "Write the notes by hand")
        here.push("main")

        left = port_notes(here.setting(), "1.1.0")

        assert [one.outcome for one in left.branches] == ["by-hand"]
        assert here.text() == by_hand
        assert "-I wrote this myself" in left.branches[0].difference

        port_notes(here.setting(), "1.1.0", replacing=True)

        assert "I wrote this myself" not in here.text()
        assert "The kit folds." in here.text()


def test_a_section_that_stood_there_before_the_release_commit_is_a_persons(tmp_path: Path) -> None:
    with yard(tmp_path, changelog=old_changelog()) as here:
        handmade = old_changelog().replace("## [1.0.0]", "## [1.2.0] - 2026-11-21\n\n- Mine.\n\n## [1.0.0]")
        handmade += f"[1.2.0]: {ROOT}/releases/tag/1.2.0\n"
        here.commit({"CHANGELOG.md": handmade}, "Write the notes first")
        here.commit(crates("1.2.0"), "release 1.2.0")
        here.tag("1.2.0")
        here.push("main", "--tags")
        publish(here, "1.2.0")

        assert [one.outcome for one in port_notes(here.setting(), "1.2.0").branches] == ["by-hand"]


def test_a_release_that_was_forgotten_gets_its_place_later(tmp_path: Path) -> None:
    with yard(tmp_path, changelog=old_changelog()) as here:
        report = port_notes(here.setting(), "1.1.0")

        assert [one.outcome for one in report.branches] == ["created"]
        text = here.text()
        assert text.index("[Unreleased]") < text.index("## [1.1.0]") < text.index("## [1.0.0]")


def test_the_milestone_is_linked_and_contributors_are_kept_where_that_is_wanted(tmp_path: Path) -> None:
    forge = {"releases": [published()], "milestones": [{"title": "1.1.0", "state": "closed"}]}
    with yard(tmp_path, forge=forge) as here:
        port_notes(here.setting('[changelog]\ncontributors = "keep"\n'), "1.1.0")

        assert f"**Milestone**: {ROOT}/milestone/1?closed=1" in here.text()
        assert "@ada made their first contribution" in here.text()


class _Racing:
    """A clone whose first push comes second: somebody else pushes in between."""

    def __init__(self, clone: Clone, before: Callable[[], None]) -> None:
        self._clone = clone
        self._before: Callable[[], None] | None = before

    def push(self, url: str, spec: str) -> Outcome:
        if self._before is not None:
            before, self._before = self._before, None
            before()
        return self._clone.push(url, spec)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clone, name)


def test_a_branch_that_moves_meanwhile_gets_the_notes_on_its_new_head(tmp_path: Path) -> None:
    from castoff.postrelease.changelog import ChangelogPart
    from castoff.postrelease.stages import changelog_stage
    from castoff.reconcile.reconciler import Reconciler
    from castoff.session.past_release import find_past_release

    with yard(tmp_path) as here:
        setting = here.setting()
        with open_session(setting) as session:
            stage = changelog_stage(session, find_past_release(session, "1.1.0"))
            part = stage.parts[0]
            assert isinstance(part, ChangelogPart)

            def rival() -> None:
                here.commit({"NEWS.txt": "Tide.\n"}, "Meanwhile")
                here.push("main")

            part.delivery.remote = _Racing(session.clone, rival)  # type: ignore[assignment]
            state = Reconciler(setting.clock, setting.reporter, setting.patience).run(stage)

        assert state.state == "done"
        assert here.bare("log", "--format=%s", "-2", "main") == "changelog: notes of 1.1.0\nMeanwhile"
        assert FILLED in here.text()


def test_a_pull_request_is_opened_once_and_waits(tmp_path: Path) -> None:
    mode = '[changelog]\nmode = "pull-request"\n'
    with yard(tmp_path) as here:
        head = here.head()

        first = port_notes(here.setting(mode), "1.1.0")
        writes = here.writes()
        second = port_notes(here.setting(mode), "1.1.0")

        assert (first.state.state, second.state.state) == ("person", "person")
        assert here.head() == head
        assert FILLED in here.text(branch="castoff/changelog-1.1.0")
        assert [one["title"] for one in pulls(here)] == ["Changelog: notes of 1.1.0"]
        assert here.writes() == writes


def test_a_pull_request_that_a_person_closed_is_not_opened_again(tmp_path: Path) -> None:
    mode = '[changelog]\nmode = "pull-request"\n'
    with yard(tmp_path) as here:
        port_notes(here.setting(mode), "1.1.0")
        for issue in here.world.services.forge._state.issues.values():
            issue.state = "closed"

        report = port_notes(here.setting(mode), "1.1.0")

        assert report.state.state == "person"
        assert "was closed" in report.branches[0].reason
        assert len(pulls(here)) == 1


def test_a_merged_pull_request_ends_it(tmp_path: Path) -> None:
    mode = '[changelog]\nmode = "pull-request"\n'
    with yard(tmp_path) as here:
        port_notes(here.setting(mode), "1.1.0")
        here.git("fetch", "--quiet", "origin", "castoff/changelog-1.1.0")
        here.git("merge", "--quiet", "--no-ff", "-m", "Merge #1", "FETCH_HEAD")
        here.push("main")

        assert port_notes(here.setting(mode), "1.1.0").state.state == "done"


def test_a_protected_branch_gets_a_pull_request_instead_of_a_push(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        protect(here, "main")
        head = here.head()

        first = port_notes(here.setting(), "1.1.0")
        second = port_notes(here.setting(), "1.1.0")

        assert (first.state.state, second.state.state) == ("person", "person")
        assert here.head() == head
        assert len(pulls(here)) == 1


def test_the_notes_of_a_hotfix_reach_its_branch_and_the_default_one(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        hotfix(here)

        report = port_notes(here.setting(), "1.0.1")

        assert {one.branch: one.outcome for one in report.branches} == {"1.0.x": "filled", "main": "created"}
        main, branch = here.text(), here.text(branch="1.0.x")
        assert main.index("## [1.1.0]") < main.index("## [1.0.1]") < main.index("## [1.0.0]")
        assert "Repaired." in main and "Repaired." in branch
        assert "1.1.0" not in branch
        writes = here.writes()
        again = port_notes(here.setting(), "1.0.1")
        assert [one.outcome for one in again.branches] == ["unchanged", "unchanged"]
        assert here.writes() == writes


def test_releases_ported_in_any_order_give_the_same_changelog(tmp_path: Path) -> None:
    texts = []
    for number, order in enumerate((("1.0.1", "1.1.0"), ("1.1.0", "1.0.1"))):
        with yard(tmp_path / str(number)) as here:
            hotfix(here)
            for version in order:
                port_notes(here.setting(), version)
            texts.append(here.text())

    assert texts[0] == texts[1]


ACTS = {
    "push": ("", ("changelog:push",)),
    "pull-request": ('[changelog]\nmode = "pull-request"\n', ("changelog:branch", "changelog:pull-request")),
}


@pytest.mark.real
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("mode", "act"), [(mode, act) for mode, (_, acts) in ACTS.items() for act in acts])
def test_killed_at_an_act_and_run_again_it_ends_the_same(
    mode: str, act: str, when: str, tmp_path: Path
) -> None:
    configuration = ACTS[mode][0]
    with yard(tmp_path / "undisturbed") as here:
        port_notes(here.setting(configuration), "1.1.0")
        expected = here.world.dump()
    with yard(tmp_path / "killed") as here:
        with pytest.raises(Killed):
            port_notes(replace(here.setting(configuration), reporter=Dying(act, when)), "1.1.0")

        port_notes(here.setting(configuration), "1.1.0")
        once = here.world.dump()
        port_notes(here.setting(configuration), "1.1.0")

        assert once == expected
        assert here.world.dump() == once


def test_status_shows_the_stage_and_the_release_as_unfinished_until_it_is_ported(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        before = {state.stage.name: state.state for state in look(here.setting(), "1.1.0").states}
        port_notes(here.setting(), "1.1.0")
        after = {state.stage.name: state.state for state in look(here.setting(), "1.1.0").states}

        assert (before["changelog"], after["changelog"]) == ("todo", "done")


def _with(old: str, new: str) -> str:
    assert old in cut_changelog()
    return cut_changelog().replace(old, new)


BAD = {
    "merge conflict": (
        _with("- First.", "<<<<<<< ours\n- First.\n>>>>>>> theirs"),
        "changelog-conflict-markers",
    ),
    "open fence": (_with("- First.\n", "```\n- First.\n"), "changelog-open-block"),
    "open comment": (_with("- First.\n", "<!-- - First.\n"), "changelog-open-block"),
    "two headings": (
        _with("## [1.0.0] -", "## [1.1.0] - 2026-11-01\n\n- Again.\n\n## [1.0.0] -"),
        "changelog-doubled-heading",
    ),
}


@pytest.mark.parametrize(("text", "code"), BAD.values(), ids=BAD)
def test_a_changelog_that_cannot_be_edited_without_harm_is_refused_with_its_line(
    text: str, code: str, tmp_path: Path
) -> None:
    with yard(tmp_path, changelog=text) as here:
        head = here.head()

        with pytest.raises(Refusal) as raised:
            port_notes(here.setting(), "1.1.0")

        problem = raised.value.problems[0]
        assert (problem.code, problem.file) == (code, "CHANGELOG.md")
        assert problem.line is not None
        assert here.head() == head


BODIES = {
    "empty": ("", "changelog-body-empty"),
    "blank": ("  \n\n", "changelog-body-empty"),
    "open fence": ("```\nnever closed", "changelog-open-block"),
    "a heading like a release's": ("# [9.9.9] - 2026-01-01\n\nx\n\n# 1.0.0\n\ny", "changelog-would-damage"),
}


@pytest.mark.parametrize(("body", "code"), BODIES.values(), ids=BODIES)
def test_notes_that_would_do_harm_are_refused_and_nothing_is_pushed(
    body: str, code: str, tmp_path: Path
) -> None:
    with yard(tmp_path, forge={"releases": [published(body=body)]}) as here:
        head = here.head()
        with pytest.raises(Refusal) as raised:
            port_notes(here.setting(), "1.1.0")

        assert raised.value.problems[0].code == code
        assert here.head() == head


WORDS = {
    "9.9.9": "not-tagged-yet",
    "banana": "unknown-version",
    "": "unknown-version",
    "../1.1.0": "unknown-version",
}


@pytest.mark.parametrize(("word", "code"), WORDS.items(), ids=[word or "empty" for word in WORDS])
def test_a_word_that_names_no_release_is_refused(word: str, code: str, tmp_path: Path) -> None:
    with yard(tmp_path) as here, pytest.raises(CastoffError) as raised:
        port_notes(here.setting(), word)

    assert raised.value.problems[0].code == code


def test_a_configured_changelog_that_is_not_there_blocks_and_an_assumed_one_is_off(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        here.git("rm", "--quiet", "CHANGELOG.md")
        here.commit({}, "Keep no changelog any more")
        here.push("main")

        assert port_notes(here.setting(), "1.1.0").state.state == "off"
        with pytest.raises(Refusal) as raised:
            port_notes(here.setting('[changelog]\nfile = "NEWS.md"\n'), "1.1.0")

        assert raised.value.problems[0].code == "changelog-missing"


def test_a_switched_off_stage_is_off(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        assert port_notes(here.setting('[changelog]\nmode = "off"\n'), "1.1.0").state.state == "off"


def hotfix(here: Yard) -> None:
    """Release 1.0.1 from 1.0.x; the checkout stays on main."""
    here.git("checkout", "--quiet", "-b", "1.0.x", "1.0.0")
    cut = old_changelog().replace("## [1.0.0]", f"## [1.0.1] - {DAY}\n\n## [1.0.0]")
    here.commit({**crates("1.0.1"), "CHANGELOG.md": cut}, "release 1.0.1")
    here.tag("1.0.1")
    here.push("1.0.x", "--tags")
    here.git("checkout", "--quiet", "main")
    publish(here, "1.0.1", f"Repaired.\n\n**Full Changelog**: {ROOT}/compare/1.0.0...1.0.1")


def protect(here: Yard, branch: str) -> None:
    from castoff.world.forge.protecting import install_hooks
    from castoff.world.forge.records import Protection

    protections = [Protection(branch)]
    here.world.services.forge._state.protections[:] = protections
    install_hooks(here.world.repository.path, protections, "main")


def pulls(here: Yard) -> list[dict[str, object]]:
    state = here.world.services.forge._state
    return [{"title": one.title, "state": one.state} for one in state.issues.values() if one.pull is not None]
