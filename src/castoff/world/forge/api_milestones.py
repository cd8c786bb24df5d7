"""Routes of milestones."""

from __future__ import annotations

from datetime import UTC, datetime

from castoff.world.forge import show
from castoff.world.forge.answers import Answer, invalid, not_found
from castoff.world.forge.call import Call
from castoff.world.forge.records import Json, Milestone
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/milestones"
_FAR = datetime.max.replace(tzinfo=UTC)


def list_milestones(call: Call) -> Answer:
    """List milestones: state open, sorted by due date unless asked otherwise."""
    wanted = call.asked("state", "open")
    chosen = [item for item in call.state.milestones if wanted in ("all", item.state)]
    chosen.sort(key=lambda item: item.number)
    if call.asked("sort", "due_on") == "completeness":
        chosen.sort(key=lambda item: _completeness(call, item))
    else:
        chosen.sort(key=lambda item: item.due_on or _FAR)
    if call.asked("direction", "asc") == "desc":
        chosen.reverse()
    return call.paged(chosen, lambda item: _shown(call, item))


def create_milestone(call: Call) -> Answer:
    """Create a milestone; its title must be free."""
    fields = call.fields()
    title = _free_title(call, fields.required("title"), None)
    state = fields.text("state", "open")
    milestone = Milestone(
        id=call.state.next_id(),
        number=max((known.number for known in call.state.milestones), default=0) + 1,
        title=title,
        description=fields.text("description"),
        state="open",
        creator=call.actor.login,
        created_at=call.now,
        updated_at=call.now,
        due_on=fields.moment("due_on"),
    )
    _set_state(milestone, state or "open", call.now)
    call.state.milestones.append(milestone)
    document = _shown(call, milestone)
    return Answer(document, 201, {"Location": str(document["url"])})


def get_milestone(call: Call) -> Answer:
    """Show one milestone."""
    return Answer(_shown(call, _found(call)))


def update_milestone(call: Call) -> Answer:
    """Change title, state, description or due date."""
    milestone, fields = _found(call), call.fields()
    title = _free_title(call, fields.text("title", milestone.title) or "", milestone)
    state = fields.text("state") or milestone.state
    description = fields.text("description") if "description" in fields else milestone.description
    milestone.due_on = fields.moment("due_on") if "due_on" in fields else milestone.due_on
    milestone.title, milestone.description, milestone.updated_at = title, description, call.now
    _set_state(milestone, state, call.now)
    return Answer(_shown(call, milestone))


def delete_milestone(call: Call) -> Answer:
    """Delete a milestone; its issues lose it."""
    milestone = _found(call)
    call.state.milestones.remove(milestone)
    for issue in call.state.in_milestone(milestone.number):
        issue.milestone = None
    return Answer(status=204)


def list_labels_of_milestone(call: Call) -> Answer:
    """List the labels of all that is in a milestone."""
    inside = call.state.in_milestone(_found(call).number)
    names = sorted({name.lower() for issue in inside for name in issue.labels})
    found = [label for name in names if (label := call.state.label(name))]
    return call.paged(found, lambda label: show.label(call.links, label))


def _found(call: Call) -> Milestone:
    milestone = call.state.milestone(call.whole("milestone_number"))
    if milestone is None:
        raise not_found()
    return milestone


def _shown(call: Call, milestone: Milestone) -> Json:
    return show.milestone(call.state, call.links, milestone)


def _completeness(call: Call, milestone: Milestone) -> float:
    inside = call.state.in_milestone(milestone.number)
    return sum(issue.state == "closed" for issue in inside) / max(1, len(inside))


def _free_title(call: Call, title: str, own: Milestone | None) -> str:
    if not title.strip():
        raise invalid("Milestone", "title", "missing_field")
    if any(item is not own and item.title == title for item in call.state.milestones):
        raise invalid("Milestone", "title", "already_exists")
    return title


def _set_state(milestone: Milestone, state: str, now: datetime) -> None:
    if state != milestone.state:
        milestone.state = state
        milestone.closed_at = now if state == "closed" else None


ROUTES = (
    Route("GET", _BASE, list_milestones),
    Route("POST", _BASE, create_milestone, "write"),
    Route("GET", _BASE + "/{milestone_number}", get_milestone),
    Route("PATCH", _BASE + "/{milestone_number}", update_milestone, "write"),
    Route("DELETE", _BASE + "/{milestone_number}", delete_milestone, "write"),
    Route("GET", _BASE + "/{milestone_number}/labels", list_labels_of_milestone),
)
