"""Tag schemes of a repository, and the one that marks the releases of a workspace.

A scheme is a template such as `v{version}` or `kube-{version}`; its newest tag that the branch reaches is its mark.
Repositories tag other things as well: single packages, documents, a second workspace. So a scheme counts only if the
manifests at its mark carry the version that the mark names. Of the schemes that count, the one with the newest mark
is chosen, by the order of commits and never by the highest number: projects start to count anew. Where several
schemes mark that last version, one without a name (`v1.2.0`) precedes one with the name of a package, which precedes
any other; two of one rank leave the choice to the configuration.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from castoff.model.refs import PACKAGE_HOLES, tag_word
from castoff.model.versions import ReleaseVersion, is_between_releases, read
from castoff.regexes import regex

HOLE = "{version}"
NAME_HOLE = PACKAGE_HOLES[0]
Evidence = Literal["holds", "differs", "unknown"]
Rank = Literal["plain", "package", "other"]
Found = Literal["found", "none", "per-package", "unclear"]

# The prefix may hold digits (`k8s-1.2.0`), but not dotted ones, which would be a version themselves.
_VERSIONED = regex(
    r"(?P<prefix>[^0-9]{0,200}(?:[0-9]+[^0-9.]{1,100}){0,4}?)(?P<version>[0-9]+\.[0-9][0-9A-Za-z.+-]{0,60})"
)
_PLAIN = frozenset({"v", "r", "rel", "release", "releases", "ver", "version", "versions"})
_END = regex(r"(?:[-_/@=.:~]+[vV]?|^[vV])$")
RANKS: Sequence[Rank] = ("plain", "package", "other")


class ReachableTag(Struct, frozen=True, kw_only=True):
    """A tag in the history of the branch; ``time`` is its commit's, in seconds since 1970."""

    name: str
    commit: str
    time: int = 0


class Mark(Struct, frozen=True, kw_only=True):
    """A tag that names a version. ``package`` is the package of the workspace that it names, ``folder`` its folder."""

    template: str
    name: str
    commit: str
    version: ReleaseVersion
    rank: Rank
    package: str | None = None
    folder: str = ""


class Scheme(Struct, frozen=True, kw_only=True):
    """How releases are tagged: ``marks`` of the last release, the first one being that of ``template``.

    ``template`` is None unless one scheme was ``found``. ``each`` is the template of tags per package, with
    `{package}` and `{version}`, None if several packages were not tagged in one form.
    """

    found: Found
    template: str | None = None
    marks: tuple[Mark, ...] = ()
    each: str | None = None


class Names:
    """The packages of a workspace by the words that tags have for them: names and folders."""

    def __init__(self, packages: Iterable[tuple[str, str]]) -> None:
        """Take (name, folder) of each package."""
        self._names: dict[str, str] = {}
        named = list(packages)
        self.folders = dict(named)
        for name, folder in named:
            # Tags name a package by its name, its npm name without the scope, or its folder.
            for word in (name, name.rpartition("/")[2], folder, folder.rpartition("/")[2]):
                self._names.setdefault(_normal(word), name)
        self._names.pop("", None)

    def rank(self, prefix: str) -> tuple[Rank, str | None]:
        """Rank what comes before the version, with the package that it names."""
        words = [word.lower() for word in re.split(r"[^A-Za-z0-9]+", prefix) if word]
        # `release-1.2.0` and `v1.2.0` name no package.
        if all(word in _PLAIN for word in words):
            return "plain", None
        core = _core(prefix)
        for word in (core, core.rpartition("/")[2]):
            if (name := self._names.get(_normal(word))) is not None:
                return "package", name
        return "other", None


def version_tags(
    tags: Iterable[ReachableTag], names: Names, ignored: Collection[str] = ()
) -> tuple[Mark, ...]:
    """Read the tags that name a version, the newest first: by time, then by version, as tags of one second."""
    found: list[tuple[tuple[int, ReleaseVersion, int, str], Mark]] = []
    for tag in tags:
        match = _VERSIONED.fullmatch(tag.name)
        version = read(match["version"]) if match else None
        if match is None or version is None or is_ignored(tag.name, ignored):
            continue
        rank, package = names.rank(match["prefix"])
        mark = Mark(
            template=match["prefix"] + HOLE,
            name=tag.name,
            commit=tag.commit,
            version=version,
            rank=rank,
            package=package,
            folder=names.folders[package] if package else "",
        )
        # By time first: numbers can restart. Version and name only break ties of tags from the same second.
        found.append(((tag.time, version, version.width, tag.name), mark))
    return tuple(mark for _, mark in sorted(found, key=lambda one: one[0], reverse=True))


