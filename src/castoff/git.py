"""What does git say, and how does castoff write to it?

The user's repository is only read (:class:`Repository`). All work happens in a :class:`Worktree`: a temporary
clone that borrows the user's objects and has refs, index and files of its own, so that nothing of the user's is
touched. What was signed is verified, never trusted: git 2.39 with ssh keys exits 0 and leaves an unsigned tag
when signing fails.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from castoff.errors import Problem, Refusal, UsageError, WorkspaceError
from castoff.model.acts import Outcome, Refused, Succeeded, Unclear
from castoff.process import Completed, Processes

_CARRIED = re.compile(
    r"user\.|author\.|committer\.|gpg\.|commit\.gpgsign$|tag\.gpgsign$|core\.hookspath$|credential\.|http\.|url\."
    r"|core\.sshcommand$|protocol\.|core\.autocrlf$|core\.eol$|commit\.template$",
)
_TIMEOUT = 600.0
_DENIED_REMEDY = (
    "see that you may push there; where the branch is protected, "
    "release with `castoff release LEVEL --pull-request`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRef:
    """A tag on a remote: the object it names, and the commit that it peels to (None: a lightweight tag)."""

    object: str
    peeled: str | None

    @property
    def commit(self) -> str:
        """Give the commit that it stands for."""
        return self.peeled or self.object

    @property
    def annotated(self) -> bool:
        """Say whether it is a tag object, which alone can carry a message and a signature."""
        return self.peeled is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refs:
    """What a remote holds: branch heads and tags by name."""

    heads: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, TagRef] = field(default_factory=dict)


class Git:
    """Runs git in one folder, with locale and prompts fixed so that codes and data decide."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.processes = processes
        self.folder = folder
        self.blobs: dict[str, bytes] = {}

    def run(self, *arguments: str | Path, given: bytes | None = None) -> Completed:
        """Run git and give what came of it, whatever the code."""
        return self.processes.run(
            ["git", *arguments],
            cwd=self.folder,
            given=given,
            timeout=_TIMEOUT,
            changes={
                "LC_ALL": "C",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_DIR": None,
                "GIT_WORK_TREE": None,
                "GIT_INDEX_FILE": None,
                "GIT_OPTIONAL_LOCKS": "0",
            },
        )

    def must(self, *arguments: str | Path, given: bytes | None = None) -> str:
        """Run git, which has no reason to fail here; gives standard output without its last line end."""
        done = self.run(*arguments, given=given)
        if done.code != 0:
            raise Refusal.of(
                "git-failed",
                f"`git {arguments[0]}` failed with code {done.code}",
                reason=done.last_words,
                remedy="mend what git complains about and run castoff again",
            )
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


class GitTree:
    """The files of one commit, read through one `git cat-file --batch` per bulk."""

    def __init__(self, git: Git, commit: str, prefix: str = "") -> None:
        self._git = git
        self.commit = commit
        self._prefix = prefix
        self._data: dict[str, bytes | None] = {}

    @cached_property
    def _blobs(self) -> dict[str, str]:
        listing = self._git.must("ls-tree", "-r", "-z", "--full-tree", self.commit)
        blobs = {}
        for entry in listing.split("\0"):
            if entry:
                meta, _, path = entry.partition("\t")
                mode, kind, name = meta.split(" ")
                if kind == "blob" and mode != "120000" and path.startswith(self._prefix):
                    blobs[path[len(self._prefix) :]] = name
        return blobs

    def paths(self) -> Sequence[str]:
        """List all files, sorted."""
        return sorted(self._blobs)

    def read(self, path: str) -> str | None:
        """Give a file's text, None where there is none."""
        if path not in self._data:
            self.preload([path])
        data = self._data[path]
        return None if data is None else _text(data, path)

    def preload(self, paths: Iterable[str]) -> None:
        """Read many files through one process."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self._data]
        names = {path: self._blobs[path] for path in wanted if path in self._blobs}
        self._read_blobs([name for name in names.values() if name not in self._git.blobs])
        self._data.update({path: self._git.blobs[names[path]] if path in names else None for path in wanted})

    def _read_blobs(self, names: Sequence[str]) -> None:
        """Read objects into the cache that all trees of a repository share: most files stay the same."""
        if not names:
            return
        unique = list(dict.fromkeys(names))
        done = self._git.run("cat-file", "--batch", given="".join(f"{name}\n" for name in unique).encode())
        at = 0
        for name in unique:
            line_end = done.stdout.index(b"\n", at)
            size = int(done.stdout[at:line_end].rsplit(b" ", 1)[1])
            self._git.blobs[name] = done.stdout[line_end + 1 : line_end + 1 + size]
            at = line_end + 2 + size


class FolderTree:
    """The files of a folder on disk, as far as git would track them; used where there is no commit."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> str | None:
        """Give a file's text, None where there is none."""
        full = self._root / path
        if not full.is_file() or full.is_symlink():
            return None
        return _text(full.read_bytes(), path)

    def paths(self) -> Sequence[str]:
        """List all files but those of git, sorted."""
        return sorted(
            path.relative_to(self._root).as_posix()
            for path in self._root.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(self._root).parts
        )


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
        top = done.stdout.decode("utf-8", "surrogateescape").strip()
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
        listing = self.git.run("config", "--list", "-z").stdout.decode("utf-8", "surrogateescape")
        pairs = (entry.partition("\n") for entry in listing.split("\0") if entry)
        return {key: value for key, _, value in pairs}

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
        listing = self.git.must("status", "--porcelain=v1", "-z", "--untracked-files=no")
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
        """Give a remote's address as configured, not as rewritten by `insteadOf`."""
        url = self.settings.get(f"remote.{name}.url")
        if url and "://" not in url and ":" not in url.partition("/")[0]:
            return str((self.root / url).resolve())
        return url

    def tree(self, commit: str) -> GitTree:
        """Open the files of a commit."""
        return GitTree(self.git, commit)


