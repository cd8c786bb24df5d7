"""Judgement of one crate by the rules of crates-io, which it applies to an upload and no client applies before.

The crate may be read from the tree or from the manifest in its `.crate`. Source of the rules: crates-io
`controllers/krate/publish.rs`, `config/publish_limits.rs`, and its crate `crates_io_validation`.

Judgement of licence expressions as crates-io's parser makes it.
It is laxer than SPDX: `MIT/Apache-2.0` means OR, operators may be lower case, deprecated ids and `GPL-2.0+` are taken.
It is stricter than others: ids are compared with their case. Source: crates-io `licenses.rs`, the crate `spdx` 0.13.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote

from msgspec import Struct

from castoff.ecosystems.cargo.manifest.document import Crate, Dependency
from castoff.regexes import regex
from castoff.registry_lists import categories, licence_exceptions, licences, reserved_names
from castoff.text.toml import Path

_TOKEN = regex(r"\s+|[()+/]|[A-Za-z0-9.:-]+")
_LICENCE_REF = regex(r"(?:DocumentRef-[A-Za-z0-9.-]*:)?LicenseRef-[A-Za-z0-9.-]*")
_ADDITION_REF = regex(r"(?:DocumentRef-[A-Za-z0-9.-]*:)?AdditionRef-[A-Za-z0-9.-]*")
_JOINTS = frozenset({"AND", "and", "OR", "or", "/"})


def find_licence_fault(expression: str) -> str | None:
    """Return what is wrong with an expression, as the end of a sentence; None if it is taken."""
    tokens: list[str] = []
    end = 0
    for match in _TOKEN.finditer(expression):
        # Something in between is no token: the first such character is named.
        if match.start() != end:
            break
        end = match.end()
        tokens.append(match.group())
    if end != len(expression):
        return f"`{expression[end]}` cannot be part of one"
    reader = _Reader([" " if one.isspace() else one for one in tokens])
    return reader.fault()


class _Reader(Struct):
    """A reader of `term (joint term)*`; a term is an id with its `+` and addition, or an expression in brackets."""

    tokens: list[str]
    place: int = 0

    def fault(self) -> str | None:
        try:
            self._expression()
            if (rest := self._peek()) is not None:
                raise ValueError(f"`{rest}` is not expected there")
        except ValueError as error:
            return str(error)
        return None

    def _peek(self) -> str | None:
        while self.place < len(self.tokens) and self.tokens[self.place] == " ":
            self.place += 1
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise ValueError("an id is missing at its end" if self.tokens else "it is empty")
        self.place += 1
        return token

    def _expression(self) -> None:
        # Brackets are counted, not followed by recursion: their depth comes from a file.
        depth = 0
        while True:
            while (token := self._next()) == "(":
                depth += 1
            self._licence(token)
            while self._peek() == ")" and depth:
                self.place += 1
                depth -= 1
            if self._peek() not in _JOINTS:
                break
            self.place += 1
        if depth:
            raise ValueError("a bracket is not closed")

    def _licence(self, token: str) -> None:
        if _LICENCE_REF.fullmatch(token) is None:
            if token not in licences():
                raise ValueError(_unknown(token, licences(), "licence"))
            if self.place < len(self.tokens) and self.tokens[self.place] == "+":
                self.place += 1
                _require_later_form(token)
        if self._peek() in ("WITH", "with"):
            self.place += 1
            addition = self._next()
            if addition not in licence_exceptions() and _ADDITION_REF.fullmatch(addition) is None:
                raise ValueError(_unknown(addition, licence_exceptions(), "exception"))


def _require_later_form(token: str) -> None:
    """Require that an id of the GNU licences has the form that `+` stands for."""
    if not re.match(r"(?:A|L)?GPL-|GFDL-", token):
        return
    if token.endswith("-or-later") or f"{token.removesuffix('-only')}-or-later" not in licences():
        raise ValueError(f"`{token}` cannot have a `+`")


def _unknown(token: str, known: frozenset[str], what: str) -> str:
    if token in _JOINTS or token in ("WITH", "with", ")", "+"):
        return f"`{token}` is not expected there"
    near = next((one for one in sorted(known) if one.lower() == token.lower()), None)
    near = near or _NEAR.get(token.lower().replace(" ", ""))
    return f"`{token}` is not an id of the SPDX {what} list" + (f"; `{near}` is" if near else "")


_NEAR = {
    "apache2": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd3": "BSD-3-Clause",
    "bsd-3": "BSD-3-Clause",
    "bsd-2": "BSD-2-Clause",
    "gpl": "GPL-3.0-or-later",
    "gplv2": "GPL-2.0-only",
    "gplv3": "GPL-3.0-only",
    "lgpl": "LGPL-3.0-or-later",
    "lgplv3": "LGPL-3.0-only",
    "mpl": "MPL-2.0",
    "mpl2": "MPL-2.0",
    "mpl-2": "MPL-2.0",
    "unlicence": "Unlicense",
    "cc0": "CC0-1.0",
}


LARGEST_NAME = 64
LARGEST_VERSION = 150
LARGEST_DESCRIPTION = 1000
MOST_FEATURES = 300
MOST_DEPENDENCIES = 500
_MOST_LISTED = 5
_NAME = regex(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_DEPENDENCY_KEY = regex(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_KEYWORD = regex(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,19}", re.ASCII)
_RUST_VERSION = regex(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){0,2}", re.ASCII)
_U64 = 20
"""Digits of the largest number in a version: 2**64 - 1."""
_LINKS = ("homepage", "documentation", "repository")


class CrateRefusal(Struct, frozen=True):
    """What crates-io would refuse: where it is written, the fact, and the remedy."""

    place: Path
    fact: str
    remedy: str


def find_refusals(crate: Crate) -> Iterator[CrateRefusal]:
    """Report all that crates-io would refuse in the name, the metadata, the features and the dependencies."""
    yield from _name(crate)
    yield from _description(crate)
    yield from _licence(crate)
    for key in _LINKS:
        yield from _link(key, crate.metadata.get(key))
    rust = crate.metadata.get("rust-version")
    if isinstance(rust, str) and not (_RUST_VERSION.fullmatch(rust) and _fits(rust)):
        yield _at(
            "rust-version", "`rust-version` is not a version of one to three numbers", "write it as `1.85`"
        )
    yield from _keywords(_listed(crate.metadata.get("keywords")))
    yield from _categories(_listed(crate.metadata.get("categories")))
    yield from _features(crate)
    yield from _dependencies(crate)


def _at(key: str, fact: str, remedy: str) -> CrateRefusal:
    return CrateRefusal(("package", key), fact, remedy)


def _name(crate: Crate) -> Iterator[CrateRefusal]:
    name = crate.name
    if len(name) > LARGEST_NAME:
        yield _at("name", f"its name has more than {LARGEST_NAME} characters", "choose a shorter one")
    elif not _NAME.fullmatch(name):
        yield _at(
            "name", "its name does not start with a letter", "choose a name that starts with an ASCII letter"
        )
    # crates-io compares reserved names in this form (its `canon_crate_name`).
    if name.lower().replace("_", "-") in {one.lower().replace("_", "-") for one in reserved_names()}:
        yield _at("name", "its name is reserved", "choose another name")
    if crate.version is not None and len(crate.version) > LARGEST_VERSION:
        yield _at("version", f"its version has more than {LARGEST_VERSION} characters", "shorten the version")


def _description(crate: Crate) -> Iterator[CrateRefusal]:
    description = crate.metadata.get("description")
    # An empty text is missing as well: the registry tests for both.
    if not isinstance(description, str) or not description:
        yield _at("description", "it has no `description`", "add a description of one sentence")
        return
    size = len(description.encode())
    if size > LARGEST_DESCRIPTION:
        yield _at(
            "description",
            f"its `description` has {size} bytes, and at most {LARGEST_DESCRIPTION} are allowed (letters beyond "
            "ASCII count more than once)",
            "shorten it",
        )


def _licence(crate: Crate) -> Iterator[CrateRefusal]:
    licence, file = crate.metadata.get("license"), crate.metadata.get("license-file")
    if not licence and not file:
        yield _at(
            "license",
            "it has neither `license` nor `license-file`",
            "set its licence as an SPDX expression, such as `MIT`",
        )
    elif isinstance(licence, str) and (fault := find_licence_fault(licence)):
        yield _at(
            "license",
            f"its licence expression `{licence[:80]}` is not valid: {fault}",
            "use ids exactly as in the SPDX list, such as `MIT OR Apache-2.0`; for a licence "
            "that is not listed, set `license-file`",
        )


def _fits(version: str) -> bool:
    """Return whether cargo and crates-io can hold the numbers of a version."""
    return all(len(one) <= _U64 and int(one) < 1 << 64 for one in version.split("."))


def _link(key: str, link: object) -> Iterator[CrateRefusal]:
    if not isinstance(link, str):
        return
    if not link.startswith(("http://", "https://")):
        yield _at(key, f"`{key}` is not a URL that starts with `https://`", "write the full URL")
    elif not _has_host(link):
        yield _at(key, f"`{key}` is not a valid URL", "correct its host")


def _has_host(link: str) -> bool:
    """Return whether an address has a host and a port, by the URL standard of the WHATWG.

    `https:///a` has the host `a` there, and `https://a.1` has none: what ends with a number is an IPv4 address.
    """
    rest = re.sub(r"[\t\n\r]", "", link.strip("".join(map(chr, range(33))))).partition(":")[2].lstrip("/\\")
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?", authority, re.ASCII)
    if found is None or int(found[2] or 0) > 0xFFFF:
        return False
    if found[1].startswith("["):
        try:
            return IPv6Address(found[1][1:-1]).scope_id is None
        except AddressValueError:
            return False
    return _is_domain(unquote(found[1]))


def _is_domain(host: str) -> bool:
    # Soft hyphens and their like count for nothing, and the ideographic full stop is a dot (UTS 46).
    name = "".join(one for one in unicodedata.normalize("NFKC", host) if unicodedata.category(one) != "Cf")
    name = name.lower().replace("\u3002", ".")
    if not name or re.search(r"[\x00-\x20\x7f\ufffd#%/:<>?@\[\\\]^|]", name):
        return False
    labels = name.removesuffix(".").split(".")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1], re.ASCII):
        return _is_ipv4(labels)
    return all(_stands_for_text(one.removeprefix("xn--")) for one in labels if one.startswith("xn--"))


def _stands_for_text(punycode: str) -> bool:
    """Decode what follows `xn--`; crates-io refuses what is no text of a domain name (UTS 46, validity criteria).

    The text must not be ASCII alone, must be its own mapped form, and must not begin with a combining mark. Of the
    characters, those without a glyph are refused; the rules for joiners and writing directions are left out.
    """
    try:
        decoded = punycode.encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    kinds = [unicodedata.category(one) for one in decoded]
    mapped = unicodedata.normalize("NFKC", decoded).lower()
    return (
        any(one > "\x7f" for one in decoded)
        and mapped == decoded
        and kinds[0][0] != "M"
        and not any(kind[0] in "CZ" for kind in kinds)
    )


def _is_ipv4(labels: list[str]) -> bool:
    """Judge numbers as C libraries read addresses: octal and hexadecimal, the last may stand for several."""
    values: list[int] = []
    for one in labels:
        if not re.fullmatch(r"0x[0-9a-f]*|0[0-7]*|[1-9][0-9]*", one, re.ASCII):
            return False
        base = 16 if one.startswith("0x") else 8 if one.startswith("0") else 10
        values.append(int(one.removeprefix("0x") or "0", base))
    return len(values) <= 4 and max(values[:-1], default=0) < 256 and values[-1] < 256 ** (5 - len(values))


def _keywords(keywords: tuple[str, ...]) -> Iterator[CrateRefusal]:
    if len(keywords) > _MOST_LISTED:
        yield _at(
            "keywords",
            f"it has {len(keywords)} keywords, and at most {_MOST_LISTED} are allowed",
            "drop some",
        )
    for keyword in keywords:
        if not _KEYWORD.fullmatch(keyword):
            yield _at(
                "keywords",
                f"`{keyword[:40]}` is not a valid keyword",
                "use at most 20 ASCII letters, digits, `-`, `_` or `+`, starting with a letter or digit",
            )


def _categories(slugs: tuple[str, ...]) -> Iterator[CrateRefusal]:
    if len(slugs) > _MOST_LISTED:
        yield _at(
            "categories",
            f"it has {len(slugs)} categories, and at most {_MOST_LISTED} are allowed",
            "drop some",
        )
    known = categories()
    for slug in slugs:
        if slug not in known:
            near = next((one for one in sorted(known) if one.lower() == slug.lower().replace(" ", "-")), None)
            yield _at(
                "categories",
                f"`{slug[:60]}` is not a category" + (f"; `{near}` is" if near else ""),
                "use slugs exactly as in the list of categories",
            )


def _features(crate: Crate) -> Iterator[CrateRefusal]:
    if len(crate.features) > MOST_FEATURES:
        yield CrateRefusal(
            ("features",),
            f"it has {len(crate.features)} features, and at most {MOST_FEATURES} are allowed",
            "remove some, or ask the registry for a higher limit",
        )
    for name, values in crate.features.items():
        if len(values) > MOST_FEATURES:
            yield CrateRefusal(
                ("features", name),
                f"its feature `{name[:60]}` enables {len(values)} others, and at most {MOST_FEATURES} are allowed",
                "split the feature, or ask the registry for a higher limit",
            )
        for bad in (one for one in (name,) if not _is_feature_name(one)):
            yield _bad_feature(("features", name), bad)
        for bad in (one for one in values if not _is_feature(one)):
            yield _bad_feature(("features", name), bad)


def _bad_feature(place: Path, name: str) -> CrateRefusal:
    return CrateRefusal(
        place,
        f"`{name[:60]}` is not the name of a feature",
        "use letters, digits, `_`, `-`, `+` and `.`, starting with a letter, a digit or `_`",
    )


def _is_feature(value: str) -> bool:
    """Return whether a feature can enable this: `feature`, `dep:package`, `package/feature`, `package?/feature`."""
    if "/" in value:
        package, _, feature = value.partition("/")
        return _is_dependency_key(package.removesuffix("?")) and _is_feature_name(feature)
    if "dep:" in value:
        return _is_dependency_key(value.partition("dep:")[2])
    return _is_feature_name(value)


def _is_feature_name(name: str) -> bool:
    """Return whether a name is made of Unicode's identifier characters (UAX 31), `+`, `-` and `.`."""
    plain = re.sub(r"[+.-]", "_", name[1:])
    return (
        bool(name)
        and re.match(r"[+.-]", name) is None
        and f"_{name[0]}{plain}".isidentifier()
        and (name[0].isidentifier() or name[0] in "0123456789")
    )


