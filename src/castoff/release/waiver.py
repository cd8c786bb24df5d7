"""Release without a stage: a person gave up the draft or the announcement of one version for good.

``refs/castoff/without/STAGE/VERSION`` on the remote names the release commit; it is made only where there is none, and
anybody can see it or, by deleting it, take the decision back. It counts only while the stage is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from castoff.model.acts import Act, Decision, Do, Done, Off, Outcome
from castoff.model.observations import Absent, Answer, Observation, Present, Unknown
from castoff.model.refs import CLAIMS, TagRef, without_name
from castoff.reconcile.part import Part, PartAround, Seen, wait_for
from castoff.rollback.dropped_claim import ClaimRemote


class WaivableLook(Struct, frozen=True):
    """What another part found, and whether a person gave it up; that is not asked where the part is done."""

    part: Any
    waiver: Answer


class WaivablePart(PartAround, Struct, frozen=True):
    """Another part, which is off where ``waived`` finds that a person gave it up."""

    part: Part[Any]
    waived: Callable[[], Answer]

    @property
    def needs(self) -> frozenset[str]:
        """Return what the other part needs."""
        return self.part.needs

    def look(self) -> WaivableLook:
        """Ask what the other part asks; where it is not done, ask for the waiver as well."""
        found = self.part.look()
        # A finished stage costs no further question to the remote; and what was done anyway is shown as done,
        # not as skipped.
        is_done = isinstance(self.part.decide(found), Done)
        return WaivableLook(found, Absent() if is_done else self.waived())

    def decide(self, seen: WaivableLook) -> Decision:
        """Decide as the other part, unless it is waived."""
        match seen.waiver:
            case Present():
                return Off("skipped with `--without`")
            case Unknown() as unknown:
                return wait_for(unknown)
            case _:
                return self.part.decide(seen.part)

    def describe(self, seen: WaivableLook) -> Seen:
        """Show what was seen of the other part, and the waiver if there is one."""
        waiver = Observation(id="without", answer=seen.waiver)
        return (*self.part.describe(seen.part), *(() if isinstance(seen.waiver, Absent) else (waiver,)))

    def act(self, act: Act) -> Outcome:
        """Do an act of the other part."""
        return self.part.act(act)


class WaiverPart(Struct, frozen=True, kw_only=True):
    """The ref by which one stage of a version is given up."""

    stage: str
    title: str
    commit: str
    remote_url: str
    clone: ClaimRemote
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"

    @property
    def name(self) -> str:
        """Name the part after the stage."""
        return f"without {self.stage}"

    def look(self) -> Answer:
        """Ask the remote for the ref."""
        return waiver_in(self.clone.claims(self.remote_url), without_name(self.stage, self.title))

    def decide(self, seen: Answer) -> Decision:
        """Make the ref where it is not there."""
        match seen:
            case Present():
                return Done()
            case Unknown() as unknown:
                return wait_for(unknown)
            case _:
                return Do((waiver_act(self.stage, self.title),))

    def describe(self, seen: Answer) -> Seen:
        """Show the ref."""
        return (Observation(id=f"{CLAIMS}{without_name(self.stage, self.title)}", answer=seen),)

    def act(self, act: Act) -> Outcome:
        """Push the ref with an empty lease: one that is there is never moved."""
        objects = {without_name(self.stage, self.title): self.commit}
        return self.clone.claim(self.remote_url, objects, self.commit, None)


def waiver_act(stage: str, title: str) -> Act:
    """Name the act that gives a stage up."""
    target = f"the ref `{CLAIMS}{without_name(stage, title)}`, which skips the {stage}"
    return Act(
        id=f"{stage}:without", stage="draft" if stage == "draft" else "announce", target=target, undo="free"
    )


def waiver_in(claims: Mapping[str, TagRef] | None, name: str) -> Answer:
    """Answer from what is below ``refs/castoff/``."""
    if claims is None:
        return Unknown(reason="the remote could not be queried for `refs/castoff/`")
    return Present(commit=claims[name].commit) if name in claims else Absent()
