"""Versions that were begun on a branch, versions that were given up, and who made a release: read from git alone.

Evidence that castoff made a release, read from its tag and its commit.
A tag of castoff's lists the digests of what was uploaded. A tag that somebody else put on a release that castoff began
does not; then the subject of the release commit tells, unless an earlier release has such a subject as well and was not
castoff's: that project's own scripts write it. A tag on a commit without that subject shows nothing either way (kube-rs
tagged a later commit as 4.0.0), so the releases before it are asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from castoff.config.templates import LiteralText, Placeholder, parts
from castoff.errors import Refusal, WorkspaceError
from castoff.git import Clone
from castoff.git.log import first_with_subject
from castoff.model.intent import Begun, Claim, History, Step, begun_in
from castoff.model.refs import PROPOSED
from castoff.model.versions import ReleaseVersion, is_own_spelling, read, read_canonical, spell
from castoff.regexes import regex
from castoff.session.services import Services
from castoff.session.workspaces import PastWorkspaces, manifest_tree, read_workspace
from castoff.values import replace

_WITHIN = 60  # commits that touch the version files; an older claim is not a release in flight
_WITHIN_FIRST = 20  # where nothing was released yet, only the newest counts
_NAMED = frozenset({"pyproject.toml", "Cargo.toml", "package.json"})
_VERSION_LINE = r"^[^=]*(version|package|project|poetry)[^=]*[=:]"
"""A line that may give a version in these manifests, or a table in braces that does; not one of a dependency."""


class Branch(Struct, frozen=True):
    """A branch as its history is read; ``message`` is the template of the message of release commits."""

    clone: Clone
    head: str
    message: str
    workspaces: PastWorkspaces

    @classmethod
    def of(cls, services: Services, clone: Clone, head: str) -> Branch:
        """Open a branch at its head."""
        manifests, scope = services.manifests, services.scope
        today = read_workspace(manifest_tree(clone, head), manifests, scope)
        message = services.configuration.release.message
        return cls(clone, head, message, PastWorkspaces(clone.tree, manifests, scope, today))

    @property
    def paths(self) -> Sequence[str]:
        """Return the version files of today: a release in flight is younger than any move of a manifest."""
        return sorted({one.version_file for one in self.workspaces.today.packages if one.tags is None})

    def version_text(self, commit: str) -> str | None:
        """Return the version that the manifests of a commit say as one text; None where they say none, or several."""
        try:
            workspace = self.workspaces.at(commit)
        # An old commit may not be readable by today's rules; it then says nothing, rather than stopping
        # every command.
        except (WorkspaceError, Refusal):
            return None
        stated = {(one.version, one.ecosystem) for one in workspace.packages if one.tags is None}
        texts = {text for text, _ in stated}
        # Spellings differ between ecosystems; the version is one.
        versions = {read(text) if is_own_spelling(text, ecosystem) else None for text, ecosystem in stated}
        if len(versions) == 1 and None not in versions:
            return str(versions.pop())
        return texts.pop() if len(texts) == 1 else None

    def steps(self, previous: Claim | None) -> Iterator[Step]:
        """Return the commits since the last release that touch the version files, oldest first."""
        if not self.paths:
            return
        # The first parents alone: a version that only a merged branch had was never the branch's.
        touching = self.clone.first_parents(previous.commit if previous else None, self.head, self.paths)
        recent = touching[: _WITHIN if previous else _WITHIN_FIRST]
        changing = self._changing([commit for commit, _ in recent])
        # Oldest first, since a later revert must find the claim that it takes back.
        for commit, parent in reversed(recent):
            if commit in changing:
                before = self.version_text(parent or commit)
                yield Step(commit, before, self.version_text(commit))

    def _changing(self, commits: Sequence[str]) -> Collection[str]:
        """Leave out what changes no version line, where it is known how such a line looks."""
        # In other files (a module, say) a version has no form that git could search for.
        if any(path.rpartition("/")[2] not in _NAMED for path in self.paths):
            return commits
        return self.clone.changing(commits, _VERSION_LINE, self.paths)


def begun_on(branch: Branch, previous: Claim | None) -> Begun:
    """Find what was begun since the last release, and what of it was given up; tags are not looked at.

    Each change of the version after a released tag is a claim, whatever its message is. Without one, projects that
    never tag are many: then only the message that castoff gives is a claim, and only if no earlier version that was
    not tagged has such a message as well, since then the project's own scripts write it.
    """
    text = branch.version_text(branch.head)
    now = read_canonical(text) if text else None
    steps = tuple(branch.steps(previous))
    found = begun_in(steps, previous.version if previous else None, now)
    if previous is not None:
        told = (replace(one, told=tells_claim(branch, one)) for one in found.standing)
        return replace(found, standing=tuple(told))
    if not found.standing:
        return found if now is None else _first(branch, now, found)
    newest = found.standing[0]
    if not tells_claim(branch, newest):
        return replace(found, standing=())
    if any(tells_claim(branch, one) for one in _before(steps, newest, found.given_up)):
        return replace(found, standing=(), unclear=(newest,))
    return found


def _before(steps: Iterable[Step], newest: Claim, given_up: Collection[Claim]) -> Iterator[Claim]:
    for step in steps:
        version = read_canonical(step.after) if step.after and step.after != step.before else None
        if version is not None and version < newest.version:
            claim = Claim(version=version, commit=step.commit)
            if claim not in given_up:
                yield claim


def is_copy_of(claim: Claim, elsewhere: Begun, clone: Clone) -> bool:
    """Return whether a claim is a later copy of one on another branch: its merge, squash or cherry-pick."""
    own = (clone.commit_time(claim.commit), claim.commit)
    return any(
        clone.is_ancestor(one.commit, claim.commit)
        # Without a merge only the dates tell which was first; one that was given up there may be begun anew.
        or (one in elsewhere.standing and (clone.commit_time(one.commit), one.commit) < own)
        for one in (*elsewhere.standing, *elsewhere.given_up)
        if one.version == claim.version and one.commit != claim.commit
    )


def tells_claim(branch: Branch, claim: Claim) -> bool:
    """Return whether a line of the message is castoff's; squashed commits are listed in the body."""
    said = _claim_line(branch.message, claim.version)
    lines = branch.clone.message(claim.commit).splitlines()
    return any(said.fullmatch(line.removeprefix("* ").strip()) for line in lines)


