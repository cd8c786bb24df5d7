"""The story of `castoff notes`: which range, its notes, and how the forge's own compare."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from castoff.errors import NotYet, Problem
from castoff.flows.notes import Span, WrittenNotes, is_of_picks, span_of, write_notes
from castoff.flows.remembering import Remembering, memory_file
from castoff.flows.setting import Setting
from castoff.flows.stepping import likely_next
from castoff.flows.survey import Survey, survey
from castoff.git import Worktree
from castoff.model.observations import Unknown


@dataclass(frozen=True, slots=True)
class ShownNotes:
    """The notes, and the difference from the forge's own where that was asked for ("" where there is none)."""

    written: WrittenNotes
    difference: str = ""


def notes_of_range(setting: Setting, since: str | None, until: str | None, *, compare: bool) -> ShownNotes:
    """Write the notes of a range; the likely next version names the tag of what is not released yet.

    Up to the branch's head they are those that its release would have, cherry-picks of a maintenance branch included;
    the forge's own leave these out, so a comparison does, too.
    """
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        span = span_of(seen, worktree, since, until, _next_tag(seen))
        if until is None and not compare:
            span = replace(span, picks=is_of_picks(seen, worktree))
        memory = _memory(setting, seen)
        source = replace(setting, changes=lambda _: memory) if memory else setting
        written = write_notes(source, seen, worktree, span)
        told = memory.keep(setting.now) if memory else ()
        written = replace(written, problems=(*written.problems, *told))
        return ShownNotes(written, _difference(setting, seen, span, written.body) if compare else "")


def _memory(setting: Setting, seen: Survey) -> Remembering | None:
    source = setting.changes(seen.remote_url)
    file = memory_file(setting.environment, seen.remote_url or "")
    return Remembering.at(source, file) if source is not None and file is not None else None


def _next_tag(seen: Survey) -> str:
    if seen.history.unfinished:
        return seen.tag_name.of(seen.history.unfinished[0].version)
    return seen.tag_name.of(likely_next(seen))


def _difference(setting: Setting, seen: Survey, span: Span, ours: str) -> str:
    forge = setting.forge(seen.remote_url)
    assert forge is not None
    theirs = forge.generated_notes(span.tag, span.target, span.previous_tag)
    if isinstance(theirs, Unknown):
        raise NotYet(
            Problem(
                code="forge-unreachable",
                message="the forge did not generate notes to compare with",
                reason=theirs.reason,
                remedy="its endpoint wants a token that may write contents, although it writes nothing",
            )
        )
    if theirs == ours:
        return ""
    lines = difflib.unified_diff(
        theirs.splitlines(), ours.splitlines(), "the forge's", "castoff's", lineterm=""
    )
    return "\n".join(lines) or "they differ in white space at the end"
