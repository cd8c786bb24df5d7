"""Versions and requirements as the registry reads them: SemVer, written as the index writes it."""

from __future__ import annotations

import re

from castoff.world.messages import Rejected

VERSION = 150
_NUMBER = r"(?:0|[1-9][0-9]{0,19})"
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_LARGEST = 2**64 - 1
_MOST = 32  # comparators in one requirement, by the crate `semver`
_VERSION = re.compile(rf"({_NUMBER}\.{_NUMBER}\.{_NUMBER})(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?")
_COMPARATOR = re.compile(
    rf"(\^|~|=|>=|<=|>|<)?\s*({_NUMBER}(?:\.{_NUMBER}\.{_NUMBER}(?:-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
    rf"|(?:\.{_NUMBER})?(?:\.[*xX])?|\.[*xX]\.[*xX])?)"
)


def check_version(text: str) -> str:
    """Return a full SemVer version as it is, or reject it."""
    match = _VERSION.fullmatch(text)
    if match is None or _has_leading_zero(match.group(2)) or _is_too_large(match.group(1)):
        raise Rejected(f'"{text}" is an invalid semver version')
    if len(text) > VERSION:
        raise Rejected(f"the version number is too long (max {VERSION} characters)")
    return text


def without_build(version: str) -> str:
    """Drop the build metadata: two versions that differ in nothing else are one to the registry."""
    # Build metadata has no precedence (SemVer 2.0, rule 10).
    return version.partition("+")[0]


def index_requirement(text: str, name: str) -> str:
    """Write a requirement as the index does: ``0.3`` becomes ``^0.3``; reject wildcards alone."""
    if text.strip() in ("*", "x", "X"):
        raise Rejected(_wildcard(name))
    parts = text.split(",")
    written = []
    for part in parts:
        match = _COMPARATOR.fullmatch(part.strip())
        if match is None or len(parts) > _MOST or _is_too_large(match.group(2)):
            raise Rejected(f'"{text}" is an invalid version requirement')
        operator, version = match.groups()
        plain = version.partition("+")[0]
        wild = re.search(r"\.[*xX]$", plain) is not None and "-" not in plain
        written.append(re.sub(r"[xX]", "*", plain) if wild else f"{operator or '^'}{plain}")
    return ", ".join(written)


def precedence(version: str) -> tuple[object, ...]:
    """Return a key that sorts versions by SemVer's precedence."""
    core, _, pre = without_build(version).partition("-")
    numbers = tuple(int(part) for part in core.split("."))
    # Numbers rank below words, and compare as numbers (SemVer 2.0, rule 11.4).
    identifiers = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split("."))
    return (*numbers, 0 if pre else 1, identifiers)


def _is_too_large(version: str) -> bool:
    core = re.split(r"[-+]", version, maxsplit=1)[0]
    return any(part.isdigit() and int(part) > _LARGEST for part in core.split("."))


def _has_leading_zero(pre: str | None) -> bool:
    return any(part.isdigit() and part != "0" and part.startswith("0") for part in (pre or "").split("."))


def _wildcard(name: str) -> str:
    return (
        f"wildcard (`*`) dependency constraints are not allowed on crates-io. Crate with this problem: `{name}` "
        "See the Cargo Book on specifying dependencies for more information"
    )
