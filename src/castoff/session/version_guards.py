"""Guards of the next version: a level stops where it may lead to a wrong one, an exact version is only warned of.

Versions count from the last tag that the branch reaches. Where newer tags lie on other branches, cannot be read, or
were never made, the version that follows from a level can be one that was released long ago; where somebody made a
tag by hand, it can be one that nobody meant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from castoff.errors import Problem, Refusal, Severity
from castoff.model.semver import read_version
from castoff.model.version_rules import ExistingVersion, above, is_below_others, is_newest_line, leaves_branch
from castoff.model.versions import (
    ReleaseVersion,
    base_of,
    carries,
    is_own_spelling,
    is_placeholder,
    read,
    spell,
    unsupported_problem,
    version_fault,
)
from castoff.model.workspace import Package, Workspace
from castoff.session.session import Session
from castoff.session.snapshot import Snapshot
from castoff.values import replace

_SHOWN = 5
_MOST_IGNORED = 12  # tags that one remedy lists
_KINDS = ("alpha", "beta", "rc")
Before = Callable[[], Workspace | None]


def version_problems(session: Session, version: ReleaseVersion, level: str) -> tuple[Problem, ...]:
    """List what stops a level here; for an exact version, all of it is a warning."""
    snapshot = session.snapshot
    found = tag_problems(snapshot)
    if all(one.severity == "warning" for one in found):  # else a level counts from the wrong version anyway
        found = (
            *found,
            *nothing_new(snapshot, version),
            *nothing_changed(snapshot, version),
            *passed_over(snapshot, version),
            *below_manifests(snapshot, version),
            *below_released(snapshot, version),
            *off_branch(snapshot, version),
            *stray_base(snapshot, session.workspace_before),
        )
    found = tuple(_with_history(snapshot, one) for one in found)
    if read(level) is None:
        return found
    return tuple(replace(one, severity="warning") for one in found)


def _with_history(snapshot: Snapshot, problem: Problem) -> Problem:
    """Name the cut history first, where a shallow clone is the likely reason for a version that is too low."""
    is_cut = any(one.code == "shallow-clone" for one in snapshot.state)
    if not is_cut or problem.code not in ("version-below-manifests", "version-below-released"):
        return problem
    return replace(problem, remedy=f"fetch the whole history: `git fetch --unshallow`; else {problem.remedy}")


def tag_problems(snapshot: Snapshot) -> tuple[Problem, ...]:
    """List what stops every level, whichever version it leads to."""
    return (*unsupported_manifests(snapshot), *unread_tags(snapshot), *overtaken_by_tag(snapshot))


def overtaken_by_tag(snapshot: Snapshot) -> tuple[Problem, ...]:
    """Report a release that castoff began and whose tag is on an earlier commit."""
    claim, history = snapshot.history.overtaken, snapshot.history
    if claim is None or history.previous is None:
        return ()
    title, tag = history.spelled(claim.version), snapshot.tag_of(history.previous)
    return (
        Problem(
            code="tag-elsewhere",
            message=f"the tag `{tag}` is on another commit than the release of {title} that was started",
            reason=f"{claim.commit[:12]} is the release commit, and the tag is on {history.previous.commit[:12]}: "
            "the release would be skipped",
            remedy="if nobody relies on the tag yet, delete it on the remote "
            f"(`git push --delete {snapshot.remote or 'origin'} {tag}`) and run `castoff resume {title} --execute`; "
            "otherwise pass the exact next version",
            commit=claim.commit,
        ),
    )


def passed_over(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Report what was begun below an exact version and would be left as it is."""
    history = snapshot.history
    below = [one for one in history.unfinished if one.version < version]
    return tuple(
        Problem(
            code="release-in-flight",
            message=f"{history.spelled(one.version)} would be left without a release",
            reason=f"{one.commit[:12]} changed the version to it, and neither the commit nor a tag says that it was to "
            "be released",
            remedy=f"if it was, finish it first: `castoff resume {history.spelled(one.version)} --execute`",
            commit=one.commit,
        )
        for one in below
    )


