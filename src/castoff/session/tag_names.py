"""Names of the tags of a workspace: that of the release, and those of its packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property

from msgspec import Struct

from castoff.config.values import ReleaseSettings
from castoff.errors import CastoffError, Problem, Refusal
from castoff.git.log import newest_of, unreachable_tags
from castoff.git.runner import Git
from castoff.model.intent import Claim
from castoff.model.refs import PackageTags, TagName
from castoff.model.tag_schemes import (
    HOLE,
    NAME_HOLE,
    RANKS,
    Evidence,
    Mark,
    Names,
    ReachableTag,
    Scheme,
    choose_scheme,
    is_ignored,
    unread_tags,
    version_tags,
    without_name,
)
from castoff.model.version_rules import looks_like_version
from castoff.model.versions import Ecosystem, ReleaseVersion, carries, read
from castoff.model.workspace import Package, Workspace
from castoff.ports import Tree
from castoff.values import replace

_NEW_EACH = f"{NAME_HOLE}-v{HOLE}"
_SHOWN = 8
RELEASE_TAG = "Release tag: "
"""Line of the message of a package's tag that names the tag of its release."""


class TagNaming(Struct, frozen=True, kw_only=True, dict=True):
    """How tags are named from now on, and how those are that were made before; ``facade``: those of the facade.

    ``reachable`` are all tags that the branch reaches; ``earlier`` are the forms of the last release where no tag has
    the form of ``tag``. ``last_of_packages`` is the last release if only its packages have tags. ``others`` are
    tags of other forms that look like versions and cannot be parsed. ``problems`` are errors: which tag a release
    gets is unclear.
    """

    tag: TagName
    each: PackageTags | None = None
    earlier: tuple[TagName, ...] = ()
    reachable: tuple[ReachableTag, ...] = ()
    ignored: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    last_of_packages: ReleaseVersion | None = None
    facade: TagName | None = None
    others: tuple[str, ...] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """Return the tags that the branch reaches, that look like versions and that cannot be read."""
        names = (tag.name for tag in self.reachable if not is_ignored(tag.name, self.ignored))
        return tuple(
            name for name in names if name in self.others or looks_like_version(name, self.tag.template)
        )

    @property
    def released(self) -> tuple[Claim, ...]:
        """Return the released versions, the highest first; where several tags have one, as a release is tagged now.

        Of tags of packages alone, the facade's is the release's: notes and links speak of it. Of `v1.2` and `v1.2.0`,
        the longer one is: the shorter one is moved on by the next release.
        """
        tags = (tag for tag in self.reachable if not is_ignored(tag.name, self.ignored))
        known = [(self.version(tag.name), tag) for tag in tags]
        found: dict[tuple[object, str], tuple[tuple[bool, bool, int], Claim]] = {}
        for version, tag in known:
            if version is None:
                continue
            is_facade = self.facade is not None and self.facade.version(tag.name) is not None
            key = (self.tag.version(tag.name) is not None, is_facade, version.width)
            claim = Claim(version=version, commit=tag.commit, tagged=True, tag=tag.name)
            place = (version, tag.commit)
            # Of several tags of one version at one commit, the configured form wins, then that of the facade, then
            # the longer one (`v1.2.0` over the moving `v1.2`).
            if place not in found or key > found[place][0]:
                found[place] = (key, claim)
        claims = sorted(found.values(), key=lambda one: one[0], reverse=True)
        return tuple(sorted((claim for _, claim in claims), key=lambda one: one.version, reverse=True))

    def version(self, tag: str) -> ReleaseVersion | None:
        """Read the version of a tag; tags of packages and of earlier forms count below the first tag of a release.

        Below, not until: when the first release in a form is tagged, the release before it is still that of before.
        """
        found = self.tag.version(tag)
        if found is not None:
            return found
        forms = (self.each, *self.earlier)
        found = next((found for one in forms if one and (found := one.version(tag)) is not None), None)
        if found is None or self._first is None or found < self._first:
            return found
        return found if self.last_of_packages and found <= self.last_of_packages else None

    @cached_property
    def _first(self) -> ReleaseVersion | None:
        """Return the lowest version with a tag of the release's form: one that packages have as well, if any is.

        A tag from before the packages had theirs (`v5.1.0`, then `a@6.0.0`) does not end their turn.
        """
        names = [one.name for one in self.reachable if not is_ignored(one.name, self.ignored)]
        known = {version for name in names if (version := self.tag.version(name)) is not None}
        each = {self.each.version(name) for name in names} if self.each else set()
        return min(known & each or known, default=None)

    def each_of(self, version: ReleaseVersion, *, besides: str) -> tuple[tuple[str, str], ...]:
        """Give (package, tag) of the tags that packages get beside the release's."""
        return (
            tuple((name, tag) for name, tag in self.each.of(version) if tag != besides) if self.each else ()
        )


