"""Verification of a release from outside, at any time, from anywhere; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from msgspec import Struct

from castoff.changelog import Ported
from castoff.errors import CastoffError, Problem
from castoff.git.signing import has_tag_signature, signature_is_good
from castoff.model.acts import Blocked, Decision, Do, Done, Off, Person, Wait
from castoff.model.graph import Order
from castoff.model.observations import Present, Unknown
from castoff.model.steps import LocalStep
from castoff.model.versions import read, spell
from castoff.model.workspace import Package, Workspace
from castoff.ports import Tree
from castoff.postrelease.changelog import ChangelogLook, ChangelogPart, published
from castoff.postrelease.stages import changelog_stage, docs_stage
from castoff.postrelease.verify.artifacts import ListedFiles, verify_artifacts
from castoff.postrelease.verify.checksums import verify_checksums
from castoff.postrelease.verify.origins import Origins
from castoff.postrelease.verify.result import Result, Verified, failed, judged, unknown
from castoff.postrelease.verify.statements import verify_statements
from castoff.postrelease.verify.tree import ReleasedTree, verify_members, verify_tree
from castoff.postrelease.website_pages import website_stage
from castoff.reconcile import PartState, StageState
from castoff.session.checkout import Checkout
from castoff.session.claim_history import listed_digests
from castoff.session.past_release import PastRelease, find_past_release, find_untagged_release
from castoff.session.registry_versions import silent_registries
from castoff.session.release import NO_FORGE
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.signatures import wants_signed_tag
from castoff.session.workspaces import manifest_tree
from castoff.values import replace

_SHOWN = 6


class Verdict(Struct, frozen=True, kw_only=True):
    """All answers about one release."""

    version: str
    tag: str
    checks: tuple[Verified, ...]

    def count(self, result: Result) -> int:
        """Count the answers of one kind."""
        return sum(one.result == result for one in self.checks)


def verify(
    services: Services,
    word: str | None,
    *,
    trial: bool = True,
    answered: Callable[[Verified], None] | None = None,
) -> Verdict:
    """Verify a release; with ``trial`` a fresh project uses it through the real client.

    ``answered`` gets each answer as soon as it and those before it are known: a trial may take minutes.
    """
    with open_session(services) as session:
        # The last release whoever made it: looking harms nothing, so the rule of who began it does not apply.
        if word is None and session.snapshot.history.previous is not None:
            word = session.snapshot.history.spelled(session.snapshot.history.previous.version)
        untagged = find_untagged_release(session, word)
        past = untagged or find_past_release(session, word)
        listed = listed_digests(session.clone.tag_message(past.release.tag))
        names = ListedFiles(listed)
        files = ReleasedTree(services, Checkout(session.clone, past.commit, past.release.workspace))
        origins = Origins(session, past)

        def of_package(package: Package) -> Sequence[Verified]:
            artifacts, there = verify_artifacts(services, past, package, names)
            answers = [artifacts, verify_tree(services, past, package, files)]
            return [
                *(replace(one, package=package.id) for one in answers),
                *origins.verify(package, there, listed),
            ]

        questions: list[Callable[[], Sequence[Verified]]] = [
            lambda: [_tag(session, past)],
            lambda: [_package_tag(session, past, name) for name in past.release.beside],
            *(partial(of_package, package) for package in past.release.workspace.packages),
            lambda: [verify_members(services, past, files)],
            lambda: [verify_statements(session, past, origins, listed)],
            lambda: _release(services, past, listed),
            lambda: _stages(session, past),
        ]
        if trial:
            tree = manifest_tree(session.clone, past.commit)
            questions += [
                _trying(services, past, package, tree)
                for package in tried_packages(past.release.workspace, past.release.order)
            ]
        step = LocalStep("check", f"the release {past.release.title}")
        with services.reporter.step(step), ThreadPoolExecutor(services.lanes) as pool:
            answers = []
            # In the order of the questions, however long each takes: two runs print the same list.
            for found in pool.map(lambda ask: ask(), questions):
                answers.extend(found)
                if answered is not None:
                    for one in found:
                        answered(one)
        return Verdict(version=past.release.title, tag=past.release.tag, checks=tuple(answers))


def _trying(
    services: Services, past: PastRelease, package: Package, tree: Tree
) -> Callable[[], Sequence[Verified]]:
    def answer() -> Sequence[Verified]:
        # Of a large crate it takes minutes, in which nothing else happens.
        with services.reporter.step(LocalStep("check", f"a new project that uses {package.id}")):
            found = _trial(services, past, package, tree.read(package.manifest) or "")
        return [replace(found, package=package.id)]

    return answer


def _tag(session: Session, past: PastRelease) -> Verified:
    """Is the tag annotated, signed, and on the commit that made the version?"""
    tag, ref = past.release.tag, session.snapshot.refs.tags.get(past.release.tag)
    if ref is None:
        return failed("tag", _tag_missing(past))
    if not ref.annotated:
        return failed(
            "tag", _tag_problem(tag, "is not an annotated tag", "it has neither digests nor a signature")
        )
    versions = {package.version for package in past.release.workspace.packages}
    # A tag that was moved by hand often lands on the commit before or after the release.
    if not all(_is(version, past) for version in versions):
        said = ", ".join(sorted(versions)[:3])
        return failed(
            "tag", _tag_problem(tag, "is on a commit of another version", f"its manifests say {said}")
        )
    # A commit that no release branch reaches was never claimed: a claim is a push to one of them.
    heads = [session.snapshot.refs.heads.get(branch) for branch in past.branches]
    if not any(head is not None and session.clone.is_ancestor(past.commit, head) for head in heads):
        return failed(
            "tag", _tag_problem(tag, "is on no release branch", "the release commit was not claimed")
        )
    return _signature(session, past)


def _package_tag(session: Session, past: PastRelease, tag: str) -> Verified:
    """Check the tag of one package as the release's; a release made before such tags were asked for has none."""
    check, ref = f"tag:{tag}", session.snapshot.refs.tags.get(tag)
    if ref is None:
        problem = _tag_problem(tag, "is not on the remote", "`release.package-tags` requires it now")
        remedy = (
            "ignore this if the release is older than that setting; otherwise find out who deleted the tag"
        )
        return judged(check, [replace(problem, severity="warning", remedy=remedy)])
    if not ref.annotated:
        return failed(
            check, _tag_problem(tag, "is not an annotated tag", "it has neither digests nor a signature")
        )
    if ref.commit != past.commit:
        reason = f"the release commit is {past.commit[:12]}, the tag is on {ref.commit[:12]}"
        return failed(check, _tag_problem(tag, "is on another commit", reason))
    return replace(_signature(session, past, tag), id=check)