class Worktree:
    """A temporary clone with files of its own; leaves nothing behind when closed."""

    def __init__(self, git: Git, holder: tempfile.TemporaryDirectory[str]) -> None:
        self.git = git
        self.root = git.folder
        self._holder = holder

    @classmethod
    def of(cls, repository: Repository) -> Self:
        """Clone the user's repository without files or tags; signing and hooks work as they do there."""
        holder = tempfile.TemporaryDirectory(prefix="castoff-", ignore_cleanup_errors=True)
        root = Path(holder.name) / "tree"
        done = repository.git.run(
            "clone", "--quiet", "--shared", "--no-checkout", "--no-tags", "--template=", repository.root, root
        )
        if done.code != 0:
            holder.cleanup()
            raise Refusal.of(
                "clone-failed",
                "the repository could not be cloned into a temporary folder",
                reason=done.last_words,
                remedy="see that the disk has room and that `git clone` works on it",
            )
        worktree = cls(Git(repository.git.processes, root), holder)
        worktree._carry(repository)
        return worktree

    def __enter__(self) -> Self:
        """Stay until the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the clone."""
        self.close()

    def close(self) -> None:
        """Remove the clone."""
        self._holder.cleanup()

    def folder(self, name: str) -> Path:
        """Make a folder beside the files, gone with them."""
        path = Path(self._holder.name) / name
        path.mkdir(exist_ok=True)
        return path

    def tree(self, commit: str) -> GitTree:
        """Open the files of a commit."""
        return GitTree(self.git, commit)

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags; None where it could not be asked."""
        done = self.git.run("ls-remote", "--heads", "--tags", url)
        return parse_refs(done.text) if done.code == 0 else None

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        """Bring a remote's tags and some branches here; says whether that worked."""
        specs = [f"+refs/heads/{branch}:refs/remotes/origin/{branch}" for branch in branches]
        done = self.git.run(
            "fetch", "--quiet", "--no-tags", "--force", url, *specs, "+refs/tags/*:refs/tags/*"
        )
        return done.code == 0

    def check_out(self, commit: str) -> None:
        """Put the files of a commit on disk, and nothing else."""
        self.git.must("checkout", "--quiet", "--force", "--detach", commit)
        self.git.must("clean", "-ffdxq")

    def stand_on(self, branch: str, commit: str) -> None:
        """Check a branch out at a commit, as a person would have it."""
        self.git.must("checkout", "--quiet", "--force", "-B", branch, commit)

    def publish_to(self, url: str, branch: str) -> None:
        """Make a repository the origin of this clone, and give it the branch and all tags."""
        self.git.must(
            "push", "--quiet", "--no-verify", url, f"{branch}:refs/heads/{branch}", "refs/tags/*:refs/tags/*"
        )
        self.git.must("config", "--replace-all", "remote.origin.url", url)

    def write(self, texts: Mapping[str, str]) -> None:
        """Write texts as they are, LF and CRLF untouched; paths must stay inside."""
        for path, text in texts.items():
            full = self.root / path
            if not full.resolve().is_relative_to(self.root.resolve()) or full.is_symlink():
                raise Refusal.of(
                    "path-outside", f"`{path}` leads out of the workspace", remedy="name a file inside it"
                )
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_bytes(text.encode("utf-8"))

    def changed_paths(self) -> tuple[str, ...]:
        """List what differs from the commit that was checked out, new files included."""
        listing = self.git.must("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        return tuple(entry[3:] for entry in listing.split("\0") if len(entry) > 3)

    def commit(self, message: str, paths: Sequence[str], *, sign: bool | None, signoff: bool) -> str:
        """Commit these paths; the user's hooks run. Errors: ``commit-failed``, ``commit-unsigned``."""
        self.git.must("add", "--", *paths)
        words = ["commit", "--quiet", "-F", "-"]
        if sign is not None:
            words.append("--gpg-sign" if sign else "--no-gpg-sign")
        if signoff:
            words.append("--signoff")
        done = self.git.run(*words, given=message.encode())
        return self._committed(done, sign=sign)

    def _committed(self, done: Completed, *, sign: bool | None) -> str:
        if done.code != 0:
            raise Refusal.of(
                "commit-failed",
                "git did not make the release commit",
                reason=done.last_words,
                remedy="a hook of the repository or the signing key said no: mend that, then run castoff again",
            )
        commit = self.git.must("rev-parse", "HEAD")
        if sign and not has_signature(self.git, commit):
            raise Refusal.of(
                "commit-unsigned",
                "the release commit carries no signature although one was asked for",
                remedy="see that `user.signingkey` names a key that can sign without asking",
            )
        return commit

    def commit_nothing(self, message: str, *, sign: bool | None) -> str:
        """Commit with no change: a first release whose manifests already say the version."""
        words = ["commit", "--quiet", "--allow-empty", "-F", "-"]
        if sign is not None:
            words.append("--gpg-sign" if sign else "--no-gpg-sign")
        done = self.git.run(*words, given=message.encode())
        return self._committed(done, sign=sign)

    def make_tag(self, name: str, message: str, commit: str, *, sign: bool) -> str:
        """Make an annotated tag object here and verify its signature; gives the object.

        Errors: ``tag-failed``, ``tag-unsigned`` (git with ssh keys may exit 0 with no signature).
        """
        kind = "--sign" if sign else "--no-sign"
        done = self.git.run(
            "tag",
            "--annotate",
            kind,
            "--force",
            "--cleanup=verbatim",
            "-F",
            "-",
            name,
            commit,
            given=message.encode(),
        )
        if done.code != 0:
            raise Refusal.of(
                "tag-failed",
                f"git did not make the tag `{name}`",
                reason=done.last_words,
                remedy="see that `user.signingkey` names a key that can sign, or set `release.sign`",
            )
        made = self.git.must("rev-parse", f"refs/tags/{name}")
        if sign and not signature_is_good(self, name):
            self.git.run("tag", "--delete", name)
            raise Refusal.of(
                "tag-unsigned",
                f"the tag `{name}` carries no good signature",
                reason=done.last_words or "git made the tag, but `git verify-tag` does not accept it",
                remedy="see that `user.signingkey` names a key that can sign, and try `git tag -s test`",
            )
        return made

    def push(self, url: str, spec: str, *, lease: str | None = None) -> Outcome:
        """Push one ref; Refused carries ``push-rejected`` or ``push-denied``, an unclear end is Unclear."""
        words = ["push", "--porcelain"]
        if lease is not None:
            words.append(f"--force-with-lease={lease}")
        done = self.git.run(*words, url, spec)
        return push_outcome(done, spec)

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether a commit lies in the history of another; False where one of them is not here."""
        return self.git.run("merge-base", "--is-ancestor", commit, of).code == 0

    def tags_within(self, commit: str) -> tuple[tuple[str, str], ...]:
        """List (tag, commit) of all tags that lie in the history of a commit."""
        listing = self.git.must(
            "for-each-ref",
            "--merged",
            commit,
            "--format=%(refname:strip=2)%09%(objectname)%09%(*objectname)",
            "refs/tags",
        )
        rows = [line.split("\t") for line in listing.splitlines()]
        return tuple((row[0], row[2] or row[1]) for row in rows)

    def tag_message(self, tag: str) -> str:
        """Give the message of an annotated tag; that of its commit for a lightweight one."""
        return self.git.run("for-each-ref", "--format=%(contents)", f"refs/tags/{tag}").text

    def paths_since(self, commit: str, until: str) -> tuple[str, ...]:
        """List the paths that commits between two points touched, merges by their first parent."""
        listing = self.git.must(
            "log", "--first-parent", "-m", "--name-only", "-z", "--format=", f"{commit}..{until}"
        )
        return tuple(dict.fromkeys(path.strip("\n") for path in listing.split("\0") if path.strip("\n")))

    def first_with_subject(self, subject: str, until: str) -> str | None:
        """Find the newest commit on the first-parent line with exactly this subject."""
        listing = self.git.must("log", "--first-parent", "--format=%H %s", until)
        rows = (line.partition(" ") for line in listing.splitlines())
        return next((commit for commit, _, said in rows if said == subject), None)

    def has(self, commit: str) -> bool:
        """Say whether an object is here."""
        return self.git.run("cat-file", "-e", f"{commit}^{{commit}}").code == 0

    def first_parents(
        self, since: str | None, until: str, paths: Sequence[str]
    ) -> tuple[tuple[str, str], ...]:
        """List (commit, first parent or "") on the first-parent line that touch these paths, newest first."""
        span = f"{since}..{until}" if since else until
        listing = self.git.must(
            "log", "--first-parent", "--format=%H %P", "--full-history", "-m", span, "--", *paths
        )
        rows = [line.split() for line in listing.splitlines() if line]
        return tuple((row[0], row[1] if len(row) > 1 else "") for row in rows)

    def commit_time(self, commit: str) -> int:
        """Give a commit's time in seconds since 1970."""
        return int(self.git.must("show", "--no-patch", "--format=%ct", commit))

    def _carry(self, repository: Repository) -> None:
        """Take over what signing, hooks and access depend on; includes by folder do not apply to a clone."""
        carried = {k: v for k, v in repository.settings.items() if _CARRIED.match(k.lower())}
        if not any(key.lower() == "core.hookspath" for key in carried):
            hooks = repository.git.must("rev-parse", "--git-path", "hooks")
            carried["core.hooksPath"] = str((repository.root / hooks).resolve())
        with (self.root / ".git" / "config").open("a", encoding="utf-8", errors="surrogateescape") as file:
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


def parse_refs(text: str) -> Refs:
    """Read the output of `git ls-remote`: `object TAB ref`, peeled tags as `ref^{}`."""
    heads: dict[str, str] = {}
    objects: dict[str, str] = {}
    peeled: dict[str, str] = {}
    for line in text.splitlines():
        name, _, ref = line.partition("\t")
        if ref.startswith("refs/heads/"):
            heads[ref[11:]] = name
        elif ref.startswith("refs/tags/") and ref.endswith("^{}"):
            peeled[ref[10:-3]] = name
        elif ref.startswith("refs/tags/"):
            objects[ref[10:]] = name
    tags = {name: TagRef(object=value, peeled=peeled.get(name)) for name, value in objects.items()}
    return Refs(heads=heads, tags=tags)


def push_outcome(done: Completed, spec: str) -> Outcome:
    """Judge a push by its code and the flag of its porcelain line (git-push, OUTPUT): `!` is a rejection."""
    flags = [line.split("\t") for line in done.text.splitlines() if "\t" in line]
    rejected = [row for row in flags if row and row[0] == "!"]
    if done.code == 0 and not rejected:
        return Succeeded()
    if not rejected:
        return Unclear(reason=done.last_words or f"git push ended with code {done.code}")
    summary = rejected[0][-1] if rejected[0] else ""
    remote_said = summary.startswith("[remote rejected]")
    return Refused(
        Problem(
            code="push-denied" if remote_said else "push-rejected",
            message=f"the remote did not take `{spec.rpartition(':')[2]}`",
            reason=done.last_words,
            remedy=_DENIED_REMEDY if remote_said else "somebody else pushed first: run castoff again",
        )
    )


def has_signature(git: Git, commit: str) -> bool:
    """Say whether a commit object carries a signature header."""
    header, _, _ = git.must("cat-file", "commit", commit).partition("\n\n")
    return any(line.startswith(("gpgsig ", "gpgsig-sha256 ")) for line in header.splitlines())


def signature_is_good(worktree: Worktree, tag: str) -> bool:
    """Verify a tag's signature; where git knows no allowed signers, our own key is one."""
    git = worktree.git
    if git.run("verify-tag", tag).code == 0:
        return True
    signers = _own_signers(worktree)
    return signers is not None and (
        git.run("-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-tag", tag).code == 0
    )


def _own_signers(worktree: Worktree) -> Path | None:
    git = worktree.git
    if git.run("config", "--get", "gpg.ssh.allowedSignersFile").code == 0:
        return None
    key = git.run("config", "--get", "user.signingkey").text.strip()
    email = git.run("config", "--get", "user.email").text.strip() or "*"
    public = _public_key(key)
    if public is None:
        return None
    path = worktree.folder("signing") / "allowed_signers"
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


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WorkspaceError.of(
            "file-not-text", f"`{path}` is not UTF-8", remedy="save it as UTF-8", file=path
        ) from None
