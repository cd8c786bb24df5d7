"""The release's workspace out of the chosen ones: names, one version, and everything that is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_strategies import edge, package, workspace

from castoff.errors import Problem, WorkspaceError
from castoff.model.joined_workspace import judged, merged, require_packages, with_others
from castoff.model.refs import TagSource
from castoff.model.scope import Scope
from castoff.model.selection import Discovery, Program, Unreadable
from castoff.model.workspace import EXCLUDED, Member, NotReleased, OtherWorkspace, Package, Workspace
from castoff.values import replace
from recorded import assert_recorded, problems_as_text

RECORD = Path(__file__).parent / "data" / "outside_problems.txt"

NOTHING: frozenset[str] = frozenset()


def crate(name: str, version: str = "1.0.0") -> Package:
    return replace(
        package(name),
        ecosystem="cargo",
        version=version,
        path=f"crates/{name}",
        manifest=f"crates/{name}/Cargo.toml",
        version_file=f"crates/{name}/Cargo.toml",
        kinds=("crate",),
    )


def project(name: str, version: str = "1.0.0", folder: str | None = None) -> Package:
    path = folder or name
    return replace(
        package(name), version=version, path=path, manifest=f"{path}/pyproject.toml", version_file=f"{path}/p"
    )


def plain(*packages: Package, edges: str = "") -> Workspace:
    found = tuple(edge(*one.split(">")) for one in edges.split())
    return Workspace(packages=packages, edges=found, ecosystems=("python",), declared=False)


def all_plain(one: Workspace) -> frozenset[str]:
    return frozenset(package.manifest for package in one.packages)


CRATES = Workspace(
    packages=(crate("core"), crate("util")), edges=(edge("util", "core"),), ecosystems=("cargo",)
)
PROJECTS = replace(workspace("core cli", edge("cli", "core")), ecosystems=("python",))


def test_one_workspace_stays_as_it_is() -> None:
    assert merged([CRATES]) is CRATES


def test_names_that_two_ecosystems_share_are_told_apart_in_packages_and_edges() -> None:
    both = merged([CRATES, PROJECTS])

    assert both.names == ("cargo:core", "util", "python:core", "cli")
    assert [(one.origin, one.target) for one in both.edges] == [
        ("util", "cargo:core"),
        ("cli", "python:core"),
    ]
    assert [one.name for one in both.packages] == ["core", "util", "core", "cli"]
    assert both.ecosystems == ("cargo", "python")
    assert both.problems == ()


def test_members_and_problems_of_all_are_kept() -> None:
    member = Member(name="e2e", ecosystem="cargo", path="e2e", manifest="e2e/Cargo.toml", version=None)
    problem = Problem(code="requirement-by-path", message="m")

    left = NotReleased(name=None, path="a/Cargo.toml", reason="empty")

    crates = replace(CRATES, members=(member,), not_released=(left,))
    both = merged([crates, replace(PROJECTS, problems=(problem,))])

    assert both.members == (member,)
    assert both.problems == (problem,)
    assert both.not_released == (left,)


@pytest.mark.parametrize(
    ("cargo", "python", "strays"),
    [
        ("1.0.0", "1.0.0", []),
        ("1.3.0-rc.1", "1.3.0rc1", []),
        ("1.0.0", "1.0.1", ["py"]),
        ("1.0.0", "1.0.0.dev0", ["py"]),
        ("1.3.0-dev.0", "1.3.0.dev0", []),
        ("1.3.0-dev", "1.3.0.dev0", []),
        ("1.3.0-dev.0", "1.3.0.dev1", ["py"]),
        ("1.3.0-nightly.2", "1.3.0-nightly.2", []),
    ],
)
def test_between_ecosystems_spellings_may_differ_but_the_version_may_not(
    cargo: str, python: str, strays: list[str]
) -> None:
    crates = Workspace(packages=(crate("a", cargo), crate("b", cargo)))
    projects = Workspace(packages=(replace(package("py"), version=python),))

    both = judged(merged([crates, projects]), NOTHING, Scope())

    assert [problem.package for problem in both.problems] == strays
    assert {problem.code for problem in both.problems} <= {"stray-version"}
    assert all(problem.file and problem.remedy for problem in both.problems)


@pytest.mark.parametrize(
    ("versions", "code"),
    [
        (("1.0.0", "1.0.0", "2.0.0"), "stray-version"),
        (("1.0.0", "2.0.0"), "several-versions"),
        (("1.0.0", "1.0.0", "2.0.0", "3.0.0"), "several-versions"),
        (("1.0.0", "1.0"), None),
    ],
    ids=["more than half", "half", "the most, but half", "one version"],
)
def test_versions_of_listed_packages_are_one_problem_each_or_one_for_all(
    versions: tuple[str, ...], code: str | None
) -> None:
    found = Workspace(packages=tuple(crate(f"c{n}", one) for n, one in enumerate(versions)))

    assert [one.code for one in judged(found, NOTHING, Scope()).problems] == ([code] if code else [])


@pytest.mark.parametrize(
    ("versions", "last", "stray"),
    [
        ("2.0.0 2.0.0 0.1.0 0.1.0 0.1.0", "c0 c1", ["c2", "c3", "c4"]),
        ("2.0.0 2.0.0 0.1.0 0.1.0 0.1.0", "c0 gone", ["c2", "c3", "c4"]),
        ("2.0.0 2.0.0 0.1.0 0.1.0 0.1.0", "", ["c0", "c1"]),
        ("2.0.0 2.0.0 0.1.0 0.1.0 0.1.0", "c0 c2", ["c0", "c1"]),
        ("2.0.0 2.0.0 0.1.0 0.1.0 0.1.0 0.2.0 0.1.0 0.1.0", "c0 c1", [None]),
    ],
    ids=["more examples than packages", "one is gone", "no last release", "they went apart", "many at once"],
)
def test_the_packages_of_the_last_release_tell_its_version(
    versions: str, last: str, stray: list[str | None]
) -> None:
    found = Workspace(packages=tuple(crate(f"c{n}", one) for n, one in enumerate(versions.split())))

    problems = judged(found, NOTHING, Scope(), frozenset(("cargo", one) for one in last.split())).problems

    assert [one.package for one in problems] == stray
    if stray == [None]:
        assert problems[0].message == (
            "6 packages have other versions than the release, 2.0.0: "
            "0.1.0 (`c2`, `c3`, `c4`, ...); 0.2.0 (`c5`)"
        )
        assert 'exclude = ["c2", "c3", "c4", "c6", "c7", "c5"]' in (problems[0].remedy or "")


def test_where_no_version_is_clear_that_of_the_last_release_comes_first() -> None:
    found = Workspace(packages=tuple(crate(f"c{n}", f"{n}.0.0") for n in range(3)))

    (problem,) = judged(found, NOTHING, Scope(), frozenset({("cargo", "c1")})).problems

    assert problem.message.startswith("the packages have 3 versions: 1.0.0 (`c1`); ")
    assert 'exclude = ["c2", "c0"]' in (problem.remedy or "")


def test_half_of_the_packages_decide_if_they_inherit_the_version() -> None:
    shared = replace(crate("a"), version_file="Cargo.toml")

    (problem,) = judged(Workspace(packages=(shared, crate("b", "2.0.0"))), NOTHING, Scope()).problems

    assert (problem.code, problem.package) == ("stray-version", "b")


def test_packages_with_versions_from_tags_are_of_no_other_version() -> None:
    tagged = replace(project("t", ""), tags=TagSource(tool="hatch-vcs", file="t/pyproject.toml"))
    found = plain(project("a"), tagged)

    assert judged(found, all_plain(found), Scope()).names == ("a", "t")


@pytest.mark.parametrize(
    ("found", "start", "released"),
    [
        (plain(project("a"), project("b"), project("demo", "0.1.0")), ".", ("a", "b")),
        (plain(project("a", folder="."), project("demo", "0.1.0")), ".", ("a",)),
        (plain(project("a"), project("demo", "0.1.0")), "demo", ("demo",)),
        (plain(project("a"), project("demo", "0.1.0")), "demo/src", ("demo",)),
        (plain(project("a"), project("demo", "0.1.0")), ".", ("a", "demo")),
        (
            plain(project("a"), project("b"), project("core", "0.1.0"), edges="a>core"),
            ".",
            ("a", "b", "core"),
        ),
        (
            plain(project("a"), project("b"), project("demo", "0.1.0"), edges="demo>a"),
            ".",
            ("a", "b"),
        ),
    ],
    ids=[
        "more than half",
        "the one at the top",
        "the one where castoff starts",
        "the one above where castoff starts",
        "unclear",
        "one that is needed",
        "one that only needs",
    ],
)
def test_plain_projects_of_another_version_are_left_out_if_the_version_is_clear(
    found: Workspace, start: str, released: tuple[str, ...]
) -> None:
    one = judged(found, all_plain(found), Scope(start=start))

    assert one.names == released
    assert {left.name for left in one.not_released} == {p.name for p in found.packages} - set(released)
    assert one.problems == () or (
        released == one.names and {p.code for p in one.problems} <= {"several-versions", "stray-version"}
    )


def test_what_is_left_out_takes_its_edges_along() -> None:
    found = plain(project("a"), project("b"), project("demo", "0.1.0"), edges="b>a demo>a")

    assert judged(found, all_plain(found), Scope()).edges == (edge("b", "a"),)


def test_packages_that_a_client_lists_measure_the_plain_folders() -> None:
    beside = plain(project("x", "0.1.0"), project("y", "0.1.0"), project("z", "0.1.0"))

    one = judged(merged([CRATES, beside]), all_plain(beside), Scope())

    assert (one.names, one.problems) == (("core", "util"), ())
    assert {left.name for left in one.not_released} == {"x", "y", "z"}


def test_a_member_of_the_releases_version_follows_whatever_publishes_it() -> None:
    crate_of_wheel = Member(
        name="x",
        ecosystem="cargo",
        path=".",
        manifest="Cargo.toml",
        version="1.0.0",
        reason="`publish = false`",
    )
    other = replace(crate_of_wheel, name="y", version="0.1.0")
    excluded = replace(crate_of_wheel, name="z", reason=EXCLUDED)
    found = replace(plain(project("x", folder=".")), members=(crate_of_wheel, other, excluded))

    followed = judged(found, all_plain(found), Scope()).members

    assert [(one.name, one.follows) for one in followed] == [("x", True), ("y", False), ("z", False)]


def left_out(one: Workspace) -> list[tuple[str | None, str]]:
    return [(entry.name, entry.reason) for entry in one.not_released]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (crate("x", "0.5.0"), "its version is 0.5.0"),
        (replace(crate("x"), obstacle="it requires `core` by a path"), "it requires `core` by a path"),
        (
            replace(crate("x", ""), tags=TagSource(tool="hatch-vcs", file="f")),
            "hatch-vcs computes its version from tags",
        ),
    ],
    ids=["another version", "cannot be published", "version from tags"],
)
def test_what_is_outside_is_left_out_with_its_reason(other: Package, reason: str) -> None:
    tools = Workspace(packages=(other,), ecosystems=("cargo",), roots=("tools",))

    whole = with_others(CRATES, [CRATES], [Discovery(workspaces=(CRATES, tools))], Scope())

    assert left_out(whole) == [("x", reason)]
    assert [one.root for one in whole.others] == ["tools"]
    assert whole.problems == ()


def test_private_packages_outside_are_listed_with_their_reason() -> None:
    private = Member(
        name="x",
        ecosystem="cargo",
        path="x",
        manifest="x/Cargo.toml",
        version="1.0.0",
        reason="`publish = false`",
    )
    tools = Workspace(packages=(), members=(private,), ecosystems=("cargo",), roots=("tools",))

    assert left_out(with_others(CRATES, [CRATES], [Discovery(workspaces=(tools,))], Scope())) == [
        ("x", "`publish = false`")
    ]


def test_what_is_outside_and_has_the_version_is_one_error_with_the_lines_to_write() -> None:
    tools = Workspace(packages=(crate("x"),), ecosystems=("cargo",), roots=("tools",))
    alone = plain(project("py"))

    whole = with_others(CRATES, [CRATES], [Discovery(workspaces=(CRATES, tools, alone))], Scope())

    (problem,) = whole.problems
    assert (problem.code, problem.severity) == ("outside-workspace", "error")
    assert 'workspaces = [".", "tools", "py"]' in problem.remedy
    assert 'exclude = ["crates/x", "py"]' in problem.remedy
    assert whole.others == (OtherWorkspace(root="tools", ecosystem="cargo", why="1 package at 1.0.0"),)


def test_the_lines_name_plain_folders_one_ecosystem_and_many_folders_at_once() -> None:
    wheel = plain(project("quay", folder="bindings"))
    behind = replace(crate("quay"), path="bindings", manifest="bindings/Cargo.toml")
    many = [
        replace(crate(f"p{n}"), path=f"plugins/{n}", manifest=f"plugins/{n}/Cargo.toml") for n in range(4)
    ]
    cargo = Workspace(packages=(behind, *many), ecosystems=("cargo",), roots=(".",))

    (problem,) = with_others(wheel, [wheel], [Discovery(workspaces=(wheel, cargo))], Scope()).problems

    assert 'workspaces = ["bindings", "."]' in problem.remedy
    assert 'exclude = ["cargo:bindings", "plugins/*"]' in problem.remedy


def test_one_pattern_for_many_folders_never_takes_a_released_package() -> None:
    released = plain(project("a", folder="plugins/a"))
    many = [
        replace(crate(f"p{n}"), path=f"plugins/{n}", manifest=f"plugins/{n}/Cargo.toml") for n in range(4)
    ]
    cargo = Workspace(packages=tuple(many), ecosystems=("cargo",), roots=("plugins",))

    (problem,) = with_others(
        released, [released], [Discovery(workspaces=(released, cargo))], Scope()
    ).problems

    assert 'exclude = ["plugins/0", "plugins/1", "plugins/2", "plugins/3"]' in problem.remedy


def test_without_packages_nothing_outside_is_an_error() -> None:
    empty = Workspace(packages=())
    tools = Workspace(packages=(crate("x"),), ecosystems=("cargo",), roots=("tools",))

    assert with_others(empty, [empty], [Discovery(workspaces=(tools,))], Scope()).problems == ()


@pytest.mark.parametrize(
    ("program", "exclude", "expected"),
    [
        (Program(name="p", path="p/setup.py", version="1.0.0"), (), None),
        (Program(name="p", path="p/setup.py", version=None), (), None),
        (Program(name="p", path="p/setup.py", version="0.2"), (), "its version is 0.2"),
        (Program(name="p", path="p/setup.py", version=None), ("p",), EXCLUDED),
        (Program(name="q", path="p/setup.py", version=None), ("p",), EXCLUDED),
        (Program(name="q", path="a/p/setup.py", version=None), ("a/p",), EXCLUDED),
        (Program(name="q", path="setup.py", version=None), (".",), EXCLUDED),
        (Program(name="q", path="a/p/setup.py", version=None), ("a",), None),
    ],
    ids=[
        "the version",
        "no version to read",
        "another version",
        "excluded by name",
        "excluded by folder",
        "excluded by a deep folder",
        "excluded at the root",
        "only the folder above is excluded",
    ],
)
def test_a_program_is_undecided_unless_its_version_or_the_configuration_decides(
    program: Program, exclude: tuple[str, ...], expected: str | None
) -> None:
    found = plain(project("a"))

    whole = with_others(found, [found], [Discovery(programs=(program,))], Scope(exclude=exclude))

    assert [one.code for one in whole.problems] == ([] if expected else ["outside-workspace"])
    assert left_out(whole) == ([(program.name, expected)] if expected else [])


def test_a_program_beside_crates_alone_is_no_matter() -> None:
    program = Program(name="p", path="p/setup.py", version="1.0.0")

    whole = with_others(CRATES, [CRATES], [Discovery(programs=(program,))], Scope())

    assert whole.problems == ()
    assert [one.name for one in whole.not_released] == ["p"]


def test_manifests_that_cannot_be_read_and_those_of_no_workspace_are_listed() -> None:
    broken = Unreadable(path="t/Cargo.toml", problem=Problem(code="toml-invalid", message="no TOML", line=3))
    virtual = NotReleased(name=None, path="a/Cargo.toml", reason="empty")

    whole = with_others(CRATES, [CRATES], [Discovery(unreadable=(broken,), outside=(virtual,))], Scope())

    assert [(one.path, one.reason) for one in whole.not_released] == [
        ("a/Cargo.toml", "empty"),
        ("t/Cargo.toml", "it cannot be read, line 3: no TOML"),
    ]


def test_manifests_of_another_workspace_that_cannot_be_read_are_listed() -> None:
    tools = Workspace(
        packages=(crate("x", "0.5.0"),),
        ecosystems=("cargo",),
        roots=("tools",),
        broken=("t/Cargo.toml", "u/Cargo.toml"),
        problems=(Problem(code="toml-invalid", message="no TOML", file="t/Cargo.toml", line=3),),
    )

    whole = with_others(CRATES, [CRATES], [Discovery(workspaces=(CRATES, tools))], Scope())

    assert [one for one in whole.not_released if one.name is None] == [
        NotReleased(name=None, path="t/Cargo.toml", reason="it cannot be read, line 3: no TOML"),
        NotReleased(name=None, path="u/Cargo.toml", reason="it cannot be read"),
    ]


def test_each_problem_of_what_is_outside_reads_as_recorded() -> None:
    found = plain(project("a"))
    tools = Workspace(packages=(crate("x"),), ecosystems=("cargo",), roots=("tools",))
    many = Workspace(packages=tuple(crate(f"c{n}") for n in range(9)), ecosystems=("cargo",), roots=("many",))
    script = Program(name="p", path="p/setup.py", version=None)
    linked = Program(name="q", path="q/pyproject.toml", version=None, is_linked=True)
    cases = {
        "a workspace": with_others(CRATES, [CRATES], [Discovery(workspaces=(CRATES, tools))], Scope()),
        "a plain project": with_others(
            found, [found], [Discovery(workspaces=(found, plain(project("b"))))], Scope()
        ),
        "many packages": with_others(CRATES, [CRATES], [Discovery(workspaces=(CRATES, many))], Scope()),
        "a program": with_others(found, [found], [Discovery(programs=(script,))], Scope()),
        "a symbolic link": with_others(found, [found], [Discovery(programs=(linked,))], Scope()),
        "both": with_others(found, [found], [Discovery(programs=(script, linked))], Scope()),
        "a version of its own": judged(
            Workspace(
                packages=tuple(crate(f"c{n}", one) for n, one in enumerate(("1.0.0", "1.0.0", "2.0.0")))
            ),
            NOTHING,
            Scope(),
        ),
        "many versions of their own": judged(
            Workspace(packages=tuple(crate(f"c{n}", "1.0.0" if n < 8 else "2.0.0") for n in range(15))),
            NOTHING,
            Scope(),
        ),
        "two versions": judged(Workspace(packages=(crate("a"), crate("b", "2.0.0"))), NOTHING, Scope()),
        "many versions": judged(
            Workspace(packages=tuple(crate(f"c{n}", f"{n}.0.0") for n in range(9))), NOTHING, Scope()
        ),
    }

    assert_recorded(RECORD, "".join(problems_as_text(name, one.problems) for name, one in cases.items()))


def test_a_manifest_that_cannot_be_read_may_be_excluded() -> None:
    broken = Unreadable(path="t/Cargo.toml", problem=Problem(code="toml-invalid", message="no TOML"))

    whole = with_others(CRATES, [CRATES], [Discovery(unreadable=(broken,))], Scope(exclude=("cargo:t",)))

    assert whole.not_released == (NotReleased(name=None, path="t/Cargo.toml", reason=EXCLUDED),)


@pytest.mark.parametrize(
    ("code", "version", "kept"),
    [
        ("duplicate-name", "2.0.0", False),
        ("duplicate-name", "1.0.0", True),
        ("duplicate-name", None, True),
        ("toml-invalid", "2.0.0", True),
    ],
)
def test_a_shared_name_is_no_problem_if_the_second_has_another_version_anyway(
    code: str, version: str | None, kept: bool
) -> None:
    second = Member(name="a", ecosystem="python", path="x", manifest="x/pyproject.toml", version=version)
    problem = Problem(code=code, message="m", file=second.manifest)
    found = replace(plain(project("a")), members=(second,), problems=(problem,))

    assert judged(found, all_plain(found), Scope()).problems == ((problem,) if kept else ())


def test_a_workspace_that_publishes_nothing_is_refused_with_the_reasons() -> None:
    member = Member(
        name="x",
        ecosystem="cargo",
        path="x",
        manifest="x/Cargo.toml",
        version=None,
        reason="`publish = false`",
    )

    with pytest.raises(WorkspaceError) as caught:
        require_packages(Workspace(packages=(), members=(member,)))

    assert caught.value.problems[0].code == "nothing-to-publish"
    assert caught.value.problems[0].reason == "`x`: `publish = false`"


def test_what_is_wrong_comes_before_that_nothing_is_published() -> None:
    problem = Problem(code="toml-invalid", message="m")

    with pytest.raises(WorkspaceError) as caught:
        require_packages(Workspace(packages=(), problems=(problem,)))

    assert caught.value.problems == (problem,)


def test_a_workspace_with_packages_is_fine() -> None:
    require_packages(CRATES)
    assert CRATES.package("core").id == "core"
    with pytest.raises(KeyError):
        CRATES.package("gone")
