"""Texts of the release commit: manifests first, then rules on documents, then the changelog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from castoff.config.replacement import replace_all
from castoff.config.templates import TemplateRelease
from castoff.config.values import Configuration
from castoff.errors import CastoffError, Problem
from castoff.model.scope import common_folder, folders_above
from castoff.model.tree_links import links_of
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Edit, Edited, Package, Workspace
from castoff.ports import Manifests, Tree
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot
from castoff.values import replace

CHANGELOG = "CHANGELOG.md"
_MOST_CHANGELOGS = 100  # that are looked at for a better one


class Overlay(Struct):
    """A tree with some texts exchanged; reading sees what earlier edits made."""

    tree: Tree
    texts: dict[str, str]

    def read(self, path: str) -> str | None:
        """Return the newest text."""
        return self.texts[path] if path in self.texts else self.tree.read(path)

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        return sorted({*self.tree.paths(), *self.texts})

    def links(self) -> Mapping[str, str]:
        """Return the symbolic links of the tree."""
        return links_of(self.tree).targets


def release_edits(session: Session, template_release: TemplateRelease) -> Edited:
    """Compute everything that changes in the tree, in memory; what commands of the user's do is not known."""
    edited = version_edits(session, template_release)
    cut = changelog_edits(
        Overlay(session.snapshot.tree, dict(edited.texts)),
        session.snapshot,
        session.configuration,
        template_release,
    )
    return Edited(
        texts={**edited.texts, **cut.texts},
        edits=(*edited.edits, *cut.edits),
        problems=(*edited.problems, *cut.problems),
        locks=edited.locks,
    )


def version_edits(session: Session, template_release: TemplateRelease) -> Edited:
    """Compute what the version changes: manifests, and documents by rules."""
    tree = session.snapshot.tree
    overlay = Overlay(tree, {})
    edits: list[Edit] = []
    problems: list[Problem] = []
    locks: list[str] = []
    for edited in _steps(overlay, session, template_release):
        overlay.texts.update(edited.texts)
        edits.extend(edited.edits)
        problems.extend(edited.problems)
        locks.extend(edited.locks)
    changed = {path: text for path, text in overlay.texts.items() if text != tree.read(path)}
    return Edited(texts=changed, edits=tuple(edits), problems=tuple(problems), locks=tuple(locks))


def without_installed(problems: Sequence[Problem], find: Callable[[str], str | None]) -> tuple[Problem, ...]:
    """Drop the warnings about lock files whose client is installed here: castoff runs it."""
    return tuple(
        one
        for one in problems
        if one.code != "lock-needs-its-client" or find(PurePosixPath(one.file or "").stem) is None
    )


def changelog_path(tree: Tree, configured: str | None, workspace: Workspace) -> str | None:
    """Return the changelog of a workspace, None if it has none.

    Without a configured one it is the nearest `CHANGELOG.md` from the folder of the released packages upwards, unless
    that lies in the folder of another workspace: its changelog is not that of this release.
    """
    if configured is not None:
        return configured
    taken = {one.root for one in workspace.others}
    folders = [one.path for one in workspace.packages] or workspace.roots
    for folder in folders_above(common_folder(folders)):
        path = CHANGELOG if folder == "." else f"{folder}/{CHANGELOG}"
        if folder not in taken and tree.read(path) is not None:
            return _followed(tree, path)
    return None


def _followed(tree: Tree, path: str) -> str:
    """Return the file that a path leads to; a link out of the tree stays, and is reported when it is read."""
    real = links_of(tree).real(path)
    return path if real.startswith("../") else real


def _steps(overlay: Overlay, session: Session, template_release: TemplateRelease) -> Iterator[Edited]:
    configuration, manifests = session.configuration, session.services.manifests
    workspace, name = session.snapshot.workspace, session.snapshot.order.facade
    facade = workspace.package(name) if name is not None else None
    for one in manifests:
        part = part_of(workspace, one)
        if part.packages or any(one.follows for one in part.members):
            # The tree as it was read before, where nothing lies over it yet: it is not read again.
            tree = overlay if overlay.texts else overlay.tree
            yield one.edited(
                tree, part, template_release.version, raised=_raised(configuration, one.ecosystem, facade)
            )
    for one in manifests:
        part = part_of(workspace, one)
        # After all manifests: packages outside of the release may depend on any of them.
        yield one.neighbours(overlay.tree, overlay.texts, part, template_release.version)
    # After the manifests, so that a rule that matches a line of one sees the new version, as cargo-release
    # does.
    rules = replace_all(
        overlay.read,
        configuration.replace,
        template_release.values(),
        is_stable=template_release.version.is_stable,
    )
    yield Edited(texts=rules.texts, edits=rules.edits, problems=rules.problems)


def _raised(
    configuration: Configuration, ecosystem: Ecosystem, facade: Package | None
) -> tuple[str, ...] | None:
    """Return the manifests whose requirements move although they admit the new version; None: all of them."""
    kept = {
        "cargo": configuration.cargo.requirements,
        "npm": configuration.npm.requirements,
        "python": configuration.python.requirements,
    }
    # Cargo's default is "raise", as cargo-release users expect; the others keep floors that admit the new
    # version.
    if kept[ecosystem] != "keep":
        return None
    return (facade.manifest,) if facade is not None and facade.ecosystem == ecosystem else ()


