"""Changes to the milestones when a version is released.

The next one is created, what is still open moves there, the released one is closed, in this order, so that
nothing is ever without a milestone. A milestone is known by its number; its title only says for which version it
was planned. One that was planned under another number is a question to a person, never renamed in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

from msgspec import Struct

from castoff.errors import Problem
from castoff.model.changes import Milestone, MilestoneItem
from castoff.model.versions import ReleaseVersion, read, spell
from castoff.regexes import regex
from castoff.text.one_line import one_line

Mode = Literal["move", "block", "off"]
_PLACE = regex(r"\{(version|semver|pep440|major|minor|patch)\}")
PLACE = "{version}"


class MilestonePolicy(Struct, frozen=True, kw_only=True):
    """``move`` what is open, ``block`` the release while something is, or ``off``; ``title`` is a template."""

    mode: Mode = "move"
    title: str = PLACE


class MilestonePlan(Struct, frozen=True, kw_only=True):
    """The release: ``previous`` is the version before it, ``following`` the one that comes after it."""

    version: ReleaseVersion
    following: ReleaseVersion
    previous: ReleaseVersion | None = None


class UseMilestone(Struct, frozen=True):
    """A person's answer: this milestone is the one of the release; ``rename`` gives it the release's title."""

    number: int
    rename: bool = False


class NoMilestone(Struct, frozen=True):
    """A person's answer: the release has no milestone."""


Answer = UseMilestone | NoMilestone


class CreateMilestone(Struct, frozen=True):
    """Act ``milestone:create``."""

    title: str
    id: str = "milestone:create"


class MoveItem(Struct, frozen=True):
    """Act ``milestone:move:<number>``; ``to`` is ``None`` until the next milestone is there."""

    item: MilestoneItem
    to_title: str
    to: int | None

    @property
    def id(self) -> str:
        """Return the stable id of this act."""
        return f"milestone:move:{self.item.number}"


class RenameMilestone(Struct, frozen=True):
    """Act ``milestone:rename``, only after a person said so."""

    number: int
    title: str
    id: str = "milestone:rename"


class CloseMilestone(Struct, frozen=True):
    """Act ``milestone:close``."""

    number: int
    title: str
    id: str = "milestone:close"


MilestoneAct = CreateMilestone | MoveItem | RenameMilestone | CloseMilestone


class MilestonesDone(Struct, frozen=True):
    """Nothing is left to do; ``reason`` says why where it is not plain."""

    reason: str = ""


class MilestonesDo(Struct, frozen=True):
    """These acts, in this order; after each one, look again."""

    acts: tuple[MilestoneAct, ...]


class MilestonesAsk(Struct, frozen=True):
    """A person has to say which milestone is meant; ``candidates`` may be."""

    problem: Problem
    candidates: tuple[Milestone, ...]


class MilestonesBlocked(Struct, frozen=True):
    """The policy stops the release."""

    problem: Problem


Decision = MilestonesDone | MilestonesDo | MilestonesAsk | MilestonesBlocked


def decide_milestones(
    milestones: Sequence[Milestone],
    plan: MilestonePlan,
    policy: MilestonePolicy,
    *,
    answer: Answer | None = None,
) -> Decision:
    """Decide what to do about the milestones, from what the forge shows now.

    Running it again after every act, at any time, ends with :class:`MilestonesDone`.
    """
    if policy.mode == "off":
        return MilestonesDone("milestones are off")
    if not plan.version.is_stable:
        return MilestonesDone("a pre-release does not change milestones")
    # A project that names its milestones otherwise would be asked about them at every release.
    if not any(version_of(milestone.title, policy) for milestone in milestones):
        return MilestonesDone("no milestone is named after a version")
    current = _current(milestones, plan, policy, answer)
    match current:
        case None:
            return MilestonesDone("no milestone was planned for this version")
        case MilestonesAsk():
            return current
        case Milestone() if policy.mode == "block" and current.open_items:
            return MilestonesBlocked(open_items_problem(current))
        case Milestone():
            return _rollover(milestones, plan, policy, current, answer)


