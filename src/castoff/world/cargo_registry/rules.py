"""May this crate be published? What crates-io checks and no dry run does, in its order and words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from castoff.world.cargo_registry.categories import SLUGS
from castoff.world.cargo_registry.published import Dependency
from castoff.world.cargo_registry.rejection import Rejected

FEATURES = 300
DEPENDENCIES = 500
DESCRIPTION = 1000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FEATURE = re.compile(r"[\w][\w+.-]*")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")
_LICENSE = re.compile(r"[A-Za-z0-9.+()-]+(?:\s+[A-Za-z0-9.+()-]+)*")
_RUST = re.compile(r"\d{1,9}(\.\d{1,9}){0,2}")
_RESERVED = frozenset(
    """
    alloc arena ast builtin collections compiler-builtins compiler_builtins core coretest debug driver flate
    fmt_macros grammar graphviz macro macros proc_macro rbml rustc rustdoc rustllvm serialize std syntax test
    unicode nul con prn aux
    """.split()  # noqa: SIM905 - a list of words reads better so
)


def check_name(name: str) -> None:
    """Reject a crate name that crates-io does not take."""
    if len(name) > 64:
        raise Rejected(f"the crate name `{name}` is too long (max 64 characters)")
    if not _NAME.fullmatch(name):
        raise Rejected(
            f"invalid character in crate name: `{name}`, the name must be ASCII letters, digits, `-` or `_` "
            "and start with a letter"
        )
    if name.lower().replace("-", "_") in {reserved.replace("-", "_") for reserved in _RESERVED}:
        raise Rejected("cannot upload a crate with a reserved name")


def check_package(package: dict[str, Any]) -> None:
    """Reject missing or malformed metadata."""
    missing = [] if package.get("description") else ["description"]
    if not package.get("license") and not package.get("license-file"):
        missing.append("license")
    if missing:
        raise Rejected(
            f"missing or empty metadata fields: {', '.join(missing)}. Please see the Cargo Book's page on the "
            "manifest for more information on configuring these fields"
        )
    if len(str(package["description"])) > DESCRIPTION:
        raise Rejected(
            f"The `description` is too long. A maximum of {DESCRIPTION} characters are currently allowed."
        )
    _check_license(package.get("license"))
    for field in ("homepage", "documentation", "repository"):
        _check_url(package.get(field), field)
    if "rust-version" in package and not _RUST.fullmatch(str(package["rust-version"])):
        raise Rejected("failed to parse `Cargo.toml` manifest file\n\ninvalid `rust-version` value")
    _check_keywords(package.get("keywords", []))
    if len(package.get("categories", [])) > 5:
        raise Rejected("expected at most 5 categories per crate")


def check_categories(package: dict[str, Any]) -> None:
    """Reject categories that crates-io does not know."""
    unknown = [str(slug) for slug in package.get("categories", []) if str(slug).lower() not in SLUGS]
    if unknown:
        raise Rejected(
            "The following category slugs are not currently supported on crates-io: "
            f"{', '.join(unknown)}\n\nSee its page of category slugs for a list of supported slugs."
        )


def check_features(features: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    """Reject too many features, and names that are none."""
    most = max([len(features), *(len(values) for _, values in features)])
    if most > FEATURES:
        raise Rejected(f"crates-io only allows a maximum number of {FEATURES} features, not {most}")
    for name, values in features:
        if not _FEATURE.fullmatch(name):
            raise Rejected(f"invalid character in feature `{name}`")
        for value in values:
            parts = value.removeprefix("dep:").replace("?/", "/").split("/")
            if len(parts) > 2 or not all(_FEATURE.fullmatch(part) for part in parts):
                raise Rejected(f"invalid character in feature `{value}`")


def check_dependencies(dependencies: tuple[Dependency, ...], known: Callable[[str], bool]) -> None:
    """Reject dependencies on other registries and on names that nobody knows."""
    if len(dependencies) > DEPENDENCIES:
        raise Rejected(f"crates-io only allows a maximum number of {DEPENDENCIES} dependencies.")
    for dependency in dependencies:
        if dependency.registry is not None:
            raise Rejected(
                f"Dependency `{dependency.crate}` is hosted on another registry. Cross-registry dependencies "
                "are not permitted on crates-io."
            )
    for dependency in dependencies:
        if not known(dependency.crate):
            raise Rejected(f"no known crate named `{dependency.crate}`")


def _check_license(text: object) -> None:
    if text is None:
        return
    words = str(text).replace("/", " OR ").replace("(", " ( ").replace(")", " ) ").split()
    operands = [word for word in words if word not in ("AND", "OR", "WITH", "(", ")")]
    operators = [word for word in words if word in ("AND", "OR", "WITH")]
    if not _LICENSE.fullmatch(" ".join(words)) or len(operands) != len(operators) + 1:
        raise Rejected(
            "unknown or invalid license expression; see SPDX for options\n"
            "Note: If you have a non-standard license that is not listed by SPDX, use the license-file field."
        )


def _check_url(url: object, field: str) -> None:
    if url is None:
        return
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Rejected(f"URL for field `{field}` must begin with http:// or https:// (url: {url})")
    if not re.match(r"https?://[^/\s]+", url) or re.search(r"\s", url):
        raise Rejected(f"`{field}` is not a valid url: `{url}`")


def _check_keywords(keywords: object) -> None:
    if not isinstance(keywords, list) or len(keywords) > 5:
        raise Rejected("expected at most 5 keywords per crate")
    for keyword in keywords:
        if len(str(keyword)) > 20:
            raise Rejected(f'"{keyword}" is an invalid keyword (keywords must have less than 20 characters)')
        if not _KEYWORD.fullmatch(str(keyword)):
            raise Rejected(f'"{keyword}" is an invalid keyword')
