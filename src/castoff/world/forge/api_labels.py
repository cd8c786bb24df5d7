"""Routes of labels."""

from __future__ import annotations

import re

from castoff.world.forge import show
from castoff.world.forge.answers import Answer, Refused, custom, invalid, not_found
from castoff.world.forge.call import Call
from castoff.world.forge.fields import Fields
from castoff.world.forge.records import Issue, Label
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/labels"
_OF_ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}/labels"
_COLOUR = re.compile(r"[0-9a-fA-F]{6}")
_LONGEST_NAME = 50
_LONGEST_DESCRIPTION = 100


def list_labels(call: Call) -> Answer:
    """List the repository's labels, by name."""
    found = sorted(call.state.labels, key=lambda label: label.name.lower())
    return call.paged(found, lambda label: show.label(call.links, label))


def create_label(call: Call) -> Answer:
    """Create a label; its name must be free in any case."""
    fields = call.fields()
    name = _free_name(call, fields.required("name"), None)
    label = Label(call.state.next_id(), name, _colour(fields) or "ededed", _description(fields))
    call.state.labels.append(label)
    document = show.label(call.links, label)
    return Answer(document, 201, {"Location": str(document["url"])})


def get_label(call: Call) -> Answer:
    """Show one label."""
    return Answer(show.label(call.links, _found(call)))


def update_label(call: Call) -> Answer:
    """Rename, recolour or describe a label; issues follow the new name."""
    label, fields = _found(call), call.fields()
    new = _free_name(call, fields.text("new_name") or label.name, label)
    colour = _colour(fields) or label.color
    label.description = _description(fields) if "description" in fields else label.description
    label.color = colour
    _rename(call, label, new)
    return Answer(show.label(call.links, label))


def delete_label(call: Call) -> Answer:
    """Delete a label; issues lose it."""
    label = _found(call)
    call.state.labels.remove(label)
    for issue in call.state.issues.values():
        issue.labels = [name for name in issue.labels if name.lower() != label.name.lower()]
    return Answer(status=204)


def list_labels_of_issue(call: Call) -> Answer:
    """List the labels of an issue or pull request."""
    return call.paged(show.labels_of(call.state, call.links, _issue(call)), lambda label: label)


def add_labels(call: Call) -> Answer:
    """Return an issue more labels; unknown ones are created, as the real service does."""
    issue = _issue(call)
    put_labels(call, issue, [*issue.labels, *_given(call)])
    return Answer(show.labels_of(call.state, call.links, issue))


def set_labels(call: Call) -> Answer:
    """Return an issue exactly these labels."""
    issue = _issue(call)
    put_labels(call, issue, _given(call))
    return Answer(show.labels_of(call.state, call.links, issue))


def remove_all_labels(call: Call) -> Answer:
    """Take all labels from an issue."""
    put_labels(call, _issue(call), [])
    return Answer(status=204)


def remove_label(call: Call) -> Answer:
    """Take one label from an issue; 404 where it does not have it."""
    issue, name = _issue(call), call.params["name"]
    if not any(known.lower() == name.lower() for known in issue.labels):
        raise Refused(404, "Label does not exist")
    put_labels(call, issue, [known for known in issue.labels if known.lower() != name.lower()])
    return Answer(show.labels_of(call.state, call.links, issue))


def put_labels(call: Call, issue: Issue, names: list[str]) -> None:
    """Set the labels of an issue, each once, as the repository spells them."""
    checked_names(call, names)
    spelt: dict[str, str] = {}
    for name in names:
        label = call.state.label(name)
        if label is None:
            label = Label(call.state.next_id(), name)
            call.state.labels.append(label)
        # As the repository spells it, in the order given: `Bug` and `bug` are one label.
        spelt.setdefault(name.lower(), label.name)
    issue.labels = list(spelt.values())
    issue.updated_at = call.now


def checked_names(call: Call, names: list[str]) -> None:
    """Refuse names that no label can have, before any is created."""
    for name in names:
        if call.state.label(name) is None:
            _free_name(call, name, None)


def _given(call: Call) -> list[str]:
    """Read the labels of the body: an object with `labels`, or the list alone."""
    return Fields.parse(call.request.body, listed_as="labels").texts("labels")


def _issue(call: Call) -> Issue:
    issue = call.state.issues.get(call.whole("issue_number"))
    if issue is None:
        raise not_found()
    return issue


def _found(call: Call) -> Label:
    label = call.state.label(call.params["name"])
    if label is None:
        raise not_found()
    return label


def _rename(call: Call, label: Label, name: str) -> None:
    for issue in call.state.issues.values():
        # Issues hold names here, and ids on GitHub: a new name must reach them all.
        issue.labels = [name if known.lower() == label.name.lower() else known for known in issue.labels]
    label.name = name


def _free_name(call: Call, name: str, own: Label | None) -> str:
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > _LONGEST_NAME:
        raise invalid("Label", "name", "invalid")
    known = call.state.label(name)
    if known is not None and known is not own:
        raise invalid("Label", "name", "already_exists")
    return name


def _colour(fields: Fields) -> str | None:
    colour = fields.text("color")
    if colour is not None and not _COLOUR.fullmatch(colour):
        raise invalid("Label", "color", "invalid")
    return colour.lower() if colour else None


def _description(fields: Fields) -> str | None:
    text = fields.text("description")
    if text is not None and len(text) > _LONGEST_DESCRIPTION:
        raise custom("Label", f"description is too long (maximum is {_LONGEST_DESCRIPTION} characters)")
    return text


ROUTES = (
    Route("GET", _BASE, list_labels),
    Route("POST", _BASE, create_label, "write"),
    Route("GET", _BASE + "/{name*}", get_label),
    Route("PATCH", _BASE + "/{name*}", update_label, "write"),
    Route("DELETE", _BASE + "/{name*}", delete_label, "write"),
    Route("GET", _OF_ISSUE, list_labels_of_issue),
    Route("POST", _OF_ISSUE, add_labels, "triage"),
    Route("PUT", _OF_ISSUE, set_labels, "triage"),
    Route("DELETE", _OF_ISSUE, remove_all_labels, "triage"),
    Route("DELETE", _OF_ISSUE + "/{name*}", remove_label, "triage"),
)
