"""The parts that mark a withdrawn version on the forge's page, and lead "latest" elsewhere.

The tag stays, and so does the page: both are linked from elsewhere. A note stands above what people wrote; who
looks for the latest release is led to the highest stable one that was not withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Unclear, Undo
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.model.versions import ReleaseVersion
from castoff.notes.draft import split
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.reconcile.part import Seen, wait_for
from castoff.redaction import plain
from castoff.session.forge_releases import all_releases, describe_releases, releases_of
from castoff.values import replace

_HEAD = "> [!CAUTION]\n> **Withdrawn on "
KEPT = "kept"
"""The state of a draft that stays, since people wrote in it."""


class PageWrite(Act, frozen=True, kw_only=True):
    """One write to the page of a release, as it was seen."""

    beside = Act.beside | {"release"}

    release: ForgeRelease


class NoticePart(Struct, frozen=True, kw_only=True):
    """The note on top of a withdrawn version's page, drafts included."""

    tag: str
    forge: Forge
    note: str
    name: str = "notice"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> tuple[ForgeRelease, ...] | Unknown:
        """List the releases of the tag."""
        return releases_of(self.forge, self.tag)

    def decide(self, seen: tuple[ForgeRelease, ...] | Unknown) -> Decision:
        """Write the note where a page has none; where there is no page, nothing is missing."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        return _writes(
            "notice:write",
            f"the note on the release `{self.tag}`",
            "free",
            [one for one in seen if not is_marked(one.body)],
        )

    def describe(self, seen: tuple[ForgeRelease, ...] | Unknown) -> Seen:
        """Show the pages, and which of them have the note."""
        if isinstance(seen, Unknown):
            return (Observation(id=self.tag, answer=seen),)
        return tuple(
            Observation(
                id=str(one.id),
                answer=Present(url=one.url),
                identity=str(one.id),
                state="withdrawn" if is_marked(one.body) else "offered",
            )
            for one in seen
        ) or (Observation(id=self.tag, answer=Absent()),)

    def act(self, act: Act) -> Outcome:
        """Write the note above the text as it is now."""
        assert isinstance(act, PageWrite)
        # Read again: what people wrote since the look stays.
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return Unclear(reason=found.reason)
        for release in found:
            if release.id == act.release.id:
                body = f"{self.note}\n\n{release.body}"
                return self.forge.update_release(release.id, replace(_as_is(release), body=body))
        return Unclear(reason="the release no longer exists")


class LatestLook(Struct, frozen=True):
    """The tag of the latest release; where that is the withdrawn one, the release that should be it."""

    latest: str | None
    heir: ForgeRelease | None = None


class LatestPart(Struct, kw_only=True):
    """The forge's latest release: any but the withdrawn one, as long as there is another stable one."""

    tag: str
    forge: Forge
    version_of: Callable[[str], ReleaseVersion | None]
    name: str = "latest"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> LatestLook | Unknown:
        """Ask which release is the latest, and where it is ours, which one could be."""
        latest = self.forge.latest()
        if isinstance(latest, Unknown):
            return latest
        # Whatever else is the latest is somebody's choice, and is left alone.
        if latest != self.tag:
            return LatestLook(latest)
        found = all_releases(self.forge)
        if isinstance(found, Unknown):
            return found
        return LatestLook(latest, heir_of(self.tag, found, self.version_of))

    def decide(self, seen: LatestLook | Unknown) -> Decision:
        """Lead "latest" to the highest stable release that is left."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        if seen.latest != self.tag:
            return Done()
        if seen.heir is None:
            return Done("there is no other stable release")
        target = f"`latest`, which becomes `{seen.heir.tag}`"
        return Do(
            (PageWrite(id="notice:latest", stage="notice", target=target, undo="free", release=seen.heir),)
        )

    def describe(self, seen: LatestLook | Unknown) -> Seen:
        """Show which release is the latest, and which one should be."""
        if isinstance(seen, Unknown):
            return (Observation(id="latest", answer=seen),)
        answer = Absent() if seen.latest is None else Present()
        heir = seen.heir.tag if seen.heir else None
        return (Observation(id="latest", answer=answer, identity=seen.latest, expected=heir),)

    def act(self, act: Act) -> Outcome:
        """Mark the heir as the latest, its text untouched."""
        assert isinstance(act, PageWrite)
        return self.forge.update_release(act.release.id, replace(_as_is(act.release), latest=True))


class NoDraftPart(Struct, frozen=True, kw_only=True):
    """The draft of a version that is given up: there is to be none, but for what people wrote in it."""

    tag: str
    forge: Forge
    name: str = "draft"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> tuple[ForgeRelease, ...] | Unknown:
        """List the drafts of the tag."""
        found = releases_of(self.forge, self.tag)
        return found if isinstance(found, Unknown) else tuple(one for one in found if one.draft)

    def decide(self, seen: tuple[ForgeRelease, ...] | Unknown) -> Decision:
        """Delete what was generated; a draft with words of people in it stays, since they cannot be written again."""
        if isinstance(seen, Unknown):
            return wait_for(seen)
        untouched = [one for one in seen if not words_in(one.body)]
        return _writes("draft:delete", f"the draft of `{self.tag}`", "never", untouched)

    def describe(self, seen: tuple[ForgeRelease, ...] | Unknown) -> Seen:
        """Show the drafts, and which of them are kept."""
        shown = describe_releases(seen)
        if isinstance(seen, Unknown) or not seen:
            return shown
        pairs = zip(shown, seen, strict=True)
        return tuple(replace(one, state=KEPT if words_in(draft.body) else None) for one, draft in pairs)

    def act(self, act: Act) -> Outcome:
        """Delete one draft."""
        assert isinstance(act, PageWrite)
        return self.forge.delete_release(act.release.id)


def _writes(name: str, target: str, undo: Undo, releases: Sequence[ForgeRelease]) -> Decision:
    """Return one write for each of these pages; without any, the part is done."""
    acts = tuple(
        PageWrite(id=f"{name}:{one.id}", stage="notice", target=target, undo=undo, release=one)
        for one in releases
    )
    return Do(acts) if acts else Done()


def note_of(day: date, reason: str, instead: str | None) -> str:
    """Write the note; the reason is one line that cannot leave it."""
    # A newline would end the quotation, and Markdown after it could say anything in the name of the project.
    said = " ".join(plain(reason).split())
    advice = f" Use {instead} instead." if instead else ""
    return f"{_HEAD}{day.isoformat()}.** Do not use this version.{advice}" + (f"\n> {said}" if said else "")


def words_in(body: str) -> str:
    """Return what people wrote in a draft, before and after what was generated."""
    parts = split(body)
    after = "".join(line.text + line.end for line in parts.after)
    return (parts.header + "\n" + after).strip()


def is_marked(body: str) -> bool:
    """Return whether a text begins with the note; forges may give line ends as CRLF."""
    return body.replace("\r\n", "\n").lstrip().startswith(_HEAD)


def heir_of(
    tag: str, releases: Sequence[ForgeRelease], version_of: Callable[[str], ReleaseVersion | None]
) -> ForgeRelease | None:
    """Find the highest stable release that is published and not withdrawn; None where there is no other."""
    stable = [
        (version, release)
        for release in releases
        if release.tag != tag
        and not (release.draft or release.prerelease or is_marked(release.body))
        and (version := version_of(release.tag)) is not None
        and version.is_stable
    ]
    return max(stable, key=lambda pair: pair[0])[1] if stable else None


def _as_is(release: ForgeRelease) -> NewRelease:
    return NewRelease(
        tag=release.tag,
        name=release.name,
        body=None,
        draft=release.draft,
        prerelease=release.prerelease,
        target=release.target,
    )
