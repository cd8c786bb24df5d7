"""Routes that merge pull requests, and show what they hold."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from castoff.values import replace
from castoff.world.forge import association, show_git, show_pull
from castoff.world.forge.answers import Answer, Refused, invalid, not_found
from castoff.world.forge.api_pulls import found_pull
from castoff.world.forge.association import branch_of
from castoff.world.forge.call import Call
from castoff.world.forge.fields import Fields
from castoff.world.forge.plumbing import BareRepository, Commit
from castoff.world.forge.records import Issue, Pull
from castoff.world.forge.routing import Route
from castoff.world.forge.state import State


class Signature(Struct, frozen=True):
    """What a commit says: message, who, when."""

    message: str
    name: str
    email: str
    at: datetime


class Merge(Struct, frozen=True):
    """What is merged where; ``head`` and ``base`` are commits, the branch is moved by the caller."""

    base: str
    head: str
    commits: tuple[str, ...]


def commit_file(
    git: BareRepository, branch: str, tip: str, path: str, blob: str | None, signature: Signature
) -> str:
    """Commit one file (None deletes it) onto a branch; 409 where the branch moved meanwhile."""
    # `git update-index --index-info` deletes by mode 0 with the null id.
    mode, sha = ("0", "0" * 40) if blob is None else ("100644", blob)
    tree = git.tree_with(tip, [f"{mode} {sha}\t{path}\0"])
    if tree is None:
        raise Refused(422, "path contains a malformed path component")
    sha = commit_tree(git, tree, (tip,), signature)
    # Compare and swap: another commit may have moved the branch since its tip was read.
    if not git.move(f"refs/heads/{branch}", sha, tip):
        raise Refused(409, f"is at another commit than {tip}")
    return sha


def commit_tree(git: BareRepository, tree: str, parents: tuple[str, ...], signature: Signature) -> str:
    """Make a commit object; author and committer are the same."""
    options = [option for parent in parents for option in ("-p", parent)]
    # In UTC, so that worlds of one seed make equal commits.
    when = f"{int(signature.at.timestamp())} +0000"
    who = {
        "GIT_AUTHOR_NAME": signature.name,
        "GIT_AUTHOR_EMAIL": signature.email,
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_NAME": signature.name,
        "GIT_COMMITTER_EMAIL": signature.email,
        "GIT_COMMITTER_DATE": when,
    }
    message = signature.message.encode("utf-8", "replace")
    made = git.run("commit-tree", tree, *options, "-F", "-", text=message, extra=who)
    if made is None:
        raise Refused(422, "Invalid author or committer")
    return made.strip()


def merge_commit(git: BareRepository, merge: Merge, signature: Signature) -> tuple[str, ...] | None:
    """Make a merge commit; None on a conflict."""
    tree = git.merged_tree(merge.base, merge.head)
    return None if tree is None else (commit_tree(git, tree, (merge.base, merge.head), signature),)


def squash(git: BareRepository, merge: Merge, signature: Signature) -> tuple[str, ...] | None:
    """Make one commit of all; None on a conflict."""
    tree = git.merged_tree(merge.base, merge.head)
    return None if tree is None else (commit_tree(git, tree, (merge.base,), signature),)


def rebase(git: BareRepository, merge: Merge, signature: Signature) -> tuple[str, ...] | None:
    """Make each commit anew on top of the base, oldest first; None on a conflict.

    Each is a three-way merge of trees. git 2.39 takes no merge base for that, so the three trees are
    dressed as three commits of which the first is the parent of the other two.
    """
    tip, made = merge.base, []
    for sha in merge.commits:
        commit = git.commit(sha)
        # GitHub does not rebase merge commits: the pull request is not mergeable this way.
        if commit is None or len(commit.parents) != 1:
            return None
        tree = _replayed(git, tip, commit, signature)
        if tree is None:
            return None
        tip = commit_tree(git, tree, (tip,), _as_author(commit, signature))
        made.append(tip)
    return tuple(made)


def _replayed(git: BareRepository, tip: str, commit: Commit, signature: Signature) -> str | None:
    def dressed(tree: str, *parents: str) -> str:
        return commit_tree(git, tree, parents, signature)

    def tree_of(sha: str) -> str:
        found = git.commit(sha)
        assert found is not None
        return found.tree

    base = dressed(tree_of(commit.parents[0]))
    return git.merged_tree(dressed(tree_of(tip), base), dressed(commit.tree, base))


def _as_author(commit: Commit, signature: Signature) -> Signature:
    return Signature(commit.message, commit.author.name, commit.author.email, signature.at)


def follow_pushes(state: State, git: BareRepository, now: datetime, login: str) -> None:
    """Mark pull requests merged whose head has reached the base by a push, as the real service does.

    Those whose branch is there are kept up to date with it, and are closed where it is deleted; those that were only
    seeded stay as they are.
    """
    waiting = [issue for issue in state.pulls() if issue.state == "open"]
    if not waiting:
        return
    # One call of git for all branches: this runs before every request.
    heads = {ref.name.removeprefix("refs/heads/"): ref.sha for ref in git.refs("refs/heads/")}
    for issue in waiting:
        pull = issue.pull
        assert pull is not None
        live = heads.get(branch_of(pull.head))
        if live is None and pull.has_branch:
            issue.state, issue.closed_at, issue.closed_by, issue.updated_at = "closed", now, login, now
            continue
        pull.has_branch = live is not None
        base, head = heads.get(pull.base), live or pull.head_sha
        if base is None or head is None:
            continue
        pull.head_sha = head
        # Kept as first seen: a base that moves on later must not count as a merge.
        pull.base_sha = pull.base_sha or base
        # A branch that has no commit of its own yet is an ancestor too, and is no merge.
        if base != pull.base_sha and git.is_ancestor(head, base):
            settle(issue, Merge(pull.base_sha, head, (_entrance(git, head, base),)), now, login)


def settle(issue: Issue, merge: Merge, now: datetime, login: str) -> None:
    """Put a merge on the record; its commits are those that are new on the base, oldest first."""
    pull = issue.pull
    assert pull is not None
    pull.merged_at, pull.merged_by, pull.merge_commit = now, login, merge.commits[-1]
    pull.head_sha, pull.base_sha = merge.head, merge.base
    pull.commits = merge.commits
    issue.state, issue.closed_at, issue.closed_by, issue.updated_at = "closed", now, login, now


def _entrance(git: BareRepository, head: str, base: str) -> str:
    """Find the oldest commit of the base's own line that holds the head."""
    # The merge commit of a push is the first on the base's own line that reaches the head.
    line = git.ids("--first-parent", "--ancestry-path", f"^{head}", base)
    return line[-1] if line else head


