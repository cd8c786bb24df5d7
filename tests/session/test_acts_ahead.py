"""Every act that a run performs was shown before it, or is an instance of one that was shown with its condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from shown_acts import dock

from castoff.errors import Refusal
from castoff.model.acts import Act, not_covered, only_if
from castoff.postrelease.docs_command import keep_docs, look_at_docs
from castoff.release.acts_ahead import require_shown
from castoff.release.proposal_command import propose, show_proposal
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from proofs.cargo_small import write_small_crates
from proofs.small import write_small

MILESTONES: Mapping[str, object] = {
    "milestones": [{"title": "1.1.0"}],
    "users": [{"login": "ada"}],
    "issues": [{"title": "later", "author": "ada", "milestone": "1.1.0"}],
}
SITE = """[website]
repository = "acme/harbour"
branch = "main"
pages = [{from = "packages/proof/pyproject.toml", to = "site.md"}]
"""
FROM_TAGS = """[project]
name = "tide"
dynamic = ["version"]
requires-python = ">=3.11"

[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[tool.hatch.version]
source = "vcs"
"""


def write_tagged(folder: Path) -> Path:
    (folder / "src" / "tide").mkdir(parents=True)
    (folder / "src" / "tide" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "pyproject.toml").write_text(FROM_TAGS, encoding="utf-8")
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- News.\n", encoding="utf-8")
    return folder


def write_mixed(folder: Path) -> Path:
    write_small_crates(folder)
    return write_small(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One release, and acts that must be among those that it performs."""

    write: Callable[[Path], Path] = write_small
    config: str = ""
    forge: Mapping[str, object] = field(default_factory=dict)
    level: str = "minor"
    pre: str | None = None
    docs: str = "queued"
    among: tuple[str, ...] = ()


PUSHED = ("version:push", "tag:push", "draft:create", "announce:publish", "changelog:push")
ROWS = {
    "python, all by pushes": Row(
        config=SITE,
        forge=MILESTONES,
        among=(*PUSHED, "milestone:create", "milestone:move:1", "milestone:close", "website:push"),
    ),
    "crates, all by pull requests": Row(
        write=write_small_crates,
        config=SITE.replace("packages/proof/pyproject.toml", "Cargo.toml")
        + 'mode = "pull-request"\n[changelog]\nmode = "pull-request"\n[milestone]\nmode = "off"\n',
        forge=MILESTONES,
        docs="failed",
        among=("docs:issue:beacon", "changelog:branch", "changelog:pull-request", "website:branch"),
    ),
    "a mixed workspace, a candidate, the draft by CI": Row(
        write=write_mixed, config='[draft]\nby = "ci"\n', pre="rc", among=("version:push", "tag:push")
    ),
    "a version from tags": Row(write=write_tagged, among=("version:push", "version:unclaim")),
}


def _release(level: str | None, pre: str | None = None) -> Callable[..., object]:
    return lambda setting: run_release(setting, ReleaseRequest(level=level, pre=pre, agreed=True))


def _ids(acts: tuple[Act, ...]) -> list[str]:
    return [act.id for act in acts]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            row, id=name, marks=[pytest.mark.needs("cargo")] if "crate" in name or "mixed" in name else []
        )
        for name, row in ROWS.items()
    ],
)
def test_a_release_performs_what_its_plan_shows(tmp_path: Path, row: Row) -> None:
    files = {"castoff.toml": row.config} if row.config else {}
    with dock(tmp_path, row.write, files, row.forge) as here:
        here.docs = row.docs
        shown = here.shown(row.level, row.pre)

        done = here.performed(_until_no_draft(row))

    assert _ids(not_covered(done, shown)) == []
    assert set(row.among) <= set(_ids(done))
    unconditional = [act for act in shown if act.condition is None]
    assert _ids(not_covered(unconditional, done)) == []


def _until_no_draft(row: Row) -> Callable[..., object]:
    """Release; where a workflow is to write the draft, none does here, and the announcement stops."""

    def run(setting: object) -> None:
        try:
            _release(row.level, row.pre)(setting)
        except Refusal as refused:
            assert [one.code for one in refused.problems] == ["no-draft"]
            assert "ci" in row.config

    return run


