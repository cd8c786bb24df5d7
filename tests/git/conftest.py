from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def ssh_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a throw-away key for ssh signatures; gives the private half."""
    path = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "throw-away", "-f", str(path)], check=True
    )
    return path


@pytest.fixture(scope="session")
def gpg_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a throw-away key ring with one key for ada@example.org."""
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    words = [
        "gpg",
        "--homedir",
        str(home),
        "--batch",
        "--quiet",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
    ]
    subprocess.run(
        [*words, "--quick-gen-key", "Ada <ada@example.org>", "ed25519", "sign", "never"], check=True
    )
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
