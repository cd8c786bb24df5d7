"""Checks of the changes since the last release: labels, milestone, a pull request for each; asked once, shared."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from fnmatch import fnmatchcase

from castoff.model.changes import Change, Commit, Milestone
from castoff.model.observations import Unknown
from castoff.model.versions import ReleaseVersion, next_version
from castoff.notes.configuration import read_configuration
from castoff.notes.labels import KindLabels, LabelPolicy, check_commits, check_labels, check_milestone
from castoff.notes.milestones import (
    MilestonePlan,
    MilestonePolicy,
    MilestonesAsk,
    MilestonesBlocked,
    decide_milestones,
    milestone_meant,
    nearest_milestone,
    open_items_problem,
)
from castoff.preflight.stage import Cannot, Check, Found, Skipped
from castoff.regexes import regex
from castoff.session.change_range import Gathered, gathered_since_release, notes_configuration, paths_of
from castoff.session.claim_history import Branch, begun_on
from castoff.session.edits import changelog_path
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.values import replace

_REVERTS = regex(r"^This reverts commit ([0-9a-f]{40,64})\b", re.M)
NO_FORGE = "the remote's host is not a supported forge"


class Changes:
    """The changes since the last release, gathered when the first check asks for them."""

    def __init__(self, session: Session, version: ReleaseVersion | None = None) -> None:
        self.session = session
        self.version = version
        self._lock = threading.Lock()
        self._gathered: Gathered | None = None

    @property
    def there(self) -> bool:
        """Return whether there is a forge that knows them."""
        return self.session.services.changes(self.session.snapshot.remote_url) is not None

    def gathered(self) -> Gathered:
        """Give them, with their files where the configuration asks for paths. Errors: those of :func:`gather`."""
        # Several checks run side by side and need the same changes; the forge is asked once.
        with self._lock:
            if self._gathered is None:
                self._gathered = self._gather()
            return self._gathered

    def to_be_told(self, commits: Sequence[Commit]) -> tuple[Commit, ...]:
        """Leave out what releases commit themselves (a claim, its revert, the changelog) and optional paths."""
        log = self.session.configuration.changelog.file
        own = {changelog_path(self.session.snapshot.tree, log, self.session.snapshot.workspace)}
        optional = self.session.configuration.notes.optional_for.paths
        paths = paths_of(self.session.clone, [commit.sha for commit in commits])

        def counts(path: str) -> bool:
            return path not in own and not any(fnmatchcase(path, pattern) for pattern in optional)

        # A commit without paths is an empty one or a merge of nothing: a person made it on purpose.
        told = [commit for commit in commits if not paths[commit.sha] or any(map(counts, paths[commit.sha]))]
        # Found last, since it reads manifests at old commits.
        claims = self._claims() if told else frozenset()
        return tuple(one for one in told if one.sha not in claims and _reverted(one.body) not in claims)

    def _claims(self) -> frozenset[str]:
        """Return the release commits since the last release, those that were given up included."""
        branch = Branch.of(self.session.services, self.session.clone, self.session.snapshot.head)
        begun = begun_on(branch, self.session.snapshot.history.since)
        return frozenset(claim.commit for claim in (*begun.standing, *begun.given_up, *begun.unclear))

    def _gather(self) -> Gathered:
        found = gathered_since_release(self.session)
        if not self.session.configuration.notes.optional_for.paths:
            return found
        return replace(found, held=replace(found.held, changes=self._with_paths(found)))

    def _with_paths(self, found: Gathered) -> tuple[Change, ...]:
        here = {commit.sha for commit in found.commits}
        brought = {c.number: here & {c.merge_commit or "", *c.head_commits} for c in found.held.changes}
        paths = paths_of(self.session.clone, sorted({sha for shas in brought.values() for sha in shas}))
        return tuple(
            replace(c, paths=tuple(sorted({path for sha in brought[c.number] for path in paths[sha]})))
            for c in found.held.changes
        )


def _reverted(body: str) -> str | None:
    found = _REVERTS.search(body)
    return found.group(1) if found else None


def change_checks(changes: Changes) -> tuple[Check, ...]:
    """List the checks of the groups labels and milestone."""
    return (
        Check("labels", "labels", lambda: _labels(changes)),
        Check("commits", "labels", lambda: _commits(changes)),
        Check("notes-configuration", "labels", lambda: _configuration(changes)),
        Check("milestone", "milestone", lambda: _milestone(changes)),
    )


def label_policy(services: Services, kinds: KindLabels) -> LabelPolicy:
    """Return what the configuration demands."""
    notes = services.configuration.notes
    return LabelPolicy(
        kinds=kinds,
        strict=notes.strict,
        optional_authors=notes.optional_for.authors,
        optional_paths=notes.optional_for.paths,
    )


def meant_milestone(changes: Changes) -> Milestone | Found:
    """Find the milestone of the release: by its version where that is known, else the nearest one that is open."""
    services, seen = changes.session.services, changes.session.snapshot
    configured = services.configuration.milestone
    forge = services.milestones(seen.remote_url)
    if configured.mode == "off" or forge is None:
        return Skipped("`milestone.mode` is `off`" if forge else NO_FORGE)
    found = forge.milestones()
    if isinstance(found, Unknown):
        return Cannot(found.reason)
    policy = MilestonePolicy(mode=configured.mode, title=configured.title)
    previous = seen.history.previous.version if seen.history.previous else None
    if changes.version is None:
        nearest = nearest_milestone(found, policy, previous)
        # Without a version nobody knows which milestone will be closed; the nearest one is what a release
        # would meet.
        if nearest is not None and nearest.open_items and configured.mode == "block":
            return (open_items_problem(nearest),)
        return nearest or Skipped("no milestone is named after a version")
    following = next_version(changes.version.base, configured.next)
    plan = MilestonePlan(version=changes.version, following=following, previous=previous)
    match decide_milestones(found, plan, policy):
        case MilestonesAsk(problem):
            return (replace(problem, severity="warning"),)
        case MilestonesBlocked(problem):
            return (problem,)
        case _:
            meant = milestone_meant(found, plan, policy)
            return meant if meant is not None else Skipped("no milestone was planned for this version")


def _labels(changes: Changes) -> Found:
    if not changes.there:
        return Skipped(NO_FORGE)
    gathered = changes.gathered()
    return check_labels(gathered.held.changes, label_policy(changes.session.services, gathered.kinds))


def _commits(changes: Changes) -> Found:
    if not changes.there:
        return Skipped(NO_FORGE)
    gathered = changes.gathered()
    url = f"{gathered.server}/{gathered.repository}/commit/"
    policy = label_policy(changes.session.services, gathered.kinds)
    return check_commits(changes.to_be_told(gathered.held.without_change), policy, url=url)


def _configuration(changes: Changes) -> Found:
    """Read the configuration of the notes again, with the labels that the forge has."""
    labels = changes.session.services.labels(changes.session.snapshot.remote_url)
    read = notes_configuration(changes.session.snapshot.tree, changes.session.configuration.notes.config)
    path = read.configuration.path
    text = changes.session.snapshot.tree.read(path) if path else None
    if path is None or text is None:
        return Skipped("the repository has no configuration file for generated notes")
    known = labels.known() if labels is not None else None
    if isinstance(known, Unknown):
        # The forge's labels are unknown, so only what the file itself shows can be judged.
        return read.warnings
    return read_configuration(text, path=path, forge_labels=known).warnings


def _milestone(changes: Changes) -> Found:
    if not changes.there:
        return Skipped(NO_FORGE)
    milestone = meant_milestone(changes)
    if not isinstance(milestone, Milestone):
        return milestone
    gathered = changes.gathered()
    policy = label_policy(changes.session.services, gathered.kinds)
    return check_milestone(gathered.held.changes, milestone, policy)
