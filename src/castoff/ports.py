"""What do the stages ask of the world? One protocol for each kind of partner; adapters implement them.

Adapters never retry, sleep, log or print: they answer with observations and outcomes, and the pass decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from castoff.errors import Problem
from castoff.model.acts import Act, Outcome
from castoff.model.changes import Change, Milestone
from castoff.model.observations import Answer, Sameness, Unknown
from castoff.model.refs import Refs
from castoff.model.versions import Ecosystem, ReleaseVersion
from castoff.model.workspace import Artifact, Edit, Package, Workspace


class Tree(Protocol):
    """The files of one commit (or folder), read only; paths are POSIX from the root."""

    def read(self, path: str) -> str | None:
        """Give a file's text (UTF-8), None where there is no such file.

        Errors: ``file-not-text`` where it is not UTF-8.
        """
        ...

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What the edits of a release make of a tree: new texts by path, and each change for the plan."""

    texts: Mapping[str, str]
    edits: tuple[Edit, ...]
    problems: tuple[Problem, ...] = ()


class Manifests(Protocol):
    """One ecosystem's manifests, as values and as edited text; pure but for the tree it is given."""

    @property
    def ecosystem(self) -> Ecosystem:
        """Name the ecosystem."""
        ...

    def discover(self, tree: Tree, exclude: Sequence[str]) -> Workspace | None:
        """Read the workspace; None where the tree has no manifest of this ecosystem.

        ``exclude`` holds glob patterns of package names or paths that are not part of the release.
        What is wrong with single manifests comes back in ``Workspace.problems``.
        """
        ...

    def edited(self, tree: Tree, workspace: Workspace, version: ReleaseVersion) -> Edited:
        """Compute the texts of all manifests (and version files) for the version, only what must change."""
        ...

    def version_at(self, tree: Tree, exclude: Sequence[str]) -> str | None:
        """Give the workspace's version in its native spelling, None where there is none or several."""
        ...

    def version_paths(self, tree: Tree) -> Sequence[str]:
        """List the files from which the version is read, so that history can be searched quickly."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFailure:
    """A package that could not be built or verified: the client's last words, cut, without secrets."""

    package: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build gave."""

    artifacts: tuple[Artifact, ...] = ()
    failures: tuple[BuildFailure, ...] = ()


class Builder(Protocol):
    """Makes artifacts from a tree on disk, through the real client."""

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        """Bring lock files that are committed up to date after the edits; gives the paths it changed."""
        ...

    def build(self, root: Path, packages: Sequence[Package], into: Path) -> Built:
        """Build all artifacts of these packages into a folder; reproducible from the same tree."""
        ...

    def verify(self, package: Package, artifacts: Sequence[Artifact], root: Path) -> tuple[Problem, ...]:
        """Use a package as its users will, with the registry that the environment points to, at its turn."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a registry holds of one version of one package, file by file.

    ``files`` maps file names to answers (Present with SHA-256 digest, Withdrawn). Where nobody could tell,
    ``unknown`` says why and ``retry_after`` when to ask again.
    """

    files: Mapping[str, Answer] = field(default_factory=dict)
    unknown: str | None = None
    retry_after: float | None = None
    new_name: bool | None = None


class Registry(Protocol):
    """One registry, looked at and written to through the real clients of its ecosystem."""

    @property
    def ecosystem(self) -> Ecosystem:
        """Name the ecosystem."""
        ...

    def look(self, package: Package, version: str) -> Listing:
        """Say what is there of one version; ``version`` in the native spelling."""
        ...

    def versions(self, package: Package) -> Sequence[str] | None:
        """List all versions that were ever released, withdrawn ones included; None where unknown."""
        ...

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        """Fetch the registry's file of that artifact, whose digest is ``listed``, and compare contents."""
        ...

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        """Ask the resolver that users run whether all requirements can be met now; None where unknown."""
        ...

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        """Upload one artifact through the real client; ``root`` is the tree that it was built from."""
        ...

    def yank(self, package: Package, version: str) -> Outcome:
        """Take a version back, as far as the registry lets it."""
        ...

    def requirement(self, package: Package, version: str) -> str:
        """Spell the requirement on exactly this version, as :meth:`resolvable` takes it."""
        ...

    def url(self, package: Package, version: str) -> str | None:
        """Give the page of a version for people, None where none is known."""
        ...


