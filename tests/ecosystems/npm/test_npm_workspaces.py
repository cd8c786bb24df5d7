from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.npm.manifest.demands import FIELDS
from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.model.graph import order_of
from castoff.model.selection import Discovery
from castoff.model.versions import ReleaseVersion, read
from castoff.model.workspace import Edited, Workspace
from whole_workspace import workspace_in

NEW = ReleaseVersion(1, 3, 0)
ROOT = {"private": True, "workspaces": ["packages/*"]}
PNPM = "packages:\n  - 'packages/*'\n"


@dataclass
class Texts:
    texts: dict[str, str] = field(default_factory=dict)

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def read(self, path: str) -> str | None:
        return self.texts.get(path)


def package(name: str | None = None, **more: Any) -> str:
    named = {"name": name, "version": "1.2.0"} if name else {}
    return json.dumps({**named, **more}, indent=2) + "\n"


def pnpm(**packages: str) -> dict[str, str]:
    members = {f"packages/{folder}/package.json": text for folder, text in packages.items()}
    return {"package.json": package(private=True), "pnpm-workspace.yaml": PNPM, **members}


def discover(texts: dict[str, str], *exclude: str) -> Discovery:
    return NpmManifests().discover(Texts(texts), exclude)


def only(texts: dict[str, str], *exclude: str) -> Workspace:
    return workspace_in(NpmManifests(), Texts(texts), exclude)


def edit(texts: dict[str, str], new: ReleaseVersion = NEW, raised: tuple[str, ...] | None = None) -> Edited:
    manifests = NpmManifests()
    return manifests.edited(Texts(texts), workspace_in(manifests, Texts(texts), ()), new, raised=raised)


@pytest.mark.parametrize(
    "root",
    [
        pytest.param({"package.json": package(**ROOT)}, id="npm"),
        pytest.param({"package.json": package(workspaces={"packages": ["packages/*"]})}, id="an object"),
        pytest.param({"package.json": package(**ROOT, packageManager="yarn@4.18.1")}, id="yarn"),
        pytest.param({"package.json": package(**ROOT), "bun.lock": ""}, id="bun"),
        pytest.param({"package.json": package(private=True), "pnpm-workspace.yaml": PNPM}, id="pnpm"),
        pytest.param({"pnpm-workspace.yaml": PNPM}, id="pnpm without a manifest at the root"),
    ],
)
def test_each_client_declares_a_workspace(root: dict[str, str]) -> None:
    members = {
        "packages/a/package.json": package("a"),
        "packages/b/package.json": package("@x/b", dependencies={"a": "1.2.0"}),
        "packages/b/node_modules/c/package.json": package("c"),
        "examples/d/package.json": package("d"),
    }
    workspace, example = discover(root | members).workspaces
    assert (workspace.names, workspace.roots, workspace.declared) == (("a", "@x/b"), (".",), True)
    assert (example.names, example.declared, example.plain) == (("d",), False, True)
    assert [(edge.origin, edge.target, edge.requirement) for edge in workspace.edges] == [
        ("@x/b", "a", "1.2.0")
    ]


def test_settings_of_pnpm_without_packages_declare_no_workspace() -> None:
    found = discover({"package.json": package("a"), "pnpm-workspace.yaml": "linkWorkspacePackages: true\n"})
    assert [(one.names, one.declared) for one in found.workspaces] == [(("a",), False)]


def test_only_yarn_follows_workspaces_of_members() -> None:
    texts = {
        "package.json": package(**ROOT),
        "packages/a/package.json": package("a", workspaces=["inner"]),
        "packages/a/inner/package.json": package("b"),
    }
    npm, yarn = discover(texts), discover(texts | {"yarn.lock": ""})
    assert [one.names for one in npm.workspaces] == [("a",), ("b",)]
    assert [one.names for one in yarn.workspaces] == [("a", "b")]


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (package("b", private=True), "`private` is true"),
        (package(version="1.2.0"), "it has no package name"),
        (json.dumps({"name": "b"}), "it has no version"),
        (package("x-b"), "it is in `release.exclude`"),
    ],
)
def test_members_that_are_not_published_have_a_reason(manifest: str, reason: str) -> None:
    workspace = only(pnpm(a=package("a"), b=manifest), "x-*")
    assert [one.reason for one in workspace.members if one.path == "packages/b"] == [reason]


