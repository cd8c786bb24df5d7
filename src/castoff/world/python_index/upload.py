"""May this upload stay? The form, the token, the file, checked in PyPI's order and words."""

from __future__ import annotations

import base64
import binascii
import hashlib

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from castoff.world.messages import Request
from castoff.world.python_index.artifact import Artifact, UploadRefused, read_artifact, requirement_of
from castoff.world.python_index.multipart import Form, parse_form

FILE_LIMIT = 100 * 1024 * 1024


def check_token(request: Request) -> None:
    """Refuse a request without a token; which one it is does not matter here."""
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    if kind.lower() == "basic" and user != "__token__" and password:
        raise UploadRefused(
            "Username/Password authentication is no longer supported. Migrate to API Tokens instead.", 403
        )
    if kind.lower() != "basic" or not password:
        raise UploadRefused("Invalid or non-existent authentication information.", 403)


def check_upload(request: Request) -> Artifact:
    """Read the form and the file of an upload; raise :class:`UploadRefused`."""
    form = parse_form(request.headers.get("content-type", ""), request.body)
    if form is None:
        raise UploadRefused("Invalid form: expected multipart/form-data.")
    if form.one(":action") != "file_upload":
        raise UploadRefused(
            "Unknown action.", 410 if form.one(":action") in ("submit", "doc_upload") else 400
        )
    if form.one("protocol_version") != "1":
        raise UploadRefused("Unknown protocol version.")
    for needed in ("metadata_version", "name", "version", "filetype"):
        if not form.one(needed):
            raise UploadRefused(f"{needed}: Invalid value. Error: This field is required.")
    if form.filename is None:
        raise UploadRefused("Upload payload does not have a file.")
    if not form.content or len(form.content) > FILE_LIMIT:
        raise UploadRefused("File too large, or empty.")
    check_digests(form)
    return _check_file(form, form.filename)


def check_digests(form: Form) -> None:
    """Compare each digest of the form with the file; at least one must be there."""
    digests = {
        "md5_digest": hashlib.md5(form.content, usedforsecurity=False).hexdigest(),
        "sha256_digest": hashlib.sha256(form.content).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(form.content, digest_size=32).hexdigest(),
    }
    said = {name: form.one(name) for name in digests if form.one(name)}
    if not said:
        raise UploadRefused("Include at least one message digest.")
    for name, digest in said.items():
        if digest.lower() != digests[name]:
            raise UploadRefused(
                "The digest supplied does not match a digest calculated from the uploaded file."
            )


def _check_file(form: Form, filename: str) -> Artifact:
    try:
        version = Version(form.one("version"))
    except InvalidVersion as error:
        raise UploadRefused(f"version: Invalid value. Error: {error}") from error
    if version.local is not None:
        raise UploadRefused(f"The use of local versions in {str(version)!r} is not allowed.")
    for text in form.fields.get("requires_dist", ()):
        if requirement_of(text).url is not None:
            raise UploadRefused(f"Can't have direct dependency: {text}")
    artifact = read_artifact(filename, form.content)
    if artifact.kind != form.one("filetype"):
        raise UploadRefused(f"filetype: {form.one('filetype')!r} is not what {filename!r} is.")
    if artifact.name != canonicalize_name(form.one("name")):
        raise UploadRefused(f"Start filename for {form.one('name')!r} with its normalised name.")
    if artifact.version != version:
        raise UploadRefused(f"Version in filename should be {str(version)!r} not {str(artifact.version)!r}.")
    return artifact
