"""What is read of another release tool: settings with an equivalent, what is left, and change files that wait.

A reader states facts; which of its settings differ from castoff's defaults is decided where they are written.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from posixpath import normpath
from typing import Any, Literal

from msgspec import Struct, field

from castoff.errors import CastoffError
from castoff.model.refs import PACKAGE_HOLES
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.text import yaml
from castoff.text.json5 import parse_json5
from castoff.text.toml import parse as parse_toml
from castoff.values import replace

Need = Literal["none", "decision", "removal", "writer"]
"""What a person has to do: nothing, decide, remove a file, or stop a second writer."""

MANIFESTS = frozenset({"pyproject.toml", "Cargo.toml", "package.json", "setup.py", "setup.cfg"})


class SettingsEntry(Struct, frozen=True, kw_only=True):
    """Settings that belong together: ``table`` without brackets, ``many`` for `[[table]]`, and why they are there."""

    table: str
    settings: Mapping[str, Any]
    reason: str
    many: bool = False
    commented: bool = False


class Left(Struct, frozen=True, kw_only=True):
    """Something that is not in the new configuration, where it stood, and why it is not needed or not possible."""

    where: str
    what: str
    reason: str
    need: Need = "none"

    @property
    def needs_you(self) -> bool:
        """Return whether a person has to do something."""
        return self.need != "none"


class PendingNews(Struct, frozen=True, kw_only=True):
    """News that a change file holds: Markdown without a bullet, ``kind`` as in Keep a Changelog where it is known."""

    path: str
    text: str
    kind: str | None = None
    level: Literal["major", "minor", "patch"] | None = None


class Reading(Struct, frozen=True, kw_only=True):
    """What was read of one tool: ``path`` is its configuration, ``obsolete`` is what nothing reads after the move."""

    tool: str
    path: str
    entries: tuple[SettingsEntry, ...] = ()
    left: tuple[Left, ...] = ()
    news: tuple[PendingNews, ...] = ()
    obsolete: tuple[str, ...] = ()


class ToolProject(Struct, frozen=True, kw_only=True):
    """The repository that a tool is set up in; ``current`` is the version that its packages are at."""

    tree: Tree
    packages: Sequence[Package] = ()
    current: str | None = None

    @property
    def several(self) -> bool:
        """Return whether several packages are released."""
        return len(self.packages) > 1


class ToolConfig(Struct, frozen=True):
    """A configuration file, or a table of one, as plain data."""

    path: str
    text: str
    data: Mapping[str, Any]

    def get(self, *keys: str) -> Any:
        """Return a value, None where it is missing or a part of the way is no table."""
        found: Any = self.data
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return a table; empty where there is none."""
        found = self.get(*keys)
        return found if isinstance(found, Mapping) else {}

    def words(self, *keys: str) -> tuple[str, ...]:
        """Return the texts of a list, or of a single text."""
        found = self.get(*keys)
        listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return tuple(one for one in listed if isinstance(one, str))

    def one(self, *keys: str) -> str | None:
        """Return a text, None for anything else."""
        found = self.get(*keys)
        return found if isinstance(found, str) else None

    def where(self, key: str) -> str:
        """Return the place of a key: the file, and the line where it can be told."""
        match = re.search(
            rf"^[ \t]*\[*['\"]?(?:[\w.-]*\.)?{re.escape(key)}['\"]?\]*[ \t]*(?:[:=]|$)", self.text, re.M
        )
        return f"{self.path}:{self.text.count(chr(10), 0, match.start()) + 1}" if match else self.path


def find_config(tree: Tree, *places: str) -> ToolConfig | None:
    """Return the first configuration that is there; a place is a path, or ``PATH#TABLE.TABLE`` for a part of one.

    Errors: those of the readers, for a file that cannot be parsed.
    """
    paths = frozenset(tree.paths())
    for place in places:
        path, _, table = place.partition("#")
        text = tree.read(path) if path in paths else None
        if text is None:
            continue
        found = ToolConfig(path, text, _parsed(path, text))
        if not table:
            return found
        inner = found.get(*table.split("."))
        if isinstance(inner, Mapping):
            return ToolConfig(path, text, inner)
    return None


