"""Members that the ecosystem's own client lists, compared with those that castoff found."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.errors import Problem
from castoff.model.observations import Unknown
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Workspace
from castoff.ports import ListsMembers
from castoff.preflight.stage import Cannot, Found
from castoff.session.checkout import Checkout
from castoff.session.services import Services


def member_problems(services: Services, checkout: Checkout) -> Found:
    """Ask the client of each workspace once, in the clone; also report what only the user's checkout would pack."""
    workspace = checkout.workspace
    problems: list[Problem] = []
    unknown: list[str] = []
    for ecosystem in sorted({one.ecosystem for one in workspace.packages}):
        builder = services.builder(ecosystem, 0)
        if not isinstance(builder, ListsMembers):
            continue
        mine = [one for one in workspace.packages if one.ecosystem == ecosystem]
        problems += builder.uncommitted_includes(services.repository.root, mine)
        for root in sorted({one.root for one in mine}):
            # The client reads the files that another check may just be putting on disk.
            with checkout.lock:
                checkout.ready()
                listed = builder.members(checkout.clone.root / root)
            if isinstance(listed, Unknown):
                unknown.append(listed.reason)
            elif listed is not None:
                problems += compared_members(workspace, ecosystem, root, listed)
    return Cannot("; ".join(unknown)) if unknown and not problems else problems


def compared_members(
    workspace: Workspace, ecosystem: Ecosystem, root: str, listed: frozenset[str]
) -> Sequence[Problem]:
    """Report the members that a client lists and castoff did not find."""
    mine = [one.name for one in workspace.packages if one.ecosystem == ecosystem]
    others = [one.name for one in workspace.members if one.ecosystem == ecosystem]
    known = {_key(name) for name in (*mine, *others)} | {
        _key(one.name or "") for one in workspace.not_released
    }
    found = {_key(one): one for one in listed}
    beyond = sorted(found[key] for key in found.keys() - known)
    if not beyond:
        return ()
    names = ", ".join(f"`{name}`" for name in beyond[:5]) + (", ..." if len(beyond) > 5 else "")
    client = {"cargo": "cargo", "npm": "the workspace's client", "python": "uv"}[ecosystem]
    return (
        Problem(
            code="members-differ",
            message=f"{client} lists members that castoff does not find: {names}",
            reason="a release without them would differ from a release by the client",
            remedy="track their manifests in git below the workspace's folder, not behind a symbolic "
            "link, or take them out of the workspace (`members`, `exclude`)",
            file="Cargo.toml" if ecosystem == "cargo" and root == "." else None,
        ),
    )


def _key(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