class TaggedBranch(Struct, frozen=True):
    """A branch as its tags are judged: those that it reaches, and the workspace and the tree at its head.

    ``read_at`` reads the workspace at a commit, so that it holds a package if one is named. It is asked only
    where tags leave several answers. ``is_cut`` tells whether the clone is shallow, so that tags are beyond its edge.
    ``facade`` is the name of the facade.
    """

    git: Git
    tags: Sequence[ReachableTag]
    workspace: Workspace
    tree: Tree
    read_at: Callable[[str, str | None], Workspace]
    is_cut: Callable[[], bool] = lambda: False
    facade: str | None = None


def find_naming(branch: TaggedBranch, release: ReleaseSettings) -> TagNaming:
    """Find how tags are named, by the configuration and the tags that the branch reaches."""
    tags, workspace = branch.tags, branch.workspace
    ecosystems = {package.ecosystem for package in workspace.packages}
    usual: Ecosystem = "python" if ecosystems == {"python"} else "cargo"
    configured = _tag_name(release.tag, tags, usual) if release.tag is not None else None
    is_new = configured and all(configured.version(tag.name) is None for tag in tags)
    if configured and not is_new and not release.package_tags:
        return TagNaming(
            tag=configured,
            earlier=_given_up(branch, configured, release),
            reachable=tuple(tags),
            ignored=release.ignore_tags,
            facade=_of_facade(branch, release, usual),
        )
    scheme = _scheme(branch, release)
    spelling = _tag_name(scheme.template, tags, usual).ecosystem if scheme.template else usual
    each = _each(release.package_tags, scheme, workspace, configured.ecosystem if configured else spelling)
    problems = (
        _problems(scheme, release, branch.tree)
        or tuple(_shared(each))
        or tuple(_tagged_elsewhere(branch, scheme, release))
    )
    others = _unread(branch, release) if scheme.found == "none" else ()
    forms = {form for _, form in others}
    template = scheme.template or (without_name(each.template) if each and scheme.found != "none" else HOLE)
    # The next release goes on in the form of tags that cannot be parsed, if they have one.
    tag = configured or TagName(forms.pop() if len(forms) == 1 and not each else template, spelling)
    of_packages = scheme.found == "per-package" and all(tag.version(one.name) is None for one in scheme.marks)
    return TagNaming(
        tag=tag,
        each=each,
        earlier=_given_up(branch, tag, release) if configured and not is_new else _earlier(tag, tags, scheme),
        reachable=tuple(tags),
        ignored=release.ignore_tags,
        problems=problems,
        last_of_packages=scheme.marks[0].version if of_packages else None,
        others=tuple(name for name, _ in others),
        facade=_of_facade(branch, release, spelling),
    )


def _of_facade(branch: TaggedBranch, release: ReleaseSettings, spelling: Ecosystem) -> TagName | None:
    """Return the form of the newest tag that names the facade; None if there is none."""
    if branch.facade is None:
        return None
    named = version_tags(branch.tags, _names(branch.workspace.packages), release.ignore_tags)
    template = next((mark.template for mark in named if mark.package == branch.facade), None)
    return TagName(template, spelling) if template is not None else None


def _tag_name(template: str, tags: Sequence[ReachableTag], usual: Ecosystem) -> TagName:
    newest = sorted(tags, key=lambda one: one.time, reverse=True)
    return TagName.spelled_like((one.name for one in newest), template, usual)


