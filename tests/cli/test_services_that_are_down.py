"""What is told while a service is down: the cause, once, and an end that comes soon."""

from __future__ import annotations

from pathlib import Path

import pytest
from newcomer_bench import Shore

from castoff.cli.render.reporter import LineReporter
from castoff.errors import NotYet
from castoff.preflight.stage import Cannot, Check, ask_until_known
from castoff.reconcile.patience import Patience
from castoff.reconcile.reconciler import Reconciler
from castoff.session.reporters import Silence
from reconcile.world_of_fakes import FakeClock


def test_the_same_line_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    lines = LineReporter()
    for _ in range(5):
        lines.waiting("proof", "not visible yet", 5.0)
    lines.waiting("proof", "the index answered 503", 5.0)
    lines.waiting("proof-core", "not visible yet", 5.0)

    assert len(capfd.readouterr().err.splitlines()) == 3


@pytest.mark.parametrize(
    ("reason", "patience", "seconds"),
    [
        pytest.param("`h` did not answer: connection refused", Patience(), 8.0, id="refused"),
        pytest.param("`h` did not answer: name not known", Patience(), 8.0, id="no such name"),
        pytest.param("`h` did not answer: timed out", Patience(), 120.0, id="late"),
        pytest.param("connection refused", Patience(unknown=60.0), 60.0, id="refused, but somebody waits"),
    ],
)
def test_a_service_that_is_gone_is_waited_for_only_shortly(
    reason: str, patience: Patience, seconds: float
) -> None:
    clock = FakeClock()
    check = Check("free:proof", "preflight", lambda: Cannot(reason), vital=True)

    with pytest.raises(NotYet):
        ask_until_known((check,), Reconciler(clock, Silence(), patience, lanes=1))

    assert seconds <= clock.monotonic() <= seconds + 6


@pytest.mark.parametrize("words", ["resume 1.2.0 --execute", "verify 1.2.0", "announce 1.2.0", "docs 1.2.0"])
def test_a_remote_that_is_gone_is_told_with_the_words_of_git(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: str
) -> None:
    shore = Shore.made(tmp_path, {})
    (tmp_path / "remote.git").rename(tmp_path / "moved.git")

    assert shore.castoff(*words.split()) == 3

    said = capfd.readouterr().err
    assert "error[remote-unreachable]" in said
    assert "does not appear to be a git repository" in said