def changelog_edits(
    tree: Tree, snapshot: Snapshot, configuration: Configuration, template_release: TemplateRelease
) -> Edited:
    """Cut the section of the version, where a changelog is kept and nobody cut it before.

    Where the version comes from tags and the changelog goes by pull request, it all waits for that: the release then
    needs no commit, and no push to a branch that may be protected.
    """
    path = changelog_path(tree, configuration.changelog.file, snapshot.workspace)
    text = tree.read(path) if path else None
    mode = configuration.changelog.mode
    later = mode == "off" or (mode == "pull-request" and snapshot.workspace.is_from_tags)
    if path is None and mode != "off":
        return Edited(texts={}, edits=(), problems=tuple(_not_kept(tree, snapshot.workspace)))
    if path is None or text is None or later:
        return Edited(texts={}, edits=())
    from castoff.changelog import CutOptions, cut, require_markdown

    require_markdown(path)

    options = CutOptions(
        tag=template_release.tag,
        previous=_compared_with(snapshot, template_release),
        branch=_maintenance_branch(snapshot),
    )
    try:
        done = cut(text, template_release.values()["version"], template_release.day.isoformat(), options)
    except CastoffError as error:
        raise type(error)(*(replace(one, file=one.file or path) for one in error.problems)) from None
    if done.text == text:
        return Edited(texts={}, edits=())
    last = snapshot.history.previous
    strange = (
        () if configuration.changelog.file or last is None else _of_others(tree, path, str(last.version))
    )
    heading = done.text.splitlines()[done.line - 1]
    return Edited(
        texts={path: done.text},
        edits=(Edit(path=path, line=done.line, kind="changelog", old="", new=heading),),
        problems=tuple(strange),
    )


def _not_kept(tree: Tree, workspace: Workspace) -> Iterator[Problem]:
    """Warn of changelogs that get no section: another name or folder than the release's, or one for each package."""
    from castoff.changelog.files import heads_releases, is_changelog

    above = {folder for one in workspace.packages for folder in folders_above(one.path)}
    beside = [
        path
        for path in tree.paths()
        if is_changelog(path) and (path.rpartition("/")[0] or ".") in above | {"docs", "doc"}
    ]
    found = [one for one in beside[:_MOST_CHANGELOGS] if heads_releases(tree.read(one) or "")]
    if not found:
        return
    shown = ", ".join(f"`{one}`" for one in found[:3]) + (
        f" and {len(found) - 3} more" if len(found) > 3 else ""
    )
    writable = [one for one in found if one.endswith(".md")]
    named = f'name one in `[changelog]`, such as `file = "{writable[0]}"`; or ' if writable else ""
    yield Problem(
        code="changelog-not-kept",
        severity="warning",
        message=f"{shown} {'get' if len(found) > 1 else 'gets'} no section of this release",
        reason=f"castoff keeps one changelog for a release, in Markdown, and there is no `{CHANGELOG}` for it",
        remedy=f'{named}set `mode = "off"` if they are written by other means'
        + (f"; a new `{CHANGELOG}` at the root is found" if len(found) > 1 else ""),
        file=found[0],
    )


def _of_others(tree: Tree, path: str, last: str) -> Iterator[Problem]:
    """Warn of a changelog that was found, and that has sections but none of the last release."""
    from castoff.changelog import parse

    def has_last(text: str) -> bool:
        return bool(parse(text).find(last))

    text = tree.read(path) or ""
    if not parse(text).released or has_last(text):
        return
    others = [one for one in tree.paths() if one.rpartition("/")[2] == CHANGELOG and one != path]
    fitting = [one for one in others[:_MOST_CHANGELOGS] if has_last(tree.read(one) or "")]
    named = ", ".join(f"`{one}`" for one in fitting[:3])
    yield Problem(
        code="changelog-of-others",
        severity="warning",
        message=f"`{path}` has no section of the last release, {last}",
        reason="the next section would go into it, and it may be the changelog of other packages"
        + (f"; {named} {'have' if len(fitting) > 1 else 'has'} one" if fitting else ""),
        remedy=f'name the right file in `[changelog]`, such as `file = "{(fitting or [path])[0]}"`; '
        'or set `mode = "off"`',
        file=path,
    )


def _compared_with(snapshot: Snapshot, template_release: TemplateRelease) -> str | None:
    """Name the tag with which the notes will compare: candidates on the way to a stable version are part of it."""
    stable = [claim for claim in snapshot.history.released if claim.version.is_stable]
    # The notes of a stable version cover its candidates, since most users never saw one.
    if template_release.version.is_stable and stable:
        return snapshot.tag_of(stable[0])
    return template_release.previous_tag


def part_of(workspace: Workspace, manifests: Manifests) -> Workspace:
    """Return what belongs to one ecosystem of a mixed workspace."""
    ids = {package.id for package in workspace.packages if package.ecosystem == manifests.ecosystem}
    return replace(
        workspace,
        packages=tuple(p for p in workspace.packages if p.id in ids),
        members=tuple(m for m in workspace.members if m.ecosystem == manifests.ecosystem),
        edges=tuple(e for e in workspace.edges if e.origin in ids and e.target in ids),
        problems=(),
    )


def _maintenance_branch(snapshot: Snapshot) -> str | None:
    """Return the branch of the release unless it is the default branch; the usual names cost no question."""
    usual = snapshot.branch in ("main", "master")
    return None if usual or snapshot.is_default_branch() else snapshot.branch
