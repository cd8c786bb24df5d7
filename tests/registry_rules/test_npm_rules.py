from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from attesting import Identity, certificate, npm_bundle
from castoff.registry_rules import read_rules
from castoff.world.clients import TOKEN
from castoff.world.clock import WorldClock
from castoff.world.identity import Issuer
from castoff.world.messages import Late
from castoff.world.npm_registry import NpmRegistry
from registry_rules.npm_requests import (
    Call,
    Document,
    decide,
    drop_tag,
    get,
    link,
    packument,
    publish,
    revised,
    set_tag,
    stage,
    tarball,
)

CODE = "123456"
HOUR = 3600.0
TOKENS = {
    "person": {},
    "session": {"kind": "session"},
    "reader": {"write": False, "bypass_2fa": True},
    "scoped": {"packages": ["@other", "acme-one"], "bypass_2fa": True},
    "stranger": {"user": "stranger", "bypass_2fa": True},
    "single": {"user": "single"},
    "old": {"expires": 600, "bypass_2fa": True},
}
USERS = {"single": {"two_factor": "off"}}
SEEDED = {
    "packages": [{"name": "acme", "version": "1.0.0"}, {"name": "@acme/core", "version": "0.9.0"}],
    "tokens": TOKENS,
    "users": USERS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request that breaks a rule, and one beside it that does not; both follow ``before``."""

    rule: str
    refused: Call
    status: int
    text: str
    allowed: Call
    before: Sequence[Call] = ()
    seconds: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    def registry(self) -> NpmRegistry:
        clock = WorldClock()
        registry = NpmRegistry(clock=clock, settings={**SEEDED, **self.settings})
        for call in self.before:
            assert call.send(registry).status < 300
        clock.advance(self.seconds)
        return registry


def settings(name: str = "acme", **values: object) -> Mapping[str, Any]:
    return {"settings": {name: values}}


def owned(*names: str) -> Mapping[str, Any]:
    return settings("acme", maintainers=["world", *names])


def identity(**claims: str) -> str:
    """Make an identity token of a workflow."""
    whole = {
        "repository": "acme/rocket",
        "workflow_ref": "acme/rocket/.github/workflows/release.yml@refs/heads/main",
        **claims,
    }
    return Issuer().token("npm:127.0.0.1", **whole)


EXCHANGE = "/-/npm/v1/oidc/token/exchange/package/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Call):
    """An exchange of an identity token, which is made when it is sent: it ends five minutes later."""

    made: Callable[[], str]

    def send(self, registry: NpmRegistry) -> Any:
        return Call(method=self.method, path=self.path, token=self.made()).send(registry)


def exchange(name: str = "acme", **claims: str) -> Call:
    return Exchange(method="POST", path=EXCHANGE + name, made=lambda: identity(**claims))


def trusting(*allow: str) -> Mapping[str, Any]:
    trusted = {"repository": "acme/rocket", "workflow": "release.yml", "allow": list(allow)}
    return {**settings("acme", trusted=trusted)}


WORKFLOW: Document = {
    "type": "github",
    "claims": {"repository": "acme/rocket", "workflow_ref": {"file": "release.yml"}},
    "permissions": ["createPackage"],
}


def trust(name: str = "acme", *, method: str = "POST", body: object = None, **more: Any) -> Call:
    """Enter a trusted publisher, or list them."""
    sent = [WORKFLOW] if body is None and method == "POST" else body
    given = {"token": "session", "otp": CODE, **more}
    return Call(method=method, path=f"/-/package/{name}/trust", body=sent, **given)


def revoke(identifier: str | None = None) -> Call:
    """Revoke a trusted publisher, the one that is there without an id."""

    def path(registry: NpmRegistry) -> str:
        (found,) = registry.trusted.listed("acme")
        return f"/-/package/acme/trust/{identifier or found['id']}"

    return Call(method="DELETE", path=path, token="session", otp=CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted(Call):
    """A request with the token that an exchange for a package gives."""

    of: str = "acme"

    def send(self, registry: NpmRegistry) -> Any:
        token = json.loads(exchange(self.of).send(registry).body)["token"]
        return Call(method=self.method, path=self.path, body=self.body, token=token).send(registry)


def trusted(call: Call) -> Trusted:
    return Trusted(method=call.method, path=call.path, body=call.body)


def bundle(
    document: Document,
    repository: str = "https://github.com/acme/rocket",
    *,
    digest: str | None = None,
    **changed: Any,
) -> None:
    """Add a statement of provenance to a publication."""
    (attachment,) = document["_attachments"].values()
    content = base64.b64decode(attachment["data"])
    name, version = document["name"], next(iter(document["versions"]))
    made_by = Identity(repository=repository.removeprefix("https://github.com/"))
    text = json.dumps(
        npm_bundle(name, version, digest or hashlib.sha512(content).hexdigest(), made_by, **changed)
    )
    document["_attachments"][f"{name}-{version}.sigstore"] = {
        "content_type": "application/vnd.dev.sigstore.bundle+json;version=0.3",
        "data": text,
        "length": len(text),
    }


REPOSITORY = {"type": "git", "url": "git+https://github.com/acme/rocket.git"}
OTHER = tarball({"name": "acme", "version": "2.0.0"})
ANY_OTP: dict[str, Any] = {"token": "person", "otp": CODE}

CASES = (
    Case(
        rule="authentication",
        refused=publish("acme", "1.1.0", token=None),
        status=401,
        text="Bearer",
        allowed=publish("acme", "1.1.0"),
    ),
    Case(
        rule="authentication",
        refused=get("/-/whoami"),
        status=401,
        text="Bearer",
        allowed=get("/acme"),
    ),
    Case(
        rule="token-valid",
        refused=get("/acme", token="unknown"),
        status=401,
        text="expired or revoked",
        allowed=get("/acme"),
    ),
    Case(
        rule="token-valid",
        refused=publish("acme", "1.1.0", token="old"),
        status=401,
        text="expired or revoked",
        allowed=publish("acme", "1.1.0"),
        seconds=601,
    ),
    Case(
        rule="token-read-only",
        refused=publish("acme", "1.1.0", token="reader"),
        status=403,
        text="read-only",
        allowed=get("/acme", token="reader"),
    ),
    Case(
        rule="token-packages",
        refused=publish("acme", "1.1.0", token="scoped"),
        status=403,
        text="permission to publish",
        allowed=publish("@other/core", token="scoped"),
    ),
    Case(
        rule="owner",
        refused=publish("acme", "1.1.0", token="stranger"),
        status=403,
        text="Are you logged in as the correct user?",
        allowed=publish("unowned", token="stranger"),
    ),
    Case(
        rule="two-factor-account",
        refused=publish("acme", "1.1.0", token="single"),
        status=403,
        text="bypass 2fa enabled is required",
        allowed=stage("acme", "1.1.0", token="single"),
        settings=owned("single"),
    ),
    Case(
        rule="one-time-password",
        refused=publish("acme", "1.1.0", token="person"),
        status=401,
        text="one-time pass",
        allowed=publish("acme", "1.1.0", **ANY_OTP),
    ),
    Case(
        rule="one-time-password",
        refused=publish("acme", "1.1.0", token="person", otp="654321"),
        status=401,
        text="one-time pass",
        allowed=stage("acme", "1.1.0", token="person"),
    ),
    Case(
        rule="one-time-password",
        refused=set_tag("acme", "next", "1.0.0", token="person"),
        status=401,
        text="one-time pass",
        allowed=set_tag("acme", "next", "1.0.0", **ANY_OTP),
    ),
    Case(
        rule="one-time-password",
        refused=revised("PUT", "acme", token="person"),
        status=401,
        text="one-time pass",
        allowed=revised("PUT", "acme", **ANY_OTP),
    ),
    Case(
        rule="one-time-password",
        refused=publish("acme", "1.2.0", **ANY_OTP),
        status=401,
        text="one-time pass",
        allowed=publish("acme", "1.2.0"),
        before=[publish("acme", "1.1.0", **ANY_OTP)],
        settings={"users": {"world": {"otp_uses": 1}}},
    ),
    Case(
        rule="tokens-disallowed",
        refused=publish("acme", "1.1.0"),
        status=403,
        text="tokens are not allowed",
        allowed=publish("acme", "1.1.0", token="session", otp=CODE),
        settings=settings("acme", disallow_tokens=True),
    ),
    Case(
        rule="governance",
        refused=Call(method="POST", path="/-/package/acme/access", body={"access": "public"}),
        status=403,
        text="interactive",
        allowed=Call(method="POST", path="/-/package/acme/access", body={"access": "public"}, **ANY_OTP),
    ),
    Case(
        rule="governance",
        refused=Call(method="PUT", path="/acme/-rev/1-x", body={"maintainers": [{"name": "single"}]}),
        status=409,
        text="Failed to save packument",
        allowed=Call(method="PUT", path="/acme", body={"maintainers": [{"name": "single"}]}, **ANY_OTP),
    ),
    Case(
        rule="governance",
        refused=Call(method="PUT", path="/acme", body={"maintainers": [{"name": "single"}]}),
        status=403,
        text="interactive",
        allowed=Call(method="PUT", path="/acme", body={"maintainers": [{"name": "single"}]}, **ANY_OTP),
    ),
    Case(
        rule="scope",
        refused=publish("@elsewhere/core"),
        status=404,
        text="Scope not found",
        allowed=publish("@other/core"),
        settings={"scopes": ["acme", "other"]},
    ),
    *(
        Case(
            rule="name-new",
            refused=publish(name),
            status=400,
            text="is invalid for new packages",
            allowed=publish(near),
        )
        for name, near in (
            ("Rocket", "rocket"),
            ("rocket!", "rocket-"),
            (".rocket", "rocket."),
            ("_rocket", "@acme/rocket"),
            ("fs", "fsx"),
            ("zlib", "@acme/zlib"),
            ("node_modules", "node-modules"),
            ("r" * 215, "r" * 214),
            ("@Acme/rocket", "@acme2/rocket"),
        )
    ),
    Case(
        rule="name-similar",
        refused=publish("ac-me"),
        status=403,
        text="too similar to existing package acme",
        allowed=publish("@acme/ac-me"),
    ),
    Case(
        rule="name-similar",
        refused=publish("a.c_me"),
        status=403,
        text="too similar",
        allowed=publish("acmes"),
    ),
    Case(
        rule="access-private",
        refused=publish("@acme/new", access=None),
        status=402,
        text="sign up for private packages",
        allowed=publish("@acme/core", access=None),
    ),
    Case(
        rule="access-private",
        refused=publish("@acme/new", access="restricted"),
        status=402,
        text="sign up for private packages",
        allowed=publish("@acme/new"),
    ),
    Case(
        rule="access-unscoped",
        refused=publish("acme", "1.1.0", access="restricted"),
        status=400,
        text="restrict access",
        allowed=publish("acme", "1.1.0", access=None),
    ),
    Case(
        rule="document",
        refused=publish("acme", "1.1.0", path="/@acme/core"),
        status=400,
        text="exactly one version",
        allowed=publish("acme", "1.1.0"),
    ),
    Case(
        rule="document",
        refused=publish("acme", "1.1.0", change=lambda one: one["versions"].update({"1.2.0": {}})),
        status=400,
        text="exactly one version",
        allowed=publish("acme", "1.1.0"),
    ),
    Case(
        rule="document",
        refused=publish(
            "acme", "1.1.0", change=lambda one: one["_attachments"]["acme-1.1.0.tgz"].update(length=1)
        ),
        status=400,
        text="length",
        allowed=publish(
            "acme", "1.1.0", change=lambda one: one["_attachments"]["acme-1.1.0.tgz"].pop("length")
        ),
    ),
    Case(
        rule="document",
        refused=publish(
            "acme", "1.1.0", change=lambda one: one["_attachments"]["acme-1.1.0.tgz"].update(data="*")
        ),
        status=400,
        text="malformed",
        allowed=publish("acme", "1.1.0"),
    ),
    *(
        Case(
            rule="version-grammar",
            refused=publish("acme", broken),
            status=400,
            text=f"Invalid version: {broken}",
            allowed=publish("acme", legal, tag="next"),
        )
        for broken, legal in (
            ("1.1", "1.1.0"),
            ("v1.1.0", "1.1.0-v1"),
            ("01.1.0", "0.1.10"),
            ("1.1.0-rc.01", "1.1.0-rc.0"),
            ("1.1.0-01", "1.1.0-0"),
            ("1.1.0-rc..1", "1.1.0-rc.1.01a"),
            ("1.1.0-", "1.1.0--"),
        )
    ),
    Case(
        rule="digests",
        refused=publish(
            "acme", "1.1.0", change=lambda one: one["versions"]["1.1.0"]["dist"].update(integrity="sha512-x")
        ),
        status=400,
        text="digests",
        allowed=publish("acme", "1.1.0"),
    ),
    Case(
        rule="digests",
        refused=publish("acme", "1.1.0", change=lambda one: one["versions"]["1.1.0"]["dist"].pop("shasum")),
        status=400,
        text="digests",
        allowed=publish("acme", "1.1.0"),
    ),
    Case(
        rule="tarball",
        refused=publish("acme", "1.1.0", packed=OTHER),
        status=400,
        text="is of acme@2.0.0",
        allowed=publish("acme", "2.0.0", packed=OTHER),
    ),
    Case(
        rule="tarball",
        refused=publish("acme", "2.0.0", packed=OTHER[:-20]),
        status=400,
        text="invalid tarball",
        allowed=publish("acme", "2.0.0", packed=OTHER),
    ),
    *(
        Case(
            rule="tarball-links",
            refused=publish(
                "acme", "2.0.0", packed=tarball({"name": "acme", "version": "2.0.0"}, link(kind))
            ),
            status=415,
            text="link is not allowed",
            allowed=publish("acme", "2.0.0", packed=OTHER),
        )
        for kind in (tarfile.LNKTYPE, tarfile.SYMTYPE)
    ),
    Case(
        rule="private-field",
        refused=publish("acme", "1.1.0", private=True),
        status=403,
        text="marked as private",
        allowed=publish("acme", "1.1.0", private=False),
    ),
    Case(
        rule="provenance",
        refused=publish("acme", "1.1.0", change=lambda one: bundle(one, "https://github.com/acme/rocket")),
        status=422,
        text='"repository.url" is ""',
        allowed=publish(
            "acme",
            "1.1.0",
            repository=REPOSITORY,
            change=lambda one: bundle(one, "https://github.com/acme/rocket"),
        ),
    ),
    Case(
        rule="provenance",
        refused=publish(
            "acme",
            "1.1.0",
            repository=REPOSITORY,
            change=lambda one: bundle(one, "https://github.com/acme/fork"),
        ),
        status=422,
        text="expected to match",
        allowed=publish(
            "acme",
            "1.1.0",
            repository="acme/rocket",
            change=lambda one: bundle(one, "https://github.com/acme/rocket"),
        ),
    ),
    *(
        Case(
            rule="provenance",
            refused=publish(
                "acme",
                "1.1.0",
                repository=REPOSITORY,
                change=lambda one, material=material: bundle(one, verificationMaterial=material),
            ),
            status=422,
            text=text,
            allowed=publish("acme", "1.1.0", repository=REPOSITORY, change=bundle),
        )
        for material, text in (
            ({}, "cannot be verified"),
            ({"certificate": {"rawBytes": "AAAA"}}, "cannot be verified"),
            (
                {
                    "certificate": {
                        "rawBytes": base64.b64encode(certificate(Identity(repository="a/b"))).decode()
                    }
                },
                "another repository",
            ),
        )
    ),
    Case(
        rule="provenance",
        refused=publish(
            "@acme/core",
            repository=REPOSITORY,
            change=lambda one: bundle(one, "https://github.com/acme/rocket", digest="0"),
        ),
        status=422,
        text="subject",
        allowed=publish(
            "@acme/core",
            repository=REPOSITORY,
            change=lambda one: bundle(one, "https://github.com/acme/rocket"),
        ),
    ),
    Case(
        rule="version-taken",
        refused=publish("acme", "1.0.0"),
        status=403,
        text="previously published versions: 1.0.0",
        allowed=publish("acme", "1.0.1"),
    ),
    Case(
        rule="version-taken",
        refused=publish("acme", "1.1.0"),
        status=403,
        text="previously published versions: 1.1.0",
        allowed=publish("acme", "1.1.1"),
        before=[publish("acme", "1.1.0"), revised("PUT", "acme", without="1.1.0")],
    ),
    Case(
        rule="version-processing",
        refused=publish("acme", "1.1.0"),
        status=409,
        text='previously staged version "1.1.0"',
        allowed=publish("acme", "1.1.1"),
        before=[publish("acme", "1.1.0", late=Late(seconds=600))],
    ),
    Case(
        rule="version-taken",
        refused=publish("acme", "1.1.0"),
        status=403,
        text="previously published versions",
        allowed=publish("acme", "1.1.1"),
        before=[publish("acme", "1.1.0", late=Late(seconds=600))],
        seconds=601,
    ),
    Case(
        rule="version-staged",
        refused=publish("acme", "1.1.0"),
        status=409,
        text='previously staged version "1.1.0"',
        allowed=publish("acme", "1.1.1"),
        before=[stage("acme", "1.1.0")],
    ),
    Case(
        rule="version-staged",
        refused=stage("acme", "1.1.0", tag="next"),
        status=409,
        text="Cannot stage previously published",
        allowed=stage("acme", "1.1.1"),
        before=[stage("acme", "1.1.0")],
    ),
    Case(
        rule="version-staged",
        refused=stage("acme", "1.0.0"),
        status=409,
        text="Cannot stage previously published",
        allowed=publish("acme", "1.1.0"),
        before=[stage("acme", "1.1.0"), decide("reject", otp=CODE)],
    ),
    Case(
        rule="name-rests",
        refused=publish("rocket", "1.0.1"),
        status=403,
        text="rocket cannot be republished until 24 hours have passed.",
        allowed=publish("rocket2", "1.0.1"),
        before=[publish("rocket"), revised("DELETE", "rocket")],
        seconds=23 * HOUR,
    ),
    Case(
        rule="version-taken",
        refused=publish("rocket", "1.0.0"),
        status=403,
        text="previously published",
        allowed=publish("rocket", "1.0.1"),
        before=[publish("rocket"), revised("DELETE", "rocket")],
        seconds=25 * HOUR,
    ),
    Case(
        rule="revision",
        refused=Call(method="PUT", path="/acme/-rev/0-x", body=lambda registry: packument(registry, "acme")),
        status=409,
        text="Failed to save packument",
        allowed=revised("PUT", "acme"),
    ),
    Case(
        rule="revision",
        refused=Call(method="DELETE", path="/rocket/-rev/0-x"),
        status=409,
        text="Failed to save packument",
        allowed=revised("DELETE", "rocket"),
        before=[publish("rocket")],
    ),
    *(
        Case(
            rule="tag-grammar",
            refused=set_tag("acme", broken, "1.0.0"),
            status=400,
            text="valid SemVer range",
            allowed=set_tag("acme", legal, "1.0.0"),
        )
        for broken, legal in (
            ("v1", "v1-latest"),
            ("1.x", "release-1.x"),
            ("1", "next-1"),
            ("^1.0.0", "caret"),
            ("1.0.0-rc.1", "rc"),
        )
    ),
    Case(
        rule="tag-grammar",
        refused=publish("acme", "1.1.0", tag="1.1"),
        status=400,
        text="valid SemVer range",
        allowed=publish("acme", "1.1.0", tag="release-1.1"),
    ),
    Case(
        rule="tag-of-version",
        refused=set_tag("acme", "next", "9.0.0"),
        status=404,
        text="version not found: 9.0.0",
        allowed=set_tag("acme", "next", "1.0.0"),
    ),
    Case(
        rule="tag-of-version",
        refused=publish("acme", "1.1.0", change=lambda one: one.update({"dist-tags": {"latest": "1.0.0"}})),
        status=400,
        text="one dist-tag",
        allowed=publish("acme", "1.1.0"),
    ),
    Case(
        rule="tag-latest",
        refused=drop_tag("acme", "latest", **ANY_OTP),
        status=400,
        text="cannot be removed",
        allowed=drop_tag("acme", "next", **ANY_OTP),
        before=[set_tag("acme", "next", "1.0.0")],
    ),
    Case(
        rule="tag-removal",
        refused=drop_tag("acme", "next"),
        status=403,
        text="Forbidden",
        allowed=drop_tag("acme", "next", **ANY_OTP),
        before=[set_tag("acme", "next", "1.0.0")],
    ),
    *(
        Case(
            rule="unpublish-dependents",
            refused=revised("PUT", "core", without="1.0.1"),
            status=405,
            text="has dependent packages in the registry",
            allowed=revised("DELETE", "facade"),
            before=[publish("core"), publish("core", "1.0.1"), publish("facade", **{kind: {"core": "9"}})],
        )
        for kind in ("dependencies", "optionalDependencies", "peerDependencies")
    ),
    Case(
        rule="unpublish-dependents",
        refused=revised("DELETE", "acme"),
        status=405,
        text="has dependent packages in the registry",
        allowed=revised("DELETE", "@acme/core"),
        before=[publish("dev", devDependencies={"@acme/core": "1"})],
        settings=settings("acme", dependents=True),
    ),
    Case(
        rule="unpublish-old",
        refused=revised("DELETE", "acme"),
        status=405,
        text="has too many downloads",
        allowed=revised("PUT", "acme", without="1.1.0"),
        before=[publish("acme", "1.1.0")],
        settings=settings("acme", downloads=300),
    ),
    Case(
        rule="unpublish-old",
        refused=revised("DELETE", "acme"),
        status=405,
        text="has more than one maintainer",
        allowed=revised("DELETE", "@acme/core"),
        settings=owned("single"),
    ),
    Case(
        rule="stage-approval",
        refused=decide("approve"),
        status=401,
        text="one-time pass",
        allowed=decide("approve", otp=CODE),
        before=[stage("acme", "1.1.0")],
    ),
    Case(
        rule="stage-approval",
        refused=decide("reject", otp="1"),
        status=401,
        text="one-time pass",
        allowed=decide("reject", otp=CODE),
        before=[stage("acme", "1.1.0")],
    ),
    Case(
        rule="stage-account",
        refused=decide("approve", token="single", otp=CODE),
        status=403,
        text="Please enable 2fa",
        allowed=decide("approve", **ANY_OTP),
        before=[stage("acme", "1.1.0", token="single")],
        settings=owned("single"),
    ),
    Case(
        rule="stage-unknown",
        refused=decide("approve", otp=CODE, identifier="00000000-0000-4000-8000-000000000000"),
        status=404,
        text="No staged package version found",
        allowed=decide("approve", otp=CODE),
        before=[stage("acme", "1.1.0")],
    ),
    Case(
        rule="stage-unknown",
        refused=get("/-/stage/00000000-0000-4000-8000-000000000000", token=TOKEN),
        status=404,
        text="No staged package version found",
        allowed=get("/-/stage", token=TOKEN),
    ),
    Case(
        rule="stage-by-publisher",
        refused=trusted(get("/-/stage")),
        status=401,
        text="Unauthorized",
        allowed=trusted(stage("acme", "1.1.0")),
        settings=trusting("stage"),
    ),
    *(
        Case(
            rule="publisher-trusted",
            refused=refused,
            status=404,
            text="package not found",
            allowed=exchange(),
            settings=trusting("publish"),
        )
        for refused in (
            exchange("nowhere"),
            exchange("@acme/core"),
            exchange(repository="Acme/rocket"),
            exchange(workflow_ref="acme/rocket/.github/workflows/other.yml@refs/heads/main"),
        )
    ),
    *(
        Case(
            rule="publisher-identity",
            refused=refused,
            status=401,
            text="OIDC token exchange error",
            allowed=exchange(),
            settings=trusting("publish"),
        )
        for refused in (
            exchange(aud="npm:elsewhere"),
            exchange(iss="https://example.org"),
            exchange(exp="1"),
            exchange(runner_environment="self-hosted"),
            Exchange(method="POST", path=EXCHANGE + "acme", made=lambda: identity()[:-8] + "AAAAAAAA"),
            Call(method="POST", path=EXCHANGE + "acme", token=None),
        )
    ),
    Case(
        rule="publisher-actions",
        refused=trusted(publish("acme", "1.1.0")),
        status=403,
        text="OIDC permission denied for this action",
        allowed=trusted(stage("acme", "1.1.0")),
        settings=trusting("stage"),
    ),
    Case(
        rule="publisher-actions",
        refused=trusted(stage("acme", "1.1.0")),
        status=403,
        text="OIDC permission denied for this action",
        allowed=trusted(publish("acme", "1.1.0")),
        settings=trusting("publish"),
    ),
    Case(
        rule="publisher-scope",
        refused=trusted(set_tag("acme", "next", "1.0.0")),
        status=401,
        text="Unauthorized",
        allowed=trusted(publish("acme", "1.1.0")),
        settings=trusting("publish"),
    ),
    Case(
        rule="publisher-scope",
        refused=trusted(publish("@acme/core")),
        status=403,
        text="permission to publish",
        allowed=trusted(publish("acme", "1.1.0")),
        settings=trusting("publish"),
    ),
    Case(
        rule="trust-package",
        refused=trust("nowhere"),
        status=404,
        text="Not found",
        allowed=trust(),
    ),
    *(
        Case(rule="trust-person", refused=refused, status=403, text=text, allowed=trust())
        for refused, text in (
            (trust(token=TOKEN), "two-factor authentication"),
            (trust(token="reader"), "read-only"),
            (trust(token="stranger"), "permission"),
            (trust(method="GET", token=TOKEN), "two-factor authentication"),
        )
    ),
    Case(
        rule="trust-account",
        refused=trust(token="single"),
        status=403,
        text="Please enable 2fa",
        allowed=trust(),
        settings=owned("single"),
    ),
    *(
        Case(
            rule="trust-code",
            refused=trust(method=method, otp=otp),
            status=401,
            text="one-time pass",
            allowed=trust(method=method),
        )
        for method, otp in (("POST", None), ("POST", "1"), ("GET", None))
    ),
    Case(
        rule="trust-publisher",
        refused=trusted(trust(method="GET")),
        status=401,
        text="Unauthorized",
        allowed=trusted(publish("acme", "1.1.0")),
        settings=trusting("publish"),
    ),
    *(
        Case(
            rule="trust-whole",
            refused=trust(body=[changed] if changed else changed),
            status=400,
            text="Invalid trusted publisher configuration",
            allowed=trust(),
        )
        for changed in (
            {},
            {**WORKFLOW, "type": "jenkins"},
            {**WORKFLOW, "permissions": []},
            {**WORKFLOW, "permissions": ["all"]},
            {**WORKFLOW, "claims": {"workflow_ref": {"file": "release.yml"}}},
            {**WORKFLOW, "claims": {"repository": "acme/rocket"}},
            {**WORKFLOW, "claims": {"repository": "acme/rocket", "workflow_ref": {"file": "a/release.yml"}}},
            {**WORKFLOW, "claims": {"repository": "acme/rocket", "workflow_ref": {"file": "release"}}},
        )
    ),
    *(
        Case(
            rule="trust-one",
            refused=trust(body=body),
            status=409,
            text="already exists",
            allowed=revoke(),
            before=[trust()],
        )
        for body in ([WORKFLOW], [WORKFLOW, WORKFLOW])
    ),
    Case(
        rule="trust-known",
        refused=revoke("00000000-0000-4000-8000-000000000000"),
        status=404,
        text="configuration not found",
        allowed=revoke(),
        before=[trust()],
    ),
    Case(
        rule="trust-id",
        refused=revoke("first"),
        status=400,
        text="id format",
        allowed=revoke(),
        before=[trust()],
    ),
    Case(
        rule="publisher-trusted",
        refused=exchange(environment="other"),
        status=404,
        text="package not found",
        allowed=exchange(environment="release"),
        before=[trust(body=[{**WORKFLOW, "claims": {**WORKFLOW["claims"], "environment": "release"}}])],
    ),
    Case(
        rule="read-restricted",
        refused=get("/@acme/core"),
        status=404,
        text="Not found",
        allowed=get("/@acme/core", token=TOKEN),
        settings=settings("@acme/core", access="restricted"),
    ),
    Case(
        rule="read-restricted",
        refused=get("/@acme/core/-/core-0.9.0.tgz", token="stranger"),
        status=404,
        text="Not found",
        allowed=get("/@acme/core/-/core-0.9.0.tgz", token=TOKEN),
        settings=settings("@acme/core", access="restricted"),
    ),
)

ELSEWHERE = {"tarball-size": "the server of every embedded service takes no body above its limit"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_what_the_npm_registry_refuses_is_refused_and_no_more(case: Case) -> None:
    registry = case.registry()
    before = registry.dump()

    answer = case.refused.send(registry)

    assert (answer.status, case.text in json.loads(answer.body)["error"]) == (case.status, True), answer.body
    assert registry.dump() == before, "a refusal changes nothing"
    allowed = case.allowed.send(registry)
    assert allowed.status < 300, allowed.body


def test_each_rule_of_the_table_has_its_request() -> None:
    rules = {one.id for one in read_rules("npm").rules if one.index}

    assert rules == {case.rule for case in CASES} | ELSEWHERE.keys()


def test_a_demand_for_a_second_factor_is_told_by_its_header() -> None:
    registry = NpmRegistry(settings=SEEDED)

    answer = publish("acme", "1.1.0", token="person").send(registry)

    assert (answer.status, answer.headers["www-authenticate"]) == (401, "OTP")


def test_one_password_serves_several_approvals_while_it_is_accepted() -> None:
    registry = NpmRegistry(settings={**SEEDED, "users": {"world": {"otp": ["1", "2"], "otp_uses": 2}}})
    for number in ("1.1.0", "1.2.0", "1.3.0"):
        assert stage("acme", number).send(registry).status == 201

    codes = [decide("approve", otp=code).send(registry).status for code in ("1", "1", "1", "2")]

    assert codes == [201, 201, 401, 201]
