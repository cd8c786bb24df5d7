"""What does the user's repository say? It is read, never written to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from castoff.errors import UsageError, WorkspaceError
from castoff.git.calling import Git
from castoff.git.credentials import Entry, as_it_is, may_carry, without_credentials
from castoff.git.trees import GitTree
from castoff.process import Processes


def entries_of(git: Git) -> tuple[Entry, ...]:
    """List the effective configuration of a repository; a key without a value stands for yes (git-config)."""
    listing = git.run("config", "--list", "-z").stdout.decode("utf-8", "surrogateescape")
    pairs = (entry.partition("\n") for entry in listing.split("\0") if entry)
    return tuple((key, value if separator else "true") for key, separator, value in pairs)


class Repository:
    """The user's repository: read, never written to."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.root = git.folder

    @classmethod
    def open(cls, processes: Processes, start: Path) -> Repository:
        """Find the repository that holds a folder; error ``not-a-repository``."""
        if not start.is_dir():
            raise UsageError.of("no-such-folder", f"`{start}` is no folder", remedy="correct `-C`")
        done = Git(processes, start).run("rev-parse", "--show-toplevel")
        top = done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
        if done.code != 0 or not top:
            raise WorkspaceError.of(
                "not-a-repository",
                f"`{start}` is in no git repository with a work tree",
                reason="a release is a commit, a tag and a push",
                remedy="run castoff inside a clone of the repository, or name one with `-C`",
            )
        return cls(Git(processes, Path(top)))

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """Give git's effective configuration, keys in git's spelling (section and name in lower case)."""
        return dict(self.entries)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Give git's effective configuration entry by entry: keys may come several times, the last one counts."""
        return entries_of(self.git)

    def head(self) -> str | None:
        """Give the commit that is checked out, None in an empty repository."""
        done = self.git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return done.text.strip() if done.code == 0 else None

    def branch(self) -> str | None:
        """Give the branch that is checked out, None where HEAD is detached."""
        done = self.git.run("symbolic-ref", "--short", "--quiet", "HEAD")
        return done.text.strip() if done.code == 0 else None

    def changed_paths(self) -> tuple[str, ...]:
        """List tracked files with changes that are not committed."""
        listing = self.git.must(
            "-c",
            "core.fsmonitor=false",
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=no",
            "--no-renames",
        )
        return tuple(entry[3:] for entry in listing.split("\0") if len(entry) > 3)

    def is_shallow(self) -> bool:
        """Say whether history was cut when cloning."""
        return self.git.must("rev-parse", "--is-shallow-repository") == "true"

    def remote_name(self, configured: str | None) -> str | None:
        """Name the remote: configured, else the branch's upstream, else origin, else the only one."""
        if configured:
            return configured
        branch = self.branch()
        upstream = self.settings.get(f"branch.{branch}.remote") if branch else None
        names = [key[7:-4] for key in self.settings if key.startswith("remote.") and key.endswith(".url")]
        if upstream in names:
            return upstream
        return "origin" if "origin" in names else (names[0] if len(names) == 1 else None)

    def remote_url(self, name: str) -> str | None:
        """Give a remote's address as configured, not as rewritten by `insteadOf`; never with credentials in it."""
        url = self.settings.get(f"remote.{name}.url")
        if url and may_carry(self.settings):
            bare, entries = without_credentials(self._rewritten(name))
            return bare if entries else url
        if url and "://" not in url and ":" not in url.partition("/")[0]:
            return str((self.root / url).resolve())
        return url

    def access(self) -> tuple[Entry, ...]:
        """Give the settings that stand for the credentials in the addresses of all remotes."""
        if not may_carry(self.settings):
            return ()
        names = [key[7:-4] for key in self.settings if key.startswith("remote.") and key.endswith(".url")]
        return tuple(entry for name in names for entry in self._access_to(self._rewritten(name)))

    def _access_to(self, url: str) -> tuple[Entry, ...]:
        self.git.processes.redactor.learn_url(url)
        bare, entries = without_credentials(url)
        if entries and without_credentials(self._rewritten(bare))[1]:
            return (*entries, *as_it_is(bare))
        return entries

    def _rewritten(self, remote: str) -> str:
        """Give the address that git would use for a remote, or for an address."""
        done = self.git.run("ls-remote", "--get-url", remote)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def tree(self, commit: str) -> GitTree:
        """Open the files of a commit."""
        return GitTree(self.git, commit)
