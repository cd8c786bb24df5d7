"""Values that no option can have, options without effect, ends by a signal: exit codes 2, 129, 143, never a bug."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from castoff.cli.endings import Terminated, ended_by_signals
from castoff.cli.main import ending_of, run
from castoff.errors import NothingToDo, NotYet, Problem

LONG = "x" * 5000
PATHS = {
    "-C": "status",
    "--config": "plan minor",
    "--events": "plan minor",
    "changelog --body": "1.0.0",
    "changelog --file": "1.0.0",
    "changelog --tags": "--doctor",
    "website --source": "--target .",
    "website --target": "--source .",
    "notes --changes": "",
    "highlights --file": "",
    "check --registry-record": "",
    "init --website": "",
    "ci --write": "",
    "demo --dir": "",
    "build --to": "",
    "page --static": "",
    "resume --built": "--execute",
    "world serve --dir": "",
    "world serve --faults": "",
    "world serve --seed": "",
    "world serve --env": "",
}
WAITS = ("nan", "inf", "-inf", "-1", "604801", "1e99", "soon", "")
WITHOUT_EFFECT = (
    *(f"{command} --wait 5" for command in ("status", "plan minor", "notes", "init", "ci", "explain bug")),
    "--wait 5 status",
    "explain bug --config x.toml",
    "explain bug --events e",
    "demo --config x.toml",
    "changelog --tags t",
    "changelog --fix",
    "changelog 1.0.0 --url u",
    "changelog 1.0.0 --date 2026-01-01",
    "changelog 1.0.0 --file f",
    "changelog --doctor f --body b",
    "changelog --doctor f --url u",
    "changelog --doctor f --date d",
    "changelog --doctor f --replace",
    "changelog --doctor f --execute",
    "changelog --doctor f --file g",
    "changelog 1.0.0 --body b --url u --date d --execute",
    "changelog 1.0.0 --body b --url u --date d --wait 5",
    "website --url u",
    "website --ref r",
    "website --check",
    "website 1.0.0 --source . --target .",
    "website --source . --target . --execute",
    "website --source . --target . --replace",
    "resume --built .",
    "resume --only publish",
    "resume --tags . --objects f",
    "resume 1.0.0 --execute --only publish --without draft",
    "resume 1.0.0 --execute --tags . --objects f --built .",
    "release minor --only version",
    "release minor --execute --rehearsed",
    "release --execute --only version",
    "release minor --pull-request --only version --execute",
    "notes --changes f --from 1.0.0",
    "notes --changes f --to main",
    "notes --changes f --compare",
    "check --label 1=a",
    "check --execute",
    "check --fix --only labels",
    "check --fix --strict",
    "check --fix --pull-request 3",
    "check --fix --version 1.0.0",
    "check --fix --registry-record r",
    "check --pull-request 3 --only preflight",
    "check --pull-request 3 --only labels --only preflight",
    "check --pull-request 3 --version 1.0.0",
    "milestone --rename",
    "milestone --milestone none --rename",
    "highlights --print --execute",
    "highlights --print --file f",
    "release --pre rc",
    "release minor --rehearsed",
    "release minor --rehearsed --execute",
    "release minor --rehearsed --pull-request",
    f"release minor --pull-request --accept {'a' * 64}",
)
IMPOSSIBLE = (
    "release minor --accept x",
    f"release minor --accept {'g' * 64}",
    f"resume --accept {'a' * 63}",
    "check --pull-request 0",
    "check --pull-request 2147483648",
    f"check --pull-request {'9' * 5000}",
    "check --fix --label 0=x",
    "check --fix --label ４=x",
    f"check --fix --label {'9' * 5000}=x",
    "check --fix --label 4=",
    "check --fix --label 4=a --label 4=b",
    "milestone --milestone 0",
    "milestone --milestone ４",
    "yank 1.0.0 --reason 'a\nb'",
)


@pytest.mark.parametrize("value", [LONG, "a\0b", ""], ids=["long", "null", "empty"])
@pytest.mark.parametrize("option", PATHS)
def test_a_path_that_cannot_be_is_a_mistake_of_usage(
    option: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "bad-usage" in refused(
        [*option.split(), value, *PATHS[option].split()], tmp_path, monkeypatch, capsys
    )


@pytest.mark.parametrize(
    "words", [*WITHOUT_EFFECT, *IMPOSSIBLE, *(f"release minor --wait '{one}'" for one in WAITS)]
)
def test_what_has_no_effect_or_no_meaning_is_a_mistake_of_usage(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(shlex.split(words), tmp_path, monkeypatch, capsys)

    assert ("no effect" in message) is (words in WITHOUT_EFFECT and "--file g" not in words)


def refused(
    words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """Run a command where nothing is; return the one problem that it ends with, as text."""
    monkeypatch.chdir(folder)
    # `world` takes no `--json` of its own
    code = run([*words, "--json"] if words[0] != "world" else words)
    said = capsys.readouterr()
    assert code == 2
    assert list(folder.iterdir()) == []
    if words[0] == "world":
        return f"bad-usage {said.err}"
    (problem,) = json.loads(said.out)["problems"]
    assert problem["remedy"]
    return f"{problem['code']} {problem['message']}"


@pytest.mark.parametrize(
    "words",
    [
        "release minor --wait",
        "release minor --wait 0",
        "release minor --wait 604800",
        f"release minor --accept sha256:{'A' * 64}",
        "release minor --yes --no-input",
        "status --yes --no-input",
        "check --fix --label 4=a=b",
        "milestone --milestone 4 --rename",
        "highlights --print",
        "changelog 1.0.0 --replace",
        "check --pull-request 2147483647 --strict",
    ],
)
def test_what_is_meant_reaches_the_command(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert run([*words.split(), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problems"][0]["code"] == "not-a-repository"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_run_as_an_exception_does(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(number)
    tidied = []
    with pytest.raises(Terminated) as caught, ended_by_signals():
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)  # a second one does not interrupt what tidies up
            tidied.append(True)

    assert (caught.value.exit_code, tidied) == (code, [True])
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("first", "then", "code"),
    [
        pytest.param(Terminated(signal.SIGTERM), None, 143, id="a signal"),
        pytest.param(
            Terminated(signal.SIGHUP), OSError(39, "Directory not empty"), 129, id="a folder in use"
        ),
        pytest.param(Terminated(signal.SIGTERM), SystemExit(), 143, id="the end of a thread"),
        pytest.param(
            Terminated(signal.SIGTERM), NotYet(Problem(code="late", message="late")), 143, id="a client"
        ),
        pytest.param(KeyboardInterrupt(), RuntimeError("shut down"), 130, id="an executor"),
        pytest.param(OSError("gone"), BrokenPipeError(), 0, id="a closed pipe"),
        pytest.param(OSError("gone"), NotYet(Problem(code="late", message="late")), 3, id="no signal"),
        pytest.param(ValueError("x"), None, 1, id="a bug"),
    ],
)
def test_what_fails_after_a_signal_is_not_what_ended_the_run(
    first: BaseException, then: BaseException | None, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BaseException) as caught:
        try:
            raise first
        finally:
            if then is not None:
                raise then

    assert ending_of(caught.value, ["plan"]) == code
    assert ("internal error" in capsys.readouterr().err) == (code == 1)


class _Interrupting:
    """Interrupts the import of a module, as a signal at that moment does; or lets nobody import it."""

    def __init__(self, module: str, error: BaseException) -> None:
        self.module, self.error = module, error

    def find_spec(self, name: str, *_: object) -> None:
        if name == self.module:
            raise self.error


def test_a_signal_in_the_middle_of_an_import_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "castoff.io.process", raising=False)
    half_made = _Interrupting("castoff.io.process", ImportError("partially initialized"))
    monkeypatch.setattr(sys, "meta_path", [half_made, *sys.meta_path])

    with pytest.raises(Terminated), ended_by_signals():
        os.kill(os.getpid(), signal.SIGTERM)


def test_an_interruption_of_the_first_imports_is_no_traceback() -> None:
    script = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'castoff.cli.main': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from castoff.__main__ import main\n"
        "main()\n"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    "words", [("explain", "bug", "--json"), ("explain", "bug"), ("explain", "nope", "--json")]
)
def test_a_full_disk_behind_stdout_is_told_on_stderr(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "castoff", *words]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert "Traceback" not in ended.stderr
    code = "unknown-code" if "nope" in words else "machine-failed"
    assert (ended.returncode, f"error[{code}]" in ended.stderr) == (2 if "nope" in words else 4, True)


def test_an_answer_that_could_not_be_printed_does_not_end_with_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What is left in its buffer is refused again when it is closed.
    with suppress(OSError), Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = ending_of(NothingToDo.of("nothing-to-resume", "x"), ["resume", "--json"])
        monkeypatch.undo()

    assert (code, "machine-failed" in capsys.readouterr().err) == (4, True)
