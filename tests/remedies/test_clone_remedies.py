"""Remedies for the clone, its remote, and files that are named on the command line: commands in a small clone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from git_ground import hook
from newcomer_bench import TIDES, Shore

from remedies.commands import Ending, on
from remedies.following import Case, cases, follow, follow_row, follows

PLAN = ("plan", "minor")
CORE = "packages/tidepool-core/pyproject.toml"
FACADE = "packages/tidepool/pyproject.toml"


def _commit(shore: Shore, name: str = "here.txt") -> None:
    (shore.clone / name).write_text("here\n", "utf-8")
    shore.git("add", "--all")
    shore.git("commit", "--quiet", "-m", "Here")


def _another(shore: Shore) -> Shore:
    shore.ground.git(shore.clone.parent, "clone", "--quiet", "remote.git", "another")
    return Shore(shore.ground, shore.clone.parent / "another")


def _write(shore: Shore, path: str, text: str | bytes) -> None:
    full = shore.clone / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_bytes(text if isinstance(text, bytes) else text.encode())


@follows("branch-ahead")
def test_commits_are_pushed(shore: Shore) -> None:
    _commit(shore)

    follow(
        "branch-ahead",
        lambda: on(shore, *PLAN),
        told="`git push origin main`",
        do=lambda: shore.git("push", "--quiet", "origin", "main"),
    )


@follows("branch-behind")
def test_commits_are_pulled(shore: Shore) -> None:
    _another(shore).push({"there.txt": "there\n"})

    follow(
        "branch-behind", lambda: on(shore, *PLAN), told="`git pull`", do=lambda: shore.git("pull", "--quiet")
    )


@follows("branch-diverged")
def test_both_sides_are_brought_together(shore: Shore) -> None:
    _another(shore).push({"there.txt": "there\n"})
    _commit(shore)

    def bring_together() -> None:
        shore.git("pull", "--quiet", "--rebase")
        shore.git("push", "--quiet")

    follow(
        "branch-diverged", lambda: on(shore, *PLAN), told="(`git pull --rebase`) and push", do=bring_together
    )


@follows("branch-not-on-remote")
def test_a_branch_is_pushed(shore: Shore) -> None:
    shore.git("switch", "--quiet", "--create", "1.2.x")

    follow(
        "branch-not-on-remote",
        lambda: on(shore, "plan", "patch"),
        told="`git push --set-upstream origin 1.2.x`",
        do=lambda: shore.git("push", "--quiet", "--set-upstream", "origin", "1.2.x"),
    )


@follows("configuration-not-committed")
def test_a_configuration_is_committed_and_pushed(shore: Shore) -> None:
    _write(shore, "castoff.toml", '[release]\ntag = "{version}"\n')

    follow(
        "configuration-not-committed",
        lambda: on(shore, *PLAN),
        told="commit and push it",
        do=lambda: shore.push({}),
    )


def test_a_configuration_that_git_converts_at_checkout_is_committed(shore: Shore) -> None:
    shore.push({".gitattributes": "*.toml text eol=crlf\n", "castoff.toml": '[release]\ntag = "{version}"\n'})
    (shore.clone / "castoff.toml").unlink()
    shore.git("checkout", "--", "castoff.toml")
    assert b"\r\n" in (shore.clone / "castoff.toml").read_bytes()

    assert on(shore, *PLAN).problems == ()


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
@follows("configuration-unreadable")
def test_a_readable_configuration_is_named(kind: str, shore: Shore) -> None:
    _write(shore, "mine.toml", '[release]\ntag = "{version}"\n')
    _write(shore, "bytes", b"\xff\xfe")
    (shore.clone / "folder").mkdir()

    follow(
        "configuration-unreadable",
        lambda: on(shore, *PLAN, "--config", kind),
        told="pass a readable TOML file with `--config`",
        do=lambda: None,
        then=lambda: on(shore, *PLAN, "--config", "mine.toml"),
    )


DYNAMIC = TIDES[FACADE].replace('dependencies = ["tidepool-core==1.2.0"]\n', 'dynamic = ["dependencies"]\n')
TWIN = TIDES[CORE].replace('"tidepool-core"', '"Tidepool"')
MANIFESTS = [
    Case("duplicate-name", {CORE: TWIN}, {CORE: TIDES[CORE]}, "rename one"),
    Case(
        "duplicate-name",
        {"packages/twin/pyproject.toml": TIDES[CORE].replace("tidepool-core", "tidepool")},
        {"castoff.toml": '[release]\nexclude = ["packages/twin"]\n'},
        '`exclude = ["packages/twin"]`',
    ),
    Case("dynamic-dependencies", {FACADE: DYNAMIC}, {FACADE: TIDES[FACADE]}, "write them into the manifest"),
    Case("file-not-text", {CORE: TIDES[CORE] + "# \udcff\n"}, {CORE: TIDES[CORE] + "# \u00ff\n"}, "UTF-8"),
]


@cases(MANIFESTS)
def test_a_manifest_is_corrected(case: Case, shore: Shore) -> None:
    def look(texts: Mapping[str, str]) -> Ending:
        for path, text in texts.items():
            _write(shore, path, text.encode("utf-8", "surrogateescape"))
        shore.push({})
        return on(shore, *PLAN)

    follow_row(case, look)


def _lint(text: str) -> dict[str, str]:
    return {"castoff.toml": '[[check]]\nname = "lint"\ncommand = ["sh", "lint.sh"]\n', "lint.sh": text}


@follows("check-command-failed")
def test_what_a_command_of_a_check_complains_about_is_corrected(shore: Shore) -> None:
    shore.push(_lint("echo untidy; exit 1\n"))

    follow(
        "check-command-failed",
        lambda: on(shore, "check", "--only", "user"),
        told="fix the reported problem",
        do=lambda: shore.push(_lint("exit 0\n")),
    )


@follows("lock-needs-its-client")
def test_the_client_of_a_lock_file_is_installed(shore: Shore) -> None:
    shore.push({"packages/tidepool/poetry.lock": ""})
    programs = shore.clone.parent / "programs"
    path = f"{programs}:{shore.ground.environment['PATH']}"

    follow(
        "lock-needs-its-client",
        lambda: on(shore, *PLAN, PATH=path),
        told="install `poetry` so that it is in PATH",
        do=lambda: hook(programs, "poetry", "exit 0"),
    )


DRAFTED = '[draft]\nby = "ci"\n'


@follows("configured-elsewhere")
def test_a_table_is_moved_into_a_file(shore: Shore) -> None:
    table = '[tool.castoff.release]\ntag = "{version}"\n'
    shore.push({"pyproject.toml": TIDES["pyproject.toml"] + table})

    follow(
        "configured-elsewhere",
        lambda: on(shore, "init"),
        told="move it to a `castoff.toml`",
        do=lambda: shore.push(
            {"pyproject.toml": TIDES["pyproject.toml"], "castoff.toml": table.replace("tool.castoff.", "")}
        ),
        then=lambda: on(shore, *PLAN),
    )


@pytest.mark.parametrize("way", ["apply the differences that you want by hand", "rename the file"])
@follows("configuration-differs")
def test_a_file_that_says_something_else_is_compared(way: str, shore: Shore) -> None:
    _write(shore, "castoff.toml", '[release]\nsign = "none"\n')
    stale = '__version__ = "1.2.0"\n'
    shore.push({"packages/tidepool/src/tidepool/__init__.py": stale})

    def carry_out() -> None:
        if way == "rename the file":
            (shore.clone / "castoff.toml").rename(shore.clone.parent / "castoff.toml")
            on(shore, "init", "--execute")
        else:
            drafted = on(shore, "init").value
            _write(shore, "castoff.toml", str(drafted["text"]) + '\n[release]\nsign = "none"\n')

    follow("configuration-differs", lambda: on(shore, "init"), told=way, do=carry_out)


@follows("bad-usage")
def test_the_help_of_the_command_names_the_option(shore: Shore) -> None:
    words = [["plan", "minor", "--exekute"]]

    follow(
        "bad-usage",
        lambda: on(shore, *words[0]),
        told="castoff plan --help",
        do=lambda: words.insert(0, ["plan", "minor"]),
    )
