"""The part that fills the branch's changelog with the notes of the published release."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from castoff.changelog import Ported, require_markdown
from castoff.errors import CastoffError, Problem
from castoff.model.acts import Act, Blocked, Decision, Done, Off, Outcome, Person, only_if
from castoff.model.observations import Absent, Observation, Present, Unknown
from castoff.ports import Forge, ForgeRelease, Tree
from castoff.postrelease.delivery import Delivery, DeliveryLook, describe_proposal
from castoff.postrelease.ported_changelog import ReleasePortOptions, port_release
from castoff.reconcile.part import Seen, wait_for
from castoff.session.forge_releases import releases_of
from castoff.values import replace

NOT_ANNOUNCED = "the notes are copied when the release is announced"


class ChangelogLook(Struct, frozen=True, kw_only=True):
    """The changelog as one look found it.

    ``unknown`` is an answer that is missing; without a ``release``, that of the forge. ``head`` and ``text`` are of the
    branch, None and "" where it has no such file; ``ported`` is what the port makes of it, ``change`` what is missing.
    """

    release: ForgeRelease | None = None
    unknown: Unknown | None = None
    head: str | None = None
    text: str = ""
    problem: Problem | None = None
    ported: Ported | None = None
    change: DeliveryLook | None = None
    denied: bool = False


class ChangelogPart(Struct, kw_only=True):
    """The section of one release in the changelog of one branch.

    ``tree`` opens the files of a commit, ``milestone`` asks for the address of the release's milestone. ``is_kept``
    says whether the branch is expected to keep the changelog; None: that is not known before a look.
    """

    options: ReleasePortOptions
    path: str
    forge: Forge
    delivery: Delivery
    tree: Callable[[str], Tree]
    milestone: Callable[[], str | Unknown | None]
    configured: bool = False
    is_kept: bool | None = None
    name: str = "changelog"
    needs: frozenset[str] = frozenset()
    gate: str | None = "git"

    def look(self) -> ChangelogLook:
        """Read the release, the changelog at the branch's head, and the pull request if one is open."""
        seen = ChangelogLook(denied=self.delivery.denied)
        release = published(self.forge, self.options.tag)
        if release is None or isinstance(release, Unknown):
            return replace(seen, unknown=release)
        seen = replace(seen, release=release)
        # Asked before the branch, so that a look without an answer has not fetched for nothing.
        milestone = self.milestone()
        head = self.delivery.head()
        if isinstance(milestone, Unknown):
            return replace(seen, unknown=milestone)
        if isinstance(head, Unknown):
            return replace(seen, unknown=head)
        # At the branch's head, not at the release: the changelog may have moved on since.
        text = self.tree(head).read(self.path) if head is not None else None
        if head is None or text is None:
            return seen
        seen = replace(seen, head=head, text=text)
        return self._compared(seen, head, text, release, replace(self.options, milestone_url=milestone))

    def decide(self, seen: ChangelogLook) -> Decision:
        """Port what is missing; leave alone what was written by hand."""
        if seen.unknown is not None:
            return wait_for(seen.unknown, self._later("if the notes are not in it", seen))
        if seen.release is None and self.is_kept is False:
            return self._not_there()  # no announcement brings notes into a file that is not kept
        if seen.release is None:
            return Person((), NOT_ANNOUNCED, later=self._later("when the release is announced", seen))
        if seen.head is None:
            return self._not_there()
        if seen.problem is not None:
            return Blocked(seen.problem)
        if seen.change is not None:
            return self.delivery.decide(seen.change)
        if seen.ported is not None and seen.ported.outcome == "by-hand":
            return Done("the section was written by hand and is kept")
        return Done("the changelog holds the notes")

    def describe(self, seen: ChangelogLook) -> Seen:
        """Show the release, the file, and the pull request."""
        if seen.release is None:
            return (Observation(id="release", answer=seen.unknown or Absent()),)
        release = Observation(
            id="release", answer=Present(url=seen.release.url), identity=str(seen.release.id)
        )
        if seen.change is not None:
            file = Observation(id=self._file, answer=Absent(), expected=self.options.version)
            return (release, file, *describe_proposal(seen.change.proposal))
        if seen.unknown is not None or seen.head is None:
            return (release, Observation(id=self._file, answer=seen.unknown or Absent()))
        state = "unfit" if seen.ported is None else seen.ported.outcome
        return (release, Observation(id=self._file, answer=Present(commit=seen.head), state=state))

    def act(self, act: Act) -> Outcome:
        """Commit the change on the head that was looked at, and push it; or open the pull request."""
        return self.delivery.act(act)

    def difference(self, seen: ChangelogLook) -> str:
        """Show what the port changes, or what stands in a section that was written by hand; "" for nothing."""
        if seen.ported is None or seen.ported.outcome == "unchanged":
            return ""
        if seen.ported.outcome == "by-hand":
            return seen.ported.difference
        import difflib  # for runs that act; plans show no difference

        names = self.path, f"{self.path} with {self.options.version}"
        lines = difflib.unified_diff(
            seen.text.splitlines(), seen.ported.text.splitlines(), *names, lineterm=""
        )
        return "\n".join(lines) + "\n"

    def _later(self, condition: str, seen: ChangelogLook) -> tuple[Act, ...]:
        """Return the acts that bring the notes to the branch."""
        if self.is_kept is False:
            return ()
        there = "" if self.is_kept else f" and `{self.delivery.branch}` has `{self.path}`"
        return only_if(condition + there, self.delivery.ahead(denied=seen.denied))

    @property
    def _file(self) -> str:
        return f"{self.delivery.branch}:{self.path}"

    def _compared(
        self, seen: ChangelogLook, head: str, text: str, release: ForgeRelease, options: ReleasePortOptions
    ) -> ChangelogLook:
        try:
            require_markdown(self.path)
            ported = port_release(text, release, options)
        except CastoffError as error:
            return replace(seen, problem=self._in_file(error))
        seen = replace(seen, ported=ported)
        if ported.outcome in ("unchanged", "by-hand"):
            return seen
        proposal = self.delivery.proposed()
        if isinstance(proposal, Unknown):
            return replace(seen, unknown=proposal)
        change = DeliveryLook(
            head=head, texts={self.path: ported.text}, proposal=proposal, denied=seen.denied
        )
        return replace(seen, change=self._prepared(change, release, options))

    def _prepared(
        self, change: DeliveryLook, release: ForgeRelease, options: ReleasePortOptions
    ) -> DeliveryLook:
        """See whether the proposal's branch holds the notes already."""
        # Without a branch for the pull request there is nothing that could be prepared already.
        if change.proposal.head is None:
            return change
        text = self.tree(change.proposal.head).read(self.path)
        try:
            # Copied into the proposal's own text, so that edits that people made there are kept.
            there = port_release(text or "", release, options)
        except CastoffError as error:
            return replace(change, fault=self._in_file(error))
        is_prepared = text is not None and there.outcome in ("unchanged", "by-hand")
        return replace(change, prepared=is_prepared, proposed={self.path: there.text})

    def _in_file(self, error: CastoffError) -> Problem:
        return replace(error.problems[0], file=error.problems[0].file or self.path)

    def _not_there(self) -> Decision:
        if not self.configured:
            gone = f"`{self.path}`, which the release had" if self.is_kept else "changelog"
            return Off(f"`{self.delivery.branch}` has no {gone}")
        return Blocked(
            Problem(
                code="changelog-missing",
                message=f"`{self.delivery.branch}` has no file `{self.path}`",
                reason="`changelog.file` names that file",
                remedy="create the file, or correct `changelog.file`",
                file=self.path,
            )
        )


def published(forge: Forge, tag: str) -> ForgeRelease | Unknown | None:
    """Find the published release of a tag; None where there is none yet."""
    found = releases_of(forge, tag)
    if isinstance(found, Unknown):
        return found
    # Only a published release: the text of a draft may still change.
    return next((release for release in found if not release.draft), None)
