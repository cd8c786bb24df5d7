"""Submodules are in the clone as they are in a clean checkout, or it is reported which are not, and why."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from git_ground import Ground, fingerprint

from castoff.git import Clone
from castoff.git.submodules import MissingSubmodule, relative_address
from castoff.model.workspace import Package
from castoff.session.checkout import submodule_problems


@pytest.fixture
def root(ground: Ground) -> Path:
    """Make a repository with the submodule `pack/vendor`, which has the submodule `deep`."""
    ground.settings('[protocol "file"]\n\tallow = always\n')
    ground.new("inner", z="inner\n")
    vendor = ground.new("vendor", z="one\n")
    ground.git(vendor, "submodule", "--quiet", "add", ground.folder / "inner", "deep")
    ground.commit(vendor, "deep", {})
    root = ground.new("here")
    ground.git(root, "submodule", "--quiet", "add", ground.folder / "vendor", "pack/vendor")
    ground.commit(root, "vendor", {})
    ground.git(root, "submodule", "--quiet", "update", "--init", "--recursive")
    return root


def placed(ground: Ground, root: Path) -> tuple[tuple[MissingSubmodule, ...], dict[str, str]]:
    before = fingerprint(root)
    with Clone.of(ground.repository(root)) as clone:
        clone.check_out("HEAD")
        missing = clone.populate()
        again = clone.populate()
        assert again == missing
        assert clone.changed_paths() == ()
        files = {
            str(path.relative_to(clone.root)): path.read_text("utf-8")
            for path in clone.root.rglob("*")
            if path.is_file() and ".git" not in path.name and ".git" not in path.relative_to(clone.root).parts
        }
    assert fingerprint(root) == before
    return missing, files


WHOLE = {"readme": "one\n", "pack/vendor/readme": "one\n", "pack/vendor/z": "one\n"}
DEEP = {"pack/vendor/deep/readme": "one\n", "pack/vendor/deep/z": "inner\n"}


def _remotes_gone(ground: Ground, root: Path) -> None:
    shutil.rmtree(ground.folder / "vendor")
    shutil.rmtree(ground.folder / "inner")


def _only_kept(ground: Ground, root: Path) -> None:
    _remotes_gone(ground, root)
    ground.git(root, "submodule", "--quiet", "deinit", "--all", "--force")


def _never_initialised(ground: Ground, root: Path) -> None:
    ground.git(root, "submodule", "--quiet", "deinit", "--all", "--force")
    shutil.rmtree(root / ".git" / "modules")


def _own_address(ground: Ground, root: Path) -> None:
    (ground.folder / "vendor").rename(ground.folder / "moved")
    _never_initialised(ground, root)
    ground.git(root, "config", "submodule.pack/vendor.url", ground.folder / "moved")


def _relative_address(ground: Ground, root: Path) -> None:
    _never_initialised(ground, root)
    ground.git(root, "remote", "add", "origin", ground.folder / "here.git")
    ground.git(root, "config", "--file", ".gitmodules", "submodule.pack/vendor.url", "../vendor")
    ground.commit(root, "relative", {})


def _commit_not_fetched(ground: Ground, root: Path) -> None:
    ground.commit(ground.folder / "vendor", "two", {"z": "one\n", "readme": "one\n"})
    newest = ground.git(ground.folder / "vendor", "rev-parse", "HEAD")
    ground.git(root, "update-index", "--cacheinfo", f"160000,{newest},pack/vendor")
    ground.git(root, "commit", "--quiet", "-m", "newer")


def _work_in_it(ground: Ground, root: Path) -> None:
    (root / "pack/vendor/z").write_text("changed\n", "utf-8")
    (root / "pack/vendor/untracked").write_text("u\n", "utf-8")


def _as_it_is(ground: Ground, root: Path) -> None:
    pass


SHAPES: dict[str, Callable[[Ground, Path], None]] = {
    "as it is": _as_it_is,
    "remotes gone": _remotes_gone,
    "never initialised": _never_initialised,
    "an address of the user's own": _own_address,
    "a relative address": _relative_address,
    "a commit that was not fetched": _commit_not_fetched,
    "changes in it": _work_in_it,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_submodules_are_checked_out(ground: Ground, root: Path, shape: str) -> None:
    SHAPES[shape](ground, root)

    missing, files = placed(ground, root)

    assert missing == ()
    assert files == {**WHOLE, **DEEP}


def test_what_git_keeps_of_a_submodule_is_enough(ground: Ground, root: Path) -> None:
    _only_kept(ground, root)

    missing, files = placed(ground, root)

    assert files == WHOLE
    assert [one.path for one in missing] == ["pack/vendor/deep"]


def _file_protocol_not_allowed(ground: Ground, root: Path) -> None:
    _never_initialised(ground, root)
    ground.settings('[protocol "file"]\n\tallow = user\n')


def _never_pushed(ground: Ground, root: Path) -> None:
    ground.git(root, "update-index", "--cacheinfo", f"160000,{'ab' * 20},pack/vendor")
    ground.git(root, "commit", "--quiet", "-m", "lost")


def _update_none(ground: Ground, root: Path) -> None:
    ground.git(root, "config", "submodule.pack/vendor.update", "none")


def _not_named(ground: Ground, root: Path) -> None:
    _never_initialised(ground, root)
    ground.git(root, "rm", "--quiet", "--cached", ".gitmodules")
    ground.git(root, "commit", "--quiet", "-m", "stray gitlink")


MISSING: dict[str, tuple[Callable[[Ground, Path], None], bool, str]] = {
    "a protocol that is not allowed": (_file_protocol_not_allowed, False, "file"),
    "a commit that was never pushed": (_never_pushed, False, "does not have the commit"),
    "update is none": (_update_none, True, "`none`"),
    "no entry in .gitmodules": (_not_named, True, "`.gitmodules` does not name it"),
}


@pytest.mark.parametrize("shape", MISSING)
def test_submodules_that_cannot_be_had(ground: Ground, root: Path, shape: str) -> None:
    spoil, chosen, words = MISSING[shape]
    spoil(ground, root)

    missing, files = placed(ground, root)

    assert [(one.path, one.chosen) for one in missing] == [("pack/vendor", chosen)]
    assert words in missing[0].reason
    assert not any(path.startswith("pack") for path in files)


def test_another_commit_is_checked_out_with_its_submodules(ground: Ground, root: Path) -> None:
    first = ground.git(root, "rev-parse", "HEAD")
    ground.git(root, "rm", "--quiet", "-f", "pack/vendor")
    without = ground.commit(root, "without", {"pack/file": "f\n"})

    with Clone.of(ground.repository(root)) as clone:
        for _ in range(2):
            clone.check_out(first)
            assert clone.populate() == ()
            assert (clone.root / "pack/vendor/deep/z").is_file()
            clone.check_out(without)
            assert clone.populate() == ()
            assert [path.name for path in (clone.root / "pack").iterdir()] == ["file"]


def package(name: str, path: str) -> Package:
    return Package(
        name=name,
        ecosystem="cargo",
        path=path,
        manifest=f"{path}/Cargo.toml",
        version="1.0.0",
        version_file="x",
    )


@pytest.mark.parametrize(
    ("path", "chosen", "packages", "codes"),
    [
        ("a/vendor", False, ["a"], ["submodule-missing"]),
        ("a", False, ["a"], ["submodule-left-out"]),
        ("ab/vendor", False, ["a"], ["submodule-left-out"]),
        ("vendor", False, ["."], ["submodule-missing"]),
        ("a/vendor", True, ["a"], ["submodule-left-out"]),
        ("a/b/vendor", False, ["a", "a/b"], ["submodule-missing"]),
    ],
)
def test_only_what_lies_inside_a_package_stops(
    path: str, chosen: bool, packages: list[str], codes: list[str]
) -> None:
    missing = [MissingSubmodule(path, "c" * 40, "why", chosen)]

    found = submodule_problems(missing, [package(f"p-{one}", one) for one in packages])

    assert [one.code for one in found] == codes
    assert f"`{path}`" in found[0].message
    if codes == ["submodule-missing"]:
        assert (found[0].package, found[0].reason) == (f"p-{packages[-1]}", "why")


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        ("https://example.org/a/b.git", "../c.git", "https://example.org/a/c.git"),
        ("https://example.org/a/b.git", "../../c/d.git", "https://example.org/c/d.git"),
        ("https://example.org/a/b.git/", "./c", "https://example.org/a/b.git/c"),
        ("git@example.org:a/b.git", "../c.git", "git@example.org:a/c.git"),
        ("git@example.org:b.git", "../c.git", "git@example.org:c.git"),
        ("/srv/a/b", "../c", "/srv/a/c"),
    ],
)
def test_relative_addresses_count_from_the_remote(base: str, url: str, expected: str) -> None:
    assert relative_address(base, url) == expected
