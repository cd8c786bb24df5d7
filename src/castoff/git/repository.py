"""The user's repository, which is read and never written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from castoff.errors import Problem, UsageError, WorkspaceError
from castoff.git.credentials import Entry, access_to, rewritten
from castoff.git.runner import Git
from castoff.git.trees import GitTree, open_tree
from castoff.io.process import Processes


def entries_of(git: Git) -> tuple[Entry, ...]:
    """List the effective configuration of a repository; a key without a value stands for yes (git-config)."""
    return _entries(git.run("config", "--list", "-z").stdout)


def blob_entries(git: Git, blob: str) -> tuple[Entry, ...]:
    """List the entries of a configuration file in a commit (`REVISION:PATH`); none if it is not there."""
    return _entries(git.run("config", "--blob", blob, "--list", "-z").stdout)


def _entries(output: bytes) -> tuple[Entry, ...]:
    listing = output.decode("utf-8", "surrogateescape")
    pairs = (entry.partition("\n") for entry in listing.split("\0") if entry)
    return tuple((key, value if separator else "true") for key, separator, value in pairs)


_FIELDS_BEFORE_PATH = {"1": 7, "2": 8, "u": 9, "?": 0, "!": 0}
"""By the kind of an entry of `git status`, how many fields stand between kind and path."""


class CheckedOut(Struct, frozen=True, kw_only=True):
    """What is checked out: the commit (None in an empty repository), the branch (None where HEAD is detached).

    ``changed`` are the paths that differ from the commit.
    """

    commit: str | None
    branch: str | None
    changed: tuple[str, ...]


class Repository:
    """The user's repository: read, never written to."""

    def __init__(self, git: Git, start: str = ".") -> None:
        self.git = git
        self.root = git.folder
        self.start = start
        """The folder that it was opened from, POSIX from the root."""

    @classmethod
    def open(cls, processes: Processes, start: Path) -> Repository:
        """Find the repository that holds a folder; errors ``not-a-repository``, ``repository-unreadable``."""
        if not start.is_dir():
            raise UsageError.of("no-such-folder", f"`{start}` is not a folder", remedy="correct `-C`")
        done = Git(processes, start).run("rev-parse", "--show-toplevel")
        top = done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
        if done.code != 0 or not _is_folder(top):
            if (found := _dot_git_above(start)) is not None and done.last_words:
                raise _unreadable(found, done.errors)
            raise WorkspaceError.of(
                "not-a-repository",
                f"`{start}` is not in a git repository with a work tree",
                reason="a release is a commit, a tag and a push",
                remedy="run castoff inside a clone of the repository, or name one with `-C`",
            )
        return cls(Git(processes, Path(top)), _below(start, Path(top)))

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """Return git's effective configuration, keys in git's spelling (section and name in lower case)."""
        return dict(self.entries)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Return git's effective configuration entry by entry: keys may come several times, the last one counts."""
        return entries_of(self.git)

    def checked_out(self, *paths: str) -> CheckedOut:
        """Look at the checkout: its commit, its branch, and the tracked files that differ from the commit.

        With paths, only these are compared, and one that is not tracked counts as different too.
        """
        listing = self.git.must(
            "-c",
            "core.fsmonitor=false",
            # Format v2 names commit and branch as well, so that one run sees all three at the same moment
            # (git-status, "Porcelain Format Version 2").
            "status",
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "-z",
            "--no-renames",
            *(("--untracked-files=all", "--ignored") if paths else ("--untracked-files=no",)),
            "--",
            *(f":(literal){path}" for path in paths),
        )
        return _checked_out(listing)

    def head(self) -> str | None:
        """Return the commit that is checked out, None in an empty repository."""
        done = self.git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return done.text.strip() if done.code == 0 else None

    def branch(self) -> str | None:
        """Return the branch that is checked out, None where HEAD is detached."""
        done = self.git.run("symbolic-ref", "--short", "--quiet", "HEAD")
        return done.text.strip() if done.code == 0 else None

    def tracked(self, *patterns: str) -> tuple[str, ...]:
        """List the tracked files that match one of these patterns of git's, from the root."""
        listing = self.git.must("ls-files", "-z", "--", *patterns)
        return tuple(path for path in listing.split("\0") if path)

    def holding(self, expression: str, *patterns: str) -> tuple[str, ...]:
        """List the tracked files that match patterns of git's and hold a line of an extended regular expression."""
        command = ("grep", "-lzE", "-e", expression, "--", *patterns)
        done = self.git.run(*command)
        # 1: no file holds it; anything above is an error, which git reports.
        listing = done.stdout if done.code < 2 else self.git.data(*command)
        return tuple(path for path in listing.decode("utf-8", "surrogateescape").split("\0") if path)

    def untracked(self, *patterns: str) -> tuple[str, ...]:
        """List the files that match a pattern of git's and are not tracked, from the root.

        Of those that git ignores, only the ones outside of ignored folders: `node_modules` holds thousands.
        """
        found: set[str] = set()
        for words in ((), ("--ignored", "--directory")):
            listing = self.git.must(
                "ls-files", "-z", "--others", "--exclude-standard", *words, "--", *patterns
            )
            found |= {path for path in listing.split("\0") if path and not path.endswith("/")}
        return tuple(sorted(found))

    def is_shallow(self) -> bool:
        """Return whether history was cut when cloning."""
        return self.git.must("rev-parse", "--is-shallow-repository") == "true"

    def remote_name(self, configured: str | None, branch: str | None) -> str | None:
        """Name the remote of a branch: configured, else the branch's upstream, else origin, else the only one."""
        if configured:
            return configured
        upstream = self.settings.get(f"branch.{branch}.remote") if branch else None
        names = [key[7:-4] for key in self.settings if key.startswith("remote.") and key.endswith(".url")]
        if upstream in names:
            return upstream
        return "origin" if "origin" in names else (names[0] if len(names) == 1 else None)

    def remote_url(self, name: str) -> str | None:
        """Return a remote's address as configured, not as rewritten by `insteadOf`; never with credentials in it."""
        url = self.settings.get(f"remote.{name}.url")
        if not url:
            return url
        shown, _ = access_to(url, self.entries)
        return self.resolved_address(url) if shown == url else shown

    def resolved_address(self, url: str) -> str:
        """Return an address with a local path in it, which counts from the repository's root, made absolute."""
        if "://" not in url and ":" not in url.partition("/")[0]:
            return str((self.root / url).resolve())
        return url

    def access(self) -> tuple[Entry, ...]:
        """Return the settings that stand for the credentials in the addresses of all remotes."""
        urls = [
            url for key, url in self.settings.items() if key.startswith("remote.") and key.endswith(".url")
        ]
        # Clients repeat what they were given: the address itself counts as well, although git never sees it.
        for url in urls:
            for address in (url, rewritten(url, self.entries), rewritten(url, self.entries, push=True)):
                self.git.processes.redactor.learn_url(address)
        return tuple(entry for url in urls for entry in access_to(url, self.entries)[1])

    def tree(self, commit: str, only: Sequence[str] = ()) -> GitTree:
        """Open the files of a commit, all or ``only`` these."""
        return open_tree(self.git, commit, only)