def severity_for(level: str | None) -> Severity:
    """Return how a problem of the next version counts: for a version that was named or guessed, as a warning."""
    return "error" if level is not None and read(level) is None else "warning"


def require_version(
    session: Session, version: ReleaseVersion, level: str, *, but: Collection[str] = ()
) -> None:
    """Stop where a level may lead to a wrong version, ``but`` for these codes; errors of :func:`version_problems`."""
    found = version_problems(session, version, level)
    if errors := [one for one in found if one.severity == "error" and one.code not in but]:
        raise Refusal(*errors)


def unsupported_manifests(snapshot: Snapshot) -> tuple[Problem, ...]:
    """Report versions in manifests that castoff cannot release, each text once for all packages that have it."""
    found: dict[str, Problem] = {}
    for package in snapshot.workspace.packages:
        fault = None if package.tags is not None else version_fault(package.version)
        if fault is not None and package.version not in found:
            if is_placeholder(package.version) and (last := snapshot.history.previous):
                fault = replace(
                    fault, instead=f"{snapshot.history.spelled(last.version)}, the last released version"
                )
            found[package.version] = unsupported_problem(
                f"`{package.id}` has the version {package.version}, which castoff does not release",
                fault,
                file=package.version_file,
                line=package.version_line,
            )
    return tuple(found.values())


def unread_tags(snapshot: Snapshot) -> tuple[Problem, ...]:
    """Report tags that look like versions but cannot be parsed: an error if one may be newer than the last release."""
    newer, older = snapshot.unread_tags
    if newer:
        last = snapshot.history.previous
        return (
            _unread(
                newer,
                "error",
                f"{'it is' if len(newer) == 1 else 'they are'} in the history of `{snapshot.branch}`, "
                + (
                    f"and not older than {snapshot.tag_of(last)}"
                    if last
                    else "and no other reachable tag is a version"
                ),
            ),
        )
    return (
        (
            _unread(
                older, "warning", f"{'it is' if len(older) == 1 else 'they are'} older than the last release"
            ),
        )
        if older
        else ()
    )


def _unread(tags: Sequence[str], severity: str, reason: str) -> Problem:
    names = ", ".join(f"`{tag}`" for tag in tags[:_SHOWN]) + (", ..." if len(tags) > _SHOWN else "")
    many = len(tags) != 1
    # One that is left out would be the next refusal.
    ignored = ", ".join(f'"{tag}"' for tag in tags[:_MOST_IGNORED])
    more = f" and {len(tags) - _MOST_IGNORED} more" if len(tags) > _MOST_IGNORED else ""
    return Problem(
        code="tag-unsupported",
        severity="error" if severity == "error" else "warning",
        message=f"{len(tags)} tag{'s look' if many else ' looks'} like "
        f"{'versions' if many else 'a version'} but cannot be parsed: {names}",
        reason=f"{reason}; castoff supports two or three numbers, with an optional pre-release such as `rc.1`",
        remedy=f"ignore {'them' if many else 'it'} in `[release]`: `ignore-tags = [{ignored}]`{more}; "
        "or pass the exact version",
    )


