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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warning"]

REASONS: Mapping[str, str] = {
    "bad-grace": "it is the least pause between two uploads, and is read before the first one",
    "bad-tag-template": "a version is written into the name of a tag, and is found in it again",
    "changelog-date-invalid": "the date stands in the heading of the release",
    "check-file-missing": "a check without its file would pass whatever is wrong",
    "commit-unsigned": "the signature was asked for, so users and branch rules may rely on it",
    "contradiction": "castoff does not guess which of the values was meant",
    "double-braces": "other tools write placeholders that way; castoff would leave the braces in the text",
    "file-not-text": "castoff edits text only, and keeps every other byte of it",
    "file-not-utf8": "castoff reads text as UTF-8, and would change what it cannot read",
    "impossible-value": "castoff does not guess what was meant",
    "level-needs-pre": "a pre-release is counted within one version, which must be named first",
    "links-library-missing": "without it, symbols in the notes cannot be linked to the documentation",
    "manifest-invalid": "cargo would refuse the manifest too",
    "member-missing": "cargo would refuse the whole workspace",
    "no-commits": "a release is made of a commit",
    "no-manifest": "the version and the packages are read from it",
    "no-remote": "a release is pushed, and the remote shows what is released already",
    "no-such-folder": "castoff works on the repository of that folder",
    "not-inheritable": "cargo could not resolve the key",
    "nothing-to-release": "only a pre-release can become a final version",
    "option-missing": "each of these options is of no use without the others",
    "path-outside": "castoff does not write outside the folder that was named",
    "pattern-invalid": "nothing could be found or written with it",
    "pre-goes-back": "installers would not take it for an update",
    "status-unreadable": "the page shows what that file holds",
    "unknown-code": "explanations are found by the exact code",
    "unknown-key": "castoff ignores no setting, so that a mistyped key is noticed",
    "unknown-level": "castoff does not guess which version was meant",
    "unknown-placeholder": "it would stay in the text as it is",
    "unknown-ref": "the notes cover the changes up to it",
    "unknown-tag": "the notes cover the changes since it",
    "verify-not-published": "users do not see a draft, and the tag alone has no text",
    "website-branch-missing": "pages are pushed to that branch",
    "world-faults-invalid": "a fault that is misread would not happen, and the run would prove nothing",
    "world-file-unreadable": "without it, the embedded world would be another one",
    "world-seed-invalid": "a seed that is misread would prove nothing",
    "wrong-type": "castoff does not guess what was meant",
}
"""Why it matters, for codes that mean the same at each place that does not give a reason of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: the fact, the reason, the remedy, and where it is.

    ``file`` is a POSIX path from the workspace's root, ``line`` counts from 1. Without a ``reason``, the one of the
    code stands (:data:`REASONS`).
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

    def __post_init__(self) -> None:
        if not self.reason and self.code in REASONS:
            # Frozen dataclasses are filled in their own `__init__` this way (Python's documentation of `dataclasses`).
            object.__setattr__(self, "reason", REASONS[self.code])


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
