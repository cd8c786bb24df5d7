"""Does the forge's page of a withdrawn version say so, and does "latest" lead elsewhere?

The tag stays, and so does the page: both are linked from elsewhere. A note stands above what people wrote; who
looks for the latest release is led to the highest stable one that was not withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from castoff.model.acts import Act, Decision, Do, Done, Outcome, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.model.versions import ReleaseVersion
from castoff.notes.draft import split
from castoff.ports import Forge, ForgeRelease, NewRelease
from castoff.redaction import plain
from castoff.stages.draft import releases_of
from castoff.stages.part import Seen

_HEAD = "> [!CAUTION]\n> **Withdrawn on "
KEPT = "draft with words of people"
_MARKED, _OFFERED = "withdrawn", "offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePart:
    """The note on top of a withdrawn version's page, drafts included."""

    tag: str
    forge: Forge
    note: str
    name: str = "notice"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> Seen:
        """List the releases of the tag."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return (Observation(id=self.tag, answer=found),)
        return tuple(
            Observation(
                id=str(release.id),
                answer=Present(url=release.url, digest=_MARKED if is_marked(release.body) else _OFFERED),
            )
            for release in found
        ) or (Observation(id=self.tag, answer=Absent()),)

    def decide(self, seen: Seen) -> Decision:
        """Write the note where a page has none; where there is no page, nothing is missing."""
        acts = []
        for one in seen:
            match one.answer:
                case Unknown(reason=reason, retry_after=after):
                    return Wait(reason=reason, seconds=after)
                case Present(digest=digest) if digest == _OFFERED:
                    target = f"the note on the page of `{self.tag}`"
                    acts.append(Act(id=f"notice:write:{one.id}", stage="notice", target=target, undo="free"))
                case _:
                    pass
        return Do(tuple(acts)) if acts else Done()

    def act(self, act: Act) -> Outcome:
        """Write the note above the text as it is now."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return Unclear(reason=found.reason)
        for release in found:
            if act.id == f"notice:write:{release.id}":
                body = f"{self.note}\n\n{release.body}"
                return self.forge.update_release(release.id, replace(_as_is(release), body=body))
        return Unclear(reason="the page is not there any more")


@dataclass(slots=True, kw_only=True)
class LatestPart:
    """The forge's latest release: any but the withdrawn one, as long as there is another stable one."""

    tag: str
    forge: Forge
    version_of: Callable[[str], ReleaseVersion | None]
    name: str = "latest"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"
    _heir: ForgeRelease | None = field(default=None, init=False)

    def look(self) -> Seen:
        """Ask which release is the latest, and where it is ours, which one could be."""
        latest = self.forge.latest()
        if isinstance(latest, Unknown):
            return (Observation(id="latest", answer=latest),)
        if latest != self.tag:
            answer: Answer = Absent() if latest is None else Present(digest=latest)
            return (Observation(id="latest", answer=answer),)
        found = self.forge.releases()
        if isinstance(found, Unknown):
            return (Observation(id="latest", answer=found),)
        releases = found if isinstance(found, Sequence) else ()
        self._heir = heir_of(self.tag, releases, self.version_of)
        return (
            Observation(
                id="latest", answer=Present(digest=latest), expected=self._heir.tag if self._heir else None
            ),
        )

    def decide(self, seen: Seen) -> Decision:
        """Lead "latest" to the highest stable release that is left."""
        match seen[0]:
            case Observation(answer=Unknown(reason=reason, retry_after=after)):
                return Wait(reason=reason, seconds=after)
            case Observation(answer=Present(digest=latest), expected=str(heir)) if latest == self.tag:
                target = f"`latest`, which becomes `{heir}`"
                return Do((Act(id="notice:latest", stage="notice", target=target, undo="free"),))
            case Observation(answer=Present(digest=latest)) if latest == self.tag:
                return Done("no other stable release could be the latest")
            case _:
                return Done()

    def act(self, act: Act) -> Outcome:
        """Mark the heir as the latest, its text untouched."""
        if self._heir is None:
            return Unclear(reason="the release that would be the latest was not seen")
        return self.forge.update_release(self._heir.id, replace(_as_is(self._heir), latest=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDraftPart:
    """The draft of a version that is given up: there is to be none, but for what people wrote in it."""

    tag: str
    forge: Forge
    name: str = "draft"
    needs: frozenset[str] = frozenset()
    gate: str | None = "forge"

    def look(self) -> Seen:
        """List the drafts of the tag."""
        found = releases_of(self.forge, self.tag)
        if isinstance(found, Unknown):
            return (Observation(id="draft", answer=found),)
        return tuple(
            Observation(
                id=KEPT if words_in(one.body) else "draft", answer=Present(url=one.url, digest=str(one.id))
            )
            for one in found
            if one.draft
        ) or (Observation(id="draft", answer=Absent()),)

    def decide(self, seen: Seen) -> Decision:
        """Delete what was generated; a draft with words of people in it stays, since they cannot be written again."""
        acts = []
        for one in seen:
            match one.answer:
                case Present() if one.id == KEPT:
                    continue
                case Unknown(reason=reason, retry_after=after):
                    return Wait(reason=reason, seconds=after)
                case Present(digest=str(number)):
                    target = f"the draft of `{self.tag}`"
                    acts.append(Act(id=f"draft:delete:{number}", stage="notice", target=target, undo="never"))
                case _:
                    pass
        return Do(tuple(acts)) if acts else Done()

    def act(self, act: Act) -> Outcome:
        """Delete one draft."""
        return self.forge.delete_release(int(act.id.rpartition(":")[2]))


def note_of(day: date, reason: str, instead: str | None) -> str:
    """Write the note; the reason is one line that cannot leave it."""
    said = " ".join(plain(reason).split())
    advice = f" Use {instead} instead." if instead else ""
    return f"{_HEAD}{day.isoformat()}.** Do not use this version.{advice}" + (f"\n> {said}" if said else "")


def words_in(body: str) -> str:
    """Give what people wrote in a draft, before and after what was generated."""
    parts = split(body)
    after = "".join(line.text + line.end for line in parts.after)
    return (parts.header + "\n" + after).strip()


def is_marked(body: str) -> bool:
    """Say whether a text begins with the note; forges may give line ends as CRLF."""
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