def _is_dependency_key(name: str) -> bool:
    return len(name) <= LARGEST_NAME and _DEPENDENCY_KEY.fullmatch(name) is not None


def _dependencies(crate: Crate) -> Iterator[CrateRefusal]:
    kept = [one for one in crate.dependencies if one.kind != "dev" or one.requirement is not None]
    if len(kept) > MOST_DEPENDENCIES:
        yield CrateRefusal(
            ("dependencies",),
            f"it has {len(kept)} dependencies, and at most {MOST_DEPENDENCIES} are allowed",
            "drop some",
        )
    for dependency in kept:
        yield from _dependency(dependency)


def _dependency(dependency: Dependency) -> Iterator[CrateRefusal]:
    path = dependency.place.path
    if len(dependency.name) > LARGEST_NAME or not _NAME.fullmatch(dependency.name):
        yield CrateRefusal(path, f"`{dependency.name[:80]}` is not the name of a crate", "correct the name")
    if dependency.key != dependency.name and not _is_dependency_key(dependency.key):
        yield CrateRefusal(
            path, f"`{dependency.key[:80]}` is not the name of a dependency", "choose another name for it"
        )
    for feature in dependency.features:
        if not _is_feature(feature):
            yield _bad_feature(path, feature)


def _listed(value: object) -> tuple[str, ...]:
    return (
        tuple(str(one) for one in value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    )
