"""Which readers of manifests a tree needs; the others are not imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from msgspec import Struct

from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.model.selection import Discovery
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Edited, Workspace
from castoff.ports import Manifests
from castoff.wiring.adapters import ManifestsWhereFound, manifests

NOBODY = Workspace(packages=())


class Files(Struct, frozen=True):
    """A tree of these files."""

    texts: Mapping[str, str]

    def read(self, path: str) -> str | None:
        """Return a file's text."""
        return self.texts.get(path)

    def paths(self) -> Sequence[str]:
        """List all files."""
        return sorted(self.texts)


@pytest.mark.parametrize(
    ("path", "is_made"),
    [
        ("package.json", True),
        ("packages/a/package.json", True),
        ("my-package.json", False),
        ("package.json/readme", False),
        ("Cargo.toml", False),
    ],
)
def test_a_reader_is_made_for_a_tree_with_its_files(path: str, is_made: bool) -> None:
    made: list[Manifests] = []

    def make() -> Manifests:
        made.append(NpmManifests())
        return made[-1]

    reader = ManifestsWhereFound("npm", ("package.json",), make)
    reader.discover(Files({path: "{}"}))
    assert len(made) == int(is_made)

    reader.neighbours(Files({path: "{}"}), {}, NOBODY, ReleaseVersion(1, 0, 0))
    assert len(made) == int(is_made)


def test_without_its_files_a_reader_finds_and_changes_nothing() -> None:
    tree = Files({"readme": ""})

    for reader in manifests():
        assert reader.discover(tree, ()) == Discovery()
        edited = reader.neighbours(tree, {}, NOBODY, ReleaseVersion(1, 0, 0))
        assert edited == Edited(texts={}, edits=())


@pytest.mark.parametrize(
    ("file", "text"), [("setup.py", "setup(name='a')\n"), ("setup.cfg", "[metadata]\nname = a\n")]
)
def test_projects_without_a_pyproject_are_seen(file: str, text: str) -> None:
    (python,) = (one for one in manifests() if one.ecosystem == "python")

    assert [one.path for one in python.discover(Files({file: text}), ()).programs] == [file]
