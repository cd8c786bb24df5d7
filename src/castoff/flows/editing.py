"""Which texts does the release commit hold? Manifests first, then rules on documents, then the changelog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from castoff.configuration.replacement import replace_all
from castoff.configuration.templates import Occasion
from castoff.configuration.values import Configuration
from castoff.errors import Problem
from castoff.flows.survey import Survey
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Edit, Workspace
from castoff.ports import Edited, Manifests, Tree


@dataclass(slots=True)
class Overlay:
    """A tree with some texts exchanged; reading sees what earlier edits made."""

    tree: Tree
    texts: dict[str, str]

    def read(self, path: str) -> str | None:
        """Give the newest text."""
        return self.texts[path] if path in self.texts else self.tree.read(path)

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        return sorted({*self.tree.paths(), *self.texts})


def release_edits(
    survey: Survey, configuration: Configuration, manifests: Sequence[Manifests], occasion: Occasion
) -> Edited:
    """Compute everything that changes in the tree, in memory; what commands of the user's do is not known."""
    edited = version_edits(survey, configuration, manifests, occasion)
    cut = changelog_edits(Overlay(survey.tree, dict(edited.texts)), survey, configuration, occasion)
    return Edited(
        texts={**edited.texts, **cut.texts},
        edits=(*edited.edits, *cut.edits),
        problems=(*edited.problems, *cut.problems),
    )


def version_edits(
    survey: Survey, configuration: Configuration, manifests: Sequence[Manifests], occasion: Occasion
) -> Edited:
    """Compute what the version changes: manifests, and documents by rules."""
    overlay = Overlay(survey.tree, {})
    edits: list[Edit] = []
    problems: list[Problem] = []
    for edited in _steps(overlay, survey.workspace, configuration, manifests, occasion):
        overlay.texts.update(edited.texts)
        edits.extend(edited.edits)
        problems.extend(edited.problems)
    changed = {path: text for path, text in overlay.texts.items() if text != survey.tree.read(path)}
    return Edited(texts=changed, edits=tuple(edits), problems=tuple(problems))


def changelog_path(tree: Tree, configured: str | None) -> str | None:
    """Name the changelog file, None where there is none."""
    if configured is not None:
        return configured
    return "CHANGELOG.md" if tree.read("CHANGELOG.md") is not None else None


def _steps(
    overlay: Overlay,
    workspace: Workspace,
    configuration: Configuration,
    manifests: Sequence[Manifests],
    occasion: Occasion,
) -> Iterator[Edited]:
    for one in manifests:
        part = part_of(workspace, one)
        if part.packages:
            # The tree as it was read before, where nothing lies over it yet: it is not read again.
            yield one.edited(overlay if overlay.texts else overlay.tree, part, occasion.version)
    rules = replace_all(
        overlay.read, configuration.replace, occasion.values(), is_stable=occasion.version.is_stable
    )
    yield Edited(texts=rules.texts, edits=rules.edits, problems=rules.problems)


def changelog_edits(tree: Tree, survey: Survey, configuration: Configuration, occasion: Occasion) -> Edited:
    """Cut the section of the version, where a changelog is kept and nobody cut it before.

    Where the version comes from tags and the changelog goes by pull request, it all waits for that: the release then
    needs no commit, and no push to a branch that may be protected.
    """
    path = changelog_path(tree, configuration.changelog.file)
    text = tree.read(path) if path else None
    mode = configuration.changelog.mode
    later = mode == "off" or (mode == "pull-request" and survey.workspace.is_from_tags)
    if path is None or text is None or later:
        return Edited(texts={}, edits=())
    from castoff.notes.changelog import CutOptions, cut

    options = CutOptions(tag=occasion.tag, previous=_compared_with(survey, occasion))
    done = cut(text, occasion.values()["version"], occasion.day.isoformat(), options)
    if done.text == text:
        return Edited(texts={}, edits=())
    heading = done.text.splitlines()[done.line - 1]
    return Edited(
        texts={path: done.text},
        edits=(Edit(path=path, line=done.line, kind="changelog", old="", new=heading),),
    )


def _compared_with(survey: Survey, occasion: Occasion) -> str | None:
    """Name the tag with which the notes will compare: candidates on the way to a stable version are part of it."""
    stable = [claim.version for claim in survey.history.released if claim.version.is_stable]
    if occasion.version.is_stable and stable:
        return survey.tag_name.of(stable[0])
    return occasion.previous_tag


def part_of(workspace: Workspace, manifests: Manifests) -> Workspace:
    """Give what belongs to one ecosystem of a mixed workspace."""
    from dataclasses import replace

    ids = {package.id for package in workspace.packages if package.ecosystem == manifests.ecosystem}
    return replace(
        workspace,
        packages=tuple(p for p in workspace.packages if p.id in ids),
        members=tuple(m for m in workspace.members if m.ecosystem == manifests.ecosystem),
        edges=tuple(e for e in workspace.edges if e.origin in ids and e.target in ids),
        problems=(),
    )


def shown(version: ReleaseVersion, survey: Survey) -> str:
    """Spell a version as this workspace's tags do."""
    from castoff.model.versions import spell

    return spell(version, survey.tag_name.ecosystem)
