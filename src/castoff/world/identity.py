"""Identity tokens of CI jobs: the issuer with its keys, the runner's endpoint, and the check that registries make.

Claims: GitHub, "OpenID Connect reference". Requests of a job: actions/toolkit ``packages/core/src/oidc-utils.ts``.
The keys live as long as the process; a registry of the embedded world accepts no other ones.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Self

from msgspec import Struct

from castoff.world.clock import WorldClock
from castoff.world.messages import Request, Response, json_response

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ISSUER = "https://token.actions.githubusercontent.com"
_LIFETIME = 300
"""Seconds between ``iat`` and ``exp`` of GitHub's tokens."""
_KID = "world"
_MAKING = threading.Lock()
"""`functools.cache` calls a function twice if two threads ask at once."""
_REQUEST_TOKEN = "world-identity-request"  # noqa: S105 - it opens nothing outside of the world
_KEYS = {
    "workflow",
    "caller",
    "environment",
    "event",
    "repository",
    "owner_id",
    "ref",
    "self_hosted",
    "public",
    "commit",
}
_COMMIT = "0" * 40

Flaw = Literal["malformed", "issuer", "key-missing", "key", "signature", "audience", "time"]


class TokenInvalid(Exception):
    """An identity token that no registry accepts; each has its own words for a ``flaw``."""

    def __init__(self, flaw: Flaw, detail: str = "") -> None:
        super().__init__(flaw)
        self.flaw = flaw
        self.detail = detail


class Job(Struct, frozen=True, kw_only=True):
    """The job in which clients of the world run.

    ``caller`` is the workflow that calls ``workflow`` as a reusable one; both are names of files. ``commit`` is the one
    that the job was started at.
    """

    repository: str
    workflow: str
    caller: str | None = None
    environment: str | None = None
    event: str = "workflow_dispatch"
    owner_id: str = "1"
    ref: str = "refs/heads/main"
    self_hosted: bool = False
    public: bool = False
    commit: str = _COMMIT

    @classmethod
    def of(cls, value: Mapping[str, Any], repository: str) -> Self:
        """Read the seed's ``job``; ``repository`` is the forge's where it names none."""
        # A misspelt key would leave the default, and a test of it would pass for the wrong reason.
        if not {"workflow"} <= set(value) <= _KEYS:
            raise ValueError(f"`job` has `workflow`, and may have {', '.join(sorted(_KEYS - {'workflow'}))}")
        return cls(**{"repository": repository, **value})

    def claims(self) -> dict[str, Any]:
        """Return the claims that do not depend on the time."""
        owner = self.repository.partition("/")[0]
        place = f"{self.repository}/.github/workflows"
        # GitHub Docs, "OpenID Connect reference": the environment takes the place of the ref.
        subject = f"environment:{self.environment}" if self.environment else f"ref:{self.ref}"
        return {
            "sub": f"repo:{self.repository}:{subject}",
            "ref": self.ref,
            "sha": self.commit,
            "repository": self.repository,
            "repository_owner": owner,
            "repository_owner_id": self.owner_id,
            "repository_visibility": "public" if self.public else "private",
            "run_id": "1",
            "event_name": self.event,
            "workflow_ref": f"{place}/{self.caller or self.workflow}@{self.ref}",
            "job_workflow_ref": f"{place}/{self.workflow}@{self.ref}",
            "runner_environment": "self-hosted" if self.self_hosted else "github-hosted",
            **({"environment": self.environment} if self.environment else {}),
        }

    def variables(self, url: str) -> dict[str, str]:
        """Return what a runner sets in a job that may request identity tokens; ``url`` is that of the issuer."""
        claims = self.claims()
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_REPOSITORY_OWNER_ID": self.owner_id,
            "GITHUB_WORKFLOW_REF": claims["workflow_ref"],
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_REF": self.ref,
            "GITHUB_RUN_ID": "1",
            "RUNNER_ENVIRONMENT": claims["runner_environment"],
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/runner/idtoken?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": _REQUEST_TOKEN,
        }


