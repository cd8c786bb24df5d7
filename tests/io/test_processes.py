"""Programs run by argument lists, with the environment that the door was opened with, and always come to an end."""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from castoff.errors import MachineFailure, UsageError
from castoff.io.process import (
    TIMED_OUT,
    Completed,
    Hearing,
    Processes,
    allow_children,
    end_children,
    find_program,
)
from castoff.model.child_environments import Kind
from castoff.redaction import Redactor
from castoff.values import replace

PATH = os.environ["PATH"]


def door(**environment: str) -> Processes:
    return Processes({"PATH": PATH, **environment}, Redactor.of_environment(environment))


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def script(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "word",
    [
        "$(touch owned)",
        "`touch owned`",
        "; touch owned",
        "a b",
        "*",
        "",
        "--",
        "'\"",
        "new\nline",
        "ünï",
        "%s",
    ],
    ids=repr,
)
def test_arguments_arrive_as_they_are(tmp_path: Path, word: str) -> None:
    done = door().run([*python("import sys; print(repr(sys.argv[1]))"), word], kind=Kind.TOOL, cwd=tmp_path)

    assert done.stdout.decode().strip() == repr(word)
    assert list(tmp_path.iterdir()) == []


def test_a_child_has_the_environment_of_the_door_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKED_TOKEN", "leaked")
    show = python("import os, json; print(json.dumps(dict(os.environ)))")

    seen = (
        door(HERE="1", GONE="1")
        .run(show, kind=Kind.TOOL, cwd=tmp_path, changes={"GONE": None, "NEW": "2"})
        .text
    )

    assert '"HERE": "1"' in seen
    assert '"NEW": "2"' in seen
    assert "GONE" not in seen
    assert "leaked" not in seen


def test_another_door_leaves_the_first_as_it_is() -> None:
    first = door(A="1", B="1")

    second = first.with_environment({"A": "2", "B": None})

    assert (first.environment["A"], first.environment["B"]) == ("1", "1")
    assert second.environment["A"] == "2"
    assert "B" not in second.environment
    assert second.redactor is first.redactor


def test_code_output_and_errors_come_back(tmp_path: Path) -> None:
    done = door().run(
        python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"),
        kind=Kind.TOOL,
        cwd=tmp_path,
    )

    assert (done.code, done.stdout, done.text, done.errors) == (7, b"out\n", "out\n", "err\n")
    assert done.last_words == "err"


def test_what_a_child_is_given_it_reads_and_else_it_reads_nothing(tmp_path: Path) -> None:
    read = python("import sys; print(repr(sys.stdin.read()))")

    assert door().run(read, kind=Kind.TOOL, cwd=tmp_path, given=b"words").text == "'words'\n"
    assert door().run(read, kind=Kind.TOOL, cwd=tmp_path).text == "''\n"


def test_secrets_and_control_sequences_do_not_come_back_in_texts(tmp_path: Path) -> None:
    say = python(
        "import os, sys; t = os.environ['MY_TOKEN']; print(t, '\\x1b[31m'); print(t, file=sys.stderr)"
    )

    done = door(MY_TOKEN="canary-canary").run(say, kind=Kind.GIT, cwd=tmp_path)

    assert "canary" not in done.text + done.errors + done.last_words
    assert "\x1b" not in done.text
    assert b"canary-canary" in done.stdout, "bytes are data, and stay"


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    done = door().run(
        python("import sys; sys.stdout.buffer.write(b'\\xff\\xfe\\x00ok')"), kind=Kind.TOOL, cwd=tmp_path
    )

    assert done.stdout == b"\xff\xfe\x00ok"
    assert done.text.endswith("ok")


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()

    done = door().run(
        python("import sys, time; print('begun', flush=True); time.sleep(60)"),
        kind=Kind.TOOL,
        cwd=tmp_path,
        timeout=0.5,
    )

    assert done.code == 124
    assert "took too long" in done.errors
    assert "begun" in done.text
    assert time.monotonic() - began < 10


