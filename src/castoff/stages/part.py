"""What is a stage made of? Parts, reconciled one by one: look (asks ports), decide (pure), act (one act)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from castoff.model.acts import Act, Decision, Outcome, StageName
from castoff.model.observations import Observation

Seen = tuple[Observation, ...]


class Part(Protocol):
    """One thing that is to be true at the end of a stage."""

    @property
    def name(self) -> str:
        """Name it within its stage."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """Name the parts of the same stage that must be done first."""
        ...

    @property
    def gate(self) -> str | None:
        """Name the service whose rate limit it shares with other parts."""
        ...

    def look(self) -> Seen:
        """Ask the world."""
        ...

    def decide(self, seen: Seen) -> Decision:
        """Say what is missing; asks nobody."""
        ...

    def act(self, act: Act) -> Outcome:
        """Do one act."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of one release; one that is not ``required`` may lag without failing the release."""

    name: StageName
    parts: Sequence[Part]
    required: bool = True
    off: str | None = None