def milestone_meant(
    milestones: Sequence[Milestone], plan: MilestonePlan, policy: MilestonePolicy
) -> Milestone | None:
    """Return the milestone of a release; ``None`` where none was planned, or a person has to say which."""
    found = _current(milestones, plan, policy, None)
    return found if isinstance(found, Milestone) else None


def nearest_milestone(
    milestones: Sequence[Milestone], policy: MilestonePolicy, previous: ReleaseVersion | None
) -> Milestone | None:
    """Return the open milestone of the lowest version after the last release."""
    named = [
        (version, milestone.number, milestone)
        for milestone in milestones
        if milestone.is_open
        and (version := version_of(milestone.title, policy)) is not None
        and (previous is None or version > previous)
    ]
    return min(named, key=lambda entry: entry[:2])[2] if named else None


def title_of(version: ReleaseVersion, policy: MilestonePolicy) -> str:
    """Render the title of a version's milestone; braces with another word in them stay as they are."""
    values = {
        "version": str(version),
        "semver": spell(version, "cargo"),
        "pep440": spell(version, "python"),
        "major": str(version.major),
        "minor": str(version.minor),
        "patch": str(version.patch),
    }
    return _PLACE.sub(lambda match: values[match[1]], policy.title)


def version_of(title: str, policy: MilestonePolicy) -> ReleaseVersion | None:
    """Read for which version a milestone was planned, by the template; a leading ``v`` is taken too."""
    match = re.fullmatch(_pattern(policy.title), title.strip())
    if match is None:
        return None
    found = match.groupdict()
    for name in ("version", "semver", "pep440"):
        if name in found:
            return read(found[name])
    if "major" not in found:
        return None
    return ReleaseVersion(int(found["major"]), int(found.get("minor", 0)), int(found.get("patch", 0)))


@cache
def _pattern(template: str) -> str:
    pattern = ""
    at = 0
    seen = set()
    for match in _PLACE.finditer(template):
        name = match[1]
        # Bounded, since titles are text from outside.
        what = "[0-9]{1,9}" if name in ("major", "minor", "patch") else "v?[0-9][0-9A-Za-z.+-]{0,60}"
        pattern += re.escape(template[at : match.start()])
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{what})"
        seen.add(name)
        at = match.end()
    return pattern + re.escape(template[at:])


def _current(
    milestones: Sequence[Milestone], plan: MilestonePlan, policy: MilestonePolicy, answer: Answer | None
) -> Milestone | MilestonesAsk | None:
    match answer:
        case UseMilestone(number):
            named = next((m for m in milestones if m.number == number), None)
            return named or _ask_about_answer(number, milestones)
        case NoMilestone():
            return None
        case None:
            pass
    # The configured spelling first: `v1.3.0` and `1.3.0` may both exist, and the template says which one is
    # kept up.
    exact = [m for m in milestones if m.title == title_of(plan.version, policy)]
    same = [m for m in milestones if version_of(m.title, policy) == plan.version]
    if exact or same:
        # An open one before a closed one, then the oldest, so that two runs take the same.
        return min(exact or same, key=lambda m: (not m.is_open, m.number))
    return _ask_about_others(milestones, plan, policy)


def _ask_about_others(
    milestones: Sequence[Milestone], plan: MilestonePlan, policy: MilestonePolicy
) -> MilestonesAsk | None:
    candidates = tuple(m for m in milestones if m.is_open and _could_be_meant(m, plan, policy))
    if not candidates:
        return None
    names = ", ".join(f"`{one_line(m.title)}` (number {m.number})" for m in candidates)
    title = title_of(plan.version, policy)
    are, they = ("is", "it") if len(candidates) == 1 else ("are", "one of them")
    return MilestonesAsk(
        Problem(
            code="milestone-planned-otherwise",
            message=f"no milestone is named `{title}`, but {names} {are} open",
            reason=f"{they} may have been planned for this release under another version",
            remedy=f"rename it on the forge, or, once {plan.version} is in flight, choose the milestone: "
            f"`castoff milestone {plan.version} --milestone {candidates[0].number} --execute`",
            url=candidates[0].url,
        ),
        candidates,
    )


