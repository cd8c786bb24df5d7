"""Settings and files of the user's git folder that a temporary clone needs, and how they are written there.

A clone checks out what the user's own git would check out. So all settings of the repository count there, but for those
that describe how the repository itself is stored, and those that only change what git shows.

Paths and commands in git's settings, as they are meant from the user's repository.
git runs in the top folder of a work tree, so a relative path in a setting counts from there (git-config, "pathname"),
and so does one in a command that git starts. In a temporary clone the same text would lead to another file, or to none.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from castoff.git.credentials import Entry, access_to, by_environment, is_secret
from castoff.git.repository import Repository, entries_of
from castoff.git.runner import Git
from castoff.regexes import regex

_PATHS = regex(
    r"core\.(?:attributesfile|excludesfile)|gpg\.ssh\.(?:allowedsignersfile|revocationfile)|mailmap\.file"
    r"|commit\.template|http\.(?:.*\.)?(?:proxy)?ssl(?:cert|key|cainfo|capath)|http\.(?:.*\.)?cookiefile"
)
_PROGRAMS = regex(r"gpg\.(?:.*\.)?program|core\.askpass")
_COMMANDS = regex(
    r"filter\..*\.(?:clean|smudge|process)|core\.(?:sshcommand|gitproxy|alternaterefscommand)"
    r"|credential\.(?:.*\.)?helper|gpg\.ssh\.defaultkeycommand|merge\..*\.driver|trailer\..*\.(?:cmd|command)"
)
_REMOTES = regex(r"remote\..*\.(?:push)?url", re.S)
_OPTIONAL = ":(optional)"
_WORD = regex(
    r"""(?:'[^']*'|"(?:[^"\\$`]|\\.)*"|\\.|[^\s'"\\|&;<>()$`])+""",
)


def resolved(key: str, value: str, repository: Repository) -> str:
    """Return a setting's value with relative paths resolved against the user's repository."""
    name = key.lower()
    if _PATHS.fullmatch(name) or (name == "user.signingkey" and _is_key_file(value, repository)):
        return _resolved_path(value, repository.root)
    if _PROGRAMS.fullmatch(name):
        return _resolved_path(value, repository.root) if "/" in value else value
    if _COMMANDS.fullmatch(name):
        return resolved_command(value, repository.root)
    if _REMOTES.fullmatch(name):
        return repository.resolved_address(value)
    return value


def resolved_command(command: str, root: Path) -> str:
    """Return a shell command whose words that name files below a folder name them from anywhere.

    A first word without a slash is a program in PATH. A word counts only if the file is there: any other text in a
    command may look like a path.
    """
    first = re.match(r"!?\s*", command)
    start = first.end() if first else 0
    return command[:start] + _WORD.sub(lambda found: _word(found, root), command[start:])


def _word(found: re.Match[str], root: Path) -> str:
    text = found.group()
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    option, equals, path = words[0].rpartition("=") if len(words) == 1 else ("", "", "")
    # A first word without a slash is looked up in PATH by the shell, never in the current folder.
    if not path or path.startswith(("/", "~", "-")) or (found.start() == 0 and "/" not in path):
        return text
    if "\0" in path or not (root / path).is_file():
        return text
    return (shlex.quote(option) + equals if equals else "") + shlex.quote(str(root / path))


def _resolved_path(value: str, root: Path) -> str:
    optional = _OPTIONAL if value.startswith(_OPTIONAL) else ""
    path = value.removeprefix(optional)
    return value if not path or path.startswith(("/", "~", "%(prefix)")) else f"{optional}{root / path}"


def _is_key_file(value: str, repository: Repository) -> bool:
    """Return whether a signing key is named by a file, which only the ssh format knows (git-config)."""
    # The last entry wins in git, hence the reversed order; the default format is openpgp (git-config,
    # gpg.format).
    kind = next((v for k, v in reversed(repository.entries) if k == "gpg.format"), "openpgp")
    return kind == "ssh" and not value.startswith(("key::", "ssh-", "ecdsa-", "sk-"))


