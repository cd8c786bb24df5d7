"""The registry record: published versions with their requirements and features.

Read from the file of ``castoff check --registry-record`` or made from what a registry was asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from castoff.errors import CastoffError, UsageError
from castoff.model.semver import Requirement, Version, read_requirement, read_version

NeedKind = Literal["normal", "build", "dev", "optional"]


class Need(Struct, frozen=True, kw_only=True):
    """One requirement of a published version; ``key`` is what its features call the package."""

    name: str
    requirement: Requirement
    kind: NeedKind = "normal"
    key: str = ""
    features: tuple[str, ...] = ()
    default_features: bool = True


class Published(Struct, frozen=True, kw_only=True):
    """One version of a package, as its registry has it.

    ``features`` maps each feature to what it turns on; where ``expanded`` is False only the names are known,
    and where it is None nothing is known of them. ``fresh`` marks a package of the release itself: Cargo has
    checked in the workspace that it has the features that its siblings ask for.
    """

    version: Version
    yanked: bool = False
    needs: tuple[Need, ...] = ()
    features: Mapping[str, tuple[str, ...]] = {}
    expanded: bool | None = True
    fresh: bool = False


class Record(Struct, frozen=True):
    """All versions by package, newest first; a package that is not in it was never published."""

    packages: Mapping[str, tuple[Published, ...]] = {}

    def of(self, name: str) -> tuple[Published, ...]:
        """List the versions of a package, newest first."""
        return self.packages.get(name, ())


def read_record(text: str, file: str) -> Record:
    """Read the file of ``--registry-record``.

    Errors: ``record-invalid`` with the place in it. Versions and requirements of other ecosystems' spelling
    are left out.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(file, f"it is not JSON: {str(error)[:100]}") from None
    return record_of(document, file)


def record_of(document: object, file: str) -> Record:
    """Make a record of what its JSON holds; ``file`` is what to call it in errors. Errors: ``record-invalid``."""
    packages = document.get("packages") if isinstance(document, dict) else None
    if not isinstance(packages, dict):
        raise _invalid(file, "it has no object `packages`")
    found: dict[str, tuple[Published, ...]] = {}
    for name, versions in packages.items():
        if not isinstance(versions, dict):
            raise _invalid(file, f"`packages.{name[:60]}` is not an object")
        read = [_published(file, f"{name[:60]} {text[:40]}", text, entry) for text, entry in versions.items()]
        found[name] = tuple(sorted((one for one in read if one), key=lambda one: one.version, reverse=True))
    return Record(found)


def _published(file: str, where: str, text: str, entry: Any) -> Published | None:
    if not isinstance(entry, dict):
        raise _invalid(file, f"`{where}` is not an object")
    version = read_version(text)
    if version is None:
        return None
    requirements = entry.get("requirements", [])
    if not isinstance(requirements, list):
        raise _invalid(file, f"the requirements of `{where}` are not an array")
    features, expanded = _features(file, where, entry.get("features"))
    needs = (_need(file, where, one) for one in requirements)
    return Published(
        version=version,
        yanked=entry.get("yanked") is True,
        needs=tuple(need for need in needs if need is not None),
        features=features,
        expanded=expanded,
    )


def _features(file: str, where: str, value: Any) -> tuple[dict[str, tuple[str, ...]], bool | None]:
    if value is None:
        return {}, None
    if isinstance(value, list):
        return {str(name): () for name in value}, False
    if isinstance(value, dict):
        return {
            name: tuple(str(one) for one in parts) if isinstance(parts, list) else ()
            for name, parts in value.items()
        }, True
    raise _invalid(file, f"the features of `{where}` are neither an array nor an object")


def _need(file: str, where: str, entry: Any) -> Need | None:
    name = entry.get("name") if isinstance(entry, dict) else None
    text = entry.get("requirement", "*") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not (isinstance(text, str) or text is None):
        raise _invalid(file, f"a requirement of `{where}` has no name, or no text as its requirement")
    requirement = read_requirement(text or "*")
    kind = entry.get("kind", "normal")
    if kind not in ("normal", "build", "dev", "optional"):
        raise _invalid(file, f"a requirement of `{where}` has the unknown kind `{str(kind)[:40]}`")
    if requirement is None:
        return None
    features = entry.get("features", [])
    return Need(
        name=name,
        requirement=requirement,
        kind="optional" if entry.get("optional") is True and kind in ("normal", "build") else kind,
        key=str(entry.get("key", name)),
        features=tuple(str(one) for one in features) if isinstance(features, list) else (),
        default_features=entry.get("default_features", True) is not False,
    )


def _invalid(file: str, reason: str) -> CastoffError:
    return UsageError.of(
        "record-invalid",
        f"the registry record `{file}` cannot be used",
        reason=reason,
        remedy='the format is {"packages": {NAME: {VERSION: {"yanked", "requirements", "features"}}}}',
        file=file,
    )
