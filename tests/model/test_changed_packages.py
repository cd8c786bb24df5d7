"""A release of what changed: which packages are in it and why, one row per condition."""

from __future__ import annotations

import pytest
from model_strategies import edge, package, workspace

from castoff.model.changed_packages import (
    at_newest,
    changes_of,
    files_of,
    shown_files,
    with_changes,
    with_kept,
)
from castoff.model.refs import TagSource
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Edge, Member, Package, ReleaseReason, Workspace
from castoff.values import replace

OWN = {"core": "changed since 1.0.0: `core/a`"}


def pinning(one: Edge) -> Edge:
    return replace(one, pins=True)


def crate(name: str) -> Package:
    return replace(package(name), ecosystem="cargo")


@pytest.mark.parametrize(
    ("edges", "facade", "raised", "expected"),
    [
        ([], None, (), []),
        ([pinning(edge("cli", "core"))], None, (), ["cli: it requires `core` ==1.0.0"]),
        ([edge("cli", "core")], None, (), []),
        ([edge("cli", "core")], None, ("python",), ["cli: it requires `core` ==1.0.0"]),
        ([edge("cli", "core")], None, ("cargo",), []),
        ([replace(pinning(edge("cli", "core")), requirement=None)], None, (), ["cli: it requires `core`"]),
        ([pinning(edge("cli", "core", "dev"))], None, (), []),
        ([pinning(edge("cli", "core", "group"))], None, (), []),
        ([pinning(edge("cli", "core", survives=False))], None, (), []),
        ([pinning(edge("core", "cli"))], None, (), []),
        (
            [pinning(edge("top", "cli")), pinning(edge("cli", "core"))],
            None,
            (),
            ["cli: it requires `core` ==1.0.0", "top: it requires `cli` ==1.0.0"],
        ),
        ([], "top", (), ["top: it is the facade"]),
        ([pinning(edge("cli", "top"))], "top", (), ["top: it is the facade", "cli: it requires `top` ==1.0.0"]),
        ([], "core", (), []),
    ],
    ids=[
        "nobody requires it",
        "pinned",
        "a range",
        "a range that is raised",
        "a range that is raised elsewhere",
        "a pin without a text",
        "for developers",
        "for a group of developers",
        "not uploaded",
        "it requires another",
        "a chain",
        "the facade",
        "pinned to the facade",
        "the facade changed",
    ],
)  # fmt: skip
def test_a_package_is_released_if_it_changed_or_follows_one_that_is(
    edges: list[Edge], facade: str | None, raised: tuple[Ecosystem, ...], expected: list[str]
) -> None:
    found = changes_of(workspace("core cli top", *edges), OWN, facade, raised)

    assert found.pop("core") == ReleaseReason(is_own=True, reason=OWN["core"])
    assert [f"{name}: {one.reason}" for name, one in found.items()] == expected
    assert not any(one.is_own for one in found.values())


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("packages/core/a.py", "core"),
        ("packages/core/deep/er/a.py", "core"),
        ("packages/core", None),
        ("packages/corelike/a.py", None),
        ("packages/core/e2e/a.py", None),
        ("README.md", None),
    ],
)
def test_a_file_belongs_to_the_innermost_folder_of_a_package_or_member(path: str, owner: str | None) -> None:
    member = Member(
        name="e2e", ecosystem="python", path="packages/core/e2e", manifest="packages/core/e2e/m", version=None
    )

    found = files_of(replace(workspace("core cli"), members=(member,)), [path])

    assert found == ({owner: [path]} if owner else {})


def test_a_package_at_the_root_owns_what_no_other_does() -> None:
    shape = Workspace(packages=(replace(package("top"), path="."), package("core")))

    assert files_of(shape, ["README.md", "packages/core/a", "docs/b"]) == {
        "top": ["README.md", "docs/b"],
        "core": ["packages/core/a"],
    }


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "`f0`"),
        (3, "`f0`, `f1`, `f2`"),
        (4, "`f0`, `f1`, `f2` and 1 more"),
        (9, "`f0`, `f1`, `f2` and 6 more"),
    ],
)
def test_three_changed_files_are_shown(count: int, shown: str) -> None:
    assert shown_files([f"f{number}" for number in range(count)], "1.0.0") == f"changed since 1.0.0: {shown}"


