"""The release commit: edits, lock files, hooks, commit, artifacts and tag; local work, all of it free."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from msgspec import Struct

from castoff import __version__
from castoff.config.templates import TemplateRelease, fill
from castoff.errors import Problem, Refusal
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import Collects, Keeps
from castoff.release.built_files import packed_crate_problems, packed_pointers
from castoff.release.plan_contents import LOCKS
from castoff.session.checkout import check_out
from castoff.session.edits import changelog_edits, part_of, version_edits, without_installed
from castoff.session.release import Release
from castoff.session.session import Session
from castoff.session.signatures import wants_signed_commit, wants_signed_tag
from castoff.session.snapshot import Snapshot
from castoff.session.tag_names import RELEASE_TAG
from castoff.values import replace

_NOT_FOUND = 127


def run_hooks(session: Session, template_release: TemplateRelease) -> Sequence[str]:
    """Run them in order; returns the patterns of the files that they may write.

    Errors: ``hook-failed``, ``hook-tool-missing``.
    """
    values = template_release.values()
    patterns: list[str] = []
    for hook in session.configuration.version.run:
        words = [fill(word, values) for word in hook.command]
        folder = session.clone.root / (_facade_path(session.snapshot) if hook.folder == "facade" else ".")
        # A path with a slash counts from the folder of the command, as in a shell; a bare name is looked up
        # in PATH.
        program = words[0] if "/" not in words[0] else str((folder / words[0]).resolve())
        done = session.clone.git.processes.run(
            [program, *words[1:]],
            kind=Kind.HOOK,
            cwd=folder,
            changes={
                "NEW_VERSION": values["version"],
                "PREV_VERSION": values.get("previous", ""),
                "CRATE_NAME": template_release.name,
                # cargo-release gives its hooks this variable; scripts that were written for it read it.
                "DRY_RUN": "false",
                "WORKSPACE_ROOT": str(session.clone.root),
                "CRATE_ROOT": str(folder),
            },
        )
        if done.code == _NOT_FOUND:
            raise Refusal.of(
                "hook-tool-missing",
                f"the command `{hook.command[0]}` of `version.run` needs a program that is not installed",
                reason=f"it ended with code 127, which shells use for that: {done.words_of_both_streams}",
                remedy="install that program; nothing was changed",
            )
        if done.code != 0:
            raise Refusal.of(
                "hook-failed",
                f"the command `{hook.command[0]}` of `version.run` ended with code {done.code}",
                reason=done.words_of_both_streams,
                remedy="fix the reported problem; nothing was changed"
                + withheld_words(Kind.HOOK, done.withheld),
            )
        patterns.extend(hook.writes)
    return patterns


def _facade_path(snapshot: Snapshot) -> str:
    name = snapshot.order.facade or snapshot.order.waves[-1][-1]
    return snapshot.workspace.package(name).path


def make_commit(session: Session, version: ReleaseVersion) -> tuple[str, tuple[Problem, ...]]:
    """Make the release commit in the clone; returns it, with warnings. Errors list all that is wrong with the edits.

    Where no version stands in the tree, and nothing else is edited, it is the branch's head itself.
    """
    template_release = session.template_release(version)
    paths, problems = _edit(session, template_release)
    # Nothing to commit: the tag goes to the head of the branch itself.
    if session.snapshot.workspace.is_from_tags and not paths:
        return session.snapshot.head, problems
    return _commit(session, template_release, paths), problems


def make_unsigned_commit(session: Session, version: ReleaseVersion) -> tuple[str, tuple[Problem, ...]]:
    """Make a commit with the files of the release commit, and with nothing else of it; returns it, with warnings.

    It needs no identity and no key, and is not to be pushed. Errors: those of the edits.
    """
    paths, problems = _edit(session, session.template_release(version))
    return session.clone.commit_tree(session.clone.staged(paths)), problems


def _edit(session: Session, template_release: TemplateRelease) -> tuple[Sequence[str], tuple[Problem, ...]]:
    """Edit the files of the branch's head in the clone; returns the paths that changed, with warnings.

    The user's commands run after the versions were written; the changelog is cut last, where none of them did.
    """
    edited = version_edits(session, template_release)
    errors = [problem for problem in edited.problems if problem.severity == "error"]
    if errors:
        raise Refusal(*errors)
    check_out(session.clone, session.snapshot.head, session.snapshot.workspace)
    session.clone.write(edited.texts)
    settled = (
        set() if session.snapshot.workspace.is_from_tags else _settle(session, session.snapshot.workspace)
    )
    beside, warnings = _update_beside(session, set(edited.locks) - settled)
    hooked = _run_hooks(session, template_release)
    # Read after the user's commands, which may have written the changelog themselves.
    now = session.clone.tree(session.clone.staged(session.clone.changed_paths()))
    cut = changelog_edits(now, session.snapshot, session.configuration, template_release)
    session.clone.write(cut.texts)
    paths = session.clone.changed_paths()
    expected = {*edited.texts, *settled, *beside, *cut.texts}
    # Anything undeclared would be in the signed commit without having been shown in the plan.
    strays = [path for path in paths if path not in expected and not _declared(path, hooked.writes)]
    if strays:
        raise Refusal(_stray_write(strays))
    locks = without_installed(edited.problems, session.clone.git.processes.find)
    return paths, (*locks, *warnings, *hooked.problems)


def _commit(session: Session, template_release: TemplateRelease, paths: Sequence[str]) -> str:
    release = session.configuration.release
    message = fill(release.message, template_release.values())
    if not paths:
        return session.clone.commit_nothing(message, sign=wants_signed_commit(session.services))
    return session.clone.commit(
        message, paths, sign=wants_signed_commit(session.services), signoff=release.signoff
    )


def _run_hooks(session: Session, template_release: TemplateRelease) -> Hooked:
    """Run the user's commands; where the setting tolerates that their tools are missing, take back what they did."""
    # A tree object is the cheapest undo: it holds all files as they were before the commands.
    before = session.clone.staged(session.clone.changed_paths())
    try:
        return Hooked(writes=run_hooks(session, template_release))
    except Refusal as refused:
        if not {problem.code for problem in refused.problems} <= session.services.tolerated:
            raise
        session.clone.check_out(session.snapshot.head)
        session.clone.lay_out(before)
        return Hooked(problems=tuple(replace(one, severity="warning") for one in refused.problems))


