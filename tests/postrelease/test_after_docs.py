"""Documentation is watched, failures are reported once, symbols are linked once; a release never waits for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.postrelease.changelog_command import port_notes
from castoff.postrelease.docs_command import HALF_A_DAY, Watch, intervals, keep_docs, look_at_docs
from castoff.release.status import look
from castoff.values import replace
from castoff.world.faults import Rule, parse_faults
from postrelease.after_bench import ROOT, Dying, Killed, Yard, published, yard

BUILT = [{"state": "built"}]
FAILED = [{"state": "failed"}]
LOG = "Compiling kit\nerror[E0432]: unresolved import `x`\n --> src/lib.rs:1:5\n\x1b[31mred\x1b[0m @everyone ```\n"


def build(name: str, schedule: object, version: str = "1.1.0", **more: object) -> dict[str, object]:
    return {"name": name, "version": version, "schedule": schedule, **more}


def docs(*builds: dict[str, object]) -> dict[str, object]:
    return {"builds": list(builds)}


@contextmanager
def kit(tmp_path: Path, core: object, facade: object = BUILT, **more: Any) -> Iterator[Yard]:
    both = docs(build("kit-core", core, log=LOG), build("kit", facade))
    with yard(tmp_path, docs=both, **more) as here:
        yield here


STATES = {
    "queued": ([{"state": "queued"}], "queued"),
    "building": ([{"state": "building"}], "building"),
    "failed": (FAILED, "failed"),
    "built": (BUILT, "built"),
}


@pytest.mark.parametrize(("schedule", "state"), STATES.values(), ids=STATES)
def test_each_state_of_docs_rs_is_told_from_the_others(schedule: object, state: str, tmp_path: Path) -> None:
    with kit(tmp_path, schedule) as here:
        found = {one.name: one.state for one in look_at_docs(here.setting(), "1.1.0").packages}

        assert found == {"kit": "built", "kit-core": state}


def test_the_answer_for_another_version_is_no_answer(tmp_path: Path) -> None:
    builds = docs(
        build("kit-core", BUILT, "1.2.0"), build("kit-core", [{"state": "queued"}]), build("kit", BUILT)
    )
    with yard(tmp_path, docs=builds) as here:
        assert [one.state for one in look_at_docs(here.setting(), "1.1.0").packages] == ["built", "queued"]


def test_the_facade_comes_first_and_its_page_is_linked(tmp_path: Path) -> None:
    with kit(tmp_path, BUILT) as here:
        found = look_at_docs(here.setting(), "1.1.0").packages

        assert [one.name for one in found] == ["kit", "kit-core"]
        assert found[1].url == f"{here.world.docs.url}/kit-core/1.1.0/kit_core/"


def test_a_failed_build_is_reported_once_with_its_log_and_a_later_success_noted_once(tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        first = keep_docs(here.setting(), "1.1.0")
        second = keep_docs(here.setting(), "1.1.0")

        (issue,) = here.issues()
        body = str(issue["body"])
        assert issue["title"] == "The documentation of kit-core 1.1.0 failed to build"
        assert "error[E0432]: unresolved import `x`" in body
        assert "\x1b" not in body
        assert "````text" in body
        assert {one.issue for one in first.packages} == {None, f"{ROOT}/issues/1"}
        assert second.state.acts == ()
        here.world.services.docs.crates.queue("kit-core", "1.1.0", {"schedule": BUILT})

        keep_docs(here.setting(), "1.1.0")
        keep_docs(here.setting(), "1.1.0")

        (issue,) = here.issues()
        comments = comments_of(here)
        assert len(comments) == 1
        assert "has been built" in comments[0]


def test_an_issue_that_a_person_closed_is_found_and_neither_opened_again_nor_commented(
    tmp_path: Path,
) -> None:
    with kit(tmp_path, FAILED) as here:
        keep_docs(here.setting(), "1.1.0")
        for issue in here.world.services.forge._state.issues.values():
            issue.state = "closed"
        keep_docs(here.setting(), "1.1.0")
        here.world.services.docs.crates.queue("kit-core", "1.1.0", {"schedule": BUILT})
        keep_docs(here.setting(), "1.1.0")

        assert len(here.issues()) == 1
        assert comments_of(here) == []


def test_a_look_writes_nothing_and_says_what_would_be_written(tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        report = look_at_docs(here.setting(), "1.1.0")

        assert [act.id for act in report.state.acts] == ["docs:issue:kit-core"]
        assert here.issues() == []


@pytest.mark.parametrize("text", ["[docs]\nissue = false\n", '[docs]\nmode = "off"\n'])
def test_no_issue_is_opened_where_none_is_wanted(text: str, tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        keep_docs(here.setting(text), "1.1.0")

        assert here.issues() == []


@pytest.mark.real
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("act", ["docs:issue:kit-core", "docs:comment:kit-core", "docs:links"])
def test_killed_at_an_act_and_run_again_it_ends_the_same(act: str, when: str, tmp_path: Path) -> None:
    ended = []
    for name, killed in (("undisturbed", False), ("killed", True)):
        with kit(tmp_path / name, FAILED, forge={"releases": [published(body="See [[Kit]].")]}) as here:
            for state in (FAILED, BUILT):
                here.world.services.docs.crates.queue("kit-core", "1.1.0", {"schedule": state})
                if killed:
                    try:
                        keep_docs(replace(here.setting(), reporter=Dying(act, when)), "1.1.0")
                    except Killed:
                        ended.append("killed")
                keep_docs(here.setting(), "1.1.0")
            world = {name: part for name, part in here.world.dump().items() if name != "git"}
            ended.append(re.sub(r"127\.0\.0\.1:\d+", "HOST", json.dumps(world, sort_keys=True)))

    assert "killed" in ended
    assert ended[0] == ended[-1]


def test_a_host_that_is_down_is_unknown_and_nothing_is_reported(tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        here.world.gate.replace(rules({"service": "docs", "effect": {"status": 503, "when": "before"}}))

        report = keep_docs(here.setting(), "1.1.0")

        assert {one.state for one in report.packages} == {"unknown"}
        assert "503" in report.packages[0].reason
        assert here.issues() == []


def test_a_log_that_cannot_be_read_is_read_again_before_anything_is_written(tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        fault = {"service": "docs", "path_regex": ".*/builds/1", "after": 1, "times": 1}
        here.world.gate.replace(rules({**fault, "effect": {"status": 500, "when": "before"}}))

        keep_docs(here.setting(), "1.1.0")

        (issue,) = here.issues()
        assert "error[E0432]" in str(issue["body"])


def test_an_issue_that_was_made_though_the_answer_was_lost_is_not_made_twice(tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        fault = {"service": "forge", "method": "POST", "path": "*/issues", "times": 1}
        here.world.gate.replace(rules({**fault, "effect": {"status": 502, "when": "after"}}))

        keep_docs(here.setting(), "1.1.0")

        assert len(here.issues()) == 1


def test_a_token_that_may_not_open_issues_only_warns(tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        fault = {"service": "forge", "method": "POST", "path": "*/issues", "effect": {"deny": "no"}}
        here.world.gate.replace(rules(fault))

        report = keep_docs(here.setting(), "1.1.0")

        assert [problem.severity for problem in report.problems] == ["warning"]
        assert report.problems[0].code == "permission-denied"


def test_status_links_the_issue_and_is_complete_all_the_same(tmp_path: Path) -> None:
    with kit(tmp_path, FAILED) as here:
        keep_docs(here.setting(), "1.1.0")

        (state,) = [one for one in look(here.setting(), "1.1.0").states if one.stage.name == "docs"]

        urls = {getattr(one.answer, "url", None) for part in state.parts for one in part.seen}
        assert f"{ROOT}/issues/1" in urls
        assert state.stage.required is False


@dataclass
class Still:
    """A clock that moves only when somebody sleeps."""

    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_a_watch_looks_until_the_builds_end(tmp_path: Path) -> None:
    slow = [{"state": "queued", "looks": 2}, {"state": "building", "looks": 2}, {"state": "built"}]
    with kit(tmp_path, slow) as here:
        clock = Still()

        report = look_at_docs(
            replace(here.setting(), clock=clock), "1.1.0", Watch(seconds=HALF_A_DAY, chance=lambda: 0.5)
        )

        assert report.is_over
        assert clock.slept == [30.0, 45.0, 67.5]


def test_a_watch_ends_after_its_time(tmp_path: Path) -> None:
    with kit(tmp_path, [{"state": "queued"}]) as here:
        clock = Still()

        report = look_at_docs(
            replace(here.setting(), clock=clock), "1.1.0", Watch(seconds=200.0, chance=lambda: 1.0)
        )

        assert not report.is_over
        assert sum(clock.slept) == pytest.approx(200.0)


@given(st.lists(st.floats(0, 1), min_size=20, max_size=20))
def test_pauses_grow_to_a_quarter_of_an_hour_and_no_two_watchers_march_in_step(chances: list[float]) -> None:
    numbers = iter([*chances, 0.5])
    pauses = [pause for pause, _ in zip(intervals(lambda: next(numbers)), range(20), strict=False)]

    assert all(23.9 <= pause <= 1080.1 for pause in pauses)
    assert 23.9 <= pauses[0] <= 36.1
    assert pauses[-1] >= 719.9


def rustdoc(folder: Path) -> Path:
    """Write a list of items and one item's page, in the form of rustdoc."""
    library = folder / "kit"
    library.mkdir(parents=True)
    (library / "all.html").write_text(
        '<ul class="all-items"><li><a href="struct.Kit.html">Kit</a></li>'
        '<li><a href="fn.fold.html">fold</a></li></ul>'
    )
    (library / "struct.Kit.html").write_text('<section id="method.open"></section><h1>Kit</h1>')
    (library / "index.html").write_text("<h1>Crate kit</h1>")
    return folder


