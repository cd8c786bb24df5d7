"""Outcomes of npm's writes, by exit code and npm's own error code; never by its prose.

npm reads the packument before it uploads, and refuses a version that is there without a code: what has no code is
unclear, and a look follows. So is E403, which a registry answers to a version that it has as well as to a token
without rights: an earlier upload whose answer was lost must not end a release.
"""

from __future__ import annotations

from msgspec import Struct

from castoff.ecosystems.npm.client_runs import error_code_of, reason_of
from castoff.errors import Problem
from castoff.io.process import Completed
from castoff.model.acts import Outcome, Refused, Succeeded, Throttled, Unclear
from castoff.model.workspace import Package
from castoff.regexes import regex

_NO_RIGHTS = frozenset({"E401", "E402", "E404", "EAUTHUNKNOWN"})
_BY_ID = frozenset({"approve", "reject"})
_INVALID = frozenset({"E400", "E422", "EPRIVATE", "EUSAGE", "ENORESTRICTED"})
_SERVER_FAILED = regex(r"E5[0-9]{2}")
_NO_ANSWER = frozenset(
    {
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "EHOSTUNREACH",
        "ENETUNREACH",
        "ENOTFOUND",
        "ERR_SOCKET_TIMEOUT",
        "ETIMEDOUT",
    }
)
"""Codes of node (`errors` in its documentation, https://nodejs.org/api/errors.html) and of npm's HTTP client."""
_UNSAID = 60.0
"""Seconds to wait after a 429: npm does not print for how long the registry asks."""


class NpmWrite(Struct, frozen=True):
    """A write of one version: `upload`, `stage`, `approve`, `reject` or `yank`."""

    package: Package
    version: str
    what: str

    @property
    def again(self) -> str:
        """Return what comes after the remedy, as words to follow it."""
        if self.what == "yank":
            return f", then run `castoff yank {self.version} --execute` again"
        return (
            f", then continue with `castoff resume {self.version} --execute`; "
            f"or withdraw the version with `castoff abandon {self.version} --execute`"
        )


def outcome_of(write: NpmWrite, done: Completed) -> Outcome:
    """Return the outcome of a write."""
    what = write.what
    if done.code == 0:
        return Succeeded()
    code, reason = error_code_of(done), reason_of(done)
    if code == "E429":
        return Throttled(retry_after=_UNSAID, reason=f"the registry limits the rate of: {what}")
    if code == "EOTP":
        return Refused(_one_time_password(write, reason))
    if what in _BY_ID and code == "E404":
        return Unclear(reason=reason)  # somebody else approved or rejected it since it was listed
    if code == "ENEEDAUTH":
        return Refused(_without_token(write, reason))
    if code in _NO_RIGHTS:
        return Refused(_denied(write, reason))
    if code in _INVALID:
        return Refused(_refused(write, reason))
    if _SERVER_FAILED.fullmatch(code) or code in _NO_ANSWER:
        return Unclear(
            reason=reason
        )  # not a person's to fix: after the last attempt, a later run tries again
    problem = _denied(write, reason) if code == "E403" else _failed(write, reason)
    return Unclear(reason=reason, problem=problem)


def _denied(write: NpmWrite, reason: str) -> Problem:
    return Problem(
        code="permission-denied",
        message=f"the registry does not let this token {write.what} `{write.package.id}`",
        reason=reason,
        remedy="use a token of an owner of the package, and one that needs no one-time password; a new package in a "
        'scope requires `access = "public"` in `[npm]`, unless it is private' + write.again,
        package=write.package.id,
    )


def _without_token(write: NpmWrite, reason: str) -> Problem:
    """Describe that npm asked the registry for nothing; after a failed exchange of tokens it says no more than that."""
    return Problem(
        code="permission-denied",
        message=f"npm has no token to {write.what} `{write.package.id}`",
        reason=reason,
        remedy="log in (`npm login`), or set `NPM_TOKEN`; in a job without tokens run the same command again: castoff "
        "tries the exchange first, and names the cause where it is refused" + write.again,
        package=write.package.id,
    )


def _one_time_password(write: NpmWrite, reason: str) -> Problem:
    command = {"approve": "approve", "reject": "abandon"}.get(write.what)
    again = (
        f"run `castoff {command} {write.version} --execute --otp CODE` with a new code: "
        "it continues with the remaining packages"
        if command
        else "use a token that needs none, or set `staged = true` in `[npm]`, so that a person approves the packages "
        "later" + write.again
    )
    return Problem(
        code="otp-required",
        message=f"the registry requires a one-time password to {write.what} `{write.package.id}`",
        reason=f"none was given, or it is used up or expired: {reason}",
        remedy=again,
        package=write.package.id,
    )


def _refused(write: NpmWrite, reason: str) -> Problem:
    return Problem(
        code="yank-refused" if write.what == "yank" else "upload-refused",
        message=f"the registry refused to {write.what} `{write.package.id}`",
        reason=reason,
        remedy="correct the reported problem and release the next version"
        if write.what != "yank"
        else "correct the reported problem, and run "
        f"`castoff yank {write.version} --execute` again: it continues "
        "with the remaining packages",
        package=write.package.id,
    )


def _failed(write: NpmWrite, reason: str) -> Problem:
    return Problem(
        code="yank-refused" if write.what == "yank" else "upload-failed",
        message=f"npm could not {write.what} `{write.package.id}`",
        reason=reason,
        remedy="fix the reported problem (often a missing token, or a token that may not upload "
        f"`{write.package.name}`)" + write.again,
        package=write.package.id,
    )
