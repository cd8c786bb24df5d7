"""The token for a forge: the user's own tools are asked, in a fixed order."""

from __future__ import annotations

from pathlib import Path

from castoff.io.process import Processes
from castoff.model.addresses import Address
from castoff.model.child_environments import Kind


def forge_token(processes: Processes, folder: Path, address: Address) -> str | None:
    """Find a token: GH_TOKEN, GITHUB_TOKEN, `gh auth token`, git's credential helper, in this order."""
    # The order of `gh` (cli.github.com, "gh help environment").
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        if token := processes.environment.get(name, "").strip():
            return token
    if not address.host:
        return None
    found = _gh_token(processes, folder, address.host) or _helper_token(processes, folder, address.host)
    if found:
        processes.redactor.learn_token(found)
    return found


def _gh_token(processes: Processes, folder: Path, host: str) -> str | None:
    if processes.find("gh") is None:
        return None
    done = processes.run(["gh", "auth", "token", "--hostname", host], kind=Kind.FORGE, cwd=folder, timeout=20)
    return done.stdout.decode("ascii", "ignore").strip() or None if done.code == 0 else None


def _helper_token(processes: Processes, folder: Path, host: str) -> str | None:
    done = processes.run(
        ["git", "credential", "fill"],
        kind=Kind.GIT,
        cwd=folder,
        given=f"protocol=https\nhost={host}\n\n".encode(),
        timeout=20,
        changes={"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": ""},
    )
    if done.code != 0:
        return None
    for line in done.stdout.decode("utf-8", "ignore").splitlines():
        name, _, value = line.partition("=")
        if name == "password" and value:
            return value
    return None
