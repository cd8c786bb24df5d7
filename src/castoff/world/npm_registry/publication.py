"""What clients send to publish or to stage a version, checked against the tarball in it.

The shape is that of `npm/api-documentation` (`publish.yaml`, `stage.yaml`): one version with its tarball, one
dist-tag that names it, and a bundle of provenance, if any.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from castoff.world.certificates import Signer, signer_of
from castoff.world.npm_registry.refusal import Refused
from castoff.world.npm_registry.tarball import integrity, read_tarball, shasum


def check_provenance(bundle: dict[str, Any], manifest: dict[str, Any], tarball: bytes) -> None:
    """Refuse a statement of another tarball, or of a repository that the manifest does not name."""
    statement = _statement(bundle)
    subject = (statement.get("subject") or [{}])[0]
    digest = hashlib.sha512(tarball).hexdigest()
    purl = f"pkg:npm/{quote(str(manifest['name']), safe='/')}@{quote(str(manifest['version']), safe='')}"
    if subject.get("digest", {}).get("sha512") != digest or subject.get("name") != purl:
        raise _unverified("the subject is not the package that is published")
    expected = _repository_of(statement)
    signer = _signer(bundle)
    if _plain(signer.repository) != _plain(expected):
        raise _unverified("the certificate is of another repository than the statement")
    named = _url(manifest.get("repository"))
    if _plain(named) != _plain(expected):
        raise _unverified(
            f'Failed to validate repository information: package.json: "repository.url" is "{named}", expected to '
            f'match "{expected}" from provenance'
        )


def _statement(bundle: dict[str, Any]) -> dict[str, Any]:
    try:
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _unverified("the bundle holds no statement") from error
    if not isinstance(statement, dict):
        raise _unverified("the bundle holds no statement")
    return statement


def _signer(bundle: dict[str, Any]) -> Signer:
    """Return who signed a bundle; the shape is that of Sigstore's bundles 0.2 and 0.3."""
    try:
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        certificate = material.get("certificate") or material["x509CertificateChain"]["certificates"][0]
        signature = envelope["signatures"][0]["sig"]
        return signer_of(
            base64.b64decode(certificate["rawBytes"]),
            base64.b64decode(envelope["payload"]),
            base64.b64decode(signature),
        )
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise _unverified(f"the signature cannot be verified: {error}") from error


def _repository_of(statement: dict[str, Any]) -> str:
    """Return the repository of GitHub's statements (SLSA 1.0) or of GitLab's (0.2)."""
    predicate = statement.get("predicate", {})
    workflow = predicate.get("buildDefinition", {}).get("externalParameters", {}).get("workflow", {})
    source = predicate.get("invocation", {}).get("configSource", {}).get("uri", "")
    return str(workflow.get("repository") or source)


def _url(repository: object) -> str:
    if isinstance(repository, dict):
        return str(repository.get("url") or "")
    return repository if isinstance(repository, str) else ""


def _plain(url: str) -> str:
    shorthand = re.fullmatch(r"(?:github:)?([^/:]+/[^/:]+)", url)
    address = f"https://github.com/{shorthand[1]}" if shorthand else url
    address = re.sub(r"^(?:git\+)?(?:https?|ssh|git)://(?:[^@/]*@)?|^git@", "", address).replace(":", "/", 1)
    return re.sub(r"(?:\.git)?/?$", "", address)


def _unverified(text: str) -> Refused:
    return Refused(f"Error verifying sigstore provenance bundle: {text}", 422)


_BUNDLE = "application/vnd.dev.sigstore.bundle"
_NUMBER = r"(?:0|[1-9]\d{0,15})"
_LABELS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_LABELS})?(?:\+{_LABELS})?")
_ANY = r"(?:\d+|[xX*])"
_RANGE = re.compile(rf"[v=<>~^]*\s*{_ANY}(?:\.{_ANY}(?:\.{_ANY}(?:[-+].*)?)?)?|")


class Publication(Struct, frozen=True, kw_only=True):
    """One version to be published, with the tag that it gets, and the access that is asked for."""

    name: str
    number: str
    manifest: dict[str, Any]
    tarball: bytes
    tag: str
    access: str | None
    provenance: dict[str, Any] | None = None


