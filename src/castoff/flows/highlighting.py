"""The story of `castoff highlights`: what is proposed, what is there, and the text that a person makes of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from castoff.errors import NotYet, Problem, Refusal
from castoff.flows.checking import second_writers
from castoff.flows.early import early_drafts
from castoff.flows.editing import changelog_path, shown
from castoff.flows.gathering import Gathered, commits_between, gather, known_contributors
from castoff.flows.notes import require_tag, resolved
from castoff.flows.setting import Setting
from castoff.flows.stepping import likely_next
from castoff.flows.survey import Survey, survey
from castoff.git import Worktree
from castoff.model.changes import Change
from castoff.model.intent import Begin, Claim, meant
from castoff.model.observations import Unknown
from castoff.model.versions import ReleaseVersion
from castoff.notes.changelog.waiting import waiting_news
from castoff.notes.contributors import contributors
from castoff.notes.draft import split
from castoff.notes.fences import closed
from castoff.notes.highlights import Proposal, propose, render
from castoff.notes.range import ChangesInRange, changes_in_range
from castoff.notes.three_way import Merged, merge
from castoff.ports import Forge, ForgeRelease
from castoff.reconcile import Reconciler, StageState
from castoff.stages.draft import all_releases, is_early
from castoff.stages.highlights import HighlightsPart, published
from castoff.stages.part import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a person begins with: the draft as it is, what is proposed now, and both merged.

    ``commit`` is the one that the highlights speak up to; ``tagged`` says whether the version is out. ``against``
    are the workflows that make a draft of their own, so that none may be made early.
    """

    version: ReleaseVersion
    tag: str
    title: str
    commit: str
    tagged: bool
    draft: ForgeRelease | None
    proposal: Proposal
    merged: Merged
    forge: Forge
    against: tuple[Problem, ...] = ()

    @property
    def header(self) -> str:
        """Give what the draft says now."""
        return split(self.draft.body).header if self.draft else ""


def open_highlights(
    setting: Setting, version: str | None, since: str | None = None, until: str | None = None
) -> Opened:
    """Look, propose and merge; nothing is written. ``version`` is a version, a level or a tag.

    Errors: ``no-forge``, ``forge-unreachable``, ``release-published``, those of the version.
    """
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        forge, releases = _releases(setting, seen)
        meant_version, claim = _version(seen, version, releases)
        tag = seen.tag_name.of(meant_version)
        draft = _draft_of(seen, tag, releases)
        commit = resolved(worktree, until) if until else claim.commit if claim else seen.head
        if since:
            require_tag(worktree, since)
        start = since or _before(seen, worktree, meant_version, commit)
        gathered = gather(setting, seen, worktree, start, commit)
        look = _Look(setting, worktree, gathered, start, str(meant_version))
        proposal = look.propose(gathered.held, commit)
        return Opened(
            version=meant_version,
            tag=tag,
            title=shown(meant_version, seen),
            commit=commit,
            tagged=tag in seen.refs.tags,
            draft=draft,
            proposal=proposal,
            merged=_merged(look, draft, render(proposal)),
            forge=forge,
            against=second_writers(setting, seen.tree),
        )


def write_highlights(setting: Setting, opened: Opened, text: str) -> StageState:
    """Put the text into the draft; before there is one, it is made.

    Errors: ``highlights-hold-notes``, ``nothing-written``, ``draft-second-writer``, those of the part.
    """
    if not text.strip():
        raise Refusal.of(
            "nothing-written",
            "the text of the highlights is empty",
            reason="an empty text means that they are not to be written",
            remedy="run it again when there is something to say",
        )
    if opened.draft is None and opened.against:
        raise Refusal(*opened.against)
    finished = closed(text.strip()) + "\n"
    if split(finished).generated:
        raise Refusal.of(
            "highlights-hold-notes",
            "the highlights hold lines that are generated",
            reason="`What's Changed` and `Full Changelog` tell where the generated part begins and ends",
            remedy="take these lines out: they are added below the highlights",
        )
    taken = opened.draft.id if opened.draft and opened.draft.tag != opened.tag else None
    part = HighlightsPart(
        tag=opened.tag,
        title=opened.title,
        commit=opened.commit,
        prerelease=not opened.version.is_stable,
        tagged=opened.tagged,
        forge=opened.forge,
        text=finished,
        opened=opened.header,
        taken=taken,
    )
    reconciler = Reconciler(setting.clock, setting.reporter, setting.patience)
    return reconciler.run(Stage("draft", (part,)))


