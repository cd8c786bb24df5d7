"""Users and tokens of the embedded npm registry, and what each may do.

Sources: `npm/documentation`, "About access tokens", "Requiring 2FA for package publishing" and "Staged publishing";
`npm help stage`, "Token Behavior"; npm/cli#8547 for tokens of trusted publishing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

from msgspec import Struct, field

from castoff.world.clients import TOKEN
from castoff.world.clock import WorldClock
from castoff.world.messages import Request
from castoff.world.npm_registry.names import scope_of
from castoff.world.npm_registry.refusal import Refused, one_time_password_required

Kind = Literal["session", "granular", "oidc"]
TwoFactor = Literal["off", "auth-only", "auth-and-writes"]
USER = "world"
TRUSTED = "trusted automation"
"""The user of all tokens of trusted publishing."""
OTP = "123456"
"""The one-time password of users that have no other."""

_LIFETIME = 3600
_TOKEN_KEYS = {"user", "kind", "write", "bypass_2fa", "packages", "expires"}
_USER_KEYS = {"two_factor", "otp", "otp_uses"}


class Token(Struct, frozen=True, kw_only=True):
    """A token: whose it is, what it covers, and until when.

    ``packages`` are names and scopes (`@acme`), None all; ``bypass_2fa``: writes need no one-time password.
    ``actions`` of a token of trusted publishing are those that the trusted publisher allows.
    """

    user: str = USER
    kind: Kind = "granular"
    write: bool = True
    bypass_2fa: bool = False
    packages: frozenset[str] | None = None
    expires: float | None = None
    actions: frozenset[str] = frozenset()

    def covers(self, name: str) -> bool:
        """Return whether the token is for a package."""
        scope = scope_of(name)
        return (
            self.packages is None
            or name in self.packages
            or (scope is not None and f"@{scope}" in self.packages)
        )


class User(Struct, kw_only=True):
    """A user; ``otp`` are the one-time passwords that are valid, each for ``otp_uses`` requests (None: any number).

    A code of an authenticator is valid for half a minute, so several requests can use it (pnpm/pnpm#14140).
    """

    name: str
    two_factor: TwoFactor = "auth-and-writes"
    otp: tuple[str, ...] = (OTP,)
    otp_uses: int | None = None
    used: dict[str, int] = field(default_factory=dict)

    def accepts(self, code: str) -> bool:
        """Return whether a one-time password is valid, and count its use."""
        if code not in self.otp:
            return False
        self.used[code] = self.used.get(code, 0) + 1
        return self.otp_uses is None or self.used[code] <= self.otp_uses


class Accounts:
    """All users and tokens; not for several threads at once."""

    def __init__(self, settings: Mapping[str, Any], clock: WorldClock) -> None:
        """Read ``users`` and ``tokens`` of the seed; the world's own user and token are always there."""
        self._clock = clock
        self._users = {USER: User(name=USER)}
        self._users |= {name: _user(name, value) for name, value in settings.get("users", {}).items()}
        self._tokens = {TOKEN: Token(bypass_2fa=True)}
        self._tokens |= {text: _token(text, value) for text, value in settings.get("tokens", {}).items()}
        self._users |= {
            one.user: User(name=one.user) for one in self._tokens.values() if one.user not in self._users
        }

    def user(self, name: str) -> User:
        """Return a user, or refuse with 404."""
        if name not in self._users:
            raise Refused(f"Not found: org.couchdb.user:{name}", 404)
        return self._users[name]

    def reader(self, request: Request) -> Token | None:
        """Return the token of a request, None without one; one that is not valid is refused on reads as well."""
        header = request.headers.get("authorization")
        if header is None:
            return None
        kind, _, text = header.partition(" ")
        token = self._tokens.get(text.strip()) if kind.lower() == "bearer" else None
        if token is None or (token.expires is not None and self._clock.seconds() >= token.expires):
            raise Refused("Unauthorized: the access token is expired or revoked", 401)
        return token

    def signed_in(self, request: Request) -> Token:
        """Return the token of a request, or refuse with 401."""
        token = self.reader(request)
        if token is None:
            raise Refused('Missing "Bearer" header.', 401)
        return token

    def writer(self, request: Request, name: str) -> Token:
        """Return the token of a write to a package, or refuse one that may not write, or not there."""
        token = self.signed_in(request)
        if not token.write:
            raise Refused(
                f'You do not have permission to publish "{name}": the access token is read-only.', 403
            )
        if not token.covers(name):
            raise _no_permission(name)
        return token

    def require_second_factor(self, request: Request, token: Token, *, always: bool = False) -> None:
        """Refuse a write that needs a one-time password; ``always``: also of tokens that bypass it elsewhere."""
        if token.kind == "oidc" or (token.bypass_2fa and not always):
            return
        user = self.user(token.user)
        if user.two_factor == "off":
            if always:
                raise Refused("Please enable 2fa for your account", 403)
            raise Refused(
                "Two-factor authentication or granular access token with bypass 2fa enabled is required to publish "
                "packages.",
                403,
            )
        # Every package asks for a second factor at a publication, whatever the account asks for.
        if not user.accepts(request.headers.get("npm-otp", "")):
            raise one_time_password_required()

    def require_person(self, request: Request, token: Token) -> None:
        """Refuse governance (access, maintainers) to tokens that stand for no person at a keyboard."""
        if token.kind == "oidc":
            raise Refused("Unauthorized", 401)
        if token.bypass_2fa:
            raise Refused("This action requires an interactive two-factor authentication challenge.", 403)
        self.require_second_factor(request, token, always=True)

    def add_oidc(self, name: str, actions: Iterable[str]) -> dict[str, str]:
        """Make a token of trusted publishing for one package; return it with its times, as the exchange answers."""
        text = "npm_" + hashlib.sha256(f"{name} {len(self._tokens)}".encode()).hexdigest()[:36]
        self._tokens[text] = Token(
            user=TRUSTED,
            kind="oidc",
            packages=frozenset({name}),
            expires=self._clock.seconds() + _LIFETIME,
            actions=frozenset(actions),
        )
        now = self._clock.now()
        until = now + timedelta(seconds=_LIFETIME)
        return {"token_type": "oidc", "token": text, "created": now.isoformat(), "expires": until.isoformat()}


def _no_permission(name: str) -> Refused:
    return Refused(
        f'You do not have permission to publish "{name}". Are you logged in as the correct user?', 403
    )


def require_owner(token: Token, name: str, maintainers: Iterable[str]) -> None:
    """Refuse a write to somebody else's package."""
    if token.kind != "oidc" and token.user not in maintainers:
        raise _no_permission(name)


def _user(name: str, value: Any) -> User:
    _check_keys(value, _USER_KEYS, f"`users` for `{name}`")
    return User(
        name=name,
        two_factor=_two_factor(value.get("two_factor", "auth-and-writes")),
        otp=tuple(str(code) for code in value.get("otp", (OTP,))),
        otp_uses=None if value.get("otp_uses") is None else int(value["otp_uses"]),
    )


def _two_factor(value: Any) -> TwoFactor:
    known: tuple[TwoFactor, ...] = ("off", "auth-only", "auth-and-writes")
    found = next((one for one in known if one == value), None)
    if found is None:
        raise ValueError(f"`two_factor` is one of {', '.join(known)}")
    return found


def _token(text: str, value: Any) -> Token:
    _check_keys(value, _TOKEN_KEYS, f"`tokens` for `{text}`")
    if value.get("kind", "granular") not in ("granular", "session"):
        raise ValueError("`kind` of a token is granular or session")
    packages = value.get("packages")
    return Token(
        user=str(value.get("user", USER)),
        kind="session" if value.get("kind") == "session" else "granular",
        write=bool(value.get("write", True)),
        bypass_2fa=bool(value.get("bypass_2fa", False)),
        packages=None if packages is None else frozenset(str(one) for one in packages),
        expires=None if value.get("expires") is None else float(value["expires"]),
    )


def _check_keys(value: Any, known: set[str], what: str) -> None:
    if not isinstance(value, dict) or not set(value) <= known:
        raise ValueError(f"{what} may have {', '.join(sorted(known))}")
