"""The changes of a release, and the first ones of their authors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from castoff.world.forge import association
from castoff.world.forge.answers import Refused
from castoff.world.forge.call import Call
from castoff.world.forge.generated_notes import (
    Configuration,
    Entry,
    InvalidConfiguration,
    Range,
    parse,
    write,
)
from castoff.world.forge.ranking import version_rank
from castoff.world.forge.records import Issue

_USUAL = (".github/release.yml", ".github/release.yaml")


def notes_for(call: Call, tag: str, *, target: str | None, previous: str | None, path: str | None) -> str:
    """Generate the notes of a tag that exists or is to be made at ``target``; 422 where that cannot be."""
    ref, head = _head(call, tag, target)
    earlier = previous if previous is not None else previous_tag(call, tag, head)
    inside = _merged_in(call, earlier, head)
    span = Range(
        page=call.links.page(),
        tag=tag,
        previous=earlier,
        entries=tuple(_in_turn(call, inside, head)),
        veterans=_veterans(call, inside),
    )
    return write(span, _configuration(call, head, ref, path))


def previous_tag(call: Call, tag: str, head: str) -> str | None:
    """Choose the release before: the newest published one that is an ancestor, else the highest such tag."""
    tags = {ref.name[len("refs/tags/") :] for ref in call.git.refs("refs/tags")} - {tag}
    before = {name for name in tags if _is_before(call, name, head)}
    published = [found for found in call.state.releases if not found.draft and found.tag in before]
    if published:
        return max(published, key=lambda found: (found.published_at or found.created_at, found.id)).tag
    return max(before, key=version_rank, default=None)


def _is_before(call: Call, name: str, head: str) -> bool:
    sha = call.git.resolve(f"refs/tags/{name}")
    return sha is not None and call.git.is_ancestor(sha, head)


def _head(call: Call, tag: str, target: str | None) -> tuple[str, str]:
    existing = call.git.resolve(f"refs/tags/{tag}")
    if existing:
        return tag, existing
    ref = target or call.state.default_branch
    head = call.git.commitish(ref)
    if head is None:
        raise Refused(422, "Invalid target_commitish parameter")
    return ref, head


def _merged_in(call: Call, previous: str | None, head: str) -> list[Issue]:
    limits = [head]
    if previous is not None:
        sha = call.git.resolve(f"refs/tags/{previous}")
        if sha is None:
            raise Refused(422, "Invalid previous_tag parameter")
        limits.append(f"^{sha}")
    return association.in_range(call.state, call.git, call.git.ids(*limits))


def _in_turn(call: Call, inside: list[Issue], head: str) -> Iterator[Entry]:
    """Return the entries; those of one second know their turn: pushed first, and after it what it contained."""
    seconds = Counter(issue.pull.merged_at for issue in inside if issue.pull)
    trunk = call.git.ids("--first-parent", "--reverse", head) if any(n > 1 for n in seconds.values()) else []
    positions = {sha: position for position, sha in enumerate(trunk)}
    for issue in inside:
        entry = _entry(issue)
        shared = seconds[entry.merged_at] > 1
        yield replace(entry, turn=_turn(call, issue, positions)) if shared else entry


def _turn(call: Call, issue: Issue, positions: dict[str, int]) -> tuple[int, int]:
    assert issue.pull is not None
    own = {*issue.pull.commits, issue.pull.merge_commit or ""}
    direct = [positions[sha] for sha in own if sha in positions]
    if direct:
        return max(direct), 0
    within = (at for sha, at in positions.items() if own.intersection(call.git.side_of(sha)))
    return next(within, len(positions)), 1


def _entry(issue: Issue) -> Entry:
    pull = issue.pull
    assert pull is not None
    assert pull.merged_at is not None
    return Entry(
        number=issue.number,
        title=issue.title,
        login=issue.author or "ghost",
        merged_at=pull.merged_at,
        labels=tuple(issue.labels),
        agent=pull.agent,
    )


def _veterans(call: Call, inside: list[Issue]) -> frozenset[str]:
    """Return who merged something before the first change of theirs in the range."""
    numbers = {issue.number for issue in inside}
    first: dict[str, Entry] = {}
    for entry in sorted(map(_entry, inside), key=lambda entry: (entry.merged_at, entry.number)):
        first.setdefault(entry.identity, entry)
    known = {login.lower() for login in call.state.known_contributors}
    for issue in call.state.pulls():
        if issue.merged and issue.number not in numbers:
            entry = _entry(issue)
            opening = first.get(entry.identity)
            if opening is not None and entry.merged_at < opening.merged_at:
                known.add(entry.identity)
    return frozenset(known)


def _configuration(call: Call, head: str, ref: str, path: str | None) -> Configuration | None:
    for candidate in (path,) if path else _USUAL:
        text = call.git.run("cat-file", "blob", f"{head}:{candidate}")
        if text is not None:
            try:
                return parse(text, f"{candidate} at {ref}")
            except InvalidConfiguration as error:
                raise Refused(422, str(error)) from None
    return None
