"""Is what was signed signed? git 2.39 with ssh keys exits 0 and leaves an unsigned tag when signing fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from castoff.git.calling import Git

_BLOCKS = (
    "-----BEGIN PGP SIGNATURE-----",
    "-----BEGIN SSH SIGNATURE-----",
    "-----BEGIN SIGNED MESSAGE-----",
)


def has_signature(git: Git, commit: str) -> bool:
    """Say whether a commit object carries a signature header."""
    header, _, _ = git.must("cat-file", "commit", commit).partition("\n\n")
    return any(line.startswith(("gpgsig ", "gpgsig-sha256 ")) for line in header.splitlines())


def has_tag_signature(git: Git, tag: str) -> bool:
    """Say whether an annotated tag carries a signature: the block that git puts at the end of its message."""
    text = git.run("cat-file", "tag", f"refs/tags/{tag}").text
    return any(line in _BLOCKS for line in text.splitlines())


def signature_is_good(git: Git, tag: str, folder: Callable[[], Path]) -> bool:
    """Verify a tag's signature; where git knows no allowed signers, our own key is one."""
    if git.run("verify-tag", tag).code == 0:
        return True
    signers = _own_signers(git, folder)
    return signers is not None and (
        git.run("-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-tag", tag).code == 0
    )


def _own_signers(git: Git, folder: Callable[[], Path]) -> Path | None:
    if git.run("config", "--get", "gpg.ssh.allowedSignersFile").code == 0:
        return None
    key = git.run("config", "--get", "user.signingkey").text.strip()
    email = git.run("config", "--get", "user.email").text.strip() or "*"
    public = _public_key(key)
    if public is None:
        return None
    path = folder() / "allowed_signers"
    path.write_text(f'{email} namespaces="git" {public}\n', encoding="utf-8")
    return path


def _public_key(key: str) -> str | None:
    if key.startswith("key::"):
        return key[5:]
    if key.startswith(("ssh-", "ecdsa-", "sk-")):
        return key
    path = Path(key).expanduser()
    for candidate in (path, path.with_name(path.name + ".pub")):
        if candidate.is_file():
            text = candidate.read_text(encoding="utf-8", errors="replace").strip()
            if text.startswith(("ssh-", "ecdsa-", "sk-")):
                return text
    return None
