"""Is a release whole? Asked from outside, at any time, from anywhere; nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from castoff.errors import CastoffError, Problem
from castoff.flows.after import changelog_stage, docs_stage
from castoff.flows.setting import Setting
from castoff.flows.staging import NO_FORGE
from castoff.flows.subject import Subject, find_subject
from castoff.flows.survey import Survey, survey
from castoff.flows.website import website_stage
from castoff.git import Worktree
from castoff.git.signing import has_tag_signature, signature_is_good
from castoff.model.acts import Blocked, Decision, Do, Done, Off, Person, Wait
from castoff.model.observations import Present, Unknown, Withdrawn
from castoff.model.versions import read, spell
from castoff.model.workspace import Package
from castoff.reconcile import StageState, observe
from castoff.stages.changelog import published
from castoff.stages.publish import kind_of

Result = Literal["pass", "warn", "fail", "unknown", "off"]
_LISTED = re.compile(r"^([0-9a-f]{64})  (\S.{0,300})$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One question with its answer; ``note`` says what was seen or why nobody asked."""

    id: str
    result: Result
    findings: tuple[Problem, ...] = ()
    note: str = ""


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
            questions += [_trying(setting, subject, package) for package in _tried(subject)]
        with ThreadPoolExecutor(setting.lanes) as pool:
            answers = [one for found in pool.map(lambda ask: ask(), questions) for one in found]
        return Verdict(version=subject.target.title, tag=subject.target.tag, checks=tuple(answers))


def _asking(
    setting: Setting, subject: Subject, package: Package, listed: Mapping[str, str]
) -> Callable[[], Sequence[Verified]]:
    return lambda: [_artifacts(setting, subject, package, listed)]


def _trying(setting: Setting, subject: Subject, package: Package) -> Callable[[], Sequence[Verified]]:
    return lambda: [_trial(setting, subject, package)]


def _tag(setting: Setting, seen: Survey, subject: Subject, worktree: Worktree) -> Verified:
    """Is the tag annotated, signed, and on the commit that made the version?"""
    tag, ref = subject.target.tag, seen.refs.tags[subject.target.tag]
    if not ref.annotated:
        return _failed(
            "tag", _tag_problem(tag, "is no annotated tag", "it carries neither digests nor a signature")
        )
    versions = {package.version for package in subject.target.workspace.packages}
    if not all(_is(version, subject) for version in versions):
        said = ", ".join(sorted(versions)[:3])
        return _failed(
            "tag", _tag_problem(tag, "is on a commit of another version", f"its manifests say {said}")
        )
    heads = [seen.refs.heads.get(branch) for branch in subject.branches]
    if not any(head is not None and worktree.is_ancestor(subject.commit, head) for head in heads):
        return _failed(
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
        return _failed("tag", problem)
    if signature_is_good(worktree.git, tag, lambda: worktree.folder("signing")):
        return Verified(id="tag", result="pass", note="annotated, with a good signature")
    return _unknown(
        "tag",
        f"the signature of `{tag}` cannot be verified here",
        "git knows no such key: import it, or name it in `gpg.ssh.allowedSignersFile`",
    )


def _artifacts(setting: Setting, subject: Subject, package: Package, listed: Mapping[str, str]) -> Verified:
    """Is every file of a package there, not withdrawn, with the digest that the tag lists?"""
    name, version = f"artifacts:{package.id}", spell(subject.version, package.ecosystem)
    listing = setting.registry(package.ecosystem).look(package, version)
    if listing.unknown is not None:
        return _unknown(
            name, f"the registry could not be asked for `{package.name}` {version}", listing.unknown
        )
    problems: list[Problem] = []
    for file, answer in sorted(listing.files.items()):
        match answer:
            case Present(digest=digest):
                problems += _compared(package, file, digest, listed)
            case Withdrawn(reason=reason):
                problems.append(_withdrawn(package, file, reason))
            case Unknown(reason=reason):
                return _unknown(name, f"`{file}` could not be looked at", reason)
            case _:
                continue
    there = {
        kind_of(file) for file, answer in listing.files.items() if isinstance(answer, Present | Withdrawn)
    }
    problems += [_missing(package, version, kind) for kind in package.kinds if kind not in there]
    if problems:
        return _judged(name, problems)
    how = "with the digests that the tag lists" if listed else "the tag lists no digests to compare with"
    return Verified(id=name, result="pass", note=f"{len(listing.files)} files, {how}")


def _compared(
    package: Package, file: str, digest: str | None, listed: Mapping[str, str]
) -> Iterator[Problem]:
    if file in listed and digest is not None and digest != listed[file]:
        yield Problem(
            code="verify-artifact-differs",
            message=f"`{file}` on its registry is not what the tag lists",
            reason=f"there {digest[:16]}, listed {listed[file][:16]}",
            remedy="find out who uploaded it: build the release commit again, and compare the contents",
            package=package.id,
        )
    if listed and file not in listed:
        yield Problem(
            code="verify-artifact-unlisted",
            severity="warning",
            message=f"`{file}` is on its registry, and the tag does not list it",
            reason="it was uploaded by something else than this release",
            remedy="nothing, if you know of it",
            package=package.id,
        )


def _missing(package: Package, version: str, kind: str) -> Problem:
    return Problem(
        code="verify-artifact-missing",
        message=f"the {kind} of `{package.name}` {version} is not on its registry",
        remedy="upload it with `castoff resume --execute`",
        package=package.id,
    )


def _withdrawn(package: Package, file: str, reason: str) -> Problem:
    return Problem(
        code="verify-artifact-withdrawn",
        message=f"`{file}` was yanked or deleted",
        reason=reason,
        remedy="release the next version",
        package=package.id,
    )


def _release(setting: Setting, subject: Subject) -> Verified:
    forge = setting.forge(subject.target.remote_url)
    if forge is None:
        return Verified(id="release", result="off", note=NO_FORGE)
    found = published(forge, subject.target.tag)
    if isinstance(found, Unknown):
        return _unknown("release", "the forge could not be asked for the release", found.reason)
    if found is None:
        problem = Problem(
            code="verify-not-published",
            message=f"the release of `{subject.target.tag}` is not published on the forge",
            remedy="publish it with `castoff announce --execute`",
        )
        return _failed("release", problem)
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
            return _unknown(name, f"`{name}` is not ready, or could not be asked", reason)
        case Blocked(problem):
            return _failed(name, problem)
        case Person(reason=reason):
            return _failed(name, _not_done(name, reason))
        case Do(acts):
            missing = ", ".join(act.id for act in acts)
            return _failed(name, _not_done(name, f"missing: {missing}"))


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


def _trial(setting: Setting, subject: Subject, package: Package) -> Verified:
    name, version = f"trial:{package.id}", spell(subject.version, package.ecosystem)
    try:
        problems = setting.trial(package.ecosystem).use(package, version)
    except CastoffError as error:
        return _unknown(name, error.problems[0].message, error.problems[0].reason)
    if problems:
        return _judged(name, problems)
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


def _judged(name: str, problems: Sequence[Problem]) -> Verified:
    worst: Result = "fail" if any(one.severity == "error" for one in problems) else "warn"
    return Verified(id=name, result=worst, findings=tuple(problems))


def _failed(name: str, problem: Problem) -> Verified:
    return Verified(id=name, result="fail", findings=(problem,))


def _unknown(name: str, fact: str, reason: str) -> Verified:
    problem = Problem(
        code="cannot-be-known",
        severity="warning",
        message=fact,
        reason=reason,
        remedy="run `castoff verify` again later, or where it can be known",
    )
    return Verified(id=name, result="unknown", findings=(problem,))