@pytest.mark.parametrize(
    ("manifest", "code", "line"),
    [
        ('{"name": "b",\n}', "json-invalid", 2),
        ("[]", "manifest-invalid", None),
        ('{\n"name": 1}', "manifest-invalid", 2),
        ('{"name": "b", "version": "1.2.0",\n"dependencies": {"a": 1}}', "manifest-invalid", 2),
        (package("a"), "duplicate-name", 2),
        (package("b", dependencies={"a": "file:../a"}), "requirement-by-path", 5),
        (package("b", dependencies={"p": "workspace:*"}), "requires-unpublished", 5),
    ],
)
def test_members_that_cannot_be_released_are_errors_with_a_line(
    manifest: str, code: str, line: int | None
) -> None:
    workspace = only(pnpm(a=package("a"), b=manifest, p=package("p", private=True)))
    assert [(one.code, one.file, one.line) for one in workspace.problems] == [
        (code, "packages/b/package.json", line)
    ]


def test_a_manifest_of_nobody_that_cannot_be_read_is_no_workspace() -> None:
    found = discover({"a/package.json": "{", "b/package.json": '{"name": 1}', "c/package.json": "[]"})
    assert (found.workspaces, [one.path for one in found.unreadable]) == (
        (),
        ["a/package.json", "c/package.json", "b/package.json"],
    )


@pytest.mark.parametrize(
    "more",
    [
        {"devDependencies": {"p": "workspace:*"}},
        {"peerDependencies": {"p": "*"}, "peerDependenciesMeta": {"p": {"optional": True}}},
        {"dependencies": {"p": "workspace:*"}, "bundleDependencies": ["p"]},
        {"dependencies": {"p": "workspace:*"}, "bundledDependencies": True},
        {"devDependencies": {"a": "file:../a"}},
        {"dependencies": {"left-pad": "file:../vendored"}},
    ],
)
def test_what_users_do_not_install_may_be_unpublished(more: dict[str, Any]) -> None:
    assert only(pnpm(a=package("a"), b=package("b", **more), p=package("p", private=True))).problems == ()


@pytest.mark.parametrize(
    ("field", "more", "kind", "ordering"),
    [
        ("dependencies", {}, "normal", None),
        ("optionalDependencies", {}, "optional", "always"),
        ("peerDependencies", {}, "peer", None),
        ("peerDependencies", {"peerDependenciesMeta": {"a": {"optional": True}}}, "peer", "never"),
        ("devDependencies", {}, "dev", "never"),
    ],
)
@pytest.mark.parametrize(
    "text", ["1.2.0", "workspace:*", "workspace:^", "catalog:", "npm:a@^1.2.0", "workspace:a@*"]
)
def test_each_field_and_protocol_is_an_edge(
    field: str, more: dict[str, Any], kind: str, ordering: str | None, text: str
) -> None:
    key = "alias" if "a@" in text and field != "peerDependencies" else "a"
    workspace = only(pnpm(a=package("a"), b=package("b", **{field: {key: text}}, **more)))
    assert [(one.origin, one.target, one.kind, one.ordering) for one in workspace.edges] == [
        ("b", "a", kind, ordering)
    ]


@pytest.mark.parametrize(
    ("text", "new", "kept"),
    [
        ("1.2.0", "1.3.0", "1.3.0"),
        ("^1.2.0", "^1.3.0", "^1.2.0"),
        ("workspace:*", "workspace:*", "workspace:*"),
        ("workspace:~", "workspace:~", "workspace:~"),
        ("workspace:1.2.0", "workspace:1.3.0", "workspace:1.3.0"),
        ("workspace:^1.2.0", "workspace:^1.3.0", "workspace:^1.2.0"),
        ("workspace:../a", "workspace:../a", "workspace:../a"),
        ("npm:a@1.2.0", "npm:a@1.3.0", "npm:a@1.3.0"),
        ("npm:a@0.9.0", "npm:a@0.9.0", "npm:a@0.9.0"),
        ("npm:a", "npm:a", "npm:a"),
        ("github:x/a#v1.2.0", "github:x/a#v1.2.0", "github:x/a#v1.2.0"),
        ("latest", "latest", "latest"),
    ],
)
def test_requirements_on_siblings_move(text: str, new: str, kept: str) -> None:
    texts = pnpm(a=package("a"), b=package("b", dependencies={"a": text, "left-pad": "1.2.0"}))
    for raised, expected in ((None, new), ((), kept)):
        edited = edit(texts, raised=raised)
        manifest = json.loads(edited.texts["packages/b/package.json"])
        assert manifest["dependencies"] == {"a": expected, "left-pad": "1.2.0"}
        assert edited.problems == ()


