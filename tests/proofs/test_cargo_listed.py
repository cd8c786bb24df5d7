"""The signed tag tells the digests of what is up, also where cargo packs other bytes than were tried before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from proofs.cargo_small import write_small_crates
from proofs.cargo_worlds import cargo_stage_of
from proofs.worlds import make_key, make_source

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("cargo"),
]


def test_a_test_need_that_the_last_release_still_meets_changes_a_lock_file_and_so_the_tag(
    tmp_path: Path,
) -> None:
    """`beacon-flag` tests itself with any `beacon-core` 1: when it goes up, its index shows a newer one.

    The rehearsal packs it at its turn, so the tag has the digest of what goes up from the start.
    """
    sample = write_small_crates(tmp_path / "sample")
    flag = sample / "beacon-flag"
    shutil.copytree(sample / "beacon-core", flag)
    manifest = (flag / "Cargo.toml").read_text("utf-8").replace('"beacon-core"', '"beacon-flag"')
    manifest += '\n[dev-dependencies]\nbeacon-core = { path = "../beacon-core", version = "1.0" }\n'
    (flag / "Cargo.toml").write_text(manifest, encoding="utf-8")
    key = make_key(tmp_path)
    with cargo_stage_of(tmp_path / "case", key, make_source(tmp_path / "source", key, sample)) as here:
        code, output = here.run(here.checkout(), "release", "patch", "--execute", "--yes")

        assert code == 0, output
        dumped: Any = here.world.dump()["cargo"]
        uploads = dumped["uploads"]
        message = here.git(here.world.repository.path, "cat-file", "tag", "1.0.1")
    assert len(uploads) == 4
    for one in uploads:
        crate = f"{one['package']}-1.0.1.crate"
        assert f"{one['sha256']}  {crate}" in message, (one, message, output)
