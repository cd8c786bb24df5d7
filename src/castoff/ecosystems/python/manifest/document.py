"""One pyproject.toml: foreign TOML whose types are checked as values are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from castoff.errors import CastoffError, WorkspaceError
from castoff.text.toml import Path, Positions, parse

Table = Mapping[str, Any]


class PythonDocument(Struct, frozen=True):
    """One manifest: ``file`` its POSIX path from the root, ``folder`` where it lies ("." for the root)."""

    file: str
    folder: str
    text: str
    data: Table
    positions: Positions

    @classmethod
    def of(cls, file: str, text: str) -> PythonDocument:
        """Read a manifest. Errors: ``toml-invalid``."""
        folder = file.rpartition("/")[0] or "."
        return cls(file, folder, text, parse(text, file), Positions(text))

    def get(self, *path: str) -> Any:
        """Return what stands at a path of keys, None where nothing does; the caller checks its type."""
        value: Any = self.data
        for key in path:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    def table(self, *path: str) -> Table:
        """Return a table, empty where it is absent. Errors: ``manifest-invalid``."""
        value: Any = self.data
        for depth, key in enumerate(path, start=1):
            value = value.get(key)
            if value is None:
                return {}
            if not isinstance(value, dict):
                raise self.invalid(path[:depth], "a table")
        found: Table = value
        return found

    def string(self, *path: str) -> str | None:
        """Return a string, None where it is absent. Errors: ``manifest-invalid``."""
        value = self.table(*path[:-1]).get(path[-1])
        if value is not None and not isinstance(value, str):
            raise self.invalid(path, "a string")
        return value

    def strings(self, *path: str) -> Sequence[str]:
        """Return an array of strings, empty where it is absent. Errors: ``manifest-invalid``."""
        value = self.table(*path[:-1]).get(path[-1], [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.invalid(path, "an array of strings")
        return value

    def line(self, *path: str | int) -> int | None:
        """Return the line of a path, or of the nearest part above it."""
        return self.positions.nearest_line(path)

    def at(self, relative: str) -> str | None:
        """Turn a path that is relative to this manifest into one from the root; None where it leaves it."""
        parts: list[str] = [] if self.folder == "." else self.folder.split("/")
        if relative.startswith("/"):
            return None
        for part in relative.replace("\\", "/").split("/"):
            if part == ".." and not parts:
                return None
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        return "/".join(parts) or "."

    def invalid(self, path: Path, expected: str) -> CastoffError:
        """Make the error of a value that is not what the specification of pyproject.toml says."""
        return WorkspaceError.of(
            "manifest-invalid",
            f"`{'.'.join(map(str, path))}` in `{self.file}` is not {expected}",
            reason="the specification of pyproject.toml requires it",
            remedy="correct the manifest",
            file=self.file,
            line=self.line(*path),
        )
