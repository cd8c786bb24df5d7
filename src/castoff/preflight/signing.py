"""Signatures of the release commit and its tag: whether they can be made."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem
from castoff.preflight.stage import Found, Skipped
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.session.signatures import wants_signed_tag


def identity_problems(services: Services) -> Sequence[Problem]:
    """Report a missing name and email address, which the release commit and the tag contain."""
    git = {key.lower() for key in services.repository.settings}
    known = {"GIT_COMMITTER_EMAIL", "EMAIL"} & services.environment.keys()
    if "user.email" in git or known:
        return ()
    return (
        Problem(
            code="no-identity",
            message="git has no name and email address to commit with",
            reason="the release commit and the tag contain both",
            remedy="set `user.name` and `user.email` with `git config`",
        ),
    )


def prove_signing(session: Session) -> Found:
    """Really sign a throw-away tag object, in the clone, and verify it."""
    if identity_problems(session.services):
        return Skipped("git cannot create a tag without a name and an email address")
    if not wants_signed_tag(session.services):
        if session.configuration.release.sign in ("none", "commit"):
            return ()
        return (
            Problem(
                code="tag-not-signed",
                severity="warning",
                message="the tag will not be signed",
                reason="git has no signing key configured",
                remedy='set `user.signingkey`, or set `sign = "none"` in `[release]`',
            ),
        )
    # Signing for real is the only proof: an agent may be locked, or a hardware key unplugged.
    session.clone.make_tag("castoff-preflight", "a throw-away object\n", session.snapshot.head, sign=True)
    session.clone.git.run("tag", "--delete", "castoff-preflight")
    return ()