def _signature(session: Session, past: PastRelease, tag: str | None = None) -> Verified:
    tag = tag or past.release.tag
    if not has_tag_signature(session.clone.git, tag):
        # Judged by the configuration of today: what the project asked for at the time of the release is not known.
        if session.configuration.release.sign in ("none", "commit"):
            return Verified(
                id="tag", result="pass", note="annotated; `release.sign` does not require a signature"
            )
        problem = _tag_problem(tag, "has no signature", "anybody with push access could have created it")
        return _unsigned(session.services, problem)
    if signature_is_good(session.clone.git, tag, lambda: session.clone.folder("signing")):
        return Verified(id="tag", result="pass", note="annotated, with a good signature")
    # A key that this machine does not have is no bad signature.
    return unknown(
        "tag",
        f"the signature of `{tag}` cannot be verified here",
        "git does not know the key: import it, or list it in `gpg.ssh.allowedSignersFile`",
    )


def _unsigned(services: Services, problem: Problem) -> Verified:
    """Judge an unsigned tag: wrong where castoff would sign, else worth a warning."""
    if wants_signed_tag(services):
        return failed("tag", problem)
    advice = 'set `user.signingkey` before the next release, or set `sign = "none"` in `[release]`'
    return judged("tag", [replace(problem, severity="warning", remedy=advice)])


def _release(services: Services, past: PastRelease, listed: Mapping[str, str]) -> Sequence[Verified]:
    """Is the release published, with the digests that the tag lists?"""
    forge = services.forge(past.release.remote_url)
    if forge is None:
        return [Verified(id=name, result="off", note=NO_FORGE) for name in ("release", "checksums")]
    found = published(forge, past.release.tag)
    if isinstance(found, Unknown):
        fact = "the forge could not be queried for the release"
        return [unknown(name, fact, found.reason) for name in ("release", "checksums")]
    if found is None:
        problem = Problem(
            code="verify-not-published",
            message=f"the release of `{past.release.tag}` is not published on the forge",
            remedy=f"`castoff announce {past.release.title} --execute` publishes the draft; if there is "
            f"none, `castoff resume {past.release.title} --execute` creates it first",
        )
        off = Verified(id="checksums", result="off", note="the release is not published")
        return [failed("release", problem), off]
    is_published = Verified(id="release", result="pass", note=found.url)
    return [is_published, verify_checksums(services, forge, found, listed)]


def _stages(session: Session, past: PastRelease) -> Sequence[Verified]:
    """Ask what the stages after the announcement see: they know what is right."""
    stages = (
        changelog_stage(session, past),
        docs_stage(session, past),
        website_stage(session, past),
    )
    return [one for state in session.observe(*stages) for one in _of_stage(past.release.title, state)]


