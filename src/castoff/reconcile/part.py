"""Stages and their parts, reconciled one by one: look (asks ports), decide (pure), act (one act)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from castoff.model.acts import Act, Decision, Done, Outcome, StageName, Wait
from castoff.model.observations import Observation, Unknown
from castoff.model.workspace import Package

Seen = tuple[Observation, ...]
S = TypeVar("S")


class Part(Protocol[S]):
    """One thing that is to be true at the end of a stage; ``S`` is what one look at it finds.

    All that a decision needs is in ``S``: between a look and its decision, a part remembers nothing.
    """

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

    def look(self) -> S:
        """Ask the world."""
        ...

    def decide(self, seen: S) -> Decision:
        """Return what is missing; asks nobody."""
        ...

    def describe(self, seen: S) -> Seen:
        """Return what was seen, for display."""
        ...

    def act(self, act: Act) -> Outcome:
        """Do one act, by what it carries."""
        ...


def wait_for(unknown: Unknown, later: tuple[Act, ...] = ()) -> Wait:
    """Return the wait for an answer; ``later`` are the acts that it may bring."""
    return Wait(reason=unknown.reason, seconds=unknown.retry_after, later=later)


class PartOfPackage:
    """What all parts about one package share: they are named after it, and paced by its registry."""

    __slots__ = ()
    package: Package

    @property
    def name(self) -> str:
        """Return the package's id."""
        return self.package.id

    @property
    def gate(self) -> str:
        """Share the registry's rate limit."""
        return self.package.ecosystem


class PartAround:
    """What all parts share that change how another part is looked at or decided."""

    __slots__ = ()
    part: Part[Any]

    @property
    def name(self) -> str:
        """Return the other part's name."""
        return self.part.name

    @property
    def gate(self) -> str | None:
        """Share the other part's rate limit."""
        return self.part.gate


class UnansweredPart(Struct, frozen=True):
    """A part of which nothing can be asked, since a question before it had no answer."""

    name: str
    unknown: Unknown
    needs: frozenset[str] = frozenset()
    gate: str | None = None

    def look(self) -> Unknown:
        """Return the missing answer."""
        return self.unknown

    def decide(self, seen: Unknown) -> Decision:
        """Wait: another run asks again."""
        return wait_for(seen)

    def describe(self, seen: Unknown) -> Seen:
        """Show the missing answer."""
        return (Observation(id=self.name, answer=seen),)

    def act(self, act: Act) -> Outcome:
        """Refuse: nothing is known that could be done."""
        raise NotImplementedError(act.id)


class AnsweredPart(PartAround, Struct, frozen=True):
    """Another part, waited for until all its questions have an answer, whatever it is; nothing is written."""

    part: Part[Any]
    # Looks do not order each other, so that all questions are asked side by side.
    needs: frozenset[str] = frozenset()

    def look(self) -> Seen:
        """Ask what the other part asks."""
        return self.part.describe(self.part.look())

    def decide(self, seen: Seen) -> Decision:
        """Wait for answers."""
        for one in seen:
            if isinstance(one.answer, Unknown):
                return wait_for(one.answer)
        return Done()

    def describe(self, seen: Seen) -> Seen:
        """Show what was seen of the other part."""
        return seen

    def act(self, act: Act) -> Outcome:
        """Refuse: a look writes nothing."""
        raise NotImplementedError(act.id)


_AFTER_OR_BESIDE: frozenset[StageName] = frozenset({"milestone", "changelog", "docs", "website"})
"""Stages that a release does without: it is over when it is announced."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of one release; an error of one that ``may_lag`` does not fail the run.

    ``created`` are, by service, what it got new before this run, by the name that acts have for it, and when: its
    windows count them too.
    """

    name: StageName
    parts: Sequence[Part[Any]]
    may_lag: bool = False
    off: str | None = None
    created: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict, compare=False)

    @property
    def required(self) -> bool:
        """Return whether a release is in flight until this stage is done."""
        return self.off is None and self.name not in _AFTER_OR_BESIDE
