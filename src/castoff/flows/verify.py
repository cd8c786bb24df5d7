"""Is a release whole? Asked from outside, at any time, from anywhere; nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from castoff.errors import CastoffError, Problem
from castoff.flows.after import changelog_stage, docs_stage
from castoff.flows.checking import wants_signed_tag
from castoff.flows.setting import Setting
from castoff.flows.staging import NO_FORGE
from castoff.flows.subject import Subject, find_subject
from castoff.flows.survey import Survey, manifest_tree, survey
from castoff.flows.verified import Result, Verified, failed, judged, unknown
from castoff.flows.verify_artifacts import verify_artifacts
from castoff.flows.website import website_stage
from castoff.git import Worktree
from castoff.git.signing import has_tag_signature, signature_is_good
from castoff.model.acts import Blocked, Decision, Do, Done, Off, Person, Wait
from castoff.model.observations import Unknown
from castoff.model.versions import read, spell
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.reconcile import StageState, observe
from castoff.stages.changelog import published

_LISTED = re.compile(r"^([0-9a-f]{64})  (\S.{0,300})$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All answers about one release."""

    version: str
    tag: str
    checks: tuple[Verified, ...]

    def count(self, result: Result) -> int:
        """Count the answers of one kind."""
        return sum(one.result == result for one in self.checks)


def verify(setting: Setting, word: str | None, *, trial: bool = True) -> Verdict:
    """Verify a release; with ``trial`` a fresh project uses it through the real client."""
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, setting.configuration, setting.manifests)
        subject = find_subject(setting, seen, worktree, word)
        listed = {name: digest for digest, name in _LISTED.findall(worktree.tag_message(subject.target.tag))}
        questions: list[Callable[[], Sequence[Verified]]] = [
            lambda: [_tag(setting, seen, subject, worktree)],
            *(_asking(setting, subject, package, listed) for package in subject.target.workspace.packages),
            lambda: [_release(setting, subject)],
            lambda: _stages(setting, seen, subject, worktree),
        ]
        if trial:
            tree = manifest_tree(worktree, subject.commit)
            questions += [_trying(setting, subject, package, tree) for package in _tried(subject)]
        with ThreadPoolExecutor(setting.lanes) as pool:
            answers = [one for found in pool.map(lambda ask: ask(), questions) for one in found]
        return Verdict(version=subject.target.title, tag=subject.target.tag, checks=tuple(answers))


def _asking(
    setting: Setting, subject: Subject, package: Package, listed: Mapping[str, str]
) -> Callable[[], Sequence[Verified]]:
    return lambda: [verify_artifacts(setting, subject, package, listed)]


def _trying(
    setting: Setting, subject: Subject, package: Package, tree: Tree
) -> Callable[[], Sequence[Verified]]:
    return lambda: [_trial(setting, subject, package, tree.read(package.manifest) or "")]


def _tag(setting: Setting, seen: Survey, subject: Subject, worktree: Worktree) -> Verified:
    """Is the tag annotated, signed, and on the commit that made the version?"""
    tag, ref = subject.target.tag, seen.refs.tags[subject.target.tag]
    if not ref.annotated:
        return failed(
            "tag", _tag_problem(tag, "is no annotated tag", "it carries neither digests nor a signature")
        )
    versions = {package.version for package in subject.target.workspace.packages}
    if not all(_is(version, subject) for version in versions):
        said = ", ".join(sorted(versions)[:3])
        return failed(
            "tag", _tag_problem(tag, "is on a commit of another version", f"its manifests say {said}")
        )
    heads = [seen.refs.heads.get(branch) for branch in subject.branches]
    if not any(head is not None and worktree.is_ancestor(subject.commit, head) for head in heads):
        return failed(
            "tag", _tag_problem(tag, "is on no release branch", "the release commit was never claimed")
        )
    return _signature(setting, subject, worktree)


def _signature(setting: Setting, subject: Subject, worktree: Worktree) -> Verified:
    tag = subject.target.tag
    if not has_tag_signature(worktree.git, tag):
        if setting.configuration.release.sign in ("none", "commit"):
            return Verified(id="tag", result="pass", note="annotated; `release.sign` wants no signature")
        problem = _tag_problem(
            tag, "carries no signature", "anybody with the right to push could have made it"
        )
        return _unsigned(setting, problem)
    if signature_is_good(worktree.git, tag, lambda: worktree.folder("signing")):
        return Verified(id="tag", result="pass", note="annotated, with a good signature")
    return unknown(
        "tag",
        f"the signature of `{tag}` cannot be verified here",
        "git knows no such key: import it, or name it in `gpg.ssh.allowedSignersFile`",
    )


