"""What is wrong with a manifest, and where? One document, and the notes that are taken while reading it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from castoff.errors import Problem
from castoff.manifests.toml import Path, Positions

Table = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Document:
    """One manifest: its text, what it means, and its positions, found when they are asked for."""

    file: str
    text: str
    table: Table
    positions: Positions = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", Positions(self.text))

    def line(self, path: Path) -> int | None:
        """Give the line of a path, or of the nearest part above it."""
        return self.positions.nearest_line(path)

    @property
    def folder(self) -> str:
        """Give the folder that it stands in, "" for the root."""
        return posixpath.dirname(self.file)


@dataclass(frozen=True, slots=True)
class Notes:
    """Gathers problems while the manifests of one workspace are read; ``root`` is what they inherit from."""

    root: Document
    problems: list[Problem] = field(default_factory=list)

    def shared(self, table: str) -> Table | None:
        """Give a table of the root's ``[workspace]``; None where it has none."""
        workspace = self.root.table.get("workspace")
        found = workspace.get(table) if isinstance(workspace, dict) else None
        return found if isinstance(found, dict) else None

    def bad_name(self, document: Document, path: Path, name: object) -> None:
        """Note a name that Cargo would refuse."""
        said = "has no name" if name is None else f"has the name `{shown(name)}`, which is none"
        self.report(
            document,
            path,
            code="name-invalid",
            message=f"a package in `{document.file}` {said}",
            reason="Cargo's names are letters, digits, `-` and `_`, at most 64",
            remedy="correct the name",
        )

    def wrong_type(self, document: Document, path: Path, wanted: str) -> None:
        """Note a value of another type than Cargo wants."""
        self.report(
            document,
            path,
            code="manifest-invalid",
            message=f"`{_dotted(path)}` in `{document.file}` is not {wanted}",
            remedy="correct it at that line",
        )

    def report(
        self,
        document: Document,
        path: Path,
        *,
        code: str,
        message: str,
        reason: str = "",
        remedy: str = "",
    ) -> None:
        """Note a problem at a path of a manifest."""
        self.problems.append(
            Problem(
                code=code,
                message=message,
                reason=reason,
                remedy=remedy,
                file=document.file,
                line=document.line(path),
            )
        )


def is_name(value: object) -> bool:
    """Say whether a value is a name that Cargo takes for a package."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def shown(value: object) -> str:
    """Give the first 60 characters of a value from outside, for a message."""
    return str(value)[:60]


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
