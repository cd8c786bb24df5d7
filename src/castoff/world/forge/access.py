"""Who asks, and what may they do?"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from castoff.world.forge.answers import Refused, forbidden, not_found

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: ``kind`` is anonymous, classic, fine-grained or app (a workflow's own token)."""

    login: str
    level: str
    kind: str
    scopes: tuple[str, ...] = ()
    expires: str | None = None
    key: str = ""

    def holds(self, level: str) -> bool:
        """Whether the account has at least this level, whatever its token may do."""
        return LEVELS.index(self.level) >= LEVELS.index(level)

    def may(self, level: str) -> bool:
        """Whether the actor has at least this level; a classic token writes by its scopes alone."""
        return self.holds(level) and (level in ("none", "read") or self.is_scoped(private=False))

    def is_scoped(self, *, private: bool) -> bool:
        """Whether the token's scopes reach a repository; only classic tokens have scopes."""
        wanted = {"repo"} if private else {"repo", "public_repo"}
        return self.kind != "classic" or bool(wanted & set(self.scopes))

    @property
    def can_push(self) -> bool:
        """Whether the actor sees drafts."""
        return self.may("write")


@dataclass(frozen=True, slots=True)
class Token:
    """One seeded token; permission ``bad`` is refused with 401."""

    permission: str
    login: str
    kind: str
    scopes: tuple[str, ...] = ("repo",)
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """The tokens that were seeded, and what any other may do."""

    tokens: dict[str, Token]
    default: str = "write"
    viewer: str = "maintainer"

    def actor(self, authorization: str) -> Actor:
        """Tell who sent an ``Authorization`` header; 401 for bad ones."""
        token = _token(authorization)
        if not authorization:
            return Actor("", "read", "anonymous")
        seeded = self.tokens.get(token)
        if not token or (seeded is not None and seeded.permission == "bad"):
            raise Refused(401, "Bad credentials")
        if seeded is None:
            kind = kind_of(token)
            return Actor(self.viewer, self.default, kind, ("repo",) if kind == "classic" else (), None, token)
        return Actor(seeded.login, seeded.permission, seeded.kind, seeded.scopes, seeded.expires, token)


def kind_of(token: str) -> str:
    """Tell the kind of a token from its prefix, as GitHub spells them."""
    if token.startswith("github_pat_"):
        return "fine-grained"
    return "app" if token.startswith(("ghs_", "ghu_")) else "classic"


def demand(actor: Actor, level: str, *, private: bool) -> None:
    """Refuse an actor who lacks a level, in the words of the real service; 404 where a scope is lacking."""
    if (private or level != "read") and not actor.is_scoped(private=private):
        raise not_found()
    if actor.may(level) and (actor.kind != "anonymous" or level == "read"):
        if private and actor.kind == "anonymous":
            raise not_found()
        return
    if actor.level == "none" or (private and actor.kind == "anonymous"):
        raise not_found()
    if actor.kind == "anonymous":
        raise Refused(401, "Requires authentication")
    if level in ("maintain", "admin") and actor.can_push:
        raise not_found()
    raise forbidden(lacking(actor))


def lacking(actor: Actor) -> str:
    """Word the refusal for a kind of token."""
    holder = "personal access token" if actor.kind == "fine-grained" else "integration"
    return f"Resource not accessible by {holder}"


def _token(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() in ("token", "bearer"):
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""
