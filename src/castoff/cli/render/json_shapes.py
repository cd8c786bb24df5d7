"""JSON of each command, one function a value; the schemas lie in `schemas/`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from castoff.cli.render.problems import SCHEMA_VERSION, problem_json
from castoff.model.graph import likely_facade
from castoff.model.observations import Absent, Observation, Present, Staged, Unknown, Withdrawn
from castoff.model.scope import common_folder

if TYPE_CHECKING:
    from castoff.errors import Problem
    from castoff.model.acts import Act
    from castoff.model.graph import JudgedEdge, Order
    from castoff.model.plan import Plan, Planned
    from castoff.model.shards import ShardFile
    from castoff.reconcile import StageState
    from castoff.release.build import BuiltRelease
    from castoff.release.handed_tags import MadeTags
    from castoff.release.run import Result
    from castoff.release.status import Status
    from castoff.release.tree import ReleaseTree


def print_json(name: str, value: dict[str, object]) -> None:
    """Print one object with its schema's name and version."""
    whole = {"schema": f"castoff/{name}", "schema_version": SCHEMA_VERSION, **value}
    # Indented, since people read it too; programs do not mind.
    encoded = msgspec.json.format(msgspec.json.encode(whole), indent=2)
    sys.stdout.write(encoded.decode("utf-8") + "\n")


def plan_json(plan: Plan, build_seconds: float | None = None) -> dict[str, object]:
    """Return a plan; packages and uploads in the order of the waves, edits by path and line.

    ``build_seconds`` is what an earlier run took to build and try its packages.
    """
    return {
        **_scope_json(plan),
        "release": {
            "version": plan.shown_version,
            "previous": plan.previous,
            "level": plan.level,
            "tag": plan.tag,
            "signed": plan.signs_tag,
            "branch": plan.branch,
            "remote": plan.remote,
            "base_commit": plan.base_commit,
            "resumes": plan.resumes,
            "claimed_by": plan.claimed_by or f"refs/heads/{plan.branch}",
            "version_from_tags": list(plan.tag_tools),
        },
        "facade": {
            "name": plan.order.facade,
            "source": plan.order.facade_source,
            "likely": None if plan.order.facade else likely_facade(plan.order),
        },
        "waves": [list(wave) for wave in plan.order.waves],
        "packages": [_planned_json(one) for one in plan.packages],
        "members": [
            {"name": member.name, "path": member.path, "from": member.version, "to": to}
            for member, to in plan.members
        ],
        "edges": [edge_json(one) for one in plan.order.edges],
        "edits": _edits_json(plan),
        "acts": acts_json(plan.acts),
        "estimate": {
            "seconds": round(plan.estimate.seconds, 1),
            "build_seconds": None if build_seconds is None else round(build_seconds, 1),
            "schedule": [
                {"act": act, "not_before_seconds": round(start, 1)} for act, start in plan.estimate.schedule
            ],
        },
        "problems": [problem_json(problem) for problem in plan.problems],
    }


def _edits_json(plan: Plan) -> list[dict[str, object]]:
    """Return the edits; those of lock files come last, since what changes in one only its client knows."""
    known: list[dict[str, object]] = [
        {"path": one.path, "line": one.line, "kind": one.kind, "old": one.old, "new": one.new}
        for one in plan.edits
    ]
    locks: list[dict[str, object]] = [
        {"path": path, "line": None, "kind": "lock", "old": "", "new": ""} for path in plan.locks
    ]
    return [*known, *locks]


def acts_json(acts: Sequence[Act]) -> list[dict[str, object]]:
    """Return acts in their order."""
    return [
        {
            "id": act.id,
            "stage": act.stage,
            "target": act.target,
            "undo": act.undo,
            "condition": act.condition,
        }
        for act in acts
    ]


def _scope_json(plan: Plan) -> dict[str, object]:
    """Return what is released, and what is not."""
    workspace = plan.workspace
    return {
        "workspace": {
            "root": common_folder(workspace.roots),
            "roots": list(workspace.roots),
            "others": [
                {"root": one.root, "ecosystem": one.ecosystem, "why": one.why} for one in workspace.others
            ],
            "not_looked_at": {
                "submodules": plan.not_looked_at.submodules,
                "untracked": plan.not_looked_at.untracked,
            },
        },
        "not_released": [
            {"name": one.name, "path": one.path, "reason": one.reason} for one in workspace.left_out
        ],
        "lock_files": list(plan.locks),
    }


def _planned_json(one: Planned) -> dict[str, object]:
    return {
        "name": one.package.id,
        "ecosystem": one.package.ecosystem,
        "path": one.package.path,
        "changed": one.package.change.is_own if one.package.change else None,
        "why": one.package.change.reason if one.package.change else None,
        "from": one.package.version,
        "to": one.to,
        "native_version": one.to,
        "wave": one.wave,
        "new": one.new,
        "needs": list(one.needs),
        "artifacts": [{"kind": kind, "filename": filename} for kind, filename in one.artifacts],
    }


