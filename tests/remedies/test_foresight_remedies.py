"""Remedies of foresight for crates: trees of manifests against records of what is published."""

from __future__ import annotations

from castoff.ecosystems.cargo.foresight.locks import judge_locks
from castoff.ecosystems.cargo.foresight.packing import foresee, used_before
from castoff.ecosystems.record import Record
from castoff.model.workspace import Edge, Package, Workspace
from ecosystems.cargo.foresight.test_cargo_foresight import A1, ONE, kube, published_before, record, two
from ecosystems.cargo.manifest.cargo_trees import Files, discover, package, tree
from remedies.following import Case, cases, follow_row


def needs(text: str, *, tool: str = "publish = false\n", dev: bool = False) -> Files:
    """Return two crates, one of which requires a third one, `tool`, which is private or published."""
    files = two(text, "dev-dependencies" if dev else "dependencies")
    version = "version.workspace = true" if not tool else 'version = "0.1.0"'
    files.texts["tool/Cargo.toml"] = package("tool", tool, version=version)
    files.texts["Cargo.toml"] = files.texts["Cargo.toml"].replace('"crates/*"', '"crates/*", "tool"')
    return files


TOOL = 'tool = { path = "../../tool", version = "0.1" }'
BEFORE = record(b={"1.1.0": ONE}, a={"1.1.0": A1})
OLD_ONLY = record(b={"1.1.0": ONE})
WITHDRAWN = record(b={"1.1.0": ONE | {"yanked": True}})
BY_VERSION = 'b = { path = "../b", version = "1" }'
BY_PATH = 'b = { path = "../b" }'
BY_WORKSPACE = two("b.workspace = true")
BY_WORKSPACE.texts["Cargo.toml"] += (
    '[workspace.dependencies]\nb = { path = "crates/b", version = "=1.2.0" }\n'
)


def behind(entry: str) -> Files:
    """Return two crates, one of which requires the other by ``entry``."""
    return tree(a=package("a"), b=package("b", f"[dependencies]\na = {entry}\n"))


FORESEEN = [
    Case(
        "needs-unpublished-package",
        (needs(TOOL), Record()),
        (needs(TOOL.replace("0.1", "1.2"), tool=""), Record()),
        "release `tool` too",
    ),
    Case(
        "needs-unpublished-package",
        (needs(TOOL), Record()),
        (needs("x = '1'"), Record()),
        "remove the dependency",
    ),
    Case(
        "needs-unpublished-package",
        (needs(TOOL, dev=True), Record()),
        (needs('tool = { path = "../../tool" }', dev=True), Record()),
        "(or its version, which drops it on publishing)",
    ),
    Case(
        "requirement-admits-nothing",
        (two(BY_VERSION), Record()),
        (two(BY_PATH), Record()),
        "remove `version`",
    ),
    Case(
        "requirement-admits-nothing",
        (BY_WORKSPACE, Record()),
        (two(BY_PATH), Record()),
        "write the path in the member instead",
    ),
    Case(
        "requirement-only-withdrawn",
        (two(BY_VERSION), WITHDRAWN),
        (two(BY_PATH), WITHDRAWN),
        "remove the version",
    ),
    Case(
        "requirement-only-withdrawn",
        (two(BY_VERSION), WITHDRAWN),
        (two(BY_VERSION), BEFORE),
        "first publish a version that meets it",
    ),
    Case(
        "unresolvable-at-its-turn",
        (two(BY_VERSION), OLD_ONLY),
        (two(BY_PATH), OLD_ONLY),
        "for a dev-dependency with a `path` remove its version",
    ),
    Case(
        "two-versions-in-one-range",
        (kube(">=4", "4.0.0"), published_before("4.1.0")),
        (kube(None, "4.0.0"), published_before("4.1.0")),
        "remove `version`",
    ),
    Case(
        "requirement-left-behind",
        (behind('"=1.1.0"'), record(a={"1.1.0": A1})),
        (behind('{ path = "../a", version = "=1.2.0" }'), Record()),
        "add the path of `a`",
    ),
    Case(
        "wildcard-requirement",
        (two('x = "*"', "dependencies"), Record()),
        (two('x = "1"', "dependencies"), Record()),
        "set the versions that it works with",
    ),
]


@cases(FORESEEN)
def test_a_requirement_is_corrected_as_the_remedy_reads(case: Case) -> None:
    follow_row(
        case,
        lambda given: foresee(
            given[0], discover(given[0]), "4.1.0" if case.code.startswith("two") else "1.3.0", given[1]
        ),
    )


USED = record(a={"1.3.0": A1})
GONE = record(b={"1.3.0": ONE | {"yanked": True}})


@cases([Case("version-burnt", ("1.3.0", USED), ("1.3.1", USED), "`castoff plan 1.3.1`")])
def test_the_next_version_is_free_if_this_one_was_used(case: Case) -> None:
    follow_row(case, lambda given: used_before(two("x = '1'"), discover(two("x = '1'")), *given))


@cases([Case("version-withdrawn", ("1.3.0", GONE), ("1.4.0", GONE), "release the next version")])
def test_the_next_version_is_free_if_this_one_was_withdrawn(case: Case) -> None:
    follow_row(case, lambda given: foresee(two("x = '1'"), discover(two("x = '1'")), *given))


PROGRAM = Files({"cli/src/main.rs": "fn main() {}\n"})
LIBRARY, CLI = (
    Package(
        name=name,
        ecosystem="cargo",
        path=name,
        manifest=f"{name}/Cargo.toml",
        version="1.2.0",
        version_file=f"{name}/Cargo.toml",
        root=name,
    )
    for name in ("lib", "cli")
)
TOGETHER = Workspace(
    packages=(LIBRARY, CLI), edges=(Edge(origin="cli", target="lib", kind="normal", requirement="1"),)
)


@cases([Case("lock-left-out", TOGETHER, Workspace(packages=(CLI,)), "release it afterwards, on its own")])
def test_a_program_that_is_released_alone_has_its_lock_file(case: Case) -> None:
    follow_row(case, lambda given: judge_locks(PROGRAM, given))
