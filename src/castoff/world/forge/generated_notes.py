"""The notes of a release as GitHub writes them.

Written from the behaviour that was observed on published releases and from the public documentation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode

from castoff.values import replace
from castoff.world.forge import association
from castoff.world.forge.answers import Refused
from castoff.world.forge.call import Call
from castoff.world.forge.records import Issue
from castoff.world.forge.state import version_rank

_WRONG = "Invalid release notes configuration: "


class InvalidConfiguration(Exception):
    """The configuration file does not fit GitHub's schema."""


# `on` and `yes` become booleans, which the schema then refuses as no text.
class _Psych(SafeConstructor):
    """Values as Ruby reads them: YAML 1.1, but a single `y` or `n` is a text."""

    def construct_text_or_bool(self, node: ScalarNode) -> object:
        return node.value if len(node.value) == 1 else self.construct_yaml_bool(node)


_Psych.add_constructor("tag:yaml.org,2002:bool", _Psych.construct_text_or_bool)


class Filter(Struct, frozen=True):
    """Labels and authors that are kept out."""

    labels: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


class Category(Struct, frozen=True):
    """One section: its title, the labels that lead to it, and what it keeps out."""

    title: str
    labels: tuple[str, ...]
    exclude: Filter = Filter()


class Configuration(Struct, frozen=True):
    """What ``.github/release.yml`` says; ``origin`` is its path and the ref that it was read at."""

    origin: str
    exclude: Filter = Filter()
    categories: tuple[Category, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """One merged pull request; ``login`` is as printed, ``agent`` who wrote on its behalf.

    ``turn`` orders what was merged in the same second.
    """

    number: int
    title: str
    login: str
    merged_at: datetime
    labels: tuple[str, ...] = ()
    agent: str | None = None
    turn: tuple[int, int] = (0, 0)

    @property
    def identity(self) -> str:
        """Who counts as the contributor."""
        return (self.agent or self.login).lower()

    @property
    def credit(self) -> str:
        """How the contributor is written."""
        return f"@{self.login} with @{self.agent}" if self.agent else f"@{self.login}"


class Range(Struct, frozen=True, kw_only=True):
    """What lies between two releases; ``page`` is the repository's address on the web."""

    page: str
    tag: str
    previous: str | None
    entries: tuple[Entry, ...]
    veterans: frozenset[str]


def write(span: Range, configuration: Configuration | None) -> str:
    """Write the notes; ``veterans`` merged something before (identities, lower case)."""
    # Merged in the same second: the order of the branch decides, then the number.
    ordered = sorted(span.entries, key=lambda entry: (entry.merged_at, entry.turn, entry.number))
    comment = ""
    if configuration is not None:
        comment = f"<!-- Release notes generated using configuration in {configuration.origin} -->\n\n"
    changed = _changed(span, configuration or Configuration(""), ordered)
    newcomers = _newcomers(span, ordered)
    # Observed on published releases: one blank line less after the list of new contributors.
    between = "\n" if newcomers else "\n\n"
    text = comment + changed + newcomers + between + _footer(span)
    # Without changes the text begins with the footer, and GitHub leaves no blank line before it.
    return text if configuration is not None else text.lstrip("\n")


def parse(text: str, origin: str) -> Configuration:
    """Read a configuration file; unknown keys are ignored, as GitHub does."""
    try:
        reader = YAML(typ="safe", pure=True)
        reader.Constructor = _Psych
        # YAML 1.1 as Ruby's parser has it; a 1.2 reader would take `on` and octal numbers otherwise.
        reader.version = (1, 1)
        document = reader.load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidConfiguration(f"{_WRONG}{str(error).splitlines()[0]}") from None
    root = _mapping(document, "#/")
    # A file without the key is valid and changes only the comment line at the top.
    if "changelog" not in root:
        return Configuration(origin)
    changelog = _mapping(root["changelog"], "#/changelog")
    listed = changelog.get("categories", [])
    if not isinstance(listed, list):
        raise _mismatch("#/changelog/categories", listed, "array")
    categories = tuple(
        _category(item, f"#/changelog/categories/{place}") for place, item in enumerate(listed)
    )
    return Configuration(origin, _filter(changelog, "#/changelog"), categories)


def _changed(span: Range, configuration: Configuration, ordered: list[Entry]) -> str:
    kept = [entry for entry in ordered if not _hit(configuration.exclude, entry)]
    if not configuration.categories:
        lines = "".join(_line(span, entry) for entry in kept)
        return f"## What's Changed\n{lines}" if lines else ""
    sections: list[list[Entry]] = [[] for _ in configuration.categories]
    for entry in kept:
        place = _place(configuration.categories, entry)
        if place is not None:
            sections[place].append(entry)
    text = "".join(
        f"### {category.title}\n" + "".join(_line(span, entry) for entry in section)
        for category, section in zip(configuration.categories, sections, strict=True)
        if section
    )
    return f"## What's Changed\n{text}" if text else ""


def _place(categories: tuple[Category, ...], entry: Entry) -> int | None:
    for place, category in enumerate(categories):
        # The first category that fits takes the entry, in the order of the file.
        wanted = "*" in category.labels or not set(category.labels).isdisjoint(entry.labels)
        if wanted and not _hit(category.exclude, entry):
            return place
    return None


def _hit(kept_out: Filter, entry: Entry) -> bool:
    # An exclusion meets the agent as well as the person it works for.
    authors = {entry.login, entry.agent} - {None}
    return not set(kept_out.labels).isdisjoint(entry.labels) or not authors.isdisjoint(kept_out.authors)


def _newcomers(span: Range, ordered: Iterable[Entry]) -> str:
    first: dict[str, Entry] = {}
    for entry in ordered:
        # First entry in merge order: that one is linked as the first contribution.
        if entry.identity not in span.veterans:
            first.setdefault(entry.identity, entry)
    lines = [
        f"* {entry.credit} made their first contribution in {span.page}/pull/{entry.number}\n"
        for entry in first.values()
    ]
    return "\n## New Contributors\n" + "".join(lines) if lines else ""


def _line(span: Range, entry: Entry) -> str:
    return f"* {entry.title} by {entry.credit} in {span.page}/pull/{entry.number}\n"


def _footer(span: Range) -> str:
    # The first release has nothing to compare with: GitHub links the list of commits.
    tail = f"/compare/{span.previous}...{span.tag}" if span.previous else f"/commits/{span.tag}"
    return f"**Full Changelog**: {span.page}{tail}"


def _category(item: object, where: str) -> Category:
    values = _mapping(item, where)
    for name in ("title", "labels"):
        if name not in values:
            raise InvalidConfiguration(
                f"{_WRONG}The property '{where}' did not contain a required property of '{name}'"
            )
    title = values["title"]
    if not isinstance(title, str):
        raise _mismatch(f"{where}/title", title, "string")
    return Category(title, _texts(values, "labels", where), _filter(values, where))


def _filter(values: dict[str, object], where: str) -> Filter:
    if "exclude" not in values:
        return Filter()
    inside = _mapping(values["exclude"], f"{where}/exclude")
    return Filter(_texts(inside, "labels", f"{where}/exclude"), _texts(inside, "authors", f"{where}/exclude"))


def _texts(values: dict[str, object], name: str, where: str) -> tuple[str, ...]:
    found = values.get(name, [])
    if not isinstance(found, list):
        raise _mismatch(f"{where}/{name}", found, "array")
    for place, item in enumerate(found):
        if not isinstance(item, str):
            raise _mismatch(f"{where}/{name}/{place}", item, "string")
    return tuple(found)


def _mapping(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _mismatch(where, value, "object")
    return {str(key): item for key, item in value.items()}


def _mismatch(where: str, value: object, wanted: str) -> InvalidConfiguration:
    kinds = {
        type(None): "null",
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        list: "array",
    }
    kind = kinds.get(type(value), "object")
    return InvalidConfiguration(
        f"{_WRONG}The property '{where}' of type {kind} did not match the following type: {wanted}"
    )


# The usual name first; a second file is not read.
_USUAL = (".github/release.yml", ".github/release.yaml")


def notes_for(call: Call, tag: str, *, target: str | None, previous: str | None, path: str | None) -> str:
    """Generate the notes of a tag that exists or is to be made at ``target``; 422 where that cannot be."""
    ref, head = _head(call, tag, target)
    earlier = previous if previous is not None else previous_tag(call, tag, head)
    inside = _merged_in(call, earlier, head)
    span = Range(
        page=call.links.page(),
        tag=tag,
        previous=earlier,
        entries=tuple(_in_turn(call, inside, head)),
        veterans=_veterans(call, inside),
    )
    return write(span, _configuration(call, head, ref, path))


def previous_tag(call: Call, tag: str, head: str) -> str | None:
    """Choose the release before: the newest published one that is an ancestor, else the highest such tag."""
    tags = {ref.name[len("refs/tags/") :] for ref in call.git.refs("refs/tags")} - {tag}
    before = {name for name in tags if _is_before(call, name, head)}
    # Published releases count before bare tags, drafts never.
    published = [found for found in call.state.releases if not found.draft and found.tag in before]
    if published:
        return max(published, key=lambda found: (found.published_at or found.created_at, found.id)).tag
    return max(before, key=version_rank, default=None)


def _is_before(call: Call, name: str, head: str) -> bool:
    sha = call.git.resolve(f"refs/tags/{name}")
    return sha is not None and call.git.is_ancestor(sha, head)


def _head(call: Call, tag: str, target: str | None) -> tuple[str, str]:
    existing = call.git.resolve(f"refs/tags/{tag}")
    if existing:
        return tag, existing
    # A tag that exists decides, and `target_commitish` is ignored: documented for "generate-notes".
    ref = target or call.state.default_branch
    head = call.git.commitish(ref)
    if head is None:
        raise Refused(422, "Invalid target_commitish parameter")
    return ref, head


def _merged_in(call: Call, previous: str | None, head: str) -> list[Issue]:
    limits = [head]
    if previous is not None:
        sha = call.git.resolve(f"refs/tags/{previous}")
        if sha is None:
            raise Refused(422, "Invalid previous_tag parameter")
        limits.append(f"^{sha}")
    return association.in_range(call.state, call.git, call.git.ids(*limits))


def _in_turn(call: Call, inside: list[Issue], head: str) -> Iterator[Entry]:
    """Return the entries; those of one second know their turn: pushed first, and after it what it contained."""
    seconds = Counter(issue.pull.merged_at for issue in inside if issue.pull)
    # Only where two changes share a second: reading the whole branch is slow.
    trunk = call.git.ids("--first-parent", "--reverse", head) if any(n > 1 for n in seconds.values()) else []
    positions = {sha: position for position, sha in enumerate(trunk)}
    for issue in inside:
        entry = _entry(issue)
        shared = seconds[entry.merged_at] > 1
        yield replace(entry, turn=_turn(call, issue, positions)) if shared else entry


def _turn(call: Call, issue: Issue, positions: dict[str, int]) -> tuple[int, int]:
    assert issue.pull is not None
    own = {*issue.pull.commits, issue.pull.merge_commit or ""}
    direct = [positions[sha] for sha in own if sha in positions]
    if direct:
        return max(direct), 0
    within = (at for sha, at in positions.items() if own.intersection(call.git.side_of(sha)))
    return next(within, len(positions)), 1


def _entry(issue: Issue) -> Entry:
    pull = issue.pull
    assert pull is not None
    assert pull.merged_at is not None
    return Entry(
        number=issue.number,
        title=issue.title,
        # A deleted account is shown as `ghost`, also in notes.
        login=issue.author or "ghost",
        merged_at=pull.merged_at,
        labels=tuple(issue.labels),
        agent=pull.agent,
    )


def _veterans(call: Call, inside: list[Issue]) -> frozenset[str]:
    """Return who merged something before the first change of theirs in the range."""
    numbers = {issue.number for issue in inside}
    first: dict[str, Entry] = {}
    for entry in sorted(map(_entry, inside), key=lambda entry: (entry.merged_at, entry.number)):
        first.setdefault(entry.identity, entry)
    known = {login.lower() for login in call.state.known_contributors}
    for issue in call.state.pulls():
        # Merged before, and outside the range: only then is somebody no newcomer.
        if issue.merged and issue.number not in numbers:
            entry = _entry(issue)
            opening = first.get(entry.identity)
            if opening is not None and entry.merged_at < opening.merged_at:
                known.add(entry.identity)
    return frozenset(known)


def _configuration(call: Call, head: str, ref: str, path: str | None) -> Configuration | None:
    for candidate in (path,) if path else _USUAL:
        text = call.git.run("cat-file", "blob", f"{head}:{candidate}")
        if text is not None:
            try:
                return parse(text, f"{candidate} at {ref}")
            except InvalidConfiguration as error:
                raise Refused(422, str(error)) from None
    return None
