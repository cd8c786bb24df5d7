"""How does the registry read versions and requirements? SemVer, written as the index writes it."""

from __future__ import annotations

import re

from castoff.world.cargo_registry.rejection import Rejected

_NUMBER = r"(?:0|[1-9]\d{0,18})"
_IDENTIFIERS = r"[0-9A-Za-z-]{1,80}(?:\.[0-9A-Za-z-]{1,80}){0,20}"
_VERSION = re.compile(rf"({_NUMBER}\.{_NUMBER}\.{_NUMBER})(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?")
_COMPARATOR = re.compile(
    rf"(\^|~|=|>=|<=|>|<)?\s*({_NUMBER}(?:\.(?:{_NUMBER}|[*xX])){{0,2}}(?:-{_IDENTIFIERS})?)(?:\+{_IDENTIFIERS})?"
)


def check_version(text: str) -> str:
    """Give a full SemVer version back, or reject it."""
    match = _VERSION.fullmatch(text)
    if match is None or len(text) > 100 or _has_leading_zero(match.group(2)):
        raise Rejected(f'"{text}" is an invalid semver version')
    return text


def without_build(version: str) -> str:
    """Drop the build metadata: two versions that differ in nothing else are one to the registry."""
    return version.partition("+")[0]


def index_requirement(text: str, name: str) -> str:
    """Write a requirement as the index does: ``0.3`` becomes ``^0.3``; reject wildcards alone."""
    if text.strip() == "":
        raise Rejected(_wildcard(name))
    written = []
    for part in text.split(","):
        if part.strip() in ("*", "x", "X"):
            raise Rejected(_wildcard(name))
        match = _COMPARATOR.fullmatch(part.strip())
        if match is None:
            raise Rejected(f'"{text}" is an invalid version requirement')
        operator, version = match.groups()
        wild = re.search(r"\.[*xX]", version) is not None
        written.append(re.sub(r"[xX]", "*", version) if wild else f"{operator or '^'}{version}")
    return ", ".join(written)


def precedence(version: str) -> tuple[object, ...]:
    """Give a key that sorts versions by SemVer's precedence."""
    core, _, pre = without_build(version).partition("-")
    numbers = tuple(int(part) for part in core.split("."))
    identifiers = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split("."))
    return (*numbers, 0 if pre else 1, identifiers)


def _has_leading_zero(pre: str | None) -> bool:
    return any(part.isdigit() and part != "0" and part.startswith("0") for part in (pre or "").split("."))


def _wildcard(name: str) -> str:
    return (
        f"wildcard (`*`) dependency constraints are not allowed on crates-io. Crate with this problem: `{name}` "
        "See the Cargo Book on specifying dependencies for more information"
    )
