"""Remedies that `verify` gives for the changelog of a release."""

from __future__ import annotations

from pathlib import Path

from castoff.postrelease.changelog_command import port_notes
from castoff.postrelease.verify.result import Verified
from castoff.postrelease.verify.verify import verify
from castoff.values import replace
from postrelease.after_bench import Yard, yard
from postrelease.verify.test_verify import looking
from remedies.following import follow, follows

PULL_REQUEST = '[changelog]\nmode = "pull-request"\n'


def changelog(here: Yard, configuration: str = "") -> Verified:
    setting = looking(here.setting(configuration), lambda listing: replace(listing, files={}))
    (found,) = [one for one in verify(setting, "1.1.0", trial=False).checks if one.id == "changelog"]
    return found


def rewrite(here: Yard, old: str, new: str) -> None:
    text = here.text()
    here.git("pull", "--quiet", "origin", "main")
    here.commit({"CHANGELOG.md": text.replace(old, new)}, "Change the changelog")
    here.push("main")


@follows("verify-changelog-differs")
def test_a_section_that_was_changed_gets_the_notes_back(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        port_notes(here.setting(), "1.1.0")
        rewrite(here, "The kit folds.", "A lie.")
        found = changelog(here)

        assert found.result == "warn"
        assert "-A lie." in found.findings[0].reason
        assert "+The kit folds." in found.findings[0].reason
        follow(
            "verify-changelog-differs",
            lambda: changelog(here).findings,
            told="--replace --execute` restores the notes",
            do=lambda: port_notes(here.setting(), "1.1.0", replacing=True),
        )
        assert changelog(here).result == "pass"


@follows("verify-waiting")
def test_a_pull_request_that_is_open_waits_for_its_merge(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        port_notes(here.setting(PULL_REQUEST), "1.1.0")
        found = changelog(here, PULL_REQUEST)

        assert found.result == "unknown"
        follow(
            "verify-waiting",
            lambda: changelog(here, PULL_REQUEST).findings,
            told="merge the pull request",
            do=lambda: rewrite(here, here.text(), here.text(branch="castoff/changelog-1.1.0")),
        )
        assert changelog(here, PULL_REQUEST).result == "pass"


def test_a_pull_request_that_was_closed_fails(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        port_notes(here.setting(PULL_REQUEST), "1.1.0")
        for issue in here.world.services.forge._state.issues.values():
            issue.state = "closed"

        assert changelog(here, PULL_REQUEST).result == "fail"


def test_a_section_that_was_written_by_hand_passes(tmp_path: Path) -> None:
    with yard(tmp_path) as here:
        rewrite(here, "- News of the kit.", "My own words.")
        rewrite(here, "[1.0.0]: ", "[1.1.0]: https://example.org/1.1.0\n[1.0.0]: ")

        assert changelog(here).result == "pass"
