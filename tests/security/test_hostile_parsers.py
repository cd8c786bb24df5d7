"""Promise 8: every reader of text from outside answers, or refuses with an error of ours; nothing else comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castoff.changelog import cut
from castoff.changelog.doctor.chart import read_known
from castoff.changelog.doctor.examination import examine, fix
from castoff.config.reader import parse_configuration, read_configuration
from castoff.config.templates import fill
from castoff.ecosystems.cargo.foresight.metadata import judge_metadata
from castoff.ecosystems.cargo.lookup import UnreadableIndex, read_cache
from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.ecosystems.python.listing import PageInvalid, files_of, read_page, versions_of
from castoff.ecosystems.python.manifest.manifests import PythonManifests
from castoff.ecosystems.record import read_record
from castoff.errors import CastoffError
from castoff.git.credentials import without_credentials
from castoff.git.remotes import parse_refs
from castoff.io.http import Reply
from castoff.model.addresses import forge_address, named_repository
from castoff.model.refs import TagName
from castoff.model.tag_schemes import Names, ReachableTag, version_tags
from castoff.model.versions import ReleaseVersion, read
from castoff.notes.configuration import read_configuration as read_notes
from castoff.notes.draft import split
from castoff.notes.highlights import read_description
from castoff.notes.links.inventory import read_rustdoc_items
from castoff.notes.links.text import link_symbols
from castoff.notes.offline import notes_from_file
from castoff.redaction import Redactor
from castoff.rollback.withdrawal_notice import note_of, words_in
from castoff.workflows.detection import release_workflows
from security.hostile import SNIPPETS, spliced

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Texts:
    """A tree of these files."""

    texts: Mapping[str, str]

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> Sequence[str]:
        return sorted(self.texts)


PYPROJECT = """[project]
name = "harbour"
version = "1.0.0"
dependencies = ["harbour-ships==1.0.0", 'x>=1; python_version < "3.12"']
[project.optional-dependencies]
all = ["harbour-tides>=1,<2"]
[build-system]
requires = ["hatchling"]
[tool.uv.workspace]
members = ["packages/*"]
[tool.castoff.release]
sign = "none"
"""
CARGO = """[workspace]
members = ["a", "b/*"]
[workspace.package]
version = "1.0.0"
[package]
name = "harbour"
version.workspace = true
publish = ["crates-io"]
[dependencies]
ships = { path = "ships", version = "=1.0.0", features = ["x"] }
[dev-dependencies]
tides = "1"
"""
CONFIGURATION = """[release]
branches = ["main", "*.x"]
tag = "v{version}"
message = "release {version}"
[[replace]]
file = "README.md"
search = "a+"
replace = "b {version}"
min = 1
[limits."crates-io"]
new = { burst = 5, every = 600 }
[website]
pages = [{ from = "README.md", to = "docs/index.md", headings = [] }]
"""
RELEASE_TOML = """shared-version = true
tag-name = "{{version}}"
pre-release-replacements = [{ file = "a.md", search = "x", replace = "{{version}}", min = 0 }]
"""
RELEASE_YML = """changelog:
  exclude:
    labels: [changelog-exclude]
    authors: ["dependabot"]
  categories:
    - title: Added
      labels: ["changelog-add"]
    - title: Other
      labels: ["*"]
"""
WORKFLOW = """on:
  push:
    tags: ["*"]
jobs:
  release:
    steps:
      - uses: softprops/action-gh-release@v2
        with: {draft: true}
      - run: gh release create "$TAG"
"""
CHANGES = json.dumps(
    {
        "repository": "acme/harbour", "previous_tag": "1.0.0", "tag": "1.1.0", "target": "main",
        "changes": [{"number": 1, "title": "Fix `it`", "author": "ada", "labels": ["fix"],
                     "merged_at": "2026-01-01T00:00:00Z", "merge_commit": "a" * 40}],
        "known_contributors": ["ada"],
    }
)  # fmt: skip
RECORD = json.dumps(
    {"packages": {"a": {"1.0.0": {"yanked": False, "requirements": [
        {"name": "b", "requirement": "^1", "kind": "normal"}], "features": ["x"]}}}}
)  # fmt: skip
SIMPLE = json.dumps(
    {"meta": {"api-version": "1.1"}, "name": "harbour", "files": [
        {"filename": "harbour-1.0.0.tar.gz", "url": "harbour-1.0.0.tar.gz", "hashes": {"sha256": "a" * 64},
         "yanked": "no good", "requires-python": ">=3.9"}]}
)  # fmt: skip
HTML = '<!DOCTYPE html><a href="harbour-1.0.0-py3-none-any.whl#sha256=aa" data-yanked="x">harbour-1.0.0</a>'
CHANGELOG = """# Changelog

## [Unreleased]

