"""May this document be published? What ``npm publish`` sends, checked against the tarball in it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from castoff.world.npm_registry.tarball import Refused, integrity, read_package, shasum

_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*")
_VERSION = re.compile(r"\d{1,16}\.\d{1,16}\.\d{1,16}(?:-[0-9A-Za-z.-]{1,100})?(?:\+[0-9A-Za-z.-]{1,100})?")


@dataclass(frozen=True, slots=True)
class Offer:
    """One version that somebody wants to publish, with the tags that it shall get."""

    number: str
    manifest: dict[str, Any]
    tarball: bytes
    tags: tuple[str, ...]


def read_document(body: bytes) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Refused(f"invalid JSON: {error}") from error
    if not isinstance(document, dict):
        raise Refused("the body is not an object")
    return document


def read_offer(name: str, document: dict[str, Any]) -> Offer:
    """Check what is offered; the tarball's own ``package.json`` must agree."""
    if len(name) > 214 or not _NAME.fullmatch(name):
        raise Refused(f"Invalid name: {name}")
    versions, attachments = document.get("versions"), document.get("_attachments")
    if document.get("name") != name or not isinstance(versions, dict) or len(versions) != 1:
        raise Refused("a document publishes exactly one version of the package that it names")
    if not isinstance(attachments, dict) or len(attachments) != 1:
        raise Refused("a version has exactly one attachment")
    number, manifest = next(iter(versions.items()))
    if not isinstance(manifest, dict) or not _VERSION.fullmatch(number) or manifest.get("version") != number:
        raise Refused(f"Invalid version: {number}")
    tarball = _attachment(next(iter(attachments.values())))
    _check_tarball(name, number, manifest, tarball)
    tags = document.get("dist-tags")
    names = tuple(tag for tag, tagged in tags.items() if tagged == number) if isinstance(tags, dict) else ()
    if not names:
        raise Refused("a version is published with a dist-tag")
    return Offer(number, manifest, tarball, names)


def _attachment(value: Any) -> bytes:
    try:
        tarball = base64.b64decode(value["data"], validate=True)
        length = value["length"]
    except (TypeError, KeyError, binascii.Error) as error:
        raise Refused("the attachment is malformed") from error
    if length != len(tarball):
        raise Refused("the attachment's length is not what it says")
    return tarball


def _check_tarball(name: str, number: str, manifest: dict[str, Any], tarball: bytes) -> None:
    dist = manifest.get("dist")
    said = dist if isinstance(dist, dict) else {}
    if said.get("integrity") != integrity(tarball) or said.get("shasum") != shasum(tarball):
        raise Refused("the digests are not those of the attachment")
    package = read_package(tarball)
    if package.get("name") != name or package.get("version") != number:
        raise Refused(f"the package.json in the tarball is of {package.get('name')}@{package.get('version')}")
    if package.get("private") is True:
        raise Refused("This package has been marked as private", 403)
