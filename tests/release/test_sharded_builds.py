"""Shards of a build with the real clients: equal bytes, each package verified once, kills and joins."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proofs.small import write_small
from proofs.worlds import Stage, make_key, make_source, stage_of

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Claimed:
    stage: Stage
    checkout: Path
    folder: Path

    def build(self, into: str, *words: str) -> dict[str, Any]:
        code, output = self.stage.run(
            self.checkout, "build", "1.1.0", "--to", str(self.folder / into), "--json", *words
        )
        assert code == 0, output
        return dict(json.loads(output[output.index("{") :]))

    def join(self, *results: dict[str, Any]) -> tuple[int, str]:
        files = []
        for number, one in enumerate(results):
            file = self.folder / f"result-{number}.json"
            file.write_text(json.dumps(one))
            files += ["--join", str(file)]
        return self.stage.run(self.checkout, "build", *files)

    def digests(self, into: str) -> dict[str, str]:
        return {
            one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in (self.folder / into).iterdir()
        }


@pytest.fixture
def claimed(tmp_path: Path) -> Iterator[Claimed]:
    """Claim a version; nothing is built or uploaded of it yet."""
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, write_small(tmp_path / "sample"))
    with stage_of(tmp_path / "stage", key, source) as made:
        checkout = made.checkout()
        for manifest in sorted(checkout.glob("packages/*/pyproject.toml")):
            manifest.write_text(manifest.read_text().replace("1.0.0", "1.1.0"))
        made.git(checkout, "commit", "--all", "--message", "Make it 1.1.0")
        made.git(checkout, "push", "--quiet", "origin", "main")
        yield Claimed(made, checkout, tmp_path)


def test_shards_build_the_same_bytes_and_share_the_verification(claimed: Claimed) -> None:
    whole = claimed.build("whole")
    one, two = claimed.build("one", "--shard", "1/2"), claimed.build("two", "--shard", "2/2")

    assert (whole["shard"], whole["verified"]) == (None, [])
    assert (one["shard"], one["verified"], two["verified"]) == ("1/2", ["proof-core"], ["proof"])
    assert claimed.digests("whole") == claimed.digests("one") == claimed.digests("two")
    # Written where nothing outside of the embedded worlds of the builds was written to.
    assert claimed.stage.world.python_index.store.dump() == []

    code, listed = claimed.join(one, two)
    assert (code, dict(reversed(line.split("  ")) for line in listed.splitlines())) == (
        0,
        claimed.digests("whole"),
    )
    two["artifacts"][0]["digest"] = "0" * 64
    code, output = claimed.join(one, two)
    assert (code, "not-reproducible" in output) == (4, True)
    assert claimed.join(one)[0] == 4
    assert claimed.join({})[0] == 2


@pytest.mark.whole
def test_a_shard_that_was_killed_leaves_nothing_and_is_run_again(claimed: Claimed) -> None:
    events = claimed.folder / "events"
    running = claimed.stage.start(
        claimed.checkout,
        *("build", "1.1.0", "--to", str(claimed.folder / "built"), "--shard", "2/2", "--events", str(events)),
    )
    until = time.monotonic() + 120
    while time.monotonic() < until and '"install"' not in (events.read_text() if events.exists() else ""):
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()

    assert '"install"' in events.read_text(), "it was verifying"
    assert not (claimed.folder / "built").exists()
    again = claimed.build("built", "--shard", "2/2")
    assert again["verified"] == ["proof"]
    assert claimed.digests("built") == {one["filename"]: one["digest"] for one in again["artifacts"]}


def test_a_package_that_cannot_be_used_stops_its_shard_alone(claimed: Claimed) -> None:
    broken = claimed.checkout / "packages" / "proof-core" / "src" / "proof_core" / "__init__.py"
    broken.write_text("raise RuntimeError('broken')\n")
    claimed.stage.git(claimed.checkout, "commit", "--all", "--amend", "--no-edit")
    claimed.stage.git(claimed.checkout, "push", "--quiet", "--force", "origin", "main")

    code, output = claimed.stage.run(
        claimed.checkout, "build", "1.1.0", "--to", str(claimed.folder / "one"), "--shard", "1/2"
    )

    assert (code, "[verify-failed]" in output) == (4, True), output
    assert not (claimed.folder / "one").exists()
