"""Rules of crates-io for names, metadata, features and dependencies, in its order and close to its words.

Source: crates-io ``controllers/krate/publish.rs`` and the crate ``crates_io_validation``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address
from typing import Any
from urllib.parse import unquote

from castoff.registry_lists import categories, licence_exceptions, licences, reserved_names
from castoff.world.cargo_registry.published import Dependency
from castoff.world.messages import Rejected

_WORD = re.compile(r"[-a-zA-Z0-9.:]+")
_REFERENCE = re.compile(r"(?:DocumentRef-[-a-zA-Z0-9.]*:)?(LicenseRef|AdditionRef)-[-a-zA-Z0-9.]*")
_GNU = ("AGPL-", "GFDL-", "GPL-", "LGPL-")
_OPERATORS = {
    "AND": "operator",
    "and": "operator",
    "OR": "operator",
    "or": "operator",
    "WITH": "with",
    "with": "with",
}
_MAY_FOLLOW = {
    "begin": {"licence", "reference", "("},
    "operator": {"licence", "reference", "("},
    "(": {"licence", "reference", "("},
    ")": {"operator", ")", "end"},
    "with": {"addition"},
    "addition": {"operator", ")", "end"},
    "licence": {"operator", "with", ")", "+", "end"},
    "reference": {"operator", "with", ")", "end"},
    "+": {"operator", "with", ")", "end"},
}


def licence_fault(text: str) -> str | None:
    """Return what the parser objects to in a licence expression, None if it takes it."""
    place, last, word, depth = 0, "begin", "", 0
    while True:
        begin = place
        # The parser of crates-io (the crate `spdx`) takes words one after the other, in this order of
        # complaints.
        while place < len(text) and text[place].isspace():
            place += 1
        if place == len(text):
            break
        kind, token = _token(text, place)
        # `Apache-2.0 +` is refused, `Apache-2.0+` is not.
        if kind == "+" and place != begin:
            return "`+` must not follow whitespace"
        if kind in ("invalid character(s)", "unknown term"):
            return kind
        if kind not in _MAY_FOLLOW[last]:
            return "empty expression" if not text.strip() else f"`{token}` was not expected here"
        if kind == "+" and word.startswith(_GNU) and (fault := _gnu_fault(word)):
            return fault
        depth += {"(": 1, ")": -1}.get(kind, 0)
        if depth < 0:
            return "unopened parens"
        place, last, word = place + len(token), kind, token
    if last == "begin":
        return "empty expression"
    if "end" not in _MAY_FOLLOW[last]:
        return "the expression ends too early"
    return "unclosed parens" if depth else None


def _token(text: str, place: int) -> tuple[str, str]:
    """Return the kind of the token at a place, or the fault, with the token."""
    if (first := text[place]) in "+()":
        return first, first
    if first == "/":
        return "operator", first
    match = _WORD.match(text, place)
    if match is None:
        return "invalid character(s)", first
    word = match.group()
    # Operators before licences: the words overlap in no list, but `with` must not be read as one.
    if word in _OPERATORS:
        return _OPERATORS[word], word
    if word in licences():
        return "licence", word
    if word in licence_exceptions():
        return "addition", word
    if reference := _REFERENCE.match(word):
        return ("reference" if reference[1] == "LicenseRef" else "addition"), reference.group()
    return "unknown term", word


def _gnu_fault(word: str) -> str | None:
    if word.endswith("-or-later"):
        return "a GNU license was followed by a `+` even though it ended in `-only` or `-or-later`"
    return None if word.removesuffix("-only") + "-or-later" in licences() else "unknown license id"


FEATURES = 300
DEPENDENCIES = 500
DESCRIPTION = 1000
NAME = 64
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")
_NUMBER = r"(?:0|[1-9][0-9]{0,19})"
_LARGEST = 2**64 - 1  # `u64` of the crate `semver`
_RUST = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,2}}")
_NEVER_IN_LABELS = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_URL = re.compile(
    r"https?://[/\\]*(?:[^/\\?#]*@)?(?P<host>\[[^\]/\\?#]*\]|[^:/\\?#]*)(?::(?P<port>[^/\\?#]*))?(?:[/\\?#]|$)"
)
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f\ufffd]")
_BLANKS = "".join(map(chr, range(33)))


def check_name(name: str, what: str = "crate", *, first: str = "") -> None:
    """Reject a name that no crate has; ``first`` holds what else may begin it."""
    if len(name) > NAME:
        raise Rejected(f"the {what} name `{name}` is too long (max {NAME} characters)")
    if not name:
        raise Rejected(f"{what} name cannot be empty")
    if name[0] in "0123456789":
        raise Rejected(
            f"the name `{name}` cannot be used as a {what} name, the name cannot start with a digit"
        )
    if not _is_ascii_letter(name[0]) and name[0] not in first:
        raise Rejected(
            f"invalid character `{name[0]}` in {what} name: `{name}`, the first character must be an ASCII character"
            + (f", or `{first}`" if first else "")
        )
    for letter in name[1:]:
        if not (letter.isascii() and letter.isalnum()) and letter not in "-_":
            raise Rejected(
                f"invalid character `{letter}` in {what} name: `{name}`, characters must be an ASCII alphanumeric "
                "characters, `-`, or `_`"
            )


def check_not_reserved(name: str) -> None:
    """Reject a name that crates-io keeps, in any spelling."""
    if _canonical(name) in {_canonical(reserved) for reserved in reserved_names()}:
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
    if len(str(package["description"]).encode()) > DESCRIPTION:
        raise Rejected(
            f"The `description` is too long. A maximum of {DESCRIPTION} characters are currently allowed."
        )
    _check_licence(package.get("license"))
    for field in ("homepage", "documentation", "repository"):
        _check_url(package.get(field), field)
    if "rust-version" in package and not _is_rust_version(package["rust-version"]):
        raise Rejected("failed to parse `Cargo.toml` manifest file\n\ninvalid `rust-version` value")
    _check_keywords(package.get("keywords", []))
    if len(package.get("categories", [])) > 5:
        raise Rejected("expected at most 5 categories per crate")


def check_categories(package: dict[str, Any]) -> None:
    """Reject categories that crates-io does not know; slugs are compared exactly."""
    unknown = [str(slug) for slug in package.get("categories", []) if slug not in categories()]
    if unknown:
        raise Rejected(
            "The following category slugs are not currently supported on crates-io: "
            f"{', '.join(unknown)}\n\nSee its page of category slugs for a list of supported slugs."
        )


def check_features(features: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    """Reject too many features, features that enable too many others, and malformed names."""
    if len(features) > FEATURES:
        raise Rejected(
            f"crates-io only allows a maximum number of {FEATURES} features, but your crate is declaring "
            f"{len(features)} features."
        )
    for name, values in features:
        _check_feature_name(name)
        if len(values) > FEATURES:
            raise Rejected(
                f"crates-io only allows a maximum number of {FEATURES} features or dependencies that another feature "
                f'can enable, but the "{name}" feature of your crate is enabling {len(values)} features or '
                "dependencies."
            )
        for value in values:
            check_feature(value)


def check_feature(value: str) -> None:
    """Reject what a feature cannot enable: `feature`, `dep:name`, `name/feature` and `name?/feature` are known."""
    package, slash, feature = value.partition("/")
    if slash:
        check_name(package.removesuffix("?"), "dependency", first="_")
        _check_feature_name(feature)
        return
    _, prefix, package = value.partition("dep:")
    if prefix:
        check_name(package, "dependency", first="_")
    else:
        _check_feature_name(value)


def check_dependencies(dependencies: tuple[Dependency, ...]) -> None:
    """Reject too many dependencies, malformed names and features, and those of other registries."""
    if len(dependencies) > DEPENDENCIES:
        raise Rejected(f"crates-io only allows a maximum number of {DEPENDENCIES} dependencies.")
    for dependency in dependencies:
        check_name(dependency.crate, "dependency")
        for feature in dependency.features:
            check_feature(feature)
        if dependency.registry is not None:
            raise Rejected(
                f"Dependency `{dependency.crate}` is hosted on another registry. Cross-registry dependencies "
                "are not permitted on crates-io."
            )
        if dependency.package is not None:
            check_name(dependency.name, "dependency", first="_")


def check_known(dependencies: tuple[Dependency, ...], known: Callable[[str], bool]) -> None:
    """Reject dependencies on crates that are not there under exactly that name."""
    for dependency in dependencies:
        if not known(dependency.crate):
            raise Rejected(f"no known crate named `{dependency.crate}`")


def _canonical(name: str) -> str:
    return name.lower().replace("-", "_")


def _is_ascii_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _check_feature_name(name: str) -> None:
    """Reject what is not made of Unicode's identifier characters, `+`, `-` and `.`; digits may begin it."""
    if not name:
        raise Rejected("feature cannot be empty")
    if not name[0].isidentifier() and name[0] not in "0123456789":
        raise Rejected(
            f"invalid character `{name[0]}` in feature `{name}`, the first character must be a Unicode XID start "
            "character or digit (most letters or `_` or `0` to `9`)"
        )
    for letter in name[1:]:
        if not f"a{letter}".isidentifier() and letter not in "+-.":
            raise Rejected(
                f"invalid character `{letter}` in feature `{name}`, characters must be Unicode XID characters, `+`, "
                "`-`, or `.` (numbers, `+`, `-`, `_`, `.`, or most letters)"
            )