def _parsed(path: str, text: str) -> Mapping[str, Any]:
    data: object
    if path.endswith(".toml"):
        data = parse_toml(text, path)
    elif path.endswith((".json", ".jsonc", ".json5")):
        # nx and others read comments and commas at the end, also in files that are called JSON.
        data = parse_json5(text, path)
    elif path.endswith(".cfg"):
        data = _ini(text)
    else:
        # YAML holds JSON too: `.releaserc` may be either.
        data = _plain(yaml.read_yaml(text, file=path))
    return data if isinstance(data, Mapping) else {}


def _ini(text: str) -> Mapping[str, Any]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: dict(parser.items(name)) for name in parser.sections()}


def ini_mistake(text: str) -> tuple[int, str] | None:
    """Return the line of an INI file that cannot be read, and why; None if the file can be read."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        return error.lineno, "no section begins before this line"
    except configparser.ParsingError as error:
        return error.errors[0][
            0
        ], "the line is neither a section, nor a key with a value, nor indented below one"
    except configparser.Error as error:
        return 1, str(error)
    return None


def _plain(value: yaml.Value | None) -> Any:
    match value:
        case yaml.Mapping(entries):
            return {entry.key: _plain(entry.value) for entry in entries}
        case yaml.Sequence(items):
            return [_plain(item) for item in items]
        case yaml.Scalar(text, "boolean"):
            return text.casefold() in ("true", "yes", "on")
        case yaml.Scalar(_, "null"):
            return None
        case yaml.Scalar(text):
            return text
        case None:
            return None


class Notebook(Struct):
    """Gathers what a reader finds in one configuration."""

    tool: str
    project: ToolProject
    config: ToolConfig
    entries: list[SettingsEntry] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def take(self, name: str, value: object, key: str) -> None:
        """Take a setting over: ``name`` is castoff's (``release.tag``), ``key`` the tool's; None is left out."""
        if value is None:
            return
        table, _, setting = name.rpartition(".")
        # A sentence stands for what has no key.
        reason = f"{key if ' ' in key else f'`{key}`'} in {self.config.path}"
        self.entries.append(SettingsEntry(table=table, settings={setting: value}, reason=reason))

    def take_tag(self, template: str | None, key: str) -> None:
        """Take a tag's form over: with a package in it, it is that of each package."""
        if template is not None and any(hole in template for hole in PACKAGE_HOLES):
            self.take("release.package-tags", template, key)
        elif template is not None and "{version}" in template:
            self.take("release.tag", template, key)

    def leave(self, key: str, reason: str, need: Need = "none", what: str = "") -> None:
        """Name a setting that is not taken over."""
        self.left.append(
            Left(where=self.config.where(key), what=what or f"`{key}`", reason=reason, need=need)
        )

    def leave_known(self, table: Mapping[str, Any], reasons: Mapping[str, str], taken: Sequence[str]) -> None:
        """Name every key of a table that is not ``taken``: with its reason, the unknown ones together."""
        for key in table:
            if key in reasons:
                self.leave(key, reasons[key])
        unknown = [
            key for key in table if key not in reasons and key not in taken and not key.startswith("$")
        ]
        if unknown:
            listed = ", ".join(f"`{key}`" for key in unknown)
            self.left.append(Left(where=self.config.path, what=listed, reason="castoff has no equivalent"))

    def replace_lines(self, path: str, matches: Callable[[str], bool], key: str) -> None:
        """Take the lines of a file with the current version over as rules; ``matches`` picks them."""
        path = normpath(path)
        text = self.project.tree.read(path) if path in self.project.tree.paths() else None
        version_files = {one.version_file for one in self.project.packages}
        if path.rpartition("/")[2] in MANIFESTS or path in version_files:
            return
        current = self.project.current
        meant = [line for line in (text or "").splitlines() if matches(line)]
        rules = dict.fromkeys(_before(line, current) for line in meant if current and current in line)
        for before in rules:
            settings = {
                "file": path,
                "search": before + "{previous}",
                "replace": before + "{version}",
                "literal": True,
                "prerelease": True,
            }
            reason = f"`{key}` in {self.config.path}: the version in `{path}`"
            self.entries.append(SettingsEntry(table="replace", settings=settings, reason=reason, many=True))
        if not rules:
            why = (
                f"no such line has the version {current}" if current else "the packages have several versions"
            )
            why = "the file is missing" if text is None else why
            advice = f"{why}; write a rule in `[[replace]]` if a release should change it"
            self.leave(key, advice, "decision", f"the version in `{path}`")

    def reading(self, *obsolete: str, news: Sequence[PendingNews] = ()) -> Reading:
        """Return what was gathered."""
        return Reading(
            tool=self.tool,
            path=self.config.path,
            entries=tuple(self.entries),
            left=tuple(self.left),
            news=tuple(news),
            obsolete=obsolete,
        )


