"""Push of the tag of a release, and of those of its packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.acts import Act, Blocked, Decision, Do, Done, Outcome, Refused, Succeeded, Unclear, Wait
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.model.refs import Refs, TagRef
from castoff.ports import Remote
from castoff.preflight.free_version import tag_elsewhere
from castoff.reconcile.part import Seen

_NOT_ASKED = "the remote could not be queried for its tags"
PUSH = Act(id="tag:push", stage="tag", target="the tag", undo="never")


class TagRemote(Remote, Protocol):
    """A remote that takes several refs at once."""

    def push_together(self, url: str, specs: Sequence[str]) -> Outcome:
        """Push refs, all or none, never by force; Unclear also where the remote takes no atomic pushes."""
        ...


class TagLook(Struct, frozen=True):
    """The tag of the release, those of its packages, the tag's object, and what is wrong with it."""

    release: Answer
    beside: Mapping[str, Answer] = {}
    object: str | None = None
    fault: Problem | None = None


@dataclass(slots=True, kw_only=True)
class TagPart:
    """The tag of the release ``title``, with the tags of its packages in ``beside``.

    ``make`` makes all of the tag objects in the clone, signed as configured, and gives that of the release. All are
    pushed together. ``fault`` asks what is wrong with a tag of that name that another run, or somebody else, made: None
    where nothing is. Where the remote takes no atomic pushes, the release's tag goes last, so that it is there only if
    the others are; so its presence answers for all of them. ``remark`` is shown with the act.
    """

    tag: str
    title: str
    commit: str
    remote_url: str
    clone: TagRemote
    make: Callable[[], str]
    fault: Callable[[TagRef], Problem | Unknown | None]
    beside: tuple[str, ...] = ()
    remark: str = ""
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
        return Do((push_act(self.tag, self.beside, self.remark),)) if isinstance(decision, Do) else decision

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
        # git ends the same way if the remote takes no atomic pushes. Pushed one by one, no tag is ever forced.
        for spec in specs:
            outcome = self.clone.push(self.remote_url, spec)
            if not isinstance(outcome, Succeeded):
                return outcome
        return outcome


def push_act(tag: str, beside: Sequence[str], remark: str = "") -> Act:
    """Name the one act that pushes the tag of a release with those of its packages."""
    names = ", ".join(f"`{name}`" for name in (tag, *beside))
    target = f"the tag{'s' if beside else ''} {names}{remark}"
    return Act(id=PUSH.id, stage="tag", target=target, undo="never")


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
            return Blocked(tag_elsewhere(tag, title, commit, at))
        case Unknown(reason=reason, retry_after=after):
            return Wait(reason=reason, seconds=after)
        case _:
            return Wait(reason="the remote did not answer for the tag")
