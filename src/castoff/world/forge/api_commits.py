"""Routes of commits, comparisons and statuses."""

from __future__ import annotations

from datetime import UTC, datetime

from castoff.world.forge import association, show, show_git, show_pull, show_repository
from castoff.world.forge.answers import Answer, Refused, not_found
from castoff.world.forge.call import Call, Page, escaped
from castoff.world.forge.diffs import changed_files
from castoff.world.forge.plumbing import Commit
from castoff.world.forge.records import Json, Status, stamp
from castoff.world.forge.routing import Route

_REPO = "/repos/{owner}/{repo}"
_MOST_FILES = 300
_MOST_COMMITS = 250


def list_commits(call: Call) -> Answer:
    """List commits from a ref backwards, newest first."""
    sha = found_commit(call, call.asked("sha") or call.state.default_branch)
    limits = [f"--{name}={value}" for name in ("since", "until") if (value := _when(call.asked(name)))]
    if author := call.asked("author"):
        emails = call.state.user(author).emails or (author,)
        limits += ["--fixed-strings", *(f"--author={email}" for email in emails)]
    ids = call.git.ids(*limits, sha) if not call.asked("path") else _touching(call, limits, sha)
    return call.paged(ids, lambda one: show_git.commit(call, _commit(call, one)))


def get_commit(call: Call) -> Answer:
    """Show one commit by branch, tag or id, with its files."""
    sha = found_commit(call, call.params["ref"])
    if "sha" in call.request.headers.get("accept", "").rpartition(".")[2]:
        return Answer(sha.encode(), headers={"Content-Type": "application/vnd.github.sha; charset=utf-8"})
    return Answer(show_git.commit_with_files(call, _commit(call, sha)))


def list_pulls_of_commit(call: Call) -> Answer:
    """List the pull requests that brought a commit in, and the open ones that hold it."""
    sha = found_commit(call, call.params["commit_sha"])
    return call.paged(
        association.pulls_of(call.state, call.git, sha), lambda pull: show_pull.simple(call, pull)
    )


def compare(call: Call) -> Answer:
    """Compare ``base...head``: how far apart, which commits (oldest first) and files."""
    base_name, separator, head_name = call.params["basehead"].partition("...")
    if not separator:
        raise not_found()
    base = found_commit(call, association.branch_of(base_name), status=404)
    head = found_commit(call, association.branch_of(head_name), status=404)
    ahead, behind = call.git.ids("--reverse", head, f"^{base}"), call.git.ids(base, f"^{head}")
    fork = call.git.run("merge-base", base, head)
    if fork is None:
        raise Refused(404, f"No common ancestor between {base_name} and {head_name}.")
    page = Page.asked(call.request.query, _MOST_COMMITS)
    document = _comparison(call, f"{escaped(base_name)}...{escaped(head_name)}") | {
        "base_commit": show_git.commit(call, _commit(call, base)),
        "merge_base_commit": show_git.commit(call, _commit(call, fork.strip())),
        "status": _relation(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [show_git.commit(call, _commit(call, sha)) for sha in page.cut(ahead)],
        "files": _files(call, fork.strip(), head) if page.number == 1 else [],
    }
    link = page.link(call.here(), call.request.query, len(ahead))
    return Answer(document, headers={"Link": link} if link else {})


def create_status(call: Call) -> Answer:
    """Set a commit status."""
    sha, fields = found_commit(call, call.params["sha"]), call.fields()
    status = Status(
        id=call.state.next_id(),
        sha=sha,
        context=fields.text("context") or "default",
        state=fields.required("state"),
        description=fields.text("description"),
        target_url=fields.text("target_url"),
        creator=call.actor.login,
        created_at=call.now,
    )
    call.state.statuses.append(status)
    return Answer(_status(call, status), 201)


def list_statuses(call: Call) -> Answer:
    """List the statuses of a commit, newest first."""
    sha = found_commit(call, call.params["ref"])
    found = [status for status in reversed(call.state.statuses) if status.sha == sha]
    return call.paged(found, lambda status: _status(call, status))


def combined_status(call: Call) -> Answer:
    """Show the newest status of each context, and what they come to."""
    sha = found_commit(call, call.params["ref"])
    newest = {status.context: status for status in call.state.statuses if status.sha == sha}
    states = {status.state for status in newest.values()}
    verdict = "failure" if states & {"failure", "error"} else "pending"
    document: Json = {
        "state": "success" if states == {"success"} else verdict,
        "statuses": [_status(call, status) for status in newest.values()],
        "sha": sha,
        "total_count": len(newest),
        "repository": show_repository.minimal(call.state, call.links),
        "commit_url": call.links.repo(f"/commits/{sha}"),
        "url": call.links.repo(f"/commits/{sha}/status"),
    }
    return Answer(document)


def list_check_runs(call: Call) -> Answer:
    """List check runs: the forge runs no checks."""
    found_commit(call, call.params["ref"])
    return Answer({"total_count": 0, "check_runs": []})


def found_commit(call: Call, name: str, *, status: int = 422) -> str:
    """Resolve a name to a commit, or refuse it in the words of the real service."""
    sha = call.git.commitish(name)
    if sha is not None:
        return sha
    if status == 404:
        raise not_found()
    raise Refused(status, f"No commit found for SHA: {name}")


def _commit(call: Call, sha: str) -> Commit:
    commit = call.git.commit(sha)
    assert commit is not None
    return commit


def _touching(call: Call, limits: list[str], sha: str) -> list[str]:
    path = call.asked("path")
    return (call.git.run("--literal-pathspecs", "rev-list", *limits, sha, "--", path) or "").split()


def _when(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return str(int(moment.timestamp()))
    except (ValueError, OverflowError):
        return ""


def _relation(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else ("behind" if behind else "identical")


def _files(call: Call, fork: str, head: str) -> list[Json]:
    found = changed_files(call.git, fork, head)[:_MOST_FILES]
    return [show_git.file(call, each, fork, head) for each in found]


def _comparison(call: Call, ends: str) -> Json:
    page = call.links.page(f"/compare/{ends}")
    return {
        "url": call.links.repo(f"/compare/{ends}"),
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
    }


def _status(call: Call, item: Status) -> Json:
    creator = show.author(call.state, call.links, item.creator)
    return {
        "url": call.links.repo(f"/statuses/{item.sha}"),
        "avatar_url": creator["avatar_url"],
        "id": item.id,
        "node_id": show.node_id("Status", item.id),
        "state": item.state,
        "description": item.description,
        "target_url": item.target_url,
        "context": item.context,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.created_at),
        "creator": creator,
    }


ROUTES = (
    Route("GET", _REPO + "/commits", list_commits),
    Route("GET", _REPO + "/commits/{commit_sha}/pulls", list_pulls_of_commit),
    Route("GET", _REPO + "/commits/{ref*}/statuses", list_statuses),
    Route("GET", _REPO + "/commits/{ref*}/status", combined_status),
    Route("GET", _REPO + "/commits/{ref*}/check-runs", list_check_runs),
    Route("GET", _REPO + "/commits/{ref*}", get_commit),
    Route("GET", _REPO + "/compare/{basehead*}", compare),
    Route("POST", _REPO + "/statuses/{sha}", create_status, "write"),
)
