"""Remedies for tools, credentials, milestones and pages of the website: pure functions, and files in a folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.io.process import Processes
from castoff.model.child_environments import Kind
from castoff.model.tokens import TokenFacts
from castoff.notes.milestones import (
    MilestonesAsk,
    MilestonesBlocked,
    NoMilestone,
    UseMilestone,
    decide_milestones,
)
from castoff.preflight.credentials import cargo_credential, python_credential
from castoff.preflight.provenance import provenance_problems
from castoff.preflight.remote import judge_token
from castoff.preflight.stage import Cannot
from castoff.preflight.tools import Tool, judge_toolchain, judge_version
from castoff.website import HeadingRule, Origin, Page, render_pages
from config.configuration_files import Files
from notes.test_milestones import ITEMS, MOVE, PLAN, milestone
from remedies.following import Case, cases, follow, follow_row, follows

CARGO = Tool("cargo", (1, 82), "why")
STABLE = "stable-x86_64-unknown-linux-gnu"
TOOLS = [
    Case("tool-too-old", "cargo 1.81.0", "cargo 1.97.0", "update `cargo`"),
    Case("tool-with-fault", "cargo 1.96.1", "cargo 1.97.0", "update `cargo`"),
]


@cases(TOOLS)
def test_a_tool_is_updated(case: Case) -> None:
    follow_row(case, lambda said: judge_version(CARGO, said))


NEWER = f"{STABLE} - update available: 1.95.0 (a 2026-04-14) -> 1.99.1 (b 2026-10-13)"
CURRENT = f"{STABLE} - Up to date: 1.99.1 (b 2026-10-13)"


@cases([Case("toolchain-not-current", NEWER, CURRENT, "run `rustup update stable`")])
def test_the_toolchain_is_updated(case: Case) -> None:
    follow_row(case, lambda said: judge_toolchain(STABLE, said))


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SOON = TokenFacts(scopes=("repo",), expires=NOW + timedelta(hours=2))
LATER = TokenFacts(scopes=("repo",), expires=NOW + timedelta(days=90))
TOKENS = [
    Case("token-ends-soon", SOON, LATER, "Renew the token"),
    Case(
        "token-scope-missing",
        TokenFacts(scopes=("read:user",)),
        LATER,
        "Create a token with the scope `repo`",
    ),
    Case("token-scope-missing", TokenFacts(scopes=()), TokenFacts(), "a fine-grained one"),
]


@cases(TOKENS)
def test_a_token_is_replaced(case: Case) -> None:
    follow_row(case, lambda facts: judge_token(facts, NOW))


@pytest.mark.parametrize("told", ["run `cargo login` --registry house", "set `CARGO_REGISTRIES_HOUSE_TOKEN`"])
@follows("token-missing")
def test_cargo_gets_a_token(told: str, tmp_path: Path) -> None:
    environment = {"CARGO_HOME": str(tmp_path)}

    def do() -> None:
        if "login" in told:  # what `cargo login` writes
            (tmp_path / "credentials.toml").write_text('[registries.house]\ntoken = "x"\n', "utf-8")
        else:
            environment["CARGO_REGISTRIES_HOUSE_TOKEN"] = "x"

    follow("token-missing", lambda: cargo_credential(environment, "house", tmp_path), told=told, do=do)


@pytest.mark.parametrize(
    ("told", "variable"),
    [
        ("set `UV_PUBLISH_TOKEN`", "UV_PUBLISH_TOKEN"),
        ("release from a workflow with trusted publishing", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    ],
)
@follows("token-missing")
def test_uv_gets_a_token(told: str, variable: str, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}

    def look() -> object:
        found = python_credential(environment, "uv", tmp_path)
        return () if isinstance(found, Cannot) else found

    follow("token-missing", look, told=told, do=lambda: environment.update({variable: "x"}))


@pytest.mark.parametrize(
    ("told", "variables"),
    [
        ("set `NPM_CONFIG_PROVENANCE=false` for this run", {"NPM_CONFIG_PROVENANCE": "false"}),
        ("release from such a job", {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1/"}),
    ],
)  # fmt: skip
@follows("provenance-not-possible")
def test_npm_makes_no_statement_or_makes_it_in_a_job(
    told: str, variables: dict[str, str], tmp_path: Path
) -> None:
    environment = {"HOME": str(tmp_path)}
    (tmp_path / ".npmrc").write_text("provenance=true\n", "utf-8")
    files = Files({"package.json": '{"name": "a", "version": "1.0.0"}'})
    (package,) = NpmManifests().discover(files).workspaces[0].packages

    follow(
        "provenance-not-possible",
        lambda: provenance_problems(environment, tmp_path, files, [package]),
        told=told,
        do=lambda: environment.update(variables),
    )


@follows("program-missing")
def test_a_program_is_installed(tmp_path: Path) -> None:
    program = tmp_path / "moor"
    processes = Processes({"PATH": str(tmp_path)})

    def install() -> None:
        program.write_text("#!/bin/sh\n", "utf-8")
        program.chmod(0o755)

    follow(
        "program-missing",
        lambda: processes.run(["moor"], kind=Kind.TOOL, cwd=tmp_path),
        told="install `moor`, and make sure that it is in PATH",
        do=install,
    )


CURRENT_ONE = milestone(1, "4.2.0", *ITEMS)
CLOSED = milestone(2, "4.3.0", is_open=False)
OTHER = milestone(3, "4.1.0")
BLOCK = MOVE.__class__(mode="block")
MILESTONES = [
    Case(
        "milestone-next-closed",
        ([CURRENT_ONE, CLOSED], MOVE, None),
        ([CURRENT_ONE, milestone(2, "4.3.0")], MOVE, None),
        "reopen it",
    ),
    Case(
        "milestone-next-closed",
        ([CURRENT_ONE, CLOSED], MOVE, None),
        ([CURRENT_ONE, CLOSED, milestone(4, "5.0.0")], MOVE, None),
        "create a milestone of a later version",
    ),
    Case(
        "milestone-not-found",
        ([CURRENT_ONE], MOVE, UseMilestone(9)),
        ([CURRENT_ONE], MOVE, UseMilestone(1)),
        "pass the number of an open milestone",
    ),
    Case(
        "milestone-not-found",
        ([CURRENT_ONE], MOVE, UseMilestone(9)),
        ([CURRENT_ONE], MOVE, NoMilestone()),
        "or `none`",
    ),
    Case(
        "milestone-open-items",
        ([CURRENT_ONE], BLOCK, None),
        ([milestone(1, "4.2.0")], BLOCK, None),
        "close them",
    ),
    Case(
        "milestone-open-items",
        ([CURRENT_ONE], BLOCK, None),
        ([CURRENT_ONE], MOVE, None),
        "set `milestone.mode` to `move`",
    ),
    Case(
        "milestone-planned-otherwise",
        ([OTHER], MOVE, None),
        ([milestone(3, "4.2.0")], MOVE, None),
        "rename it on the forge",
    ),
    Case(
        "milestone-planned-otherwise",
        ([OTHER], MOVE, None),
        ([OTHER], MOVE, UseMilestone(3)),
        "`castoff milestone 4.2.0 --milestone 3 --execute`",
    ),
]


@cases(MILESTONES)
def test_a_milestone_is_put_right(case: Case) -> None:
    def look(given: tuple[list[object], object, object]) -> object:
        milestones, policy, answer = given
        decision = decide_milestones(milestones, PLAN, policy, answer=answer)  # type: ignore[arg-type]
        return decision.problem if isinstance(decision, MilestonesAsk | MilestonesBlocked) else ()

    follow_row(case, look)


TEXTS = {"a.md": "# UNRELEASED\n\n# 1.0.0\n\ntext\n"}


def page(source: str = "a.md", search: str = "^UNRELEASED$", replace: str = "# Soon") -> Page:
    """Return a page with one rule for its headings."""
    return Page(source=source, target="b.md", headings=(HeadingRule(search, replace),))


PAGES = [
    Case("website-source-missing", (page("c.md"),), (page(),), "correct `from` of the page"),
    Case("website-source-missing", (page("c.md"),), (), "or remove the page"),
    Case("website-rule-invalid", (page(search="("),), (page(),), "correct the regular expression"),
    Case(
        "website-rule-invalid",
        (page(replace=r"\1"),),
        (page(search="^(.+)EASED$", replace=r"# \1"),),
        "the groups of the replacement",
    ),
    Case("website-rule-unmatched", (page(search="^Next$"),), (page(),), "correct the rule"),
    Case(
        "website-rule-unmatched",
        (page(search="^Next$"),),
        (Page(source="a.md", target="b.md"),),
        "or remove it",
    ),
]


@cases(PAGES)
def test_a_page_is_corrected(case: Case) -> None:
    origin = Origin(root="https://github.com/acme/rocket", ref="1.0.0")
    follow_row(case, lambda pages: render_pages(pages, TEXTS, origin) and ())
