"""The user's hooks run in the clone, and the user's settings hold there as far as they matter."""

from __future__ import annotations

import re

import pytest
from git_ground import Ground, hook

from castoff.errors import Refusal
from castoff.git import Clone
from castoff.git.log import first_with_subject
from castoff.model.acts import Refused, Succeeded


def committed(clone: Clone) -> str:
    clone.check_out("HEAD")
    clone.write({"readme": "two\n"})
    return clone.commit("release 1.1.0", ["readme"], sign=None, signoff=False)


PLACES = ["default", "absolute", "relative and tracked", "relative and untracked", "global", "home"]


def place(ground: Ground, where: str, name: str, script: str) -> None:
    """Install a hook in one of the places that git knows."""
    root = ground.folder / "here"
    match where:
        case "default":
            hook(root / ".git" / "hooks", name, script)
        case "absolute":
            hook(ground.folder / "hooks", name, script)
            ground.git(root, "config", "core.hooksPath", ground.folder / "hooks")
        case "relative and tracked":
            hook(root / ".githooks", name, script)
            ground.commit(root, "hooks", {})
            ground.git(root, "config", "core.hooksPath", ".githooks")
        case "relative and untracked":
            ground.commit(root, "ignore", {".gitignore": ".husky/_/\n"})
            hook(root / ".husky" / "_", name, script)
            ground.git(root, "config", "core.hooksPath", ".husky/_")
        case "global":
            hook(ground.folder / "hooks", name, script)
            ground.settings(f"[core]\n\thooksPath = {ground.folder / 'hooks'}\n")
        case _:
            hook(ground.folder / "home" / "hooks", name, script)
            ground.settings("[core]\n\thooksPath = ~/hooks\n")


@pytest.mark.parametrize("where", PLACES)
def test_hooks_run_wherever_they_are(ground: Ground, where: str) -> None:
    root = ground.new()
    place(ground, where, "pre-commit", f"echo ran > '{ground.folder}/ran'")

    with Clone.of(ground.repository(root)) as clone:
        committed(clone)

    assert (ground.folder / "ran").read_text("utf-8") == "ran\n"


@pytest.mark.parametrize("where", PLACES)
def test_hooks_that_a_build_installs_stay_in_the_clone_and_the_users_run(ground: Ground, where: str) -> None:
    root = ground.new()
    place(ground, where, "pre-commit", f"echo ran > '{ground.folder}/ran'")

    with Clone.of(ground.repository(root)) as clone:
        installed = clone.root / ground.git(clone.root, "rev-parse", "--git-path", "hooks")
        hook(installed, "pre-commit", "exit 1")
        with Clone.of(ground.repository(clone.root)) as again:
            committed(again)

        assert installed.resolve().is_relative_to(clone.root.resolve())
    assert (ground.folder / "ran").read_text("utf-8") == "ran\n"


@pytest.mark.parametrize("where", ["default", "absolute", "relative and tracked", "relative and untracked"])
def test_a_build_that_installs_hooks_finds_no_setting_of_another_folder(ground: Ground, where: str) -> None:
    root = ground.new()
    place(ground, where, "pre-commit", "exit 0")

    with Clone.of(ground.repository(root)) as clone:
        assert "core.hookspath" not in ground.git(clone.root, "config", "--list").lower()


@pytest.mark.parametrize("name", ["pre-commit", "commit-msg", "prepare-commit-msg"])
def test_a_hook_that_says_no_is_reported_with_its_words(ground: Ground, name: str) -> None:
    root = ground.new()
    hook(root / ".git" / "hooks", name, "echo 'the linter is unhappy' >&2; exit 3")

    with Clone.of(ground.repository(root)) as clone:
        before = clone.git.must("rev-parse", "HEAD")
        with pytest.raises(Refusal) as caught:
            committed(clone)

        assert clone.git.must("rev-parse", "HEAD") == before
    problem = caught.value.problems[0]
    assert problem.code == "commit-failed"
    assert "the linter is unhappy" in problem.reason


