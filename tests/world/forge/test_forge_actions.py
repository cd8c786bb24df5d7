"""What starts a workflow: a dispatch by anybody who may write, a publication by people only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from forge_bench import REPO, Client, Work

BASE = f"{REPO}/actions/workflows"
BY_HAND = """\
on:
  workflow_dispatch:
    inputs:
      tag: { required: true, type: string }
      level: { required: true, default: minor }
      pre: { type: string }
jobs: {}
"""
PUBLISHED = "on: {release: {types: [published]}}\njobs: {}\n"


@pytest.fixture
def filled(work: Work, grow: Callable[..., Client]) -> Client:
    """Put workflows on the default branch, and one on another branch alone."""
    work.commit(
        "main",
        {
            ".github/workflows/by-hand.yml": BY_HAND,
            ".github/workflows/published.yml": PUBLISHED,
            ".github/workflows/broken.yml": "on: [\n",
        },
    )
    work.commit("topic", {".github/workflows/new.yml": BY_HAND}, onto=work.git("rev-parse", "main"))
    work.commit(
        "old", {".github/workflows/by-hand.yml": "on: push\njobs: {}\n"}, onto=work.git("rev-parse", "main")
    )
    work.tag("1.0.0")
    job = {"permission": "write", "kind": "app"}
    return grow(tokens={"job": job, "reader": {"permission": "read", "kind": "app"}})


def runs(client: Client) -> Any:
    return client.forge.dump()["runs"]


@pytest.mark.parametrize("token", ["writer", "job"])
def test_a_workflow_is_started_at_a_branch_or_a_tag_by_a_job_as_well(filled: Client, token: str) -> None:
    client = filled.as_(token)
    shown = client.get(f"{BASE}/by-hand.yml")
    for name, ref in (("by-hand.yml", "main"), (str(shown["id"]), "1.0.0")):
        client.post(f"{BASE}/{name}/dispatches", {"ref": ref, "inputs": {"tag": "1.1.0"}}, 204)

    assert [(one["workflow"], one["event"], one["ref"], one["inputs"]) for one in runs(client)] == [
        ("by-hand.yml", "workflow_dispatch", "refs/heads/main", {"tag": "1.1.0"}),
        ("by-hand.yml", "workflow_dispatch", "refs/tags/1.0.0", {"tag": "1.1.0"}),
    ]


TAG = {"tag": "1.1.0"}
REFUSED = [
    ("gone.yml", {"ref": "main", "inputs": TAG}, 404, "Not Found"),
    ("new.yml", {"ref": "topic", "inputs": TAG}, 404, "Not Found"),
    ("broken.yml", {"ref": "main"}, 404, "Not Found"),
    ("by-hand.yml", {"inputs": TAG}, 422, "ref"),
    ("by-hand.yml", {"ref": "gone", "inputs": TAG}, 422, "No ref found for: gone"),
    ("published.yml", {"ref": "main"}, 422, "Workflow does not have 'workflow_dispatch' trigger"),
    ("by-hand.yml", {"ref": "old", "inputs": TAG}, 422, "Workflow does not have 'workflow_dispatch' trigger"),
    ("by-hand.yml", {"ref": "main", "inputs": {**TAG, "x": "1"}}, 422, 'Unexpected inputs provided: ["x"]'),
    ("by-hand.yml", {"ref": "main"}, 422, "Required input 'tag' not provided"),
    ("by-hand.yml", {"ref": "main", "inputs": {"tag": ["1"]}}, 422, "inputs"),
    ("by-hand.yml", {"ref": "main", "inputs": "x"}, 422, "inputs"),
]


@pytest.mark.parametrize(("name", "body", "status", "message"), REFUSED)
def test_what_cannot_be_started_is_refused(
    filled: Client, name: str, body: dict[str, Any], status: int, message: str
) -> None:
    refused = filled.post(f"{BASE}/{name}/dispatches", body, status)

    assert message in refused["message"]
    assert runs(filled) == []


def test_only_who_may_write_may_start(filled: Client) -> None:
    filled.as_("reader").post(f"{BASE}/by-hand.yml/dispatches", {"ref": "main", "inputs": TAG}, 403)


def test_a_publication_starts_what_waits_for_it_unless_a_job_publishes(filled: Client, work: Work) -> None:
    work.tag("1.1.0")
    filled.as_("job").post(f"{REPO}/releases", {"tag_name": "1.0.0"})
    assert runs(filled) == []

    draft = filled.post(f"{REPO}/releases", {"tag_name": "1.1.0", "draft": True})
    assert runs(filled) == []
    filled.patch(f"{REPO}/releases/{draft['id']}", {"draft": False})

    assert [(one["workflow"], one["event"], one["ref"]) for one in runs(filled)] == [
        ("published.yml", "release", "refs/tags/1.1.0")
    ]