def read_json(body: bytes) -> Any:
    """Read any JSON."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise Refused(f"invalid JSON: {error}") from error


def read_document(body: bytes) -> dict[str, Any]:
    """Read a JSON object."""
    document = read_json(body)
    if not isinstance(document, dict):
        raise Refused("the body is not an object")
    return document


def read_publication(name: str, document: dict[str, Any]) -> Publication:
    """Check what is published; the tarball's own `package.json` must agree."""
    versions, attachments = document.get("versions"), document.get("_attachments")
    if document.get("name") != name or not isinstance(versions, dict) or len(versions) != 1:
        raise Refused("a document publishes exactly one version of the package that it names")
    number, manifest = next(iter(versions.items()))
    if not isinstance(manifest, dict) or not is_version(number) or manifest.get("version") != number:
        raise Refused(f"Invalid version: {number}")
    tarball, bundle = _read_attachments(attachments)
    contents = _check_tarball(name, number, manifest, tarball)
    if bundle is not None:
        check_provenance(bundle, manifest, tarball)
    access = document.get("access")
    return Publication(
        name=name,
        number=number,
        manifest={**manifest, "dist": {**_digests(tarball), **contents}},
        tarball=tarball,
        tag=_read_tag(document.get("dist-tags"), number),
        access=access if isinstance(access, str) else None,
        provenance=bundle,
    )


def is_version(text: str) -> bool:
    """Return whether a text is a version as the registry takes it."""
    labels = text.partition("+")[0].partition("-")[2].split(".")
    padded = any(label.isdigit() and label != "0" and label.startswith("0") for label in labels)
    return _VERSION.fullmatch(text) is not None and not padded


def check_tag(tag: str) -> None:
    """Refuse a tag that reads as a range of versions, since an install could not tell them apart."""
    if _RANGE.fullmatch(tag.strip()):
        raise Refused(f"Tag name must not be a valid SemVer range: {tag}")


def _read_tag(tags: object, number: str) -> str:
    if not isinstance(tags, dict) or len(tags) != 1 or next(iter(tags.values())) != number:
        raise Refused("a version is published with one dist-tag, which names it")
    tag = str(next(iter(tags)))
    check_tag(tag)
    return tag


def _read_attachments(attachments: object) -> tuple[bytes, dict[str, Any] | None]:
    if not isinstance(attachments, dict) or not attachments:
        raise Refused("Missing required fields: _attachments")
    listed = [one for one in attachments.values() if isinstance(one, dict)]
    bundles = [one for one in listed if str(one.get("content_type", "")).startswith(_BUNDLE)]
    tarballs = [one for one in listed if one not in bundles]
    if len(listed) != len(attachments) or len(tarballs) != 1 or len(bundles) > 1:
        raise Refused("a version has one tarball, and one bundle of provenance at most")
    return _decoded(tarballs[0]), read_document(str(bundles[0].get("data")).encode()) if bundles else None


def _decoded(attachment: dict[str, Any]) -> bytes:
    try:
        tarball = base64.b64decode(attachment["data"], validate=True)
    except (TypeError, KeyError, ValueError, binascii.Error) as error:
        raise Refused("the attachment is malformed") from error
    # The length is that of the file; its absence is allowed by the description, a wrong one is a cut upload.
    if attachment.get("length", len(tarball)) != len(tarball):
        raise Refused("the attachment's length is not that of its data")
    return tarball


def _check_tarball(name: str, number: str, manifest: dict[str, Any], tarball: bytes) -> dict[str, Any]:
    dist = manifest.get("dist")
    given = dist if isinstance(dist, dict) else {}
    if any(given.get(key) != digest for key, digest in _digests(tarball).items()):
        raise Refused("the digests are not those of the attachment")
    contents = read_tarball(tarball)
    found = contents.package
    if found.get("name") != name or found.get("version") != number:
        raise Refused(f"the package.json in the tarball is of {found.get('name')}@{found.get('version')}")
    if found.get("private") or manifest.get("private"):
        raise Refused("This package has been marked as private", 403)
    return {"fileCount": contents.file_count, "unpackedSize": contents.unpacked_size}


def _digests(tarball: bytes) -> dict[str, str]:
    return {"integrity": integrity(tarball), "shasum": shasum(tarball)}
