"""Symbol links against what documentation tools really write: rustdoc's pages, Sphinx's inventory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import sphobjinv

from castoff.postrelease.changelog_command import port_notes
from castoff.postrelease.docs_command import keep_docs
from postrelease.after_bench import ROOT, crates, published, yard
from postrelease.test_after_docs import BUILT, body_of, build, docs

KIT = """//! The kit.
/// A kit that folds.
pub struct Kit { /// How wide it is.
    pub width: u8 }
impl Kit { /// Open it.
    pub fn open(&self) {} }
/// What a kit is made of.
pub enum Stuff { /// Paper.
    Paper }
pub mod tools { /// Fold it.
    pub fn fold() {} }
"""


@pytest.mark.needs("cargo")
@pytest.mark.real
def test_the_pages_that_rustdoc_writes_are_linked(tmp_path: Path) -> None:
    made = documented(tmp_path / "crates")
    body = "[[Kit]], [[Kit::open]], [[Stuff::Paper]], [[tools::fold]], [[Kit::width]], [[kit_core::tools]], [[No]]"
    builds = docs(build("kit", BUILT, files=made), build("kit-core", BUILT, files=made))
    with yard(tmp_path / "yard", docs=builds, forge={"releases": [published(body=body)]}) as here:
        report = keep_docs(here.setting(), "1.1.0")

        core = f"{here.world.docs.url}/kit-core/1.1.0/kit_core"
        kit, text = f"{here.world.docs.url}/kit/1.1.0/kit", body_of(here)
        assert f"[`Kit`]({kit}/struct.Kit.html)" in text
        assert f"[`Kit::open`]({kit}/struct.Kit.html#method.open)" in text
        assert f"[`Stuff::Paper`]({kit}/enum.Stuff.html#variant.Paper)" in text
        assert f"[`tools::fold`]({kit}/tools/fn.fold.html)" in text
        assert f"[`Kit::width`]({kit}/struct.Kit.html#structfield.width)" in text
        assert f"[`kit_core::tools`]({core}/tools/index.html)" in text
        assert "`` No ``" in text
        assert [problem.code for problem in report.problems] == ["symbol-unknown"]


def documented(folder: Path) -> str:
    for path, text in {**crates("1.1.0"), "kit-core/src/lib.rs": KIT}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    words = ["cargo", "doc", "--no-deps", "--offline", "--quiet"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    return str(folder / "target" / "doc")


def test_the_inventory_that_sphinx_writes_is_linked(tmp_path: Path) -> None:
    inventory = sphobjinv.Inventory()
    inventory.project, inventory.version = "kit", "1.1.0"
    for name, role, uri in (("kit.Kit.open", "method", "api.html#$"), ("kit.fold", "function", "api.html#$")):
        inventory.objects.append(
            sphobjinv.DataObjStr(name=name, domain="py", role=role, priority="1", uri=uri, dispname="-")
        )
    (tmp_path / "html").mkdir()
    data = sphobjinv.compress(inventory.data_file())
    (tmp_path / "html" / "objects.inv").write_bytes(data)
    projects = [{"name": "kit", "version": "1.1.0", "schedule": BUILT, "files": str(tmp_path / "html")}]
    release = published(body="[[Kit.open]] and [[kit.fold]]")
    with yard(tmp_path / "yard", docs={"projects": projects}, forge={"releases": [release]}) as here:
        keep_docs(here.setting('[docs]\nhost = "readthedocs"\n'), "1.1.0")

        root = f"{here.world.docs.url}/projects/kit/en/1.1.0"
        assert body_of(here) == (
            f"[`Kit.open`]({root}/api.html#kit.Kit.open) and [`kit.fold`]({root}/api.html#kit.fold)"
        )


BAD_LISTS = {"no inventory": b"hello", "cut": b"# Sphinx inventory version 2\n", "empty": b""}


@pytest.mark.parametrize("data", BAD_LISTS.values(), ids=BAD_LISTS)
def test_an_inventory_that_cannot_be_read_only_warns(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "objects.inv").write_bytes(data)
    projects = [{"name": "kit", "version": "1.1.0", "schedule": BUILT, "files": str(tmp_path / "html")}]
    release = published(body="[[Kit.open]]")
    with yard(tmp_path / "yard", docs={"projects": projects}, forge={"releases": [release]}) as here:
        report = keep_docs(here.setting('[docs]\nhost = "readthedocs"\n'), "1.1.0")

        assert [(one.code, one.severity) for one in report.problems] == [
            ("links-inventory-invalid", "warning")
        ]
        assert body_of(here) == "[[Kit.open]]"


def test_links_that_come_after_a_merged_pull_request_get_another_one(tmp_path: Path) -> None:
    mode = '[changelog]\nmode = "pull-request"\n'
    body = f"Use `` Kit ``.\n\n**Full Changelog**: {ROOT}/compare/1.0.0...1.1.0"
    with yard(tmp_path, forge={"releases": [published(body=body)]}) as here:
        port_notes(here.setting(mode), "1.1.0")
        here.git("fetch", "--quiet", "origin", "castoff/changelog-1.1.0")
        here.git("merge", "--quiet", "--no-ff", "-m", "Merge #1", "FETCH_HEAD")
        here.push("main")
        here.world.services.forge._state.releases[0].body = body.replace(
            "`` Kit ``", "[`Kit`](https://docs.rs/kit)"
        )

        first = port_notes(here.setting(mode), "1.1.0")
        second = port_notes(here.setting(mode), "1.1.0")

        assert (first.state.state, second.state.state) == ("person", "person")
        assert "[`Kit`](https://docs.rs/kit)" in here.text(branch="castoff/changelog-1.1.0-2")
        pulls = [one for one in here.world.services.forge._state.issues.values() if one.pull is not None]
        assert len(pulls) == 2
