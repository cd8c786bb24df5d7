"""Clients that others wrote: gh, PyGithub, githubkit and Octokit, with what a maintainer does around a release."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from forge_bench import Work

from castoff.world.forge import Forge
from castoff.world.messages import Request, Response
from castoff.world.server import Server, Site
from openapi import validate, validate_request
from world.npm_clients import FOLDER, NODE

pytestmark = pytest.mark.real


class Watched:
    """Passes requests on, and holds what both sides say against GitHub's description."""

    def __init__(self, forge: Forge) -> None:
        self.forge = forge
        self.seen: list[str] = []

    def handle(self, request: Request) -> Response:
        answer = self.forge.handle(request)
        form = answer.headers.get("Content-Type", "application/json")
        if request.path not in ("/graphql", "/api/graphql") and "json" in form:
            # GitHub takes a list of labels as well, as PyGithub sends it; its description no longer shows that form.
            is_list_of_labels = request.path.endswith("/labels") and request.body.startswith(b"[")
            try:
                if not (request.path.startswith("/uploads/") or is_list_of_labels):
                    validate_request(request.method, request.path, request.query, request.body)
                validate(request.method, request.path, answer.status, answer.body)
            except AssertionError as error:
                self.seen.append(str(error))
        return answer


@pytest.fixture
def watched(work: Work) -> Watched:
    work.tag("0.9.0")
    sha = work.commit("main", {"n": "n"}, "new (#7)")
    seed: dict[str, object] = {
        "labels": ["bug", "docs"],
        "milestones": [{"title": "1.0.0"}],
        "issues": [{"title": f"issue {n}", "author": "ada"} for n in range(1, 7)],
        "pull_requests": [
            {
                "number": 7,
                "title": "new",
                "author": "ada",
                "merge_commit": sha,
                "merged_at": "2026-01-05T00:00:00Z",
            }
        ],
    }
    return Watched(Forge("acme/kit", work.path, seed=seed))


@contextlib.contextmanager
def served(watched: Watched) -> Iterator[str]:
    with Server(Site("forge", watched)) as server:
        yield server.url
    assert watched.seen == []
    assert watched.forge.unknown_routes == []


@pytest.mark.needs("gh")
def test_gh_starts_a_workflow(watched: Watched, work: Work, tmp_path: Path) -> None:
    text = "on: {workflow_dispatch: {inputs: {tag: {required: true}}}}\njobs: {}\n"
    work.commit("main", {".github/workflows/by-hand.yml": text})
    with served(watched) as url:
        _run_gh(url, tmp_path, "workflow", "run", "by-hand.yml", "--ref", "main", "-f", "tag=1.0.0")
        with pytest.raises(AssertionError, match="Unexpected inputs provided"):
            _run_gh(url, tmp_path, "workflow", "run", "by-hand.yml", "--ref", "main", "-f", "x=1")
    runs: Any = watched.forge.dump()["runs"]
    assert [(one["workflow"], one["inputs"]) for one in runs] == [("by-hand.yml", {"tag": "1.0.0"})]


@pytest.mark.needs("gh")
def test_gh_releases_files_issues_and_reads(watched: Watched, tmp_path: Path) -> None:
    with served(watched) as url:
        gh = partial(_run_gh, url, tmp_path)
        drafted = gh("release", "create", "1.0.0", "--title", "T", "--notes", "hello", "--draft")
        assert "/releases/tag/untagged-" in drafted
        assert "Draft" in gh("release", "list")
        gh("release", "edit", "1.0.0", "--draft=false", "--latest")
        assert "hello" in gh("release", "view", "1.0.0")
        (tmp_path / "a.txt").write_text("bytes")
        gh("release", "create", "2.0.0", "a.txt", "--generate-notes", "--notes", "words")
        shown = json.loads(gh("release", "view", "2.0.0", "--json", "body,assets,isDraft"))
        assert shown["body"].startswith("words\n\n")
        assert [each["name"] for each in shown["assets"]] == ["a.txt"]
        assert gh("release", "download", "2.0.0", "-p", "a.txt", "-O", "-") == "bytes"
        made = gh("issue", "create", "--title", "X", "--body", "Y", "--label", "bug", "--milestone", "1.0.0")
        assert made.strip() == "https://github.com/acme/kit/issues/8"
        gh("issue", "close", "8")
        assert gh("issue", "list", "--state", "closed").startswith("8\tCLOSED\tX\tbug")
        gh("label", "create", "changelog-add", "--color", "00ff00")
        assert "changelog-add" in gh("label", "list")
        numbers = gh("api", "repos/acme/kit/issues?per_page=3", "--paginate", "-q", ".[].number").split()
        assert numbers == ["6", "5", "4", "3", "2", "1"]
        query = 'query={repository(owner:"acme",name:"kit"){pullRequest(number:7){title state}}}'
        answer = json.loads(gh("api", "graphql", "-f", query))
        assert answer["data"]["repository"]["pullRequest"] == {"title": "new", "state": "MERGED"}
        notes = json.loads(gh("api", "repos/acme/kit/releases/generate-notes", "-f", "tag_name=3.0.0"))
        assert notes["body"].startswith("**Full Changelog**")


