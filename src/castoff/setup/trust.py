"""Trusted publishers to enter at each registry (`castoff ci --trust`), for the workflow that castoff writes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from castoff.errors import Refusal, UsageError
from castoff.model.addresses import forge_address
from castoff.model.child_environments import Kind
from castoff.model.trusted_publishing import REGISTRIES
from castoff.model.versions import Ecosystem
from castoff.session.services import Services
from castoff.session.session import open_session
from castoff.workflows.options import PUBLISHING_ENVIRONMENT, PUBLISHING_WORKFLOW


class TrustedPublisher(Struct, frozen=True, kw_only=True):
    """What a registry is to trust for one package; ``command`` enters it, where the registry has one."""

    package: str
    ecosystem: Ecosystem
    repository: str
    workflow: str = PUBLISHING_WORKFLOW
    environment: str = PUBLISHING_ENVIRONMENT

    @property
    def registry(self) -> str:
        """Name the registry."""
        return REGISTRIES[self.ecosystem]

    @property
    def command(self) -> tuple[str, ...]:
        """Return npm's command, which asks for a second factor; the other registries have a page only."""
        if self.ecosystem != "npm":
            return ()
        where = ("--repo", self.repository, "--file", self.workflow, "--env", self.environment)
        return ("npm", "trust", "github", self.package, *where, "--allow-publish")


def wanted_publishers(services: Services) -> tuple[TrustedPublisher, ...]:
    """Return the publishers of all packages, in the order of the plan. Errors: ``no-forge``."""
    with open_session(services) as session:
        address = forge_address(session.snapshot.remote_url, services.environment)
        if address is None:
            raise UsageError.of(
                "no-forge",
                "the remote's host is not a supported forge",
                reason="a trusted publisher is a workflow on the forge",
                remedy="see `release.remote`",
            )
        return tuple(
            TrustedPublisher(package=one.name, ecosystem=one.ecosystem, repository=address.slug)
            for one in session.snapshot.workspace.packages
        )


def enter_publishers(services: Services, publishers: Sequence[TrustedPublisher], *, agreed: bool) -> int:
    """Run npm's command for each package that has one, on the terminal; return for how many.

    Errors: ``publisher-not-entered``, which names those that npm refused; the others are entered all the same.
    """
    root, processes = services.repository.root, services.repository.git.processes
    wanted = [one for one in publishers if one.command]
    refused = [
        one.package
        for one in wanted
        if processes.interactive(
            [*one.command, *(["--yes"] if agreed else [])], kind=Kind.NPM_UPLOAD, cwd=root
        )
    ]
    if refused:
        raise Refusal.of(
            "publisher-not-entered",
            f"npm did not enter the trusted publisher of {', '.join(f'`{one}`' for one in refused)}",
            reason=f"its messages are above; {len(wanted) - len(refused)} of {len(wanted)} packages have theirs",
            remedy="`npm trust list PACKAGE` shows what is there: a package has one publisher, which "
            "`npm trust revoke PACKAGE` removes",
        )
    return len(wanted)


def render_publishers(publishers: Sequence[TrustedPublisher]) -> str:
    """Write what to enter, by registry."""
    parts = []
    for ecosystem in dict.fromkeys(one.ecosystem for one in publishers):
        own = [one for one in publishers if one.ecosystem == ecosystem]
        first = own[0]
        if first.command:
            commands = "".join(f"  {' '.join(one.command)}\n" for one in own)
            parts.append(
                f"{first.registry}: run (npm 11.15 or later, signed in; each asks for a second factor)\n{commands}"
            )
            continue
        owner, _, name = first.repository.partition("/")
        values = (
            ("owner", owner),
            ("repository", name),
            ("workflow", first.workflow),
            ("environment", first.environment),
        )
        text = "".join(f"  {label + ':':<13}{value}\n" for label, value in values)
        names = "".join(f"    {one.package}\n" for one in own)
        parts.append(
            f"{first.registry}: enter in the publishing settings\n{text}  of each of these packages:\n{names}"
        )
    return "\n".join(parts)
