"""How is a tag named, and which version does a tag's name say?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from castoff.errors import ConfigurationError
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell

_HOLE = "{version}"
_VERSIONED = re.compile(
    r"(?P<prefix>[^0-9]{0,200}(?:[0-9]+[^0-9.]{1,100}){0,4}?)(?P<version>[0-9]+\.[0-9][0-9A-Za-z.+-]{0,60})"
)


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