def test_a_run_that_is_killed_now_and_again_is_resumed_with_what_is_shown(tmp_path: Path) -> None:
    with dock(tmp_path, write_small, forge=MILESTONES) as here:
        performed: list[str] = []
        for _ in range(9):
            shown = here.shown("minor")
            done = here.performed(_release("minor"), lives=3)
            assert _ids(not_covered(done, shown)) == []
            performed += _ids(done)
            if not done:
                break

    assert [act for act in shown if act.condition is None] == []
    assert len(performed) == len(set(performed)) == 14


def test_a_hotfix_shows_the_changelogs_of_both_branches(tmp_path: Path) -> None:
    with dock(tmp_path, write_small) as here:
        here.performed(_release("minor"))
        clone = here.here.checkout()
        here.here.git(clone, "switch", "--quiet", "--create", "1.0.x", "1.0.0")
        (clone / "fix.txt").write_text("fixed\n", encoding="utf-8")
        here.here.git(clone, "add", "fix.txt")
        here.here.git(clone, "commit", "--quiet", "-m", "fix")
        here.here.git(clone, "push", "--quiet", "origin", "1.0.x")
        here.branch = "1.0.x"
        shown = here.shown("patch")

        done = here.performed(_release("patch"))

    assert _ids(not_covered(done, shown)) == []
    assert {"changelog:push", "changelog:push:main"} <= set(_ids(done))


def test_a_proposal_performs_what_it_shows(tmp_path: Path) -> None:
    with dock(tmp_path, write_small) as here:
        shown: list[Act] = []
        here.performed(
            lambda setting: shown.extend(show_proposal(setting, ReleaseRequest(level="minor")).acts)
        )

        done = here.performed(lambda setting: propose(setting, ReleaseRequest(level="minor")))

    assert _ids(done) == _ids(tuple(shown)) == ["version:branch", "version:pull-request"]


def test_the_documentation_performs_what_it_shows_whatever_becomes_of_it(tmp_path: Path) -> None:
    with dock(tmp_path, write_small_crates) as here:
        here.performed(_release("minor"))
        for state, expected in (("failed", "docs:issue:beacon"), ("built", "docs:comment:beacon")):
            here.docs = "building"
            shown: list[Act] = []
            here.performed(lambda setting, shown=shown: shown.extend(look_at_docs(setting, None).acts))
            here.docs = state

            done = here.performed(lambda setting: keep_docs(setting, None))

            assert _ids(not_covered(done, shown)) == []
            assert expected in _ids(done)


UPLOAD = Act(
    id="publish:python:tide:wheel",
    stage="publish",
    target="wheel",
    undo="never",
    prefix="publish:python:tide:",
)
FILE = Act(id="publish:python:tide:tide-1-py3-none-any.whl", stage="publish", target="", undo="never")
MOVE = Act(id="milestone:move:3", stage="milestone", target="", undo="free")


@pytest.mark.parametrize(
    ("before", "now", "stops"),
    [
        pytest.param((UPLOAD,), (UPLOAD,), False, id="the same"),
        pytest.param((UPLOAD,), (FILE,), False, id="an instance of what was shown"),
        pytest.param((UPLOAD,), (UPLOAD, MOVE), False, id="more that can be taken back"),
        pytest.param((UPLOAD, MOVE), (UPLOAD,), False, id="less"),
        pytest.param((FILE,), (UPLOAD,), True, id="more than what was shown"),
        pytest.param((MOVE,), (UPLOAD, MOVE), True, id="another upload"),
    ],
)
def test_a_plan_made_again_adds_no_act_that_cannot_be_taken_back(
    before: tuple[Act, ...], now: tuple[Act, ...], stops: bool
) -> None:
    if not stops:
        require_shown(before, now, Silence())
        return
    with pytest.raises(Refusal) as refused:
        require_shown(before, now, Silence())
    assert [one.code for one in refused.value.problems] == ["acts-changed"]
    assert refused.value.exit_code == 4


def test_conditions_add_up() -> None:
    (act,) = only_if("when it is announced", only_if("if pushes are refused", [MOVE]))

    assert act.condition == "when it is announced, if pushes are refused"
    assert act == MOVE