def _before(line: str, version: str) -> str:
    """Return the text before the version, without braces, which templates would read."""
    return re.split(r"[{}]", line.partition(version)[0])[-1].lstrip()


def template(text: str | None, names: Mapping[str, str]) -> str | None:
    """Write a tool's template as castoff's; None where a placeholder has no equivalent.

    ``names`` maps the tool's placeholders to ours.
    """
    if text is None:
        return None
    for theirs, ours in names.items():
        text = text.replace(theirs, ours)
    # It kept a tool from reacting to its own push; the workflows that finish a release of castoff have to start.
    text = re.sub(r"\s*\[(?:skip ci|ci skip)\]", "", text)
    known = re.sub(r"\{(?:version|previous|package|date|name|tag|major|minor|patch)\}", "", text)
    return None if re.search(r"[{}$%]|<%", known) else text


def excluded(project: ToolProject, patterns: Sequence[str]) -> list[str]:
    """List the packages that patterns of names or folders match."""
    return [
        one.id
        for one in project.packages
        if any(fnmatchcase(one.name, pattern) or fnmatchcase(one.path, pattern) for pattern in patterns)
    ]


def other_version(project: ToolProject, stated: str | None) -> str | None:
    """Return why a version that a tool keeps contradicts the manifests; None if it does not."""
    if not stated or project.current is None or stated == project.current:
        return None
    return f"the packages are at {project.current}; castoff counts from the last tag and the manifests"


def front_matter(text: str) -> tuple[Mapping[str, str], str]:
    """Split a change file into its packages with their levels, and its text."""
    match = re.match(r"\A---[ \t]*\n(.*?)^---[ \t]*\n?(.*)\Z", text.replace("\r\n", "\n"), re.S | re.M)
    if match is None:
        return {}, text.strip()
    lines = re.findall(
        r"^[ \t]*['\"]?([^'\"\n:]+(?:/[^'\"\n:]+)?)['\"]?[ \t]*:[ \t]*['\"]?(\w+)", match[1], re.M
    )
    return dict(lines), match[2].strip()


def change_files(tree: Tree, folder: str) -> Iterator[PendingNews]:
    """Read change files as changesets and nx keep them: packages with levels above, Markdown below."""
    for path in tree.paths():
        if not re.fullmatch(rf"{re.escape(folder)}/(?!README\.md)[^/]+\.md", path):
            continue
        levels, text = front_matter(tree.read(path) or "")
        found = [one for one in ("major", "minor", "patch") if one in levels.values()]
        if text:
            yield PendingNews(path=path, text=text, level=found[0] if found else None)  # type: ignore[arg-type]


def unreadable(error: CastoffError, tool: str) -> Reading:
    """Return the reading of a configuration that cannot be parsed."""
    problem = error.problems[0]
    path = problem.file or tool
    where = f"{path}:{problem.line}" if problem.line else path
    return mistaken(
        tool, path, Left(where=where, what=problem.message, reason=problem.reason, need="decision")
    )


def mistaken(tool: str, path: str, left: Left) -> Reading:
    """Return the reading of a configuration with a mistake, of which no setting is known."""
    left = replace(left, reason=f"{left.reason}; nothing was taken over from this file")
    return Reading(tool=tool, path=path, left=(left,))


def quoted(value: object) -> str:
    """Show a value of a configuration in one line."""
    return json.dumps(value, ensure_ascii=False)[:80]
