"""The parts of packages that a registry holds back until a person approves them.

Two parts a package. The first stages it, and compares what is staged with what was built; staging needs no order, since
nobody sees what is staged. The second approves it, in the order of uploads, the facade last; only `castoff approve`
may do that. Both are ``unsure`` where it is not known whether the registry can stage.
"""

from __future__ import annotations

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Person, only_if
from castoff.model.workspace import Artifact, Package
from castoff.ports import Stages
from castoff.reconcile.part import PartAround, Seen
from castoff.release.publish import (
    WAITS,
    PackageLook,
    PackagePart,
    PresencePart,
    decide_package,
    describe_package,
)
from castoff.values import replace

_CAN = "if the registry can stage"
_CANNOT = "if the registry cannot stage"


class StagePackage(Act, frozen=True, kw_only=True):
    """The staging of a package's file; None where it is not built yet."""

    artifact: Artifact | None = None


class StagePart(PartAround, Struct, frozen=True):
    """The staging of one package; ``part`` looks for its files, staged or published."""

    part: PackagePart | PresencePart
    needs: frozenset[str] = frozenset()
    unsure: bool = False

    @property
    def name(self) -> str:
        """Return the package's id, marked: the id alone is the name of the part that publishes it."""
        return stage_name(self.part.package)

    def look(self) -> PackageLook:
        """Ask the registry for the package's files."""
        return self.part.look()

    def absent(self) -> PackageLook:
        """Return what a look shows while nothing is there."""
        return _absent(self.part)

    def decide(self, seen: PackageLook) -> Decision:
        """Stage what is neither staged nor published."""
        files = replace(seen, resolvable=None)  # whether resolvers find it is the other part's question
        match decide_package(self.part.package, self.part.version, files, tagged=self.part.tagged):
            case Do():
                return Do(only_if(_CAN, (self._act,)) if self.unsure else (self._act,))
            case Person():
                return Done("staged")
            case decision:
                return decision

    def describe(self, seen: PackageLook) -> Seen:
        """Show the files."""
        return describe_package(replace(seen, resolvable=None))

    def act(self, act: Act) -> Outcome:
        """Stage the file that the act carries."""
        assert isinstance(act, StagePackage)
        if act.artifact is None:
            raise NotImplementedError(act.id)
        return _registry(self.part).stage(act.artifact)

    @property
    def _act(self) -> StagePackage:
        package = self.part.package
        built = self.part.artifacts[0] if isinstance(self.part, PackagePart) and self.part.artifacts else None
        return StagePackage(
            id=f"publish:stage:{package.ecosystem}:{package.name}",
            stage="publish",
            target=f"{package.id} {self.part.version}, seen by its owners only",
            undo="free",
            artifact=built,
        )


class ApprovePart(PartAround, Struct, frozen=True):
    """The approval of one package; ``approved`` says that a person asked for it."""

    part: PackagePart | PresencePart
    needs: frozenset[str] = frozenset()
    approved: bool = False
    unsure: bool = False

    def look(self) -> PackageLook:
        """Ask the registry for the package's files."""
        return self.part.look()

    def absent(self) -> PackageLook:
        """Return what a look shows while nothing is there."""
        return _absent(self.part)

    def decide(self, seen: PackageLook) -> Decision:
        """Publish what is staged and the same as what was built, if a person asked for it."""
        match decide_package(self.part.package, self.part.version, seen, tagged=self.part.tagged):
            # Absent is a version that is staged only later, or that an approval made and no look shows yet.
            case Do(acts):
                return self._decided(seen.files[0].filename, only_if(_CANNOT, acts) if self.unsure else ())
            case Person():
                return self._decided(seen.files[0].filename, ())
            case decision:
                return decision

    def describe(self, seen: PackageLook) -> Seen:
        """Show the files, and whether the resolver finds them."""
        return describe_package(seen)

    def act(self, act: Act) -> Outcome:
        """Approve what is staged."""
        return _registry(self.part).approve(self.part.package, self.part.version)

    def _decided(self, filename: str, plain: tuple[Act, ...]) -> Decision:
        package = self.part.package
        act = Act(
            id=f"publish:approve:{package.ecosystem}:{package.name}",
            stage="publish",
            target=filename,
            undo="never",
        )
        if self.approved:
            return Do((act,))
        asked = only_if("if you approve it (`castoff approve`)", (act,))
        return Person(only_if(_CAN, asked) if self.unsure else asked, WAITS, later=plain)


class HeldPart(PartAround, Struct, frozen=True):
    """A package that needs one that is not approved yet: nothing of it is uploaded before."""

    part: PackagePart | PresencePart
    needs: frozenset[str] = frozenset()

    def look(self) -> PackageLook:
        """Ask the registry for the package's files."""
        return self.part.look()

    def absent(self) -> PackageLook:
        """Return what a look shows while nothing is there."""
        return _absent(self.part)

    def decide(self, seen: PackageLook) -> Decision:
        """Leave the uploads to the run that follows the approval."""
        decision = self.part.decide(seen)
        if not isinstance(decision, Do):
            return decision
        return Person(only_if("if you approve what it needs (`castoff approve`)", decision.acts), WAITS)

    def describe(self, seen: PackageLook) -> Seen:
        """Show the files, and whether the resolver finds them."""
        return self.part.describe(seen)

    def act(self, act: Act) -> Outcome:
        """Refuse: what it needs is not published."""
        raise NotImplementedError(act.id)


def _registry(part: PackagePart | PresencePart) -> Stages:
    assert isinstance(part.registry, Stages), "packages of other registries are not staged"
    return part.registry


def _absent(part: PackagePart | PresencePart) -> PackageLook:
    assert isinstance(part, PresencePart), "what is built is looked for"
    return part.absent()


def stage_name(package: Package) -> str:
    """Name the part that stages a package."""
    return f"stage:{package.id}"
