"""The story of `castoff highlights`: what is proposed, what is there, and the text that a person makes of both."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from castoff.changelog.news import waiting_news
from castoff.errors import NotYet, Problem, Refusal, UsageError
from castoff.io.files import read_text, write_text
from castoff.model.changes import Change
from castoff.model.child_environments import Kind
from castoff.model.intent import Begin, Claim, meant
from castoff.model.observations import Unknown
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Workspace
from castoff.notes.contributors import contributors
from castoff.notes.draft import split
from castoff.notes.highlights import HighlightsProposal, propose, render
from castoff.notes.range import ChangesInRange, changes_in_range
from castoff.notes.three_way import Merged, merge
from castoff.ports import Forge, ForgeRelease
from castoff.preflight.draft_writers import draft_rivals
from castoff.preflight.early_drafts import early_drafts
from castoff.reconcile import StageState, observe
from castoff.reconcile.part import Stage
from castoff.release.draft import is_early
from castoff.release.highlights import HighlightsPart, published
from castoff.release.notes import require_tag, resolved
from castoff.session.change_range import Gathered, commits_between, gather, known_contributors
from castoff.session.edits import changelog_path
from castoff.session.forge_releases import all_releases
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.snapshot import Snapshot
from castoff.session.version_steps import likely_next
from castoff.text.fences import closed


class Opened(Struct, frozen=True, kw_only=True):
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
    proposal: HighlightsProposal
    merged: Merged
    forge: Forge
    against: tuple[Problem, ...] = ()

    @property
    def header(self) -> str:
        """Return what the draft says now."""
        return split(self.draft.body).header if self.draft else ""


def open_highlights(
    services: Services, version: str | None, since: str | None = None, until: str | None = None
) -> Opened:
    """Look, propose and merge; nothing is written. ``version`` is a version, a level or a tag.

    Errors: ``no-forge``, ``forge-unreachable``, ``release-published``, those of the version.
    """
    with open_session(services) as session:
        forge, releases = _releases(session)
        meant_version, claim = _version(session.snapshot, version, releases)
        tag = session.snapshot.tag_name.of(meant_version)
        draft = _draft_of(session.snapshot, session.snapshot.history.spelled(meant_version), tag, releases)
        commit = resolved(session.clone, until) if until else claim.commit if claim else session.snapshot.head
        if since:
            require_tag(session.clone, since)
        start = since or _before(session, meant_version, commit)
        gathered = gather(session, start, commit)
        look = _Look(session, gathered, start, str(meant_version), session.snapshot.workspace)
        proposal = look.propose(gathered.held, commit)
        return Opened(
            version=meant_version,
            tag=tag,
            title=session.snapshot.shown(meant_version),
            commit=commit,
            tagged=tag in session.snapshot.refs.tags,
            draft=draft,
            proposal=proposal,
            merged=_merged(look, draft, render(proposal)),
            forge=forge,
            against=draft_rivals(services, session.snapshot.tree),
        )


def write_highlights(services: Services, opened: Opened, text: str) -> StageState:
    """Put the text into the draft; before there is one, it is made.

    Errors: ``highlights-hold-notes``, ``nothing-written``, ``draft-second-writer``, those of the part.
    """
    if not text.strip():
        raise Refusal.of(
            "nothing-written",
            "the text of the highlights is empty",
            reason="an empty text writes no highlights",
            remedy="run it again with a text",
        )
    if opened.draft is None and opened.against:
        raise Refusal(*opened.against)
    # Closed, or a code block or comment that was left open would swallow the generated notes below it.
    finished = closed(text.strip()) + "\n"
    if split(finished).generated:
        raise Refusal.of(
            "highlights-hold-notes",
            "the highlights contain generated lines",
            reason="`What's Changed` and `Full Changelog` mark the generated part",
            remedy="remove these lines: castoff adds them below the highlights",
        )
    return services.reconciler().run(_stage(opened, finished))


def look_at_highlights(opened: Opened, text: str) -> StageState:
    """Return what is missing for a text to be in the draft; writes nothing."""
    return observe((_stage(opened, text),))[0]


def _stage(opened: Opened, text: str) -> Stage:
    taken = opened.draft.id if opened.draft and opened.draft.tag != opened.tag else None
    part = HighlightsPart(
        tag=opened.tag,
        title=opened.title,
        commit=opened.commit,
        prerelease=not opened.version.is_stable,
        tagged=opened.tagged,
        forge=opened.forge,
        text=text,
        opened=opened.header,
        taken=taken,
    )
    return Stage("draft", (part,))


class _Look(Struct, frozen=True):
    """What a proposal is made from: the same changes for all commits up to the newest."""

    session: Session
    gathered: Gathered
    since: str | None
    version: str
    workspace: Workspace

    def propose(self, held: ChangesInRange, commit: str) -> HighlightsProposal:
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
        """Return what was proposed when the highlights were written at a commit; None where nobody can tell."""
        # The target of a draft may be a branch's name: made by hand or by the forge, it says nothing about
        # what was proposed.
        if len(commit) < 40 or not self.session.clone.has(commit):
            return None
        commits = commits_between(self.session.clone, self.since, commit)
        return render(self.propose(changes_in_range(commits, self._known()), commit))

    def _known(self) -> tuple[Change, ...]:
        held = self.gathered.held
        return (*held.changes, *(pick.change for pick in held.cherry_picks))

    def _news(self, commit: str) -> str:
        tree = self.session.clone.tree(commit)
        changelog = self.session.configuration.changelog
        path = changelog_path(tree, changelog.file, self.workspace)
        text = tree.read(path) if path and changelog.mode != "off" else None
        return waiting_news(text, self.version) if text is not None else ""


def _merged(look: _Look, draft: ForgeRelease | None, proposed: str) -> Merged:
    mine = split(draft.body).header if draft else ""
    if not mine or draft is None:
        return Merged(text=proposed)
    base = look.proposed_at(draft.target)
    # A three-way merge needs the text that the person began with. A header that never came from a proposal
    # has none, and a merge against a false base would delete lines.
    shown = base is not None and (is_early(draft) or _was_shown(base, mine))
    return merge(mine, proposed, base=base if shown else None)


def _was_shown(base: str, mine: str) -> bool:
    """Return whether a text began as this proposal: a header that was written by hand alone did not."""
    headings = {line.strip() for line in base.splitlines() if line.startswith("### ")}
    wanted = headings or {line.strip() for line in base.splitlines() if line.startswith("## ")}
    return any(line.strip() in wanted for line in mine.splitlines())


def _releases(session: Session) -> tuple[Forge, tuple[ForgeRelease, ...]]:
    forge = session.services.forge(session.snapshot.remote_url)
    if forge is None:
        raise UsageError.of(
            "no-forge",
            "the remote's host is not a supported forge",
            reason="highlights are stored in the draft of the release",
            remedy="see `release.remote`",
        )
    found = all_releases(forge)
    if isinstance(found, Unknown):
        raise NotYet(
            Problem(
                code="forge-unreachable",
                message="the forge could not be queried for its releases",
                reason=found.reason,
                remedy="run it again later; nothing was written",
            )
        )
    return forge, found


def _version(
    snapshot: Snapshot, text: str | None, releases: Sequence[ForgeRelease]
) -> tuple[ReleaseVersion, Claim | None]:
    """Return which release is meant: named, in flight, started as an early draft, waiting to be announced, or next."""
    history = snapshot.history
    if text is not None:
        tagged = snapshot.tag_name.version(text)
        intent = meant(history, str(tagged) if tagged else text)
        return (intent.version, None) if isinstance(intent, Begin) else (intent.claim.version, intent.claim)
    if history.unfinished:
        return history.unfinished[0].version, history.unfinished[0]
    previous = history.previous
    # Before the last release: somebody began to write for the next one, so that is what they go on with.
    early = early_drafts(snapshot, releases)
    if early and (version := snapshot.tag_name.version(early[0].tag)) is not None:
        return version, None
    if previous and any(one.draft and one.tag == snapshot.tag_of(previous) for one in releases):
        return previous.version, previous
    return likely_next(snapshot), None


def _draft_of(
    snapshot: Snapshot, title: str, tag: str, releases: Sequence[ForgeRelease]
) -> ForgeRelease | None:
    """Find the draft; where there is none, the one early draft that was meant for another version."""
    own = [one for one in releases if one.tag == tag]
    for one in own:
        if not one.draft:
            raise Refusal(published(tag, title, one.url))
    if own:
        return own[0]
    early = early_drafts(snapshot, releases)
    # Of several nobody can tell which one is meant; and a tagged version gets its own page, never another's.
    return early[0] if len(early) == 1 and tag not in snapshot.refs.tags else None


def _before(session: Session, version: ReleaseVersion, commit: str) -> str | None:
    earlier = [claim for claim in session.snapshot.history.released if claim.version != version]
    within = [claim for claim in earlier if session.clone.is_ancestor(claim.commit, commit)]
    return session.snapshot.tag_of(within[0]) if within else None


NAME = "castoff-highlights.md"
SCISSORS = "<!-- castoff: everything from this line on is removed -->"
KEPT = "<!-- castoff: text of an earlier run that did not finish; keep what you need -->"


def kept_text(services: Services) -> str:
    """Return what a person wrote in a run that did not end; empty where there is nothing."""
    path = _path(services)
    return _own(read_text(path)) if path.is_file() else ""


def edited(services: Services, text: str, hints: str) -> str:
    """Let the person edit; returns the text without what stands below the scissors.

    The file stays where it is until :func:`forget` is called. Errors: ``no-editor``, ``editor-failed``.
    """
    path = _path(services)
    kept = kept_text(services)
    # The text of a run that did not end may be hours of work: it is put below what is proposed now, and never
    # over it.
    begin = f"{text.rstrip()}\n\n{KEPT}\n\n{kept}\n" if kept and kept != text.strip() else text
    write_text(path, f"{begin.rstrip()}\n\n{SCISSORS}\n\n{hints.rstrip()}\n")
    words = _editor(services)
    code = services.repository.git.processes.interactive(
        [*words, path], kind=Kind.EDITOR, cwd=services.repository.root
    )
    if code != 0:
        raise Refusal.of(
            "editor-failed",
            f"the editor `{words[0]}` ended with code {code}",
            reason=f"the text is kept in `{path}`",
            remedy="run it again: the editor opens with that text",
        )
    return _own(read_text(path)).replace(KEPT, "").strip()


def forget(services: Services) -> None:
    """Remove the file: its text is where it belongs."""
    _path(services).unlink(missing_ok=True)


def _path(services: Services) -> Path:
    # In git's own folder, as COMMIT_EDITMSG is: it is never committed, and each worktree has its own.
    folder = services.repository.git.must("rev-parse", "--git-path", NAME)
    return services.repository.root / folder


def _own(text: str) -> str:
    return text.partition(SCISSORS)[0].strip()


def _editor(services: Services) -> list[str]:
    """Name the editor as git does: GIT_EDITOR, core.editor, VISUAL, EDITOR, and what git falls back on."""
    said = services.repository.git.run("var", "GIT_EDITOR")
    try:
        words = shlex.split(said.text) if said.code == 0 else []
    except ValueError:
        words = []
    found = bool(words) and services.repository.git.processes.find(words[0]) is not None
    if not found:
        raise Refusal.of(
            "no-editor",
            f"the editor `{words[0]}` was not found" if words else "no editor is configured",
            reason=said.last_words if not words else "it is not in PATH",
            remedy="set EDITOR, or pass the text with `--file`",
        )
    return words