def test_a_hook_may_change_the_message(ground: Ground) -> None:
    root = ground.new()
    hook(root / ".git" / "hooks", "commit-msg", 'echo "Change-Id: I1" >> "$1"')

    with Clone.of(ground.repository(root)) as clone:
        commit = committed(clone)

        assert clone.git.must("log", "-1", "--format=%B", commit).splitlines()[-1] == "Change-Id: I1"


@pytest.mark.parametrize(
    "settings", ["", "[commit]\n\tcleanup = strip\n", "[commit]\n\tcleanup = scissors\n"]
)
def test_the_message_stays_as_it_is(ground: Ground, settings: str) -> None:
    ground.settings(settings + "[core]\n\tcommentChar = r\n[i18n]\n\tcommitEncoding = latin1\n")
    root = ground.new()

    with Clone.of(ground.repository(root)) as clone:
        message = "release 1.1.0\n\n#12 von Jürgen, 日本\nrest"
        commit = clone.commit_nothing(message, sign=None)

        assert clone.git.must("cat-file", "commit", commit).partition("\n\n")[2].rstrip("\n") == message
        assert first_with_subject(clone.git, re.compile("release 1.1.0"), commit) == commit


def test_a_pre_push_hook_that_says_no_is_a_refusal_and_one_that_says_yes_is_heard(ground: Ground) -> None:
    root, there = ground.new(), ground.bare()
    script = f"cat > '{ground.folder}/heard'; test ! -e '{ground.folder}/no' || {{ echo 'tests are red'; exit 1; }}"
    hook(root / ".git" / "hooks", "pre-push", script)

    with Clone.of(ground.repository(root)) as clone:
        assert clone.push(str(there), "HEAD:refs/heads/main") == Succeeded()
        assert "refs/heads/main" in (ground.folder / "heard").read_text("utf-8")
        (ground.folder / "no").touch()
        outcome = clone.push(str(there), "HEAD:refs/heads/other")

    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "push-hook-failed"
    assert "tests are red" in outcome.problem.reason


def test_a_hook_cannot_forge_what_the_remote_says(ground: Ground) -> None:
    root, there = ground.new(), ground.bare()
    lines = r"printf '!\tHEAD:refs/heads/main\t[rejected] (hook)\n=\tx:refs/heads/main\t[up to date]\n'"
    hook(root / ".git" / "hooks", "pre-push", lines)

    with Clone.of(ground.repository(root)) as clone:
        assert clone.push(str(there), "HEAD:refs/heads/main") == Succeeded()


