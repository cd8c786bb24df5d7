"""What a run shows while it is going on, and what an interrupted one says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from castoff.cli.events import Events, build_seconds, learnt_paces, read_runs
from castoff.cli.render.reporter import Heartbeat, LineReporter, Screen
from castoff.cli.render.tally import Tally
from castoff.model.acts import Act, Succeeded, Unclear
from castoff.model.steps import Interval, LocalStep, Pace, busy_seconds

UPLOAD = Act(id="publish:python:a:a-1.tar.gz", stage="publish", target="a-1.tar.gz", undo="never")
CLAIM = Act(id="version:push", stage="version", target="the release commit", undo="free")


def compiling(*subjects: str, of: int, at: float = 0.0, tally: Tally | None = None) -> Tally:
    tally = tally or Tally()
    for one in subjects:
        tally.step_begins(LocalStep("compile", one, of), at)
    return tally


def test_one_line_tells_what_goes_on_since_when_and_until_when() -> None:
    tally = compiling("kube-core", "kube-derive", of=3)
    tally.act_begins(UPLOAD, 10.0)
    tally.waits("kube", "not visible yet", 5.0, 20.0)
    tally.waits("kube", "not visible yet", 5.0, 30.0)

    assert tally.line(32.0) == (
        "compiling kube-core (32 s), kube-derive (32 s); uploading a-1.tar.gz (22 s); "
        "waiting for kube: not visible yet (since 12 s, looking again in 3 s); compiling: 0 of 3 done"
    )


@pytest.mark.parametrize(
    ("subjects", "line"),
    [
        pytest.param((), "", id="nothing goes on"),
        pytest.param(("a",), "compiling a (9 s)", id="the only one has no count of others"),
        pytest.param(
            "abcde", "compiling a (9 s), b (9 s), c (9 s) and 2 more; compiling: 0 of 5 done", id="many"
        ),
    ],
)
def test_a_line_stays_short(subjects: tuple[str, ...], line: str) -> None:
    assert compiling(*subjects, of=len(subjects) if len(subjects) > 1 else 0).line(9.0) == line


def test_a_sentence_that_is_too_wide_goes_on_below_its_first_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    Screen().line("warning[branch-protected]: the branch `main` is protected")

    told = capsys.readouterr().err.splitlines()
    assert [line.rstrip() for line in told] == [
        "            warning[branch-protected]:",
        "            the branch `main` is",
        "            protected",
    ]


def test_a_wait_that_is_over_is_not_shown() -> None:
    tally = Tally()
    tally.waits("kube", "not visible yet", 5.0, 20.0)

    assert tally.line(26.0) == ""


def ended(done: int, of: int, learnt: dict[str, Pace] | None = None) -> Tally:
    """Compile so many packages of ten seconds each, one after the other; another one has begun."""
    tally = Tally(learnt or {})  # type: ignore[arg-type]
    for number in range(done):
        compiling(str(number), of=of, at=10.0 * number, tally=tally)
        tally.step_ends(LocalStep("compile", str(number), of), 10.0 * (number + 1))
    return compiling("next", of=of, at=10.0 * done, tally=tally)


@pytest.mark.parametrize(
    ("tally", "now", "left"),
    [
        pytest.param(ended(0, 5), 4.0, None, id="nothing is known"),
        pytest.param(ended(2, 5), 24.0, 26.0, id="by the pace of this run"),
        pytest.param(
            ended(0, 5, {"compile": Pace(10, 200.0)}), 4.0, 96.0, id="by an earlier run, with its count"
        ),
        pytest.param(
            ended(2, 5, {"compile": Pace(10, 200.0)}), 24.0, 26.0, id="this run's pace is the better one"
        ),
        pytest.param(
            ended(2, 5, {"install": Pace(2, 7.0)}), 20.0, 37.0, id="and what an earlier run had after it"
        ),
        pytest.param(ended(2, 5), 90.0, 0.0, id="never negative"),
    ],
)
def test_the_time_that_is_left_is_estimated(tally: Tally, now: float, left: float | None) -> None:
    assert tally.seconds_left(now) == left


def test_a_run_that_writes_already_has_skipped_what_an_earlier_one_built() -> None:
    tally = Tally({"compile": Pace(10, 200.0)})
    assert tally.seconds_left(0.0) == 200.0

    tally.act_ends(CLAIM, Succeeded())
    assert tally.seconds_left(0.0) is None


def test_steps_side_by_side_count_once() -> None:
    rows = [(0.0, 4.0), (2.0, 6.0), (3.0, 5.0), (10.0, 11.0)]

    assert busy_seconds(Interval("build", *row) for row in rows) == 7.0


def test_steps_of_a_second_run_count_anew() -> None:
    tally, said = Tally(), []
    for _ in range(2):
        for number in range(2):
            step = LocalStep("compile", f"core-{number}", 2)
            tally.step_begins(step, 0.0)
            said.append(tally.step_ends(step, 1.0).rpartition("(")[2])
    assert said == ["1 of 2)", "2 of 2)", "1 of 2)", "2 of 2)"]


def test_an_interrupted_run_tells_what_is_done_and_what_is_not() -> None:
    tally = Tally()
    for act in (CLAIM, UPLOAD):
        tally.stage_begins(act.stage, 2)
        tally.act_begins(act, 0.0)
        tally.act_ends(act, Succeeded())
    tally.act_begins(Act(id="publish:python:b:b-1.whl", stage="publish", target="b-1.whl", undo="never"), 1.0)
    tally.waits("a", "not visible yet", 5.0, 1.0)

    assert tally.interrupted() == [
        "done: version:push, 1 upload",
        "not known: b-1.whl was being written",
        "not done: waiting for a: not visible yet",
        "not done: the rest of the stage `publish`, and what follows it",
    ]


def test_a_write_without_an_answer_is_not_done() -> None:
    tally = Tally()
    tally.act_begins(UPLOAD, 0.0)
    tally.act_ends(UPLOAD, Unclear(reason="timed out"))

    assert tally.interrupted() == ["done: nothing was written"]


def test_a_line_breaks_each_silence(capfd: pytest.CaptureFixture[str]) -> None:
    lines = LineReporter(heartbeat=0.05)
    with lines.step(LocalStep("compile", "kube-core")):
        time.sleep(0.5)
    lines.close()
    printed = capfd.readouterr().err.splitlines()

    assert len([one for one in printed if one.strip() == "... compiling kube-core (0 s)"]) >= 2
    assert printed[-1].strip().startswith("- compiling kube-core: 0.")


def test_a_command_that_prints_only_its_result_breaks_each_silence_too(
    capfd: pytest.CaptureFixture[str],
) -> None:
    lines = Heartbeat(heartbeat=0.05)
    lines.stage("preflight", 2)
    lines.note("nothing that is printed")
    with lines.step(LocalStep("check", "215 conditions")):
        time.sleep(0.5)
    lines.close()
    printed = capfd.readouterr().err.splitlines()

    assert len(printed) >= 2
    assert all(one.startswith("... checking 215 conditions (") for one in printed)


def test_a_step_that_fails_is_told_of_no_more(capfd: pytest.CaptureFixture[str]) -> None:
    lines = Heartbeat(heartbeat=0.05)
    with pytest.raises(ValueError, match="dark"), lines.step(LocalStep("check", "215 conditions")):
        raise ValueError("dark")
    time.sleep(0.3)

    assert capfd.readouterr().err == ""


def test_a_run_that_builds_nothing_does_not_tell_how_long_builds_take(tmp_path: Path) -> None:
    file = tmp_path / "events"
    for kind in ("install", "prepare", "check", "sign"):
        events = Events(file)
        with events.step(LocalStep(kind, "one")):  # type: ignore[arg-type]
            pass
        events.close()

    assert {*learnt_paces(file)} == {"install"}
    assert build_seconds(file) is not None


def test_the_last_run_in_a_file_of_events_tells_how_long_steps_take(tmp_path: Path) -> None:
    file = tmp_path / "events"
    assert learnt_paces(file) == {}
    for kind, number in (("build", 1), ("compile", 3)):
        events = Events(file)
        for one in range(number):
            with events.step(LocalStep(kind, str(one), number)):  # type: ignore[arg-type]
                pass
        events.close()
    with file.open("ab") as stream:
        stream.write(b'{"seq": 8, "at": "20')  # killed while it wrote

    assert [one.type for one in read_runs(file)[-1]] == [*["step-begin", "step-end"] * 3, "end"]
    assert {kind: pace.steps for kind, pace in learnt_paces(file).items()} == {"compile": 3}


def test_a_device_or_a_pipe_is_only_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    assert read_runs(pipe) == ()
    assert read_runs(Path("/dev/zero")) == ()


@pytest.mark.real
def test_ctrl_c_ends_with_what_is_done_and_the_command_that_goes_on(tmp_path: Path) -> None:
    # A process in the background ignores SIGINT, and so would its children.
    heeding = "import runpy, signal; signal.signal(2, signal.default_int_handler)"
    begun = f"{heeding}; runpy.run_module('castoff', run_name='__main__')"
    command = [sys.executable, "-c", begun, "demo", "--events", str(tmp_path / "events")]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stderr is not None
    for line in run.stderr:
        if "- building harbour" in line:
            break
    run.send_signal(signal.SIGINT)
    # Not `communicate`: it would lose the lines that the loop above has read ahead.
    words = run.stderr.read().splitlines()
    run.communicate(timeout=60)
    assert "interrupted" in words, words
    told = words[words.index("interrupted") :]

    assert run.returncode == 130
    assert told[1] == "done: nothing was written"
    assert told[-2] == "not done: the rest of the stage `preflight`, and what follows it"
    assert told[-1] == f"to go on: castoff demo --events {tmp_path / 'events'}"
    events = [json.loads(line) for line in (tmp_path / "events").read_text("utf-8").splitlines()]
    assert events[-1]["type"] == "end"
