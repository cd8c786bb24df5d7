"""Workflows: what starts them, and what does not. No job runs here; each start is kept in the dump.

Sources: GitHub's OpenAPI description (`actions/create-workflow-dispatch`); GitHub Docs, "Events that trigger workflows"
and "Triggering a workflow from a workflow": with the token of a workflow nothing starts but what is dispatched.
Refusals as observed: cli/cli#9781 (not on the default branch), convictional/trigger-workflow-and-wait#44 (reference),
elastic/terraform-provider-elasticstack#1829 (trigger), Codex-/return-dispatch#188, backstage/backstage#18511 (inputs).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from castoff.world.forge.answers import Answer, Refused, malformed, not_found
from castoff.world.forge.call import Call
from castoff.world.forge.records import Json, Run, stamp
from castoff.world.forge.routing import Route
from castoff.world.forge.show import node_id

_BASE = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}"
_FOLDER = ".github/workflows"
_INPUTS = 25


class _Workflow(Struct, frozen=True):
    path: str
    content: Mapping[object, object]

    @property
    def id(self) -> int:
        return int(hashlib.sha256(self.path.encode()).hexdigest()[:7], 16)

    def trigger(self, event: str) -> Mapping[object, object] | None:
        """Return the settings of an event; None where it starts nothing."""
        # YAML 1.1 reads the key `on` as true.
        on = self.content.get("on", self.content.get(True))
        if isinstance(on, Mapping):
            settings = on.get(event)
            return (settings if isinstance(settings, Mapping) else {}) if event in on else None
        return {} if on == event or (isinstance(on, list) and event in on) else None


def get_workflow(call: Call) -> Answer:
    """Show a workflow of the default branch."""
    found = _found(call)
    page = call.links.page
    document: Json = {
        "id": found.id,
        "node_id": node_id("Workflow", found.id),
        "name": str(found.content.get("name") or found.path),
        "path": found.path,
        "state": "active",
        "created_at": stamp(call.now),
        "updated_at": stamp(call.now),
        "url": call.links.repo(f"/actions/workflows/{found.id}"),
        "html_url": page(f"/blob/{call.state.default_branch}/{found.path}"),
        "badge_url": page(f"/workflows/{found.id}/badge.svg"),
    }
    return Answer(document)


def dispatch(call: Call) -> Answer:
    """Start a workflow as it is at a branch or tag; a job may do so with its own token."""
    path, fields = _found(call).path, call.fields()
    ref, given = fields.required("ref"), fields.raw("inputs")
    inputs = {str(key): _text(value) for key, value in (given if isinstance(given, dict) else {}).items()}
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    place = next(
        (one for kind in ("heads", "tags") if call.git.resolve(one := f"refs/{kind}/{name}", "object")), None
    )
    if place is None:
        raise malformed(f"No ref found for: {ref}")
    at = _read(call, place, path)
    trigger = at.trigger("workflow_dispatch") if at is not None else None
    if trigger is None:
        raise malformed("Workflow does not have 'workflow_dispatch' trigger")
    known = trigger.get("inputs")
    declared = known if isinstance(known, Mapping) else {}
    if unexpected := [one for one in inputs if one not in declared]:
        raise malformed(f"Unexpected inputs provided: {json.dumps(unexpected)}")
    if len(inputs) > _INPUTS:
        raise malformed(f"you may only define up to {_INPUTS} `inputs` for a `workflow_dispatch` event")
    for key, settings in declared.items():
        wanted = settings if isinstance(settings, Mapping) else {}
        if wanted.get("required") is True and "default" not in wanted and not inputs.get(str(key)):
            raise malformed(f"Required input '{key}' not provided")
    call.state.runs.append(
        Run(workflow=path.rpartition("/")[2], event="workflow_dispatch", ref=place, inputs=inputs)
    )
    return Answer(status=204)


def follow_publication(call: Call, tag: str) -> None:
    """Start what waits for a published release, at its tag; the token of a workflow starts nothing."""
    if call.actor.kind == "app":
        return
    place = f"refs/tags/{tag}"
    for one in _workflows(call, place):
        trigger = one.trigger("release")
        types = None if trigger is None else trigger.get("types")
        named = [types] if isinstance(types, str) else types
        # Without `types`, any activity starts it (GitHub Docs, `release`).
        if trigger is not None and (not isinstance(named, list) or {"published", "released"} & set(named)):
            name = one.path.rpartition("/")[2]
            call.state.runs.append(Run(workflow=name, event="release", ref=place, inputs={}))


def _found(call: Call) -> _Workflow:
    """Find a workflow of the default branch, by its number or the name of its file."""
    wanted = call.params["workflow_id"]
    listed = _workflows(call, f"refs/heads/{call.state.default_branch}")
    for one in listed:
        if wanted in (str(one.id), one.path.rpartition("/")[2]):
            return one
    raise not_found()


def _workflows(call: Call, place: str) -> Iterator[_Workflow]:
    listed = call.git.run("ls-tree", "--name-only", f"{place}^{{commit}}", f"{_FOLDER}/") or ""
    for path in listed.splitlines():
        if path.endswith((".yml", ".yaml")) and (found := _read(call, place, path)) is not None:
            yield found


def _read(call: Call, place: str, path: str) -> _Workflow | None:
    text = call.git.run("cat-file", "blob", f"{place}^{{commit}}:{path}")
    try:
        content = YAML(typ="safe", pure=True).load(text) if text is not None else None
    except (YAMLError, RecursionError, ValueError):
        return None
    return _Workflow(path, content) if isinstance(content, Mapping) else None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise Refused(422, "For 'properties/inputs', values are texts, numbers or truth values.")


ROUTES = (
    Route("GET", _BASE, get_workflow),
    Route("POST", _BASE + "/dispatches", dispatch, "write"),
)
