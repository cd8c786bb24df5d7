"""What do the registries know of each package: is its name ours, is something of an earlier version left half done?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey, workspace_before
from castoff.model.observations import Present
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell
from castoff.model.workspace import Package
from castoff.ports import Owned, Registry
from castoff.stages.preflight import Cannot, Check, Found


def published_checks(
    setting: Setting, seen: Survey, registries: dict[Ecosystem, Registry], version: ReleaseVersion
) -> tuple[Check, ...]:
    """List one check a package, of what was there before this release."""
    before = _Before(setting, seen)
    return tuple(
        Check(
            f"published:{one.id}", "preflight", _Asking(seen, registries[one.ecosystem], one, before, version)
        )
        for one in seen.workspace.packages
    )


class _Before:
    """The packages of the last release, read once."""

    def __init__(self, setting: Setting, seen: Survey) -> None:
        self._setting, self._seen = setting, seen

    @cached_property
    def packages(self) -> dict[str, Package]:
        """Give them by their ids."""
        exclude = self._setting.configuration.release.exclude
        workspace = workspace_before(self._seen, self._setting.manifests, exclude)
        return {one.id: one for one in workspace.packages} if workspace else {}


@dataclass(frozen=True)
class _Asking:
    seen: Survey
    registry: Registry
    package: Package
    before: _Before
    version: ReleaseVersion

    def __call__(self) -> Found:
        listed = self.registry.versions(self.package)
        if listed is None:
            return Cannot(f"the registry did not say which versions of `{self.package.name}` it has")
        if not listed:
            return (_new_name(self.package),)
        known = {version for text in listed if (version := read(text)) is not None}
        if not self._released_here(listed):
            return tuple(self._taken_name())
        return (*self._incomplete(known), *self._left_over(known))

    def _released_here(self, listed: Sequence[str] | None) -> bool:
        """Say whether a tag here released one of these versions; what nobody here released may be anybody's."""
        tagged = {self.seen.tag_name.version(tag) for tag in self.seen.refs.tags}
        return any(read(text) in tagged for text in listed or () if read(text) is not None)

    def _incomplete(self, known: set[ReleaseVersion]) -> Iterator[Problem]:
        previous = self.seen.history.previous
        if previous is not None and previous.version not in known and self.package.id in self.before.packages:
            yield _incomplete(self.package, str(previous.version))

    def _taken_name(self) -> Iterator[Problem]:
        """No tag here released what the registry has of that name: see who owns it, by a package that is ours."""
        theirs = self.registry.owners(self.package) if isinstance(self.registry, Owned) else None
        ours = self._ours() if theirs is not None else None
        if ours is None or theirs is None:
            yield _taken(self.package, theirs, sure=False)
        elif not set(theirs) & set(ours):
            yield _taken(self.package, theirs, sure=True)

    def _ours(self) -> Sequence[str] | None:
        """List the owners of another package, one that was released here; None where nobody can say."""
        for one in self.before.packages.values():
            same = one.ecosystem == self.package.ecosystem and one.id != self.package.id
            if same and isinstance(self.registry, Owned) and self._released_here(self.registry.versions(one)):
                return self.registry.owners(one)
        return None

    def _left_over(self, known: set[ReleaseVersion]) -> Iterator[Problem]:
        """Versions after the last release that nobody tagged: uploads of a release that came to no end."""
        previous = self.seen.history.previous
        if previous is None or self.package.id not in self.before.packages:
            return
        tagged = {self.seen.tag_name.version(tag) for tag in self.seen.refs.tags}
        for version in sorted(known - tagged):
            if version <= previous.version or version == self.version:
                continue
            listing = self.registry.look(self.package, spell(version, self.package.ecosystem))
            if any(isinstance(answer, Present) for answer in listing.files.values()):
                yield _half_released(self.package, str(version))


def _new_name(package: Package) -> Problem:
    return Problem(
        code="name-new",
        severity="warning",
        message=f"`{package.name}` is new on its registry",
        reason="a token for single packages cannot create one, and nobody holds the name until the upload",
        remedy="use a token that may create packages, where yours is for known ones only",
        package=package.id,
    )


def _incomplete(package: Package, previous: str) -> Problem:
    return Problem(
        code="previous-incomplete",
        severity="warning",
        message=f"the last release, {previous}, has no `{package.name}` on its registry",
        reason="it was tagged all the same",
        remedy=f"look with `castoff status {previous}`; where it matters, `castoff resume {previous}` finishes it",
        package=package.id,
    )


def _half_released(package: Package, version: str) -> Problem:
    return Problem(
        code="half-released",
        severity="warning",
        message=f"`{package.name}` {version} is on its registry, and that version was never tagged",
        reason="a release of it began somewhere and came to no end; users may install it",
        remedy="yank it where it is no good: by the registry's client, or on its site",
        package=package.id,
    )


def _taken(package: Package, owners: Sequence[str] | None, *, sure: bool) -> Problem:
    return Problem(
        code="name-not-ours",
        severity="error" if sure else "warning",
        message=f"the registry has a `{package.name}` already, and no tag here released it",
        reason=f"it belongs to {', '.join(owners[:3])}" if owners else "whose it is could not be found out",
        remedy="see whose it is; choose another name, or have its owners let you in; nothing, if it is yours",
        package=package.id,
    )
