"""Commands of npm, pnpm, Yarn and Bun: install, pack, lock, list.

Sources: the pages of these commands in the documentation of npm, pnpm, Yarn and Bun.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from castoff.ecosystems.npm.manifest.document import MANIFEST, Document
from castoff.ecosystems.npm.manifest.layout import LOCKS, Client, client_of
from castoff.errors import CastoffError
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.model.observations import Unknown

INSTALL: Mapping[Client, Sequence[str]] = {
    "npm": ("npm", "ci", "--no-audit", "--no-fund"),
    "pnpm": ("pnpm", "install", "--frozen-lockfile"),
    "yarn": ("yarn", "install", "--immutable"),
    "bun": ("bun", "install", "--frozen-lockfile"),
}
"""What installs exactly what a lock file lists."""

LOCK: Mapping[Client, Sequence[Sequence[str]]] = {
    "npm": (
        ("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--offline"),
        ("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"),
    ),
    "pnpm": (
        ("pnpm", "install", "--lockfile-only", "--ignore-scripts", "--offline"),
        ("pnpm", "install", "--lockfile-only", "--ignore-scripts"),
    ),
    "yarn": (("yarn", "install", "--mode=update-lockfile"),),
    "bun": (("bun", "install", "--lockfile-only", "--ignore-scripts"),),
}
"""What updates a lock file; the first command asks nobody."""

CHANGES: Mapping[str, str | None] = {
    "CI": "1",
    "NODE_ENV": None,
    "NO_UPDATE_NOTIFIER": "1",
    "YARN_ENABLE_TELEMETRY": "0",
    "npm_config_loglevel": "error",
    "npm_config_update_notifier": "false",
}
"""Variables of every run: as in a workflow, with the development dependencies that builds need.

npm's warnings would fill the few lines of a failure that a message shows.
"""

_PATIENCE = 300.0


def client_in(folder: Path) -> Client:
    """Return the client of the workspace in a folder."""
    try:
        root = Document.of(MANIFEST, (folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, CastoffError):
        root = None
    return client_of(".", [one.name for one in folder.iterdir()], root)


def lock_in(folder: Path, client: Client) -> str | None:
    """Return the name of the client's lock file in a folder, None if it has none."""
    names = (name for name, owner in LOCKS.items() if owner == client)
    return next((name for name in names if (folder / name).is_file()), None)


def pack_command(client: Client, file: Path) -> Sequence[str]:
    """Return the command that packs the package of a folder, run in it, into a file."""
    match client:
        case "npm":
            return ("npm", "pack", "--pack-destination", str(file.parent))
        case "pnpm":
            return ("pnpm", "pack", "--pack-destination", str(file.parent))
        case "yarn":
            # Without a name, Yarn writes `package.tgz` into the package's folder.
            return ("yarn", "pack", "--out", str(file))
        case "bun":
            return ("bun", "pm", "pack", "--destination", str(file.parent))


def pack_members(names: Sequence[str], into: Path) -> Sequence[str]:
    """Return npm's command that packs members of a workspace, run in its folder."""
    return ("npm", "pack", "--pack-destination", str(into), *(f"--workspace={name}" for name in names))


def listed_members(processes: Processes, root: Path) -> frozenset[str] | Unknown | None:
    """List the names of a workspace's members as its client does; None where there is no workspace, or no list.

    npm names no members without a name; Bun has no such list.
    """
    client = client_in(root)
    command: Sequence[str] = {
        "npm": ("npm", "pkg", "get", "name", "--workspaces", "--json"),
        "pnpm": ("pnpm", "--recursive", "ls", "--json", "--depth", "-1"),
        "yarn": ("yarn", "workspaces", "list", "--json"),
        "bun": (),
    }[client]
    if not command or not _is_workspace(root, client):
        return None
    if processes.find(command[0]) is None:
        return Unknown(reason=f"`{command[0]}` was not found")
    done = processes.run(command, kind=Kind.BUILD, cwd=root, timeout=_PATIENCE, changes=CHANGES)
    if done.code != 0:
        return Unknown(reason=f"`{' '.join(command[:3])}` ended with code {done.code}: {done.last_words}")
    text = done.stdout.decode("utf-8", "replace")
    try:
        if client == "npm":
            return frozenset(json.loads(text))
        entries = json.loads(text) if client == "pnpm" else map(json.loads, text.splitlines())
        return frozenset(one["name"] for one in entries if one.get("name"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Unknown(reason=f"`{' '.join(command[:3])}` printed no list of members")


def _is_workspace(root: Path, client: Client) -> bool:
    # pnpm ignores `workspaces` of a manifest (pnpm docs, "Workspace").
    if client == "pnpm":
        return (root / "pnpm-workspace.yaml").is_file()
    try:
        data = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and "workspaces" in data
