"""Every gate of `release --execute`, and which of `check`, `plan` and a dry run judge it before."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from castoff.errors import CastoffError, Problem
from castoff.model.intent import meant, meant_again
from castoff.model.observations import Present
from castoff.release import run
from castoff.release.check import examine
from castoff.release.plan import dry_run, plan_release
from castoff.release.run import run_release
from castoff.release.status import dry_resume
from castoff.session.release_request import ReleaseRequest
from castoff.session.services import Services
from session.in_flight import FILES, LISTED, InFlight, page

ALL = "check, plan, dry run"
BUILDS = "no: the release commit is made, built and tried by `rehearse`"
GATES = {
    "require_packages": ALL,
    "require_clear_tags": ALL,
    "with_flights": ALL,
    "intent_of": ALL,
    "require_full_history": ALL,
    "require_version": ALL,
    "preflight_checks": "check, dry run: one list; plan asks neither keys nor credentials",
    "milestone_stage": ALL,
    "require_reachable": "check, dry run",
    "resume_checks": "dry run: unpushed commits, tools, keys, credentials of what is left",
    "require_waivable": "dry run",
    "make_commit": BUILDS + "; hooks of git and version commands run there",
    "build_artifacts": BUILDS,
    "require_accepted": BUILDS,
    "UploadRehearsal": BUILDS,
    "make_tags": "check, dry run: the check `signing` signs with the same key",
    "require_listed": "no: the files of the run are compared with the tag objects that another job made",
    "require_published_as_listed": "no: as above; the registries are looked at in that run",
    "planned_again": "no: judged only if the branch moves while the run prepares",
    "require_no_rival": "no: judged only if another run claims first",
    "require_first": "no: judged only if another run finished before the claim",
    "ClaimGuard": "no: judged right before each irreversible act",
    "claim_stage": "check, dry run: `branch-rules` asks for protection; hooks of the remote answer to a push alone",
    "publish_stage": "dry run: files that are there; their contents only once they are built",
    "tag_stage": "dry run: it observes the same stage",
    "forge_stages": "dry run: it observes the same stages",
}
"""Gates by the name that the run calls them by, in the order of the run."""
_STOPPING = re.compile(r"_?(?:require|mind|must)_\w+|\w+_checks|\w+_stages?|make_(?:commit|tags)|build_\w+")
_HARMLESS = {
    "run_checks",
    "required_stages",
    "waiver_stage",
    "presence_stage",
    "_require_resumable",
}
"""What the pattern finds besides: it looks only, or hands on to a gate that has a row."""


def test_each_gate_of_a_run_has_a_row() -> None:
    tree = ast.parse(inspect.getsource(run))
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    gates = {name for name in called if _STOPPING.fullmatch(name)} - _HARMLESS

    assert gates - set(GATES) == set()
    assert set(GATES) - called == set(), "rows without a gate"


Spoil = Callable[[InFlight], object]


def _key_missing(there: InFlight) -> None:
    for key, value in {"name": "A", "email": "a@example.org", "signingkey": "/nowhere/key.pub"}.items():
        there.made.git("config", f"user.{key}", value)


def _unpushed(there: InFlight) -> None:
    there.made.git("push", "--quiet", "origin", "main", "--tags")
    there.made.git("commit", "--quiet", "--allow-empty", "-m", "not pushed")


def _judged(ask: Callable[[], object]) -> set[str]:
    """Return the codes of the errors that a command lists or raises."""
    try:
        found = ask()
    except CastoffError as error:
        return {one.code for one in error.problems}
    problems: list[Problem] = [*getattr(found, "problems", ())]
    problems += [one for answer in getattr(found, "answers", ()) for one in answer.findings]
    return {one.code for one in problems if one.severity == "error"}


def _asked(setting: Services, words: str) -> Callable[[], object]:
    """Return a command as a function; the last of these ends before it writes."""
    command, _, level = words.partition(" ")
    match command:
        case "check":
            return lambda: examine(setting, (), level)
        case "plan":
            return lambda: plan_release(setting, ReleaseRequest(level=level), intend=meant)
        case "release":
            return lambda: dry_run(setting, ReleaseRequest(level=level), intend=meant_again)
        case "resume":
            version, _, without = level.partition(" --without ")
            wish = ReleaseRequest(level=None, version=version, without=(without,) if without else ())
            return lambda: dry_resume(setting, wish)
    raise AssertionError(words)


@pytest.mark.parametrize(
    ("tag", "spoil", "code", "commands"),
    [
        (LISTED, lambda there: None, "release-in-flight", ("check patch", "plan patch", "release patch")),
        (None, _key_missing, "tag-failed", ("release minor", "resume 1.1.0")),
        (None, lambda there: None, "without-too-early", ("resume 1.1.0 --without draft",)),
    ],
    ids=["another version is in flight", "the key is missing", "a stage is given up too early"],
)
def test_a_gate_is_judged_before_by_the_commands_of_its_row(
    tmp_path: Path, tag: str | None, spoil: Spoil, code: str, commands: tuple[str, ...]
) -> None:
    there = InFlight.begin(tmp_path, tag=tag)
    if tag:
        there.made.commit({"merged.txt": "x"})
    spoil(there)
    setting = there.setting()

    assert {words: code in _judged(_asked(setting, words)) for words in commands} == dict.fromkeys(
        commands, True
    )


def test_a_level_that_means_the_last_release_again_stops_for_commits_that_were_never_pushed(
    tmp_path: Path,
) -> None:
    there = InFlight.begin(tmp_path)
    there.pages = (page(draft=False),)
    setting = there.setting()
    _unpushed(there)

    wish = ReleaseRequest(level="minor")
    assert _judged(_asked(setting, "release minor")) == {"branch-ahead"}
    assert _judged(lambda: run_release(setting, wish)) == {"branch-ahead"}
    assert _judged(_asked(setting, "resume 1.1.0")) == set(), "a version that is named is that version"


def test_a_tag_of_others_stops_a_resume_and_its_dry_run(tmp_path: Path) -> None:
    there = InFlight.begin(tmp_path, tag=None)
    there.files = {name: Present(digest="d" * 64) for name in FILES}
    there.made.git("checkout", "--quiet", "--orphan", "elsewhere")
    there.made.git("commit", "--quiet", "--allow-empty", "-m", "elsewhere")
    there.made.git("tag", "1.1.0")
    there.made.git("checkout", "--quiet", "main")
    setting = there.setting()

    assert _judged(_asked(setting, "resume 1.1.0")) == {"tag-elsewhere"}
    wish = ReleaseRequest(level=None, version="1.1.0")
    assert _judged(lambda: run_release(setting, wish)) == {"tag-elsewhere"}
