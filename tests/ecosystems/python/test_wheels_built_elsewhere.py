from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from python_bench import doors, metadata, package, settings, wheel

from castoff.ecosystems.python.builder import PythonBuilder
from castoff.ecosystems.python.platforms import missing_platforms, platforms_of
from castoff.errors import UsageError
from castoff.model.observations import Present
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Artifact, Workspace
from castoff.ports import Listing
from castoff.release.platforms import platform_problems

LINUX, LINUX_NEWER, MUSL, MAC, WINDOWS, FAT, PURE = (
    f"acme_core-1.3.0-cp311-cp311-{platform}.whl"
    for platform in (
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "manylinux_2_28_x86_64",
        "musllinux_1_2_x86_64",
        "macosx_11_0_arm64",
        "win_amd64",
        "macosx_10_9_universal2",
        "any",
    )
)
LAST = ReleaseVersion(1, 2, 0)
SDIST = "acme_core-1.3.0.tar.gz"
OTHER, OLDER = "acme_web-1.3.0-py3-none-any.whl", "acme_core-1.2.0-cp311-cp311-win_amd64.whl"


@pytest.mark.parametrize(
    ("before", "now", "missing"),
    [
        pytest.param([LINUX, SDIST], [LINUX], (), id="the same"),
        pytest.param([LINUX], [LINUX_NEWER], (), id="another C library"),
        pytest.param([LINUX], [MUSL], ("manylinux_x86_64",), id="another kind of C library"),
        pytest.param([LINUX, WINDOWS, MAC], [LINUX], ("macosx_arm64", "win_amd64"), id="two are gone"),
        pytest.param([MAC], [FAT], (), id="inside a fat binary"),
        pytest.param([FAT], [MAC], ("macosx_x86_64",), id="half of a fat binary"),
        pytest.param([LINUX, WINDOWS], [PURE], (), id="pure now"),
        pytest.param([PURE], [LINUX], ("any",), id="pure before"),
        pytest.param([SDIST, "no-wheel.whl"], [LINUX], (), id="no wheels before"),
        pytest.param([], [LINUX], (), id="nothing before"),
    ],
)
def test_platforms_that_are_gone_are_found(
    before: list[str], now: list[str], missing: tuple[str, ...]
) -> None:
    assert missing_platforms(before, now) == missing


@pytest.mark.parametrize(
    ("platform", "found"),
    [
        ("ios_13_0_arm64_iphoneos", "ios_arm64_iphoneos"),
        ("android_21_x86_64", "android_x86_64"),
        ("win32", "win32"),
    ],
)
def test_a_platform_has_no_version(platform: str, found: str) -> None:
    assert platforms_of(f"a-1-py3-none-{platform}.whl") == {found}


def compared(now: str, listing: Listing, previous: ReleaseVersion | None = LAST) -> list[str]:
    made = Artifact(
        package=package().id, ecosystem="python", kind="wheel", filename=now, path="", digest="a" * 64
    )
    target: Any = SimpleNamespace(workspace=Workspace(packages=(package(),)))
    setting: Any = SimpleNamespace(users_registry=lambda _: SimpleNamespace(look=lambda *_: listing))
    return [one.code for one in platform_problems(setting, target, (made,), previous)]


def test_platforms_are_compared_with_the_last_release_on_the_index() -> None:
    whole = Listing(files={LINUX: Present(digest="b" * 64), WINDOWS: Present(digest="b" * 64)})

    assert compared(LINUX, whole) == ["platform-missing"]
    assert compared(LINUX, Listing(files={LINUX: Present(digest="b" * 64)})) == []
    assert compared(LINUX, Listing(unknown="the index did not answer")) == ["registry-unknown"]
    assert compared(PURE, Listing(unknown="the index did not answer")) == []
    assert compared(LINUX, whole, previous=None) == []


def taker(folder: str, home: Path) -> PythonBuilder:
    return PythonBuilder(doors(), settings(artifacts=folder), 0, home=home)


def write(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wheel(metadata()))


@pytest.mark.parametrize("is_absolute", [False, True], ids=["below the checkout", "an absolute path"])
def test_the_users_folder_is_read_although_the_commit_has_a_part_of_it(
    is_absolute: bool, tmp_path: Path
) -> None:
    home, clone = tmp_path / "home", tmp_path / "clone"
    write(home / "dist" / LINUX)
    (clone / "dist").mkdir(parents=True)
    folder = str(home / "dist") if is_absolute else "dist"

    built = taker(folder, home).build(clone, [package()], tmp_path / "out")

    assert [one.filename for one in built.artifacts] == [LINUX]


def test_a_folder_named_by_an_absolute_path_may_be_anywhere_and_links_in_it_lead_nowhere_else(
    tmp_path: Path,
) -> None:
    write(tmp_path / "elsewhere" / LINUX, tmp_path / "other" / WINDOWS)
    into = taker(str(tmp_path / "elsewhere"), tmp_path / "rehearsal")

    built = into.build(tmp_path / "clone", [package()], tmp_path / "out")
    (tmp_path / "elsewhere" / WINDOWS).symlink_to(tmp_path / "other" / WINDOWS)

    assert [one.filename for one in built.artifacts] == [LINUX]
    with pytest.raises(UsageError):
        into.build(tmp_path / "clone", [package()], tmp_path / "out")


def test_the_commits_folder_is_read_where_the_user_has_none(tmp_path: Path) -> None:
    write(tmp_path / "clone" / "dist" / LINUX)

    built = taker("dist", tmp_path / "home").build(tmp_path / "clone", [package()], tmp_path / "out")

    assert [one.filename for one in built.artifacts] == [LINUX]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        pytest.param(OLDER, "not 1.3.0", id="another version"),
        pytest.param(OTHER, "of no package of this release", id="an unknown package"),
        pytest.param("acme_core.tar.gz", "of no package of this release", id="a name that cannot be read"),
        pytest.param(f"wheels-linux/{LINUX}", "in a folder below", id="in a folder below"),
        pytest.param(f"{LINUX}.publish.attestation", None, id="an attestation"),
        pytest.param(WINDOWS, None, id="one more platform"),
    ],
)
def test_a_file_that_would_not_be_uploaded_is_an_error(file: str, why: str | None, tmp_path: Path) -> None:
    write(tmp_path / "dist" / LINUX, tmp_path / "dist" / file)

    found = taker("dist", tmp_path).stray_artifacts(tmp_path / "clone", [package()])

    assert [one.code for one in found] == (["artifact-stray"] if why else [])
    assert all(f"`{file}` ({why})" in one.message for one in found)


def test_a_package_without_a_file_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "dist" / LINUX)
    packages = [package(), package("acme-web")]

    found = taker("dist", tmp_path).missing_artifacts(tmp_path / "clone", packages)

    assert [(one.code, one.package) for one in found] == [("artifact-missing", packages[1].id)]


def test_where_castoff_builds_nothing_is_stray_or_missing(tmp_path: Path) -> None:
    write(tmp_path / "dist" / OLDER)
    builder = PythonBuilder(doors(), settings(), 0, home=tmp_path)
    assert builder.stray_artifacts(tmp_path, [package()]) == ()
    assert builder.missing_artifacts(tmp_path, [package()]) == ()
