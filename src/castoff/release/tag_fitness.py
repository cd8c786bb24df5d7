"""Fitness of a tag that this run did not make: it counts only if it is what the tag stage would have made.

Users verify a release by its tag: by the digests in it, and by its signature. A tag of that name that somebody else
pushed has neither, and is found before the release is drafted and announced. Of an announced release nothing is judged
any more (`castoff verify` does): its tag is never moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from castoff.errors import Problem
from castoff.git.signing import is_signed_text
from castoff.model.observations import Present, Unknown
from castoff.model.refs import TagRef, without_name
from castoff.release.waiver import waiver_in
from castoff.session.claim_history import listed_digests
from castoff.session.forge_releases import releases_of
from castoff.session.session import Session
from castoff.session.signatures import wants_signed_tag

if TYPE_CHECKING:
    from castoff.session.release import Release


class TagFitness(Struct, frozen=True):
    """The judge of one release's tag."""

    session: Session
    release: Release

    def fault(self, ref: TagRef) -> Problem | Unknown | None:
        """Return what is wrong with a tag on the release commit; None if nothing is, or the release is announced."""
        over = self._is_over()
        if over is not False:
            return over if isinstance(over, Unknown) else None
        if not ref.annotated:
            return self._unfit("it is a lightweight tag, which cannot list digests")
        text = self.session.clone.tag_text(self.release.remote_url, self.release.tag, ref.object)
        if text is None:
            return Unknown(reason=f"the tag `{self.release.tag}` could not be fetched")
        listed = listed_digests(text)
        if not listed:
            return self._unfit("it does not list the digests of the uploads")
        if (
            wants_signed_tag(self.session.services)
            and not is_signed_text(text)
            and self.session.configuration.release.sign
        ):
            return self._unfit("it has no signature, but `release.sign` requires one")
        return self._compared(listed)

    def _is_over(self) -> bool | Unknown:
        """Return whether the release is announced, or its announcement was given up."""
        forge = self.session.services.forge(self.release.remote_url)
        if forge is None or self.session.configuration.draft.by == "off":
            return False
        # An announced release is history: its tag is judged by `castoff verify`, and nothing here would
        # change it.
        found = releases_of(forge, self.release.tag)
        if isinstance(found, Unknown) or any(not release.draft for release in found):
            return found if isinstance(found, Unknown) else True
        claims = self.session.clone.claims(self.release.remote_url)
        waiver = waiver_in(claims, without_name("announce", self.release.title))
        return waiver if isinstance(waiver, Unknown) else isinstance(waiver, Present)

    def _compared(self, listed: Mapping[str, str]) -> Problem | Unknown | None:
        """Compare the digests with the registries'; files that the tag does not list are left to `castoff verify`."""
        for package in self.release.workspace.packages:
            registry = self.session.services.registry(package.ecosystem)
            listing = registry.look(package, self.release.native(package))
            # Without the registry's answer a wrong digest in the tag could pass, so the part waits.
            if listing.unknown is not None:
                return Unknown(reason=listing.unknown, retry_after=listing.retry_after)
            for name, answer in listing.files.items():
                if (
                    isinstance(answer, Present)
                    and name in listed
                    and answer.digest not in (None, listed[name])
                ):
                    return self._unfit(f"it lists another digest of `{name}` than the registry has")
        return None

    def _unfit(self, reason: str) -> Problem:
        tag, title, remote = self.release.tag, self.release.title, self.session.snapshot.remote
        return Problem(
            code="tag-unfit",
            message=f"the tag `{tag}` on the remote is not the one that castoff creates",
            reason=f"{reason}; users verify the release with it",
            remedy=f"if nobody relies on it yet, delete it on the remote (`git push --delete {remote} {tag}`) and run "
            f"`castoff resume {title} --execute`, which creates its own; otherwise finish the release without a "
            f"release on the forge: `castoff resume {title} --without draft --execute`",
            commit=self.release.commit,
        )