@pytest.mark.needs("gh")
def test_gh_takes_a_pull_request_to_its_merge(watched: Watched, work: Work, tmp_path: Path) -> None:
    tip = work.commit("topic", {"new.txt": "hello\n"}, "Add a file", onto="main")
    for command in (["init", "-q"], ["remote", "add", "origin", "http://github.localhost/acme/kit"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    with served(watched) as url:
        gh = partial(_run_gh, url, tmp_path)
        made = gh("pr", "create", "--title", "T", "--body", "B", "--base", "main", "--head", "topic")
        assert made.strip() == "https://github.com/acme/kit/pull/8"
        gh("api", f"repos/acme/kit/statuses/{tip}", "-f", "state=success", "-f", "context=ci")
        assert gh("pr", "checks", "8").startswith("ci\tpass")
        assert "+hello" in gh("pr", "diff", "8")
        gh("pr", "comment", "8", "--body", "seen")
        gh("pr", "edit", "8", "--title", "T2", "--add-label", "bug", "--milestone", "1.0.0")
        shown = gh("pr", "view", "8", "--comments")
        assert "seen" in shown
        assert gh("pr", "list").startswith("8\tT2\ttopic\tOPEN")
        gh("pr", "merge", "8", "--squash")
        assert gh("pr", "list", "--state", "merged").startswith("8\tT2\ttopic\tMERGED")
        gh("issue", "comment", "6", "--body", "released")
        gh("issue", "edit", "6", "--add-label", "docs", "--remove-label", "docs", "--milestone", "1.0.0")
        assert "milestone:\t1.0.0" in gh("issue", "view", "6")
        (tmp_path / "README.md").write_text("x")
        gh("release", "create", "2.0.0", "README.md", "--latest", "--notes", "n")
        gh("release", "edit", "2.0.0", "--prerelease", "--latest=false")
        gh("release", "upload", "2.0.0", "README.md", "--clobber")
        gh("release", "delete-asset", "2.0.0", "README.md", "--yes")
        gh("release", "delete", "2.0.0", "--yes", "--cleanup-tag")
    assert work.git("log", "-1", "--format=%s", "main") == "T2 (#8)"


@pytest.mark.needs("gh")
def test_gh_tells_what_the_forge_refuses(watched: Watched, tmp_path: Path) -> None:
    with served(watched) as url:
        run = ["gh", "release", "create", "1.0.0", "--notes", "x" * 125_001]
        done = subprocess.run(
            run, env=_gh(url, tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert "body is too long (maximum is 125000 characters)" in done.stderr


def test_pygithub_goes_through_a_whole_release(watched: Watched, work: Work) -> None:
    github: Any = pytest.importorskip("github")
    with served(watched) as url:
        client = github.Github(
            base_url=url,
            auth=github.Auth.Token("writer"),
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        repository = client.get_repo("acme/kit")
        assert repository.permissions.push
        milestone = repository.create_milestone("1.1.0", description="next")
        label = repository.create_label("changelog-add", "00ff00")
        issue = repository.create_issue("t", body="b", milestone=milestone, labels=[label])
        issue.create_comment("c")
        issue.edit(state="closed")
        assert repository.get_milestone(milestone.number).closed_issues == 1
        assert len(list(repository.get_issues(state="all"))) == 8
        draft = repository.create_git_release("1.0.0", "n", "b", draft=True)
        notes = repository.generate_release_notes("1.0.0", previous_tag_name="0.9.0").body
        assert notes.startswith("## What's Changed\n* new by @ada in https://github.com/acme/kit/pull/7\n")
        assert not draft.update_release("n", notes, draft=False).draft
        assert repository.get_latest_release().tag_name == "1.0.0"
        assert work.git("rev-parse", "1.0.0") == work.git("rev-parse", "main")
        issue.add_to_labels("docs", "new one")
        issue.add_to_assignees("ada")
        assert {each.name for each in issue.get_labels()} == {"changelog-add", "docs", "new one"}
        asset = draft.upload_asset(str(work.path / "HEAD"), name="head")
        assert asset.update_asset("first", "the first").name == "first"
        element = github.InputGitTreeElement("tree.txt", "100644", "blob", content="t")
        tip = repository.get_branch("main").commit.commit
        tree = repository.create_git_tree([element], tip.tree)
        planted = repository.create_git_commit("plant", tree, [tip])
        repository.create_git_ref("refs/heads/planted", planted.sha)
        repository.create_git_ref("refs/heads/topic", repository.get_branch("main").commit.sha)
        repository.create_file("notes.md", "port the notes", "text", branch="topic")
        pull = repository.create_pull(base="main", head="topic", title="Port the notes")
        pull.create_review(body="fine", event="COMMENT")
        assert [each.state for each in pull.get_reviews()] == ["COMMENTED"]
        assert pull.merge(merge_method="squash").merged
        assert work.git("log", "-1", "--format=%s", "main") == "Port the notes (#9)"
        assert [each.number for each in repository.get_commit("main").get_pulls()] == [9]
        assert client.search_issues("repo:acme/kit is:pr is:merged").totalCount == 2


def test_githubkit_goes_through_a_whole_release(watched: Watched, work: Work, tmp_path: Path) -> None:
    githubkit: Any = pytest.importorskip("githubkit")
    with served(watched) as url:
        client = githubkit.GitHub("writer", base_url=f"{url}/", auto_retry=False, http_cache=False)
        rest, kit = client.rest, ("acme", "kit")
        assert rest.repos.get(*kit).parsed_data.permissions.push
        milestone = rest.issues.create_milestone(*kit, title="1.1.0").parsed_data
        rest.issues.create_label(*kit, name="changelog-add", color="00ff00")
        issue = rest.issues.create(*kit, title="t", milestone=milestone.number).parsed_data
        rest.issues.add_labels(*kit, issue.number, labels=["changelog-add", "docs"])
        rest.issues.create_comment(*kit, issue.number, body="c")
        rest.issues.update(*kit, issue.number, state="closed")
        rest.issues.update_milestone(*kit, milestone.number, state="closed")
        pages = client.rest.paginate(
            rest.issues.list_for_repo, owner="acme", repo="kit", state="all", per_page=3
        )
        assert sorted(each.number for each in pages) == list(range(1, 9))
        notes = rest.repos.generate_release_notes(
            *kit, tag_name="1.0.0", previous_tag_name="0.9.0"
        ).parsed_data
        draft = rest.repos.create_release(*kit, tag_name="1.0.0", body=notes.body, draft=True).parsed_data
        rest.repos.update_release(*kit, draft.id, draft=False, make_latest="true")
        assert rest.repos.get_latest_release(*kit).parsed_data.body.startswith(
            "## What's Changed\n* new by @ada"
        )
        assert work.git("rev-parse", "1.0.0") == work.git("rev-parse", "main")
        tip = rest.git.get_ref(*kit, "heads/main").parsed_data.object_.sha
        rest.git.create_ref(*kit, ref="refs/heads/topic", sha=tip)
        rest.repos.create_or_update_file_contents(
            *kit, "notes.md", message="port the notes", content="dGV4dA==", branch="topic"
        )
        pull = rest.pulls.create(*kit, title="Port the notes", head="topic", base="main").parsed_data
        assert rest.pulls.merge(*kit, pull.number, merge_method="squash").parsed_data.merged
        assert work.git("log", "-1", "--format=%s", "main") == "Port the notes (#9)"
        query = 'query { repository(owner: "acme", name: "kit") { pullRequest(number: 9) { state } } }'
        assert client.graphql(query)["repository"]["pullRequest"] == {"state": "MERGED"}
        with pytest.raises(githubkit.exception.RequestFailed) as refused:
            rest.repos.create_release(*kit, tag_name="1.0.0")
        assert refused.value.response.status_code == 422


_OCTOKIT = """
import { Octokit } from "@octokit/rest";
import assert from "node:assert/strict";
const octokit = new Octokit({ auth: "writer", baseUrl: process.argv[2] });
const kit = { owner: "acme", repo: "kit" }, { rest } = octokit;
assert((await rest.repos.get(kit)).data.permissions.push);
const milestone = (await rest.issues.createMilestone({ ...kit, title: "1.1.0" })).data.number;
const issue_number = (await rest.issues.create({ ...kit, title: "t", milestone, labels: ["bug"] })).data.number;
await rest.issues.createComment({ ...kit, issue_number, body: "c" });
await rest.issues.update({ ...kit, issue_number, state: "closed" });
await rest.issues.updateMilestone({ ...kit, milestone_number: milestone, state: "closed" });
const all = await octokit.paginate(rest.issues.listForRepo, { ...kit, state: "all", per_page: 3 });
assert.equal(all.length, 8);
const tags = { tag_name: "1.0.0", previous_tag_name: "0.9.0" };
const { body } = (await rest.repos.generateReleaseNotes({ ...kit, ...tags })).data;
const draft = (await rest.repos.createRelease({ ...kit, tag_name: "1.0.0", body, draft: true })).data;
const release_id = draft.id, url = draft.upload_url;
await octokit.request({ method: "POST", url, name: "a.txt", data: "bytes", headers: { "content-type": "text/plain" } });
await rest.repos.updateRelease({ ...kit, release_id, draft: false, make_latest: "true" });
const latest = (await rest.repos.getLatestRelease(kit)).data;
assert.equal(latest.assets[0].name, "a.txt");
assert(latest.body.startsWith("## What's Changed\\n* new by @ada"));
const { sha } = (await rest.git.getRef({ ...kit, ref: "heads/main" })).data.object;
await rest.git.createRef({ ...kit, ref: "refs/heads/topic", sha });
const file = { path: "notes.md", message: "port the notes", content: "dGV4dA==", branch: "topic" };
await rest.repos.createOrUpdateFileContents({ ...kit, ...file });
const opened = await rest.pulls.create({ ...kit, title: "Port the notes", head: "topic", base: "main" });
const merged = { pull_number: opened.data.number, merge_method: "squash" };
assert((await rest.pulls.merge({ ...kit, ...merged })).data.merged);
const query = 'query { repository(owner: "acme", name: "kit") { pullRequest(number: 9) { state } } }';
assert.equal((await octokit.graphql(query)).repository.pullRequest.state, "MERGED");
await assert.rejects(rest.repos.createRelease({ ...kit, tag_name: "1.0.0" }), { status: 422 });
"""


@pytest.mark.skipif(not (FOLDER / "@octokit/rest").is_dir(), reason="@octokit/rest is not installed")
def test_octokit_goes_through_a_whole_release(watched: Watched, work: Work, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(FOLDER)
    (tmp_path / "release.mjs").write_text(_OCTOKIT)
    with served(watched) as url:
        done = subprocess.run(
            [NODE, "release.mjs", url], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
    assert work.git("log", "-1", "--format=%s", "main") == "Port the notes (#9)"


def _run_gh(url: str, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["gh", *arguments],
        env=_gh(url, folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _gh(url: str, home: Path) -> dict[str, str]:
    """Lead gh here by plain http: the one host for which it does so, through the proxy variable."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {
        "GH_HOST": "github.localhost",
        "GH_REPO": "github.localhost/acme/kit",
        "GH_TOKEN": "dummy",
        "GH_ENTERPRISE_TOKEN": "dummy",
        "GH_CONFIG_DIR": str(home / "gh"),
        "GH_NO_UPDATE_NOTIFIER": "1",
        "GH_PROMPT_DISABLED": "1",
        "HTTP_PROXY": url,
        "NO_COLOR": "1",
    }
