"""How do the notes look as one JSON object (``castoff notes --json``, schema ``castoff/notes``)?"""

from __future__ import annotations

from castoff.model.changes import Change
from castoff.notes.engine import Notes
from castoff.notes.render import body, pull_request_url


def notes_object(notes: Notes) -> dict[str, object]:
    """Return the object: changes and what is left out in merge order, categories as they are printed."""
    request = notes.request
    places = {change.number: section.title for section in notes.sections for change in section.changes}
    return {
        "schema": "castoff/notes",
        "version": 1,
        "tag": request.tag,
        "previous": request.previous_tag,
        "target": request.target,
        "body": body(notes),
        "categories": [
            {"title": section.title, "changes": [change.number for change in section.changes]}
            for section in notes.sections
        ],
        "changes": [_change(change, places.get(change.number), notes) for change in notes.changes],
        "left_out": [
            {"number": item.number, "commit": item.commit, "reason": item.reason, "detail": item.detail}
            for item in notes.left_out
        ],
        "new_contributors": [
            {"login": new.agent or new.login, "number": new.number} for new in notes.new_contributors
        ],
    }


def _change(change: Change, category: str | None, notes: Notes) -> dict[str, object]:
    return {
        "number": change.number,
        "title": change.title,
        "login": change.author,
        "labels": list(change.labels),
        "url": change.url or pull_request_url(change.number, notes.request),
        "merged_at": change.merged_at.isoformat().replace("+00:00", "Z"),
        "commit": change.merge_commit,
        "category": category,
    }
