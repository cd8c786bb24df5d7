"""The story of `castoff check`: every question that a release asks before it begins, and what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from castoff.errors import Problem, UsageError
from castoff.flows.checking import preflight_checks
from castoff.flows.gathering import notes_configuration, source_of, unreachable
from castoff.flows.judging import Changes, label_policy
from castoff.flows.setting import Setting
from castoff.flows.stepping import likely_next
from castoff.flows.survey import Survey, survey
from castoff.foresight.record import Record
from castoff.git import Worktree
from castoff.model.changes import Change
from castoff.model.intent import Begin, meant
from castoff.model.observations import Unknown
from castoff.model.versions import ReleaseVersion
from castoff.notes.kinds import kind_labels
from castoff.notes.labels import check_labels, is_own
from castoff.stages.preflight import Check, Checked, Group, run_checks

GROUPS: tuple[Group, ...] = ("shape", "preflight", "labels", "milestone", "metadata", "foresight", "user")
_OF_A_BEGINNING = ("tag-free", "free:")
_OF_WHO_RELEASES = ("identity", "token:", "rehearsal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The answers, and for which version they hold; ``guessed`` where nobody said which."""

    version: ReleaseVersion
    guessed: bool
    answers: tuple[Checked, ...]


def examine(
    setting: Setting, only: Collection[Group], level: str | None, record: Record | None = None
) -> Examined:
    """Make the checks of these groups (none: all) for a level or version; without one, for what comes next."""
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        version, guessed = _version(seen, level)
        begun = bool(seen.history.unfinished)
        changes = Changes(setting, seen, worktree, None if guessed else version)
        checks = preflight_checks(setting, seen, worktree, version, changes=changes, record=record)
        wanted = [check for check in checks if _is_wanted(check, only, begun=begun)]
        answers = run_checks(wanted, lanes=setting.lanes)
        return Examined(version=version, guessed=guessed, answers=tuple(map(_outside_a_release, answers)))


def examine_pull_request(setting: Setting, number: int) -> tuple[Checked, ...]:
    """Check the labels of one pull request, merged or not: one label of a kind is demanded.

    Errors: ``pull-request-missing``, ``forge-unreachable``, those of the configuration of the notes.
    """
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        source, _ = source_of(setting, seen)
        found = source.pull_request(number)
        if isinstance(found, Unknown):
            raise unreachable(found)
        if found is None:
            raise UsageError.of(
                "pull-request-missing",
                f"the repository has no pull request #{number}",
                reason="it may be an issue's number, or one of another repository",
                remedy="give the number at the end of the pull request's address",
            )
        problems = _of_one(setting, seen, found)
        note = "castoff opened it: it needs no label" if is_own(found) else ""
        return (Checked("labels", "labels", "fail" if problems else "pass", tuple(problems), note),)


def _of_one(setting: Setting, seen: Survey, change: Change) -> Sequence[Problem]:
    read = notes_configuration(seen.tree, setting.configuration.notes.config)
    kinds = kind_labels(read.configuration, dict(setting.configuration.notes.kinds or ()))
    policy = label_policy(setting, kinds)
    return check_labels([change], replace(policy, strict=policy.strict or not kinds.takes_all))


def _version(seen: Survey, level: str | None) -> tuple[ReleaseVersion, bool]:
    if level is not None:
        intent = meant(seen.history, level)
        return (intent.version if isinstance(intent, Begin) else intent.claim.version), False
    if seen.history.unfinished:
        return seen.history.unfinished[0].version, False
    return likely_next(seen), True


def _outside_a_release(one: Checked) -> Checked:
    """Warn of what only the one who releases must have: a job for pull requests has no token, and needs none."""
    if one.result != "fail" or not one.id.startswith(_OF_WHO_RELEASES):
        return one
    findings = tuple(replace(problem, severity="warning") for problem in one.findings)
    return replace(one, result="warn", findings=findings)


def _is_wanted(check: Check, only: Collection[Group], *, begun: bool) -> bool:
    """Leave out what a release that was begun has taken already: names and versions that must be free before."""
    if begun and (check.id == "forge" or check.id.startswith(_OF_A_BEGINNING)):
        return False
    return not only or check.group in only
