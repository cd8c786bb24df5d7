"""The part that withdraws one package at one version."""

from __future__ import annotations

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Wait
from castoff.model.observations import Absent, Observation, Present, Staged, Unknown
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package
from castoff.ports import Listing, Registry, Stages
from castoff.reconcile.part import PartOfPackage, Seen, wait_for

# PyPI has no API for yanks (PEP 592 defines the index's side only; warehouse has a form on its site).
BY_HAND: frozenset[Ecosystem] = frozenset({"python"})
"""Ecosystems whose registries let only a person withdraw, on their site."""


class RejectStaged(Act, frozen=True, kw_only=True):
    """The removal of a version that is staged, and not published."""


class WithdrawPart(PartOfPackage, Struct, frozen=True, kw_only=True):
    """One package at one version, to be withdrawn after all that needs it."""

    package: Package
    version: str
    registry: Registry
    needs: frozenset[str] = frozenset()

    def look(self) -> Listing:
        """Ask the registry for the version's files."""
        return self.registry.look(self.package, self.version)

    def decide(self, seen: Listing) -> Decision:
        """Withdraw what is there; a person does it where the registry lets nobody else."""
        if seen.unknown is not None:
            return Wait(reason=seen.unknown, seconds=seen.retry_after)
        for answer in seen.files.values():
            # One file without an answer makes the package undecided: `Done` would be wrong, and a yank may be
            # unnecessary.
            if isinstance(answer, Unknown):
                return wait_for(answer)
        if any(isinstance(answer, Staged) for answer in seen.files.values()):
            reject = RejectStaged(
                id=f"publish:reject:{self.package.ecosystem}:{self.package.name}",
                stage="withdraw",
                target=f"{self.package.id} {self.version}, which is staged",
                undo="free",
            )
            return Do((reject,))
        if not any(isinstance(answer, Present) for answer in seen.files.values()):
            return Done()
        verb = "npm:deprecate" if self.package.ecosystem == "npm" else f"yank:{self.package.ecosystem}"
        act = Act(
            id=f"{verb}:{self.package.name}",
            stage="withdraw",
            target=f"{self.package.id} {self.version}",
            undo="withdraw",
        )
        if self.package.ecosystem in BY_HAND:
            return Person((act,), f"{self.package.id} {self.version} can only be yanked by a person")
        return Do((act,))

    def describe(self, seen: Listing) -> Seen:
        """Show the files."""
        if seen.unknown is not None:
            answer = Unknown(reason=seen.unknown, retry_after=seen.retry_after)
            return (Observation(id=self.package.id, answer=answer),)
        files = (Observation(id=name, answer=answer) for name, answer in sorted(seen.files.items()))
        return tuple(files) or (Observation(id=self.package.id, answer=Absent()),)

    def act(self, act: Act) -> Outcome:
        """Withdraw the version, or reject it where it is staged only."""
        if isinstance(act, RejectStaged) and isinstance(self.registry, Stages):
            return self.registry.reject(self.package, self.version)
        return self.registry.yank(self.package, self.version)
