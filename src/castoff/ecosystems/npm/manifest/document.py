"""One package.json: foreign JSON whose types are checked as values are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from castoff.errors import CastoffError, WorkspaceError
from castoff.text.json import JsonPositions, Path, parse_json

MANIFEST = "package.json"
Table = Mapping[str, Any]


class Document(Struct, frozen=True):
    """One manifest: ``file`` its POSIX path from the root, ``folder`` where it lies ("." for the root)."""

    file: str
    folder: str
    text: str
    data: Table
    positions: JsonPositions

    @classmethod
    def of(cls, file: str, text: str) -> Document:
        """Read a manifest. Errors: ``json-invalid``, ``manifest-invalid``."""
        data = parse_json(text, file)
        if not isinstance(data, dict):
            raise _invalid(file, "the document", "an object", None)
        return cls(file, file.rpartition("/")[0] or ".", text, data, JsonPositions(text))

    @property
    def name(self) -> str | None:
        """Return the name, None if there is none."""
        return self.string("name") or None

    @property
    def version(self) -> str | None:
        """Return the version, None if there is none."""
        return self.string("version") or None

    @property
    def is_private(self) -> bool:
        """Return whether clients refuse to publish it."""
        return self.data.get("private") in (True, "true")

    @property
    def publish_config(self) -> Table:
        """Return `publishConfig`, empty where it is absent."""
        return self.table("publishConfig")

    @property
    def workspaces(self) -> Sequence[str] | None:
        """Return the patterns of the workspace that this manifest is the root of, None if it is not one."""
        value = self.data.get("workspaces")
        if isinstance(value, dict):
            value = value.get("packages")
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.invalid(("workspaces",), "an array of patterns")
        return value

    @property
    def repository(self) -> str | None:
        """Return the repository's address as written, None if there is none."""
        value = self.data.get("repository")
        if isinstance(value, dict):
            value = value.get("url")
        return value if isinstance(value, str) else None

    @property
    def package_manager(self) -> str | None:
        """Return the name of the client that the manifest asks for (`packageManager`, `devEngines`)."""
        named = self.data.get("packageManager")
        if isinstance(named, str):
            return named.partition("@")[0]
        engines = self.data.get("devEngines")
        manager = engines.get("packageManager") if isinstance(engines, dict) else None
        entries = manager if isinstance(manager, list) else [manager]
        found = (one["name"] for one in entries if isinstance(one, dict) and isinstance(one.get("name"), str))
        return next(found, None)

    def string(self, key: str) -> str | None:
        """Return a string, None where it is absent. Errors: ``manifest-invalid``."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, str):
            raise self.invalid((key,), "a string")
        return value

    def table(self, key: str) -> Table:
        """Return an object, empty where it is absent. Errors: ``manifest-invalid``."""
        value = self.data.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.invalid((key,), "an object")
        return value

    def line(self, *path: str | int) -> int | None:
        """Return the line of a path, or of the nearest part above it."""
        return self.positions.nearest_line(path)

    def invalid(self, path: Path, expected: str) -> CastoffError:
        """Make the error of a value that is not what npm's documentation of package.json says."""
        return _invalid(self.file, f"`{'.'.join(map(str, path))}`", expected, self.line(*path))


def _invalid(file: str, what: str, expected: str, line: int | None) -> CastoffError:
    return WorkspaceError.of(
        "manifest-invalid",
        f"{what} in `{file}` is not {expected}",
        reason="npm's documentation of package.json requires it",
        remedy="correct the manifest",
        file=file,
        line=line,
    )
