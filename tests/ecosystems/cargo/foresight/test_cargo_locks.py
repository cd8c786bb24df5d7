"""Crates that are packed without a lock file: programs that need a crate of another workspace of the release."""

from __future__ import annotations

import pytest

from castoff.ecosystems.cargo.foresight.locks import judge_locks
from castoff.model.workspace import Edge, EdgeKind, Package, Workspace
from ecosystems.cargo.manifest.cargo_trees import Files

MAIN = {"cli/src/main.rs": "fn main() {}\n"}


def crate(name: str, root: str) -> Package:
    manifest = f"{name}/Cargo.toml"
    return Package(
        name=name,
        ecosystem="cargo",
        path=name,
        manifest=manifest,
        version="1.0.0",
        version_file=manifest,
        root=root,
    )


def workspace(cli_root: str = "cli", *, kind: EdgeKind = "normal", survives: bool = True) -> Workspace:
    """Return the program `cli`, which needs `lib` by way of `mid`."""
    return Workspace(
        packages=(crate("lib", "lib"), crate("mid", cli_root), crate("cli", cli_root)),
        edges=(
            Edge(origin="cli", target="mid", kind="normal"),
            Edge(origin="mid", target="lib", kind=kind, survives=survives),
        ),
    )


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param(MAIN, workspace(), id="a program"),
        pytest.param({"cli/src/bin/other.rs": ""}, workspace(), id="more programs"),
        pytest.param(
            {"cli/Cargo.toml": '[[bin]]\nname = "x"\n'}, workspace(), id="a program by its manifest"
        ),
        pytest.param(MAIN, workspace(kind="dev"), id="a dev-dependency that is uploaded"),
    ],
)
def test_a_program_without_a_lock_file_is_reported(texts: dict[str, str], found: Workspace) -> None:
    (problem,) = judge_locks(Files(texts), found)

    assert (problem.code, problem.severity, problem.package) == ("lock-left-out", "warning", "cli")
    assert "`lib` of the workspace `lib`" in problem.reason


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param({}, workspace(), id="a library"),
        pytest.param({"cli/examples/src/main.rs": ""}, workspace(), id="an example"),
        pytest.param(MAIN, workspace("lib"), id="one workspace"),
        pytest.param(MAIN, workspace(kind="dev", survives=False), id="a dev-dependency that is not uploaded"),
    ],
)
def test_every_other_crate_has_its_lock_file(texts: dict[str, str], found: Workspace) -> None:
    assert judge_locks(Files(texts), found) == ()
