"""Refs of a remote: branch heads, claims, and tags with the versions in their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from castoff.errors import ConfigurationError
from castoff.model.versions import Ecosystem, ReleaseVersion, read, spell

CLAIMS = "refs/castoff/"
GIVEN_UP = "given-up/"
_ON = "on/"
_WITHOUT = "without/"
PROPOSED = "castoff/release-"
"""How the branch of a proposal begins; the tag's name follows."""


def claim_ref(version: str) -> str:
    """Name the ref that claims a version, spelled as in tags, where no commit says which version it is."""
    return CLAIMS + version


def lock_of(branch: str) -> str:
    """Name, below ``refs/castoff/``, what goes with a claim so that a branch has one release in flight."""
    return _ON + branch


def without_name(stage: str, version: str) -> str:
    """Name, below ``refs/castoff/``, what says that a stage of a version was given up."""
    return f"{_WITHOUT}{stage}/{version}"


def locks_in(claims: Mapping[str, TagRef]) -> tuple[str, ...]:
    """Name the locks among what stands below ``refs/castoff/``."""
    return tuple(name for name in claims if name.startswith(_ON))


class TagRef(Struct, frozen=True, kw_only=True):
    """A tag on a remote: the object it names, and the commit that it peels to (None: a lightweight tag)."""

    object: str
    peeled: str | None

    @property
    def commit(self) -> str:
        """Return the commit that it stands for."""
        return self.peeled or self.object

    @property
    def annotated(self) -> bool:
        """Return whether it is a tag object, which alone can carry a message and a signature."""
        return self.peeled is not None


class Refs(Struct, frozen=True, kw_only=True):
    """What a remote holds: branch heads and tags by name; where it was asked for, what is below ``refs/castoff/``."""

    heads: Mapping[str, str] = {}
    tags: Mapping[str, TagRef] = {}
    claims: Mapping[str, TagRef] | None = None


_HOLE = "{version}"
PACKAGE_HOLES = ("{package}", "{unscoped}", "{folder}")
"""What stands for a package in the form of its tags: its name, that without npm's scope, or its folder's."""


def tag_word(hole: str, package: str, folder: str) -> str:
    """Return what a hole becomes in the tag of a package."""
    if hole == "{package}":
        return package
    name = package.rpartition("/")[2]
    return name if hole == "{unscoped}" else folder.rpartition("/")[2].strip(".") or name


class TagSource(Struct, frozen=True, kw_only=True):
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
        """Return why the tool would not read this version in a tag of that name, or None."""
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


class TagName(Struct, frozen=True):
    """A template with one `{version}` in it; ``ecosystem`` says whose spelling the version has."""

    template: str
    ecosystem: Ecosystem = "cargo"

    def __post_init__(self) -> None:
        if self.template.count(_HOLE) != 1:
            raise ConfigurationError.of(
                "bad-tag-template",
                f"the tag template `{self.template}` does not contain `{_HOLE}` exactly once",
                remedy="write, for example, `v{version}`",
            )

    @classmethod
    def spelled_like(cls, tags: Iterable[str], template: str, usual: Ecosystem) -> TagName:
        """Make one with the spelling of the first pre-release of that form: `v1.1.0-rc.1` or `v1.1.0rc1`.

        A workflow that starts for tags like `v*-rc.*` would miss a candidate in another spelling. ``tags`` are
        the newest first; ``usual`` is taken if none decides.
        """
        form = cls(template, usual)
        for tag in tags:
            version = form.version(tag)
            if version is not None and not version.is_stable:
                spellings = (form, cls(template, "cargo"), cls(template, "python"))
                return next((one for one in spellings if one.of(version) == tag), form)
        return form

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


class PackageTags(Struct, frozen=True):
    """Tags of each package besides that of the release, by one template with a hole of each kind.

    ``names`` are those of the packages, ``folders`` their folders; two packages of one name share a tag.
    """

    template: str
    names: tuple[str, ...]
    ecosystem: Ecosystem = "cargo"
    folders: Mapping[str, str] = {}

    def of(self, version: ReleaseVersion) -> tuple[tuple[str, str], ...]:
        """Give (package, tag) for a version, in the order of the packages."""
        return tuple((name, one.of(version)) for name, one in self._each())

    def version(self, tag: str) -> ReleaseVersion | None:
        """Read the version of a tag of one of the packages."""
        return next((found for _, one in self._each() if (found := one.version(tag)) is not None), None)

    @property
    def shared(self) -> tuple[str, str] | None:
        """Return two packages whose tags would be one, though their names differ."""
        seen: dict[str, str] = {}
        for name, one in self._each():
            if seen.setdefault(one.template, name) != name:
                return seen[one.template], name
        return None

    def _each(self) -> Iterator[tuple[str, TagName]]:
        hole = next((one for one in PACKAGE_HOLES if one in self.template), PACKAGE_HOLES[0])
        for name in dict.fromkeys(self.names):
            word = tag_word(hole, name, self.folders.get(name, ""))
            yield name, TagName(self.template.replace(hole, word), self.ecosystem)


def _said(found: re.Match[str]) -> str | None:
    """Put the version together that a tool's expression finds: one group, or base, stage and revision."""
    groups = found.groupdict()
    if "version" in groups:
        return groups["version"]
    if "base" in groups:
        return "".join(groups.get(name) or "" for name in ("base", "stage", "revision"))
    return found.group(1) if found.re.groups == 1 else None