def test_a_development_requirement_on_an_earlier_release_stays() -> None:
    edited = edit(pnpm(a=package("a"), b=package("b", devDependencies={"a": "1.1.0"})))
    assert json.loads(edited.texts["packages/b/package.json"])["devDependencies"] == {"a": "1.1.0"}


def test_a_range_that_cannot_move_is_an_error() -> None:
    texts = pnpm(a=package("a"), b=package("b", peerDependencies={"a": ">=1.2.0 <2"}))
    (problem,) = edit(texts, ReleaseVersion(2, 0, 0)).problems
    assert (problem.code, problem.line) == ("requirement-excludes-release", 5)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("pnpm-workspace.yaml", PNPM + "catalog:\n  a: 1.2.0 # ours\n", "catalog:\n  a: 1.3.0 # ours\n"),
        ("pnpm-workspace.yaml", PNPM + "catalogs:\n  x:\n    'a': '^1.2.0'\n", "    'a': '^1.3.0'\n"),
        ("pnpm-workspace.yaml", PNPM + "catalog: {b: 1.2.0, a: 1.2.0}\n", "catalog: {b: 1.2.0, a: 1.3.0}\n"),
        (".yarnrc.yml", 'catalog:\n  "a": "1.2.0"\n', 'catalog:\n  "a": "1.3.0"\n'),
        ("package.json", package(**ROOT, catalog={"a": "1.2.0"}), '"a": "1.3.0"'),
        ("package.json", package(**ROOT, catalogs={"x": {"a": "1.2.0"}}), '"a": "1.3.0"'),
    ],
)  # fmt: skip
def test_catalogs_of_each_client_move(file: str, text: str, expected: str) -> None:
    needs = "catalog:x" if "catalogs" in text else "catalog:"
    members = pnpm(a=package("a"), b=package("b", dependencies={"a": needs}))
    root = {"package.json": package(**ROOT, packageManager="yarn@4.18.1")} if file == ".yarnrc.yml" else {}
    if file == "package.json":
        del members["pnpm-workspace.yaml"]
    edited = edit({**members, **root, file: text})
    assert expected in edited.texts[file]
    assert "packages/b/package.json" in {one.path for one in edited.edits if one.kind == "version"}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param({"overrides": {"a": "1.2.0"}}, ['"a": "1.3.0"'], id="npm and bun"),
        pytest.param(
            {"overrides": {"x": {"a@1": "1.2.0"}}}, ['"a@1": "1.3.0"'], id="for one package, with a range"
        ),
        pytest.param({"overrides": {"a": {".": "1.2.0"}}}, ['".": "1.3.0"'], id="the package itself"),
        pytest.param({"overrides": {"x": "npm:a@1.2.0"}}, ['"x": "npm:a@1.3.0"'], id="another name"),
        pytest.param({"resolutions": {"**/a": "1.2.0"}}, ['"**/a": "1.3.0"'], id="yarn, everywhere"),
        pytest.param({"resolutions": {"@s/x/a": "1.2.0"}}, ['"@s/x/a": "1.3.0"'], id="yarn, below a package"),
        pytest.param(
            {"pnpm": {"overrides": {"x@2>a": "1.2.0"}}}, ['"x@2>a": "1.3.0"'], id="pnpm, below a package"
        ),
        pytest.param({"overrides": {"a": "^1.2.0"}}, ['"a": "^1.2.0"'], id="it admits the new version"),
        pytest.param({"overrides": {"a": "1.1.0"}}, ['"a": "1.1.0"'], id="an earlier release on purpose"),
        pytest.param({"overrides": {"a": "$a"}}, ['"a": "$a"'], id="what the root requires"),
        pytest.param(
            {"resolutions": {"@s/a": "1.2.0"}}, ['"@s/a": "1.2.0"'], id="of the same name in a scope"
        ),
        pytest.param(
            {"resolutions": {"a": "workspace:*"}}, ['"a": "workspace:*"'], id="what follows by itself"
        ),
        pytest.param({"resolutions": ["a"]}, ['"resolutions": ['], id="no overrides"),
        pytest.param(
            {"dependencies": {"a": "^1.2.0"}, "overrides": {"a": "^1.2.0"}},
            ['"dependencies": {\n    "a": "^1.3.0"', '"overrides": {\n    "a": "^1.3.0"'],
            id="alike with a requirement of the root",
        ),
    ],
)
def test_overrides_of_the_root_move(overrides: dict[str, Any], expected: list[str]) -> None:
    texts = {
        "package.json": package(**ROOT, **overrides),
        "packages/a/package.json": package("a"),
        # Whoever depends on the other packages is their facade, whose requirements always move.
        "packages/b/package.json": package("b"),
    }
    raised = ("package.json",) if "dependencies" in overrides else ()
    text = {**texts, **edit(texts, raised=raised).texts}["package.json"]
    assert [one for one in expected if one not in text] == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("overrides:\n  'x>a': '1.2.0' # why\n", "  'x>a': '1.3.0' # why\n"),
        ("overrides:\n  a: ^1.2.0\n", "  a: ^1.2.0\n"),
        ("overrides:\n  a: '-'\n", "  a: '-'\n"),
        ("overrides: [a]\n", "overrides: [a]\n"),
    ],
)
def test_overrides_in_the_settings_of_pnpm_move(written: str, expected: str) -> None:
    texts = {**pnpm(a=package("a")), "pnpm-workspace.yaml": PNPM + written}
    assert {**texts, **edit(texts, raised=()).texts}["pnpm-workspace.yaml"].endswith(expected)


