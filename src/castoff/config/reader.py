"""The place of a workspace's configuration, and its content.

In this order: the file that was named, `castoff.toml`, `[workspace.metadata.castoff]` in `Cargo.toml`,
`[tool.castoff]` in `pyproject.toml`; two of them at once are an error. Where there is none, what cargo-release
was told is used as far as it has a meaning here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from castoff.config.positions import Report, TablePath, spelled
from castoff.config.rules import RULES
from castoff.config.tables import Table, homes_of
from castoff.config.values import Configuration
from castoff.errors import ConfigurationError, Problem, WorkspaceError
from castoff.ports import Tree
from castoff.text import toml
from castoff.values import replace

NOTES_PATHS = (".github/release.yml", ".github/release.yaml")


class Loaded(Struct, frozen=True):
    """The configuration, the file that it stands in (None: nothing is configured), and warnings."""

    configuration: Configuration
    source: str | None
    problems: tuple[Problem, ...] = ()


def read_configuration(
    tree: Tree,
    *,
    explicit: tuple[str, str] | None = None,
    folders: Iterable[str] = (".",),
    has_settings_of_crates: Callable[[], bool] | None = None,
) -> Loaded:
    """Read the configuration of a workspace; ``explicit`` is the path and the text of a file that was named.

    ``folders`` are those in which it is looked for: the first that has one counts. Where none has, the first that has
    settings of cargo-release; ``has_settings_of_crates`` is for :func:`castoff.config.cargo_release.take_over`.

    ``notes.config`` is filled in where nothing is said and the forge's usual file is there.

    Raises:
        ConfigurationError: with all problems at once (``unknown-key``, ``wrong-type``, ``impossible-value``,
            ``missing-key``, ``contradiction``, ``pattern-invalid``, ``unknown-placeholder``,
            ``double-braces``, ``path-leaves-workspace``), or with ``several-configurations``, ``toml-invalid``,
            ``notes-configuration-missing``, ``configuration-unreadable``.
    """
    tree = _ConfigurationFiles(tree)
    looked: list[str] = []
    found = [_Source(*explicit)] if explicit is not None else _first(tree, folders, looked)
    # Merging them would make it unclear which value applies.
    if len(found) > 1:
        raise ConfigurationError(_several(found))
    if found:
        configuration = found[0].configuration()
        if configuration.notes.config is not None and tree.read(configuration.notes.config) is None:
            raise ConfigurationError(_no_notes_file(configuration.notes.config, found[0]))
        return Loaded(_with_notes_file(configuration, tree), found[0].file)
    from castoff.config.cargo_release import TakenOver, take_over

    every = (take_over(tree, folder, has_settings_of_crates) for folder in dict.fromkeys(looked))
    taken = next((one for one in every if one.source is not None), TakenOver(Configuration()))
    return Loaded(_with_notes_file(taken.configuration, tree), taken.source, taken.problems)


def parse_configuration(text: str, *, file: str = "castoff.toml") -> Configuration:
    """Read the text of a `castoff.toml`; see :func:`read_configuration` for the errors."""
    return _Source(file, text).configuration()


class _ConfigurationFiles(Struct, frozen=True):
    """A tree whose files hold configuration: one that cannot be read is an error, or defaults would hold silently."""

    tree: Tree

    def read(self, path: str) -> str | None:
        """Return a file's text, None if the file does not exist; error ``configuration-unreadable``."""
        try:
            return self.tree.read(path)
        except WorkspaceError as error:
            cause = error.problems[0]
            raise ConfigurationError.of(
                "configuration-unreadable",
                f"`{path}` exists but cannot be read",
                reason=cause.reason or cause.message,
                remedy="replace it with a readable UTF-8 file, or remove it",
                file=path,
            ) from None

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        return self.tree.paths()


class _Source(Struct, frozen=True):
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
            _below(_parsed(self.text, self.file), self.prefix), TablePath(report, self.prefix)
        )
        if report.problems or found is None:
            # All problems at once, in the order of the file.
            raise ConfigurationError(*sorted(report.problems, key=lambda problem: problem.line or 0))
        return found


def _first(tree: Tree, folders: Iterable[str], looked: list[str]) -> list[_Source]:
    """Return what the first folder that has any holds; ``looked`` gets the folders up to it."""
    for folder in folders:
        looked.append(folder)
        if found := list(_sources(tree, folder)):
            return found
    return []


def _sources(tree: Tree, folder: str) -> Iterator[_Source]:
    above = "" if folder == "." else f"{folder}/"
    text = tree.read(f"{above}castoff.toml")
    if text is not None:
        yield _Source(f"{above}castoff.toml", text)
    for name, prefix in _TABLES:
        file = above + name
        text = tree.read(file)
        # A cheap test first: most manifests have no such table, and parsing them all costs start-up time.
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
        # `[tool]` may be a value of another type in an invalid file; that is the client's error to report.
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _several(found: list[_Source]) -> Problem:
    second = found[1]
    return Problem(
        code="several-configurations",
        message="castoff is configured in several places: " + ", ".join(source.title for source in found),
        reason="castoff does not guess which of them applies",
        remedy="keep one of them",
        file=second.file,
        line=second.line,
    )


def _with_notes_file(configuration: Configuration, tree: Tree) -> Configuration:
    if configuration.notes.config is not None:
        return configuration
    # Tie-break: GitHub documents `release.yml` and accepts `.yaml`; with both files, the documented one
    # counts.
    path = next((path for path in NOTES_PATHS if tree.read(path) is not None), None)
    return replace(configuration, notes=replace(configuration.notes, config=path))


def _no_notes_file(path: str, source: _Source) -> Problem:
    return Problem(
        code="notes-configuration-missing",
        message=f"`notes.config` names `{path}`, which does not exist",
        reason="without it, the notes would have another content",
        remedy="correct the path, or remove the key",
        file=source.file,
        line=toml.scan(source.text).nearest_line((*source.prefix, "notes", "config")),
    )


_TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Cargo.toml", ("workspace", "metadata", "castoff")),
    ("Cargo.toml", ("package", "metadata", "castoff")),
    ("pyproject.toml", ("tool", "castoff")),
)