def _earlier(tag: TagName, tags: Sequence[ReachableTag], scheme: Scheme) -> tuple[TagName, ...]:
    """Return the forms of the last release's tags where the scheme is changed with the next one."""
    if scheme.found == "none" or any(tag.version(one.name) is not None for one in tags):
        return ()
    return tuple(TagName(mark.template, tag.ecosystem) for mark in scheme.marks)


def _given_up(branch: TaggedBranch, tag: TagName, release: ReleaseSettings) -> tuple[TagName, ...]:
    """Return the forms of the last release before the configured form was used."""
    others = [one for one in branch.tags if tag.version(one.name) is None]
    return _earlier(tag, others, _scheme(replace(branch, tags=others), release)) if others else ()


def _scheme(branch: TaggedBranch, release: ReleaseSettings) -> Scheme:
    packages = branch.workspace.packages
    named = version_tags(branch.tags, _names(packages), release.ignore_tags)
    is_nested = len(packages) == 1 and packages[0].root != "."
    # The tags of a release often share a commit, and reading a workspace is the expensive part.
    read_once = cache(branch.read_at)
    return choose_scheme(
        named,
        lambda mark: _evidence(mark, branch.workspace, read_once),
        lambda commits: newest_of(branch.git, commits),
        # In a repository with several workspaces, plain tags may belong to another one of them.
        ranks=("package", "plain", "other") if is_nested else RANKS,
    )


def _each(
    setting: bool | str | None, scheme: Scheme, workspace: Workspace, spelling: Ecosystem
) -> PackageTags | None:
    if not setting:
        return None
    return PackageTags(
        setting if isinstance(setting, str) else scheme.each or _NEW_EACH,
        tuple(package.name for package in workspace.packages),
        spelling,
        {package.name: package.path for package in workspace.packages},
    )


def _names(packages: Iterable[Package]) -> Names:
    return Names((one.name, one.path) for one in packages)


def _unread(branch: TaggedBranch, release: ReleaseSettings) -> tuple[tuple[str, str], ...]:
    """Give (name, form) of the tags that cannot be parsed: those that a package's tool takes are its versions."""
    packages = branch.workspace.packages
    tools = [package.tags for package in packages if package.tags is not None]
    nothing = ReleaseVersion(0, 0, 0)  # what cannot be parsed contradicts no version
    return unread_tags(
        branch.tags,
        _names(packages),
        release.ignore_tags,
        lambda tag: any(one.objection(tag, nothing) is None for one in tools),
    )


def _shared(each: PackageTags | None) -> Iterator[Problem]:
    if each and (shared := each.shared):
        yield Problem(
            code="tags-per-package",
            message=f"`{shared[0]}` and `{shared[1]}` would have one tag by `{each.template}`",
            reason="a tag per package names one package",
            remedy=f'write `package-tags = "{_NEW_EACH}"` into `[release]`, which has the whole name',
        )


def _evidence(mark: Mark, workspace: Workspace, read_at: Callable[[str, str | None], Workspace]) -> Evidence:
    """Compare a mark with the manifests at its commit; packages whose version comes from tags prove nothing."""
    for package in workspace.packages:
        if package.tags is not None and package.tags.objection(mark.name, mark.version) is not None:
            return "differs"
    try:
        there = read_at(mark.commit, mark.package).packages
    except CastoffError as error:
        # No package at that commit: the tag is of something else. Any other failure proves nothing.
        return "differs" if error.problems[0].code == "no-workspace" else "unknown"
    if mark.package is not None:
        there = tuple(package for package in there if package.name == mark.package)
    if any(package.tags is not None for package in there):
        return "unknown"
    # One package with the version is enough: others may have been versioned separately at that time.
    found = {carries(package.version, mark.version) for package in there}
    return "holds" if "holds" in found else "unknown" if "near" in found else "differs"


