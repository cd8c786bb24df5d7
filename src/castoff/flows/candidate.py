"""How is a release commit made? Edits, lock files, hooks, commit, artifacts and tag: local work, all of it free."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from castoff.configuration.templates import Occasion, fill
from castoff.errors import Problem, Refusal
from castoff.flows.checking import wants_signed_commit, wants_signed_tag
from castoff.flows.editing import changelog_edits, part_of, version_edits
from castoff.flows.hooks import run_hooks
from castoff.flows.planning import occasion_of
from castoff.flows.setting import Setting
from castoff.flows.staging import Target
from castoff.flows.survey import Survey
from castoff.git import FolderTree, Worktree
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Artifact, Workspace


def make_commit(
    setting: Setting, survey: Survey, worktree: Worktree, version: ReleaseVersion
) -> tuple[str, tuple[Problem, ...]]:
    """Make the release commit in the clone; gives it, with warnings. Errors list all that is wrong with the edits.

    Where no version stands in the tree, and nothing else is edited, it is the branch's head itself. The
    user's commands run after the versions were written; the changelog is cut last, where none of them did.
    """
    occasion = occasion_of(survey, version, setting.now.date())
    edited = version_edits(survey, setting.configuration, setting.manifests, occasion)
    errors = [problem for problem in edited.problems if problem.severity == "error"]
    if errors:
        raise Refusal(*errors)
    worktree.check_out(survey.head)
    worktree.write(edited.texts)
    settled = set() if survey.workspace.is_from_tags else _settle(setting, survey.workspace, worktree)
    hooked = _run_hooks(setting, survey, occasion, worktree)
    cut = changelog_edits(FolderTree(worktree.root), survey, setting.configuration, occasion)
    worktree.write(cut.texts)
    paths = worktree.changed_paths()
    expected = {*edited.texts, *settled, *cut.texts}
    strays = [path for path in paths if path not in expected and not _declared(path, hooked.writes)]
    if strays:
        raise Refusal(_stray_write(strays))
    problems = (*edited.problems, *hooked.problems)
    if survey.workspace.is_from_tags and not paths:
        return survey.head, problems
    return _commit(setting, occasion, worktree, paths), problems


def _commit(setting: Setting, occasion: Occasion, worktree: Worktree, paths: Sequence[str]) -> str:
    release = setting.configuration.release
    message = fill(release.message, occasion.values())
    if not paths:
        return worktree.commit_nothing(message, sign=wants_signed_commit(setting))
    return worktree.commit(message, paths, sign=wants_signed_commit(setting), signoff=release.signoff)


def _run_hooks(setting: Setting, survey: Survey, occasion: Occasion, worktree: Worktree) -> Hooked:
    """Run the user's commands; where the setting tolerates that their tools are missing, take back what they did."""
    before = {path: (worktree.root / path).read_bytes() for path in worktree.changed_paths()}
    try:
        return Hooked(writes=run_hooks(setting, survey, occasion, worktree))
    except Refusal as refused:
        if not {problem.code for problem in refused.problems} <= setting.tolerated:
            raise
        worktree.check_out(survey.head)
        for path, data in before.items():
            (worktree.root / path).write_bytes(data)
        return Hooked(problems=tuple(replace(one, severity="warning") for one in refused.problems))


@dataclass(frozen=True, slots=True)
class Hooked:
    """What the user's commands left: patterns of what they may write, and what is tolerated."""

    writes: Sequence[str] = ()
    problems: tuple[Problem, ...] = ()


def build_artifacts(
    setting: Setting,
    target: Target,
    worktree: Worktree,
    into: Path,
    *,
    only: Collection[str] | None = None,
) -> tuple[Artifact, ...]:
    """Build what is uploaded, of ``only`` these packages where given, from the tree at the release commit.

    Tools that make versions from tags find the release's there meanwhile. Errors name each package.
    """
    tagged = any(package.tags for package in target.workspace.packages)
    stands_in = tagged and worktree.stand_in_tag(target.tag, target.claim.commit)
    try:
        return _built(setting, target, worktree, into, only)
    finally:
        if stands_in:
            worktree.delete_tag(target.tag)


def make_tag(
    setting: Setting, target: Target, occasion: Occasion, artifacts: Sequence[Artifact], worktree: Worktree
) -> str:
    """Make the tag object, signed and verified where it is to be signed; its message lists the digests."""
    first = fill(setting.configuration.release.tag_message, occasion.values())
    lines = sorted(f"{artifact.digest}  {artifact.filename}" for artifact in artifacts)
    message = first + "\n\n" + "\n".join(lines) + "\n" if lines else first + "\n"
    return worktree.make_tag(target.tag, message, target.claim.commit, sign=wants_signed_tag(setting))


def _built(
    setting: Setting, target: Target, worktree: Worktree, into: Path, only: Collection[str] | None
) -> tuple[Artifact, ...]:
    artifacts: list[Artifact] = []
    problems: list[Problem] = []
    for ecosystem in sorted({package.ecosystem for package in target.workspace.packages}):
        builder = setting.builder(ecosystem, worktree.commit_time(target.claim.commit))
        packages = [
            target.workspace.package(name)
            for wave in target.order.waves
            for name in wave
            if target.workspace.package(name).ecosystem == ecosystem and (only is None or name in only)
        ]
        if not packages:
            continue
        folder = into / ecosystem
        folder.mkdir(parents=True, exist_ok=True)
        built = builder.build(worktree.root, packages, folder)
        artifacts.extend(built.artifacts)
        problems.extend(failure.problem for failure in built.failures)
    if problems:
        raise Refusal(*problems)
    return tuple(artifacts)


def _settle(setting: Setting, workspace: Workspace, worktree: Worktree) -> set[str]:
    settled: set[str] = set()
    for manifests in setting.manifests:
        part = part_of(workspace, manifests)
        if part.packages:
            settled.update(setting.builder(manifests.ecosystem, 0).settle(worktree.root, part))
    return settled


def _declared(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _stray_write(paths: Sequence[str]) -> Problem:
    return Problem(
        code="undeclared-write",
        message="a command of `version.run` changed files that it did not declare: "
        + ", ".join(f"`{path}`" for path in paths[:5]),
        reason="what a release commit holds must be known before",
        remedy="list them under `writes` of that command, or keep them out of git",
        file=paths[0],
    )