def test_a_child_of_the_child_does_not_hold_us_when_it_takes_too_long(tmp_path: Path) -> None:
    began = time.monotonic()

    done = door().run(["sh", "-c", "sleep 30 & wait"], kind=Kind.TOOL, cwd=tmp_path, timeout=0.5)

    assert done.code == 124
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", ["no-such-program", "/nowhere/program", "", "no\nsuch"])
def test_a_program_that_is_missing_is_said_to_be_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        door().run([name], kind=Kind.TOOL, cwd=tmp_path)

    assert caught.value.problems[0].code == "program-missing"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("no interpreter", "its interpreter `/nowhere/interpreter` is missing"),
        ("no program", "Exec format error"),
        ("too long", "Argument list too long"),
        ("no folder", "gone`: the folder is missing"),
        ("killed", "SIGKILL"),
        ("a file that is too large", "SIGXFSZ"),
        ("no handle is left", "Too many open files"),
    ],
)
def test_a_program_that_cannot_run_is_a_failure_of_the_machine(
    tmp_path: Path, what: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str | Path] = [*python("pass")]
    folder = tmp_path
    match what:
        case "no interpreter":
            words = [script(tmp_path, "broken", "#!/nowhere/interpreter\n")]
        case "no program":
            words = [script(tmp_path, "empty", "\x00\x01")]
        case "too long":
            words.append("a" * 3_000_000)
        case "no folder":
            folder = tmp_path / "gone"
        case "killed":
            words = ["sh", "-c", "kill -KILL $$"]
        case "a file that is too large":
            words = ["sh", "-c", "kill -XFSZ $$"]
        case _:

            def refuse(*_: object, **__: object) -> object:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

            monkeypatch.setattr(subprocess, "Popen", refuse)

    with pytest.raises(MachineFailure, match=re.escape(said)) as caught:
        door().run(words, kind=Kind.TOOL, cwd=folder)

    assert caught.value.problem.code == "machine-failed"
    assert caught.value.problem.remedy


def test_arguments_that_no_program_can_be_given_end_with_a_code_and_a_reason(tmp_path: Path) -> None:
    done = door().run([*python("pass"), "a\0b"], kind=Kind.TOOL, cwd=tmp_path)

    assert (done.code, "null byte" in done.errors) == (126, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE])
def test_the_end_by_a_signal_that_is_sent_on_purpose_is_a_negative_code(tmp_path: Path, number: int) -> None:
    assert door().run(["sh", "-c", f"kill -{int(number)} $$"], kind=Kind.TOOL, cwd=tmp_path).code == -number


