"""What does a remote hold: branch heads, tags with what they stand for, and claims?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CLAIMS = "refs/castoff/"
GIVEN_UP = "given-up/"
_ON = "on/"
PROPOSED = "castoff/release-"
"""How the branch of a proposal begins; the tag's name follows."""


def claim_ref(version: str) -> str:
    """Name the ref that claims a version, spelled as in tags, where no commit says which version it is."""
    return CLAIMS + version


def lock_of(branch: str) -> str:
    """Name, below ``refs/castoff/``, what goes with a claim so that a branch has one release under way."""
    return _ON + branch


def locks_in(claims: Mapping[str, TagRef]) -> tuple[str, ...]:
    """Name the locks among what stands below ``refs/castoff/``."""
    return tuple(name for name in claims if name.startswith(_ON))


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRef:
    """A tag on a remote: the object it names, and the commit that it peels to (None: a lightweight tag)."""

    object: str
    peeled: str | None

    @property
    def commit(self) -> str:
        """Give the commit that it stands for."""
        return self.peeled or self.object

    @property
    def annotated(self) -> bool:
        """Say whether it is a tag object, which alone can carry a message and a signature."""
        return self.peeled is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refs:
    """What a remote holds: branch heads and tags by name; where it was asked for, what is below ``refs/castoff/``."""

    heads: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, TagRef] = field(default_factory=dict)
    claims: Mapping[str, TagRef] | None = None
