"""Properties of the choice of what is released, over repositories of any layout."""

from __future__ import annotations

from collections import Counter

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from repositories import Repository, repositories, unambiguous

from castoff.errors import CastoffError
from castoff.model.scope import Scope
from castoff.model.version_rules import ExistingVersion, above
from castoff.model.versions import ReleaseVersion, next_version
from castoff.model.workspace import Workspace
from castoff.session.workspaces import read_workspace
from castoff.wiring import manifests

EXCLUDES = st.lists(st.sampled_from(("ant", "fa", "cargo:*", "python:bee", "fh/*")), max_size=2)


def release_of(tree: Repository, start: str = ".", *exclude: str) -> Workspace:
    return read_workspace(tree, manifests(), Scope(start=start, exclude=exclude))


def errors_of(workspace: Workspace) -> list[str]:
    return sorted(one.code for one in workspace.problems if one.severity == "error")


@settings(max_examples=300)
@given(repositories(), EXCLUDES, st.data())
def test_every_manifest_is_released_or_left_out_or_an_error(
    tree: Repository, exclude: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.sampled_from((".", *tree.folders)))
    try:
        release = release_of(tree, start, *exclude)
    except CastoffError as error:
        (first, *_) = error.problems
        assert first.remedy
        if first.code == "several-workspaces":
            assert first.remedy.count("workspaces = [") >= 2
        return
    released = [one.manifest for one in release.packages]
    left_out = [one.path for one in release.left_out]
    errors = [one for one in release.problems if one.severity == "error"]
    wrong = {one.file for one in errors} | set(release.broken)
    wrong |= {path for one in errors for path in tree.described if f"`{path}`" in one.message}

    assert max(Counter([*released, *left_out]).values(), default=0) <= 1
    assert tree.owed <= {*released, *left_out, *wrong}
    assert {*released, *left_out} <= set(tree.paths())


@settings(max_examples=250)
@given(unambiguous())
def test_what_is_unambiguous_is_released(drawn: tuple[Repository, str]) -> None:
    tree, start = drawn

    release = release_of(tree, start)

    assert (errors_of(release), bool(release.packages)) == ([], True)
    assert not any(one.manifest.startswith("beside/") for one in release.packages)


@settings(max_examples=150)
@given(repositories(odd=False))
def test_every_folder_of_a_workspace_gives_the_same_release(tree: Repository) -> None:
    found = [one.discover(tree) for one in manifests()]
    workspaces = [one for discovery in found for one in discovery.workspaces if one.declared and one.packages]
    for workspace in workspaces:
        (root,) = workspace.roots
        others = {
            folder
            for discovery in found
            for one in discovery.workspaces
            if one != workspace
            for folder in one.folders | set(one.roots)
        }
        if root in others:
            continue
        at_root = release_of(tree, root)
        for folder in workspace.folders - others:
            assert release_of(tree, folder) == at_root


@settings(max_examples=150)
@given(
    repositories(shared_names=False),
    st.permutations(("crates", "examples", "tests", "docs", "vendor", "fuzz", "packages", "src")),
)
def test_no_decision_depends_on_the_name_of_a_folder(tree: Repository, names: list[str]) -> None:
    new = dict(zip(("fa", "fb", "fc", "fd", "fe", "ff", "fg", "fh"), names, strict=True))
    moved = tree.renamed(new)
    assume(len(moved.texts) == len(tree.texts))

    assert _outcome(moved, {}) == _outcome(tree, new)


def _outcome(tree: Repository, names: dict[str, str]) -> object:
    try:
        release = release_of(tree)
    except CastoffError as error:
        return sorted(one.code for one in error.problems)
    released = Repository(dict.fromkeys((one.manifest for one in release.packages), ""))
    left_out = Repository(dict.fromkeys((one.path for one in release.left_out), ""))
    return released.renamed(names).paths(), left_out.renamed(names).paths(), errors_of(release)


VERSION = st.builds(
    ReleaseVersion,
    st.integers(0, 2),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from((None, None, "alpha", "rc")),
    st.integers(0, 2),
).map(lambda one: one if one.pre else one.base)


@given(st.lists(VERSION, max_size=6), st.lists(VERSION, max_size=6), st.booleans())
@example([], [], True)
def test_no_level_leads_below_a_version_of_its_line(
    reached: list[ReleaseVersion], others: list[ReleaseVersion], is_newest: bool
) -> None:
    for level in ("major", "minor", "patch"):
        version = next_version(max(reached, default=None), level)
        known = [ExistingVersion(str(one), "a tag", one) for one in others]
        if above(version, known, is_newest_line=is_newest):
            continue
        line = [
            one for one in (*reached, *others) if (one.major, one.minor) == (version.major, version.minor)
        ]
        assert max(line, default=version) <= version
        assert not is_newest or all(one <= version for one in others if one.is_stable)