_FIXED: Mapping[str, str] = {
    "core.safecrlf": "false",
    "core.fsmonitor": "false",
    "core.ignoreStat": "false",
    "core.sparseCheckout": "false",
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
"""What must hold in a clone whatever the user's settings are: all files are there, tags are pushed alone, output is
data."""

_LEFT = regex(
    r"(?:alias|blame|branch|castoff|color|column|diff|difftool|extensions|fetch|format|gc|grep|gui|include|includeif|index|log"
    r"|maintenance|mergetool|pack|pager|pretty|rebase|rerere|safe|sendemail|stash|status|submodule|svn|tar|versionsort"
    r"|web|worktree)\."
    r"|core\.(?:bare|worktree|repositoryformatversion|hookspath|sparsecheckoutcone|splitindex)$|clone\."
    r"|" + "|".join(f"{re.escape(key.lower())}$" for key in _FIXED)
)
"""Keys that stay behind: how the repository is stored, what is shown, and what `_FIXED` decides."""

_PLAIN = regex(
    r"(?:author|commit|committer|core|filter|gpg|i18n|merge|protocol|push|ssh|tag|user)\."
    r"|remote\..*\.(?:url|pushurl|fetch|promisor|partialclonefilter|tagopt)$"
)
"""Keys that may be written into a file; any other may hold a secret, and reaches git by the environment."""

_LISTS = regex(r"credential\.(?:.*\.)?helper$|http\.(?:.*\.)?extraheader$")
"""Keys of which all values count, and an empty one takes back those before it."""

_HOOKS = "castoff.hookspath"
"""Key in a clone for the folder of the user's hooks, for a clone of the clone."""

_OF_GIT = regex(
    r"[A-Z_]+|config(?:\.worktree)?|branches|description|hooks|index.*|info|logs|modules|objects|packed-refs|refs"
    r"|reftable|rr-cache|sequencer|rebase-.*|shallow|sharedindex\..*|worktrees|lfs|annex|svn|.*\.lock|.*\.pid"
)
"""What git itself keeps in its folder, and what git-lfs, git-annex and git-svn write there: a clone has its own."""


def carry_settings(repository: Repository, clone: Git) -> Git:
    """Take over all that decides what is checked out, and what signing, hooks and access depend on.

    Includes by folder (`includeIf`) do not apply to a clone, so the effective entries are written one by one. Gives
    git for the clone: what may be secret is in its environment, and in no file that a killed run would leave. It runs
    the hooks of the user's repository, wherever they are; no other git in the clone finds them. An install of
    dependencies often installs hooks (simple-git-hooks, lefthook), and they must end in the clone.
    """
    # `--git-path` respects worktrees and `core.hooksPath`, which joining paths by hand would not (git-rev-
    # parse).
    folders = repository.git.must(
        "rev-parse", "--git-common-dir", "--git-path", "hooks", "--git-path", "info/attributes"
    )
    common, hooks, attributes = ((repository.root / one).resolve() for one in folders.split("\n"))
    hooks = Path(repository.settings.get(_HOOKS, hooks))
    folder = clone.folder / ".git"
    if not folder.is_dir():  # a submodule's: a file there names the folder
        folder = Path(clone.must("rev-parse", "--absolute-git-dir"))
    _link_beside(common, folder, attributes)
    clone.run("config", "--remove-section", "remote.origin")
    wanted = [(key, resolved(key, value, repository)) for key, value in repository.entries]
    known = entries_of(clone)
    carried = _missing(_with_bare_remotes(wanted), known)
    plain = [*_FIXED.items(), (_HOOKS, str(hooks))]
    if any(key == "core.hookspath" for key, _ in known):
        # Only then: lefthook and pre-commit refuse to install any hook where this is set.
        plain.append(("core.hooksPath", str(folder / "hooks")))
    plain += [entry for entry in carried if _PLAIN.match(entry[0].lower()) and not is_secret(entry[0])]
    with (folder / "config").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(_setting(key, value) for key, value in plain)
    # A killed run leaves the clone's files behind, but not its environment.
    secret = [entry for entry in carried if entry not in plain]
    environment = by_environment(clone.processes.environment, [*secret, *repository.access()])
    environment |= _commands_in(clone.processes.environment, repository)
    processes = clone.processes.with_environment(environment) if environment else clone.processes
    return Git(processes, clone.folder, hooks=hooks)


def _with_bare_remotes(entries: Sequence[Entry]) -> list[Entry]:
    """Give remotes the addresses that may be shown; :meth:`Repository.access` stands for their credentials."""
    return [
        (key, access_to(value, entries)[0] if key.startswith("remote.") and key.endswith("url") else value)
        for key, value in entries
    ]


def _commands_in(environment: Mapping[str, str], repository: Repository) -> dict[str, str]:
    """Return the variables that name commands of the user's repository by a relative path, from anywhere."""
    found = {
        name: resolved_command(environment[name], repository.root)
        for name in ("GIT_SSH_COMMAND", "GIT_PROXY_COMMAND")
        if environment.get(name)
    }
    return {name: value for name, value in found.items() if value != environment[name]}


def _link_beside(common: Path, folder: Path, attributes: Path) -> None:
    """Return the clone the user's own attributes, and what filters keep beside git's files (git-crypt its keys)."""
    if attributes.is_file():
        (folder / "info").mkdir(exist_ok=True)
        shutil.copyfile(attributes, folder / "info" / "attributes")
    for one in common.iterdir():
        # Unknown files belong to filters: git-crypt keeps its keys in `.git/git-crypt`.
        if _OF_GIT.fullmatch(one.name) is None:
            with suppress(FileExistsError):
                (folder / one.name).symlink_to(one)


def _missing(wanted: Sequence[Entry], known: Sequence[Entry]) -> list[Entry]:
    """Return the entries that make the clone's configuration equal to the user's."""
    carried: list[Entry] = []
    for key in dict.fromkeys(key for key, _ in wanted if not _LEFT.match(key.lower())):
        mine = [value for name, value in wanted if name == key]
        there = [value for name, value in known if name == key]
        if mine == there:
            continue
        if there and _LISTS.match(key.lower()):
            # An empty value resets the list, also entries of the system's configuration (gitcredentials,
            # git-config).
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
    # Backslash first, or the escapes of the other replacements would be escaped again.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
