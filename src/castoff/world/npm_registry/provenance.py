"""Statements of provenance that come with a version: subject and repository are checked, signatures are not.

Refusals: 422, as in npm/cli#8036.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import quote

from castoff.world.npm_registry.refusal import Refused


def check_provenance(bundle: dict[str, Any], manifest: dict[str, Any], tarball: bytes) -> None:
    """Refuse a statement of another tarball, or of a repository that the manifest does not name."""
    statement = _statement(bundle)
    subject = (statement.get("subject") or [{}])[0]
    digest = hashlib.sha512(tarball).hexdigest()
    purl = f"pkg:npm/{quote(str(manifest['name']), safe='/')}@{quote(str(manifest['version']), safe='')}"
    if subject.get("digest", {}).get("sha512") != digest or subject.get("name") != purl:
        raise _unverified("the subject is not the package that is published")
    expected = _repository_of(statement)
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
