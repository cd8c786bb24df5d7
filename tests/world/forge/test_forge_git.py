"""Do commits, comparisons, refs, files and merges behave as GitHub's do?"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from forge_bench import REPO, Client, Work

PULLS = f"{REPO}/pulls"
CONTENTS = f"{REPO}/contents"


@pytest.fixture
def branched(work: Work) -> Work:
    base = work.git("rev-parse", "main")
    work.commit("topic", {"src/a.txt": "one\ntwo\n"}, "change a\n\nwhy", onto=base)
    work.commit("topic", {"b.txt": "b\n"}, "add b")
    work.commit("main", {"README.md": "# kit 2\n"}, "meanwhile")
    return work


def test_commits_are_listed_from_a_ref_by_path_and_time(client: Client, branched: Work) -> None:
    assert _subjects(client.get(f"{REPO}/commits?sha=topic")) == ["add b", "change a", "first commit"]
    assert _subjects(client.get(f"{REPO}/commits?sha=topic&path=src")) == ["change a", "first commit"]
    assert _subjects(client.get(f"{REPO}/commits?since=2026-01-01T04:00:00Z")) == ["meanwhile"]
    client.get(f"{REPO}/commits?sha=nowhere", 422)


def test_a_commit_shows_its_files_and_accounts_by_address(
    grow: Callable[..., Client], branched: Work
) -> None:
    client = grow(users=[{"login": "ada", "emails": ["ada@example.com"]}])
    commit = client.get(f"{REPO}/commits/topic")
    assert commit["author"]["login"] == "ada"
    assert [(each["filename"], each["status"]) for each in commit["files"]] == [("b.txt", "added")]
    assert commit["files"][0]["patch"] == "@@ -0,0 +1 @@\n+b"
    sha = client.ask("GET", f"{REPO}/commits/topic", checked=False, accept="application/vnd.github.sha")
    assert sha.body.decode() == commit["sha"]
    client.get(f"{REPO}/commits/nowhere", 422)


@pytest.mark.parametrize(
    ("ends", "status", "ahead", "behind"),
    [
        ("main...topic", "diverged", 2, 1),
        ("topic...topic", "identical", 0, 0),
        ("main~1...topic", None, 0, 0),
        ("1.0.0...topic", "ahead", 2, 0),
        ("topic...1.0.0", "behind", 0, 2),
    ],
)
def test_two_ends_are_compared(
    client: Client, branched: Work, ends: str, status: str | None, ahead: int, behind: int
) -> None:
    branched.tag("1.0.0", "main~1")
    if status is None:
        client.get(f"{REPO}/compare/{ends}", 404)
        return
    found = client.get(f"{REPO}/compare/{ends}")
    assert (found["status"], found["ahead_by"], found["behind_by"]) == (status, ahead, behind)
    assert len(found["commits"]) == found["total_commits"] == ahead


def test_a_commit_leads_to_the_pull_requests_that_hold_it(client: Client, branched: Work) -> None:
    client.post(PULLS, {"title": "T", "head": "topic", "base": "main"})
    sha = branched.git("rev-parse", "topic~1")
    assert [each["number"] for each in client.get(f"{REPO}/commits/{sha}/pulls")] == [1]
    merged = client.put(f"{PULLS}/1/merge", {"merge_method": "squash"})
    assert [each["number"] for each in client.get(f"{REPO}/commits/{merged['sha']}/pulls")] == [1]


@pytest.mark.parametrize(
    ("method", "subjects", "parents"),
    [
        pytest.param("merge", ["Merge pull request #1 from acme/topic"], 2, id="merge"),
        pytest.param("squash", ["T (#1)", "meanwhile"], 1, id="squash"),
        pytest.param("rebase", ["add b", "change a", "meanwhile"], 1, id="rebase"),
    ],
)
def test_a_merge_is_really_done(
    client: Client, branched: Work, method: str, subjects: list[str], parents: int
) -> None:
    client.post(PULLS, {"title": "T", "head": "topic", "base": "main"})
    client.get(f"{PULLS}/1/merge", 404)
    done = client.put(f"{PULLS}/1/merge", {"merge_method": method})
    client.get(f"{PULLS}/1/merge", 204)
    log = branched.git("log", "--format=%s", "--first-parent", "main").splitlines()
    assert log[: len(subjects)] == subjects
    assert branched.git("rev-parse", "main") == done["sha"]
    assert len(branched.git("show", "-s", "--format=%P", "main").split()) == parents
    assert branched.git("show", "main:README.md") == "# kit 2"
    assert branched.git("show", "main:b.txt") == "b"
    pull = client.get(f"{PULLS}/1")
    assert (pull["merged"], pull["merge_commit_sha"], pull["state"]) == (True, done["sha"], "closed")
    client.put(f"{PULLS}/1/merge", {}, 405)
    client.patch(f"{PULLS}/1", {"state": "open"}, 422)


def test_a_conflict_a_stale_head_and_a_forbidden_way_are_refused(
    grow: Callable[..., Client], work: Work
) -> None:
    base = work.git("rev-parse", "main")
    work.commit("topic", {"README.md": "theirs\n"}, onto=base)
    tip = work.commit("main", {"README.md": "ours\n"})
    client = grow(merge_methods=["merge", "rebase"])
    client.post(PULLS, {"title": "T", "head": "topic", "base": "main"})
    assert client.get(f"{PULLS}/1")["mergeable_state"] == "dirty"
    for method in ("merge", "squash", "rebase"):
        client.put(f"{PULLS}/1/merge", {"merge_method": method}, 405)
    client.put(f"{PULLS}/1/merge", {"sha": "0" * 40}, 409)
    assert work.git("rev-parse", "main") == tip


def test_a_push_that_brings_the_head_merges_the_pull_request(client: Client, branched: Work) -> None:
    client.post(PULLS, {"title": "T", "head": "topic", "base": "main"})
    sha = branched.commit("main", message="Merge by hand", merging=branched.git("rev-parse", "topic"))
    dumped = client.forge.dump()["pull_requests"]
    assert isinstance(dumped, list)
    assert (dumped[0]["merged"], dumped[0]["merge_commit"]) == (True, sha)
    pull = client.get(f"{PULLS}/1")
    assert (pull["commits"], pull["changed_files"]) == (2, 2)


def test_a_seeded_pull_request_follows_its_branch_and_one_without_stays(
    grow: Callable[..., Client], branched: Work
) -> None:
    client = grow(pull_requests=[{"title": "a", "head": "topic"}, {"title": "b", "head": "nowhere"}])
    assert client.get(f"{PULLS}/1")["commits"] == 2
    branched.commit("topic", {"c.txt": "c"}, "more")
    assert client.get(f"{PULLS}/1")["commits"] == 3
    branched.commit("main", message="Merge", merging=branched.git("rev-parse", "topic"))
    assert _numbers(client.get(PULLS)) == [2]
    assert client.get(f"{PULLS}/2")["state"] == "open"


def test_the_files_and_commits_of_a_pull_request_are_listed(client: Client, branched: Work) -> None:
    client.post(PULLS, {"title": "T", "head": "topic", "base": "main"})
    assert _subjects(client.get(f"{PULLS}/1/commits")) == ["change a", "add b"]
    assert [each["filename"] for each in client.get(f"{PULLS}/1/files")] == ["b.txt", "src/a.txt"]
    asked = client.post(f"{PULLS}/1/requested_reviewers", {"reviewers": ["bob"]})
    assert [each["login"] for each in asked["requested_reviewers"]] == ["bob"]


def test_files_are_written_by_real_commits_and_only_over_what_is_known(client: Client, work: Work) -> None:
    made = client.put(f"{CONTENTS}/docs/new file.md", {"message": "m", "content": _coded("x\n")}, 201)
    assert work.git("log", "-1", "--format=%s %an", "main") == "m maintainer"
    assert work.git("show", "main:docs/new file.md") == "x"
    body = {"message": "m2", "content": _coded("y\n")}
    client.put(f"{CONTENTS}/docs/new file.md", body, 422)
    client.put(f"{CONTENTS}/docs/new file.md", body | {"sha": "0" * 40}, 409)
    client.put(f"{CONTENTS}/docs/new file.md", body | {"sha": made["content"]["sha"]}, 200)
    found = client.get(f"{CONTENTS}/docs/new file.md")
    assert base64.b64decode(found["content"]) == b"y\n"
    client.delete(f"{CONTENTS}/docs/new file.md", {"message": "gone", "sha": found["sha"]}, 200)
    client.get(f"{CONTENTS}/docs/new file.md", 404)
    client.put(f"{CONTENTS}/x", {"message": "m", "content": "%%%"}, 422)
    client.put(f"{CONTENTS}/a/../x", {"message": "m", "content": _coded("x")}, 422)
    client.put(f"{CONTENTS}/README.md/x", {"message": "m", "content": _coded("x")}, 422)


def test_folders_are_listed_and_other_refs_read(client: Client, branched: Work) -> None:
    assert [(each["path"], each["type"]) for each in client.get(f"{CONTENTS}/src")] == [("src/a.txt", "file")]
    assert [each["name"] for each in client.get(CONTENTS)] == ["README.md", "src"]
    found = client.get(f"{CONTENTS}/src/a.txt?ref=topic")
    assert base64.b64decode(found["content"]) == b"one\ntwo\n"
    raw = client.ask("GET", f"{CONTENTS}/src/a.txt", checked=False, accept="application/vnd.github.raw+json")
    assert raw.body == b"one\n"
    client.get(f"{CONTENTS}/src?ref=nowhere", 404)


def test_refs_are_created_once_moved_forward_and_deleted(client: Client, work: Work) -> None:
    first, second = work.git("rev-parse", "main"), work.commit("main", {"c": "c"})
    client.post(f"{REPO}/git/refs", {"ref": "refs/castoff/1.0.0", "sha": first})
    client.post(f"{REPO}/git/refs", {"ref": "refs/castoff/1.0.0", "sha": second}, 422)
    client.post(f"{REPO}/git/refs", {"ref": "castoff", "sha": second}, 422)
    client.post(f"{REPO}/git/refs", {"ref": "refs/castoff/x", "sha": "0" * 40}, 422)
    client.patch(f"{REPO}/git/refs/castoff/1.0.0", {"sha": second})
    client.patch(f"{REPO}/git/refs/castoff/1.0.0", {"sha": first}, 422)
    client.patch(f"{REPO}/git/refs/castoff/1.0.0", {"sha": first, "force": True})
    assert client.get(f"{REPO}/git/ref/castoff/1.0.0")["object"]["sha"] == first
    client.delete(f"{REPO}/git/refs/castoff/1.0.0")
    client.get(f"{REPO}/git/ref/castoff/1.0.0", 404)


def test_tags_show_the_commit_and_the_object(client: Client, work: Work) -> None:
    work.tag("v1")
    work.git("tag", "v1-light", "main")
    names = [each["name"] for each in client.get(f"{REPO}/tags")]
    assert names == ["v1-light", "v1"]
    assert {each["commit"]["sha"] for each in client.get(f"{REPO}/tags")} == {work.git("rev-parse", "main")}
    ref = client.get(f"{REPO}/git/ref/tags/v1")
    assert ref["object"]["type"] == "tag"
    tag = client.get(f"{REPO}/git/tags/{ref['object']['sha']}")
    assert (tag["tag"], tag["object"]["type"], tag["verification"]["reason"]) == ("v1", "commit", "unsigned")
    assert [each["ref"] for each in client.get(f"{REPO}/git/matching-refs/tags/v1")] == [
        "refs/tags/v1",
        "refs/tags/v1-light",
    ]
    client.get(f"{REPO}/git/tags/{work.git('rev-parse', 'main')}", 404)


@pytest.mark.parametrize(("trusted", "reason"), [(False, "unknown_key"), (True, "valid")])
def test_a_signed_tag_shows_its_signature(
    grow: Callable[..., Client], work: Work, tmp_path: Path, trusted: bool, reason: str
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signing = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={key}.pub"]
    work.git(*signing, "tag", "-s", "-m", "words", "1.0.0", "main")
    client = grow(trust_signatures=trusted)
    ref = client.get(f"{REPO}/git/ref/tags/1.0.0")
    tag = client.get(f"{REPO}/git/tags/{ref['object']['sha']}")
    found = tag["verification"]
    assert (found["verified"], found["reason"], tag["message"]) == (trusted, reason, "words\n")
    assert found["signature"].startswith("-----BEGIN SSH SIGNATURE-----")
    assert found["payload"].endswith("words\n")


def test_a_protected_branch_refuses_pushes_and_shows_it(
    grow: Callable[..., Client], work: Work, tmp_path: Path
) -> None:
    work.commit("1.0.x", {"x": "x"})
    client = grow(protected=["main", {"branch": "1.0.x", "kind": "ruleset"}], tokens={"boss": "admin"})
    assert client.get(f"{REPO}/branches/main")["protected"] is True
    client.get(f"{REPO}/branches/main/protection", 404)
    shown = client.as_("boss").get(f"{REPO}/branches/main/protection")
    assert shown["required_pull_request_reviews"]["required_approving_review_count"] == 0
    assert client.get(f"{REPO}/rules/branches/main") == []
    rules = [each["type"] for each in client.get(f"{REPO}/rules/branches/1.0.x")]
    assert rules == ["deletion", "non_fast_forward", "pull_request"]
    assert [each["enforcement"] for each in client.get(f"{REPO}/rulesets")] == ["active"]
    assert "GH006: Protected branch update failed for refs/heads/main." in _push(work, tmp_path, "main")
    assert "GH013: Repository rule violations found for refs/heads/1.0.x." in _push(work, tmp_path, "1.0.x")
    assert _push(work, tmp_path, "free") == ""
    refused = client.put(f"{CONTENTS}/x", {"message": "m", "content": _coded("x")}, 409)
    assert "Changes must be made through a pull request." in refused["message"]
    client.post(PULLS, {"title": "T", "head": "free", "base": "main"})
    client.put(f"{PULLS}/1/merge", {})


def test_statuses_come_to_one_verdict(client: Client, work: Work) -> None:
    sha = work.git("rev-parse", "main")
    assert client.get(f"{REPO}/commits/main/status")["state"] == "pending"
    client.post(f"{REPO}/statuses/{sha}", {"state": "pending", "context": "ci"})
    client.post(f"{REPO}/statuses/{sha}", {"state": "success", "context": "ci"})
    assert client.get(f"{REPO}/commits/main/status")["state"] == "success"
    assert [each["state"] for each in client.get(f"{REPO}/commits/{sha}/statuses")] == ["success", "pending"]
    client.post(f"{REPO}/statuses/{sha}", {"state": "fine"}, 422)
    assert client.get(f"{REPO}/commits/main/check-runs") == {"total_count": 0, "check_runs": []}


def _push(work: Work, tmp_path: Path, branch: str) -> str:
    """Push a new commit to a branch through git's own front door; give the complaint."""
    clone = tmp_path / f"clone-{branch}"
    subprocess.run(["git", "clone", "-q", str(work.path), str(clone)], check=True, capture_output=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    start = ["checkout", "-q", "-B", "work", f"origin/{branch}" if branch != "free" else "origin/main"]
    for command in (start, [*who, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *command], cwd=clone, check=True, capture_output=True)
    done = subprocess.run(
        ["git", "push", "-q", "origin", f"HEAD:{branch}"], cwd=clone, capture_output=True, text=True
    )
    return done.stderr if done.returncode else ""


def _numbers(found: list[dict[str, int]]) -> list[int]:
    return [each["number"] for each in found]


def _subjects(commits: list[dict[str, dict[str, str]]]) -> list[str]:
    return [each["commit"]["message"].splitlines()[0] for each in commits]


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
