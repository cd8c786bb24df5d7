"""How is a tag named, and which version does a tag's name say: to castoff, and to tools that make versions of tags?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from castoff.errors import ConfigurationError
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell

_HOLE = "{version}"
_VERSIONED = re.compile(
    r"(?P<prefix>[^0-9]{0,200}(?:[0-9]+[^0-9.]{1,100}){0,4}?)(?P<version>[0-9]+\.[0-9][0-9A-Za-z.+-]{0,60})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSource:
    """How a tool makes the version of a package from the tags of its repository, as far as its manifest says it.

    ``pattern`` is the expression that a tag's name must begin with, None where the tool takes every name that holds
    a version. ``globs`` are those of `git describe --match`, of which one must fit; ``without`` those that must not.
    """

    tool: str
    file: str
    line: int | None = None
    pattern: str | None = None
    globs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def objection(self, tag: str, version: ReleaseVersion) -> str | None:
        """Say why the tool would not read this version in a tag of that name; None where nothing speaks against it."""
        if self.globs and not any(fnmatchcase(tag, one) for one in self.globs):
            return "it asks git for tags like " + ", ".join(f"`{one}`" for one in self.globs)
        if any(fnmatchcase(tag, one) for one in self.without):
            return "it leaves out tags like " + ", ".join(f"`{one}`" for one in self.without)
        if self.pattern is None:
            return None
        found = re.match(self.pattern, tag)
        if found is None:
            return f"it takes tags that fit `{self.pattern[:120]}`"
        said = _said(found)
        read_as = read(said) if said else None
        if read_as is None or read_as == version:
            return None
        return f"it reads {read_as} in it"


@dataclass(frozen=True, slots=True)
class TagName:
    """A template with one `{version}` in it; ``ecosystem`` says whose spelling the version has."""

    template: str
    ecosystem: Ecosystem = "cargo"

    def __post_init__(self) -> None:
        if self.template.count(_HOLE) != 1:
            raise ConfigurationError.of(
                "bad-tag-template",
                f"the tag template `{self.template}` does not hold `{_HOLE}` exactly once",
                remedy="write, for example, `v{version}`",
            )

    def of(self, version: ReleaseVersion) -> str:
        """Name the tag of a version."""
        return self.template.replace(_HOLE, spell(version, self.ecosystem))

    def version(self, tag: str) -> ReleaseVersion | None:
        """Read the version that a tag's name says; None where the name does not fit."""
        before, after = self.template.split(_HOLE)
        if not tag.startswith(before) or not tag.endswith(after) or len(tag) <= len(before) + len(after):
            return None
        middle = tag[len(before) : len(tag) - len(after)]
        return read(middle) if middle[:1].isdigit() else None


def found_template(tags: Iterable[str], current: ReleaseVersion | None = None, fallback: str = _HOLE) -> str:
    """Find how a project names its tags.

    ``{version}`` or ``v{version}``, by the highest version that is tagged so. Where that is not the version that
    the workspace is at (``current``) but tags with another prefix say just that one, their prefix: projects that
    tag each package have one for each, and the shortest is taken.
    """
    best: dict[str, ReleaseVersion] = {}
    for tag in tags:
        match = _VERSIONED.fullmatch(tag)
        version = read(match["version"]) if match else None
        if match and version is not None:
            template = match["prefix"] + _HOLE
            best[template] = max(version, best.get(template, version))
    plain = {template: version for template, version in best.items() if template in (_HOLE, f"v{_HOLE}")}
    if plain and (current is None or current in plain.values() or current not in best.values()):
        return max(plain, key=lambda template: (plain[template], template))
    exact = [template for template, version in best.items() if current is not None and version == current]
    return min(exact, key=lambda template: (len(template), template)) if exact else fallback


def _said(found: re.Match[str]) -> str | None:
    """Put the version together that a tool's expression finds: one group, or base, stage and revision."""
    groups = found.groupdict()
    if "version" in groups:
        return groups["version"]
    if "base" in groups:
        return "".join(groups.get(name) or "" for name in ("base", "stage", "revision"))
    return found.group(1) if found.re.groups == 1 else None
