"""Does the forge's own engine write what GitHub wrote for kube-rs? Through git, seed and route, not only as text."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from forge_bench import Client, Work

from castoff.world.forge import Forge

RECORD = json.loads((Path(__file__).parents[2] / "notes" / "data" / "kube_cases.json").read_text())
# What a person changed afterwards no generator can write.
CASES = [case for case in RECORD["cases"] if not case["hand_ported"] and not case["hand_edited_items"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_kubes_notes_come_out_byte_for_byte(tmp_path: Path, case: dict[str, Any]) -> None:
    body = _generated(tmp_path, case)
    start, end = body.index("## What's Changed"), body.index("\n\n## New") if "## New" in body else None
    block = body[start:end] if end else body[start:].partition("\n\n\n")[0]
    assert block == case["generated_only"].partition("\n\n\n")[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_kubes_new_contributors_come_out_in_merge_order(tmp_path: Path, case: dict[str, Any]) -> None:
    lines = [line for line in _generated(tmp_path, case).splitlines() if "made their first" in line]
    known = {number: login for login, number in case["new_contributors"] if login}
    found = {int(line.rpartition("/")[2]): line.split()[1].lstrip("@") for line in lines}
    assert {number: found.get(number) for number in known} == known


def _generated(tmp_path: Path, case: dict[str, Any]) -> str:
    document = case["document"]
    path = tmp_path / "kube.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    work = Work(path)
    work.commit("main", {".github/release.yml": RECORD["configuration"]}, "configure")
    work.tag(document["previous_tag"])
    pulls = []
    for change in sorted(document["changes"], key=lambda change: change["merged_at"]):
        sha = work.commit("main", message=f"{change['title']} (#{change['number']})")
        pulls.append({**change, "title": change["title"] or "not recorded", "merge_commit": sha})
    work.tag(document["tag"])
    newcomers = {login for login, _ in case["new_contributors"]}
    seed: dict[str, object] = {
        "pull_requests": pulls,
        "known_contributors": sorted(set(document["known_contributors"]) - newcomers),
    }
    forge = Forge(document["repository"], path, seed=seed, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    asked = {"tag_name": document["tag"], "previous_tag_name": document["previous_tag"]}
    made = Client(forge).post(f"/repos/{document['repository']}/releases/generate-notes", asked, 200)
    return str(made["body"])
