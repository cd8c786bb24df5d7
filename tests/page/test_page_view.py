"""What the page says of a status and of events, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from castoff.cli.events import read_runs
from castoff.cli.page.rendered import render_draft, render_page
from castoff.cli.page.source import PageSource
from castoff.cli.page.view import ObservedStatus, View, safe_url, view_of
from castoff.errors import UsageError
from castoff.io.loopback_server import is_own
from page.released import HOSTILE, Run, status


def view(told: dict[str, Any], events: Path | None = None) -> View:
    runs = read_runs(events) if events else ()
    observed = msgspec.convert(told, ObservedStatus)
    draft = render_draft(observed.draft.body if observed.draft else "")
    return view_of(observed, runs[-1] if runs else (), datetime.now(UTC), draft)


def states(shown: View) -> dict[str, str]:
    return {one.name: one.state for wave in shown.waves for one in wave.packages}


def test_a_page_replaces_files_alone(tmp_path: Path) -> None:
    source = PageSource(lambda: status(2, up=1), None)
    source.refresh()
    source.write(tmp_path / "public")
    (tmp_path / "file").write_text("kept")

    with pytest.raises(UsageError, match="file-unwritable"):
        source.write(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    assert {one.name for one in (tmp_path / "public").iterdir()} == {"index.html", "page.css"}


def test_a_look_that_ends_with_a_bug_is_shown_beside_the_last_state() -> None:
    looks = iter([status(2, up=1)])
    source = PageSource(lambda: next(looks), None)
    source.refresh()
    source.refresh()

    assert "internal error: StopIteration" in (page := source.page(live=True))
    assert "Release 1.1.0" in page


def test_events_are_newer_than_the_status(tmp_path: Path) -> None:
    run = Run(tmp_path / "events")
    run.upload("unit-000")
    run.upload("unit-001", outcome=None)
    run.upload("unit-002", outcome="refused")
    shown = view(status(4, up=0), run.file)

    assert states(shown) == {"unit-000": "done", "unit-001": "running", "unit-002": "blocked", "zz": "todo"}
    assert [(wave.number, wave.done, len(wave.packages)) for wave in shown.waves] == [
        (1, 1, 1),
        (2, 0, 2),
        (3, 0, 1),
    ]


def test_a_run_that_ended_writes_nothing_any_more(tmp_path: Path) -> None:
    run = Run(tmp_path / "events")
    run.upload("unit-000")
    run.upload("unit-001", outcome=None)
    run.tell("end")
    shown = view(status(4, up=0), run.file)

    assert states(shown) == {"unit-000": "done", "unit-001": "todo", "unit-002": "todo", "zz": "todo"}
    assert [one.state for one in shown.stages if one.title == "Uploads"] == ["todo"]


@pytest.mark.parametrize(
    ("told", "ended", "text"),
    [
        pytest.param(status(2, up=1), False, "Nothing: the run goes on by itself.", id="a run is going on"),
        pytest.param(
            status(2, up=1), True, "The release is not finished, and no run is known.", id="it was killed"
        ),
        pytest.param(
            {**status(2, up=1), "ways_out": [{"command": "castoff approve 1.1.0", "does": "publishes it"}]},
            True,
            "The release is not finished, and no run is known. This publishes it:",
            id="the status knows the command",
        ),
        pytest.param(
            status(2, up=2, tag="done", announce="person"),
            True,
            "Everything is uploaded. Read the draft and publish it. It has been waiting for 67 min.",
            id="only the announcement is left",
        ),
        pytest.param(
            status(2, up=1, announce="person"),
            False,
            "Nothing: the run goes on by itself.",
            id="an early draft",
        ),
        pytest.param(
            {**status(2, up=2), "phase": "complete"}, True, "Nothing: the release is complete.", id="done"
        ),
        pytest.param(
            {**status(2, up=2), "phase": "other"},
            True,
            "Nothing is in progress. What a release would do:",
            id="released by other means",
        ),
        pytest.param(
            {
                **status(2, up=1),
                "problems": [{"code": "c", "severity": "error", "message": "m", "remedy": "Do r"}],
            },
            True,
            "m. Do r",
            id="an error comes first",
        ),
    ],
)
def test_the_page_says_what_a_person_does_next(
    told: dict[str, Any], ended: bool, text: str, tmp_path: Path
) -> None:
    run = Run(tmp_path / "events")
    run.tell("stage", stage="publish")
    if ended:
        run.tell("end")

    assert [one.text for one in view(told, run.file).person] == [text]


def prepared(run: Run, version: str = "1.2.0") -> None:
    run.tell("release", version=version, of=2)
    run.tell("wave", packages=["unit-000", "new"], of=1)
    run.tell("wave", packages=["zz"], of=2)


def test_before_its_claim_the_page_shows_the_release_that_a_run_prepares(tmp_path: Path) -> None:
    run = Run(tmp_path / "events")
    prepared(run, "1.1.5")  # before the branch moved
    prepared(run)
    run.tell("step-begin", step="build", subject="new")
    told = {**status(2, up=2, docs="off"), "phase": "complete"}
    shown = view(told, run.file)

    assert (shown.title, shown.phase) == ("Release 1.2.0", "being checked and built; nothing is claimed yet")
    assert states(shown) == {"unit-000": "todo", "new": "todo", "zz": "todo"}
    assert {one.title: one.state for one in shown.stages if one.state != "todo"} == {"Documentation": "off"}
    assert (shown.draft_title, [one.what for one in shown.doing]) == ("", ["build: new"])
    assert [one.text for one in shown.person] == ["Nothing: the run goes on by itself."]


def test_a_run_that_was_refused_or_is_claimed_leaves_the_status_as_it_is(tmp_path: Path) -> None:
    claimed, refused = Run(tmp_path / "claimed"), Run(tmp_path / "refused")
    prepared(claimed, "1.1.0")
    prepared(refused)
    refused.tell("end")
    told = status(2, up=1)

    assert [view(told, one.file).phase for one in (claimed, refused)] == ["in-flight", "in-flight"]


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (-130.0, "The run has written nothing for 2 min. If it is gone, go on by hand."),
        (-110.0, "Nothing: the run goes on by itself."),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_a_run_that_was_killed_cannot_write_its_end(
    last: float, text: str, waits: bool, tmp_path: Path
) -> None:
    run = Run(tmp_path / "events")
    run.tell(
        "wait", subject="zz", until="2999-01-01T00:00:00Z" if waits else "2000-01-01T00:00:00Z", after=last
    )

    (told,) = view(status(2, up=1), run.file).person
    assert told.text == ("Nothing: the run goes on by itself." if waits else text)


def test_a_staged_package_waits_for_a_person_and_counts_once() -> None:
    told = status(2, up=0, publish="person")
    seen = [{"id": "f", "part": part, "answer": "staged"} for part in ("unit-000", "zz", "stage:unit-000")]
    told["stages"][1]["observations"] = seen
    shown = view(told)

    assert [(one.state, one.detail) for wave in shown.waves for one in wave.packages] == [
        ("person", "staged"),
        ("person", "staged"),
    ]
    assert [one.detail for one in shown.stages if one.title == "Uploads"] == ["0 of 2 parts"]


@pytest.mark.parametrize(
    ("version", "phase", "title", "words"),
    [
        ("1.1.0", "in-flight", "Release 1.1.0", "in-flight"),
        ("1.1.0", "other", "Release 1.1.0", "released by other means"),
        (None, "none", "No release yet", "nothing was released or started on this branch"),
    ],
)
def test_the_page_names_the_release_and_what_became_of_it(
    version: str | None, phase: str, title: str, words: str, tmp_path: Path
) -> None:
    run = Run(tmp_path / "events")
    run.tell("end")

    shown = view({**status(2, up=2), "version": version, "phase": phase}, run.file)

    assert (shown.title, shown.phase) == (title, words)


def test_what_goes_on_is_what_has_no_end(tmp_path: Path) -> None:
    run = Run(tmp_path / "events")
    run.tell("step-begin", step="compile", subject="unit-000")
    run.tell("step-end", step="compile", subject="unit-000")
    run.tell("step-begin", step="compile", subject="unit-001", after=-7)
    run.tell("wait", subject="zz", reason="not visible yet", until="2999-01-01T00:00:00Z", after=-3)
    run.tell("wait", subject="old", reason="not visible yet", until="2000-01-01T00:00:00Z")
    shown = view(status(4, up=0), run.file)

    assert [one.what.partition(" (")[0] for one in shown.doing] == [
        "compile: unit-001",
        "waiting for zz: not visible yet",
    ]
    assert [one.since for one in shown.doing] == ["7 s", "3 s"]


def test_the_mismatch_window_is_measured(tmp_path: Path) -> None:
    run = Run(tmp_path / "events")
    for after, name in ((0, "unit-000"), (70, "zz")):
        run.upload(name, after=after)

    assert view(status(2, up=0), run.file).window == "70 s"


def test_texts_from_outside_stay_texts(tmp_path: Path) -> None:
    run = Run(tmp_path / "events")
    run.tell("pass", detail=HOSTILE)
    page = render_page(view(status(4, up=1), run.file), live=False)

    assert "<script" not in page
    assert "onerror" not in page
    assert "javascript:" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://github.com/acme/zz/releases/1", True),
        ("http://127.0.0.1:8000/x", True),
        ("http://example.org/", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        (None, False),
    ],
)
def test_a_link_leads_to_a_page_or_nowhere(url: str | None, kept: bool) -> None:
    assert safe_url(url) == (url if kept else "")


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"Host": "127.0.0.1:80"}, True),
        ({"Host": "localhost:80"}, True),
        ({"Host": "127.0.0.1:80", "Origin": "http://127.0.0.1:80"}, True),
        ({"Host": "evil.example:80"}, False),
        ({"Host": "127.0.0.1:81"}, False),
        ({}, False),
        ({"Host": "127.0.0.1:80", "Origin": "https://evil.example"}, False),
        ({"Host": "127.0.0.1:80", "Origin": "null"}, False),
    ],
)
def test_only_this_machines_own_pages_are_answered(headers: dict[str, str], own: bool) -> None:
    assert is_own(headers, 80) is own
