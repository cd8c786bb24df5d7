"""The notes as GitHub renders them, byte for byte.

Order and blank lines are GitHub's; nothing is escaped. The one departure keeps a line a line: a character
that would break a line or a terminal, which no title on GitHub can hold, becomes a space
(``docs/explanation/byte-for-byte.md``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castoff.text.one_line import one_line

if TYPE_CHECKING:
    from castoff.model.changes import Change
    from castoff.notes.engine import NewContributor, Notes, NotesRequest, NotesSection

HEADING = "## What's Changed"
NEW_CONTRIBUTORS_HEADING = "## New Contributors"
FULL_CHANGELOG = "**Full Changelog**: "
COMMENT = "<!-- Release notes generated using configuration in "


def body(notes: Notes) -> str:
    """Render the notes as the forge would: LF line ends, no line end after the last line."""
    text = _comment(notes) + _what_changed(notes.sections, notes.request)
    text += _new_contributors(notes.new_contributors, notes.request)
    return (text + "\n" + full_changelog(notes.request)).lstrip("\n")


def line(change: Change, request: NotesRequest) -> str:
    """Render the line of one change, without a line end."""
    author = attribution(change.author, change.agent)
    return f"* {one_line(change.title)} by {author} in {pull_request_url(change.number, request)}"


def attribution(author: str | None, agent: str | None) -> str:
    """Name author and agent as GitHub does; a deleted account is ``@ghost``."""
    name = f"@{one_line(author)}" if author else "@ghost"
    return f"{name} with @{one_line(agent)}" if agent else name


def pull_request_url(number: int, request: NotesRequest) -> str:
    """Return the address of a pull request."""
    return f"{request.server}/{request.repository}/pull/{number}"


def full_changelog(request: NotesRequest) -> str:
    """Render the last line: what the range is; a first release shows all commits of its tag."""
    root = f"{request.server}/{request.repository}"
    if request.previous_tag is None:
        # Without a release before, GitHub links the commits of the tag.
        return f"{FULL_CHANGELOG}{root}/commits/{request.tag}"
    return f"{FULL_CHANGELOG}{root}/compare/{request.previous_tag}...{request.tag}"


def _comment(notes: Notes) -> str:
    if notes.configuration_path is None:
        return ""
    return f"{COMMENT}{notes.configuration_path} at {one_line(notes.request.target)} -->\n\n"


def _what_changed(sections: tuple[NotesSection, ...], request: NotesRequest) -> str:
    if not sections:
        return ""
    lines = [HEADING]
    for section in sections:
        if section.title is not None:
            lines.append(f"### {one_line(section.title)}")
        lines.extend(line(change, request) for change in section.changes)
    return "\n".join(lines) + "\n"


def _new_contributors(found: tuple[NewContributor, ...], request: NotesRequest) -> str:
    if not found:
        return "\n"
    lines = ["", NEW_CONTRIBUTORS_HEADING]
    for contributor in found:
        who = attribution(contributor.login, contributor.agent)
        url = pull_request_url(contributor.number, request)
        lines.append(f"* {who} made their first contribution in {url}")
    return "\n".join(lines) + "\n"


def notes_object(notes: Notes) -> dict[str, object]:
    """Return the object without its schema; changes and left-out ones in merge order, categories as printed."""
    request = notes.request
    # A change stands in one category only, the first that takes it.
    places = {change.number: section.title for section in notes.sections for change in section.changes}
    return {
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
