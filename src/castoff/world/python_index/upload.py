"""The checks of an upload, in PyPI's order and words."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from castoff.world.messages import Rejected, Request
from castoff.world.python_index.archives import check_archive
from castoff.world.python_index.artifact import read_artifact
from castoff.world.python_index.attestations import check_attestations
from castoff.world.python_index.file_names import check_characters, check_extension, check_name
from castoff.world.python_index.form_metadata import check_description, read_metadata
from castoff.world.python_index.multipart import Form, parse_form
from castoff.world.python_index.store import Offered, Store
from castoff.world.python_index.trusted import TrustedPublishing

_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE | re.ASCII)
_HEX = re.compile(r"[a-fA-F0-9]{64}")


def check_token(request: Request) -> str:
    """Refuse a request without a token; return the token, which stands for its user."""
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    if kind.lower() == "basic" and user != "__token__" and password:
        raise Rejected(
            "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers "
            "instead.",
            403,
        )
    if kind.lower() != "basic" or not password:
        raise Rejected("Invalid or non-existent authentication information.", 403)
    return password


def receive(request: Request, store: Store, trusted: TrustedPublishing) -> None:
    """Check an upload and keep its file; raise :class:`Rejected`.

    Where the store does not stand for PyPI (``is_pypi``), only those rules apply that any index has: forms, core
    metadata, file names, readable archives.
    """
    user = check_token(request)
    form = parse_form(request.headers.get("content-type", ""), request.body)
    if form is None:
        raise Rejected("Invalid form: expected multipart/form-data.")
    _check_form(form)
    metadata = read_metadata(form, is_pypi=store.is_pypi)
    if form.filename is None:
        raise Rejected("Upload payload does not have a file.")
    filename = form.filename
    publisher = trusted.require(user, metadata.name, exists=store.owns(metadata.name))
    if store.is_pypi:
        store.check_project(metadata.name, user)
        check_description(metadata)
    check_characters(filename)
    check_extension(filename, form.one("filetype"))
    if form.content_type.startswith("image/"):  # a part without a type counts as text, and is taken
        raise Rejected("Invalid distribution file.")
    offered = Offered.of(filename, form.content, metadata)
    store.check_size(offered)
    check_digests(form)
    if store.holds(offered):
        return
    if store.is_pypi:
        check_archive(filename, form.content, metadata)
    check_name(filename, metadata, is_pypi=store.is_pypi)
    provenance = None
    if store.is_pypi and form.one("attestations"):
        provenance = check_attestations(form.one("attestations"), offered, publisher)
    artifact = read_artifact(filename, form.content, metadata)
    store.add(artifact, late=request.late, user=user, provenance=provenance)


def _check_form(form: Form) -> None:
    if form.stray:
        raise Rejected(f"{form.stray[0]}: Should not be a tuple.")
    if form.one(":action") in ("submit", "submit_pkg_info", "doc_upload"):
        raise Rejected("This action is no longer supported, upload your files instead.", 410)
    if form.one(":action") != "file_upload":
        raise Rejected("Unknown action.")
    if form.one("protocol_version") not in ("", "1"):
        raise Rejected("Unknown protocol version.")
    for needed in ("name", "filetype"):
        if not form.one(needed):
            raise Rejected(f"Invalid value for {needed}. Error: This field is required.")
    if _NAME.fullmatch(form.one("name")) is None:
        raise Rejected(
            f"{form.one('name')!r} is an invalid value for Name. Error: Start and end with a letter or numeral "
            "containing only ASCII numeric and '.', '_' and '-'."
        )
    filetype, python = form.one("filetype"), form.one("pyversion")
    if filetype not in ("sdist", "bdist_wheel"):
        raise Rejected("Invalid value for filetype. Error: Use a known file type.")
    if filetype == "bdist_wheel" and not python:
        raise Rejected(
            "Invalid value for pyversion. Error: Python version is required for binary distribution uploads."
        )
    if filetype == "sdist" and python not in ("", "source"):
        raise Rejected("Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.")


def check_digests(form: Form) -> None:
    """Compare each digest of the form with the file; at least one must be there."""
    digests = {
        "md5_digest": hashlib.md5(form.content, usedforsecurity=False).hexdigest(),
        "sha256_digest": hashlib.sha256(form.content).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(form.content, digest_size=32).hexdigest(),
    }
    sent = {name: form.one(name) for name in digests if form.one(name)}
    if not sent:
        raise Rejected("Error: Include at least one message digest.")
    for name, digest in sent.items():
        if name != "md5_digest" and _HEX.fullmatch(digest) is None:
            raise Rejected(f"Invalid value for {name}. Error: Use a valid, hex-encoded, message digest.")
        if digest.lower() != digests[name]:
            raise Rejected("The digest supplied does not match a digest calculated from the uploaded file.")