def test_symbols_become_links_in_the_release_and_in_the_changelog_once_all_is_built(tmp_path: Path) -> None:
    body = (
        f"Use [[Kit::open]] and [[fold]], not [[Kitt]].\n\n**Full Changelog**: {ROOT}/compare/1.0.0...1.1.0"
    )
    built = str(rustdoc(tmp_path / "rustdoc"))
    builds = docs(build("kit-core", [{"state": "building"}]), build("kit", BUILT, files=built))
    with yard(tmp_path / "yard", docs=builds, forge={"releases": [published(body=body)]}) as here:
        port_notes(here.setting(), "1.1.0")
        keep_docs(here.setting(), "1.1.0")
        early = body_of(here)
        assert "`` Kit::open ``" in early and "`` Kit::open ``" in here.text()
        here.world.services.docs.crates.queue(
            "kit-core", "1.1.0", {"schedule": BUILT, "files": str(tmp_path / "rustdoc")}
        )
        (tmp_path / "rustdoc" / "kit_core").mkdir()
        (tmp_path / "rustdoc" / "kit_core" / "all.html").write_text("<ul></ul>")

        report = keep_docs(here.setting(), "1.1.0")
        writes = here.writes()
        again = keep_docs(here.setting(), "1.1.0")

        link = f"[`Kit::open`]({here.world.docs.url}/kit/1.1.0/kit/struct.Kit.html#method.open)"
        for text in (body_of(here), here.text()):
            assert link in text
            assert f"[`fold`]({here.world.docs.url}/kit/1.1.0/kit/fn.fold.html)" in text
            assert "`` Kitt ``" in text
        assert [problem.code for problem in report.problems] == ["symbol-unknown"]
        assert "kit::Kit" in report.problems[0].remedy
        assert here.writes() == writes
        assert again.state.acts == ()