@pytest.mark.parametrize(
    ("versions", "kept"),
    [
        (["1.0.0", "1.0.0"], ["p0", "p1"]),
        (["1.0.0", "1.1.0"], ["p1"]),
        (["1.1.0", "1.1.0", "0.9.0"], ["p0", "p1"]),
        (["1.1.0", "?"], ["p0", "p1"]),
    ],
    ids=["one version", "two", "three", "one that cannot be read"],
)
def test_the_packages_of_the_highest_version_were_the_last_release(
    versions: list[str], kept: list[str]
) -> None:
    packages = [replace(package(f"p{number}"), version=one) for number, one in enumerate(versions)]

    assert [one.name for one in at_newest(packages)] == kept


def test_a_package_that_is_kept_becomes_a_member_and_takes_its_requirements_along() -> None:
    shape = workspace("core cli top", edge("cli", "core"), edge("top", "core"), edge("top", "cli"))
    known = Member(name="e2e", ecosystem="python", path="e2e", manifest="e2e/m", version=None)
    cli = replace(shape.package("cli"), root="packages")
    packages = tuple(cli if one.name == "cli" else one for one in shape.packages)

    found = with_kept(replace(shape, packages=packages, members=(known,)), {"cli": "unchanged"})

    assert found.names == ("core", "top")
    assert found.edges == (edge("top", "core"),)
    assert found.members == (
        known,
        Member(
            name="cli",
            ecosystem="python",
            path="packages/cli",
            manifest="packages/cli/pyproject.toml",
            version="1.0.0",
            reason="unchanged",
            root="packages",
        ),
    )
    assert found.problems == ()


def test_what_changed_is_released_with_its_reason_and_the_rest_is_kept_with_theirs() -> None:
    reason = ReleaseReason(is_own=True, reason="changed")

    found = with_changes(workspace("a b c"), {"a": reason}, {"b": "no file changed since 1.0.0"})

    assert [(one.name, one.change) for one in found.packages] == [("a", reason)]
    assert [(one.name, one.reason) for one in found.members] == [
        ("b", "no file changed since 1.0.0"),
        ("c", "unchanged"),
    ]


def shared(name: str, line: int | None = 3) -> Package:
    return replace(package(name), version_file="pyproject.toml", version_line=line)


TAGGED = replace(package("a"), tags=TagSource(tool="hatch-vcs", file="f"))


@pytest.mark.parametrize(
    ("packages", "kept", "message"),
    [
        ([shared("a"), shared("b")], ["a"], "`a` is unchanged, but cannot keep its version"),
        ([shared("a", 4), shared("b")], ["a"], None),
        ([package("a"), package("b")], ["a"], None),
        ([TAGGED, package("b")], ["a"], "`a` is unchanged, but cannot keep its version"),
        ([shared("a"), shared("b")], ["a", "b"], None),
        (
            [*map(shared, ("a", "b", "c")), shared("z")],
            ["a", "b", "c"],
            "`a`, `b`, `c` are unchanged, but cannot keep their versions",
        ),
        (
            [*map(shared, ("a", "b", "c", "d")), shared("z")],
            ["a", "b", "c", "d"],
            "`a`, `b`, `c`, ... are unchanged, but cannot keep their versions",
        ),
    ],
    ids=["one place", "another line", "its own file", "from tags", "nothing released", "three", "four"],
)
def test_a_package_cannot_keep_a_version_that_moves_with_others(
    packages: list[Package], kept: list[str], message: str | None
) -> None:
    problems = with_kept(Workspace(packages=tuple(packages)), dict.fromkeys(kept, "unchanged")).problems

    assert [(one.code, one.message, one.file, one.package) for one in problems] == (
        [("version-inherited", message, "packages/a/pyproject.toml", "a")] if message else []
    )
    many = len(kept) > 1
    assert [one.remedy for one in problems] == (
        [
            f"write the version 1.0.0 into {'their manifests' if many else 'its manifest'}, or release all packages: "
            "remove `only-changed` from `[release]`"
        ]
        if message
        else []
    )
