"""A throw-away name and key to sign with, for demos and rehearsals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from castoff.io.process import Processes
from castoff.model.child_environments import Kind

NAME = "castoff rehearsal"
EMAIL = "rehearsal@example.invalid"


def throw_away_identity(processes: Processes, folder: Path) -> Mapping[str, str]:
    """Make an ssh key in a folder; returns git's settings for it. Without ssh-keygen nothing can be signed."""
    settings = {
        "user.name": NAME,
        "user.email": EMAIL,
        "commit.gpgsign": "false",
        "tag.gpgsign": "false",
    }
    if processes.find("ssh-keygen") is None:
        return settings
    key = folder / "key"
    words: list[str | Path] = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", EMAIL, "-f", key]
    if processes.run(words, kind=Kind.TOOL, cwd=folder).code != 0:
        return settings
    return {
        **settings,
        "gpg.format": "ssh",
        "user.signingkey": f"{key}.pub",
        "gpg.ssh.program": "ssh-keygen",
        "gpg.ssh.allowedSignersFile": str(_signers(key)),
    }


def _signers(key: Path) -> Path:
    public = key.with_name(key.name + ".pub").read_text(encoding="utf-8").strip()
    path = key.with_name("allowed_signers")
    path.write_text(f'{EMAIL} namespaces="git" {public}\n', encoding="utf-8")
    return path