def test_a_release_without_references_asks_the_host_for_no_symbols(tmp_path: Path) -> None:
    with kit(tmp_path, BUILT) as here:
        keep_docs(here.setting(), "1.1.0")

        assert not [one for one in here.world.journal.entries() if one.path.endswith("all.html")]


def test_what_a_person_writes_into_the_release_meanwhile_is_kept(tmp_path: Path) -> None:
    from castoff.postrelease.links import LinksPart

    with kit(tmp_path, BUILT, forge={"releases": [published(body="See [[Kit]].")]}) as here:
        setting = here.setting()
        forge = setting.forge(here.world.repository.url)
        assert forge is not None
        part = LinksPart(tag="1.1.0", forge=forge, host=setting.docs("docs.rs"), documented=())
        decision = part.decide(part.look())
        here.world.services.forge._state.releases[0].body = "A person was here. [[Kit]]"

        outcome = part.act(decision.acts[0])  # type: ignore[union-attr]

        assert type(outcome).__name__ == "Unclear"
        assert body_of(here) == "A person was here. [[Kit]]"


@pytest.mark.parametrize(
    ("schedule", "state"),
    [
        pytest.param(None, "queued", id="a tag that was not seen yet"),
        pytest.param([{"state": "queued"}], "queued", id="queued"),
        pytest.param([{"state": "building"}], "building", id="building"),
        pytest.param(FAILED, "failed", id="failed"),
        pytest.param(BUILT, "built", id="built"),
    ],
)
def test_read_the_docs_has_one_project_for_all(schedule: object, state: str, tmp_path: Path) -> None:
    projects = [{"name": "kit", "version": "1.1.0", "schedule": schedule, "log": LOG}] if schedule else []
    with yard(tmp_path, docs={"projects": projects}) as here:
        report = keep_docs(here.setting('[docs]\nhost = "readthedocs"\n'), "1.1.0")

        assert [(one.name, one.state) for one in report.packages] == [("kit", state)]
        assert len(here.issues()) == (state == "failed")


def comments_of(here: Yard) -> list[str]:
    return [
        comment.body for one in here.world.services.forge._state.issues.values() for comment in one.comments
    ]


def body_of(here: Yard) -> str:
    return str(here.world.services.forge._state.releases[0].body)


def rules(*entries: dict[str, object]) -> tuple[Rule, ...]:
    return parse_faults(json.dumps({"rules": list(entries)}).encode())
