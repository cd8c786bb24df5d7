"""What does a person wish for, and which version is meant by it?"""

from __future__ import annotations

from dataclasses import dataclass

from castoff.errors import Refusal
from castoff.flows.survey import Survey
from castoff.model.intent import Begin, Claim, Resume, meant_again, to_resume
from castoff.model.versions import ReleaseVersion, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person asked for: a level to begin or go on with, or (None) a version to resume."""

    level: str | None
    pre: str | None = None
    version: str | None = None
    agreed: bool = False
    accepted: frozenset[str] = frozenset()


def intent_of(seen: Survey, order: Wish) -> Begin | Resume:
    """Say what is to be begun or gone on with; errors of :mod:`castoff.model.intent`, and ``tag-elsewhere``."""
    if order.level is not None:
        return meant_again(seen.history, order.level, order.pre)
    named = read(order.version) if order.version else None
    if named is not None:
        _mind_tag(seen, named)
    return Resume(to_resume(seen.history, order.version))


def _mind_tag(seen: Survey, version: ReleaseVersion) -> None:
    """Stop where the remote has the tag on a commit that is not in this branch's history."""
    name = seen.tag_name.of(version)
    found = seen.refs.tags.get(name)
    if found is None or any(claim.version == version for claim in seen.history.released):
        return
    raise Refusal.of(
        "tag-elsewhere",
        f"the tag `{name}` is on a commit that is not in the history of `{seen.branch}`",
        reason=f"it is on {found.commit[:12]}; a tag that was pushed is never moved",
        remedy="check out the branch that holds it, or find out who made it",
        commit=found.commit,
    )


def mind_unpushed(seen: Survey, claim: Claim, order: Wish) -> None:
    """Stop where a level would mean the last release again, but this clone has commits that nobody else has."""
    apart = [one for one in seen.state if one.code in ("branch-ahead", "branch-diverged")]
    if claim.tagged and order.level is not None and apart:
        raise Refusal(*apart)