class Hooked(Struct, frozen=True):
    """What the user's commands left: patterns of what they may write, and what is tolerated."""

    writes: Sequence[str] = ()
    problems: tuple[Problem, ...] = ()


def build_artifacts(
    session: Session,
    release: Release,
    into: Path,
    *,
    only: Collection[str] | None = None,
) -> tuple[Artifact, ...]:
    """Build what is uploaded, of ``only`` these packages where given, from the tree at the release commit.

    Tools that make versions from tags find the release's there meanwhile. Errors name each package.
    """
    tagged = any(package.tags for package in release.workspace.packages)
    # setuptools-scm and its kind read the version from a tag, which is not pushed before the uploads.
    names = (release.tag, *release.beside) if tagged else ()
    stand_ins = [name for name in names if session.clone.stand_in_tag(name, release.commit)]
    try:
        return _built(session, release, into, only)
    finally:
        # Deleted whatever happened: a stand-in must never be pushed, or be taken for the signed tag.
        for name in stand_ins:
            session.clone.delete_tag(name)


def kept_name(session: Session, release: Release) -> str | None:
    """Name the files of a release for :class:`castoff.io.built_before.BuiltBefore`; None where they cannot be kept.

    A crate is packed from the tree when it is uploaded, where the builds of other ecosystems may have left files.
    """
    builders = [session.services.builder(one, 0) for one in sorted(release.workspace.ecosystems)]
    inputs = [one.inputs if isinstance(one, Keeps) else None for one in builders]
    if None in inputs:
        return None
    return hashlib.sha256(repr((release.commit, inputs, __version__)).encode()).hexdigest()


def require_accepted(session: Session, release: Release, artifacts: Sequence[Artifact]) -> None:
    """Judge built files by the rules of their registries, before any of them is uploaded; errors stop the release."""
    problems: list[Problem] = []
    for ecosystem in sorted({one.ecosystem for one in artifacts}):
        packages = [one for one in release.workspace.packages if one.ecosystem == ecosystem]
        own = [one for one in artifacts if one.ecosystem == ecosystem]
        problems += session.services.builder(ecosystem, 0).judge(packages, own, session.clone.root)
    if problems:
        raise Refusal(*problems)


def make_tags(
    session: Session, release: Release, template_release: TemplateRelease, artifacts: Sequence[Artifact]
) -> str:
    """Make the tag objects, signed and verified where they are to be signed; returns that of the release, made last.

    Each lists the digests of what it is for. The tag of a package names the release's tag: where it is on the remote
    alone, a push ended in between, and the version is not released.
    """
    sign, commit = wants_signed_tag(session.services), release.commit
    for name, tag in release.each:
        own = [one for one in artifacts if release.workspace.owner(one).name == name]
        first = f"{name} {release.title}\n\n{RELEASE_TAG}{release.tag}"
        session.clone.make_tag(tag, _tag_message(first, own), commit, sign=sign)
    first = fill(session.configuration.release.tag_message, template_release.values())
    return session.clone.make_tag(release.tag, _tag_message(first, artifacts), commit, sign=sign)


