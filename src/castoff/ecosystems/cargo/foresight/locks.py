"""Report of crates that are packed without their lock file."""

from __future__ import annotations

from castoff.ecosystems.cargo.manifest.layout import Files
from castoff.errors import Problem
from castoff.model.workspace import Package, Workspace


def judge_locks(files: Files, workspace: Workspace) -> tuple[Problem, ...]:
    """Report programs that need a crate of another workspace of the release: cargo cannot lock them before it is up.

    Libraries are left out: a user's build never reads their lock file (The Cargo Book, "Cargo.toml vs Cargo.lock").
    Warning: ``lock-left-out``.
    """
    crates = {one.id: one for one in workspace.packages if one.ecosystem == "cargo"}
    if len({one.root for one in crates.values()}) < 2:
        return ()
    needs = {
        name: {edge.target for edge in workspace.edges if edge.origin == name and edge.survives}
        for name in crates
    }
    found = []
    for name, crate in crates.items():
        reached, left = {name}, [name]
        while left:
            new = (needs.get(left.pop(), set()) & crates.keys()) - reached
            reached |= new
            left += new
        others = sorted(one for one in reached if crates[one].root != crate.root)
        if others and _is_program(files, crate):
            found.append(_left_out(crate, crates[others[0]]))
    return tuple(found)


def _is_program(files: Files, crate: Package) -> bool:
    folder = "" if crate.path == "." else f"{crate.path}/"
    sources = (f"{folder}src/main.rs", f"{folder}src/bin/")
    return "\n[[bin]]" in f"\n{files.read(crate.manifest) or ''}" or any(
        path.startswith(sources) for path in files.paths()
    )


def _left_out(crate: Package, other: Package) -> Problem:
    return Problem(
        code="lock-left-out",
        severity="warning",
        message=f"`{crate.name}` is uploaded without a lock file",
        reason=f"it needs `{other.name}` of the workspace `{other.root}`, which is not on the registry before the "
        f"release: `cargo install --locked {crate.name}` will use the versions that are current then",
        remedy=f'release it afterwards, on its own: leave "{crate.root}" out of `workspaces` in `[release]`',
        file=crate.manifest,
        package=crate.id,
    )