def edge_json(one: JudgedEdge) -> dict[str, object]:
    """Return an edge and whether it orders uploads."""
    edge = one.edge
    value: dict[str, object] = {
        "from": edge.origin,
        "to": edge.target,
        "kind": edge.kind,
        "requirement": edge.requirement,
        "orders": one.orders,
    }
    return value if one.why is None else {**value, "why": one.why}


def stages_json(states: Sequence[StageState]) -> list[dict[str, object]]:
    """Return the stages in their order."""
    return [
        {
            "name": state.stage.name,
            "state": state.state,
            "required": state.stage.required,
            "observations": [observation_json(one) for part in state.parts for one in part.seen],
        }
        for state in states
    ]


def observation_json(one: Observation) -> dict[str, object]:
    """Return one observation; keys without a value are left out."""
    value: dict[str, object | None] = {"id": one.id, "part": one.part}
    identity = one.identity
    facts: dict[str, object | None] = {}
    match one.answer:
        case Absent():
            value["answer"] = "absent"
        case Present(digest=digest, url=url, commit=commit, same=same):
            value["answer"] = "present"
            identity = identity or commit
            facts = {"digest": digest, "same": same, "url": url}
        case Withdrawn(digest=digest, url=url, reason=reason):
            value["answer"] = "withdrawn"
            facts = {"digest": digest, "url": url, "reason": reason or None}
        case Staged(digest=digest, same=same):
            value["answer"] = "staged"
            identity = identity or one.answer.identity
            facts = {"digest": digest, "same": same}
        case Unknown(reason=reason, retry_after=after):
            value["answer"] = "unknown"
            facts = {"reason": reason, "retry_after": after}
    # One order of keys for every answer, so that two outputs can be compared line by line.
    value |= {"state": one.state, "identity": identity, "expected": one.expected, **facts}
    # Left out rather than null: the schema of an answer then names what it always has.
    return {key: item for key, item in value.items() if item is not None}


def result_json(result: Result, world: dict[str, object] | None = None) -> dict[str, object]:
    """Return how a run ended."""
    window = result.mismatch_window
    return {
        "version": result.version,
        "uploads": [
            {"package": u.package, "filename": u.filename, "digest": u.digest, "order": u.order}
            for u in result.uploads
        ],
        "mismatch_window_seconds": None if window is None else round(window, 3),
        "stages": stages_json(result.stages),
        "links": [{"what": one.what, "name": one.name, "url": one.url} for one in result.links],
        "not_proven": [one.text for one in result.not_proven],
        "world": world,
        "problems": [problem_json(problem) for problem in result.problems],
    }


def built_json(built: BuiltRelease) -> dict[str, object]:
    """Return what was built, in the order of the waves."""
    return {
        "version": built.version,
        "shard": None if built.shard is None else str(built.shard),
        "verified": list(built.verified),
        "artifacts": [
            {"package": one.package, "filename": one.filename, "digest": one.digest, "cached": False}
            for one in built.artifacts
        ],
        "findings": [],
    }


def joined_json(version: str, files: Sequence[ShardFile], findings: Sequence[Problem]) -> dict[str, object]:
    """Return what shards built together."""
    return {
        "version": version,
        "shard": None,
        "verified": sorted({one.package for one in files}) if not findings else [],
        "artifacts": [
            {"package": one.package, "filename": one.filename, "digest": one.digest, "cached": False}
            for one in files
        ],
        "findings": [problem_json(one) for one in findings],
    }


def tags_json(made: MadeTags) -> dict[str, object]:
    """Return the tags that were made, that of the release last."""
    return {
        "version": made.version,
        "tags": [{"name": one.name, "object": one.object, "signed": one.signed} for one in made.tags],
    }


def tree_json(written: ReleaseTree) -> dict[str, object]:
    """Return the tree that was written, with the tag of the release last."""
    return {
        "version": written.version,
        "tags": list(written.tags),
        "digest": written.digest,
        "problems": [problem_json(one) for one in written.problems],
    }


def _needs_json(order: Order) -> dict[str, object]:
    """Return what each package needs, in the order of the waves."""
    return {name: sorted(order.needs[name]) for wave in order.waves for name in wave}


def status_json(status: Status) -> dict[str, object]:
    """Return what the world shows."""
    from castoff.cli.render.text import next_acts

    return {
        "version": status.version,
        "phase": status.phase,
        "release_commit": {"commit": status.commit, "found_by": status.found_by},
        "stages": stages_json(status.states),
        "next": next_acts(status),
        "acts": acts_json([act for state in status.states for act in state.acts_ahead]),
        "others_in_flight": [
            {"version": one.version, "commit": one.commit, "branch": one.branch} for one in status.others
        ],
        "draft": status.draft_json(),
        "mismatch_window_seconds": None,
        "waves": [list(wave) for wave in status.order.waves] if status.order else [],
        "needs": _needs_json(status.order) if status.order else {},
        "schedule": [{"act": act, "not_before_seconds": round(start, 1)} for act, start in status.schedule],
        "due": status.due_json(),
        "contributors": status.people_json(),
        "ways_out": [
            {"command": way.command, "does": way.does, "leaves": list(way.leaves)}
            for way in status.recovery_options
        ],
        "problems": [problem_json(problem) for problem in status.problems],
    }
