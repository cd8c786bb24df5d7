"""How is a tag named, and which version does a tag's name say?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from castoff.errors import ConfigurationError
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell

_HOLE = "{version}"


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


def found_template(tags: Iterable[str], fallback: str = _HOLE) -> str:
    """Choose `{version}` or `v{version}` by the highest version that is tagged so far."""
    best: tuple[ReleaseVersion, str] | None = None
    for tag in tags:
        for template in (_HOLE, "v{version}"):
            version = TagName(template).version(tag)
            if version is not None and (best is None or version > best[0]):
                best = (version, template)
    return best[1] if best else fallback
