"""Would crates-io take the metadata of each package? What it checks at the upload, and no dry run shows.

Source of the rules: the crates-io repository, ``controllers/krate/publish.rs`` and ``publish_limits.rs``. Category
slugs and licence expressions are not judged: their lists change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from castoff.errors import Problem
from castoff.manifests.cargo_layout import Files
from castoff.manifests.cargo_values import Crate
from castoff.manifests.cargo_workspace import CrateFiles, read_crates

_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,19}", re.ASCII)
_RUST_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_LINKS = ("homepage", "documentation", "repository")
_Finding = tuple[str, str, str]
"""The key of ``[package]``, what is wrong, and what to do."""


def judge_metadata(files: Files, exclude: Sequence[str] = ()) -> tuple[Problem, ...]:
    """Say what crates-io would refuse; packages for other registries are left alone. Code: ``metadata-refused``."""
    crates = read_crates(files, exclude)
    if crates is None:
        return ()
    public = [
        one for one in crates.crates.released if one.registries is None or "crates-io" in one.registries
    ]
    return tuple(_problem(crates, crate, finding) for crate in public for finding in _findings(crate))


def _findings(crate: Crate) -> Iterator[_Finding]:
    yield from _texts(crate)
    for key in _LINKS:
        link = crate.metadata.get(key)
        if isinstance(link, str) and not link.lower().startswith(("http://", "https://")):
            yield key, f"`{key}` is no address that begins with `https://`", "write the whole address"
    yield from _lists(crate)
    rust = crate.metadata.get("rust-version")
    if isinstance(rust, str) and not _RUST_VERSION.fullmatch(rust):
        yield "rust-version", "`rust-version` is no version of two or three numbers", "write it as `1.85`"
    if len(crate.features) > 300:
        yield "features", f"it has {len(crate.features)} features, and at most 300 are allowed", "drop some"
    if len(crate.dependencies) > 500:
        yield (
            "name",
            f"it has {len(crate.dependencies)} dependencies, and at most 500 are allowed",
            "drop some",
        )


def _texts(crate: Crate) -> Iterator[_Finding]:
    description = crate.metadata.get("description")
    if not isinstance(description, str) or not description.strip():
        yield "description", "it has no `description`", "describe it in a sentence"
    elif len(description) > 1000:
        yield "description", "its `description` has more than 1000 characters", "shorten it"
    if not any(crate.metadata.get(key) for key in ("license", "license-file")):
        yield (
            "license",
            "it has neither `license` nor `license-file`",
            "name its licence by SPDX, as in `MIT`",
        )


def _lists(crate: Crate) -> Iterator[_Finding]:
    keywords, categories = (_listed(crate.metadata.get(key)) for key in ("keywords", "categories"))
    if len(keywords) > 5:
        yield "keywords", f"it has {len(keywords)} keywords, and at most 5 are allowed", "drop some"
    for keyword in keywords:
        if not _KEYWORD.fullmatch(keyword):
            yield (
                "keywords",
                f"`{keyword[:40]}` is no keyword",
                "use at most 20 ASCII letters, digits, `-`, `_` or `+`, beginning with a letter or digit",
            )
    if len(categories) > 5:
        yield "categories", f"it has {len(categories)} categories, and at most 5 are allowed", "drop some"


def _listed(value: object) -> tuple[str, ...]:
    return (
        tuple(str(one) for one in value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    )


def _problem(files: CrateFiles, crate: Crate, finding: _Finding) -> Problem:
    key, fact, remedy = finding
    return Problem(
        code="metadata-refused",
        message=f"crates-io would refuse `{crate.name}`: {fact}",
        reason="it judges metadata only when a package is uploaded, when others are up already",
        remedy=remedy,
        file=crate.manifest,
        line=files.documents[crate.manifest].line(("package", key)),
        package=crate.name,
    )
