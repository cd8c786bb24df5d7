"""The folder of files that were built elsewhere: one row for each place where it may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.errors import UsageError
from castoff.io.files import prebuilt_folder


@pytest.mark.parametrize(
    ("there", "has_home", "found"),
    [
        pytest.param(("home", "root"), True, "home", id="the user's own comes first"),
        pytest.param(("root",), True, "root", id="that of the commit, if the user's checkout has none"),
        pytest.param((), True, "home", id="none: the user's, where files can be added"),
        pytest.param(("root",), False, "root", id="no checkout beside the commit"),
    ],
)
def test_the_folder_is_the_users_unless_only_the_commit_has_one(
    there: tuple[str, ...], has_home: bool, found: str, tmp_path: Path
) -> None:
    for one in there:
        (tmp_path / one / "dist").mkdir(parents=True)

    folder = prebuilt_folder("dist", tmp_path / "root", tmp_path / "home" if has_home else None)

    assert folder == tmp_path / found / "dist"


def test_an_absolute_path_may_lead_anywhere(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()

    assert prebuilt_folder(str(made), tmp_path / "root", tmp_path / "home") == made


@pytest.mark.parametrize("link", ["dist", "dist/a.whl"])
def test_a_link_out_of_the_repository_is_refused(link: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "outside").mkdir()
    (home / link).parent.mkdir(parents=True)
    (home / link).symlink_to(tmp_path / "outside")

    with pytest.raises(UsageError, match="outside"):
        prebuilt_folder("dist", tmp_path / "root", home)
