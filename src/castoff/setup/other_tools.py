"""Settings and pending news of other release tools, and what would go on releasing beside castoff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field

from castoff.config.tables import keys_of
from castoff.config.values import Configuration, ReleaseSettings
from castoff.model.refs import PACKAGE_HOLES, tag_word
from castoff.regexes import regex
from castoff.release_tools import read_release_tools
from castoff.release_tools.reading import Left, PendingNews, SettingsEntry, ToolProject
from castoff.setup.surroundings import Surroundings, changelog_of
from castoff.text.toml import parse
from castoff.values import replace
from castoff.workflows.detection import known_action
from castoff.workflows.jobs import workflow_files, workflow_steps
from castoff.workflows.second_writers import commands_in, second_writers, writers

_SCRIPT = regex(
    r"(?:scripts?/|bin/|tools?/|\.?ci/|dev/|release/)?[\w.-]+\.(?:sh|bash)|Makefile|[Jj]ustfile|package\.json"
)
_USUAL = ReleaseSettings().branches


class ToolSettings(Struct):
    """What was taken over of other tools, and what was left; ``said`` is all that they say, castoff's defaults too."""

    said: list[SettingsEntry] = field(default_factory=list)
    entries: list[SettingsEntry] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    news: list[PendingNews] = field(default_factory=list)


def take_over_tools(around: Surroundings, before: Sequence[SettingsEntry]) -> ToolSettings:
    """Take over what other release tools are set up to do; ``before`` are entries that are there already."""
    taken = ToolSettings()
    for reading in read_release_tools(
        ToolProject(tree=around.tree, packages=around.packages, current=around.current)
    ):
        taken.found.append(f"`{reading.path}` of {reading.tool}")
        for entry in reading.entries:
            _take(taken, around, before, entry)
        taken.left.extend(reading.left)
        taken.news.extend(reading.news)
        if reading.obsolete:
            where, what = ", ".join(reading.obsolete), f"settings of {reading.tool}"
            reason = "castoff reads none of it: remove it with the jobs that run the tool"
            taken.left.append(Left(where=where, what=what, reason=reason, need="removal"))
    taken.left.extend(_second_writers(around))
    taken.left.extend(_wheel_builders(around))
    taken.left.extend(_extension_crates(around))
    taken.left.extend(_scripts(around))
    return taken


def _take(
    taken: ToolSettings, around: Surroundings, before: Sequence[SettingsEntry], entry: SettingsEntry
) -> None:
    """Add an entry where it says more than castoff does by itself."""
    there = [one for one in (*before, *taken.said) if one.table == entry.table]
    if entry.many:
        known = any(one.settings == entry.settings for one in there)
        taken.entries.extend([] if known else [entry])
        taken.said.append(entry)
        return
    ((name, value),) = entry.settings.items()
    if around.tag is not None and (entry.table, name) == ("release", "tag"):
        return  # the tags themselves say how they are named
    others = [one.settings[name] for one in there if name in one.settings]
    if others and others[0] != value:
        reason = f"another tool says `{others[0]}`, which was taken over"
        what = f"`{entry.table}.{name}` by {entry.reason}: `{value}`"
        taken.left.append(Left(where="castoff.toml", what=what, reason=reason, need="decision"))
        return
    taken.said.append(entry)
    if not others and not _goes_without(around, f"{entry.table}.{name}", value):
        if name == "branches":
            # The pattern of hotfix branches is lost where branches are listed.
            entry = replace(entry, settings={name: [*_listed(value), _USUAL[-1]]})
        taken.entries.append(entry)


def _goes_without(around: Surroundings, key: str, value: object) -> bool:
    """Return whether castoff does the same without the setting."""
    match key:
        case "release.branches":
            return all(any(fnmatchcase(one, usual) for usual in _USUAL) for one in _listed(value))
        case "release.tag":
            return value == "{version}"
        case "release.package-tags":
            return not _has_such_tags(around, str(value))
        case "changelog.file":
            return value == changelog_of(around.tree) or around.tree.read(str(value)) is None
        case _:
            return value == _default(key)


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _default(key: str) -> object:
    table, _, name = key.partition(".")
    settings = getattr(Configuration(), table)
    cls: type = type(settings)
    return getattr(settings, next(one.field for one in keys_of(cls) if one.name == name))


def _has_such_tags(around: Surroundings, template: str) -> bool:
    """Return whether a tag of this form is there; a repository without tags may begin with any."""
    start = template.partition("{version}")[0]
    hole = next((one for one in PACKAGE_HOLES if one in start), None)
    starts = [
        start.replace(hole, tag_word(hole, one.name, one.path)) if hole else start for one in around.packages
    ]
    return not around.tags or any(tag.startswith(one) for tag in around.tags for one in starts)


def _second_writers(around: Surroundings) -> Iterator[Left]:
    steps = workflow_steps(workflow_files(around.tree), around.tree)
    ecosystems = {one.ecosystem for one in around.packages}
    for problem in second_writers(writers(steps), ecosystems, drafts=True):
        yield Left(
            where=f"{problem.file}:{problem.line}",
            what=problem.message.removeprefix(f"`{problem.file}` "),
            reason=f"{problem.reason}: {problem.remedy.partition(';')[0]}",
            need="writer",
        )


def _wheel_builders(around: Surroundings) -> Iterator[Left]:
    """Name the jobs that build wheels for several platforms: one machine cannot build them all."""
    if all(one.ecosystem != "python" for one in around.packages):
        return
    places: dict[tuple[str, str], list[int]] = {}
    for step in workflow_steps(workflow_files(around.tree), around.tree):
        action = known_action(step.uses, ("pyo3/maturin-action", "pypa/cibuildwheel"))
        builds = action is not None or "cibuildwheel" in step.script
        if builds and step.options.get("command", "build") in ("", "build"):
            places.setdefault((step.path, action or "cibuildwheel"), []).append(step.line)
    for (path, tool), lines in places.items():
        reason = (
            "let the workflows of `castoff ci` build them (`ci.wheels`), or keep the jobs: put their files into one "
            "folder and name that in `python.artifacts` "
            "(docs/how-to/wheels-built-elsewhere.md of castoff)"
        )
        where = f"{path}:{', '.join(str(line) for line in lines)}"
        yield Left(where=where, what=f"wheels that `{tool}` builds", reason=reason, need="decision")


def _extension_crates(around: Surroundings) -> Iterator[Left]:
    """Name the crates that are made for another language alone: an upload of them can never be taken back."""
    if all(one.ecosystem == "cargo" for one in around.packages):
        return
    for package in around.packages:
        if package.ecosystem != "cargo":
            continue
        lib = parse(around.tree.read(package.manifest) or "", package.manifest).get("lib")
        if isinstance(lib, dict) and lib.get("crate-type") == ["cdylib"]:
            reason = "no crate can depend on a `cdylib`: set `publish = false` to keep it back"
            what = f"the crate `{package.name}`, which a release would publish too"
            yield Left(where=package.manifest, what=what, reason=reason, need="decision")


def _scripts(around: Surroundings) -> Iterator[Left]:
    """Name scripts that upload: somebody may run them from habit."""
    for path in around.tree.paths():
        text = around.tree.read(path) if _SCRIPT.fullmatch(path) else None
        for line, what in commands_in(text or ""):
            reason = "castoff does this itself: remove it, so that nobody runs both"
            yield Left(where=f"{path}:{line}", what=f"`{what}`", reason=reason, need="removal")