def unread_tags(
    tags: Iterable[ReachableTag], names: Names, ignored: Collection[str], is_version: Callable[[str], bool]
) -> tuple[tuple[str, str], ...]:
    """Give (name, form) of the tags that look like versions and cannot be parsed, the newest first.

    A name before the version must be one for releases or that of a package, or ``is_version`` knows the tag.
    """
    found: list[tuple[int, str, str]] = []
    for tag in tags:
        match = _VERSIONED.fullmatch(tag.name)
        if match is None or is_ignored(tag.name, ignored):
            continue
        version = match["version"]
        if read(version) is not None or is_between_releases(version):
            continue
        if names.rank(match["prefix"])[0] != "other" or is_version(tag.name):
            found.append((tag.time, tag.name, match["prefix"] + HOLE))
    return tuple((name, form) for _, name, form in sorted(found, reverse=True))


def is_ignored(tag: str, ignored: Iterable[str]) -> bool:
    """Return whether `release.ignore-tags` names a tag."""
    return any(fnmatchcase(tag, pattern) for pattern in ignored)


def choose_scheme(
    tags: Sequence[Mark],
    evidence: Callable[[Mark], Evidence],
    newest: Callable[[Sequence[str]], Collection[str]],
    *,
    ranks: Sequence[Rank] = RANKS,
) -> Scheme:
    """Choose the scheme of the last release from the tags that name a version, the newest first.

    ``evidence`` compares a tag with the manifests at its commit; ``newest`` gives those of some commits that are in
    the history of none of the others. Both are asked only where several schemes are there, or one of unknown rank.
    ``ranks`` is the order of precedence among tags of one version.
    """
    marks = list({mark.template: mark for mark in reversed(tags)}.values())[::-1]
    if not marks:
        return Scheme(found="none")
    # The usual repository: no manifest of an old commit has to be read.
    if len(marks) == 1 and marks[0].rank != "other":
        return Scheme(found="found", template=marks[0].template, marks=tuple(marks))
    named = [mark for mark in marks if mark.rank != "other"]
    # Tags with foreign words (`docs-2.0`) must prove themselves by the manifests at their commit.
    others = [mark for mark in marks if mark.rank == "other"]
    judged = _Judged(evidence, newest, others_may_be_unknown=not named)
    last = judged.newest_that_counts(named)
    overtaking = [mark for front in judged.passed for mark in front if mark.rank == "plain"]
    newer = judged.newest_that_counts(others, after=last)
    if newer or last:
        found = _of_last(newer or last, tags, evidence, ranks)
        # Both forms are without a name, so that no other thing explains the newer tag: it may be the last release,
        # made without a change of the manifests.
        if last and not newer and found.found == "found" and found.marks[0].rank == "plain" and overtaking:
            return Scheme(found="unclear", marks=(found.marks[0], *overtaking))
        return found
    # Nothing counts, but a plain or package tag is more likely the release's than "never released".
    if doubtful := [mark for front in judged.passed for mark in front if mark.rank != "other"]:
        beside = [mark for mark in doubtful if mark.commit == doubtful[0].commit]
        return _of_last(beside, tags, evidence, ranks)
    return Scheme(found="none", marks=tuple(marks))