def below_manifests(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Compare with the highest version in a manifest."""
    known = [
        (base, package)
        for package in snapshot.workspace.packages
        if package.tags is None and (base := base_of(package.version)) is not None
    ]
    # Where versions differ, what is left out decides which of them counts.
    if not known or snapshot.differing_versions:
        return ()
    highest, package = max(known, key=lambda one: one[0])
    # Bases only: `1.2.0-rc.1` in a manifest is on the way to the `1.2.0` that is released now.
    if version.base >= highest:
        return tuple(_sorted_below(snapshot, version))
    return (_below(snapshot, version, package, highest),)


def _sorted_below(snapshot: Snapshot, version: ReleaseVersion) -> Iterator[Problem]:
    """Report the next pre-release where the manifest's own spelling is higher by SemVer: `rc.2` is below `rc1`."""
    for package in snapshot.workspace.packages:
        there = read(package.version)
        if there is None or there >= version or is_own_spelling(package.version, package.ecosystem):
            continue
        native = spell(version, package.ecosystem)
        old, new = read_version(package.version), read_version(native)
        if old is not None and new is not None and new < old:
            yield Problem(
                code="version-below-manifests",
                message=f"{native} is lower than the version in the manifests: `{package.id}` is at {package.version}",
                reason=f"castoff writes `{'.'.join(new.pre)}`, which SemVer sorts below `{'.'.join(old.pre)}`",
                remedy="go on with the stable version (`release`), or with pre-releases of a later one",
                package=package.id,
                file=package.version_file,
                line=package.version_line,
            )
            return


def _below(snapshot: Snapshot, version: ReleaseVersion, package: Package, highest: ReleaseVersion) -> Problem:
    previous = snapshot.history.previous
    reached = (
        f"the last one reachable from `{snapshot.branch}` is {snapshot.history.spelled(previous.version)}"
        if previous
        else f"`{snapshot.branch}` has no tag of the form `{snapshot.tag_name.template}`"
    )
    return Problem(
        code="version-below-manifests",
        message=f"{version} is lower than the version in the manifests: `{package.id}` is at {package.version}",
        reason=f"levels count from the last release's tag, and {reached}",
        remedy=f"pass the exact version (such as {highest}), push the missing tags, or release from the "
        "branch that contains them",
        package=package.id,
        file=package.version_file,
        line=package.version_line,
    )


def below_released(
    snapshot: Snapshot, version: ReleaseVersion, listed: Mapping[str, Sequence[str]] | None = None
) -> tuple[Problem, ...]:
    """Compare with the versions that exist: those of tags, and those that registries list by package.

    A version must be above all of its own line, and on the branch of the newest line above every stable one.
    """
    found = _above(snapshot, version, listed)
    if not found:
        return ()
    shown = ", ".join(f"{one.text} ({one.place})" for one in found[:_SHOWN])
    highest = found[0].version
    spelled = snapshot.history.spelled
    return (
        Problem(
            code="version-below-released",
            message=f"{spelled(version)} is lower than a released version: {shown}"
            + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""),
            reason="a version must be higher than all of its line, and on the newest line higher than every stable "
            "version; levels count from the last tag that is reachable from the branch",
            remedy="pass the exact version"
            + (f", such as {spelled(_after(highest))}" if highest else "")
            + f" (or {spelled(version)} itself, if it is meant: that is a warning); or release from the branch that "
            "contains the last release",
        ),
    )


def allowed_from(
    snapshot: Snapshot, version: ReleaseVersion, listed: Mapping[str, Sequence[str]]
) -> ReleaseVersion:
    """Return a version, or the next one that is not below what registries list."""
    found = _above(snapshot, version, listed)
    return _after(found[0].version) if found and found[0].version else version


def _above(
    snapshot: Snapshot, version: ReleaseVersion, listed: Mapping[str, Sequence[str]] | None
) -> Sequence[ExistingVersion]:
    known = (
        _tagged(snapshot)
        if listed is None
        else [
            ExistingVersion(text, f"`{name}` on its registry", read(text))
            for name, texts in listed.items()
            for text in texts
        ]
    )
    # The strict rule first: whether this is the newest line may need a question to the remote, which is asked
    # only if the answer matters.
    found = above(version, known, is_newest_line=True)
    if found and not _is_newest_line(snapshot, known):
        found = above(version, known, is_newest_line=False)
    return found


def is_released_here(snapshot: Snapshot, listed: Sequence[str]) -> bool:
    """Return whether a tag of the remote released one of the versions that a registry lists of a name.

    What no tag released may be somebody else's package of that name.
    """
    return any(version in snapshot.tagged_versions for text in listed if (version := read(text)) is not None)


def _is_newest_line(snapshot: Snapshot, known: Sequence[ExistingVersion]) -> bool:
    """Return whether the branch reaches the highest stable tag and is of no earlier line, or is the default branch."""
    previous = snapshot.history.previous.version if snapshot.history.previous else None
    tagged = [one.version for one in _tagged(snapshot) if one.version is not None]
    others = (one.version for one in known if one.version is not None)
    is_newest = is_newest_line(previous, tagged) and not is_below_others(snapshot.branch, previous, others)
    return is_newest or snapshot.is_default_branch()