@runtime_checkable
class Recorded(Protocol):
    """A registry that can say of whole packages what it holds."""

    def record(self, packages: Iterable[Package]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Give the record of packages (as ``castoff check --registry-record`` has it), and what was not read."""
        ...


@runtime_checkable
class Owned(Protocol):
    """A registry that can say who may publish a package."""

    def owners(self, package: Package) -> tuple[str, ...] | None:
        """List the owners by the registry's names; None where that is not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeRelease:
    """One release on the forge, draft or not; ``id`` is the forge's own."""

    id: int
    tag: str
    name: str
    body: str
    draft: bool
    prerelease: bool
    url: str
    created_at: datetime | None = None
    updated_at: datetime | None = None
    published_at: datetime | None = None
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelease:
    """A release to write; ``latest`` None leaves it to the forge, ``body`` None leaves the text as it is."""

    tag: str
    name: str
    body: str | None
    draft: bool
    prerelease: bool
    target: str
    latest: bool | None = None


Rights = Literal["write", "read", "no-token", "bad-token", "not-seen"]
"""What a forge says about a token; ``not-seen``: it shows no such repository."""


class Forge(Protocol):
    """The releases of the repository on its forge; answers of failed reads are ``Unknown``."""

    def rights(self) -> Rights | Unknown:
        """Ask what the token may do with the repository."""
        ...

    def releases(self) -> Sequence[ForgeRelease] | Answer:
        """List all releases, drafts included, newest first; an Unknown where that failed."""
        ...

    def create_release(self, release: NewRelease) -> Outcome:
        """Create a release or a draft."""
        ...

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        """Write a release anew; publishes a draft where ``release.draft`` is False."""
        ...

    def delete_release(self, number: int) -> Outcome:
        """Delete a draft; gone already is as good."""
        ...

    def latest(self) -> str | Unknown | None:
        """Name the tag of the release that the forge calls the latest, None where it calls none so."""
        ...

    def called(self, slug: str) -> str | Unknown | None:
        """Give the name that a repository has now (`owner/name`), None where there is none that may be seen."""
        ...

    def branch_rules(self, branch: str) -> tuple[str, ...] | Unknown:
        """List the kinds of rules that hold for a branch; `protected` for what only administrators may read."""
        ...

    def generated_notes(self, tag: str, target: str, previous: str | None) -> str | Unknown:
        """Ask the forge for the notes that it would generate."""
        ...

    def tag_url(self, tag: str) -> str:
        """Give the page of a tag for people."""
        ...


class Remote(Protocol):
    """A clone, and the remote that it speaks with: what claim and tag ask and push."""

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags; None where it could not be asked."""
        ...

    def has(self, commit: str) -> bool:
        """Say whether a commit is in the clone."""
        ...

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        """Bring a remote's tags and some branches into the clone; says whether that worked."""
        ...

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether a commit lies in the history of another; False where one of them is not in the clone."""
        ...

    def push(self, url: str, spec: str) -> Outcome:
        """Push one ref, never by force; Refused carries ``push-rejected`` where it is no fast-forward."""
        ...


class Milestones(Protocol):
    """The milestones of the repository; known by number."""

    def milestones(self) -> tuple[Milestone, ...] | Unknown:
        """List all milestones, open ones with what is open in them."""
        ...

    def create(self, title: str) -> Outcome:
        """Create a milestone."""
        ...

    def rename(self, number: int, title: str) -> Outcome:
        """Give a milestone another title."""
        ...

    def close(self, number: int) -> Outcome:
        """Close a milestone."""
        ...

    def move(self, item: int, milestone: int) -> Outcome:
        """Put an issue or pull request into a milestone."""
        ...


class Labels(Protocol):
    """The labels of the repository, and of its issues and pull requests."""

    def known(self) -> tuple[str, ...] | Unknown:
        """List the labels that the repository has."""
        ...

    def add(self, item: int, label: str) -> Outcome:
        """Give an issue or pull request a label."""
        ...

    def remove(self, item: int, label: str) -> Outcome:
        """Take a label away; one that is not there counts as taken away."""
        ...


class ChangeSource(Protocol):
    """Who knows which merged pull requests brought which commits."""

    @property
    def repository(self) -> str:
        """Name the repository, `owner/name`: as the forge has it now, once it was asked."""
        ...

    def of_commits(self, commits: Sequence[str]) -> tuple[Change, ...] | Unknown:
        """Give the merged pull requests that brought these commits, each once."""
        ...

    def of_numbers(self, numbers: Sequence[int]) -> tuple[Change, ...] | Unknown:
        """Give the merged ones of these pull requests; what is none is left out."""
        ...

    def pull_request(self, number: int) -> Change | Unknown | None:
        """Give a pull request, merged or not (``merged_at`` is its last moment then), with its ``paths``."""
        ...

    def earlier_contributors(self, logins: Sequence[str], before: datetime) -> frozenset[str] | Unknown:
        """Say which of these logins had a pull request merged before a time."""
        ...


class Clock(Protocol):
    """Time: what it is now, and waiting."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds from some fixed point, for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Reporter(Protocol):
    """Hears what happens, to show it; never decides anything. Called from several threads."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins, with so many parts."""
        ...

    def observed(self, subject: str, detail: str) -> None:
        """Something was looked at."""
        ...

    def act_begins(self, act: Act) -> None:
        """A write begins."""
        ...

    def act_ended(self, act: Act, outcome: Outcome) -> None:
        """A write ended."""
        ...

    def waiting(self, subject: str, reason: str, seconds: float) -> None:
        """Something is waited for."""
        ...

    def note(self, text: str) -> None:
        """A sentence for the reader."""
        ...


class Workbench(AbstractContextManager["Workbench"], Protocol):
    """Where files of one run lie; gone at its end."""

    root: Path
