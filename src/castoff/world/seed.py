"""The seed of the embedded world, one JSON document.

Every key is optional; paths count from the seed file's folder::

    {"slug": "acme/rocket",                  owner and name on the forge
     "repository": "PATH",                   a git repository whose branches and tags are copied
     "beside": {"acme/website": "PATH"},     other repositories of the forge, copied too; of the API, REST reaches them
     "clock": "2026-11-22T12:00:00Z",        where the world's clock starts
     "python": {"packages": ["dist/x.whl",   a file released before, or a minimal wheel made up:
                {"name": ..., "version": ..., "requires_dist": [...], "requires_python": ...,
                 "provides_extra": [...], "yanked": false}]},       the list alone is the same
     "python_publishers": {"trusted": {"NAME": {"repository": "o/r", "workflow": "FILE", "environment": ...,
                                                "owner_id": "1"}},
                           "pending": {...}},  publishers of projects that are not there yet
     "cargo": {"packages": {...},            the record of ``check --registry-record``
               "crates": ["PATH.crate"],     files released before
               "owners": {"NAME": ["LOGIN"]},  who may publish it; the world's user (`world`) where not said
               "trusted": {"NAME": {"repository": "o/r", "workflow": "FILE", "environment": ..., "only": false,
                                    "owner_id": "1"}},
               "outside": "any",             names that dependencies may have besides: any, none, or a list
               "limits": {"new": {"burst": 5, "every": 600}, "version": {"burst": 30, "every": 60}}},
     "npm": {"packages": [{"name": ..., "version": ..., ...}],   package.json documents of what was released before
             "scopes": ["acme"],             scopes that exist; any where not said
             "users": {"LOGIN": {"two_factor": "auth-and-writes", "otp": ["123456"], "otp_uses": 1}},
             "tokens": {"TOKEN": {"user": "LOGIN", "kind": "granular", "write": true, "bypass_2fa": false,
                                  "packages": ["NAME", "@SCOPE"], "expires": 600}},
             "settings": {"NAME": {"access": "public", "maintainers": ["LOGIN"], "disallow_tokens": false,
                                   "dependents": false, "downloads": 0, "tags": {"next": "2.0.0-rc.1"},
                                   "trusted": {"repository": "o/r", "workflow": "FILE", "environment": ...,
                                               "allow": ["publish", "stage"]}}}},
     "job": {"workflow": "FILE", ...},       the CI job that clients run in, which may request identity tokens: see
                                             world/identity.py; without it, clients run outside of CI
     "docs": {...},                          see docs_host
     "forge": {...}}                         see forge
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from castoff.errors import ConfigurationError
from castoff.world.python_index.minimal import Seed

_KEYS = (
    "slug",
    "repository",
    "beside",
    "clock",
    "python",
    "python_publishers",
    "cargo",
    "npm",
    "job",
    "docs",
    "forge",
)
_PYTHON_KEYS = ("name", "version", "requires_dist", "requires_python", "provides_extra", "yanked")


class WorldSeed(Struct, frozen=True, kw_only=True):
    """A seed that was read; what belongs to one service is read by that service."""

    slug: str = "acme/rocket"
    repository: Path | None = None
    beside: tuple[tuple[str, Path], ...] = ()
    clock: datetime | None = None
    python: tuple[Path | Seed, ...] = ()
    python_publishers: dict[str, Any] = {}
    cargo: dict[str, Any] = {}
    npm: dict[str, Any] = {}
    job: dict[str, Any] = {}
    docs: dict[str, Any] = {}
    forge: dict[str, Any] = {}


_SHAPES: Mapping[str, tuple[type, type]] = {
    "python_publishers.trusted": (dict, dict),
    "python_publishers.pending": (dict, dict),
    "cargo.packages": (dict, dict),
    "cargo.crates": (list, str),
    "cargo.owners": (dict, list),
    "cargo.trusted": (dict, dict),
    "cargo.limits": (dict, dict),
    "npm.packages": (list, dict),
    "npm.scopes": (list, str),
    "npm.users": (dict, dict),
    "npm.tokens": (dict, dict),
    "npm.settings": (dict, dict),
    "docs.automatic": (list, dict),
    "docs.builds": (list, dict),
    "docs.projects": (list, dict),
}
"""What the keys of a service hold, and what each of their entries is; the services judge the rest."""


def parse_seed(text: str | bytes, folder: Path, *, file: str | None = None) -> WorldSeed:
    """Read a seed; :class:`ConfigurationError` names what is wrong."""
    try:
        return _seed(json.loads(text), folder)
    except (ValueError, TypeError) as error:
        raise ConfigurationError.of(
            "world-seed-invalid",
            f"the seed of the embedded world is wrong: {error}",
            reason="a seed that is misread would prove nothing",
            remedy="see docs/reference/world.md for all keys",
            file=file,
        ) from error


def _seed(value: Any, folder: Path) -> WorldSeed:
    fields = _object(value, "the seed", _KEYS)
    for path, shape in _SHAPES.items():
        service, _, key = path.partition(".")
        part = _mapping(fields, service)
        if key in part:
            _check_shape(part[key], f"`{path}`", *shape)
    repository = fields.get("repository")
    return WorldSeed(
        slug=_slug(fields.get("slug", "acme/rocket")),
        beside=tuple((_slug(name), folder / str(path)) for name, path in _mapping(fields, "beside").items()),
        repository=folder / repository if repository is not None else None,
        clock=_moment(fields.get("clock")),
        python=tuple(_python(entry, folder) for entry in _python_packages(fields)),
        python_publishers=_object(
            fields.get("python_publishers", {}), "`python_publishers`", ("trusted", "pending")
        ),
        cargo=_cargo(_mapping(fields, "cargo"), folder),
        npm=_mapping(fields, "npm"),
        job=_mapping(fields, "job"),
        docs=_docs(_mapping(fields, "docs"), folder),
        forge=_mapping(fields, "forge"),
    )


_NAMES: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text"}


def _check_shape(value: Any, what: str, whole: type, entry: type) -> None:
    if not isinstance(value, whole):
        raise ValueError(f"{what} is not {_NAMES[whole]}")
    entries: Any = value.values() if isinstance(value, dict) else value
    if not all(isinstance(one, entry) for one in entries):
        raise ValueError(f"an entry of {what} is not {_NAMES[entry]}")


def _slug(value: Any) -> str:
    if not isinstance(value, str) or len(value.split("/")) != 2 or ".." in value or not all(value.split("/")):
        raise ValueError(f"`{value}` is not `owner/name`")
    return value


def _python_packages(fields: dict[str, Any]) -> list[Any]:
    """Return the packages of the index; seeds of before are the list itself."""
    value = fields.get("python", {})
    return value if isinstance(value, list) else _list(_object(value, "`python`", ("packages",)), "packages")


def _python(entry: Any, folder: Path) -> Path | Seed:
    if isinstance(entry, str):
        return folder / entry
    fields = _object(entry, "an entry of `python`", _PYTHON_KEYS)
    return Seed(
        name=str(fields["name"]) if "name" in fields else _missing("name"),
        version=str(fields["version"]) if "version" in fields else _missing("version"),
        requires_dist=tuple(str(each) for each in _list(fields, "requires_dist")),
        requires_python=fields.get("requires_python"),
        provides_extra=tuple(str(each) for each in _list(fields, "provides_extra")),
        yanked=bool(fields.get("yanked", False)),
    )


def _cargo(fields: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {**fields, "crates": [str(folder / str(path)) for path in _list(fields, "crates")]}


def _docs(fields: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make the folders of built documentation absolute."""
    listed = {key: [dict(entry) for entry in _list(fields, key)] for key in ("builds", "projects")}
    for entry in (*listed["builds"], *listed["projects"]):
        if "files" in entry:
            entry["files"] = str(folder / str(entry["files"]))
    return {**fields, **listed}


def _missing(key: str) -> str:
    raise ValueError(f"an entry has no `{key}`")


def _object(value: Any, what: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    for key in value:
        if key not in keys:
            raise ValueError(f"{what} has the unknown key `{key}`; it may have {', '.join(keys)}")
    return value


def _mapping(fields: dict[str, Any], key: str) -> dict[str, Any]:
    value = fields.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"`{key}` is not an object")
    return value


def _list(fields: dict[str, Any], key: str) -> list[Any]:
    value = fields.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"`{key}` is not a list")
    return value


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
