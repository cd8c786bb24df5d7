"""Which shape has the JSON of each command? One function a value; the schemas lie in `schemas/`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from castoff.cli.problems import problem_json
from castoff.model.observations import Absent, Observation, Present, Unknown, Withdrawn

if TYPE_CHECKING:
    from castoff.flows.release import Result
    from castoff.flows.status import Status
    from castoff.model.graph import JudgedEdge
    from castoff.model.plan import Plan, Planned
    from castoff.reconcile import StageState


def print_json(name: str, value: dict[str, object]) -> None:
    """Print one object with its schema's name and version.

    Where an object speaks of one release, ``version`` is that release's; ``schema_version`` is always there.
    """
    whole = {"schema": f"castoff/{name}", "version": 1, "schema_version": 1, **value}
    encoded = msgspec.json.format(msgspec.json.encode(whole), indent=2)
    sys.stdout.write(encoded.decode("utf-8") + "\n")


def plan_json(plan: Plan) -> dict[str, object]:
    """Give a plan; packages and uploads in the order of the waves, edits by path and line."""
    return {
        "release": {
            "version": plan.shown_version,
            "previous": plan.previous,
            "level": plan.level,
            "tag": plan.tag,
            "branch": plan.branch,
            "remote": plan.remote,
            "base_commit": plan.base_commit,
            "resumes": plan.resumes,
            "claimed_by": plan.claimed_by or f"refs/heads/{plan.branch}",
            "version_from_tags": list(plan.tag_tools),
        },
        "facade": {"name": plan.order.facade, "source": plan.order.facade_source},
        "waves": [list(wave) for wave in plan.order.waves],
        "packages": [_planned_json(one) for one in plan.packages],
        "members": [
            {"name": member.name, "path": member.path, "from": member.version, "to": to}
            for member, to in plan.members
        ],
        "edges": [edge_json(one) for one in plan.order.edges],
        "edits": [
            {"path": e.path, "line": e.line, "kind": e.kind, "old": e.old, "new": e.new} for e in plan.edits
        ],
        "acts": [
            {"id": act.id, "stage": act.stage, "target": act.target, "undo": act.undo} for act in plan.acts
        ],
        "estimate": {
            "seconds": round(plan.estimate.seconds, 1),
            "schedule": [
                {"act": act, "not_before_seconds": round(start, 1)} for act, start in plan.estimate.schedule
            ],
        },
        "problems": [problem_json(problem) for problem in plan.problems],
    }


def _planned_json(one: Planned) -> dict[str, object]:
    return {
        "name": one.package.id,
        "ecosystem": one.package.ecosystem,
        "path": one.package.path,
        "from": one.package.version,
        "to": one.to,
        "native_version": one.to,
        "wave": one.wave,
        "new": one.new,
        "needs": list(one.needs),
        "artifacts": [{"kind": kind, "filename": filename} for kind, filename in one.artifacts],
    }


def edge_json(one: JudgedEdge) -> dict[str, object]:
    """Give an edge and whether it orders uploads."""
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
    """Give the stages in their order."""
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
    """Give one observation."""
    value: dict[str, object | None] = {"id": one.id, "expected": one.expected}
    match one.answer:
        case Absent():
            value["answer"] = "absent"
        case Present(digest=digest, url=url, commit=commit, same=same):
            value |= {"answer": "present", "digest": digest or commit, "url": url, "same": same}
        case Withdrawn(digest=digest, url=url, reason=reason):
            value |= {"answer": "withdrawn", "digest": digest, "url": url, "reason": reason or None}
        case Unknown(reason=reason, retry_after=after):
            value |= {"answer": "unknown", "reason": reason, "retry_after": after}
    return {key: item for key, item in value.items() if item is not None}


def result_json(result: Result, world: dict[str, object] | None = None) -> dict[str, object]:
    """Give how a run ended."""
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
        "not_proven": list(result.not_proven),
        "world": world,
        "problems": [problem_json(problem) for problem in result.problems],
    }


def status_json(status: Status) -> dict[str, object]:
    """Give what the world shows."""
    return {
        "version": status.version,
        "phase": status.phase,
        "release_commit": {"commit": status.commit, "found_by": status.found_by},
        "stages": stages_json(status.states),
        "next": [act.id for state in status.states for act in state.acts],
        "others_in_flight": [
            {"version": str(claim.version), "commit": claim.commit} for claim in status.others
        ],
        "draft": status.draft_json(),
        "mismatch_window_seconds": None,
        "due": status.due_json(),
        "contributors": status.people_json(),
        "ways_out": [
            {"command": way.command, "does": way.does, "leaves": list(way.leaves)} for way in status.ways_out
        ],
        "problems": [problem_json(problem) for problem in status.problems],
    }
