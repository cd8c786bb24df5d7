"""The part that attaches `SHA256SUMS` to the draft: the digests that the tag lists, for whoever fetches the files.

It is attached before the announcement: an immutable release takes no files after it (GitHub, "Immutable releases").
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import (
    Act,
    Blocked,
    Decision,
    Do,
    Done,
    Off,
    Outcome,
    Refused,
    Succeeded,
    Unclear,
    only_if,
)
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import Forge, ForgeAsset, ForgeRelease
from castoff.reconcile.part import Seen, wait_for
from castoff.release.draft import two_releases
from castoff.session.checksums import CHECKSUMS, checksums_text
from castoff.session.forge_releases import releases_of

ATTACH = Act(id=f"draft:asset:{CHECKSUMS}", stage="draft", target=f"`{CHECKSUMS}` at the draft", undo="free")


class ChecksumsLook(Struct, frozen=True):
    """The releases of a tag, what the file has to be, and what it is; None where it is not there or not known yet."""

    releases: tuple[ForgeRelease, ...]
    expected: str | None = None
    found: str | Unknown | None = None


@dataclass(slots=True, kw_only=True)
class ChecksumsPart:
    """The digests at the draft of one release; ``listed`` reads those of its tag, None while there is no tag."""

    tag: str
    forge: Forge
    listed: Callable[[], Mapping[str, str] | None]
    name: str = "checksums"
    needs: frozenset[str] = frozenset({"draft"})
    gate: str | None = "forge"
    _fetched: dict[int, str] = field(default_factory=dict, init=False)

    def look(self) -> ChecksumsLook | Unknown:
        """List the releases of the tag, and compare the file if there is one."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return found
        listed = self.listed()
        text = None if listed is None else checksums_text(listed) or ""
        asset = _asset_of(found[0]) if len(found) == 1 else None
        return ChecksumsLook(
            found, text, None if asset is None or not asset.is_whole else self._digest(asset)
        )

    def decide(self, seen: ChecksumsLook | Unknown) -> Decision:
        """Attach the file where the draft has none; one with other contents is for a person to sort out."""
        if isinstance(seen, Unknown):
            return wait_for(seen, only_if("if it is not attached yet", [ATTACH]))
        if any(not release.draft for release in seen.releases):
            return Done()  # a finished release gets no writes
        if seen.expected == "":
            return Off("the tag lists no digests")
        if len(seen.releases) > 1:
            return Blocked(two_releases(self.tag, seen.releases))
        match seen.found:
            case None:
                return Do((ATTACH,))
            case Unknown() as unknown:
                return wait_for(unknown)
            case digest if seen.expected is None or digest == _digest_of(seen.expected):
                return Done()
            case _:
                return Blocked(_differs(self.tag, seen.releases[0]))

    def describe(self, seen: ChecksumsLook | Unknown) -> Seen:
        """Show the file."""
        if isinstance(seen, Unknown):
            return (Observation(id=CHECKSUMS, answer=seen),)
        match seen.found:
            case None:
                answer: Absent | Present | Unknown = Absent()
            case Unknown() as unknown:
                answer = unknown
            case digest:
                answer = Present(digest=digest)
        return (
            Observation(id=CHECKSUMS, answer=answer, expected=seen.expected and _digest_of(seen.expected)),
        )

    def act(self, act: Act) -> Outcome:
        """Attach the file; what is left of an upload that broke off goes first."""
        found, listed = releases_of(self.forge, self.tag), self.listed()
        if isinstance(found, Unknown):
            return Unclear(reason=found.reason)
        text = checksums_text(listed or {})
        if len(found) != 1 or not found[0].draft or text is None:
            return Unclear(reason="the forge does not list the draft any more")
        there = _asset_of(found[0])
        if there is not None and there.is_whole:
            return Succeeded()  # another run was faster; the next look compares it
        if there is not None:
            removed = self.forge.detach(there)
            if not isinstance(removed, Succeeded):
                return removed
        outcome = self.forge.attach(found[0], CHECKSUMS, text.encode())
        if isinstance(outcome, Refused):
            # Refused as well where another run attached it at the same moment.
            again = releases_of(self.forge, self.tag)
            if not isinstance(again, Unknown) and any(_asset_of(one) is not None for one in again):
                return Unclear(reason=f"`{CHECKSUMS}` was attached by another run")
        return outcome

    def _digest(self, asset: ForgeAsset) -> str | Unknown:
        """Return the digest of a file, which older forges do not say."""
        if asset.digest is not None:
            return asset.digest
        if asset.id not in self._fetched:
            content = self.forge.attached(asset)
            if isinstance(content, Unknown):
                return content
            self._fetched[asset.id] = hashlib.sha256(content).hexdigest()
        return self._fetched[asset.id]


def lacks_checksums(release: ForgeRelease) -> bool:
    """Return whether a release has no whole file of digests."""
    asset = _asset_of(release)
    return asset is None or not asset.is_whole


def _asset_of(release: ForgeRelease) -> ForgeAsset | None:
    return next((one for one in release.assets if one.name == CHECKSUMS), None)


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _differs(tag: str, release: ForgeRelease) -> Problem:
    return Problem(
        code="checksums-differ",
        message=f"`{CHECKSUMS}` at the draft of `{tag}` is not the list of digests in the tag",
        reason="somebody or another tool attached or replaced it",
        remedy=f"delete `{CHECKSUMS}` from the draft and run castoff again, which attaches its own; if another tool "
        "is to write it, set `checksums = false` in `[draft]`",
        url=release.url,
    )
