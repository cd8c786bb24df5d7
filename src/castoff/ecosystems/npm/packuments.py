"""Documents of packages ("packuments") in npm registries, read by npm's own code and the user's configuration.

One process asks for all packages (:mod:`castoff.ecosystems.npm.host`). Where npm's modules are not found, a shim in
its place for example, `npm view` answers for one package at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from castoff.ecosystems.npm.client_runs import ClientRuns, answer_of, error_code_of, reason_of
from castoff.ecosystems.npm.host import Failed
from castoff.io.process import Completed
from castoff.model.child_environments import Kind
from castoff.model.observations import Unknown
from castoff.model.workspace import Package


class Packument(Struct, frozen=True):
    """What a registry holds of one package: versions offered, all that were ever there, dist-tags, maintainers.

    ``dist`` holds digest and address of the version that was asked for, None where it is not offered; ``deprecated``
    is its notice, ``trusted`` the provider of the trusted publisher that uploaded it, "" for a person.
    ``unpublished`` is when the last version went, None while there is one. ``withdrawn`` are the versions that are
    deprecated, as far as they are known: `npm view` gives them for no more than one version.
    """

    offered: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    ever: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}
    maintainers: tuple[str, ...] = ()
    dist: Mapping[str, Any] | None = None
    deprecated: str = ""
    trusted: str = ""
    unpublished: datetime | None = None

    @property
    def standing(self) -> tuple[str, ...]:
        """Return the versions that are offered and not deprecated: npm compares a new version with these alone.

        Source: npm's own `publish`, which looks for the highest version before it uploads with `latest`.
        """
        return tuple(one for one in self.offered if one not in self.withdrawn)


Found = Packument | Unknown | None
"""A document, why it is not known, or None for a name that is not there."""


class Packuments:
    """Reads packuments."""

    def __init__(self, runs: ClientRuns) -> None:
        self._runs = runs

    def read(self, package: Package, version: str | None = None) -> Found:
        """Return the document of a package; with a version, its digest as well. Errors: ``program-missing``."""
        answer = self._runs.packument(package, version)
        if answer is None:
            return self._viewed(package, version)
        return Unknown(reason=f"npm: {answer.reason}") if isinstance(answer, Failed) else _found(answer)

    def _viewed(self, package: Package, version: str | None) -> Found:
        """Ask `npm view` for one version; if it is not there, for the whole package."""
        if version is not None:
            done = self._view(package, f"{package.name}@{version}", "name", "dist", "deprecated", "_npmUser")
            # By npm's version, a missing version ends `npm view` with E404, or with 0 and no text.
            if done.code != 0 and error_code_of(done) != "E404":
                return Unknown(reason=f"npm: {reason_of(done)}")
            found = answer_of(done) if done.code == 0 else None
            if isinstance(found, dict) and isinstance(found.get("dist"), dict):
                return _packument({**found, "user": found.get("_npmUser")})
        done = self._view(package, package.name, "name", "versions", "time", "dist-tags", "maintainers")
        if done.code != 0:
            missing = error_code_of(done) == "E404"
            return None if missing else Unknown(reason=f"npm: {reason_of(done)}")
        found = answer_of(done)
        if not isinstance(found, dict) or not {"versions", "time"} & found.keys():
            return Unknown(reason=f"npm printed no answer for `{package.name}` that can be read")
        return _packument({**found, "tags": found.get("dist-tags")})

    def _view(self, package: Package, spec: str, *fields: str) -> Completed:
        return self._runs.run(package, Kind.NPM_READ, "view", spec, *fields)


def _found(value: object) -> Found:
    if not isinstance(value, dict):
        return Unknown(reason="npm gave no answer that can be read")
    error = value.get("error")
    if not isinstance(error, dict):
        return _packument(value)
    code, summary = str(error.get("code") or ""), str(error.get("summary") or "")
    if code == "E404":
        return None
    after = str(error.get("after") or "")
    return Unknown(
        reason=f"npm: {': '.join(part for part in (code, summary) if part)[:600]}",
        retry_after=float(after) if after.isdecimal() else None,
    )


def _packument(found: Mapping[str, Any]) -> Packument:
    offered = _strings(found.get("versions"))
    time = found.get("time")
    times = time if isinstance(time, dict) else {}
    gone = times.get("unpublished")
    removed = _strings(gone.get("versions")) if isinstance(gone, dict) else ()
    # `time` keeps unpublished versions, whose numbers can never be used again.
    dated = (one for one in times if one not in ("created", "modified", "unpublished"))
    tags, dist, deprecated = found.get("tags"), found.get("dist"), found.get("deprecated")
    people = found.get("maintainers")
    # npm prints "name <mail>" or an object, by its version, and a single one without its list.
    names = (_maintainer(one) for one in (people if isinstance(people, list) else [people]) if one)
    return Packument(
        offered=offered,
        withdrawn=_strings(found.get("withdrawn")),
        ever=tuple(dict.fromkeys((*offered, *dated, *removed))),
        tags={k: v for k, v in tags.items() if isinstance(v, str)} if isinstance(tags, dict) else {},
        maintainers=tuple(name for name in names if name),
        dist=dist if isinstance(dist, dict) else None,
        deprecated=deprecated if isinstance(deprecated, str) else "",
        trusted=_trusted(found.get("user")),
        unpublished=_moment(gone.get("time")) if isinstance(gone, dict) else None,
    )


def _trusted(user: object) -> str:
    publisher = user.get("trustedPublisher") if isinstance(user, dict) else None
    return str(publisher.get("id") or "") if isinstance(publisher, dict) else ""


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def _strings(value: object) -> tuple[str, ...]:
    """Return an array of strings; npm prints an array of one as its only value."""
    values: Iterable[object] = value if isinstance(value, list) else [value]
    return tuple(one for one in values if isinstance(one, str))


def _maintainer(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("name", ""))
    return str(value).partition(" ")[0]
