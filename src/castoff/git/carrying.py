"""Which of the user's settings does a temporary clone need, and how are they written there?"""

from __future__ import annotations

import re

from castoff.git.calling import Git
from castoff.git.credentials import by_environment, is_secret
from castoff.git.repository import Repository

_CARRIED = re.compile(
    r"user\.|author\.|committer\.|gpg\.|commit\.gpgsign$|tag\.gpgsign$|core\.hookspath$|credential\.|http\.|url\."
    r"|core\.sshcommand$|protocol\.|core\.autocrlf$|core\.eol$|commit\.template$",
)


def carry_settings(repository: Repository, clone: Git) -> Git:
    """Take over what signing, hooks and access depend on; includes by folder do not apply to a clone.

    Gives git for the clone: what may be secret is in its environment, and in no file that a killed run would leave.
    """
    known = {key: value for key, _, value in (entry.partition("\n") for entry in _listing(clone))}
    carried = {
        key: value
        for key, value in repository.settings.items()
        if _CARRIED.match(key.lower()) and known.get(key) != value
    }
    if not any(key.lower() == "core.hookspath" for key in (*carried, *known)):
        hooks = repository.git.must("rev-parse", "--git-path", "hooks")
        carried["core.hooksPath"] = str((repository.root / hooks).resolve())
    with (clone.folder / ".git" / "config").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(_setting(key, value) for key, value in carried.items() if not is_secret(key))
    secret = [(key, value) for key, value in carried.items() if is_secret(key)]
    environment = by_environment(clone.processes.environment, [*secret, *repository.access()])
    return Git(clone.processes.with_environment(environment), clone.folder) if environment else clone


def _listing(clone: Git) -> list[str]:
    text = clone.run("config", "--list", "-z").stdout.decode("utf-8", "surrogateescape")
    return [entry for entry in text.split("\0") if entry]


def _setting(key: str, value: str) -> str:
    """Spell one entry as git-config's file syntax wants it."""
    section, _, rest = key.partition(".")
    subsection, _, name = rest.rpartition(".")
    head = f"{section} {_quoted(subsection)}" if subsection else section
    return f"[{head}]\n\t{name} = {_quoted(value)}\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
