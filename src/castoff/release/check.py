"""The story of `castoff check`: every question that a release asks before it begins, and what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from castoff.ecosystems.record import Record
from castoff.errors import CastoffError, Problem, UsageError
from castoff.model.changes import Change
from castoff.model.intent import Begin, meant
from castoff.model.observations import Unknown
from castoff.model.steps import LocalStep
from castoff.model.versions import ReleaseVersion
from castoff.notes.labels import check_labels, is_own, kind_labels
from castoff.preflight.checks import preflight_checks
from castoff.preflight.exchanges import JOB
from castoff.preflight.labels import Changes, label_policy
from castoff.preflight.stage import Check, Checked, Group, run_checks
from castoff.release.flight import explained, with_known_flights
from castoff.session.change_range import notes_configuration, source_of, unreachable
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.version_steps import likely_next
from castoff.values import replace

_OF_A_BEGINNING = ("tag-free", "next-version", "free:")
_AGAIN = "run `castoff check` again when it answers: a release does not start before"
_JUST_WRITTEN = "configuration-not-committed"
"""What `castoff init --execute` leaves to the user; a release stops for it, a check uses the file as it is."""
_OF_WHO_RELEASES = ("identity", "token:")


class Examined(Struct, frozen=True, kw_only=True):
    """The answers, and for which version they hold; ``guessed`` where nobody said which."""

    version: ReleaseVersion
    guessed: bool
    answers: tuple[Checked, ...]


def examine(
    services: Services, only: Collection[Group], level: str | None, record: Record | None = None
) -> Examined:
    """Make the checks of these groups (none: all) for a level or version; without one, for what comes next."""
    with open_session(services) as opened:
        session = opened if level is None else with_known_flights(opened)[0]
        version, guessed = _version(session, level)
        begun = bool(session.snapshot.history.unfinished)
        changes = Changes(session, None if guessed else version)
        checks = preflight_checks(session, version, level=level, changes=changes, record=record)
        wanted = [check for check in checks if _is_wanted(check, only, begun=begun)]
        with services.reporter.step(LocalStep("check", f"{len(wanted)} conditions")):
            answers = run_checks(wanted, lanes=services.lanes)
        return Examined(version=version, guessed=guessed, answers=tuple(map(outside_a_release, answers)))


def examine_configuration(services: Services) -> tuple[Checked, ...]:
    """Check the configuration alone, as it is in the files; nothing is asked of a remote."""
    check = Check("configuration", "shape", lambda: services.problems)
    return tuple(map(outside_a_release, run_checks([check], lanes=services.lanes)))


def examine_pull_request(services: Services, number: int) -> tuple[Checked, ...]:
    """Check the labels of one pull request, merged or not: one label of a kind is demanded.

    Errors: ``pull-request-missing``, ``forge-unreachable``, those of the configuration of the notes.
    """
    with open_session(services) as session:
        source, _ = source_of(session)
        found = source.pull_request(number)
        if isinstance(found, Unknown):
            raise unreachable(found)
        if found is None:
            raise UsageError.of(
                "pull-request-missing",
                f"the repository has no pull request #{number}",
                reason="it may be the number of an issue, or of another repository",
                remedy="pass the number at the end of the pull request's URL",
            )
        problems = _of_one(session, found)
        note = "opened by castoff: it needs no label" if is_own(found) else ""
        return (Checked("labels", "labels", "fail" if problems else "pass", tuple(problems), note),)


def _of_one(session: Session, change: Change) -> Sequence[Problem]:
    read = notes_configuration(session.snapshot.tree, session.configuration.notes.config)
    kinds = kind_labels(read.configuration, dict(session.configuration.notes.kinds or ()))
    policy = label_policy(session.services, kinds)
    return check_labels([change], replace(policy, strict=policy.strict or not kinds.takes_all))


def _version(session: Session, level: str | None) -> tuple[ReleaseVersion, bool]:
    snapshot = session.snapshot
    if level is not None:
        try:
            intent = meant(snapshot.history, level)
        except CastoffError as error:
            raise explained(session, error) from None
        return (intent.version if isinstance(intent, Begin) else intent.claim.version), False
    if snapshot.history.unfinished:
        return snapshot.history.unfinished[0].version, False
    return likely_next(snapshot), True


def outside_a_release(one: Checked) -> Checked:
    """Warn of what only the one who releases must have: a job for pull requests has no token, and needs none.

    What a release waits for before it begins is an error while it is unknown: nothing waits here.
    """
    if one.result == "unknown" and one.vital:
        findings = tuple(replace(one, severity="error", remedy=_AGAIN) for one in one.findings)
        return replace(one, findings=findings)
    if one.result != "fail":
        return one
    mild = one.id.startswith(_OF_WHO_RELEASES)
    findings = tuple(
        replace(problem, severity="warning") if mild or problem.code == _JUST_WRITTEN else problem
        for problem in one.findings
    )
    fails = any(problem.severity == "error" for problem in findings)
    return replace(one, result="fail" if fails else "warn", findings=findings)


def _is_wanted(check: Check, only: Collection[Group], *, begun: bool) -> bool:
    """Leave out what a release that was begun has taken already: names and versions that must be free before."""
    if begun and (check.id == "forge" or check.id.startswith(_OF_A_BEGINNING)):
        return False
    if check.id == JOB:  # `check` is made anywhere, and uploads nothing
        return False
    return not only or check.group in only or check.id in only