def _tag_message(first: str, artifacts: Sequence[Artifact]) -> str:
    lines = sorted(f"{artifact.digest}  {artifact.filename}" for artifact in artifacts)
    return first + "\n\n" + "\n".join(lines) + "\n" if lines else first + "\n"


def _built(
    session: Session, release: Release, into: Path, only: Collection[str] | None
) -> tuple[Artifact, ...]:
    artifacts: list[Artifact] = []
    problems: list[Problem] = []
    for ecosystem in sorted({package.ecosystem for package in release.workspace.packages}):
        builder = session.services.builder(ecosystem, session.clone.commit_time(release.commit))
        packages = [
            release.workspace.package(name)
            for wave in release.waves
            for name in wave
            if release.workspace.package(name).ecosystem == ecosystem and (only is None or name in only)
        ]
        if not packages:
            continue
        if strays := list(_of_another_version(release, packages)):
            raise Refusal(*strays)
        if only is None and isinstance(builder, Collects):
            problems.extend(builder.stray_artifacts(session.clone.root, packages))
        folder = into / ecosystem
        folder.mkdir(parents=True, exist_ok=True)
        built = builder.build(session.clone.root, packages, folder, session.services.reporter.step)
        artifacts.extend(built.artifacts)
        problems.extend(failure.problem for failure in built.failures)
        if not built.failures:
            problems.extend(_without_artifacts(release, packages, built.artifacts))
    problems.extend(packed_pointers(session.clone, release.commit, artifacts))
    registry = session.configuration.cargo.registry
    problems.extend(packed_crate_problems(release.workspace, artifacts, registry))
    if problems:
        raise Refusal(*problems)
    return tuple(artifacts)


def _of_another_version(release: Release, packages: Sequence[Package]) -> Iterator[Problem]:
    """Report packages that the release commit left at another version: they would be uploaded as that one."""
    for package in packages:
        if read(package.version) != release.version:
            yield Problem(
                code="built-version-differs",
                message=f"`{package.name}` would be built as {package.version}, not as {release.title}",
                reason=f"`{package.version_file}` has that version at the release commit",
                remedy="compare the edits of `castoff plan LEVEL` with that file; if they do not include "
                "it, report a bug",
                file=package.version_file,
                line=package.version_line,
                package=package.id,
                commit=release.commit,
            )


def _without_artifacts(
    release: Release, packages: Sequence[Package], artifacts: Sequence[Artifact]
) -> Iterator[Problem]:
    """Report packages of which nothing was built: their part of the publish stage would wait for no file at all."""
    built = {release.workspace.owner(one).id for one in artifacts}
    for package in packages:
        if package.id not in built:
            yield Problem(
                code="build-incomplete",
                message=f"building `{package.name}` produced no artifact of version {package.version}",
                reason="the build succeeded, but there is no file of that name and version",
                remedy=f"build the package by hand, and compare the file's version with `{package.version_file}`",
                file=package.manifest,
                package=package.id,
            )


def _settle(session: Session, workspace: Workspace) -> set[str]:
    settled: set[str] = set()
    for manifests in session.services.manifests:
        part = part_of(workspace, manifests)
        if part.packages:
            settled.update(session.services.builder(manifests.ecosystem, 0).settle(session.clone.root, part))
    return settled


def _update_beside(session: Session, locks: Collection[str]) -> tuple[set[str], tuple[Problem, ...]]:
    """Update lock files that the builders did not: those beside the workspace."""
    changed: set[str] = set()
    problems: list[Problem] = []
    for ecosystem in sorted(set(LOCKS.values())):
        own = [one for one in sorted(locks) if LOCKS[PurePosixPath(one).name] == ecosystem]
        if own:
            paths, warnings = session.services.builder(ecosystem, 0).update_neighbour_locks(
                session.clone.root, own
            )
            changed.update(paths)
            problems += warnings
    return changed, tuple(problems)


def _declared(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _stray_write(paths: Sequence[str]) -> Problem:
    return Problem(
        code="undeclared-write",
        message="a command of `version.run` changed files that it did not declare: "
        + ", ".join(f"`{path}`" for path in paths[:5]),
        reason="the contents of a release commit must be known before it is created",
        remedy="list them under `writes` of that command, or ignore them in git",
        file=paths[0],
    )