_BASE = "/repos/{owner}/{repo}/pulls/{pull_number}"
_WAYS = {"merge": merge_commit, "squash": squash, "rebase": rebase}


def merge_pull(call: Call) -> Answer:
    """Merge by a merge commit, a squash or a rebase; real commits in the bare repository."""
    issue, fields = found_pull(call), call.fields()
    method = fields.text("merge_method") or "merge"
    pull, merge = _checked(call, issue, method, fields.text("sha"))
    made = _WAYS[method](call.git, merge, _signature(call, issue, fields, method))
    if made is None:
        raise Refused(405, "Pull Request is not mergeable")
    # A push between the look and here wins; GitHub asks to try again with 409.
    if not call.git.move(f"refs/heads/{pull.base}", made[-1], merge.base):
        raise Refused(409, "Base branch was modified. Review and try the merge again.")
    settle(issue, replace(merge, commits=made), call.now, call.actor.login)
    return Answer({"sha": made[-1], "merged": True, "message": "Pull Request successfully merged"})


def is_merged(call: Call) -> Answer:
    """Say by the status whether a pull request is merged."""
    if not found_pull(call).merged:
        raise not_found()
    return Answer(status=204)


def list_commits(call: Call) -> Answer:
    """List the commits of a pull request, oldest first."""
    found = association.proposed(call.git, found_pull(call))
    commits = [commit for sha in found if (commit := call.git.commit(sha))]
    return call.paged(commits, lambda commit: show_git.commit(call, commit))


def list_files(call: Call) -> Answer:
    """List the files that a pull request changes."""
    issue = found_pull(call)
    base, head = association.base_of(call.git, issue), association.head_of(call.git, issue)
    files = show_pull.files_of(call, issue)
    return call.paged(files, lambda each: show_git.file(call, each, base, head or ""))


def request_reviewers(call: Call) -> Answer:
    """Ask people to review."""
    issue = found_pull(call)
    pull = issue.pull
    assert pull is not None
    asked = call.fields().texts("reviewers")
    # GitHub refuses a review by the author.
    if issue.author in asked:
        raise invalid(
            "PullRequest", "reviewers", "invalid", "Review cannot be requested from pull request author."
        )
    pull.reviewers = list(dict.fromkeys([*pull.reviewers, *asked]))
    return Answer(show_pull.simple(call, issue), 201)


def _checked(call: Call, issue: Issue, method: str, expected: str | None) -> tuple[Pull, Merge]:
    pull = issue.pull
    assert pull is not None
    base, head = association.base_of(call.git, issue), association.head_of(call.git, issue)
    if issue.state != "open" or pull.draft or base is None or head is None or call.git.kind(head) != "commit":
        raise Refused(405, "Pull Request is not mergeable")
    if method not in call.state.merge_methods:
        words = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
        raise Refused(405, f"{words[method]} are not allowed on this repository.")
    # `sha` guards against commits that were pushed after the review (gh's `--match-head-commit`).
    if expected is not None and expected != head:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    return pull, Merge(base, head, tuple(call.git.ids("--reverse", head, f"^{base}")))


def _signature(call: Call, issue: Issue, fields: Fields, method: str) -> Signature:
    pull = issue.pull
    assert pull is not None
    branch = association.branch_of(pull.head)
    # The default texts of GitHub's settings "Default commit message" for each way to merge.
    if method == "squash":
        title, rest = f"{issue.title} (#{issue.number})", _listed(call, issue)
    else:
        title = f"Merge pull request #{issue.number} from {call.links.owner}/{branch}"
        rest = issue.title
    title = fields.text("commit_title") or title
    rest = fields.text("commit_message", rest) or ""
    message = f"{title}\n\n{rest}".rstrip("\n")
    login = call.actor.login
    return Signature(message, login, f"{login}@users.noreply.github.com", call.now)


def _listed(call: Call, issue: Issue) -> str:
    commits = [call.git.commit(sha) for sha in association.proposed(call.git, issue)]
    messages = [commit.message for commit in commits if commit is not None]
    # One commit: its own body. Several: a list of their messages, as GitHub fills the box.
    if len(messages) == 1:
        return messages[0].partition("\n\n")[2]
    return "\n\n".join(f"* {message}" for message in messages)


ROUTES = (
    Route("PUT", _BASE + "/merge", merge_pull, "write"),
    Route("GET", _BASE + "/merge", is_merged),
    Route("GET", _BASE + "/commits", list_commits),
    Route("GET", _BASE + "/files", list_files),
    Route("POST", _BASE + "/requested_reviewers", request_reviewers, "triage"),
)