@dataclass(frozen=True, slots=True)
class _Look:
    """What a proposal is made from: the same changes for all commits up to the newest."""

    setting: Setting
    worktree: Worktree
    gathered: Gathered
    since: str | None
    version: str

    def propose(self, held: ChangesInRange, commit: str) -> Proposal:
        changes = held.with_cherry_picks()
        known = known_contributors(self.gathered) if changes else frozenset[str]()
        return propose(
            changes,
            self.gathered.kinds,
            people=contributors(changes, known),
            news=self._news(commit),
            reverted={one.reverted for one in held.reverts},
        )

    def proposed_at(self, commit: str) -> str | None:
        """Say what was proposed when the highlights were written at a commit; None where nobody can tell."""
        if len(commit) < 40 or not self.worktree.has(commit):
            return None
        commits = commits_between(self.worktree, self.since, commit)
        return render(self.propose(changes_in_range(commits, self._known()), commit))

    def _known(self) -> tuple[Change, ...]:
        held = self.gathered.held
        return (*held.changes, *(pick.change for pick in held.cherry_picks))

    def _news(self, commit: str) -> str:
        tree = self.worktree.tree(commit)
        changelog = self.setting.configuration.changelog
        path = changelog_path(tree, changelog.file)
        text = tree.read(path) if path and changelog.mode != "off" else None
        return waiting_news(text, self.version) if text is not None else ""


def _merged(look: _Look, draft: ForgeRelease | None, proposed: str) -> Merged:
    mine = split(draft.body).header if draft else ""
    if not mine or draft is None:
        return Merged(text=proposed)
    base = look.proposed_at(draft.target)
    shown = base is not None and (is_early(draft) or _was_shown(base, mine))
    return merge(mine, proposed, base=base if shown else None)


def _was_shown(base: str, mine: str) -> bool:
    """Say whether a text began as this proposal: a header that was written by hand alone did not."""
    headings = {line.strip() for line in base.splitlines() if line.startswith("### ")}
    wanted = headings or {line.strip() for line in base.splitlines() if line.startswith("## ")}
    return any(line.strip() in wanted for line in mine.splitlines())


def _releases(setting: Setting, seen: Survey) -> tuple[Forge, tuple[ForgeRelease, ...]]:
    forge = setting.forge(seen.remote_url)
    if forge is None:
        raise Refusal.of(
            "no-forge",
            "the remote is on no forge that castoff speaks with",
            reason="highlights live in the draft of the release",
            remedy="see `release.remote`",
        )
    found = all_releases(forge)
    if isinstance(found, Unknown):
        raise NotYet(
            Problem(
                code="forge-unreachable",
                message="the forge could not be asked for its releases",
                reason=found.reason,
                remedy="run it again later; nothing was written",
            )
        )
    return forge, found


def _version(
    seen: Survey, text: str | None, releases: Sequence[ForgeRelease]
) -> tuple[ReleaseVersion, Claim | None]:
    """Say which release is meant: named, under way, begun as an early draft, waiting to be announced, or next."""
    history = seen.history
    if text is not None:
        tagged = seen.tag_name.version(text)
        intent = meant(history, str(tagged) if tagged else text)
        return (intent.version, None) if isinstance(intent, Begin) else (intent.claim.version, intent.claim)
    if history.unfinished:
        return history.unfinished[0].version, history.unfinished[0]
    previous = history.previous
    early = early_drafts(seen, releases)
    if early and (version := seen.tag_name.version(early[0].tag)) is not None:
        return version, None
    if previous and any(one.draft and one.tag == seen.tag_name.of(previous.version) for one in releases):
        return previous.version, previous
    return likely_next(seen), None


def _draft_of(seen: Survey, tag: str, releases: Sequence[ForgeRelease]) -> ForgeRelease | None:
    """Find the draft; where there is none, the one early draft that was meant for another version."""
    own = [one for one in releases if one.tag == tag]
    for one in own:
        if not one.draft:
            raise Refusal(published(tag, one.url))
    if own:
        return own[0]
    early = early_drafts(seen, releases)
    return early[0] if len(early) == 1 and tag not in seen.refs.tags else None


def _before(seen: Survey, worktree: Worktree, version: ReleaseVersion, commit: str) -> str | None:
    earlier = [claim for claim in seen.history.released if claim.version != version]
    within = [claim for claim in earlier if worktree.is_ancestor(claim.commit, commit)]
    return seen.tag_name.of(within[0].version) if within else None