def _check_licence(text: object) -> None:
    if text is None:
        return
    fault = licence_fault(str(text))
    if fault is not None:
        raise Rejected(
            "unknown or invalid license expression; see SPDX for options, and for their identifiers\n"
            "Note: If you have a non-standard license that is not listed by SPDX, use the license-file field to "
            f"specify the path to a file containing the text of the license.\n{text}\n{fault}"
        )


def _check_url(url: object, field: str) -> None:
    """Reject what is not a whole address; what follows the host is taken as it is, like by the WHATWG's parser."""
    if url is None:
        return
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Rejected(f"URL for field `{field}` must begin with http:// or https:// (url: {url})")
    match = _URL.match(re.sub(r"[\t\n\r]", "", url).rstrip(_BLANKS))
    if match is None or not _is_host(match["host"]) or not _is_port(match["port"] or ""):
        raise Rejected(f"`{field}` is not a valid url: `{url}`")


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return IPv6Address(host[1:-1]).scope_id is None
        except AddressValueError:
            return False
    domain = _mapped(host)
    if not domain or _NOT_IN_HOSTS.search(domain):
        return False
    labels = domain.removesuffix(".").split(".")
    if any(label.startswith("xn--") and not _is_encoded(label[4:]) for label in labels):
        return False
    # A host whose last label is a number is an IPv4 address, or none at all.
    if _number(labels[-1]) is None and not labels[-1].isdecimal():
        return True
    numbers = [_number(label) for label in labels]
    if None in numbers or len(numbers) > 4:
        return False
    *above, last = (one or 0 for one in numbers)
    return all(one < 256 for one in above) and last < 256 ** (4 - len(above))