- News of `x` (#12).

## [1.0.0](https://github.com/acme/harbour/releases/tag/1.0.0) - 2026-01-01
### Added
* A [link](docs/x.md) by @ada in https://github.com/acme/harbour/pull/3

[Unreleased]: https://github.com/acme/harbour/compare/1.0.0...HEAD
"""
BODY = """# Tides

See [`Harbour::open`].

<!-- Release notes generated using configuration in .github/release.yml at main -->

## What's Changed
### Added
* Add tides by @ada in https://github.com/acme/harbour/pull/3

**Full Changelog**: https://github.com/acme/harbour/compare/1.0.0...1.1.0
"""
REFS = (
    "a" * 40
    + "\trefs/heads/main\n"
    + "b" * 40
    + "\trefs/tags/v1.0.0\n"
    + "c" * 40
    + "\trefs/tags/v1.0.0^{}\n"
)
CACHE = b'\x03\x02\x00\x00\x00etag: "x"\x001.0.0\x00{"name":"a","vers":"1.0.0","deps":[],"cksum":"","features":{}}\x00'


def workspace(manifests: CargoManifests | PythonManifests, file: str) -> Callable[[str], object]:
    def run(text: str) -> object:
        tree = Texts({file: text, "ships/" + file: text.replace("harbour", "ships"), "a/" + file: text})
        found = manifests.discover(tree, ()).workspaces
        return [manifests.edited(tree, one, ReleaseVersion(1, 1, 0)) for one in found if one.packages]

    return run


def metadata(text: str) -> object:
    tree = Texts({"Cargo.toml": text})
    found = CargoManifests().discover(tree, ()).workspaces
    return [judge_metadata(tree, one) for one in found]


def page(kind: str) -> Callable[[str], object]:
    def run(text: str) -> object:
        body = text.encode("utf-8", "replace")
        with suppress(PageInvalid):
            read_one = read_page(
                "harbour",
                "http://x/simple/harbour/",
                Reply(status=200, headers={"content-type": kind}, body=body),
            )
            return files_of(read_one, "harbour", "1.0.0"), versions_of(read_one, "harbour")
        return None

    return run


def cache(text: str) -> object:
    with suppress(UnreadableIndex):
        return read_cache(text.encode("latin-1", "replace"))
    return None


READERS: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "pyproject.toml": (workspace(PythonManifests(), "pyproject.toml"), (PYPROJECT,)),
    "Cargo.toml": (workspace(CargoManifests(), "Cargo.toml"), (CARGO,)),
    "Cargo.toml, its metadata": (metadata, (CARGO,)),
    "castoff.toml": (parse_configuration, (CONFIGURATION,)),
    "release.toml": (
        lambda text: read_configuration(Texts({"release.toml": text, "Cargo.toml": CARGO})), (RELEASE_TOML,)
    ),
    "configuration in a manifest": (lambda text: read_configuration(Texts({"pyproject.toml": text})), (PYPROJECT,)),
    "release.yml": (read_notes, (RELEASE_YML,)),
    "workflows": (lambda text: release_workflows({".github/workflows/x.yml": text}), (WORKFLOW,)),
    "changes file": (notes_from_file, (CHANGES,)),
    "changes file, its configuration": (lambda text: notes_from_file(CHANGES, configuration=text), (RELEASE_YML,)),
    "registry record": (lambda text: read_record(text, "record.json"), (RECORD,)),
    "simple page, JSON": (page("application/vnd.pypi.simple.v1+json"), (SIMPLE,)),
    "simple page, HTML": (page("text/html"), (HTML,)),
    "changelog, doctor": (lambda text: (examine(text), fix(text)), (CHANGELOG,)),
    "changelog, cut": (lambda text: cut(text, "1.1.0", "2026-02-02"), (CHANGELOG,)),
    "tags of the doctor": (read_known, ('[{"name": "1.0.0", "date": "2026-01-01"}]', "1.0.0 2026-01-01\n")),
    "draft": (lambda text: (split(text), words_in(text)), (BODY,)),
    "description": (read_description, (BODY,)),
    "symbols": (lambda text: link_symbols(text, None), (BODY,)),
    "rustdoc": (lambda text: read_rustdoc_items(text, "harbour", "https://docs.rs/x/all.html"), (HTML,)),
    "refs": (parse_refs, (REFS,)),
    "cargo's cache": (cache, (CACHE.decode("latin-1"),)),
    "version": (read, ("1.0.0", "1.2.0-rc.1")),
    "tag": (
        lambda text: (
            TagName("v{version}").version(text),
            version_tags([ReachableTag(name=text, commit="")], Names([("x", ".")])),
        ),
        ("v1.0.0", "x-1.0.0"),
    ),
    "remote": (
        lambda text: (forge_address(text, {}), named_repository(text), without_credentials(text)),
        ("https://me:pw@github.com/a/b.git", "git@github.com:a/b.git"),
    ),
    "template": (lambda text: fill(text, {"version": "1.1.0"}), ("release {version}", "{{version}}")),
    "texts with secrets": (Redactor(["secret-value"]).clean, ("Authorization: Bearer secret-value",)),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_a_reader_answers_or_refuses(name: str, data: st.DataObject) -> None:
    reader, samples = READERS[name]
    text = data.draw(spliced(*samples))

    with suppress(CastoffError):
        reader(text)


@pytest.mark.parametrize("name", READERS)
def test_a_reader_stands_every_hostile_part_alone(name: str) -> None:
    reader, _ = READERS[name]
    for snippet in (*SNIPPETS, "\ud800", "x" * 300_000, "\n" * 50_000):
        with suppress(CastoffError):
            reader(snippet)


@given(st.text())
def test_the_reason_of_a_withdrawal_stays_in_its_quote(reason: str) -> None:
    import datetime

    lines = note_of(datetime.date(2026, 1, 31), reason, None).split("\n")

    assert all(line.startswith("> ") for line in lines)
    assert len(lines) <= 3
