"""Questions to registries, asked side by side."""

from __future__ import annotations

import pytest

from castoff.errors import MachineFailure, Problem
from castoff.session.registry_versions import ask_together
from reconcile.world_of_fakes import FakeClock


def test_a_machine_that_cannot_ask_stops_the_run_with_the_reason(capfd: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise MachineFailure(Problem(code="machine-failed", message="no certificates"))

    with pytest.raises(MachineFailure):
        ask_together({"a": broken, "b": lambda: "1.0.0"}, FakeClock(), None)
    assert capfd.readouterr().err == ""


def test_answers_come_by_the_name_of_their_question() -> None:
    assert ask_together({"a": lambda: "1", "b": lambda: "2"}, FakeClock(), None) == {"a": "1", "b": "2"}
