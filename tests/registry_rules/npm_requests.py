"""Requests to the embedded npm registry, as clients send them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from castoff.world.clients import TOKEN
from castoff.world.messages import Late, Request, Response
from castoff.world.npm_registry import NpmRegistry

BASE = "https://127.0.0.1:1"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; ``path`` and ``body`` may depend on the registry (a revision, the id of a staged version)."""

    method: str
    path: str | Callable[[NpmRegistry], str]
    body: object | Callable[[NpmRegistry], object] = None
    token: str | None = TOKEN
    otp: str | None = None
    late: Late | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, registry: NpmRegistry) -> Response:
        path = self.path(registry) if callable(self.path) else self.path
        body = self.body(registry) if callable(self.body) else self.body
        headers = dict(self.headers)
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token}"
        if self.otp is not None:
            headers["npm-otp"] = self.otp
        raw = b"" if body is None else json.dumps(body).encode()
        plain, _, query = path.partition("?")
        asked = {key: [value] for key, _, value in (one.partition("=") for one in query.split("&") if one)}
        return registry.handle(Request(self.method, plain, asked, headers, raw, BASE, self.late))


def tarball(package: Mapping[str, Any], *links: tarfile.TarInfo) -> bytes:
    """Make a tarball with a manifest, and links if named."""
    text = json.dumps(package).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("package/package.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
        for link in links:
            archive.addfile(link)
    return gzip.compress(buffer.getvalue(), mtime=0)


def link(kind: bytes) -> tarfile.TarInfo:
    made = tarfile.TarInfo("package/again.json")
    made.type, made.linkname = kind, "package/package.json"
    return made


def publication(
    name: str = "@acme/core",
    version: str = "1.0.0",
    *,
    tag: str = "latest",
    access: str | None = "public",
    packed: bytes | None = None,
    **fields: object,
) -> Document:
    """Make the document of a publication; ``fields`` belong to the manifest."""
    manifest = {"name": name, "version": version, **fields}
    content = tarball(manifest) if packed is None else packed
    dist = {
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(),
        "shasum": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
    }
    attachment = {
        "content_type": "application/octet-stream",
        "data": base64.b64encode(content).decode(),
        "length": len(content),
    }
    return {
        "_id": name,
        "name": name,
        "access": access,
        "dist-tags": {tag: version},
        "versions": {version: {**manifest, "_id": f"{name}@{version}", "dist": dist}},
        "_attachments": {f"{name}-{version}.tgz": attachment},
    }


def publish(
    name: str = "@acme/core",
    version: str = "1.0.0",
    *,
    token: str | None = TOKEN,
    otp: str | None = None,
    late: Late | None = None,
    path: str | None = None,
    change: Callable[[Document], object] = lambda _document: None,
    **values: Any,
) -> Call:
    document = publication(name, version, **values)
    change(document)
    return Call(method="PUT", path=path or f"/{name}", body=document, token=token, otp=otp, late=late)


def stage(
    name: str = "@acme/core", version: str = "1.0.0", *, token: str | None = TOKEN, **values: Any
) -> Call:
    document = publication(name, version, **values)
    return Call(method="POST", path=f"/-/stage/package/{name}", body=document, token=token)


def get(path: str, *, token: str | None = None, **headers: str) -> Call:
    return Call(method="GET", path=path, token=token, headers=headers)


def packument(registry: NpmRegistry, name: str = "@acme/core") -> Document:
    return dict(json.loads(get(f"/{name}", token=TOKEN).send(registry).body))


def revised(
    method: str,
    name: str,
    *,
    rest: str = "",
    without: str | None = None,
    token: str = TOKEN,
    otp: str | None = None,
) -> Call:
    """Take a version, or all, out of the current document, as `npm unpublish` does."""

    def path(registry: NpmRegistry) -> str:
        return f"/{name}{rest}/-rev/{packument(registry, name)['_rev']}"

    def body(registry: NpmRegistry) -> object:
        document = packument(registry, name)
        if without is not None:
            del document["versions"][without]
            document["dist-tags"] = {tag: at for tag, at in document["dist-tags"].items() if at != without}
        return document if method == "PUT" else None

    return Call(method=method, path=path, body=body, token=token, otp=otp)


def set_tag(name: str, tag: str, version: str, *, token: str = TOKEN, otp: str | None = None) -> Call:
    return Call(method="PUT", path=f"/-/package/{name}/dist-tags/{tag}", body=version, token=token, otp=otp)


def drop_tag(name: str, tag: str, *, token: str = TOKEN, otp: str | None = None) -> Call:
    return Call(method="DELETE", path=f"/-/package/{name}/dist-tags/{tag}", token=token, otp=otp)


def staged_id(registry: NpmRegistry) -> str:
    return registry.store.all_staged()[0].id


def decide(how: str, *, token: str = TOKEN, otp: str | None = None, identifier: str | None = None) -> Call:
    """Approve or reject what was staged last, or what ``identifier`` names."""
    end = "/approve" if how == "approve" else ""
    method = "POST" if how == "approve" else "DELETE"
    return Call(
        method=method,
        path=lambda registry: f"/-/stage/{identifier or staged_id(registry)}{end}",
        token=token,
        otp=otp,
    )
