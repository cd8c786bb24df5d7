"""A repository's `.github/release.yml`: its settings, and what is wrong with them.

What the forge would refuse is an error, with the line. What the forge takes without a word although it can
hardly be meant (a misspelt key, a category that no change can reach) is a warning.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from msgspec import Struct, field

from castoff.errors import ConfigurationError, Problem
from castoff.notes.reachable import Category, category_warnings
from castoff.regexes import regex
from castoff.text.yaml import Mapping, Scalar, Sequence, Value, read_yaml
from castoff.values import replace

DEFAULT_PATH = ".github/release.yml"
PATHS = (DEFAULT_PATH, ".github/release.yaml")


class NotesConfiguration(Struct, frozen=True, kw_only=True):
    """Categories in file order and what is excluded; ``path`` is ``None`` where the repository has no file.

    Without categories the notes are one flat list.
    """

    path: str | None = None
    categories: tuple[Category, ...] = ()
    exclude_labels: tuple[str, ...] = ()
    exclude_authors: tuple[str, ...] = ()


DEFAULT = NotesConfiguration()


class ReadConfiguration(Struct, frozen=True):
    """A configuration that the forge would take, and what is odd about it."""

    configuration: NotesConfiguration
    warnings: tuple[Problem, ...]


def read_configuration(
    text: str, *, path: str = DEFAULT_PATH, forge_labels: Collection[str] | None = None
) -> ReadConfiguration:
    """Read the text of a notes configuration.

    ``forge_labels`` are the labels that exist on the forge, ``None`` where nobody asked.

    Raises:
        ConfigurationError: with every violation that makes the forge refuse the file
            (``notes-configuration-syntax``, ``notes-configuration-refused``), and then the warnings: a
            misspelt key is often the cause.
    """
    root = read_yaml(text, file=path)
    reader = _Reader(path)
    configuration = reader.root(root)
    if reader.refused:
        raise ConfigurationError(*reader.refused, *reader.warnings)
    warnings = category_warnings(
        configuration.categories, configuration.exclude_labels, file=path, forge_labels=forge_labels
    )
    found = (*reader.warnings, *warnings)
    return ReadConfiguration(configuration, tuple(sorted(found, key=lambda p: p.line or 0)))


class _Reader(Struct):
    """Walks the file by the forge's schema and collects what it finds."""

    path: str
    refused: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def root(self, root: Value | None) -> NotesConfiguration:
        if root is None:
            self.warn(
                Problem(
                    code="notes-configuration-empty",
                    message=f"`{self.path}` is empty",
                    reason="the default configuration applies",
                    remedy="remove the file, or write the settings below `changelog:`",
                    line=1,
                )
            )
            return NotesConfiguration(path=self.path)
        top = self.mapping(root, "", ("changelog",))
        changelog = top.get("changelog")
        if changelog is None:
            # Where the forge refuses the file, an empty default is not what applies.
            if not self.refused:
                self.warn(
                    Problem(
                        code="notes-configuration-empty",
                        message=f"`{self.path}` has no `changelog`",
                        reason="all settings are below that key, so the default configuration applies",
                        remedy="move the settings below `changelog:`, or remove the file",
                        line=root.line,
                    )
                )
            return NotesConfiguration(path=self.path)
        below = self.mapping(changelog, "changelog", ("exclude", "categories"))
        labels, authors = self.exclusions(below, "changelog")
        return NotesConfiguration(
            path=self.path,
            categories=self.categories(below.get("categories")),
            exclude_labels=labels,
            exclude_authors=authors,
        )

    def categories(self, value: Value | None) -> tuple[Category, ...]:
        if value is None:
            return ()
        where = "changelog/categories"
        items = self.sequence(value, where)
        return tuple(self.category(item, f"{where}/{index}") for index, item in enumerate(items))

    def category(self, value: Value, where: str) -> Category:
        entries = self.mapping(value, where, ("title", "labels", "exclude"))
        for key in ("title", "labels"):
            if isinstance(value, Mapping) and entries.get(key) is None:
                self.refuse(
                    f"the property '#/{where}' has no `{key}`, which is required",
                    line=value.line,
                    remedy=f"add `{key}`",
                )
        title = entries.get("title")
        labels = entries.get("labels")
        exclude_labels, exclude_authors = self.exclusions(entries, where)
        return Category(
            title="" if title is None else self.string(title, f"{where}/title"),
            labels=() if labels is None else self.strings(labels, f"{where}/labels"),
            exclude_labels=exclude_labels,
            exclude_authors=exclude_authors,
            line=value.line,
        )

    def exclusions(self, entries: Mapping, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        value = entries.get("exclude")
        if value is None:
            return (), ()
        below = self.mapping(value, f"{where}/exclude", ("labels", "authors"))
        labels, authors = below.get("labels"), below.get("authors")
        found = (
            () if labels is None else self.strings(labels, f"{where}/exclude/labels"),
            () if authors is None else self.strings(authors, f"{where}/exclude/authors"),
        )
        self.odd_exclusions(*found, line=value.line)
        return found

    def odd_exclusions(self, labels: tuple[str, ...], authors: tuple[str, ...], *, line: int) -> None:
        if "*" in labels:
            self.warn(
                Problem(
                    code="notes-exclude-everything",
                    message="`*` is among the excluded labels",
                    reason="it is a catch-all only in the `labels` of a category; here it is the name of a label",
                    remedy="list the labels to exclude",
                    line=line,
                )
            )
        for author in authors:
            if author in _BOTS:
                self.warn(
                    Problem(
                        code="notes-author-without-bot",
                        message=f"the excluded author `{author}` matches nobody",
                        reason="since July 2025 the forge compares the exact login, with `[bot]`",
                        remedy=f"write `{author}[bot]`",
                        line=line,
                    )
                )
            elif not _is_login(author):
                near = _nearest_login(author)
                self.warn(
                    Problem(
                        code="notes-author-matches-nobody",
                        message=f"the excluded author `{author}` matches nobody",
                        reason="the forge compares the exact login, with the same case, and this is not a valid login",
                        remedy=f"write `{near}`" if near else "use the login from the URL of the profile",
                        line=line,
                    )
                )

    def mapping(self, value: Value, where: str, keys: tuple[str, ...]) -> Mapping:
        if not isinstance(value, Mapping):
            self.wrong_type(value, where, "object")
            return Mapping((), value.line)
        seen = set()
        for entry in value.entries:
            if entry.key not in keys:
                self.unknown_key(entry.key, where, keys, line=entry.line)
            elif entry.key in seen:
                self.warn(
                    Problem(
                        code="notes-configuration-duplicate-key",
                        message=f"`{entry.key}` appears twice in the same mapping",
                        reason="the forge uses the last entry and ignores the others",
                        remedy="keep one",
                        line=entry.line,
                    )
                )
            seen.add(entry.key)
        return value

    def sequence(self, value: Value, where: str) -> tuple[Value, ...]:
        if isinstance(value, Sequence):
            return value.items
        self.wrong_type(value, where, "array")
        return ()

    def strings(self, value: Value, where: str) -> tuple[str, ...]:
        items = self.sequence(value, where)
        return tuple(self.string(item, f"{where}/{index}") for index, item in enumerate(items))

    def string(self, value: Value, where: str) -> str:
        if isinstance(value, Scalar) and value.type == "string":
            return value.text
        self.wrong_type(value, where, "string")
        return ""

    def wrong_type(self, value: Value, where: str, wanted: str) -> None:
        quoted = wanted == "string" and isinstance(value, Scalar) and value.type != "null"
        remedy = f"write {_FORMS[wanted]}"
        if quoted and isinstance(value, Scalar):
            remedy = f"quote it: `'{value.text}'`"
        self.refuse(
            f"the property '#/{where}' is of type {value.type}, it must be of type {wanted}",
            line=value.line,
            remedy=remedy,
        )

    def refuse(self, message: str, *, line: int, remedy: str) -> None:
        self.refused.append(
            Problem(
                code="notes-configuration-refused",
                message=message,
                reason="the forge does not generate notes with such a file",
                remedy=remedy,
                file=self.path,
                line=line,
            )
        )

    def unknown_key(self, key: str, where: str, keys: tuple[str, ...], *, line: int) -> None:
        near = get_close_matches(key, keys, n=1)
        place = f"`{where.replace('/', '.')}`" if where else "the top"
        self.warn(
            Problem(
                code="notes-configuration-unknown-key",
                message=f"`{key}` is not a key of {place}",
                reason="the forge ignores it silently",
                remedy=f"did you mean `{near[0]}`?"
                if near
                else f"known keys: {', '.join(f'`{k}`' for k in keys)}",
                line=line,
            )
        )

    def warn(self, problem: Problem) -> None:
        self.warnings.append(replace(problem, severity="warning", file=self.path))


def _is_login(author: str) -> bool:
    """Report whether an author can be a login; a bot's name in another case is nobody's."""
    name = author.removesuffix("[bot]")
    if name != author and name.casefold() in _BOTS and name not in _BOTS:
        return False
    return _LOGIN.fullmatch(name) is not None


def _nearest_login(author: str) -> str | None:
    """Return the login that is probably meant by `@ada`, `app/dependabot` or the address of a profile."""
    name = author.strip().removesuffix("/").rpartition("/")[2].removeprefix("@")
    plain = name.removesuffix("[bot]")
    is_bot = plain != name or plain.casefold() in _BOTS or author.strip().startswith("app/")
    if plain.casefold() in _BOTS:
        plain = plain.casefold()
    return (f"{plain}[bot]" if is_bot else plain) if _LOGIN.fullmatch(plain) else None


_LOGIN = regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:_[A-Za-z0-9]{1,20})?")
_FORMS = {"object": "a mapping, `key: value`", "array": "a list, `[a, b]`", "string": "a text in quotes"}
"""How each type of the schema is written."""
_BOTS = frozenset(
    ("dependabot", "renovate", "pre-commit-ci", "github-actions", "allcontributors", "mergify", "snyk-bot")
)