def _after(version: ReleaseVersion) -> ReleaseVersion:
    base = version.base
    return replace(base, patch=base.patch + 1, width=3) if version.is_stable else base


def _tagged(snapshot: Snapshot) -> list[ExistingVersion]:
    reached = {claim.tag for claim in snapshot.history.released}
    return [
        ExistingVersion(snapshot.history.spelled(version), f"the tag `{tag}`", version)
        for tag in snapshot.refs.tags
        if tag not in reached
        and not snapshot.ignores(tag)
        and (version := snapshot.version_of(tag)) is not None
    ]


def nothing_new(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Report that nothing was committed since the last release: a second one would have its contents.

    A pre-release may be followed by a more stable version of the same contents; that is what it was made for.
    """
    previous = snapshot.history.previous
    if previous is None or not snapshot.history.idle or _stability(version) > _stability(previous.version):
        return ()
    last, next_one = snapshot.history.spelled(previous.version), snapshot.history.spelled(version)
    return (
        Problem(
            code="nothing-committed",
            message=f"nothing was committed to `{snapshot.branch}` since {last}",
            reason=f"{next_one} would have the same contents under another version",
            remedy="push the changes to release; to release the same contents again, pass the exact "
            f"version: `{next_one}`",
            commit=previous.commit,
        ),
    )


def nothing_changed(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Report that no package changed, where a release holds only what did."""
    previous, packages = snapshot.history.previous, snapshot.workspace.packages
    if snapshot.scope.versions != "newest" or previous is None or snapshot.history.idle:
        return ()
    if any(one.change is not None for one in packages):
        return ()
    return (
        Problem(
            code="nothing-committed",
            message=f"no package changed since {snapshot.history.spelled(previous.version)}",
            reason="with `only-changed`, a release has the packages whose files changed since their own last release",
            remedy="push the changes to release; to release the packages of the last release again, pass the exact "
            f"version: `{snapshot.history.spelled(version)}`",
            commit=previous.commit,
        ),
    )


def _stability(version: ReleaseVersion) -> int:
    return len(_KINDS) if version.pre is None else _KINDS.index(version.pre)


def off_branch(snapshot: Snapshot, version: ReleaseVersion) -> tuple[Problem, ...]:
    """Report a version of another line than the one that the branch is named after."""
    previous = snapshot.history.previous
    line = leaves_branch(snapshot.branch, version, previous.version if previous else None)
    if line is None:
        return ()
    return (
        Problem(
            code="version-off-branch",
            message=f"{snapshot.history.spelled(version)} is not a version of the branch `{snapshot.branch}`",
            reason=f"its name is for the line {line}",
            remedy="use a lower level, release from another branch, or pass the exact version",
        ),
    )


def stray_base(snapshot: Snapshot, before: Before) -> tuple[Problem, ...]:
    """Hold the last release's tag against its commit's manifests, read by ``before`` where they may differ."""
    return tuple(_stray(snapshot, before))


def _stray(snapshot: Snapshot, before: Before) -> Iterator[Problem]:
    previous = snapshot.history.previous
    if previous is None or snapshot.version == previous.version:
        return
    there = (before() or snapshot.workspace).packages
    if not there or any(carries(one.version, previous.version) != "differs" for one in there):
        return
    # semantic-release and others write the version into what they publish, and never commit it.
    other = (
        f"write {snapshot.history.spelled(previous.version)} into the manifests, if it is the last release"
        if is_placeholder(there[0].version)
        else f'ignore the tag with `ignore-tags = ["{snapshot.tag_of(previous)}"]` in `[release]`'
    )
    yield Problem(
        code="tag-of-another-version",
        message=f"`{snapshot.tag_of(previous)}` is on a commit at which `{there[0].id}` is {there[0].version}",
        reason="levels count from the tag of the last release, and this tag does not match the manifests",
        remedy=f"pass the exact version, or {other}",
        package=there[0].id,
        commit=previous.commit,
    )
