"""The release commit holds the edits and lock files of packages beside the workspace, as the plan shows them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from castoff.model.versions import ReleaseVersion
from castoff.release.candidate import make_commit
from castoff.release.plan import plan_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.session import open_session
from postrelease.after_bench import yard

pytestmark = [pytest.mark.real, pytest.mark.needs("cargo")]

FUZZ = (
    '[package]\nname = "fuzz"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n'
    '[dependencies]\nkit = { path = "../kit", version = "1.1" }\n'
)
LOST = (
    'version = 4\n\n[[package]]\nname = "kit"\nversion = "1.1.0"\n\n'
    '[[package]]\nname = "lost"\nversion = "0.0.0"\ndependencies = ["kit"]\n'
)


def test_the_commit_holds_what_the_plan_shows_and_one_broken_lock_file_holds_nothing_up(
    tmp_path: Path,
) -> None:
    lost = FUZZ.replace("fuzz", "lost") + 'nowhere = { path = "../nowhere" }\n'
    files = {"fuzz/Cargo.toml": FUZZ, "fuzz/src/lib.rs": "", "lost/Cargo.toml": lost, "lost/src/lib.rs": ""}
    with yard(tmp_path) as here:
        here.commit({**files, "lost/Cargo.lock": LOST}, "Fuzz (#3)")
        fuzz = here.checkout / "fuzz"
        subprocess.run(["cargo", "generate-lockfile", "--offline", "--quiet"], cwd=fuzz, check=True)
        here.commit({}, "Lock (#4)")
        here.push("main")
        # The world gives a home of its own, where rustup finds no toolchain.
        here.environment.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
        setting = here.setting()
        plan = plan_release(setting, ReleaseRequest(level="major"), offline=True)
        with open_session(setting) as session:
            commit, warnings = make_commit(session, ReleaseVersion(2, 0, 0))
            changed = session.clone.git.must("diff", "--name-only", f"{commit}^", commit).split()
            lock = session.clone.git.must("show", f"{commit}:fuzz/Cargo.lock")

    assert plan.locks == ("fuzz/Cargo.lock", "lost/Cargo.lock")
    beside = [(one.path, one.old, one.new) for one in plan.edits if not one.path.startswith("kit")]
    assert [one for one in beside if one[0] != "CHANGELOG.md"] == [
        ("fuzz/Cargo.toml", "1.1", "2.0"),
        ("lost/Cargo.toml", "1.1", "2.0"),
    ]
    assert changed == [
        "CHANGELOG.md",
        "fuzz/Cargo.lock",
        "fuzz/Cargo.toml",
        "kit-core/Cargo.toml",
        "kit/Cargo.toml",
        "lost/Cargo.toml",
    ]
    assert lock.count('version = "2.0.0"') == 2
    assert [(one.code, one.severity, one.file) for one in warnings] == [
        ("lock-not-updated", "warning", "lost/Cargo.lock")
    ]