def _could_be_meant(milestone: Milestone, plan: MilestonePlan, policy: MilestonePolicy) -> bool:
    version = version_of(milestone.title, policy)
    if version is None or version == plan.following:
        return False
    if version < plan.version:
        return plan.previous is None or plan.previous < version
    # A fix is often made without a milestone; only a minor or major release is asked about.
    return plan.version.patch == 0


def _ask_about_answer(number: int, milestones: Sequence[Milestone]) -> MilestonesAsk:
    candidates = tuple(m for m in milestones if m.is_open)
    return MilestonesAsk(
        Problem(
            code="milestone-not-found",
            message=f"there is no milestone with the number {number}",
            reason="the number of a milestone is at the end of its URL",
            remedy="pass the number of an open milestone, or `none`",
        ),
        candidates,
    )


def _rollover(
    milestones: Sequence[Milestone],
    plan: MilestonePlan,
    policy: MilestonePolicy,
    current: Milestone,
    answer: Answer | None,
) -> Decision:
    following = _following(milestones, plan, policy, current)
    to_title = following.title if following else title_of(plan.following, policy)
    acts: list[MilestoneAct] = []
    if following is None:
        # The forge refuses a second milestone of a title, closed ones included (GitHub, 422
        # `already_exists`).
        taken = next((m for m in milestones if m.title == to_title), None)
        if taken is not None:
            return MilestonesAsk(_next_is_closed(taken, current), (taken,))
        acts.append(CreateMilestone(to_title))
    to = following.number if following else None
    # By number, so that a run that was interrupted goes on in the same order.
    acts += [MoveItem(i, to_title, to) for i in sorted(current.open_items, key=lambda i: i.number)]
    title = title_of(plan.version, policy)
    if isinstance(answer, UseMilestone) and answer.rename and current.title != title:
        acts.append(RenameMilestone(current.number, title))
    # Closed last: an interrupted run leaves the milestone open, and open items can still be found.
    if current.is_open:
        acts.append(CloseMilestone(current.number, current.title))
    return MilestonesDo(tuple(acts)) if acts else MilestonesDone()


def _following(
    milestones: Sequence[Milestone], plan: MilestonePlan, policy: MilestonePolicy, current: Milestone
) -> Milestone | None:
    """Return the open milestone of the nearest later version, whoever made it.

    A closed one for the planned next version counts only where nothing has to move there.
    """
    later = [
        (version, milestone.number, milestone)
        for milestone in milestones
        if milestone is not current
        and (version := version_of(milestone.title, policy)) is not None
        and version > plan.version
    ]
    still_open = [entry for entry in later if entry[2].is_open]
    if still_open:
        return min(still_open, key=lambda entry: entry[:2])[2]
    if not current.open_items:
        return min(later, key=lambda entry: entry[:2])[2] if later else None
    return None


def _next_is_closed(taken: Milestone, current: Milestone) -> Problem:
    return Problem(
        code="milestone-next-closed",
        message=f"the next milestone `{one_line(taken.title)}` is closed",
        reason=f"open items of `{one_line(current.title)}` need a target, and titles are unique",
        remedy="reopen it, or create a milestone of a later version",
        url=taken.url,
    )


def open_items_problem(milestone: Milestone) -> Problem:
    """Report a milestone that blocks its release."""
    items = sorted(milestone.open_items, key=lambda item: item.number)
    named = ", ".join(f"#{item.number}" for item in items[:10])
    more = f" and {len(items) - 10} more" if len(items) > 10 else ""
    return Problem(
        code="milestone-open-items",
        message=f"the milestone `{one_line(milestone.title)}` has open items: {named}{more}",
        reason="`milestone.mode` is `block`",
        remedy="close them, move them to another milestone, or set `milestone.mode` to `move`",
        url=milestone.url,
    )
