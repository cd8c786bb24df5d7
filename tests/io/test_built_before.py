"""Files of a release are kept whole, or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from castoff.io.built_before import BuiltBefore
from castoff.model.workspace import Artifact


def artifacts(folder: Path) -> tuple[Artifact, ...]:
    folder.mkdir(exist_ok=True)
    made = []
    for name in ("a.whl", "b.whl"):
        (folder / name).write_text(name, encoding="utf-8")
        digest = hashlib.sha256(name.encode()).hexdigest()
        path = str(folder / name)
        made.append(
            Artifact(
                package=name[0], ecosystem="python", kind="wheel", filename=name, path=path, digest=digest
            )
        )
    return tuple(made)


def renamed(kept: Path, name: str) -> None:
    """Give the second file another name in the index."""
    index = kept / "one/index.json"
    index.write_text(index.read_text("utf-8").replace('"b.whl"', f'"{name}"'), encoding="utf-8")


def test_what_was_kept_is_found_where_a_build_would_put_it(tmp_path: Path) -> None:
    made = artifacts(tmp_path / "built")
    BuiltBefore(tmp_path / "kept").keep("one", made)

    found = BuiltBefore(tmp_path / "kept").find("one", tmp_path / "into")

    assert found is not None
    assert [(one.filename, one.digest) for one in found] == [(one.filename, one.digest) for one in made]
    assert [Path(one.path) for one in found] == [tmp_path / "into/python" / one.filename for one in made]
    assert [Path(one.path).read_text("utf-8") for one in found] == ["a.whl", "b.whl"]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda kept: (kept / "one/1").unlink(), id="a file is missing"),
        pytest.param(lambda kept: (kept / "one/1").write_text("other", encoding="utf-8"), id="other bytes"),
        pytest.param(lambda kept: (kept / "one/index.json").unlink(), id="no index"),
        pytest.param(lambda kept: (kept / "one/index.json").write_text("[{", encoding="utf-8"), id="no JSON"),
        pytest.param(
            lambda kept: (kept / "one/index.json").write_text('[{"a": 1}]', encoding="utf-8"), id="fields"
        ),
        pytest.param(lambda kept: BuiltBefore(kept).forget("one"), id="forgotten"),
        pytest.param(lambda kept: renamed(kept, "deep/b.whl"), id="a folder below"),
        pytest.param(lambda kept: renamed(kept, "../b.whl"), id="a folder above"),
    ],
)
def test_what_is_not_whole_is_not_found(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    BuiltBefore(tmp_path / "kept").keep("one", artifacts(tmp_path / "built"))
    spoil(tmp_path / "kept")

    assert BuiltBefore(tmp_path / "kept").find("one", tmp_path / "into") is None


def test_the_three_latest_releases_are_kept(tmp_path: Path) -> None:
    kept = BuiltBefore(tmp_path / "kept")
    for age, name in enumerate(("d", "c", "b", "a")):
        kept.keep(name, artifacts(tmp_path / "built"))
        os.utime(tmp_path / "kept" / name, (1000 + age, 1000 + age))
    kept.keep("new", artifacts(tmp_path / "built"))

    assert sorted(one.name for one in (tmp_path / "kept").iterdir()) == ["a", "b", "new"]


@pytest.mark.parametrize("folder", [None, "a file/kept", "k" * 5000], ids=["none", "below a file", "no name"])
def test_without_a_folder_nothing_is_kept_and_nothing_fails(tmp_path: Path, folder: str | None) -> None:
    (tmp_path / "a file").touch()
    kept = BuiltBefore(tmp_path / folder if folder else None)

    kept.keep("one", artifacts(tmp_path / "built"))
    kept.forget("one")

    assert kept.find("one", tmp_path / "into") is None