def _mapped(host: str) -> str:
    """Decode a host and map its letters, as a domain is before it is judged (UTS 46)."""
    plain = unicodedata.normalize("NFKC", unquote(host)).lower().translate({0x3002: "."})
    return "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")


def _is_encoded(coded: str) -> bool:
    """Return whether a label behind `xn--` stands for text that may be in a domain (UTS 46, section 4).

    As the crate `idna` 1.1 judges, seen on the hosts of the tests: text of ASCII alone, text that would be mapped or
    composed, unassigned characters and separators are refused. Rules of single scripts are not judged.
    """
    try:
        text = coded.encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    if not text or text.isascii() or unicodedata.category(text[0]).startswith("M"):
        return False
    if unicodedata.normalize("NFKC", text).lower() != text:
        return False
    return not any(unicodedata.category(letter) in _NEVER_IN_LABELS for letter in text)


def _number(label: str) -> int | None:
    """Read a part of an IPv4 address: decimal, octal after `0`, hexadecimal after `0x`."""
    digits, base = (
        (label[2:] or "0", 16) if label.startswith("0x") else (label, 8 if label[:1] == "0" else 10)
    )
    try:
        return int(digits, base) if digits.isascii() and digits.isalnum() else None
    except ValueError:
        return None


def _is_port(port: str) -> bool:
    return not port or (port.isascii() and port.isdigit() and int(port) < 65536)


def _is_rust_version(value: object) -> bool:
    if not isinstance(value, str) or _RUST.fullmatch(value) is None:
        return False
    return all(int(number) <= _LARGEST for number in value.split("."))


def _check_keywords(keywords: object) -> None:
    if not isinstance(keywords, list):
        raise Rejected("failed to parse `Cargo.toml` manifest file\n\ninvalid `keywords`")
    if len(keywords) > 5:
        raise Rejected("expected at most 5 keywords per crate")
    for keyword in keywords:
        if len(str(keyword).encode()) > 20:
            raise Rejected(f'"{keyword}" is an invalid keyword (keywords must have less than 20 characters)')
        if not _KEYWORD.fullmatch(str(keyword)):
            raise Rejected(f'"{keyword}" is an invalid keyword')
