"""A reporter that says nothing: what an inner rehearsal does is not news."""

from __future__ import annotations

from castoff.model.acts import Act, Outcome


class Silence:
    """Hears everything and tells nobody."""

    def stage(self, name: str, total: int) -> None:
        """Say nothing."""

    def observed(self, subject: str, detail: str) -> None:
        """Say nothing."""

    def act_begins(self, act: Act) -> None:
        """Say nothing."""

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """Say nothing."""

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""