class _Judged:
    """Search for the newest marks that count; those that do not are kept in ``passed``, round by round."""

    def __init__(
        self,
        evidence: Callable[[Mark], Evidence],
        newest: Callable[[Sequence[str]], Collection[str]],
        *,
        others_may_be_unknown: bool,
    ) -> None:
        self._evidence, self._newest = evidence, newest
        self._others_may_be_unknown = others_may_be_unknown
        self.passed: list[list[Mark]] = []

    def newest_that_counts(self, marks: Sequence[Mark], after: Sequence[Mark] = ()) -> list[Mark]:
        """Go back from the newest marks to the first that count; no further than to those given in ``after``."""
        left = list(marks)
        bounds = [mark.commit for mark in after]
        while left:
            commits = self._newest([*(mark.commit for mark in left), *bounds])
            front = [mark for mark in left if mark.commit in commits and mark.commit not in bounds]
            if not front:
                return []
            answers = {mark.name: self._evidence(mark) for mark in front}
            counted = [mark for mark in front if answers[mark.name] == "holds"] or [
                mark
                for mark in front
                if answers[mark.name] == "unknown" and (mark.rank != "other" or self._others_may_be_unknown)
            ]
            if counted:
                return counted
            self.passed.append(front)
            left = [mark for mark in left if mark not in front]
        return []


def _of_last(
    counted: Sequence[Mark],
    tags: Sequence[Mark],
    evidence: Callable[[Mark], Evidence],
    ranks: Sequence[Rank],
) -> Scheme:
    """Choose among schemes whose newest marks lie side by side, with all others that mark the same version."""
    # Two lines were merged: precedence of the forms decides, and if that leaves two versions the user does.
    if len({mark.version for mark in counted}) > 1:
        counted = _first_rank(counted, ranks)
    if len({mark.version for mark in counted}) > 1:
        return Scheme(found="unclear", marks=tuple(counted))
    commits = {mark.commit for mark in counted}
    same = {mark.template: mark for mark in reversed(tags) if mark.version == counted[0].version}
    marks = [mark for mark in same.values() if mark.commit in commits or evidence(mark) == "holds"][::-1]
    packages = list({mark.package: mark for mark in reversed(marks) if mark.rank == "package"}.values())[::-1]
    first = _first_rank(marks, ranks)
    newest = [mark for mark in first if mark in counted] or first
    each = _template_of_each(packages)
    if len(packages) > 1:
        packages = sorted(packages, key=lambda mark: mark.name)
        # Several package tags with one plain tag beside them: the plain one is the tag of the whole
        # release.
        plain = [mark for mark in newest if mark.rank == "plain"]
        template = plain[0].template if len(plain) == 1 else None
        return Scheme(found="per-package", template=template, marks=(*plain, *packages), each=each)
    if len(newest) > 1:
        return Scheme(found="unclear", marks=tuple(newest))
    others = (mark for mark in marks if mark is not newest[0])
    return Scheme(found="found", template=newest[0].template, marks=(newest[0], *others), each=each)


def _first_rank(marks: Sequence[Mark], ranks: Sequence[Rank]) -> list[Mark]:
    first = min(ranks.index(mark.rank) for mark in marks)
    return [mark for mark in marks if mark.rank == ranks[first]]


def _template_of_each(marks: Sequence[Mark]) -> str | None:
    """Return the template of most tags per package; None if no form has more than half of them."""
    for hole in PACKAGE_HOLES:
        # tokio-rs/tracing has 244 tags of one form, and one with a slash more.
        forms = Counter(_with_hole(mark, hole) for mark in marks)
        for form, count in forms.items():
            if form is not None and 2 * count > len(marks):
                return form
    return None


def _with_hole(mark: Mark, hole: str) -> str | None:
    word = tag_word(hole, mark.package or "", mark.folder)
    prefix = mark.template.removesuffix(HOLE)
    # A name that occurs twice in the tag cannot be replaced without guessing which one varies.
    if not word or prefix.count(word) != 1:
        return None
    return prefix.replace(word, hole) + HOLE


def without_name(template: str) -> str:
    """Return the form of a release tag beside tags per package: `v{version}` for `{package}-v{version}`."""
    end = next((template.rpartition(hole)[2] for hole in PACKAGE_HOLES if hole in template), template)
    end = end.removesuffix(HOLE)
    return f"v{HOLE}" if end.endswith(("v", "V")) else HOLE


def _core(prefix: str) -> str:
    """Leave out what parts a name from the version: `-v`, `@`, `==`, `/`."""
    return _END.sub("", prefix)


def _normal(word: str) -> str:
    return re.sub(r"[-_.]+", "-", word).lower()
