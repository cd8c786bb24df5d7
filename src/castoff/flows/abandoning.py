"""How is a version that was begun given up? What was uploaded is withdrawn, the draft goes, the claim is reverted.

Things go in the reverse order of their making; whoever resumes meanwhile is stopped by what was withdrawn. What
came up while this went on is seen by a last look.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from castoff.configuration.templates import Occasion, fill
from castoff.configuration.values import Configuration
from castoff.errors import NotYet, Refusal
from castoff.flows.checking import wants_signed_commit
from castoff.flows.claims import Branch, begun_on
from castoff.flows.gathering import label_of_own_pulls
from castoff.flows.planning import occasion_of
from castoff.flows.setting import Setting
from castoff.flows.staging import Target, drop_claim_part
from castoff.flows.survey import Survey, claims_in, survey
from castoff.flows.withdrawing import (
    Agrees,
    Withdrawal,
    carry_out,
    is_burnt,
    look_at,
    no_draft_stage,
    summed_up,
    target_at,
    withdraw_stage,
)
from castoff.git import Worktree
from castoff.git.reverting import revert
from castoff.model.intent import Claim, to_resume
from castoff.model.observations import Unknown
from castoff.model.refs import GIVEN_UP
from castoff.model.versions import read
from castoff.notes.changelog.rejoin import rejoined
from castoff.stages.draft import releases_of
from castoff.stages.part import Stage
from castoff.stages.revert import RevertPart

_LOCKS = (
    "Cargo.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
)
_MANIFESTS = ("Cargo.toml", "pyproject.toml", "package.json")


def abandon(setting: Setting, version: str, agrees: Agrees) -> Withdrawal:
    """Give a version up when ``agrees`` says yes to what was looked at; may be run again.

    Errors: ``unknown-version``, ``abandon-too-late``, ``abandon-not-newest``, ``revert-carries-more``,
    ``revert-conflict``.
    """
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        claim = _begun(setting, seen, worktree, version)
        target = target_at(setting, seen, worktree, claim)
        _mind_what_is_out(setting, seen, target)
        withdraw = withdraw_stage(setting, target)
        stages = (withdraw, no_draft_stage(setting, target), revert_stage(setting, seen, target, worktree))
        first = summed_up(setting, seen, target, look_at(setting, stages), executed=False)
        if not agrees(first):
            return first
        states = carry_out(setting, stages)
        (last,) = look_at(setting, (withdraw,))
        if last.state == "todo":
            (last,) = carry_out(setting, (withdraw,))
        return summed_up(setting, seen, target, (last, *states[1:]), executed=True)


def given_up(setting: Setting, seen: Survey, worktree: Worktree) -> tuple[Claim, ...]:
    """List what was begun on the branch since the last release, and given up again; the newest first."""
    if seen.refs.claims is not None:
        return claims_in(worktree, seen.refs, seen.head, seen.history.previous, GIVEN_UP)
    return begun_on(_branch_at(setting, worktree, seen.head), seen.history.previous).given_up


def revert_stage(setting: Setting, seen: Survey, target: Target, worktree: Worktree) -> Stage:
    """Take the claim back by a commit on the branch, where the release made one; a ref that claims goes last."""
    if target.workspace.is_from_tags:
        return _ref_stage(setting, seen, target, worktree)

    def stands(head: str) -> bool:
        begun = begun_on(_branch_at(setting, worktree, head), seen.history.previous)
        return target.claim.version in {claim.version for claim in begun.standing}

    return Stage("revert", (_revert_part(setting, target, worktree, stands),))


def _ref_stage(setting: Setting, seen: Survey, target: Target, worktree: Worktree) -> Stage:
    """Take back what the release commit edited, where the release made one, and then the ref."""
    commit = target.claim.commit
    message = fill(setting.configuration.release.message, _occasion_then(seen, target, worktree).values())
    is_ours = worktree.has(commit) and worktree.subject(commit) == message.partition("\n")[0].strip()

    def stands(head: str) -> bool:
        return is_ours and not worktree.is_reverted(commit, head)

    def burnt() -> bool:
        return is_burnt(look_at(setting, (withdraw_stage(setting, target),)))

    undo = _revert_part(setting, target, worktree, stands)
    return Stage("revert", (undo, drop_claim_part(target, worktree, after="revert", is_burnt=burnt)))


def _occasion_then(seen: Survey, target: Target, worktree: Worktree) -> Occasion:
    """Say of which release the message of the release commit spoke, on its own day."""
    day = datetime.fromtimestamp(worktree.commit_time(target.claim.commit), UTC).date()
    return occasion_of(seen, target.claim.version, day)


def _revert_part(
    setting: Setting, target: Target, worktree: Worktree, stands: Callable[[str], bool]
) -> RevertPart:
    def make(head: str) -> str:
        release = setting.configuration.release
        return revert(
            worktree,
            target.claim.commit,
            head,
            belongs=_written_by_a_release(setting, worktree, target),
            tidy=_tidy(setting.configuration),
            sign=wants_signed_commit(setting),
            signoff=release.signoff,
        )

    return RevertPart(
        title=target.title,
        branch=target.branch,
        commit=target.claim.commit,
        subject=worktree.subject(target.claim.commit).strip(),
        remote_url=target.remote_url,
        worktree=worktree,
        stands=stands,
        make=make,
        desk=setting.desk(target.remote_url),
        label=label_of_own_pulls(worktree.tree(target.claim.commit), setting.configuration.notes.config),
    )


def _begun(setting: Setting, seen: Survey, worktree: Worktree, version: str) -> Claim:
    wanted = read(version)
    for claim in given_up(setting, seen, worktree):
        if claim.version == wanted and wanted not in {one.version for one in seen.history.unfinished}:
            return claim
    claim = to_resume(seen.history, version)
    above = [one for one in seen.history.unfinished if one.version > claim.version]
    if above and not claim.tagged:
        title = seen.history.spelled(above[0].version)
        raise Refusal.of(
            "abandon-not-newest",
            f"{title} was begun after {seen.history.spelled(claim.version)}",
            reason="its release commit stands on the one that would be reverted",
            remedy=f"finish it with `castoff resume {title} --execute`, "
            f"or give it up first with `castoff abandon {title} --execute`",
            commit=above[0].commit,
        )
    return claim


def _mind_what_is_out(setting: Setting, seen: Survey, target: Target) -> None:
    """A tag is never moved and an announcement was read: from there on a version is yanked, not abandoned."""
    if not seen.reachable:
        raise NotYet.of(
            "remote-unreachable",
            "the remote could not be asked whether the tag is out",
            reason="a version whose tag is out cannot be abandoned",
            remedy="see that `git ls-remote` works, and run it again",
        )
    out = f"the tag `{target.tag}` is on the remote" if target.tag in seen.refs.tags else None
    forge = setting.forge(target.remote_url)
    found = releases_of(forge, target.tag) if forge and out is None else ()
    if not isinstance(found, Unknown) and any(not release.draft for release in found):
        out = "it is announced on the forge"
    if out is not None:
        raise Refusal.of(
            "abandon-too-late",
            f"{target.title} cannot be abandoned any more: {out}",
            reason="tags are never moved, and what was announced was read",
            remedy=f"take it back with `castoff yank {target.title} --execute`",
        )


def _branch_at(setting: Setting, worktree: Worktree, head: str) -> Branch:
    return Branch.of(worktree, head, setting.manifests, setting.configuration.release.exclude)


def _written_by_a_release(setting: Setting, worktree: Worktree, target: Target) -> Callable[[str], bool]:
    """Say of paths whether a release writes them: manifests, locks, changelog, and what the configuration names."""
    tree = worktree.tree(target.claim.commit)
    read_for_version = {path for one in setting.manifests for path in one.version_paths(tree)}
    files = {package.version_file for package in target.workspace.packages} | read_for_version
    patterns = _patterns(setting.configuration)

    def belongs(path: str) -> bool:
        name = path.rpartition("/")[2]
        return (
            path in files or name in (*_MANIFESTS, *_LOCKS) or any(fnmatchcase(path, one) for one in patterns)
        )

    return belongs


def _tidy(configuration: Configuration) -> Callable[[str, str], str]:
    """Let the news of the version that is given up join those that came after it."""
    changelog = configuration.changelog.file or "CHANGELOG.md"
    return lambda path, text: rejoined(text) if path == changelog else text


def _patterns(configuration: Configuration) -> tuple[str, ...]:
    """Give the globs of what a release may write besides manifests."""
    return (
        configuration.changelog.file or "CHANGELOG.md",
        *(rule.file for rule in configuration.replace),
        *(pattern for command in configuration.version.run for pattern in command.writes),
    )
