"""Errors: each with fact, reason and remedy.

The tree, with the exit code of each branch:

    CastoffError              1   a fault of castoff's own
      UsageError              2   the command line asks for something that cannot be
      ConfigurationError      2   a configuration file is wrong
      WorkspaceError          2   the manifests do not make a workspace that can be released
      NotYet                  3   not there yet: run again later
      NothingToDo             0   nothing that this run may do
      Refusal                 4   a person must act

Every error carries a :class:`Problem`, or several. Codes are kebab-case and never reused;
``explanations/CODE.md`` explains each (``castoff explain CODE``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: the fact, the reason, the remedy, and where it is.

    ``file`` is a POSIX path from the workspace's root, ``line`` counts from 1.
    """

    code: str
    message: str
    severity: Severity = "error"
    reason: str = ""
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    url: str | None = None
    package: str | None = None
    pull_request: int | None = None
    commit: str | None = None


class CastoffError(Exception):
    """The root of all errors that castoff raises on purpose."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.message}" for problem in problems))
        self.problems = problems

    @classmethod
    def of(
        cls,
        code: str,
        message: str,
        *,
        reason: str = "",
        remedy: str = "",
        file: str | None = None,
        line: int | None = None,
        url: str | None = None,
        package: str | None = None,
        commit: str | None = None,
    ) -> CastoffError:
        """Make the error of one problem."""
        return cls(
            Problem(
                code=code,
                message=message,
                reason=reason,
                remedy=remedy,
                file=file,
                line=line,
                url=url,
                package=package,
                commit=commit,
            )
        )


class UsageError(CastoffError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class ConfigurationError(CastoffError):
    """A configuration file is wrong: unknown key, wrong type, impossible value."""

    exit_code = 2


class WorkspaceError(CastoffError):
    """The manifests do not make a workspace that can be released."""

    exit_code = 2


class MachineFailure(Exception):
    """This machine refused what castoff needs: exit code 4, ``machine-failed``.

    It is not a CastoffError: whoever makes an answer of the errors of one question must not take this for one.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class NotYet(CastoffError):
    """Something is not there yet, and no person has to act: run again later."""

    exit_code = 3


class Refusal(CastoffError):
    """Going on could do harm: a person must act first."""

    exit_code = 4


class NothingToDo(CastoffError):
    """Nothing is there that this run may do; its problems are warnings."""

    exit_code = 0
