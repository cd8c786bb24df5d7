"""Remedies for manifests of crates: trees of texts, read and edited."""

from __future__ import annotations

from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.model.joined_workspace import require_packages
from castoff.model.scope import Scope
from castoff.session.workspaces import read_workspace
from ecosystems.cargo.manifest.cargo_trees import Files, package, tree
from remedies.following import Case, cases, follow, follow_row

A = package("a")


def root(text: str, **members: str) -> Files:
    """Return a workspace whose root manifest is ``text``."""
    return Files({"Cargo.toml": text} | {f"{name}/Cargo.toml": one for name, one in members.items()})


def member(text: str, shared: str = "") -> Files:
    """Return a workspace with a good member `a` and another one, `b`."""
    return tree(shared, a=A, b=text)


def needs(text: str, shared: str = "") -> Files:
    """Return a workspace whose member `b` has a table of dependencies."""
    return member(package("b", f"[dependencies]\n{text}\n"), shared)


ALONE = package("a", version='version = "1.2.0"')
READ = [
    Case(
        "manifest-invalid",
        member(package("b", version="version = 1.2")),
        member(package("b", version='version = "1.2.0"')),
        "correct that line",
    ),
    Case(
        "manifest-invalid",
        root('[workspace]\nmembers = "a"\n', a=ALONE),
        root('[workspace]\nmembers = ["a"]\n', a=ALONE),
        "Correct the manifest at the line in the message",
    ),
    Case(
        "member-missing",
        root('[workspace]\nmembers = ["a", "b"]\n', a=ALONE),
        root('[workspace]\nmembers = ["a"]\n', a=ALONE),
        "correct the list of members",
    ),
    Case(
        "member-missing",
        root('[workspace]\nmembers = ["a", "b"]\n', a=ALONE),
        root('[workspace]\nmembers = ["a", "b"]\n', a=ALONE, b=ALONE.replace('"a"', '"b"')),
        "add the package",
    ),
    Case(
        "member-missing",
        root('[workspace]\nmembers = ["a"]\ndefault-members = ["x"]\n', a=ALONE),
        root('[workspace]\nmembers = ["a"]\ndefault-members = ["a"]\n', a=ALONE),
        "correct the list of default members",
    ),
    Case("name-invalid", member(package("b b")), member(package("b-b")), "correct the name"),
    Case(
        "nested-workspace",
        member(package("b", "\n[workspace]\n")),
        member(package("b")),
        "remove its `[workspace]`",
    ),
    Case(
        "nested-workspace",
        root('[workspace]\nmembers = ["a", "b"]\n', a=ALONE, b=ALONE.replace('"a"', '"b"') + "[workspace]\n"),
        root(
            '[workspace]\nmembers = ["a"]\nexclude = ["b"]\n',
            a=ALONE,
            b=ALONE.replace('"a"', '"b"') + "publish = false\n[workspace]\n",
        ),
        "add it to `workspace.exclude`",
    ),
    Case(
        "not-inheritable",
        needs("x.workspace = true"),
        needs("x.workspace = true", '[workspace.dependencies]\nx = "1"\n'),
        "add `x` to `[workspace.dependencies]`",
    ),
    Case(
        "not-inheritable",
        needs("x.workspace = true"),
        needs('x = "1"'),
        "write the requirement in the member",
    ),
    Case(
        "not-inheritable",
        root("[workspace]\nmembers = ['b']\n", b=package("b")),
        root("[workspace]\nmembers = ['b']\n[workspace.package]\nversion = '1.2.0'\n", b=package("b")),
        "add `version` to `[workspace.package]`",
    ),
    Case(
        "not-inheritable",
        root("[workspace]\nmembers = ['b']\n", b=package("b")),
        root("[workspace]\nmembers = ['b']\n", b=package("b", version="version = '1.2.0'")),
        "write it in the member",
    ),
    Case("requirement-invalid", needs('x = "one"'), needs('x = "1"'), "correct that line"),
    Case(
        "stray-version",
        member(package("b", version='version = "1.1.0"')),
        member(package("b")),
        "set it to 1.2.0",
    ),
    Case(
        "toml-invalid", member("[package]\nname = \n"), member(package("b")), "correct the file at that line"
    ),
    Case(
        "version-invalid",
        member(package("b", version='version = "1.2"')),
        member(package("b", version='version = "1.2.0"')),
        "correct `version` in that manifest",
    ),
    Case(
        "version-missing",
        member(package("b", "publish = true\n", version="")),
        member(package("b")),
        "set `version.workspace = true`",
    ),
    Case(
        "version-missing",
        member(package("b", "publish = true\n", version="")),
        member(package("b", "publish = false\n", version="")),
        "`publish = false`",
    ),
    Case(
        "nothing-to-publish",
        root(ALONE + "publish = false\n"),
        root(ALONE),
        "change the setting that prevents its publication: `publish`",
    ),
]


@cases(READ)
def test_a_manifest_of_a_crate_is_corrected_as_the_remedy_reads(case: Case) -> None:
    def look(tree: Files) -> object:
        workspace = read_workspace(tree, (CargoManifests(),), Scope())
        require_packages(workspace)
        return workspace

    follow_row(case, look)


@cases([Case("stray-version", member(package("b", version='version = "1.1.0"')), ["b"], 'exclude = ["b"]')])
def test_a_crate_is_excluded_as_the_remedy_reads(case: Case) -> None:
    exclude: list[str] = []
    follow(
        case.code,
        lambda: read_workspace(case.before, (CargoManifests(),), Scope(exclude=tuple(exclude))),
        told=case.told,
        do=lambda: exclude.extend(case.after),
    )
