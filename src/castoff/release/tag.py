"""Push of the tag of a release, and of those of its packages.

Fitness of a tag that this run did not make: it counts only if it is what the tag stage would have made.
Users verify a release by its tag: by the digests in it, and by its signature. A tag of that name that somebody else
pushed has neither, and is found before the release is drafted and announced. Of an announced release nothing is judged
any more (`castoff verify` does): its tag is never moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from castoff.errors import Problem
from castoff.git.signing import is_signed_text
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Succeeded, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.model.refs import Refs, TagRef, without_name
from castoff.ports import Remote
from castoff.preflight.checks import wants_signed_tag
from castoff.reconcile.part import Seen
from castoff.release.waiver import waiver_in
from castoff.session.claim_history import listed_digests
from castoff.session.forge_releases import releases_of
from castoff.session.session import Session

if TYPE_CHECKING:
    from castoff.session.release import Release


_NOT_ASKED = "the remote could not be queried for its tags"
PUSH = Act(id="tag:push", stage="tag", target="the tag", undo="never")


class TagRemote(Remote, Protocol):
    """A remote that takes several refs at once."""

    def push_together(self, url: str, specs: Sequence[str]) -> Outcome:
        """Push refs, all or none, never by force; Unclear also where the remote takes no atomic pushes."""
        ...


@dataclass(frozen=True, slots=True)
class TagLook:
    """The tag of the release, those of its packages, the tag's object, and what is wrong with it."""

    release: Answer
    beside: Mapping[str, Answer] = field(default_factory=dict)
    object: str | None = None
    fault: Problem | None = None


@dataclass(slots=True, kw_only=True)
class TagPart:
    """The tag of the release ``title``, with the tags of its packages in ``beside``.

    ``make`` makes all of the tag objects in the clone, signed as configured, and gives that of the release. All are
    pushed together. ``fault`` asks what is wrong with a tag of that name that another run, or somebody else, made: None
    where nothing is. Where the remote takes no atomic pushes, the release's tag goes last, so that it is there only if
    the others are; so its presence answers for all of them.
    """

    tag: str
    title: str
    commit: str
    remote_url: str
    clone: TagRemote
    make: Callable[[], str]
    fault: Callable[[TagRef], Problem | Unknown | None]
    beside: tuple[str, ...] = ()
    name: str = "tag"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"
    _made: str | None = field(default=None, init=False)

    def look(self) -> TagLook:
        """Ask the remote for all tags at once, and compare the release's with what this stage makes."""
        refs = self.clone.ls_remote(self.remote_url)
        if refs is None:
            unknown = Unknown(reason=_NOT_ASKED)
            return TagLook(unknown, dict.fromkeys(self.beside, unknown))
        beside = {name: _answer(refs, name) for name in self.beside}
        ref = refs.tags.get(self.tag)
        fault = None
        # Only a tag that another run made is examined; the own one was verified when it was created.
        if ref is not None and ref.commit == self.commit and ref.object != self._made:
            fault = self.fault(ref)
        if isinstance(fault, Unknown):
            return TagLook(fault, beside)
        return TagLook(_answer(refs, self.tag), beside, ref.object if ref else None, fault)

    def decide(self, seen: TagLook) -> Decision:
        """Push what is absent; never move a tag."""
        if isinstance(seen.release, Absent):
            for name, answer in seen.beside.items():
                # A package's tag elsewhere would be found by the push as well, but then the release's tag
                # might be out already.
                if isinstance(answer, Present) and answer.commit != self.commit:
                    return decide_tag(name, self.commit, answer, self.title)
        if isinstance(seen.release, Present) and seen.fault is not None:
            return Blocked(seen.fault)
        decision = decide_tag(self.tag, self.commit, seen.release, self.title)
        return Do((push_act(self.tag, self.beside),)) if isinstance(decision, Do) else decision

    def describe(self, seen: TagLook) -> Seen:
        """Show the tags, the release's first."""
        release = Observation(
            id=self.tag,
            answer=seen.release,
            expected=self.commit,
            identity=seen.object if isinstance(seen.release, Present) else None,
        )
        beside = (
            Observation(id=name, answer=answer, expected=self.commit) for name, answer in seen.beside.items()
        )
        return (release, *beside)

    def act(self, act: Act) -> Outcome:
        """Push the tag objects; where the remote refuses since one is there, the next look says which."""
        self._made = self.make()
        release = f"{self._made}:refs/tags/{self.tag}"
        outcome = self._push_all(release) if self.beside else self.clone.push(self.remote_url, release)
        # Refused because it exists: another run pushed it, or the answer to our own push was lost. The next
        # look tells.
        if isinstance(outcome, Refused) and isinstance(self.look().release, Present):
            return Unclear(reason=outcome.problem.reason)
        return outcome

    def _push_all(self, release: str) -> Outcome:
        refs = self.clone.ls_remote(self.remote_url)
        if refs is None:
            return Unclear(reason=_NOT_ASKED)
        # Tags that are there are not pushed again: with `--atomic` one refused ref would refuse all of
        # them.
        missing = [name for name in self.beside if name not in refs.tags]
        specs = [*(f"refs/tags/{name}:refs/tags/{name}" for name in missing), release]
        outcome = self.clone.push_together(self.remote_url, specs)
        if not isinstance(outcome, Unclear):
            return outcome
        after = self.clone.ls_remote(self.remote_url)
        # Something arrived, so the unclear end was not a refusal of atomic pushes.
        if after is None or any(name in after.tags for name in (*missing, self.tag)):
            return outcome
        for (
            spec
        ) in specs:  # git ends the same way if the remote takes no atomic pushes; no tag is ever forced
            outcome = self.clone.push(self.remote_url, spec)
            if not isinstance(outcome, Succeeded):
                return outcome
        return outcome


def push_act(tag: str, beside: Sequence[str]) -> Act:
    """Name the one act that pushes the tag of a release with those of its packages."""
    names = ", ".join(f"`{name}`" for name in (tag, *beside))
    return Act(id=PUSH.id, stage="tag", target=f"the tag{'s' if beside else ''} {names}", undo="never")


def _answer(refs: Refs, name: str) -> Answer:
    found = refs.tags.get(name)
    return Absent() if found is None else Present(commit=found.commit)


def decide_tag(tag: str, commit: str, answer: Answer, title: str) -> Decision:
    """Decide by what the remote answered of a tag of the release ``title``."""
    match answer:
        case Absent():
            return Do((push_act(tag, ()),))
        case Present(commit=at) if at == commit:
            return Done()
        case Present(commit=at):
            return Blocked(
                Problem(
                    code="tag-elsewhere",
                    message=f"the tag `{tag}` is already on another commit",
                    reason=f"the release commit is {commit[:12]}, the remote's tag is on {(at or '?')[:12]}",
                    remedy=f"withdraw the version with `castoff abandon {title} --execute` and release the "
                    "next one; or ask the owner of the tag to delete it, if nothing was released from it",
                    commit=at,
                )
            )
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case _:
            return Wait(reason="the remote did not answer for the tag")


@dataclass(frozen=True, slots=True)
class TagFitness:
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
        tag, title = self.release.tag, self.release.title
        return Problem(
            code="tag-unfit",
            message=f"the tag `{tag}` on the remote is not the one that castoff creates",
            reason=f"{reason}; users verify the release with it",
            remedy=f"if nobody relies on it yet, delete it on the remote (`git push --delete REMOTE {tag}`) and run "
            f"`castoff resume {title} --execute`, which creates its own; otherwise finish the release without a "
            f"release on the forge: `castoff resume {title} --without draft --execute`",
            commit=self.release.commit,
        )