def test_private_members_of_the_version_follow_it() -> None:
    texts = pnpm(a=package("a"), docs=package("docs", private=True, dependencies={"a": "1.2.0"}))
    texts["package.json"] = package(private=True, version="1.2.0")
    edited = edit(texts)
    assert [(one.path, one.kind, one.new) for one in edited.edits] == [
        ("package.json", "version", "1.3.0"),
        ("packages/a/package.json", "version", "1.3.0"),
        ("packages/docs/package.json", "version", "1.3.0"),
        ("packages/docs/package.json", "requirement", "1.3.0"),
    ]


@given(
    st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), st.sampled_from(["^1.2.0", "1.2.0", "workspace:*", "~1.2"]))),
    st.sampled_from(["  ", "    ", "\t", None]),
    st.sampled_from(["", "\n", "\r\n"]),
)  # fmt: skip
def test_an_edit_changes_versions_and_nothing_else(
    needs: list[tuple[str, str]], indent: str | None, end: str
) -> None:
    manifest: dict[str, Any] = {"version": "1.2.0", "name": "b", "scripts": {"build": "echo 1.2.0"}}
    for key, text in needs:
        manifest.setdefault(key, {})["a"] = text
    before = json.dumps(manifest, indent=indent).replace("\n", end or "\n") + end
    after = edit(pnpm(a=package("a"), b=before)).texts["packages/b/package.json"]
    version = read("1.3.0")
    assert version is not None
    assert after.replace("1.3", "1.2") == before
    assert json.loads(after)["scripts"] == manifest["scripts"]


@pytest.mark.parametrize(
    ("a", "b", "waves", "dropped"),
    [
        # vitest and its browser runner: peers in both directions order nothing that would close a cycle
        ({"peerDependencies": {"b": "workspace:*"}}, {"peerDependencies": {"a": "workspace:*"}}, "b a", "b"),
        # vue and its compatibility build: a peer orders where it can
        ({}, {"peerDependencies": {"a": "workspace:*"}}, "a b", ""),
        # platform binaries: an optional sibling always goes up first, even if it has the other one as its peer
        ({"optionalDependencies": {"b": "1.2.0"}}, {"peerDependencies": {"a": "1.2.0"}}, "b a", "b"),
    ],
)
def test_peers_order_where_they_can_and_optional_siblings_always(
    a: dict[str, Any], b: dict[str, Any], waves: str, dropped: str
) -> None:
    order = order_of(only(pnpm(a=package("a", **a), b=package("b", **b))))
    assert (order.problems, [name for wave in order.waves for name in wave]) == ((), waves.split())
    assert [one.edge.origin for one in order.edges if not one.orders] == dropped.split()


def test_optional_siblings_that_need_each_other_are_a_cycle() -> None:
    ours = {"optionalDependencies": {"b": "1.2.0"}}, {"optionalDependencies": {"a": "1.2.0"}}
    order = order_of(only(pnpm(a=package("a", **ours[0]), b=package("b", **ours[1]))))
    assert [one.code for one in order.problems] == ["dependency-cycle"]
