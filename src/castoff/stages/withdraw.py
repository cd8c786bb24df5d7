"""Is one version withdrawn everywhere? Taken back facade first: nobody is led to what is going away beneath it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, Wait
from castoff.model.graph import Order
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Package
from castoff.ports import Registry
from castoff.stages.part import Seen

BY_HAND: frozenset[Ecosystem] = frozenset({"python"})
"""Ecosystems whose registries let only a person withdraw, on their site."""

LIMITS: Mapping[Ecosystem, str] = {
    "cargo": "a yanked crate stays downloadable for lock files that name it; no new lock file takes it; "
    "its version can never be uploaded again",
    "python": "yanked files stay downloadable; installers take them only where a requirement pins exactly this "
    "version; their names can never be used again; only a person can yank, on the index's site",
    "npm": "a deprecated version stays installable and warns; its version can never be published again",
}
"""What withdrawing does not undo, by ecosystem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPart:
    """One package at one version, to be withdrawn after all that needs it."""

    package: Package
    version: str
    registry: Registry
    needs: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Give the package's id."""
        return self.package.id

    @property
    def gate(self) -> str:
        """Share the registry's rate limit."""
        return self.package.ecosystem

    def look(self) -> Seen:
        """Ask the registry for the version's files."""
        listing = self.registry.look(self.package, self.version)
        if listing.unknown is not None:
            answer = Unknown(reason=listing.unknown, retry_after=listing.retry_after)
            return (Observation(id=self.package.id, answer=answer),)
        if not listing.files:
            return (Observation(id=self.package.id, answer=Absent()),)
        return tuple(Observation(id=name, answer=answer) for name, answer in sorted(listing.files.items()))

    def decide(self, seen: Seen) -> Decision:
        """Withdraw what is there; a person does it where the registry lets nobody else."""
        return decide_withdraw(self.package, self.version, seen)

    def act(self, act: Act) -> Outcome:
        """Withdraw the version."""
        return self.registry.yank(self.package, self.version)


def decide_withdraw(package: Package, version: str, seen: Seen) -> Decision:
    """Decide for one package: a version with any file that is still offered is not withdrawn."""
    for one in seen:
        if isinstance(one.answer, Unknown):
            return Wait(reason=one.answer.reason, seconds=one.answer.retry_after)
    if not any(isinstance(one.answer, Present) for one in seen):
        return Done()
    act = Act(
        id=f"yank:{package.ecosystem}:{package.name}",
        stage="withdraw",
        target=f"{package.name} {version}",
        undo="withdraw",
    )
    if package.ecosystem in BY_HAND:
        return Person((act,), f"only a person can yank {package.name} {version}")
    return Do((act,))


def before_it(package: str, order: Order) -> frozenset[str]:
    """Name the packages that are withdrawn before a package: the facade, and all that need it."""
    dependents = {name for name, needs in order.needs.items() if package in needs}
    facade = {order.facade} if order.facade is not None else set()
    return frozenset((dependents | facade) - {package})
