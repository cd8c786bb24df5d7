"""The website gets the released pages: through its repository, or from folder to folder; edits made there stop it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from castoff.cli.main import run
from castoff.errors import CastoffError, Refusal
from castoff.model.addresses import sibling_url
from castoff.postrelease.changelog_command import port_notes
from castoff.postrelease.website_command import bring_website, preview_website
from castoff.release.status import look
from castoff.values import replace
from postrelease.after_bench import ROOT, Dying, Killed, Yard, crates, publish, published, yard
from postrelease.test_after_changelog import hotfix

README = "# kit\n\nA kit.\n\n## Use\n\nSee [the guide](docs/guide.md) and [the history](CHANGELOG.md).\n"
SITE = """[website]
repository = "acme/site"

[[website.pages]]
from = "README.md"
to = "docs/start.md"
header = "# Getting started"
drop = ["kit"]

[[website.pages]]
from = "CHANGELOG.md"
to = "docs/changelog.md"
"""
FILES = {"README.md": README, "docs/guide.md": "# Guide\n"}


def make_site(here: Yard, files: dict[str, str] | None = None) -> Path:
    """Make the website's repository beside the workspace's own."""
    bare = here.world.repository.path.parent / "site.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=trunk", str(bare)], check=True)
    work = here.folder / "site"
    work.mkdir()
    for words in (["init", "--quiet", "--initial-branch=trunk"], ["config", "user.name", "Eve"]):
        here.git(*words, at=work)
    here.git("config", "user.email", "eve@example.invalid", at=work)
    write(here, work, files or {"index.md": "# Site\n"})
    return bare


def write(here: Yard, work: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    here.git("add", "--all", at=work)
    here.git("commit", "--quiet", "-m", "Write", at=work)
    here.git("push", "--quiet", str(here.world.repository.path.parent / "site.git"), "HEAD:trunk", at=work)


def site_text(bare: Path, path: str) -> str:
    words = ["git", "--git-dir", str(bare), "show", f"trunk:{path}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def site_log(bare: Path) -> list[str]:
    words = ["git", "--git-dir", str(bare), "log", "--format=%s", "trunk"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def test_pages_come_from_the_tag_and_the_changelog_from_where_its_notes_came_in(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        bare = make_site(here)
        here.commit({"README.md": README + "\nLater words.\n"}, "After the release")
        here.push("main")
        port_notes(here.setting(SITE), "1.1.0")

        report = bring_website(here.setting(SITE), "1.1.0")
        log = site_log(bare)
        again = bring_website(here.setting(SITE), "1.1.0")

        start = site_text(bare, "docs/start.md")
        assert f"[the guide]({ROOT}/blob/1.1.0/docs/guide.md)" in start
        assert "[the history](changelog.md)" in start
        assert "Later words" not in start
        assert "The kit folds." in site_text(bare, "docs/changelog.md")
        assert log == ["pages of 1.1.0", "Write"]
        assert site_log(bare) == log
        assert (report.state.state, again.state.state) == ("done", "done")
        assert {page.action for page in again.pages} == {"unchanged"}


def test_later_news_in_the_changelog_do_not_make_a_finished_release_unfinished(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        bare = make_site(here)
        port_notes(here.setting(SITE), "1.1.0")
        bring_website(here.setting(SITE), "1.1.0")
        here.git("pull", "--quiet", "origin", "main")
        here.commit(
            {"CHANGELOG.md": here.text().replace("[Unreleased]\n", "[Unreleased]\n\n- New.\n")}, "News"
        )
        here.push("main")

        assert bring_website(here.setting(SITE), "1.1.0").state.state == "done"
        assert len(site_log(bare)) == 2


def test_the_site_waits_for_the_announcement_and_for_the_notes(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES, forge={"releases": [published(draft=True)]}) as here:
        make_site(here)
        drafted = preview_website(here.setting(SITE), "1.1.0")
    with yard(tmp_path / "ported", files=FILES) as here:
        make_site(here)
        unported = preview_website(here.setting(SITE), "1.1.0")

    assert (drafted.state.state, unported.state.state) == ("person", "person")


def test_a_page_that_somebody_edited_on_the_site_stops_it_with_the_difference(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        bare = make_site(here)
        port_notes(here.setting(SITE), "1.1.0")
        bring_website(here.setting(SITE), "1.1.0")
        here.git("pull", "--quiet", str(bare), "trunk", at=here.folder / "site")
        edited = site_text(bare, "docs/start.md").replace("See", "Look at")
        write(here, here.folder / "site", {"docs/start.md": edited})
        release(here, "1.2.0")
        port_notes(here.setting(SITE), "1.2.0")

        with pytest.raises(Refusal) as raised:
            bring_website(here.setting(SITE), "1.2.0")

        problem = raised.value.problems[0]
        assert (problem.code, problem.file) == ("website-page-edited", "docs/start.md")
        assert "-Look at" in problem.reason
        assert site_text(bare, "docs/start.md") == edited

        bring_website(here.setting(SITE), "1.2.0", replacing=True)

        assert "Look at" not in site_text(bare, "docs/start.md")
        assert bring_website(here.setting(SITE), "1.2.0").state.state == "done"


def test_the_next_release_writes_over_what_castoff_wrote(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        bare = make_site(here)
        plain = SITE.replace("header =", 'banner = ""\nheader =')
        port_notes(here.setting(plain), "1.1.0")
        bring_website(here.setting(plain), "1.1.0")
        release(here, "1.2.0")
        port_notes(here.setting(plain), "1.2.0")

        bring_website(here.setting(plain), "1.2.0")

        assert "/blob/1.2.0/docs/guide.md" in site_text(bare, "docs/start.md")


def test_a_hotfix_and_a_pre_release_leave_the_site_alone(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        make_site(here)
        hotfix(here)

        assert preview_website(here.setting(SITE), "1.0.1").state.state == "off"


@pytest.mark.real
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_the_push_and_run_again_it_ends_the_same(when: str, tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        bare = make_site(here)
        port_notes(here.setting(SITE), "1.1.0")

        with pytest.raises(Killed):
            bring_website(replace(here.setting(SITE), reporter=Dying("website:push", when)), "1.1.0")
        bring_website(here.setting(SITE), "1.1.0")

        assert site_log(bare) == ["pages of 1.1.0", "Write"]


def test_a_site_that_is_not_there_is_unknown_and_status_goes_on(tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        port_notes(here.setting(SITE), "1.1.0")
        states = {state.stage.name: state.state for state in look(here.setting(SITE), "1.1.0").states}

        assert states["website"] == "unknown"


BAD_SITES = {
    "a source that is not there": (SITE.replace("README.md", "NOWHERE.md"), "website-source-missing"),
    "a rule that matches nothing": (SITE.replace('["kit"]', '["kitt"]'), "website-rule-unmatched"),
    "a branch that is not there": (
        SITE.replace("[[", 'branch = "nowhere"\n\n[[', 1),
        "website-branch-missing",
    ),
}


@pytest.mark.parametrize(("text", "code"), BAD_SITES.values(), ids=BAD_SITES)
def test_what_cannot_be_brought_blocks_and_nothing_is_written(text: str, code: str, tmp_path: Path) -> None:
    with yard(tmp_path, files=FILES) as here:
        bare = make_site(here)
        port_notes(here.setting(text), "1.1.0")

        report = preview_website(here.setting(text), "1.1.0")
        with pytest.raises(CastoffError) as raised:
            bring_website(here.setting(text), "1.1.0")

        assert [one.code for one in report.problems] == [code]
        assert raised.value.problems[0].code == code
        assert site_log(bare) == ["Write"]


@pytest.mark.parametrize(
    ("remote", "sibling"),
    [
        ("https://github.com/kube-rs/kube.git", "https://github.com/kube-rs/website.git"),
        ("https://github.com/kube-rs/kube", "https://github.com/kube-rs/website"),
        ("git@github.com:kube-rs/kube.git", "git@github.com:kube-rs/website.git"),
        ("ssh://git@github.com:22/kube-rs/kube/", "ssh://git@github.com:22/kube-rs/website"),
        ("file:///x/git/acme/kit.git", "file:///x/git/kube-rs/website.git"),
        ("/x/git/acme/kit.git", "/x/git/kube-rs/website.git"),
        ("kit", None),
        ("", None),
    ],
)
def test_the_sites_repository_lies_beside_the_workspaces_own(remote: str, sibling: str | None) -> None:
    assert sibling_url(remote, "kube-rs/website") == sibling


def folders(tmp_path: Path, configuration: str = SITE) -> tuple[Path, Path]:
    source, target = tmp_path / "source", tmp_path / "target"
    for path, text in {
        **crates("1.1.0"),
        **FILES,
        "CHANGELOG.md": "# Changelog\n",
        "castoff.toml": configuration,
    }.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    target.mkdir()
    return source, target


def bring(source: Path, target: Path, *more: str) -> int:
    return run(["website", "--source", str(source), "--target", str(target), "--url", ROOT, *more])


def test_two_folders_are_enough(tmp_path: Path) -> None:
    source, target = folders(tmp_path)

    codes = [bring(source, target, "--check"), bring(source, target), bring(source, target, "--check")]

    assert codes == [4, 0, 0]
    assert f"[the guide]({ROOT}/blob/1.1.0/docs/guide.md)" in (target / "docs/start.md").read_text()
    assert [path.name for path in sorted(target.rglob("*.md"))] == ["changelog.md", "start.md"]


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    source, target = folders(tmp_path)

    bring(source, target, "--check")

    assert list(target.iterdir()) == []


BAD_FOLDERS = {
    "no page configured": ("", (), 2, "website-not-configured"),
    "no address": (SITE, ("--no-url",), 2, "option-missing"),
    "a missing source": (SITE.replace("README.md", "NO.md"), (), 4, "website-source-missing"),
    "a rule that matches nothing": (SITE.replace('["kit"]', '["x"]'), (), 4, "website-rule-unmatched"),
    "a page outside": (SITE.replace("docs/start.md", "../start.md"), (), 2, "path-leaves-workspace"),
    "pages without a repository": (SITE.replace('repository = "acme/site"', ""), (), 2, "contradiction"),
    "two pages in one place": (SITE.replace("docs/changelog.md", "docs/start.md"), (), 2, "contradiction"),
    "a rule that is no expression": (
        SITE + 'headings = [{ search = "(", replace = "" }]\n',
        (),
        2,
        "pattern-invalid",
    ),
}


@pytest.mark.parametrize(("text", "more", "code", "problem"), BAD_FOLDERS.values(), ids=BAD_FOLDERS)
def test_bad_input_is_refused_and_the_target_stays_as_it_is(
    text: str,
    more: tuple[str, ...],
    code: int,
    problem: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, target = folders(tmp_path, text)
    words = ["website", "--source", str(source), "--target", str(target)]

    found = run(words if more else [*words, "--url", ROOT])

    assert found == code
    assert f"[{problem}]" in capsys.readouterr().err
    assert list(target.iterdir()) == []


def test_a_link_in_the_target_leads_nowhere_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = folders(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (target / "docs").symlink_to(tmp_path / "elsewhere")

    assert bring(source, target) == 2
    assert "[path-outside]" in capsys.readouterr().err
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "words", [["--source", "x"], ["--target", "x"], ["--source", "no", "--target", "no"]]
)
def test_half_a_pair_of_folders_is_refused(words: list[str]) -> None:
    assert run(["website", *words]) == 2


def release(here: Yard, version: str) -> None:
    """Release another version from main."""
    here.git("pull", "--quiet", "origin", "main")
    cut = here.text().replace("## [Unreleased]", f"## [Unreleased]\n\n## [{version}] - 2026-11-21", 1)
    here.commit({**crates(version), "CHANGELOG.md": cut}, f"release {version}")
    here.tag(version)
    here.push("main", "--tags")
    publish(here, version, f"Next.\n\n**Full Changelog**: {ROOT}/compare/1.1.0...{version}")