def test_a_child_that_the_terminal_interrupted_interrupts(tmp_path: Path) -> None:
    # A shell cannot undo that its parent ignores the signal, as that of a run in the background does.
    child = "import os, signal; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)"
    with pytest.raises(KeyboardInterrupt):
        door().run([sys.executable, "-c", child], kind=Kind.TOOL, cwd=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        door().follow([sys.executable, "-c", child], kind=Kind.TOOL, cwd=tmp_path, heard=lambda _: "keep")


@pytest.mark.parametrize(
    ("free", "raises"), [(64 << 10, True), (1 << 40, False)], ids=["a full one", "one with room"]
)
def test_a_program_that_fails_on_a_full_disk_is_a_failure_of_the_machine(
    tmp_path: Path, free: int, raises: bool
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = free if hard == resource.RLIM_INFINITY else min(free, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(MachineFailure, match="File too large") if raises else nullcontext():
            assert door().run(["sh", "-c", "exit 3"], kind=Kind.TOOL, cwd=tmp_path).code == 3
        assert door().run(["true"], kind=Kind.TOOL, cwd=tmp_path).code == 0, "what works is not asked"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("temporary", "raises"),
    [("/proc", True), ("missing", True), ("", False)],
    ids=["one that takes no files", "one that is missing", "none"],
)
def test_a_program_that_fails_beside_a_bad_temporary_folder_is_a_failure_of_the_machine(
    tmp_path: Path, temporary: str, raises: bool
) -> None:
    """Python takes another folder, so that castoff's own files are written all the same."""
    folder = {"TMPDIR": str(tmp_path / temporary)} if temporary else {}
    processes = Processes({"PATH": os.defpath, **folder})

    with pytest.raises(MachineFailure, match=temporary) if raises else nullcontext():
        assert processes.run(["sh", "-c", "exit 3"], kind=Kind.TOOL, cwd=tmp_path).code == 3


def test_programs_are_found_in_the_path_of_the_door(tmp_path: Path) -> None:
    here = script(tmp_path, "mine", "#!/bin/sh\necho mine\n")

    assert Processes({"PATH": str(tmp_path)}).run(["mine"], kind=Kind.TOOL, cwd=tmp_path).text == "mine\n"
    assert find_program("mine", str(tmp_path)) == str(here)
    assert find_program("mine", "/nowhere") is None


def test_clients_that_were_installed_with_castoff_win_over_those_in_the_path(tmp_path: Path) -> None:
    script(tmp_path, "uv", "#!/bin/sh\n")

    found = find_program("uv", str(tmp_path))

    assert found is not None
    assert Path(found).parent == Path(sys.executable).parent


def test_the_last_words_of_a_long_talk_are_its_first_and_last_lines(tmp_path: Path) -> None:
    done = door().run(
        python("for n in range(5000): print('line', n, 'x' * 500)"), kind=Kind.TOOL, cwd=tmp_path
    )

    assert len(done.last_words) <= 1500
    assert done.last_words.splitlines()[-1].startswith("line 4999")


@pytest.mark.parametrize(
    ("text", "errors", "shown"),
    [
        pytest.param("out\n", "", "out", id="output alone"),
        pytest.param("", "err\n", "err", id="errors alone"),
        pytest.param("out\n", "err\n", "err\nout", id="both"),
        pytest.param(
            "a\n" * 9, "err\n", "err\n" + "a\n" * 4 + "...\n" + "a\n" * 3 + "a", id="each shortened"
        ),
    ],
)
def test_a_command_of_the_user_may_complain_on_both_streams(text: str, errors: str, shown: str) -> None:
    done = Completed(code=1, stdout=text.encode(), text=text, errors=errors)

    assert done.words_of_both_streams == shown


def test_a_program_is_followed_line_by_line_and_told_to_end_when_it_has_done_its_part(tmp_path: Path) -> None:
    heard: list[str] = []

    def hear(line: str) -> Hearing:
        heard.append(line)
        return "stop" if line == "enough" else ("drop" if line.startswith("noise") else "keep")

    talk = (
        "import sys, time\n"
        "for line in ('one', 'noise', 'enough'): print(line, file=sys.stderr, flush=True)\n"
        "time.sleep(60)"
    )
    began = time.monotonic()

    done = door().follow(python(talk), kind=Kind.TOOL, cwd=tmp_path, heard=hear)

    assert heard == ["one", "noise", "enough"]
    assert done.errors == "one"
    assert done.code == -15
    assert time.monotonic() - began < 10


def test_an_interactive_program_gives_its_code(tmp_path: Path) -> None:
    assert door().interactive(["sh", "-c", "exit 3"], kind=Kind.TOOL, cwd=tmp_path) == 3
    with pytest.raises(UsageError):
        door().interactive(["no-such-editor"], kind=Kind.TOOL, cwd=tmp_path)


@pytest.mark.parametrize(
    ("own", "left"), [(None, 0.3), (30.0, 0.3), (0.3, 30.0)], ids=["its-alone", "the-shorter", "the-longer"]
)
def test_a_program_gets_no_more_time_than_is_left(tmp_path: Path, own: float | None, left: float) -> None:
    hurried = replace(door(), seconds_left=lambda: left)
    began = time.monotonic()

    done = hurried.run(python("import time; time.sleep(30)"), kind=Kind.TOOL, cwd=tmp_path, timeout=own)

    assert done.code == TIMED_OUT
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("left", [0.0, -1.0])
def test_a_program_for_which_no_time_is_left_is_not_started(tmp_path: Path, left: float) -> None:
    hurried = replace(door(), seconds_left=lambda: left).with_environment({"X": "1"})

    done = hurried.run(python("open('started', 'w')"), kind=Kind.TOOL, cwd=tmp_path)

    assert done.code == TIMED_OUT
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def ending() -> Iterator[None]:
    """Let later tests start programs again."""
    yield
    allow_children()


def end_once(there: Path, done: Future[object]) -> BaseException | None:
    """End all children once a file is there; gives how a thread ended that runs one."""
    while not there.exists():
        time.sleep(0.02)
    end_children()
    return done.exception(timeout=20)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("touch there; sleep 60 & wait", id="its child holds the pipes"),
        pytest.param("(sleep 60 & touch there); sleep 60", id="its grandchild holds the pipes"),
        pytest.param(
            "trap '' TERM; touch there; while :; do sleep 0.1; done", id="it does not end on SIGTERM"
        ),
    ],
)
def test_threads_do_not_wait_for_programs_after_the_run_was_ended(
    program: str, ending: None, tmp_path: Path
) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(door().run, ["sh", "-c", program], kind=Kind.BUILD, cwd=tmp_path)
        ended = end_once(tmp_path / "there", done)

    assert isinstance(ended, SystemExit)
    assert time.monotonic() - began < 30


def test_threads_start_no_program_after_the_run_was_ended_and_the_main_thread_does(
    ending: None, tmp_path: Path
) -> None:
    end_children()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(door().run, ["touch", "there"], kind=Kind.BUILD, cwd=tmp_path)
        assert isinstance(done.exception(timeout=20), SystemExit)
    assert not (tmp_path / "there").exists()
    assert door().run(["touch", "there"], kind=Kind.TOOL, cwd=tmp_path).code == 0

    allow_children()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(door().run, ["true"], kind=Kind.TOOL, cwd=tmp_path).result().code == 0


def test_threads_read_programs_that_take_longer_than_a_look(tmp_path: Path) -> None:
    words = ["sh", "-c", "cat; sleep 1.2; echo late"]
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(door().run, words, kind=Kind.TOOL, cwd=tmp_path, given=b"x" * 200_000)
        done = run.result(timeout=30)

    assert (done.code, done.stdout) == (0, b"x" * 200_000 + b"late\n")
