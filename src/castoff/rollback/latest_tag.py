"""The part that leads `latest` of an npm package back, so that users no longer get a version that is taken back."""

from __future__ import annotations

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Outcome
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.workspace import Package
from castoff.ports import LatestTag, Tagged
from castoff.reconcile.part import PartOfPackage, Seen, wait_for


class MoveLatest(Act, frozen=True, kw_only=True):
    """The move of `latest` to a version."""

    to: str


class LatestTagPart(PartOfPackage, Struct, frozen=True, kw_only=True):
    """The tag `latest` of one package, which must not name the version that is taken back."""

    package: Package
    version: str
    registry: Tagged
    needs: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return the package's id, marked."""
        return latest_name(self.package.id)

    def look(self) -> LatestTag | Unknown:
        """Ask the registry for the tag."""
        return self.registry.latest(self.package, self.version)

    def decide(self, seen: LatestTag | Unknown) -> Decision:
        """Move the tag off the version, if there is a stable one to go back to."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        if seen.names != self.version or seen.before is None:
            return Done()
        move = MoveLatest(
            id=f"npm:dist-tag:{self.package.name}",
            stage="withdraw",
            target=f"`latest` of {self.package.id}, back to {seen.before}",
            undo="free",
            to=seen.before,
        )
        return Do((move,))

    def describe(self, seen: LatestTag | Unknown) -> Seen:
        """Show what the tag names."""
        if isinstance(seen, Unknown):
            return (Observation(id="latest", answer=seen),)
        return (Observation(id="latest", answer=Present() if seen.names else Absent(), state=seen.names),)

    def act(self, act: Act) -> Outcome:
        """Move the tag."""
        assert isinstance(act, MoveLatest)
        return self.registry.move_latest(self.package, self.version, act.to)


def latest_name(package: str) -> str:
    """Name the part of a package's tag."""
    return f"latest:{package}"
