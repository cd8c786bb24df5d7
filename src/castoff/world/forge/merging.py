"""Routes that merge pull requests, and show what they hold."""

from __future__ import annotations

from castoff.world.forge import association, show_git, show_pull
from castoff.world.forge.answers import Answer, Refused, invalid, not_found
from castoff.world.forge.api_pulls import found_pull
from castoff.world.forge.call import Call
from castoff.world.forge.committing import Merge, Signature, merge_commit, rebase, squash
from castoff.world.forge.fields import Fields
from castoff.world.forge.following import settle
from castoff.world.forge.records import Issue, Pull
from castoff.world.forge.routing import Route

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
    if not call.git.move(f"refs/heads/{pull.base}", made[-1], merge.base):
        raise Refused(409, "Base branch was modified. Review and try the merge again.")
    settle(issue, merge, made, call.now, call.actor.login)
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
    if expected is not None and expected != head:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    return pull, Merge(base, head, tuple(call.git.ids("--reverse", head, f"^{base}")))


def _signature(call: Call, issue: Issue, fields: Fields, method: str) -> Signature:
    pull = issue.pull
    assert pull is not None
    branch = association.branch_of(pull.head)
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