class Issuer:
    """Signs identity tokens, and checks them for registries; for several threads at once."""

    def __init__(self, clock: WorldClock | None = None, job: Job | None = None) -> None:
        self._clock = clock or WorldClock()
        self.job = job
        self._lock = threading.Lock()
        self._made = 0

    def token(self, audience: str, **claims: Any) -> str:
        """Return a new token of the job for one audience; ``claims`` replace the job's own."""
        with self._lock:
            self._made += 1
            number = self._made
        now = int(self._clock.now().timestamp())
        # GitHub's tokens are valid ten minutes before they are issued, for clocks that are late.
        times = {"iat": now, "nbf": now - 600, "exp": now + _LIFETIME}
        of_job = self.job.claims() if self.job is not None else {}
        return sign({"iss": ISSUER, "aud": audience, "jti": f"world-{number}", **times, **of_job, **claims})

    def claims(self, token: str, audiences: Collection[str], *, leeway: float = 30) -> dict[str, Any]:
        """Return the claims of a token that is ours, valid now, and made for one of the audiences alone."""
        header, claims = decoded(token)
        if claims.get("iss") != ISSUER:
            raise TokenInvalid("issuer", str(claims.get("iss")))
        if not header.get("kid"):
            raise TokenInvalid("key-missing")
        if header["kid"] != _KID:
            raise TokenInvalid("key")
        # The algorithm is ours to choose: a header that says `none` would sign itself.
        if header.get("alg") != "RS256" or not _is_signed(token):
            raise TokenInvalid("signature")
        if claims.get("aud") not in audiences:
            raise TokenInvalid("audience")
        now = self._clock.now().timestamp()
        try:
            in_time = claims["nbf"] - leeway <= now < claims["exp"] + leeway and claims["iat"] - leeway <= now
        except (KeyError, TypeError):
            in_time = False
        if not in_time or not claims.get("jti"):
            raise TokenInvalid("time")
        return claims

    def handle(self, request: Request) -> Response:
        """Answer as the issuer (keys) and as the runner of a job (tokens)."""
        routes = {
            "/.well-known/openid-configuration": self._configuration,
            "/.well-known/jwks": lambda _request: json_response(200, {"keys": [_public_key()]}),
            "/runner/idtoken": self._runner,
        }
        route = routes.get(request.path)
        if route is None or request.method != "GET":
            return json_response(404, {"message": f"no such route of the identity issuer: {request.path}"})
        return route(request)

    def _configuration(self, request: Request) -> Response:
        jwks = f"{request.base_url}/.well-known/jwks"
        return json_response(200, {"issuer": ISSUER, "jwks_uri": jwks})

    def _runner(self, request: Request) -> Response:
        if self.job is None or request.headers.get("authorization", "").lower() != f"bearer {_REQUEST_TOKEN}":
            return json_response(401, {"message": "this job may not request identity tokens"})
        # Without one the runner names the address of the owner (GitHub Docs, "OpenID Connect reference").
        audience = request.query.get(
            "audience", [f"https://github.com/{self.job.repository.partition('/')[0]}"]
        )
        return json_response(200, {"value": self.token(audience[0]), "count": 1})


def sign(claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
    """Sign claims with the issuer's key; a ``header`` replaces the usual one."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    head = {"typ": "JWT", "alg": "RS256", "kid": _KID} if header is None else dict(header)
    message = ".".join(_encoded(json.dumps(part).encode()) for part in (head, dict(claims)))
    return f"{message}.{_encoded(_key().sign(message.encode(), PKCS1v15(), SHA256()))}"


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token, unchecked."""
    parts = token.split(".")
    try:
        header, claims = (json.loads(_bytes(part)) for part in parts[:2])
    except (ValueError, binascii.Error) as error:
        raise TokenInvalid("malformed") from error
    if len(parts) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenInvalid("malformed")
    return header, claims


def _is_signed(token: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    message, _, signature = token.rpartition(".")
    try:
        _key().public_key().verify(_bytes(signature), message.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _key() -> RSAPrivateKey:
    with _MAKING:
        return _made()


@cache
def _made() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _public_key() -> dict[str, str]:
    numbers = _key().public_key().public_numbers()
    parts = {
        name: _encoded(value.to_bytes((value.bit_length() + 7) // 8))
        for name, value in (("n", numbers.n), ("e", numbers.e))
    }
    return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": _KID, **parts}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