@pytest.mark.parametrize(
    "settings",
    [
        "[push]\n\tfollowTags = true\n",
        "[push]\n\trecurseSubmodules = check\n",
        "[fetch]\n\tprune = true\n\tpruneTags = true\n",
        "[log]\n\tshowSignature = true\n\tfollow = true\n\tdecorate = full\n",
        "[color]\n\tui = always\n",
        "[status]\n\tbranch = true\n\tshort = true\n\tshowUntrackedFiles = no\n\trelativePaths = true\n",
        "[diff]\n\tnoprefix = true\n\tmnemonicPrefix = true\n\trenames = copies\n\trelative = true\n",
        "[clone]\n\tdefaultRemoteName = upstream\n",
        "[core]\n\tquotePath = false\n\tabbrev = 4\n\tpager = false\n",
        "[submodule]\n\trecurse = true\n",
        "[init]\n\tdefaultBranch = trunk\n\ttemplateDir = /nowhere\n",
        "[tag]\n\tsort = -creatordate\n\tforceSignAnnotated = true\n",
        "[commit]\n\tverbose = true\n\tstatus = false\n\ttemplate = /nowhere\n",
        "[core]\n\texcludesFile = ~/ignored\n",
    ],
    ids=lambda text: text.partition("]")[0].lstrip("[") + " " + text.split()[1],
)
def test_settings_of_the_user_do_not_change_what_is_done_and_read(ground: Ground, settings: str) -> None:
    (ground.folder / "home" / "ignored").write_text("fresh\n", encoding="utf-8")
    root, there = ground.new(sub__a="a\n"), ground.bare()
    ground.git(root, "tag", "1.0.0")
    ground.git(root, "push", "--quiet", there, "main")
    first = ground.git(root, "rev-parse", "HEAD")
    signed = ground.commit(root, "release 1.1.0", {"readme": "two\n"})
    ground.settings(settings)

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out(signed)
        clone.write({"readme": "three\n", "unseen": "f\n"})
        assert set(clone.changed_paths()) == {"readme", "unseen"}
        commit = clone.commit("release 1.2.0", ["readme", "unseen"], sign=None, signoff=False)
        made = clone.make_tag("1.2.0", "m\n", commit, sign=False) if "forceSign" not in settings else ""
        assert clone.fetch(str(there), ["main"])
        assert not made or clone.git.must("rev-parse", "refs/tags/1.2.0") == made
        assert clone.first_parents(first, commit, ["readme"]) == ((commit, signed), (signed, first))
        assert first_with_subject(clone.git, re.compile("release 1.1.0"), commit) == signed
        assert {path for paths in clone.commits_since(first, commit) for path in paths} == {
            "readme",
            "unseen",
        }
        assert clone.commit_time(commit) == 1767323045
        assert clone.push(str(there), f"{commit}:refs/heads/main") == Succeeded()

    assert ground.git(there, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


VALUES = [
    "plain",
    'quo"te',
    "back\\slash",
    "semi;colon # hash",
    "  spaces  ",
    "tab\there",
    "ünïcödé",
    "$(touch owned)",
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_settings_are_carried_as_they_are(ground: Ground, value: str) -> None:
    root = ground.new()
    ground.git(root, "config", "user.name", value)
    ground.git(root, "config", f"url.{value}.insteadOf", "nothing:")

    with Clone.of(ground.repository(root)) as clone:
        assert clone.git.run("config", "--get", "user.name").stdout.decode().removesuffix("\n") == value
        assert clone.git.must("config", "--get", f"url.{value}.insteadOf") == "nothing:"


def test_a_setting_without_a_value_means_yes_in_the_clone_too(ground: Ground) -> None:
    root = ground.new()
    with (root / ".git" / "config").open("a", encoding="utf-8") as file:
        file.write("[commit]\n\tgpgsign\n")

    with Clone.of(ground.repository(root)) as clone:
        assert clone.git.must("config", "--type=bool", "--get", "commit.gpgsign") == "true"


def test_settings_with_several_values_keep_them_all_and_none_twice(ground: Ground) -> None:
    ground.settings('[credential]\n\thelper = one\n[http "http://127.0.0.1/"]\n\textraHeader = X-Global: 1\n')
    root = ground.new()
    for value in ("", "two", "three"):
        ground.git(root, "config", "--add", "credential.helper", value)
    ground.git(root, "config", "--add", "http.http://127.0.0.1/.extraHeader", "X-Local: 2")

    with Clone.of(ground.repository(root)) as clone:
        effective = clone.git.must("config", "--get-all", "credential.helper").splitlines()
        assert effective[len(effective) - effective[::-1].index("") :] == ["two", "three"]
        headers = clone.git.must("config", "--get-all", "http.http://127.0.0.1/.extraHeader").splitlines()
        while "" in headers:
            headers = headers[headers.index("") + 1 :]
        assert headers == ["X-Global: 1", "X-Local: 2"]


def test_what_concerns_only_the_users_repository_is_not_carried(ground: Ground) -> None:
    root = ground.new()
    ground.git(root, "config", "core.worktree", str(root))
    ground.git(root, "config", "core.fsmonitor", "touch owned")
    ground.git(root, "config", "alias.status", "!touch owned")

    with Clone.of(ground.repository(root)) as clone:
        assert clone.git.run("config", "--local", "--get", "core.worktree").code == 1
        assert clone.git.must("config", "--get", "core.fsmonitor") == "false"
    assert not (root / "owned").exists()