def _checked_out(listing: str) -> CheckedOut:
    headers: dict[str, str] = {}
    changed: list[str] = []
    for entry in listing.split("\0"):
        kind, _, rest = entry.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            headers[name] = value
        elif kind:
            changed.append(rest.split(" ", _FIELDS_BEFORE_PATH[kind])[-1])
    commit, branch = headers.get("branch.oid"), headers.get("branch.head")
    return CheckedOut(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        changed=tuple(changed),
    )


def _is_folder(top: str) -> bool:
    """Return whether git printed a folder: a wrapper in its place may print anything, names that are too long too."""
    try:
        return top != "" and Path(top).is_dir()
    except (OSError, ValueError):
        return False


def _dot_git_above(start: Path) -> Path | None:
    """Find the `.git` (a folder, or the file of a linked worktree or submodule) that git would open from a folder."""
    folders = (start.absolute(), *start.absolute().parents)
    return next((one / ".git" for one in folders if _is_repository(one / ".git")), None)


def _is_repository(path: Path) -> bool:
    """Return whether git would take a path for a repository; one that may not be searched counts."""
    try:
        return path.is_file() or (path / "HEAD").lstat() is not None
    except PermissionError:
        return True
    except OSError:
        return False


def _unreadable(found: Path, words: str) -> WorkspaceError:
    """Pass on why git does not open a repository that is there: another owner, a moved worktree, a bare one.

    ``words`` is what it printed for people; a wrapper in its place may print anything.
    """
    problem = Problem(
        code="repository-unreadable",
        message=f"git does not open the repository at `{found.parent}`",
        reason="\n".join(line[:200] for line in words.strip().splitlines()[:6])
        or "it gives no reason, and no folder either",
        remedy="fix the problem in git's message; `git status` in that folder shows it again",
    )
    return WorkspaceError(problem)


def _below(start: Path, top: Path) -> str:
    """Return a folder as a path from the root of its repository, whatever links led to it."""
    inside = start.resolve()
    root = top.resolve()
    return inside.relative_to(root).as_posix() if inside.is_relative_to(root) else "."
