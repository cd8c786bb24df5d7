"""What was merged in a range? Commits from git, pull requests from the forge, matched; nothing is judged here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from castoff.errors import ConfigurationError, NotYet, Problem, UsageError
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.model.addresses import Address, forge_address
from castoff.model.changes import Change, Commit
from castoff.model.observations import Unknown
from castoff.notes.configuration import DEFAULT, PATHS, ReadConfiguration, read_configuration
from castoff.notes.kinds import KindLabels, kind_labels
from castoff.notes.labels import label_of_own
from castoff.notes.range import ChangesInRange, changes_in_range, named_pull_request
from castoff.ports import ChangeSource, Tree

MOST_PICKED = 200
"""So many pull requests are looked for by number alone: what cherry-picks and imported history name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a range holds; ``repository`` is its name as the forge has it now, ``server`` the forge's address."""

    source: ChangeSource
    address: Address
    commits: tuple[Commit, ...]
    held: ChangesInRange
    read: ReadConfiguration
    kinds: KindLabels

    @property
    def repository(self) -> str:
        """Name the repository, `owner/name`."""
        return self.source.repository

    @property
    def server(self) -> str:
        """Give the forge's address for people."""
        return self.address.web_url


def gather(
    setting: Setting,
    seen: Survey,
    worktree: Worktree,
    since: str | None,
    until: str,
    *,
    expected: Collection[str] = (),
) -> Gathered:
    """Gather what lies between a tag (None: the beginning) and a commit; ``expected`` commits need no change.

    Errors: ``forge-unreachable``, ``no-forge``, those of the configuration of the notes.
    """
    source, address = source_of(setting, seen)
    commits = commits_between(worktree, since, until)
    read = notes_configuration(worktree.tree(until), setting.configuration.notes.config)
    found = source.of_commits([commit.sha for commit in commits])
    if isinstance(found, Unknown):
        raise unreachable(found)
    held = _with_picked(source, commits, found, expected)
    given = dict(setting.configuration.notes.kinds or ())
    return Gathered(
        source=source,
        address=address,
        commits=commits,
        held=held,
        read=read,
        kinds=kind_labels(read.configuration, given),
    )


def known_contributors(gathered: Gathered) -> frozenset[str]:
    """Ask who of the authors contributed before this range; error ``forge-unreachable``."""
    changes = gathered.held.changes
    logins = sorted({change.identity for change in changes if change.identity})
    if not logins:
        return frozenset()
    known = gathered.source.earlier_contributors(logins, min(change.merged_at for change in changes))
    if isinstance(known, Unknown):
        raise unreachable(known)
    return known


def notes_configuration(tree: Tree, configured: str | None) -> ReadConfiguration:
    """Read the notes' configuration as it is in a tree: where it says so, else where the forge looks."""
    for path in (configured,) if configured else PATHS:
        text = tree.read(path)
        if text is not None:
            return read_configuration(text, path=path)
    return ReadConfiguration(DEFAULT, ())


def label_of_own_pulls(tree: Tree, configured: str | None) -> str | None:
    """Name the label that keeps castoff's own pull requests out of the notes; None too where nobody can read it."""
    try:
        return label_of_own(notes_configuration(tree, configured).configuration)
    except ConfigurationError:
        return None


def commits_between(worktree: Worktree, since: str | None, until: str) -> tuple[Commit, ...]:
    """List the commits of a range, each before its parents."""
    span = f"refs/tags/{since}..{until}" if since else until
    listing = worktree.git.must("log", "--topo-order", "-z", "--format=%H%x1f%P%x1f%s%x1f%b", span)
    return tuple(_commit(entry) for entry in listing.split("\0") if entry)


def paths_of(worktree: Worktree, commits: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give the paths that each of these commits touched, a merge compared with its first parent."""
    if not commits:
        return {}
    words = ("--no-walk=unsorted", "-m", "--first-parent", "--name-only", "-z", "--format=%x01%H")
    given = "".join(f"{commit}\n" for commit in commits).encode()
    found: dict[str, tuple[str, ...]] = {}
    for entry in worktree.git.must("log", "--stdin", *words, given=given).split("\x01")[1:]:
        commit, *paths = (part.strip("\n") for part in entry.split("\0"))
        found[commit] = tuple(path for path in paths if path)
    return found


def source_of(setting: Setting, seen: Survey) -> tuple[ChangeSource, Address]:
    """Give what knows the changes of the remote's repository; error ``no-forge``."""
    source = setting.changes(seen.remote_url)
    address = forge_address(seen.remote_url, setting.environment)
    if source is None or address is None:
        raise UsageError.of(
            "no-forge",
            "the remote is on no forge that castoff speaks with",
            reason="titles, authors and labels of changes are kept by the forge",
            remedy="see `release.remote`, or give the changes in a file with `--changes`",
        )
    return source, address


def unreachable(found: Unknown) -> NotYet:
    """Say that the forge could not be asked."""
    return NotYet(
        Problem(
            code="forge-unreachable",
            message="the forge could not be asked for the changes",
            reason=found.reason,
            remedy="run it again later; a token (GH_TOKEN) is needed even to read them",
        )
    )


def _with_picked(
    source: ChangeSource, commits: Sequence[Commit], found: tuple[Change, ...], expected: Collection[str]
) -> ChangesInRange:
    """Look for what cherry-picks name as well: their commits are new, so the forge connects them with nothing."""
    held = changes_in_range(commits, found, expected=expected)
    known = {change.number for change in found}
    named = dict.fromkeys(named_pull_request(commit.subject) for commit in held.without_change)
    wanted = [number for number in named if number is not None and number not in known][:MOST_PICKED]
    if not wanted:
        return held
    picked = source.of_numbers(wanted)
    if isinstance(picked, Unknown):
        raise unreachable(picked)
    return changes_in_range(commits, (*found, *picked), expected=expected) if picked else held


def _commit(entry: str) -> Commit:
    sha, parents, subject, text = entry.strip("\n").split("\x1f", 3)
    return Commit(sha=sha, parents=tuple(parents.split()), subject=subject, body=text)