def _of_stage(title: str, state: StageState) -> Iterator[Verified]:
    if state.stage.off is not None:
        yield Verified(id=state.stage.name, result="off", note=state.stage.off)
    for part, looked in zip(state.stage.parts, state.parts, strict=False):
        name = (
            looked.name if looked.name.startswith(state.stage.name) else f"{state.stage.name}:{looked.name}"
        )
        ported = looked.look.ported if isinstance(looked.look, ChangelogLook) else None
        if isinstance(part, ChangelogPart) and ported is not None and ported.edited:
            yield judged(name, [_edited(part, ported)])
        elif isinstance(looked.decision, Person) and _has_open_pull_request(looked):
            yield _waiting(name, looked.decision.reason)
        else:
            yield _of_part(name, title, looked.decision)


def _has_open_pull_request(looked: PartState) -> bool:
    return any(isinstance(one.answer, Present) and one.state == "open" for one in looked.seen)


def _waiting(name: str, reason: str) -> Verified:
    problem = Problem(
        code="verify-waiting",
        severity="warning",
        message=f"`{name}` waits for a pull request",
        reason=reason,
        remedy="merge the pull request, then run `castoff verify` again",
    )
    return Verified(id=name, result="unknown", findings=(problem,))


def _edited(part: ChangelogPart, ported: Ported) -> Problem:
    changed = [line for line in ported.difference.splitlines() if line[:1] in ("-", "+")][2:]
    more = f" and {len(changed) - _SHOWN} more lines" if len(changed) > _SHOWN else ""
    return Problem(
        code="verify-changelog-differs",
        severity="warning",
        message=f"the section of {part.options.version} on `{part.delivery.branch}` was changed after castoff wrote it",
        reason=f"from the changelog (-) to the release (+): {' | '.join(changed[:_SHOWN])}{more}",
        remedy=f"`castoff changelog {part.options.version} --replace --execute` restores the notes; if the change "
        "is right, keep it and correct the release as well",
        file=part.path,
        line=ported.line,
    )


def _of_part(name: str, title: str, decision: Decision) -> Verified:
    match decision:
        case Done(detail=detail):
            return Verified(id=name, result="pass", note=detail)
        case Off(reason=reason):
            return Verified(id=name, result="off", note=reason)
        case Wait(reason=reason):
            return unknown(name, f"`{name}` is not ready, or could not be queried", reason)
        case Blocked(problem):
            return failed(name, problem)
        case Person(reason=reason):
            return failed(name, _not_done(name, title, reason))
        case Do(acts):
            missing = ", ".join(act.id for act in acts)
            return failed(name, _not_done(name, title, f"missing: {missing}"))


def _not_done(name: str, title: str, reason: str) -> Problem:
    return Problem(
        code="verify-not-up-to-date",
        message=f"`{name}` does not match the release",
        reason=reason,
        remedy=f"run `castoff {name.partition(':')[0]} {title} --execute`, or fix the cause",
    )


def tried_packages(workspace: Workspace, order: Order) -> tuple[Package, ...]:
    """Return what a fresh project tries: the facade, which needs all others of its ecosystem.

    Of other ecosystems, and without a facade, those that nothing else of the workspace needs.
    """
    facade = None if order.facade is None else workspace.package(order.facade)
    needed = {name for origin, needs in order.needs.items() if origin != order.facade for name in needs}
    return tuple(
        one
        for one in workspace.packages
        if one == facade or (one.id not in needed and (facade is None or one.ecosystem != facade.ecosystem))
    )


def _trial(services: Services, past: PastRelease, package: Package, manifest: str) -> Verified:
    name, version = f"trial:{package.id}", spell(past.version, package.ecosystem)
    try:
        problems = services.trial(package.ecosystem).use(package, version, manifest)
    except CastoffError as error:
        return unknown(name, error.problems[0].message, error.problems[0].reason)
    # Where the registry does not answer, the failure of the client says nothing about the package.
    if silent := silent_registries(services, [package], problems):
        return unknown(name, silent[0].message, f"{silent[0].reason}; {problems[0].message}")
    if problems:
        return judged(name, problems)
    return Verified(
        id=name, result="pass", note=f"a new project that depends on {version} resolves and builds"
    )


def _is(version: str, past: PastRelease) -> bool:
    return read(version) == past.version


def _tag_missing(past: PastRelease) -> Problem:
    return Problem(
        code="not-tagged-yet",
        message=f"`{past.release.tag}` is not tagged on the remote",
        reason=f"the release started with {past.commit[:12]} but did not finish, or its tag was deleted",
        remedy=f"finish the release with `castoff resume {past.release.title} --execute`: it pushes the tag "
        "after all uploads",
    )


def _tag_problem(tag: str, fact: str, reason: str) -> Problem:
    return Problem(
        code="verify-tag-unfit",
        message=f"`{tag}` {fact}",
        reason=reason,
        remedy="a pushed tag is not moved: release the next version",
    )
