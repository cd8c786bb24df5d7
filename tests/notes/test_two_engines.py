"""Do two engines, written apart from the same rules, make the same notes?

The embedded forge has an engine of its own that shares no code with castoff's. They differ, on purpose, in what no
published note shows: deleted accounts, and titles that no forge can hold.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from notes_cases import LOGINS, REQUEST, change_lists, configurations

from castoff.model.changes import Change
from castoff.notes.configuration import NotesConfiguration
from castoff.notes.engine import NotesRequest, sort_into_notes
from castoff.notes.render import body
from castoff.text.one_line import one_line
from castoff.values import replace
from castoff.world.forge import generated_notes as other


def by_the_forge(changes: list[Change], configuration: NotesConfiguration, request: NotesRequest) -> str:
    span = other.Range(
        page=f"{request.server}/{request.repository}",
        tag=request.tag,
        previous=request.previous_tag,
        entries=tuple(
            other.Entry(
                number=one.number,
                title=one.title,
                login=one.author or "",
                merged_at=one.merged_at,
                labels=one.labels,
                agent=one.agent,
            )
            for one in changes
        ),
        veterans=frozenset(login.lower() for login in request.known_contributors),
    )
    if configuration.path is None:
        return other.write(span, None)
    read = other.Configuration(
        f"{configuration.path} at {request.target}",
        other.Filter(configuration.exclude_labels, configuration.exclude_authors),
        tuple(
            other.Category(one_line(c.title), c.labels, other.Filter(c.exclude_labels, c.exclude_authors))
            for c in configuration.categories
        ),
    )
    return other.write(span, read)


@given(
    change_lists(),
    configurations(),
    st.sets(st.sampled_from(LOGINS)),
    st.sampled_from([None, "1.0.0"]),
)
def test_both_engines_make_the_same_notes(
    changes: list[Change], configuration: NotesConfiguration, known: set[str], previous: str | None
) -> None:
    named = [replace(c, author=c.author or "ada", title=one_line(c.title)) for c in changes]
    if configuration.path is None:
        configuration = NotesConfiguration()
    request = replace(REQUEST, known_contributors=frozenset(known), previous_tag=previous)

    assert body(sort_into_notes(configuration, named, request)) == by_the_forge(named, configuration, request)
