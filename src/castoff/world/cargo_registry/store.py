"""Contents of the embedded Cargo registry: versions in the order of their arrival, their owners, who sees them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from castoff.world.cargo_registry.index import index_line
from castoff.world.cargo_registry.limits import Act, Limit, Limits
from castoff.world.cargo_registry.published import Published
from castoff.world.cargo_registry.requirements import without_build
from castoff.world.clock import WorldClock
from castoff.world.messages import Late, Rejected
from castoff.world.visibility import Visibility

OWNER = "world"


class Held(Struct, kw_only=True):
    """A version in the registry; ``seeded``: published before the world began. ``trusted`` is the job behind it."""

    published: Published
    at: datetime
    seeded: bool
    sight: Visibility
    yanked: bool = False
    trusted: dict[str, str] | None = None


class _Crate(Struct):
    name: str
    versions: list[Held] = field(default_factory=list)
    outside: dict[str, str] = field(default_factory=dict)
    owners: list[str] = field(default_factory=lambda: [OWNER])
    invited: list[str] = field(default_factory=list)


def canonical(name: str) -> str:
    """Return the form in which two names are one to the registry."""
    # crates-io compares names so: `serde-json` and `serde_json` are one crate.
    return name.lower().replace("-", "_")


class Store:
    """All crates of the registry; safe for many threads."""

    def __init__(self, clock: WorldClock, limits: dict[Act, Limit]) -> None:
        self._clock = clock
        self._limits = Limits(limits, clock)
        self._lock = threading.Lock()
        self._crates: dict[str, _Crate] = {}
        self._uploads: list[Held] = []

    def owns(self, name: str) -> bool:
        """Return whether the name was ever seeded or published here, in any spelling."""
        return self.spelling(name) is not None

    def spelling(self, name: str) -> str | None:
        """Return how a name was spelled when it was first published or seeded here, None if it never was."""
        with self._lock:
            crate = self._crates.get(canonical(name))
            return None if crate is None else crate.name

    def spend(self, name: str) -> None:
        """Take a token for publishing, before anything is looked at, as crates-io does."""
        with self._lock:
            # New crates have a bucket of their own, of five, against 30 for versions.
            self._limits.spend("version" if canonical(name) in self._crates else "new")

    def add(
        self,
        published: Published,
        *,
        late: Late | None = None,
        seeded: bool = False,
        yanked: bool = False,
        trusted: dict[str, str] | None = None,
    ) -> None:
        """Keep a version, or reject it where the version was taken before (build metadata ignored)."""
        with self._lock:
            crate = self._crates.setdefault(canonical(published.name), _Crate(published.name))
            if crate.name != published.name:
                raise Rejected(f"crate was previously named `{crate.name}`")
            # crates-io refuses a version that differs from another in its build metadata alone.
            number = without_build(published.version)
            taken = {without_build(held.published.version) for held in crate.versions} | {
                without_build(version) for version in crate.outside
            }
            if number in taken:
                raise Rejected(f"crate version `{number}` is already uploaded")
            held = Held(
                published=published,
                at=self._clock.now(),
                seeded=seeded,
                sight=Visibility(late, self._clock),
                yanked=yanked,
                trusted=trusted,
            )
            crate.versions.append(held)
            if not seeded:
                self._uploads.append(held)

    def merge_outside(self, name: str, lines: dict[str, str]) -> None:
        """Take over index lines of what was really published before, by version."""
        with self._lock:
            crate = self._crates.setdefault(canonical(name), _Crate(name))
            # What was uploaded here wins: the outside line may be of the very release that is rehearsed.
            ours = {held.published.version for held in crate.versions}
            crate.outside |= {version: line for version, line in lines.items() if version not in ours}

    def index(self, name: str) -> tuple[str, ...] | None:
        """Return the lines that one read of a crate's index file shows; ``None``: no such file (yet)."""
        with self._lock:
            crate = self._crates.get(canonical(name))
            # The sparse index is asked by the exact name; `-` and `_` are different files in it.
            if crate is None or crate.name.lower() != name.lower():
                return None
            lines = list(crate.outside.values())
            lines += [
                index_line(held.published, yanked=held.yanked, at=held.at)
                for held in crate.versions
                if held.sight.look()
            ]
            return tuple(lines) or None

    def find(self, name: str, version: str) -> Held | None:
        """Find a version, whether the index shows it already or not."""
        with self._lock:
            return self._find(name, version)

    def versions(self, name: str) -> tuple[Held, ...] | None:
        """Return all versions that are held of a crate; ``None``: not ours."""
        with self._lock:
            crate = self._crates.get(canonical(name))
            return None if crate is None else tuple(crate.versions)

    def crates(self) -> tuple[tuple[str, tuple[Held, ...]], ...]:
        """Return all crates with their versions, by name."""
        with self._lock:
            return tuple((crate.name, tuple(crate.versions)) for _, crate in sorted(self._crates.items()))

    def yank(self, name: str, version: str, yanked: bool) -> None:
        """Yank a version or take it back."""
        with self._lock:
            self._limits.spend("yank")
            crate = self._crates.get(canonical(name))
            if crate is None:
                raise Rejected(f"crate `{name}` does not exist", 404)
            held = self._find(name, version)
            if held is None:
                raise Rejected(f"crate `{name}` does not have a version `{version}`", 404)
            held.yanked = yanked

    def require_owner(self, name: str, words: str) -> None:
        """Reject who is no owner of a crate that exists; the world has one user, :data:`OWNER`."""
        with self._lock:
            crate = self._crates.get(canonical(name))
            if crate is not None and OWNER not in crate.owners:
                raise Rejected(words, 403)

    def give_to(self, name: str, owners: Sequence[str]) -> None:
        """Let a crate belong to others; an error where it is not here."""
        with self._lock:
            if canonical(name) not in self._crates:
                raise ValueError(f"`owners` names `{name}`, which is among neither `packages` nor `crates`")
            if not owners:
                raise ValueError(f"`owners` gives `{name}` to nobody")
            self._crates[canonical(name)].owners = list(owners)

    def owners(self, name: str) -> list[str]:
        """Return the owners' logins; the list is the registry's own."""
        with self._lock:
            return self._crate(name).owners

    def invite(self, name: str, login: str) -> str:
        """Offer ownership and return the message: a team of GitHub owns at once, a user after accepting."""
        with self._lock:
            crate = self._crate(name)
            if login.lower() in (owner.lower() for owner in crate.owners):
                raise Rejected(f"`{login}` is already an owner")
            # `github:ORG:TEAM`: teams own at once (crates-io, "Owners").
            if ":" in login:
                crate.owners.append(login.lower())
                return f"team {login.lower()} has been added as an owner of crate {crate.name}"
            if login in crate.invited:
                return f"user {login} already has a pending invitation to be an owner of crate {crate.name}"
            crate.invited.append(login)
            return f"user {login} has been invited to be an owner of crate {crate.name}"

    def remove_owners(self, name: str, logins: Sequence[str]) -> None:
        """Remove owners; one user at least must stay, since a team cannot change owners."""
        with self._lock:
            crate = self._crate(name)
            left = list(crate.owners)
            for login in logins:
                if login not in left:
                    raise Rejected(f"could not find owner with login `{login}`")
                left.remove(login)
            # Teams may publish and yank, and not change owners.
            if all(":" in login for login in left):
                raise Rejected(
                    "cannot remove all individual owners of a crate. Team member don't have permission to modify "
                    "owners, so at least one individual owner is required."
                )
            crate.owners = left

    def dump(self) -> dict[str, object]:
        """Return the uploads in their order, without times; also who owns what, and what is yanked."""
        with self._lock:
            return {
                "uploads": [_upload(held) for held in self._uploads],
                "owners": {crate.name: sorted(crate.owners) for crate in self._crates.values()},
                "invited": {
                    crate.name: sorted(crate.invited) for crate in self._crates.values() if crate.invited
                },
                "yanked": sorted(
                    f"{crate.name}@{held.published.version}"
                    for crate in self._crates.values()
                    for held in crate.versions
                    if held.yanked
                ),
            }

    def _crate(self, name: str) -> _Crate:
        crate = self._crates.get(canonical(name))
        if crate is None:
            raise Rejected(f"crate `{name}` does not exist", 404)
        return crate

    def _find(self, name: str, version: str) -> Held | None:
        crate = self._crates.get(canonical(name))
        versions = [] if crate is None else crate.versions
        return next((held for held in versions if held.published.version == version), None)


def _upload(held: Held) -> dict[str, object]:
    published = held.published
    return {
        "package": published.name,
        "version": published.version,
        "filename": f"{published.name}-{published.version}.crate",
        "sha256": published.checksum,
        "yanked": held.yanked,
    }
