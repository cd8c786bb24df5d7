"""Which of the user's settings does a temporary clone need, and how are they written there?"""

from __future__ import annotations

import re
from pathlib import Path

from castoff.git.repository import Repository

_CARRIED = re.compile(
    r"user\.|author\.|committer\.|gpg\.|commit\.gpgsign$|tag\.gpgsign$|core\.hookspath$|credential\.|http\.|url\."
    r"|core\.sshcommand$|protocol\.|core\.autocrlf$|core\.eol$|commit\.template$",
)


def carry_settings(repository: Repository, clone: Path) -> None:
    """Take over what signing, hooks and access depend on; includes by folder do not apply to a clone."""
    carried = {k: v for k, v in repository.settings.items() if _CARRIED.match(k.lower())}
    if not any(key.lower() == "core.hookspath" for key in carried):
        hooks = repository.git.must("rev-parse", "--git-path", "hooks")
        carried["core.hooksPath"] = str((repository.root / hooks).resolve())
    with (clone / ".git" / "config").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(_setting(key, value) for key, value in carried.items())


def _setting(key: str, value: str) -> str:
    """Spell one entry as git-config's file syntax wants it."""
    section, _, rest = key.partition(".")
    subsection, _, name = rest.rpartition(".")
    head = f"{section} {_quoted(subsection)}" if subsection else section
    return f"[{head}]\n\t{name} = {_quoted(value)}\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
