"""Versions that the registries hold, asked for all packages in parallel and with a bound."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from threading import Thread
from typing import TypeVar

from msgspec import Struct

from castoff.errors import CastoffError, MachineFailure, NotYet, Problem, Refusal
from castoff.model.observations import Unknown
from castoff.model.versions import ReleaseVersion, next_free_version, read, spell
from castoff.model.workspace import Package
from castoff.ports import Clock
from castoff.session.services import Services
from castoff.session.snapshot import Snapshot
from castoff.session.version_guards import allowed_from, below_released, is_released_here, severity_for
from castoff.values import replace

# Longer than an answer takes, shorter than somebody waits for a preview.
PLAN_SECONDS = 2.0
"""How long a plan waits for registries: it decides nothing that `check` and `release` do not ask again."""

_ASK_AGAIN = (
    "run it again when the registry answers; `castoff plan LEVEL --offline` shows the plan without it"
)
_OF_CLIENTS = frozenset(
    {"build-failed", "install-failed", "lock-not-updated", "pack-failed", "verify-failed"}
)
"""Codes of clients that read a registry, and do not tell why they failed."""
_AGAIN = "run the same command again when the registry answers; if it still fails then, fix the problem of the client"
_LANES = 256
"""How many questions wait at once; an ecosystem bounds the programs that it runs for them by itself."""
_CLIENTS_END = 0.3
"""Seconds that clients get beyond the bound to end by themselves, so that none is left running."""

Listed = Sequence[str] | Unknown
_Answer = TypeVar("_Answer")


class RegistryVersions(Struct, frozen=True):
    """Answers by the package's id: versions as the registry spells them, withdrawn ones included, or why not.

    An empty sequence means that the registry answered and has no such name.
    """

    answers: Mapping[str, Listed]

    @property
    def unknown(self) -> Mapping[str, Unknown]:
        """Return the packages for which there was no answer."""
        return {name: one for name, one in self.answers.items() if isinstance(one, Unknown)}

    def of(self, package: Package) -> tuple[ReleaseVersion, ...] | Unknown:
        """Return the release versions of a package; what is no release version (dev, post, epoch) is left out."""
        listed = self.answers.get(package.id, Unknown(reason="no registry was queried"))
        if isinstance(listed, Unknown):
            return listed
        return tuple(version for text in listed if (version := read(text)) is not None)


def registry_versions(
    services: Services, packages: Sequence[Package], *, seconds: float | None = None
) -> RegistryVersions:
    """Ask the registries for the versions of packages: the registry versions in parallel with a bound.

    With ``seconds`` (:data:`PLAN_SECONDS` for a plan), what did not answer by then is unknown, whatever the reason: a
    slow index, a client that hangs, a name that has no target. Without, each client's own time limit holds. No answer
    is never an error here: who decides by an answer must stop on ``unknown``, and who only shows something reports it
    with :func:`no_answer`.
    """
    make = services.registry if seconds is None else services.registries_within(seconds)
    registries = {ecosystem: make(ecosystem) for ecosystem in sorted({one.ecosystem for one in packages})}
    questions = {one.id: partial(registries[one.ecosystem].versions, one) for one in packages}
    return RegistryVersions(ask_together(questions, services.clock, seconds))


def no_answer(found: RegistryVersions, packages: int) -> tuple[Problem, ...]:
    """Report that registries gave no answer, as one warning (``registry-unknown``) for all of the packages asked."""
    unknown = found.unknown
    if not unknown:
        return ()
    names = ", ".join(f"`{name}`" for name in sorted(unknown)[:5]) + (", ..." if len(unknown) > 5 else "")
    reasons = list(dict.fromkeys(one.reason for one in unknown.values()))
    return (
        Problem(
            code="registry-unknown",
            severity="warning",
            message=f"the registry did not answer for {len(unknown)} of {packages} "
            + ("package" if packages == 1 else "packages")
            + f": {names}",
            reason=reasons[0] + (f" (and {len(reasons) - 1} more reasons)" if len(reasons) > 1 else ""),
            remedy="no action is needed now: `castoff check` and `castoff release` query again and stop without "
            "an answer; `castoff plan LEVEL --offline` sends no queries",
        ),
    )


def registry_problems(
    found: RegistryVersions, snapshot: Snapshot, version: ReleaseVersion, level: str
) -> tuple[Problem, ...]:
    """Report what the registries show about a version that is planned: that it is taken, or below what they hold.

    Where a registry did not answer, that is a warning.
    """
    packages = snapshot.workspace.packages
    ours = {
        name: listed
        for name, listed in found.answers.items()
        if not isinstance(listed, Unknown) and is_released_here(snapshot, listed)
    }
    below = below_released(snapshot, version, ours)
    return (
        *_taken(found, snapshot, version, ours),
        *(replace(one, severity=severity_for(level)) for one in below),
        *no_answer(found, len(packages)),
    )


def require_free(services: Services, snapshot: Snapshot, version: ReleaseVersion, level: str) -> None:
    """Stop unless all registries answer, and a version is neither taken nor below what they hold.

    Errors: ``registry-unknown``, ``version-burnt``, ``version-below-released``.
    """
    found = registry_versions(services, snapshot.workspace.packages)
    problems = registry_problems(found, snapshot, version, level)
    if errors := [one for one in problems if one.severity == "error"]:
        raise Refusal(*errors)
    if unknown := no_answer(found, len(found.answers)):
        raise NotYet(*(replace(one, severity="error", remedy=_ASK_AGAIN) for one in unknown))


@contextmanager
def with_silence_named(services: Services, packages: Sequence[Package]) -> Iterator[None]:
    """Name a registry that gives no answer where a client fails that reads it: then nobody has to act.

    Builds fetch build requirements, trials and lock files the packages beside; exit codes do not give the cause.
    Errors: ``registry-unknown`` (run again) before the problems of the client, instead of those alone.
    """
    try:
        yield
    except Refusal as refused:
        if silent := silent_registries(services, packages, refused.problems):
            raise NotYet(*silent, *refused.problems) from None
        raise


def silent_registries(
    services: Services, packages: Sequence[Package], problems: Sequence[Problem]
) -> tuple[Problem, ...]:
    """Return ``registry-unknown`` if all problems are of clients that read a registry, and it gives no answer now."""
    if not problems or any(one.code not in _OF_CLIENTS for one in problems):
        return ()
    named = {one.package for one in problems}
    blamed = [one for one in packages if one.id in named] or packages
    found = registry_versions(services, tuple({one.ecosystem: one for one in blamed}.values()))
    return tuple(
        replace(one, severity="error", remedy=_AGAIN) for one in no_answer(found, len(found.answers))
    )


def _versions(found: tuple[ReleaseVersion, ...] | Unknown) -> tuple[ReleaseVersion, ...]:
    return () if isinstance(found, Unknown) else found


def _taken(
    found: RegistryVersions, snapshot: Snapshot, version: ReleaseVersion, ours: Mapping[str, Sequence[str]]
) -> tuple[Problem, ...]:
    packages = snapshot.workspace.packages
    used = {one.name: _versions(found.of(one)) for one in packages}
    names = [name for name, versions in used.items() if version in versions]
    if not names:
        return ()
    free = allowed_from(snapshot, next_free_version(version, chain.from_iterable(used.values())), ours)
    shown = ", ".join(f"`{name}`" for name in names[:5]) + (", ..." if len(names) > 5 else "")
    return (
        Problem(
            code="version-burnt",
            message=f"the registry already has {version} of {len(names)} of {len(packages)} "
            + ("package" if len(packages) == 1 else "packages")
            + f": {shown}",
            reason="this branch has no claim of that version, and uploads cannot be replaced",
            remedy=f"plan the next one with `castoff plan {spell(free, snapshot.tag_name.ecosystem)}`",
        ),
    )


def ask_together(
    questions: Mapping[str, Callable[[], _Answer | Unknown]], clock: Clock, seconds: float | None
) -> dict[str, _Answer | Unknown]:
    """Ask side by side in daemon threads, which do not keep a run from ending that is not waiting any more.

    Raises MachineFailure if this machine cannot ask.
    """
    found: dict[str, _Answer | Unknown] = {}
    failures: list[MachineFailure] = []
    left = deque(questions.items())

    def work() -> None:
        while True:
            try:
                name, ask = left.popleft()
            except IndexError:
                return
            try:
                found[name] = _asked(ask)
            except MachineFailure as failure:
                failures.append(failure)  # a thread would print its traceback, and nobody would stop
                return

    # Daemons: a client that hangs must not keep a plan from ending.
    threads = [Thread(target=work, daemon=True) for _ in range(min(_LANES, len(questions)))]
    end = None if seconds is None else clock.monotonic() + seconds + _CLIENTS_END
    for thread in threads:
        thread.start()
    for thread in threads:
        # One bound for all of them together, not one for each.
        thread.join(None if end is None else max(0.0, end - clock.monotonic()))
    if failures:
        raise failures[0]
    # Decided by who asks: whatever arrives later is not read any more.
    late = Unknown(reason=f"no answer within {seconds or 0.0:g} seconds")
    return {name: found.get(name, late) for name in questions}


def _asked(ask: Callable[[], _Answer | Unknown]) -> _Answer | Unknown:
    try:
        return ask()
    except CastoffError as error:  # a client that is not installed, say
        return Unknown(reason=error.problems[0].message)
