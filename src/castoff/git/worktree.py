"""Where does the work happen? In a temporary clone that borrows the user's objects and nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from castoff.errors import Refusal
from castoff.git.calling import Git
from castoff.git.carrying import carry_settings
from castoff.git.remotes import parse_refs, push_outcome
from castoff.git.repository import Repository
from castoff.git.signing import has_signature, signature_holds
from castoff.git.trees import GitTree
from castoff.model.acts import Outcome
from castoff.model.refs import CLAIMS, Refs, TagRef
from castoff.process import Completed
from castoff.scratch import scratch_prefix


class Worktree:
    """A temporary clone with files of its own; leaves nothing behind when closed."""

    def __init__(self, git: Git, holder: tempfile.TemporaryDirectory[str]) -> None:
        self.git = git
        self.root = git.folder
        self._holder = holder
        self.last_refusal = ""

    @classmethod
    def of(cls, repository: Repository) -> Self:
        """Clone the user's repository without files or tags; signing and hooks work as they do there."""
        holder = tempfile.TemporaryDirectory(prefix=scratch_prefix(), ignore_cleanup_errors=True)
        root = Path(holder.name) / "tree"
        done = repository.git.run(
            "clone",
            "--quiet",
            "--shared",
            "--no-checkout",
            "--no-tags",
            "--template=",
            "--origin=origin",
            repository.root,
            root,
        )
        if done.code != 0:
            holder.cleanup()
            raise Refusal.of(
                "clone-failed",
                "the repository could not be cloned into a temporary folder",
                reason=done.last_words,
                remedy="see that the disk has room and that `git clone` works on it",
            )
        return cls(carry_settings(repository, Git(repository.git.processes, root)), holder)

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

    def sibling(self, name: str) -> Worktree:
        """Make an empty repository beside this one, with the same identity, access and signing, and no hooks.

        For the repository of a website: it goes with this one.
        """
        root = self.folder(name) / "tree"
        sibling = Worktree(Git(self.git.processes, root), self._holder)
        if not root.exists():
            root.mkdir()
            sibling.git.must("init", "--quiet", "--template=")
            settings = (self.root / ".git" / "config").read_bytes()
            (root / ".git" / "config").write_bytes(settings)
            sibling.git.must("config", "--replace-all", "core.hooksPath", os.devnull)
        return sibling

    def folder(self, name: str) -> Path:
        """Make a folder beside the files, gone with them."""
        path = Path(self._holder.name) / name
        path.mkdir(exist_ok=True)
        return path

    def tree(self, commit: str) -> GitTree:
        """Open the files of a commit."""
        return GitTree(self.git, commit)

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags; None where it could not be asked: git said why in ``last_refusal``."""
        done = self.git.run("ls-remote", "--heads", "--tags", url)
        self.last_refusal = done.last_words if done.code != 0 else ""
        return parse_refs(done.stdout.decode("utf-8", "surrogateescape")) if done.code == 0 else None

    def default_branch(self, url: str) -> str | None:
        """Name the branch that a remote's HEAD stands for; None where it could not be asked, or names none."""
        done = self.git.run("ls-remote", "--symref", url, "HEAD")
        for line in done.text.splitlines():
            target, _, name = line.partition("\t")
            if name == "HEAD" and target.startswith("ref: refs/heads/"):
                return target.removeprefix("ref: refs/heads/")
        return None

    def parent(self, commit: str) -> str | None:
        """Give a commit's first parent, None where it has none here."""
        done = self.git.run("rev-parse", "--verify", "--quiet", f"{commit}^1")
        return done.text.strip() if done.code == 0 else None

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
            full = self._inside(path)
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_bytes(text.encode("utf-8"))

    def _inside(self, path: str) -> Path:
        """Find the place of a path; no step of it may be a link, lead up, or into git's own folder."""
        steps = path.split("/")
        odd = {"", ".", ".."} & set(steps) or ".git" in [step.lower() for step in steps]
        full = self.root.resolve() / path
        if odd or "\0" in path or full.resolve() != full:
            raise Refusal.of(
                "path-outside",
                f"`{path}` leads out of the workspace",
                reason="neither links nor `..` are followed when writing, and git's own folder is left alone",
                remedy="name a file inside it",
            )
        return full

    def changed_paths(self) -> tuple[str, ...]:
        """List what differs from the commit that was checked out, new files included."""
        listing = self.git.must("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        return tuple(entry[3:] for entry in listing.split("\0") if len(entry) > 3)

    def commit(self, message: str, paths: Sequence[str], *, sign: bool | None, signoff: bool) -> str:
        """Commit these paths; the user's hooks run. Errors: ``commit-failed``, ``commit-unsigned``."""
        self.git.must("add", "--", *map(_literal, paths))
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
        if sign and not signature_holds(self.git, name, lambda: self.folder("signing")):
            self.git.run("tag", "--delete", name)
            raise Refusal.of(
                "tag-unsigned",
                f"the tag `{name}` carries no good signature",
                reason=done.last_words or "git made the tag, but `git verify-tag` does not accept it",
                remedy="see that `user.signingkey` names a key that can sign, and try `git tag -s test`",
            )
        return made

    def stand_in_tag(self, name: str, commit: str) -> bool:
        """Put a tag at a commit, here only and unsigned, unless it is there; says whether it was put.

        Annotated, and made now: among several tags of one commit, `git describe` takes the newest.
        """
        if (
            self.git.run("rev-parse", "--verify", "--quiet", f"refs/tags/{name}^{{commit}}").text.strip()
            == commit
        ):
            return False
        self.git.must(
            "tag", "--annotate", "--no-sign", "--force", "-m", "stands in while building", name, commit
        )
        return True

    def delete_tag(self, name: str) -> None:
        """Delete a tag here."""
        self.git.must("tag", "--delete", name)

    def push(self, url: str, spec: str, *, lease: str | None = None) -> Outcome:
        """Push one ref; an unclear end is Unclear.

        Refused carries ``push-rejected``, ``push-denied``, or ``push-hook-failed`` for the user's own hook.
        """
        words = ["push", "--porcelain"]
        if lease is not None:
            words.append(f"--force-with-lease={lease}")
        done = self.git.run(*words, url, spec)
        hook = done.code == 1 and self._has_hook("pre-push")
        return push_outcome(done, spec, hook=hook)

    def claims(self, url: str) -> Mapping[str, TagRef] | None:
        """Bring a remote's claims here; gives what each stands at, by the rest of its name; None where that failed."""
        done = self.git.run("fetch", "--quiet", "--no-tags", "--prune", url, f"+{CLAIMS}*:{CLAIMS}*")
        if done.code != 0:
            return None
        listing = self.git.must(
            "for-each-ref", "--format=%(refname)%09%(objectname)%09%(*objectname)", CLAIMS
        )
        rows = (line.split("\t") for line in listing.split("\n") if line)
        return {row[0].removeprefix(CLAIMS): TagRef(object=row[1], peeled=row[2] or None) for row in rows}

    def claim(self, url: str, objects: Mapping[str, str], commit: str, branch: str | None) -> Outcome:
        """Make claims that are not there yet and, where one is named, move a branch on to a commit: all or none."""
        specs = [f"{made}:{CLAIMS}{name}" for name, made in objects.items()]
        leases = [f"--force-with-lease={CLAIMS}{name}:" for name in objects]
        return self._push_all(url, leases, [*specs, *([f"{commit}:refs/heads/{branch}"] if branch else [])])

    def drop(self, url: str, seen: Mapping[str, TagRef], left: Mapping[str, str]) -> Outcome:
        """Delete claims that stand as they were seen, and leave others: all or none."""
        leases = [f"--force-with-lease={CLAIMS}{name}:{one.object}" for name, one in seen.items()]
        specs = [f":{CLAIMS}{name}" for name in seen]
        return self._push_all(
            url, leases, [*specs, *(f"{made}:{CLAIMS}{name}" for name, made in left.items())]
        )

    def _push_all(self, url: str, leases: Sequence[str], specs: Sequence[str]) -> Outcome:
        done = self.git.run("push", "--porcelain", "--atomic", *leases, url, *specs)
        return push_outcome(done, specs[0], hook=done.code == 1 and self._has_hook("pre-push"))

    def _has_hook(self, name: str) -> bool:
        path = self.git.run("rev-parse", "--git-path", f"hooks/{name}").text.strip()
        return os.access(self.root / path, os.X_OK)

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
        rows = [line.split("\t") for line in listing.split("\n") if line]
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

    def subject(self, commit: str) -> str:
        """Give the first line of a commit's message."""
        return self.git.must("show", "--no-patch", "--format=%s", commit)

    def is_reverted(self, commit: str, until: str) -> bool:
        """Say whether a later commit on the first-parent line says that it reverts this one."""
        said = f"This reverts commit {commit}."
        found = [
            "log",
            "--first-parent",
            "--fixed-strings",
            f"--grep={said}",
            "--format=%H",
            f"{commit}..{until}",
        ]
        return bool(self.git.must(*found))

    def has(self, commit: str) -> bool:
        """Say whether an object is here."""
        return self.git.run("cat-file", "-e", f"{commit}^{{commit}}").code == 0

    def first_parents(
        self, since: str | None, until: str, paths: Sequence[str]
    ) -> tuple[tuple[str, str], ...]:
        """List (commit, first parent or "") on the first-parent line that touch these paths, newest first."""
        span = f"{since}..{until}" if since else until
        listing = self.git.must(
            "log",
            "--first-parent",
            "--format=%H %P",
            "--full-history",
            "-m",
            span,
            "--",
            *map(_literal, paths),
        )
        rows = [line.split() for line in listing.split("\n") if line]
        return tuple((row[0], row[1] if len(row) > 1 else "") for row in rows)

    def changing(self, commits: Sequence[str], pattern: str, paths: Sequence[str]) -> frozenset[str]:
        """Give those of these commits that add or take a line of these paths that matches (POSIX, extended)."""
        if not commits:
            return frozenset()
        words = ["--no-walk=unsorted", "--first-parent", "-m", "--format=%H", f"-G{pattern}"]
        return frozenset(self.git.must("log", *words, *commits, "--", *map(_literal, paths)).split())

    def commit_time(self, commit: str) -> int:
        """Give a commit's time in seconds since 1970."""
        return int(self.git.must("show", "--no-patch", "--format=%ct", commit))


def _literal(path: str) -> str:
    """Spell a path so that git takes no character of it for a pattern."""
    return f":(literal){path}"
