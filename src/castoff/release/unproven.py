"""What a rehearsal cannot prove: what only the real services, keys and people decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from castoff.config.values import Configuration
from castoff.model.versions import Ecosystem
from castoff.reconcile import StageState
from castoff.registry_rules import not_provable_of
from castoff.session.services import WebsiteCopy


class Unproven(Struct, frozen=True):
    """What a rehearsal cannot prove, in full and as a few words under whose it is."""

    whose: str
    brief: str
    text: str


_ALWAYS = (
    Unproven("you", "your key", "whether your own key signs (the rehearsal signs with a throw-away key)"),
    Unproven("you", "your tokens", "whether your tokens may publish each package on the real registries"),
    Unproven(
        "remote",
        "branch protection and server-side hooks",
        "whether the real remote accepts the push (branch protection, server-side hooks)",
    ),
)
_FORGE = Unproven(
    "forge",
    "its pull requests, labels, issues and milestones (`castoff world seed` copies them)",
    "what the pull requests, labels, issues and milestones on your forge change: the embedded forge has none "
    "(`castoff check`, `castoff notes` and `castoff milestone` read the real ones, `castoff world seed` copies them)",
)
_SEEDED = Unproven(
    "forge", "what changed after the seed", "what changed on your forge after the seed was written"
)
_DOCS = Unproven(
    "docs",
    "whether they build",
    "whether the documentation builds on its host: the embedded host reports each build as done",
)
_SITE = Unproven(
    "website",
    "its current pages",
    "whether the pages fit the current website: its repository could not be read, "
    "so the rehearsal uses an empty one",
)
_ATTESTED = Unproven(
    "forge",
    "whether it takes the attestation",
    "whether GitHub takes the attestation of the job `attest`, and Sigstore's log has its entry",
)
_SITE_PUSH = Unproven(
    "website",
    "whether it takes the pages",
    "whether the website's repository accepts the pages (your rights there, branch protection) and builds them",
)
_DRAFT = Unproven(
    "forge",
    "the draft of your workflow",
    "whether your workflow creates the draft (`draft.by`): `castoff draft` ran in its place",
)
_MERGE = Unproven(
    "forge",
    "checks and reviews of castoff's pull requests",
    "whether castoff's pull requests pass their checks and reviews: the rehearsal merges them at once",
)
_RESUMED = Unproven(
    "forge",
    "who resumes after the merge",
    "whether a workflow or a person resumes after the merge: the rehearsal runs `castoff resume` at once",
)


def unproven_anywhere(ecosystems: Sequence[Ecosystem], *, is_seeded: bool) -> Iterator[Unproven]:
    """List what no rehearsal can prove; the rules of a registry are one entry."""
    yield from _ALWAYS
    for ecosystem in ecosystems:
        for service, phrases in not_provable_of(ecosystem):
            brief = "a rule that depends" if len(phrases) == 1 else f"{len(phrases)} rules that depend"
            text = f"rules of {service} that depend on its data: {'; '.join(phrases)}"
            yield Unproven(service, f"{brief} on its data and your account", text)
    yield _SEEDED if is_seeded else _FORGE


def unproven_of(
    configuration: Configuration,
    stages: Sequence[StageState],
    website: WebsiteCopy | None,
    by_pull_request: bool,
) -> tuple[Unproven, ...]:
    """List what of this configuration no rehearsal can prove, in the order of the stages."""
    merged = by_pull_request or "pull-request" in (configuration.changelog.mode, configuration.website.mode)
    documented = any(one.stage.name == "docs" and one.state != "off" for one in stages)
    facts = (
        (_DRAFT, configuration.draft.by == "ci"),
        (_MERGE, merged),
        (_RESUMED, by_pull_request),
        (_ATTESTED, configuration.ci.attest),
        (_DOCS, documented),
        (_SITE, website is not None and not website.is_real),
        (_SITE_PUSH, website is not None),
    )
    return tuple(one for one, applies in facts if applies)
