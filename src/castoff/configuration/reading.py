"""Where does the configuration of a workspace stand, and what does it say?

In this order: the file that was named, `castoff.toml`, `[workspace.metadata.castoff]` in `Cargo.toml`,
`[tool.castoff]` in `pyproject.toml`; two of them at once are an error. Where there is none, what cargo-release
was told is used as far as it has a meaning here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from castoff.configuration.places import Place, Report, spelled
from castoff.configuration.rules import RULES
from castoff.configuration.tables import Table, homes_of
from castoff.configuration.values import Configuration
from castoff.errors import ConfigurationError, Problem, WorkspaceError
from castoff.manifests import toml
from castoff.ports import Tree

NOTES_PATHS = (".github/release.yml", ".github/release.yaml")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration, the file that it stands in (None: nothing is configured), and warnings."""

    configuration: Configuration
    source: str | None
    problems: tuple[Problem, ...] = ()


def read_configuration(tree: Tree, *, explicit: tuple[str, str] | None = None) -> Loaded:
    """Read the configuration of a workspace; ``explicit`` is the path and the text of a file that was named.

    ``notes.config`` is filled in where nothing is said and the forge's usual file is there.

    Raises:
        ConfigurationError: with all problems at once (``unknown-key``, ``wrong-type``, ``impossible-value``,
            ``missing-key``, ``contradiction``, ``pattern-invalid``, ``unknown-placeholder``,
            ``double-braces``, ``path-leaves-workspace``), or with ``several-configurations``, ``toml-invalid``,
            ``notes-configuration-missing``.
    """
    found = [_Source(*explicit)] if explicit is not None else list(_sources(tree))
    if len(found) > 1:
        raise ConfigurationError(_several(found))
    if found:
        configuration = found[0].configuration()
        if configuration.notes.config is not None and tree.read(configuration.notes.config) is None:
            raise ConfigurationError(_no_notes_file(configuration.notes.config, found[0]))
        return Loaded(_with_notes_file(configuration, tree), found[0].file)
    from castoff.configuration.release_toml import take_over

    taken = take_over(tree)
    return Loaded(_with_notes_file(taken.configuration, tree), taken.source, taken.problems)


def parse_configuration(text: str, *, file: str = "castoff.toml") -> Configuration:
    """Read the text of a `castoff.toml`; see :func:`read_configuration` for the errors."""
    return _Source(file, text).configuration()


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of castoff in a file."""

    file: str
    text: str
    prefix: tuple[str, ...] = ()

    @property
    def line(self) -> int | None:
        return toml.scan(self.text).nearest_line(self.prefix)

    @property
    def title(self) -> str:
        return f"`{self.file}`" + (f" (`[{spelled(self.prefix)}]`)" if self.prefix else "")

    def configuration(self) -> Configuration:
        report = Report(
            self.file,
            toml.scan(self.text).nearest_line,
            homes=homes_of(Configuration),
            rules=RULES,
        )
        found: Configuration | None = Table(Configuration).read(
            _below(_parsed(self.text, self.file), self.prefix), Place(report, self.prefix)
        )
        if report.problems or found is None:
            raise ConfigurationError(*sorted(report.problems, key=lambda problem: problem.line or 0))
        return found


def _sources(tree: Tree) -> Iterator[_Source]:
    text = tree.read("castoff.toml")
    if text is not None:
        yield _Source("castoff.toml", text)
    for file, prefix in _TABLES:
        text = tree.read(file)
        if text is not None and "castoff" in text and _below(_parsed(text, file), prefix) is not None:
            yield _Source(file, text, prefix)


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        return toml.parse(text, file)
    except WorkspaceError as error:
        raise ConfigurationError(*error.problems) from None


def _below(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = document
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _several(found: list[_Source]) -> Problem:
    second = found[1]
    return Problem(
        code="several-configurations",
        message="castoff is configured in several places: " + ", ".join(source.title for source in found),
        reason="which of them holds could only be guessed",
        remedy="keep one of them",
        file=second.file,
        line=second.line,
    )


def _with_notes_file(configuration: Configuration, tree: Tree) -> Configuration:
    if configuration.notes.config is not None:
        return configuration
    path = next((path for path in NOTES_PATHS if tree.read(path) is not None), None)
    return replace(configuration, notes=replace(configuration.notes, config=path))


def _no_notes_file(path: str, source: _Source) -> Problem:
    return Problem(
        code="notes-configuration-missing",
        message=f"`notes.config` names `{path}`, which is not there",
        reason="without it the notes would come out otherwise than meant",
        remedy="correct the path, or drop the key",
        file=source.file,
        line=toml.scan(source.text).nearest_line((*source.prefix, "notes", "config")),
    )


_TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Cargo.toml", ("workspace", "metadata", "castoff")),
    ("Cargo.toml", ("package", "metadata", "castoff")),
    ("pyproject.toml", ("tool", "castoff")),
)
