"""Metadata of an upload form, judged by the rules of the core metadata and by PyPI's own.

PyPI validates what the form says, not the file's METADATA; clients copy one into the other. Source: warehouse
`forklift/metadata.py`, read at the commit that `registry_rules/pypi.toml` names.
"""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any, cast

from packaging.metadata import Metadata, RawMetadata
from packaging.requirements import InvalidRequirement, Requirement

from castoff.world.messages import Rejected
from castoff.world.python_index.multipart import Form

_VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
_LONGEST_SUMMARY, _LONGEST_LABEL = 512, 32
_PLURAL = {
    "platform": "platforms",
    "supported_platform": "supported_platforms",
    "license_file": "license_files",
    "import_name": "import_names",
    "import_namespace": "import_namespaces",
}
_FIRST = ("metadata-version", "name", "version")
_SEE = "See the specification of core metadata for more information."


def read_metadata(form: Form, *, is_pypi: bool) -> Metadata:
    """Read and judge the metadata of a form; raise :class:`Rejected`."""
    try:
        metadata = Metadata.from_raw(_raw(form), validate=True)
    except ExceptionGroup as group:
        errors = [(str(getattr(one, "field", "")), str(one)) for one in group.exceptions]
        raise Rejected(_first(errors)) from group
    if is_pypi and (found := list(_objections(metadata))):
        raise Rejected(_first(found))
    return metadata


def check_description(metadata: Metadata) -> None:
    """Render the description as the project's page will; raise :class:`Rejected` if that fails."""
    if not metadata.description:
        return
    from readme_renderer import markdown, rst, txt

    declared = metadata.description_content_type
    message = EmailMessage()
    message["content-type"] = declared or "text/x-rst"
    renderer = {"text/x-rst": rst, "text/markdown": markdown}.get(message.get_content_type(), txt)
    if renderer.render(metadata.description) is None:
        how = f"for '{declared}'" if declared else "in the default format of reStructuredText"
        raise Rejected(f"The description failed to render {how}. See the help for more information.")


def _raw(form: Form) -> RawMetadata:
    raw: dict[str, Any] = {}
    for key, values in form.fields.items():
        name = _PLURAL.get(key, key)
        kind = str(RawMetadata.__annotations__.get(name, ""))
        if not kind or values == ("",):
            continue
        if "dict" in kind:
            raw[name] = _project_urls(values)
        elif name == "keywords":
            raw[name] = [one.strip() for one in values[0].split(",")]
        elif "list" in kind:
            raw[name] = list(values)
        elif len(values) > 1:
            raise Rejected(f"{key!r} has invalid data. {_SEE}")
        else:
            raw[name] = values[0]
    return cast("RawMetadata", raw)


def _project_urls(values: tuple[str, ...]) -> dict[str, str]:
    urls: dict[str, str] = {}
    for value in values:
        label, _, url = value.partition(",")
        if label.strip() in urls:
            raise Rejected(f"'project_urls' has invalid data. {_SEE}")
        urls[label.strip()] = url.strip()
    return urls


def _objections(metadata: Metadata) -> Iterator[tuple[str, str]]:
    """Give field and fact of each rule that PyPI applies beyond those of the core metadata."""
    if metadata.metadata_version not in _VERSIONS:
        yield "metadata-version", f"{metadata.metadata_version!r} is not a valid metadata version"
    if metadata.version.local is not None:
        yield "version", f"The use of local versions in '{metadata.version}' is not allowed."
    if len(metadata.summary or "") > _LONGEST_SUMMARY:
        yield "summary", f"'summary' field must be {_LONGEST_SUMMARY} characters or less."
    yield from _addresses(metadata)
    yield from _classifiers(frozenset(metadata.classifiers or ()))
    yield from _urls(metadata)
    yield from _requirements(metadata)
    if metadata.license and metadata.license_expression:
        yield (
            "license",
            "License is deprecated when License-Expression is present. Only License-Expression should be present.",
        )


def _addresses(metadata: Metadata) -> Iterator[tuple[str, str]]:
    from email_validator import EmailNotValidError, validate_email

    for field in ("author_email", "maintainer_email"):
        _, address = email.utils.parseaddr(getattr(metadata, field) or "")
        if address:
            try:
                validate_email(address, check_deliverability=False)
            except EmailNotValidError as error:
                yield field.replace("_", "-"), f"{address!r} is not a valid email address: {error}"


def _classifiers(given: frozenset[str]) -> Iterator[tuple[str, str]]:
    from trove_classifiers import classifiers, deprecated_classifiers

    for one in sorted(given - classifiers - deprecated_classifiers.keys()):
        yield "classifier", f"{one!r} is not a valid classifier."
    for one in sorted(given & deprecated_classifiers.keys()):
        instead = deprecated_classifiers[one]
        yield (
            "classifier",
            f"The classifier {one!r} has been deprecated"
            + (f", use one of {instead} instead." if instead else "."),
        )


def _urls(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for field in ("home_page", "download_url"):
        url = getattr(metadata, field)
        if url is not None and not _is_http(url):
            yield field.replace("_", "-"), f"{url!r} is not a valid url."
    for label, url in (metadata.project_urls or {}).items():
        if not label:
            yield "project-url", "Must have a label"
        elif len(label) > _LONGEST_LABEL:
            yield "project-url", f"{label!r} must be {_LONGEST_LABEL} characters or less."
        elif not url:
            yield "project-url", "Must have a URL"
        elif not _is_http(url):
            yield "project-url", f"{url!r} is not a valid url"


def _is_http(url: str) -> bool:
    """Judge an address as PyPI does: http or https, all parts valid; the host may be missing."""
    from rfc3986 import exceptions, uri_reference, validators

    judge = validators.Validator().allow_schemes("http", "https").require_presence_of("scheme")
    try:
        judge.check_validity_of("scheme", "host", "port", "path", "query").validate(
            uri_reference(url).normalize()
        )
    except exceptions.ValidationError:
        return False
    return True


def _requirements(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for field in ("provides_dist", "obsoletes_dist"):
        for text in getattr(metadata, field) or ():
            try:
                direct = Requirement(text).url is not None
            except InvalidRequirement as error:
                yield field.replace("_", "-"), f"{text!r} is invalid: {error}"
            else:
                if direct:
                    yield field.replace("_", "-"), f"Can't have direct dependency: {text!r}"
    for requirement in metadata.requires_dist or ():
        if requirement.url is not None:
            yield "requires-dist", f"Can't have direct dependency: {requirement}"


def _first(errors: list[tuple[str, str]]) -> str:
    """Choose the error that PyPI shows: those on version of metadata, name and version first, then by field."""
    order = {field: number for number, field in enumerate(_FIRST)}
    _, text = min(errors, key=lambda one: (order.get(one[0], len(order)), one[0]))
    return f"{text}{'' if text.endswith('.') else '.'} {_SEE}"
