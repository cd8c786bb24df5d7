"""Which of the user's settings does a temporary clone need, and how are they written there?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from castoff.git.calling import Git
from castoff.git.credentials import Entry, by_environment, is_secret
from castoff.git.repository import Repository, entries_of

_CARRIED = re.compile(
    r"user\.|author\.|committer\.|gpg\.|commit\.gpgsign$|tag\.gpgsign$|credential\.|http\.|url\.|ssh\."
    r"|core\.sshcommand$|protocol\."
)
_LISTS = re.compile(r"credential\.(?:.*\.)?helper$|http\.(?:.*\.)?extraheader$")
"""Keys of which all values count, and an empty one takes back those before it."""

_FIXED: Mapping[str, str] = {
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.eol": "lf",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "color.ui": "false",
    "commit.cleanup": "whitespace",
    "fetch.prune": "false",
    "fetch.pruneTags": "false",
    "gc.auto": "0",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "log.follow": "false",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "push.followTags": "false",
    "push.recurseSubmodules": "no",
    "submodule.recurse": "false",
}
"""What must hold in a clone whatever the user's settings are: bytes stay, tags are pushed alone, output is data."""


def carry_settings(repository: Repository, clone: Git) -> Git:
    """Take over what signing, hooks and access depend on; includes by folder do not apply to a clone.

    Gives git for the clone: what may be secret is in its environment, and in no file that a killed run would leave.
    Hooks are those of the user's repository, wherever they are.
    """
    carried = _missing(repository.entries, entries_of(clone))
    hooks = repository.git.must("rev-parse", "--git-path", "hooks")
    plain = [*_FIXED.items(), ("core.hooksPath", str((repository.root / hooks).resolve()))]
    plain += [entry for entry in carried if not is_secret(entry[0])]
    with (clone.folder / ".git" / "config").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(_setting(key, value) for key, value in plain)
    secret = [entry for entry in carried if is_secret(entry[0])]
    environment = by_environment(clone.processes.environment, [*secret, *repository.access()])
    return Git(clone.processes.with_environment(environment), clone.folder) if environment else clone


def _missing(wanted: Sequence[Entry], known: Sequence[Entry]) -> list[Entry]:
    """Give the entries that make the clone's configuration say what the user's says."""
    carried: list[Entry] = []
    for key in dict.fromkeys(key for key, _ in wanted if _CARRIED.match(key.lower())):
        mine = [value for name, value in wanted if name == key]
        there = [value for name, value in known if name == key]
        if mine == there:
            continue
        if there and _LISTS.match(key.lower()):
            mine.insert(0, "")
        carried += [(key, value) for value in mine]
    return carried


def _setting(key: str, value: str) -> str:
    """Spell one entry as git-config's file syntax wants it."""
    section, _, rest = key.partition(".")
    subsection, _, name = rest.rpartition(".")
    head = f"{section} {_quoted(subsection)}" if subsection else section
    return f"[{head}]\n\t{name} = {_quoted(value)}\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