def _unsigned(setting: Setting, problem: Problem) -> Verified:
    """Judge an unsigned tag: wrong where castoff would sign, else worth a warning."""
    if wants_signed_tag(setting):
        return failed("tag", problem)
    advice = 'set `user.signingkey` before the next release, or say `sign = "none"` in `[release]`'
    return judged("tag", [replace(problem, severity="warning", remedy=advice)])


def _release(setting: Setting, subject: Subject) -> Verified:
    forge = setting.forge(subject.target.remote_url)
    if forge is None:
        return Verified(id="release", result="off", note=NO_FORGE)
    found = published(forge, subject.target.tag)
    if isinstance(found, Unknown):
        return unknown("release", "the forge could not be asked for the release", found.reason)
    if found is None:
        problem = Problem(
            code="verify-not-published",
            message=f"the release of `{subject.target.tag}` is not published on the forge",
            remedy="publish it with `castoff announce --execute`",
        )
        return failed("release", problem)
    return Verified(id="release", result="pass", note=found.url)


def _stages(setting: Setting, seen: Survey, subject: Subject, worktree: Worktree) -> Sequence[Verified]:
    """Ask what the stages after the announcement see: they know what is right."""
    stages = (
        changelog_stage(setting, subject, worktree),
        docs_stage(setting, subject, worktree),
        website_stage(setting, seen, subject, worktree),
    )
    return [one for state in observe(stages, lanes=setting.lanes) for one in _of_stage(state)]


def _of_stage(state: StageState) -> Iterator[Verified]:
    if state.stage.off is not None:
        yield Verified(id=state.stage.name, result="off", note=state.stage.off)
    for part in state.parts:
        name = part.name if part.name.startswith(state.stage.name) else f"{state.stage.name}:{part.name}"
        yield _of_part(name, part.decision)


def _of_part(name: str, decision: Decision) -> Verified:
    match decision:
        case Done(detail=detail):
            return Verified(id=name, result="pass", note=detail)
        case Off(reason=reason):
            return Verified(id=name, result="off", note=reason)
        case Wait(reason=reason):
            return unknown(name, f"`{name}` is not ready, or could not be asked", reason)
        case Blocked(problem):
            return failed(name, problem)
        case Person(reason=reason):
            return failed(name, _not_done(name, reason))
        case Do(acts):
            missing = ", ".join(act.id for act in acts)
            return failed(name, _not_done(name, f"missing: {missing}"))


def _not_done(name: str, reason: str) -> Problem:
    return Problem(
        code="verify-not-up-to-date",
        message=f"`{name}` is not as the release wants it",
        reason=reason,
        remedy="run `castoff resume --execute`, or do what the reason names",
    )


def _tried(subject: Subject) -> Sequence[Package]:
    """Try the facade, which needs all others; without one, what nothing else of the workspace needs."""
    target = subject.target
    if target.order.facade is not None:
        return [target.workspace.package(target.order.facade)]
    needed = {name for needs in target.order.needs.values() for name in needs}
    return [package for package in target.workspace.packages if package.id not in needed]


def _trial(setting: Setting, subject: Subject, package: Package, manifest: str) -> Verified:
    name, version = f"trial:{package.id}", spell(subject.version, package.ecosystem)
    try:
        problems = setting.trial(package.ecosystem).use(package, version, manifest)
    except CastoffError as error:
        return unknown(name, error.problems[0].message, error.problems[0].reason)
    if problems:
        return judged(name, problems)
    return Verified(
        id=name, result="pass", note=f"a fresh project that depends on {version} resolves and builds"
    )


def _is(version: str, subject: Subject) -> bool:
    return read(version) == subject.version


def _tag_problem(tag: str, fact: str, reason: str) -> Problem:
    return Problem(
        code="verify-tag-unfit",
        message=f"`{tag}` {fact}",
        reason=reason,
        remedy="find out who made the tag; a tag that was pushed is not moved",
    )
