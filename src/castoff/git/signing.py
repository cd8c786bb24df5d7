"""Verification of signatures: git 2.39 with ssh keys exits 0 and leaves an unsigned tag if signing fails."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

from castoff.git.runner import Git
from castoff.regexes import regex

_KEYS = ("ssh-", "ecdsa-", "sk-")
_SSH_BLOCK = regex(r"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]{1,20000})-----END SSH SIGNATURE-----")

_BLOCKS = (
    "-----BEGIN PGP SIGNATURE-----",
    "-----BEGIN SSH SIGNATURE-----",
    "-----BEGIN SIGNED MESSAGE-----",
)


def has_signature(git: Git, commit: str) -> bool:
    """Return whether a commit object carries a signature header."""
    header, _, _ = git.must("cat-file", "commit", commit).partition("\n\n")
    return any(line.startswith(("gpgsig ", "gpgsig-sha256 ")) for line in header.split("\n"))


def has_tag_signature(git: Git, tag: str) -> bool:
    """Return whether an annotated tag carries a signature: the block that git puts at the end of its message."""
    return is_signed_text(git.run("cat-file", "tag", f"refs/tags/{tag}").text)


def is_signed_text(text: str) -> bool:
    """Return whether the text of a tag object ends with a signature; nothing is verified."""
    return any(line in _BLOCKS for line in text.splitlines())


def signature_is_good(git: Git, tag: str, folder: Callable[[], Path]) -> bool:
    """Verify a tag's signature; where git knows no allowed signers, our own key is one."""
    return _verified(git, tag, folder, _own_key)


def signature_holds(git: Git, tag: str, folder: Callable[[], Path]) -> bool:
    """Verify the signature of a tag that was just made here.

    Where git knows no allowed signers, the key in the signature is one: it shows that something was signed, and
    that it was this tag; whose key it is, the user's settings have said.
    """
    return _verified(
        git, tag, folder, lambda git: key_in(git.run("cat-file", "tag", f"refs/tags/{tag}").text)
    )


def key_in(text: str) -> str | None:
    """Read the public key out of an ssh signature (openssh, PROTOCOL.sshsig); None where there is none."""
    found = _SSH_BLOCK.search(text)
    if found is None:
        return None
    try:
        blob = b64decode(found.group(1).replace("\n", ""), validate=True)
    except binascii.Error:
        return None
    key = _field(blob, len("SSHSIG") + 4)
    return f"{_field(key, 0).decode('ascii', 'replace')} {b64encode(key).decode('ascii')}"


def _field(blob: bytes, at: int) -> bytes:
    """Take the string at a place: its length in four bytes, then its bytes."""
    return blob[at + 4 : at + 4 + int.from_bytes(blob[at : at + 4], "big")]


def _verified(git: Git, tag: str, folder: Callable[[], Path], key: Callable[[Git], str | None]) -> bool:
    if git.run("verify-tag", tag).code == 0:
        return True
    if git.run("config", "--get", "gpg.ssh.allowedSignersFile").code == 0:
        return False
    public = key(git)
    if public is None:
        return False
    signers = folder() / "allowed_signers"
    signers.write_text(f'* namespaces="git" {public}\n', encoding="utf-8")
    return git.run("-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-tag", tag).code == 0


def _own_key(git: Git) -> str | None:
    """Return the user's public key as the settings name it: the key itself, or a file."""
    named = git.run("config", "--type=path", "--get", "user.signingkey")
    key = named.stdout.decode("utf-8", "surrogateescape").strip()
    if key.startswith("key::"):
        return key[5:]
    if key.startswith(_KEYS):
        return key
    for candidate in (Path(key), Path(f"{key}.pub")) if key else ():
        if candidate.is_file():
            text = candidate.read_text(encoding="utf-8", errors="replace").strip()
            if text.startswith(_KEYS):
                return text
    return None