def has_claim_subject(clone: Clone, template: str, version: ReleaseVersion, commits: tuple[str, str]) -> bool:
    """Return whether a commit after the first of two, up to the second, has the subject of castoff's release commit.

    A log costs little: most branches have none, and then their manifests need not be read at each commit.
    """
    since, until = commits
    return first_with_subject(clone.git, _claim_line(template, version), until, since=since) is not None


def overtaken_claim(branch: Branch, tagged: Claim, earlier: Sequence[Claim]) -> Claim | None:
    """Find a release commit of castoff's for a version whose tag somebody else put below or above it.

    ``earlier`` are the releases below it, the highest first.
    """
    said, git = _claim_line(branch.message, tagged.version), branch.clone.git
    above = first_with_subject(git, said, branch.head, since=tagged.commit)
    if above is not None:
        return Claim(version=tagged.version, commit=above)
    since = History(previous=earlier[0], released=earlier).since if earlier else None
    if since is None:
        return None
    found = next((one for one in begun_on(branch, since).standing if one.version == tagged.version), None)
    is_begun = found is not None and is_castoffs(branch.clone, branch.message, found, earlier)
    return found if is_begun else None


def _claim_line(template: str, version: ReleaseVersion) -> re.Pattern[str]:
    """Match the subject of a release commit, or that of the merge of its proposal: forges name the branch in it."""
    spelled = "|".join(re.escape(spell(version, one)) for one in ("cargo", "python"))
    merge = rf"Merge \b.*{re.escape(PROPOSED)}(?:[^\s']*[^\s'0-9.])?(?:{spelled})(?:'| |$).*"
    return re.compile(f"(?:{_subject_of(template, version).pattern})|(?:{merge})")


def _first(branch: Branch, now: ReleaseVersion, found: Begun) -> Begun:
    """A first release may have changed no version: then its subject tells, or its merge, and that of its revert."""
    clone, git, head = branch.clone, branch.clone.git, branch.head
    # No version changed, so the subject is the only trace of a first release.
    commit = first_with_subject(git, _claim_line(branch.message, now), head)
    if commit is None:
        return found
    claim = Claim(version=now, commit=commit)
    undone = first_with_subject(git, _reverts(clone.subject(commit).strip()), head)
    if undone is not None and branch.clone.is_ancestor(commit, undone):
        return Begun(given_up=(claim, *found.given_up))
    return Begun((claim,), found.given_up)


def _reverts(subject: str) -> re.Pattern[str]:
    return re.compile(re.escape(f'Revert "{subject}"') + _NUMBER)


_NUMBER = r"(?: \(#[0-9]{1,9}\))?"
"""A squash merge appends the number of the pull request to the subject."""
_LISTED = regex(r"^([0-9a-f]{64})  (\S.{0,300})$", re.MULTILINE)


def listed_digests(tag_message: str) -> Mapping[str, str]:
    """Return the digests that a tag lists, by file name; empty for a tag that castoff did not make."""
    return {name: digest for digest, name in _LISTED.findall(tag_message)}


class CommitTexts(Protocol):
    """What is read of tags and commits."""

    def tag_message(self, tag: str) -> str:
        """Return the message of a tag."""
        ...

    def subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""
        ...


def is_castoffs(texts: CommitTexts, template: str, claim: Claim, earlier: Iterable[Claim]) -> bool:
    """Return whether castoff made a tagged release; ``template`` is the message of release commits.

    ``earlier`` are the releases below it, the highest first. Without any, a subject alone shows nothing.
    """
    if _has_digests(texts, claim):
        return True
    before = tuple(earlier)
    if not before or not _is_claim(texts, template, claim):
        return False
    for one in before:
        if _has_digests(texts, one):
            return True
        if _is_claim(texts, template, one):
            return False
    return True


def _has_digests(texts: CommitTexts, claim: Claim) -> bool:
    return claim.tag is not None and bool(listed_digests(texts.tag_message(claim.tag)))


def _is_claim(texts: CommitTexts, template: str, claim: Claim) -> bool:
    """Return whether a commit's subject is the one that castoff gives, `(#7)` behind it or not."""
    return bool(_subject_of(template, claim.version).fullmatch(texts.subject(claim.commit).strip()))


def _subject_of(template: str, version: ReleaseVersion) -> re.Pattern[str]:
    spelled = "|".join(re.escape(spell(version, one)) for one in ("cargo", "python"))
    known = {"version": spelled, "semver": spelled, "pep440": spelled, "tag": f".*(?:{spelled})"}
    found = ""
    for part in parts(template.partition("\n")[0].strip()):
        match part:
            case LiteralText(text):
                found += re.escape(text)
            case Placeholder(name):
                # Values that the tag does not determine, such as the date, match anything.
                found += f"(?:{known.get(name, '.+')})"
    return re.compile(found + _NUMBER)
