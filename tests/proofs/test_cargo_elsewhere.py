"""C6: a release of crates that died is finished on another machine, after the outside has moved on."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from castoff.world.cargo_registry.record import read_record
from proofs.cargo_small import NAMES, OUTSIDE, write_small_crates
from proofs.cargo_worlds import cargo_points, cargo_stage_of
from proofs.killing import AGAIN, kill
from proofs.worlds import Stage, make_key, make_source

pytestmark = [
    pytest.mark.real,
    pytest.mark.needs("cargo"),
]

Ground = tuple[Path, Path]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    folder = tmp_path_factory.mktemp("elsewhere")
    key = make_key(folder)
    return key, make_source(folder / "source", key, write_small_crates(folder / "sample"))


@pytest.mark.parametrize(
    ("killed_at", "rebuilt"),
    [
        pytest.param(
            "upload before beacon-core@1.1.0, children too",
            set(),
            id="the request still on its way",
            marks=pytest.mark.whole,
        ),
        pytest.param(
            "upload after beacon-core@1.1.0",
            set(),
            id="one up, whose lock names nobody",
            marks=pytest.mark.whole,
        ),
        pytest.param("upload after beacon-lens@1.1.0, children too", {"beacon-lens"}, id="two of three up"),
        pytest.param(
            "upload after beacon@1.1.0", {"beacon-lens", "beacon"}, id="all up", marks=pytest.mark.whole
        ),
    ],
)
def test_a_release_is_finished_elsewhere_after_an_outside_crate_was_published(
    killed_at: str, rebuilt: set[str], ground: Ground, tmp_path: Path
) -> None:
    """The lock made there names the patch release; what is up counts as the same contents and stays as it is."""
    key, source = ground
    with cargo_stage_of(tmp_path / "case", key, source) as here:
        names = [f"act-end:publish:cargo:{one}:{one}-1.1.0.crate" for one in NAMES]
        point = next(one for one in cargo_points(names) if one.name == killed_at)
        assert kill(here, here.checkout(), tmp_path / "events.ndjson", point)
        here.world.gate.held(count=1, within=1.0)
        before = _uploads(here)
        _publish_outside(here, "1.0.1")
        _move_to_another_machine(here)

        code, output = here.run(here.checkout(), *AGAIN, "--json")

        assert code == 0, output
        assert _same_contents(output) == rebuilt
        assert {name: _uploads(here)[name] for name in before} == before
        assert _locked(here, "beacon") == ("1.0.0" if "beacon" in rebuilt else "1.0.1")
        assert Counter(_taken(here)) == Counter(f"{name}@1.1.0" for name in NAMES)


def test_what_was_rebuilt_is_said_so_and_the_tag_lists_what_is_up(ground: Ground, tmp_path: Path) -> None:
    """People read it in the summary."""
    key, source = ground
    with cargo_stage_of(tmp_path / "case", key, source) as here:
        names = [f"act-end:publish:cargo:{one}:{one}-1.1.0.crate" for one in NAMES]
        point = next(one for one in cargo_points(names) if one.name == "upload after beacon-lens@1.1.0")
        assert kill(here, here.checkout(), tmp_path / "events.ndjson", point)
        _publish_outside(here, "1.0.1")
        _move_to_another_machine(here)

        code, output = here.run(here.checkout(), *AGAIN)

        assert code == 0, output
        assert "rebuilt" in output, output
        message = here.git(here.world.repository.path, "cat-file", "tag", "1.1.0")
        for name, digest in _uploads(here).items():
            assert f"{digest}  {name}-1.1.0.crate" in message, (message, output)


@pytest.mark.whole
def test_files_that_are_built_elsewhere_fit_what_is_up(ground: Ground, tmp_path: Path) -> None:
    """A crate holds the digests of those that it needs: those of the registry, not of a second build."""
    key, source = ground
    with cargo_stage_of(tmp_path / "case", key, source) as here:
        names = [f"act-end:publish:cargo:{one}:{one}-1.1.0.crate" for one in NAMES]
        point = next(one for one in cargo_points(names) if one.name == "upload after beacon-lens@1.1.0")
        assert kill(here, here.checkout(), tmp_path / "events.ndjson", point)
        _publish_outside(here, "1.0.1")
        _move_to_another_machine(here)
        checkout, built = here.checkout(), tmp_path / "built"

        code, output = here.run(checkout, "build", "1.1.0", "--to", str(built), "--json")

        assert code == 0, output
        files = {
            one["filename"]: one["digest"] for one in json.loads(output[output.index("{\n") :])["artifacts"]
        }
        lens = "beacon-lens-1.1.0.crate"
        assert files[lens] != _uploads(here)["beacon-lens"], "the second build has other bytes"
        with tarfile.open(built / "beacon-1.1.0.crate") as crate:
            lock = crate.extractfile("beacon-1.1.0/Cargo.lock")
            assert lock is not None
            assert _uploads(here)["beacon-lens"] in lock.read().decode()
        (tmp_path / "SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in files.items()))
        words = ("resume", "1.1.0", "--execute", "--built", str(built), "--digests", str(tmp_path / "SUMS"))
        code, output = here.run(checkout, *words)
        assert code == 0, output
        assert _uploads(here)["beacon"] == files["beacon-1.1.0.crate"], "what was built is what went up"


def _publish_outside(here: Stage, version: str) -> None:
    for published, _ in read_record({OUTSIDE: {version: {}}}):
        here.world.cargo_registry.store.add(published, seeded=True)


def _move_to_another_machine(here: Stage) -> None:
    """Leave behind what cargo fetched and built: only its configuration is the same."""
    first, home = Path(here.environment["CARGO_HOME"]), here.folder / "another-cargo-home"
    home.mkdir()
    shutil.copy2(first / "config.toml", home / "config.toml")
    here.machine = {"CARGO_HOME": str(home)}


def _uploads(here: Stage) -> dict[str, str]:
    dump = json.loads(here.dump())
    return {one["package"]: one["sha256"] for one in dump["cargo"]["uploads"]}


def _locked(here: Stage, name: str) -> str:
    """Read from a crate that is up which version of the outside crate its lock names."""
    import gzip

    held = here.world.cargo_registry.store.find(name, "1.1.0")
    assert held is not None
    text = gzip.decompress(held.published.crate).decode("utf-8", "replace")
    return text.partition(f'name = "{OUTSIDE}"\nversion = "')[2].partition('"')[0]


def _taken(here: Stage) -> list[str]:
    return [
        entry.subject
        for entry in here.world.journal.entries()
        if (entry.service, entry.method, entry.status) == ("cargo", "PUT", 200) or entry.fault
    ]


def _same_contents(output: str) -> set[str]:
    value: dict[str, Any] = json.loads(output[output.index("{\n") :])
    publish = next(one for one in value["stages"] if one["name"] == "publish")
    seen = [one for one in publish["observations"] if one.get("same") == "contents"]
    return {one["id"].removesuffix("-1.1.0.crate") for one in seen}
