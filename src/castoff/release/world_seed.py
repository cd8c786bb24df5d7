"""The seed of the embedded world, as the real services are now (`castoff world seed`); they are only read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from castoff.errors import Problem
from castoff.model.addresses import forge_address
from castoff.model.changes import Change, Milestone
from castoff.model.observations import Answer, Unknown
from castoff.model.workspace import Package, Workspace
from castoff.ports import ChangeSource, ForgeRelease, Milestones
from castoff.ports.registry import Recorded
from castoff.session.change_range import gathered_since_release, known_contributors
from castoff.session.session import Session


class WorldState(Struct, frozen=True):
    """The document of a seed, and what could not be read for it."""

    document: dict[str, Any]
    problems: tuple[Problem, ...]


class _Draft(Struct):
    document: dict[str, Any]
    unread: list[tuple[str, str]] = field(default_factory=list)

    def known(self, what: str, found: Any) -> Any:
        """Return an answer; one that is unknown is noted and empty."""
        if isinstance(found, Unknown):
            self.unread.append((what, found.reason))
            return ()
        return found


def read_world_state(session: Session, repository: str) -> WorldState:
    """Read repository, registries and forge; ``repository`` is the path of the repository, from the seed's folder.

    Errors: those of the configuration of the notes.
    """
    services, snapshot = session.services, session.snapshot
    address = forge_address(snapshot.remote_url, services.environment)
    draft = _Draft(
        {
            "slug": address.slug if address else "local/workspace",
            "repository": repository,
            "clock": _moment(services.now),
        }
    )
    before = session.workspace_before()
    for ecosystem in snapshot.ecosystems:
        packages = [one for one in snapshot.workspace.packages if one.ecosystem == ecosystem]
        draft.document.update(_registry(draft, session, packages, before))
    if address is not None:
        draft.document["forge"] = _forge(draft, session)
    return WorldState(draft.document, tuple(_unread(*one) for one in draft.unread))


def _registry(
    draft: _Draft, session: Session, packages: Sequence[Package], before: Workspace | None
) -> dict[str, Any]:
    """Return what a registry holds of packages, under the seed's key for it."""
    ecosystem = packages[0].ecosystem
    registry = session.services.users_registry(ecosystem)
    if isinstance(registry, Recorded):
        record, unread = registry.record(packages)
        draft.unread.extend(("the registry of Cargo packages", reason) for reason in unread)
        # A record is what the seed has under this key.
        return {"cargo": record}
    released = [
        {"name": one.name, "version": version}
        for one in packages
        for version in draft.known(f"the versions of `{one.id}`", registry.versions(one))
    ]
    if ecosystem == "python" and before is not None:
        written = before.pins()
        needs = {(one.name, one.version): written[one.id] for one in before.packages}
        for entry in released:
            # The index names requirements by file; those of the last release are known from its manifests.
            if pins := needs.get((entry["name"], entry["version"])):
                entry["requires_dist"] = list(pins)
    return {ecosystem: {"packages": released}}


def _forge(draft: _Draft, session: Session) -> dict[str, Any]:
    """Return labels, milestones, pull requests and releases, in the words of the embedded forge's seed."""
    services, remote = session.services, session.snapshot.remote_url
    gathered = gathered_since_release(session)
    milestones = _milestones(draft, services.milestones(remote))
    known = {one.number for one in milestones}
    opened = _open(draft, gathered.source)
    taken = {one.number for one in (*gathered.held.changes, *opened)}
    labels = services.labels(remote)
    forge = services.forge(remote)
    return {
        "default_branch": session.snapshot.branch,
        "labels": list(draft.known("the labels", labels.known() if labels else ())),
        "milestones": [
            {"number": one.number, "title": one.title, "state": "open" if one.is_open else "closed"}
            for one in milestones
        ],
        "issues": [
            {"number": item.number, "title": item.title or f"Issue {item.number}", "milestone": one.number}
            for one in milestones
            for item in one.open_items
            if item.number not in taken
        ],
        "pull_requests": [
            *(_pull(one, known, merged=True) for one in gathered.held.changes),
            *(_pull(one, known, merged=False) for one in opened),
        ],
        "releases": list(
            _releases(draft, forge.releases() if forge else (), forge.latest() if forge else None)
        ),
        "known_contributors": sorted(known_contributors(gathered)),
    }


def _milestones(draft: _Draft, milestones: Milestones | None) -> tuple[Milestone, ...]:
    found: tuple[Milestone, ...] = draft.known(
        "the milestones", milestones.milestones() if milestones else ()
    )
    return found


def _open(draft: _Draft, source: ChangeSource) -> tuple[Change, ...]:
    found: tuple[Change, ...] = draft.known("the open pull requests", source.open_changes())
    return found


def _pull(change: Change, milestones: set[int], *, merged: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"number": change.number, "title": change.title, "labels": list(change.labels)}
    optional = {
        "author": change.author,
        "agent": change.agent,
        "body": change.body or None,
        "base": change.base,
        "head": change.head,
        "milestone": change.milestone if change.milestone in milestones else None,
    }
    made.update({name: value for name, value in optional.items() if value is not None})
    if not merged:
        return {**made, "created_at": _moment(change.merged_at)}
    brought = {"merge_commit": change.merge_commit} if change.merge_commit else {}
    return {**made, "merged_at": _moment(change.merged_at), **brought}


def _releases(
    draft: _Draft, found: Sequence[ForgeRelease] | Answer, latest: str | Unknown | None
) -> Iterator[dict[str, Any]]:
    newest = None if isinstance(latest, Unknown) else latest
    # The oldest first, as they were made.
    for one in reversed(draft.known("the releases", found)):
        made = {"tag": one.tag, "name": one.name, "body": one.body, "prerelease": one.prerelease}
        published = {"published_at": _moment(one.published_at)} if one.published_at else {}
        marks = {"draft": True} if one.draft else {"latest": True} if one.tag == newest else {}
        yield {**made, **published, **marks, **({"target": one.target} if one.target else {})}


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _unread(what: str, reason: str) -> Problem:
    return Problem(
        code="world-seed-incomplete",
        severity="warning",
        message=f"{what} could not be read",
        reason=f"{reason}; the seed leaves them out, and a rehearsal from it would not know them",
        remedy="run `castoff world seed` again when the service answers, with a token that may read the repository",
    )
