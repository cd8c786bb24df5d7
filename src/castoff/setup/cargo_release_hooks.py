"""Hooks of cargo-release: rules and checks, or a command that still runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath

from msgspec import Struct

from castoff.config.values import Run
from castoff.ports import Tree
from castoff.release_tools.reading import Left, SettingsEntry
from castoff.setup.scripts import (
    CheckCommand,
    Dropped,
    NotUnderstood,
    Recognised,
    RecommendedVersion,
    ReplacementRule,
    is_complete,
    read_script,
)
from castoff.setup.values import placeholder

_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh"})


class MovedHook(Struct, frozen=True):
    """What a hook became, and what was left."""

    entries: tuple[SettingsEntry, ...] = ()
    left: tuple[Left, ...] = ()


def move_hook(tree: Tree, run: Run, folders: Sequence[str], current: str | None) -> MovedHook:
    """Move one hook: rules and checks where all of it was understood, else the command with the rules beside it.

    ``folders`` are those of the crates, ``current`` is the version that the workspace is at.
    """
    found = _script(tree, run.command, folders)
    if found is None:
        return MovedHook(entries=(_command(run, "a hook of cargo-release that is not a readable script"),))
    path, text, arguments = found
    read = read_script(text, arguments)
    work = _Work(tree, path, tuple(folders), current)
    entries = tuple(entry for one in read for entry in work.entries(one))
    left = (*(one for each in read for one in work.left(each)), *work.unresolved)
    # Only a script of which every line is understood may be replaced by rules.
    if is_complete(read) and not work.unresolved:
        return MovedHook(entries, left)
    reason = f"the hook of cargo-release; parts of `{path}` have no equivalent, so castoff keeps running it"
    offered = tuple(_offered(entry) for entry in entries)
    return MovedHook((_command(run, reason), *offered), left)


def _script(
    tree: Tree, command: Sequence[str], folders: Sequence[str]
) -> tuple[str, str, tuple[str, ...]] | None:
    """Find the script of a hook: path (or `-c`), text, arguments."""
    words = list(command)
    if words and words[0].rpartition("/")[2] in _SHELLS:
        # `sh -ec "..."`: the script is the argument itself.
        if len(words) > 2 and words[1].startswith("-") and words[1].endswith("c"):
            return "-c", words[2], tuple(_marked(word) for word in words[3:])
        words = [word for word in words[1:] if not word.startswith("-")]
    if not words:
        return None
    for folder in ("", *folders):
        path = normpath(f"{folder}/{words[0]}" if folder else words[0])
        text = tree.read(path) if not path.startswith("../") else None
        if text is not None and not text.startswith(("#!/usr/bin/env python", "#!/usr/bin/python")):
            return path, text, tuple(_marked(word) for word in words[1:])
    return None


def _marked(word: str) -> str:
    return re.sub(r"\{(version|previous|name|date|tag)\}", lambda match: placeholder(match[1]), word)


def _command(run: Run, reason: str) -> SettingsEntry:
    settings: dict[str, object] = {"command": list(run.command), "writes": list(run.writes)}
    if run.folder != "workspace":
        settings["folder"] = run.folder
    return SettingsEntry(table="version", settings={"run": [settings]}, reason=reason)


def _offered(entry: SettingsEntry) -> SettingsEntry:
    return SettingsEntry(
        table=entry.table,
        settings=entry.settings,
        reason=f"could replace it in the script: {entry.reason}",
        many=entry.many,
        commented=True,
    )


class _Work:
    """Turns what was recognised in one script into entries."""

    def __init__(self, tree: Tree, path: str, folders: tuple[str, ...], current: str | None) -> None:
        self._tree = tree
        self._path = path
        self._folders = folders
        self._current = current
        self.unresolved: list[Left] = []

    def entries(self, found: Recognised) -> Iterator[SettingsEntry]:
        """Return the entries of one thing."""
        match found:
            case ReplacementRule():
                yield from self._rule(found)
            case RecommendedVersion(line, dependency, file):
                yield from self._comparison(line, dependency, file)
            case CheckCommand(line, words):
                reason = f"{self._path}:{line}: run before each release"
                settings = {"name": " ".join(words[:2]), "command": list(words)}
                yield SettingsEntry(table="check", settings=settings, reason=reason, many=True)
            case _:
                return

    def left(self, found: Recognised) -> Iterator[Left]:
        """Return what was left of one thing."""
        match found:
            case Dropped(line, what, reason):
                yield Left(where=f"{self._path}:{line}", what=what, reason=reason)
            case NotUnderstood(line, what, reason):
                yield Left(where=f"{self._path}:{line}", what=what, reason=reason, need="decision")
            case _:
                return

    def _rule(self, rule: ReplacementRule) -> Iterator[SettingsEntry]:
        where = f"{self._path}:{rule.line}"
        files = self._files(rule)
        if not files:
            self.unresolved.append(
                Left(where=where, what=rule.file, reason="the file does not exist", need="decision")
            )
        for file in files:
            settings: dict[str, object] = {
                "file": file,
                "search": rule.exchange.search,
                "replace": rule.exchange.replace,
            }
            if rule.exchange.literal:
                settings["literal"] = True
            reason = f"{where}: the version in `{file}`"
            if self._matches_nothing(file, rule):
                # A rule that matches nothing today would stop the first release; the comment tells the
                # reader.
                settings["min"] = 0
                reason += f". It has no match for the current version {self._current}: the text may be stale"
            yield SettingsEntry(table="replace", settings=settings, reason=reason, many=True)

    def _files(self, rule: ReplacementRule) -> tuple[str, ...]:
        folders = self._folders if rule.of_crate else ("", *self._folders)
        paths = [normpath(f"{folder}/{rule.file}" if folder else rule.file) for folder in folders]
        there = tuple(dict.fromkeys(path for path in paths if self._tree.read(path) is not None))
        return there if rule.of_crate else there[:1]

    def _matches_nothing(self, file: str, rule: ReplacementRule) -> bool:
        """Only what looks for the previous version can be tried out now: the current one will be that."""
        exchange = rule.exchange
        if self._current is None:
            return False
        escaped = re.escape(self._current)
        if exchange.literal:
            pattern = re.escape(exchange.search).replace(re.escape("{previous}"), escaped)
        else:
            pattern = exchange.search.replace("{previous}", escaped)
        try:
            return re.search(pattern, self._tree.read(file) or "", re.M) is None
        except re.error:
            return False

    def _comparison(self, line: int, dependency: str, file: str) -> Iterator[SettingsEntry]:
        name = re.escape(dependency).replace(r"\-", "-")
        pattern = rf'{name} = (?:\{{ ?version = )?"=?([0-9.]+)"'
        manifest = next(
            (path for path in self._manifests() if re.search(pattern, self._tree.read(path) or "")), None
        )
        if manifest is None or re.search(pattern, self._tree.read(file) or "") is None:
            self.unresolved.append(
                Left(
                    where=f"{self._path}:{line}",
                    what=f"the version of `{dependency}` in `{file}`",
                    reason="no manifest has that version in a comparable form",
                    need="decision",
                )
            )
            return
        settings = {
            "name": f"recommended version of {dependency}",
            "file": file,
            "pattern": pattern,
            "equals": {"file": manifest, "pattern": pattern},
            "message": f"`{file}` recommends another version of {dependency} than the manifests use",
        }
        reason = f"{self._path}:{line}: the recommendation in `{file}` matches the manifests"
        yield SettingsEntry(table="check", settings=settings, reason=reason, many=True)

    def _manifests(self) -> Iterator[str]:
        yield "Cargo.toml"
        yield from (f"{folder}/Cargo.toml" for folder in self._folders if folder)