def _problems(scheme: Scheme, release: ReleaseSettings, tree: Tree) -> tuple[Problem, ...]:
    named = _listed(scheme.marks)
    if scheme.found == "unclear" and release.tag is None:
        templates = [mark.template for mark in scheme.marks]
        verb = "mark" if len({mark.version for mark in scheme.marks}) == 1 else "may mark"
        return (
            Problem(
                code="tag-scheme-unclear",
                message=f"{len(scheme.marks)} tags of different forms {verb} the last release: {named}",
                reason="a release has one form of tag, and castoff does not choose among several",
                remedy=f'set the form in `[release]`: `tag = "{templates[0]}"` or `tag = "{templates[1]}"`; '
                "or exclude other tags with `ignore-tags`",
                commit=scheme.marks[0].commit,
            ),
        )
    if scheme.found != "per-package":
        return ()
    each = [mark for mark in scheme.marks if mark.rank == "package"]
    is_undecided = release.tag is None and (
        release.package_tags is None or (release.package_tags is False and scheme.template is None)
    )
    has_no_form = release.package_tags is True and scheme.each is None
    if not is_undecided and not has_no_form:
        return ()
    beside = f", beside `{scheme.marks[0].name}`" if scheme.template else ""
    return (
        Problem(
            code="tags-per-package",
            message=f"{len(each)} tags mark the last release, one per package{beside}: {_listed(each)}",
            reason="castoff tags a release once, and tags each package only if `release.package-tags` is set"
            + _tools(tree),
            remedy=_remedy(scheme, each),
            commit=each[0].commit,
        ),
    )


def _tagged_elsewhere(branch: TaggedBranch, scheme: Scheme, release: ReleaseSettings) -> Iterator[Problem]:
    """Report that the version of the manifests has a tag of another form, which the branch does not reach.

    Projects that tag on release branches leave old tags alone on the main one, which may be of a form given up long
    ago (facebook/lexical: one `v.0.12.2`). Going on with it, that version would look as if it was never tagged.
    """
    if release.tag is not None or (scheme.marks and scheme.marks[0].rank != "plain"):
        return
    packages = branch.workspace.packages
    versions = {read(package.version) for package in packages if package.tags is None}
    version = versions.pop() if len(versions) == 1 else None
    if version is None:
        return
    chosen = TagName(scheme.template or HOLE)
    names = _names(packages)
    others = (ReachableTag(name=name, commit="") for name in unreachable_tags(branch.git, branch.tags))
    found = [mark for mark in version_tags(others, names, release.ignore_tags) if mark.version == version]
    mark = next((one for one in found if one.rank == "plain"), None)
    if mark is None or any(chosen.version(one.name) is not None for one in found) or branch.is_cut():
        return
    last = (
        f"the newest tag of the branch is `{scheme.marks[0].name}`"
        if scheme.marks
        else "the branch has no tag"
    )
    yield Problem(
        code="tag-scheme-unclear",
        message=f"the version of the manifests, {version}, has the tag `{mark.name}`, which this branch does not reach",
        reason=f"{last}, so that the form of the next one is unclear",
        remedy=f'set the form in `[release]`: `tag = "{mark.template}"`; or exclude other tags with `ignore-tags`',
    )


def _remedy(scheme: Scheme, each: Sequence[Mark]) -> str:
    if scheme.each is None:
        return (
            "set `release.tag` or `release.package-tags`: the tags differ in more than the package, so write "
            f'their future form into `[release]`, such as `package-tags = "{_NEW_EACH}"`; '
            f'or `tag = "{each[0].template}"` to keep only that tag'
        )
    beside = scheme.template or without_name(scheme.each)
    alone = "`package-tags = false`" if scheme.template else f'`tag = "{each[0].template}"`'
    tag = scheme.template or each[0].template
    return (
        f"set `release.tag` or `release.package-tags`: in `[release]`, `package-tags = true` tags each "
        f"package as `{scheme.each}` and the release as `{beside}`; {alone} makes `{tag}` the only tag"
    )


def _tools(tree: Tree) -> str:
    # Fourteen readers, for the few repositories whose tags are unclear.
    from castoff.release_tools import release_tools

    found = release_tools(tree)
    return "".join(
        f"; `{one.path}` configures {one.tool}, which may also create releases: `castoff init` reads it"
        for one in found[:3]
    )


def _listed(marks: Sequence[Mark]) -> str:
    names = [f"`{mark.name}`" for mark in marks]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def require_clear_tags(problems: Sequence[Problem]) -> None:
    """Stop where it is unclear which tag a release gets, and so which version was the last one."""
    if problems:
        raise Refusal(*problems)
