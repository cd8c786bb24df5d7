"""Accounts and tokens, and what they may do."""

from __future__ import annotations

import base64

from msgspec import Struct

from castoff.world.forge.answers import Refused, forbidden, not_found

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")


class Actor(Struct, frozen=True):
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


class Token(Struct, frozen=True):
    """One seeded token; permission ``bad`` is refused with 401."""

    permission: str
    login: str
    kind: str
    scopes: tuple[str, ...] = ("repo",)
    expires: str | None = None


class Access(Struct, frozen=True):
    """The tokens that were seeded, and what any other may do."""

    tokens: dict[str, Token]
    default: str = "write"
    viewer: str = "maintainer"

    def actor(self, authorization: str) -> Actor:
        """Return who sent an ``Authorization`` header; 401 for bad ones."""
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


def require(actor: Actor, level: str, *, private: bool, writing: bool) -> None:
    """Refuse an actor who lacks a level or a scope, with the status that GitHub gives to that kind of token."""
    if actor.level == "none" or (private and actor.kind == "anonymous"):
        raise not_found()
    if actor.kind == "anonymous" and (writing or level != "read"):
        raise Refused(401, "Requires authentication")
    if (private or writing or level != "read") and not actor.is_scoped(private=private):
        raise not_found()
    # A classic token does what its account may, and any account may open issues; others have rights of their own.
    least = "triage" if writing and level == "read" and actor.kind != "classic" else level
    if not actor.may(least):
        raise lacking(actor, level)


def lacking(actor: Actor, level: str) -> Refused:
    """Return the refusal of an actor whose account or token lacks a level.

    GitHub hides from a classic token what its account may not write: 404. Issues of others are the exception.
    """
    if actor.kind != "classic":
        holder = "personal access token" if actor.kind == "fine-grained" else "integration"
        return forbidden(f"Resource not accessible by {holder}")
    return forbidden("Must have admin rights to Repository.") if level == "triage" else not_found()


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
