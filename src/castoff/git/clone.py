"""The temporary clone in which all work happens; it borrows the user's objects and nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from castoff.errors import Refusal, UsageError
from castoff.git import checkout
from castoff.git.checkout import literal
from castoff.git.clone_config import carry_settings
from castoff.git.folders_above import place_of_clone, scrubbed
from castoff.git.log import reachable_tags
from castoff.git.objects import GitObject
from castoff.git.remotes import objection_of_hook, parse_refs, push_outcome
from castoff.git.repository import Repository
from castoff.git.runner import Git
from castoff.git.signing import signature_holds
from castoff.git.submodules import MissingSubmodule, populate
from castoff.git.taken_over import take_over
from castoff.git.trees import GitTree, open_tree
from castoff.io.scratch import scratch_prefix
from castoff.model.acts import Outcome
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.refs import CLAIMS, Refs, TagRef
from castoff.regexes import regex

_COMMIT = regex(r"\x01[0-9a-f]{40,64}\0")


class Clone:
    """A temporary clone with files of its own; leaves nothing behind when closed."""

    def __init__(
        self, git: Git, holder: tempfile.TemporaryDirectory[str], user: Repository | None = None
    ) -> None:
        self.git = git
        self.root = git.folder
        self._holder = holder
        self.user = user
        self.last_refusal = ""

    @classmethod
    def of(cls, repository: Repository) -> Self:
        """Clone the user's repository without files; signing and hooks work as they do there."""
        holder = tempfile.TemporaryDirectory(prefix=scratch_prefix(), ignore_cleanup_errors=True)
        root = place_of_clone(repository.root, Path(holder.name), repository.git.processes.environment)
        # `--shared` borrows objects through alternates instead of copying them; `--template=` keeps the
        # user's template hooks out (git-clone).
        done = repository.git.run(
            "clone",
            "--quiet",
            "--shared",
            "--no-checkout",
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
                remedy="make sure that the disk has free space and that `git clone` of the repository works",
            )
        return cls(carry_settings(repository, Git(repository.git.processes, root)), holder, repository)

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
        self.git.close()
        self._holder.cleanup()

    def scrubbed(self) -> AbstractContextManager[None]:
        """Hide configuration above the clone that leads clients to services outside, while a rehearsal runs."""
        return scrubbed(self.root, Path(self._holder.name))

    def sibling(self, name: str) -> Clone:
        """Make an empty repository beside this one, with the same identity, access and signing, and no hooks.

        For the repository of a website: it goes with this one.
        """
        root = self.folder(name) / "tree"
        sibling = Clone(Git(self.git.processes, root), self._holder)
        if not root.exists():
            root.mkdir()
            sibling.git.must("init", "--quiet", "--template=")
            settings = (self.root / ".git" / "config").read_bytes()
            (root / ".git" / "config").write_bytes(settings)
            for key in ("core.hooksPath", "castoff.hooksPath"):
                sibling.git.must("config", "--replace-all", key, os.devnull)
        return sibling

    def folder(self, name: str) -> Path:
        """Make a folder beside the files, gone with them."""
        path = Path(self._holder.name) / name
        path.mkdir(exist_ok=True)
        return path

    def tree(self, commit: str, only: Sequence[str] = ()) -> GitTree:
        """Open the files of a commit, all or ``only`` these."""
        return open_tree(self.git, commit, only)

    def ls_remote(self, url: str) -> Refs | None:
        """List a remote's branches and tags; None where it could not be queried: git said why in ``last_refusal``."""
        # By URL, not by the name of a remote: the clone's own remotes point to the user's repository.
        done = self.git.run("ls-remote", "--heads", "--tags", url)
        self.last_refusal = done.last_words if done.code != 0 else ""
        return parse_refs(done.stdout.decode("utf-8", "surrogateescape")) if done.code == 0 else None

    def default_branch(self, url: str) -> str | None:
        """Name the branch that a remote's HEAD stands for; None where it could not be queried, or names none."""
        # A detached HEAD on the remote has no "ref:" line; that is not an error (git-ls-remote,
        # `--symref`).
        done = self.git.run("ls-remote", "--symref", url, "HEAD")
        for line in done.text.splitlines():
            target, _, name = line.partition("\t")
            if name == "HEAD" and target.startswith("ref: refs/heads/"):
                return target.removeprefix("ref: refs/heads/")
        return None

    def parent(self, commit: str) -> str | None:
        """Return a commit's first parent, None where it has none here."""
        done = self.git.run("rev-parse", "--verify", "--quiet", f"{commit}^1")
        return done.text.strip() if done.code == 0 else None

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        """Bring a remote's tags and some branches here; says whether that worked."""
        specs = [f"+refs/heads/{branch}:refs/remotes/origin/{branch}" for branch in branches]
        done = self.git.run(
            # Tags are fetched by an explicit refspec with `--force`: without it git keeps a local tag that
            # differs from the remote's.
            "fetch",
            "--quiet",
            "--no-tags",
            "--force",
            url,
            *specs,
            "+refs/tags/*:refs/tags/*",
        )
        return done.code == 0

    def bring(self, url: str, refs: Refs, branch: str) -> bool:
        """Have a branch of a remote here, and its tags instead of the user's; says whether that worked."""
        theirs = self.user.git if self.user is not None else None
        return take_over(self.git, theirs, refs, branch) or self.fetch(url, [branch])

    def copy_files(self, url: str, branch: str) -> bool:
        """Make the files of a remote's branch the only commit of that branch here; says whether it could be fetched.

        Parentless, not shallow: git refuses to fetch from a shallow repository.
        """
        done = self.git.run("fetch", "--quiet", "--no-tags", "--depth=1", url, f"refs/heads/{branch}")
        if done.code == 0:
            self._commit_alone("FETCH_HEAD^{tree}", branch)
        return done.code == 0

    def begin_empty(self, branch: str) -> None:
        """Make a commit without files the only one of a branch here."""
        self._commit_alone(self.git.must("mktree", given=b"").strip(), branch)

    def commit_tree(self, tree: str) -> str:
        """Make a commit of a tree without parents, which no ref names; no hook runs, and nobody signs."""
        nobody = ("-c", "user.name=castoff", "-c", "user.email=castoff@localhost")
        return self.git.must(*nobody, "commit-tree", "--no-gpg-sign", "-m", "files", tree).strip()

    def _commit_alone(self, tree: str, branch: str) -> None:
        self.git.must("update-ref", f"refs/heads/{branch}", self.commit_tree(tree))
        self.git.must("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def check_out(self, commit: str) -> None:
        """Put the files of a commit on disk, and nothing else; error ``checkout-failed``."""
        checkout.check_out(self.git, commit)

    def populate(self) -> tuple[MissingSubmodule, ...]:
        """Check out the submodules of the commit that is checked out; returns those that cannot be had."""
        return populate(self.git, self.user)

    def lay_out(self, tree: str) -> None:
        """Put a tree into the index and on disk; the commit that was checked out stays HEAD."""
        # Unlike `checkout`, this does not move HEAD and does not run post-checkout hooks.
        self.git.must("read-tree", "--reset", "-u", tree)

    def stand_on(self, branch: str, commit: str) -> None:
        """Check a branch out at a commit, as a person would have it."""
        self.git.must("checkout", "--quiet", "--force", "-B", branch, commit)
        self.populate()

    def publish_to(self, url: str, branch: str) -> None:
        """Make a repository the origin of this clone, and give it the branch and all tags."""
        self.git.must(
            "push", "--quiet", "--no-verify", url, f"{branch}:refs/heads/{branch}", "refs/tags/*:refs/tags/*"
        )
        self.git.must("config", "--replace-all", "remote.origin.url", url)

    def write(self, texts: Mapping[str, str]) -> None:
        """Write texts into the index as they are, and on disk as git checks them out; paths must stay inside."""
        for path in texts:
            self._inside(path).parent.mkdir(parents=True, exist_ok=True)
        checkout.write_texts(self.git, texts, self.folder("texts"))

    def _inside(self, path: str) -> Path:
        """Find the place of a path; no step of it may be a link, lead up, or into git's own folder."""
        steps = path.split("/")
        # `.GIT` counts as well: on file systems that ignore case it is git's own folder (CVE-2014-9390).
        odd = {"", ".", ".."} & set(steps) or ".git" in [step.lower() for step in steps]
        full = self.root.resolve() / path
        if odd or "\0" in path or full.resolve() != full:
            raise UsageError.of(
                "path-outside",
                f"`{path}` is outside the workspace",
                reason="castoff does not write through links or `..`, nor into git's folder",
                remedy="use a file inside it",
            )
        return full

    def changed_paths(self) -> tuple[str, ...]:
        """List what differs from the commit that was checked out, new files included."""
        listing = self.git.must(
            # Format v1 with `-z` is stable across versions and settings (git-status, "Porcelain Format
            # Version 1").
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=all",
            "--no-renames",
            "--ignore-submodules=dirty",
        )
        return tuple(entry[3:] for entry in listing.split("\0") if len(entry) > 3)

    def commit(self, message: str, paths: Sequence[str], *, sign: bool | None, signoff: bool) -> str:
        """Commit these paths; the user's hooks run.

        Errors: ``commit-failed``, ``commit-unsigned``, ``hook-changed-commit``.
        """
        commit = checkout.commit(self.git, message, paths, sign=sign, signoff=signoff)
        checkout.refresh_files(self.git, [path for path in paths if self.tree(commit).has(path)])
        return commit

    def staged(self, paths: Sequence[str]) -> str:
        """Make the index hold the last commit and these paths; returns its tree."""
        return checkout.stage(self.git, paths)

    def commit_nothing(self, message: str, *, sign: bool | None) -> str:
        """Commit with no change: a first release whose manifests already say the version."""
        return checkout.commit(self.git, message, (), sign=sign)

    def make_tag(self, name: str, message: str, commit: str, *, sign: bool) -> str:
        """Make an annotated tag object here and verify its signature; returns the object.

        Errors: ``tag-failed``, ``tag-unsigned`` (git with ssh keys may exit 0 with no signature).
        """
        kind = "--sign" if sign else "--no-sign"
        done = self.git.run(
            "tag",
            "--annotate",
            kind,
            "--force",
            # The message is kept as it is: by default git removes lines that start with `#` (git-tag,
            # `--cleanup`).
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
                f"git did not create the tag `{name}`",
                reason=done.last_words,
                remedy="set `user.signingkey` to a key that can sign, or set `release.sign`"
                + withheld_words(Kind.COMMIT, done.withheld),
            )
        made = self.git.must("rev-parse", f"refs/tags/{name}")
        # git with an SSH key has exited with 0 without signing, so the exit code alone proves nothing.
        if sign and not signature_holds(self.git, name, lambda: self.folder("signing")):
            self.git.run("tag", "--delete", name)
            raise Refusal.of(
                "tag-unsigned",
                f"the tag `{name}` has no valid signature",
                reason=done.last_words or "git created the tag, but `git verify-tag` does not accept it",
                remedy="set `user.signingkey` to a key with which `git tag -s test` makes a signature "
                "(`git cat-file tag test` shows it); if `gpg.ssh.allowedSignersFile` is set, list the key there",
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
            # Never signed: this tag only exists for tools that compute a version during the build, and is
            # not pushed.
            "tag",
            "--annotate",
            "--no-sign",
            "--force",
            "-m",
            "stands in while building",
            name,
            commit,
        )
        return True

    def tag_object(self, name: str) -> str | None:
        """Return the object that a tag here names, None where there is none."""
        done = self.git.run("rev-parse", "--verify", "--quiet", f"refs/tags/{name}")
        return done.text.strip() if done.code == 0 else None

    def delete_tag(self, name: str) -> None:
        """Delete a tag here."""
        self.git.must("tag", "--delete", name)

    def push(self, url: str, spec: str, *, lease: str | None = None) -> Outcome:
        """Push one ref; an unclear end is Unclear.

        Refused carries ``push-rejected``, ``push-denied``, or ``push-hook-failed`` for the user's own hook.
        """
        words = ["push", "--porcelain"]
        if lease is not None:
            # The lease makes the push fail if the remote moved since the look (git-push, `--force-with-
            # lease`).
            words.append(f"--force-with-lease={lease}")
        objection = objection_of_hook(self.git, url, [spec])
        return objection or push_outcome(self.git.run(*words, url, spec), spec)

    def claims(self, url: str) -> Mapping[str, TagRef] | None:
        """Fetch a remote's claims; returns the object of each, by the rest of its name, or None if that failed."""
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
        # An empty expected value means "must not exist", so of two runs only one creates the ref.
        leases = [f"--force-with-lease={CLAIMS}{name}:" for name in objects]
        return self._push_all(url, leases, [*specs, *([f"{commit}:refs/heads/{branch}"] if branch else [])])

    def drop(self, url: str, seen: Mapping[str, TagRef], left: Mapping[str, str]) -> Outcome:
        """Delete claims that stand as they were seen, and leave others: all or none."""
        # A claim that changed since it was seen belongs to another run and must not be deleted.
        leases = [f"--force-with-lease={CLAIMS}{name}:{one.object}" for name, one in seen.items()]
        specs = [f":{CLAIMS}{name}" for name in seen]
        return self._push_all(
            url, leases, [*specs, *(f"{made}:{CLAIMS}{name}" for name, made in left.items())]
        )

    def push_together(self, url: str, specs: Sequence[str]) -> Outcome:
        """Push refs, all or none; git ends without a word on any ref where the remote takes no atomic pushes."""
        return self._push_all(url, (), specs)

    def _push_all(self, url: str, leases: Sequence[str], specs: Sequence[str]) -> Outcome:
        objection = objection_of_hook(self.git, url, specs)
        # All refs or none; a remote without the capability refuses before it updates anything (git-push,
        # `--atomic`).
        words = ["push", "--porcelain", "--atomic", *leases, url, *specs]
        return objection or push_outcome(self.git.run(*words), specs[0])

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Return whether a commit is another or lies in its history; False where one of two is not here."""
        # Most often asked of the branch's head itself, for which git need not be started.
        return commit == of or self.git.run("merge-base", "--is-ancestor", commit, of).code == 0

    def tags_within(self, commit: str) -> tuple[tuple[str, str], ...]:
        """List (tag, commit) of all tags that lie in the history of a commit."""
        return tuple((tag.name, tag.commit) for tag in reachable_tags(self.git, commit))

    def tag_message(self, tag: str) -> str:
        """Return the message of an annotated tag; that of its commit for a lightweight one."""
        found = self.git.objects.find(f"refs/tags/{tag}")
        return self.git.processes.redactor.clean(found.message) if found else ""

    def tag_text(self, url: str, tag: str, made: str) -> str | None:
        """Return the text of a tag object of a remote, fetched without touching the tags here; None if it fails."""
        # Only fetched if it is not here: a tag object never changes under its id.
        if (found := self.git.objects.find(made)) is None:
            self.git.run("fetch", "--quiet", "--no-tags", url, f"refs/tags/{tag}")
            found = self.git.objects.find(made)
        if found is None or found.kind != "tag":
            return None
        return self.git.processes.redactor.clean(found.data.decode("utf-8", "replace"))

    def commits_since(self, commit: str, until: str) -> tuple[tuple[str, ...], ...]:
        """List the paths of each commit between two points, newest first, merges by their first parent."""
        listing = self.git.must(
            "log", "--first-parent", "-m", "--name-only", "-z", "--format=%x01%H", f"{commit}..{until}"
        )
        # `-m` with `--first-parent` shows the files of a merge once, against its first parent.
        # each commit is its id, a NUL, and its paths, the first of them after a line feed
        return tuple(
            tuple(path.removeprefix("\n") for path in paths.split("\0") if path.strip("\n"))
            for paths in _COMMIT.split(listing)[1:]
        )

    def changed_files(self, commit: str, until: str) -> tuple[str, ...]:
        """List the paths that differ between two commits, sorted; a file that moved counts at both places."""
        listing = self.git.must("diff-tree", "-r", "-z", "--name-only", "--no-renames", commit, until)
        return tuple(sorted(path for path in listing.split("\0") if path))

    def added_files(self, commit: str, until: str) -> frozenset[str]:
        """Return the paths of files at the second of two commits that were no files at the first."""
        # `T` for what was a link or a submodule before; a file that moved counts at its new place.
        words = ("-r", "-z", "--name-only", "--no-renames", "--diff-filter=AT")
        return frozenset(self.git.must("diff-tree", *words, commit, until).split("\0")) - {""}

    def subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""
        return self._commit(commit).subject

    def message(self, commit: str) -> str:
        """Return a commit's message."""
        return self._commit(commit).message

    def is_reverted(self, commit: str, until: str) -> bool:
        """Return whether a later commit on the first-parent line says that it reverts this one."""
        # The line that `git revert` writes, and forges with it; other words for a revert are not guessed.
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
        """Return whether an object is here."""
        return self.git.objects.find(f"{commit}^{{commit}}") is not None

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
            *map(literal, paths),
        )
        rows = [line.split() for line in listing.split("\n") if line]
        return tuple((row[0], row[1] if len(row) > 1 else "") for row in rows)

    def changing(self, commits: Sequence[str], pattern: str, paths: Sequence[str]) -> frozenset[str]:
        """Return those of these commits that add or take a line of these paths that matches (POSIX, extended)."""
        if not commits:
            return frozenset()
        words = ["--no-walk=unsorted", "--first-parent", "-m", "--format=%H", f"-G{pattern}"]
        return frozenset(self.git.must("log", *words, *commits, "--", *map(literal, paths)).split())

    def commit_time(self, commit: str) -> int:
        """Return a commit's time in seconds since 1970."""
        return self._commit(commit).time

    def _commit(self, name: str) -> GitObject:
        return self.git.objects.read_all([f"{name}^{{commit}}"])[0]
