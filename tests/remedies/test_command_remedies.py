"""Remedies for the clone, its branch and its versions, and for options of commands: commands in a small clone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from newcomer_bench import TIDES, Shore

from castoff.ecosystems.cargo.manifest.manifests import CargoManifests
from castoff.model.versions import ReleaseVersion
from castoff.world.serve import _read, _write_whole
from castoff_needs import FROM, index_of_needs
from ecosystems.cargo.manifest.cargo_trees import Files, discover, package, tree
from remedies.commands import Ending, castoff, on
from remedies.following import Case, cases, follow, follow_row, follows

PLAN = ("plan", "minor")
CORE = "packages/tidepool-core/pyproject.toml"


def _configure(shore: Shore, text: str) -> None:
    shore.push({"castoff.toml": text}, "Configure castoff")


def _plans(shore: Shore, *levels: str) -> list[Callable[[], Ending]]:
    return [lambda level=level: on(shore, "plan", level) for level in levels]  # type: ignore[misc]


@follows("no-such-folder")
def test_the_path_of_a_folder_is_corrected(shore: Shore) -> None:
    follow(
        "no-such-folder",
        lambda: on(shore, "-C", "nowhere", "plan", "minor", "--offline"),
        told="correct `-C`",
        do=lambda: None,
        then=lambda: on(shore, "-C", "packages/..", "plan", "minor", "--offline"),
    )


@follows("not-a-repository")
def test_a_clone_is_named(shore: Shore) -> None:
    follow(
        "not-a-repository",
        lambda: castoff(shore.clone.parent, shore.ground.environment, "plan", "minor", "--offline"),
        told="or name one with `-C`",
        do=lambda: None,
        then=lambda: castoff(
            shore.clone.parent, shore.ground.environment, "-C", "clone", "plan", "minor", "--offline"
        ),
    )


@follows("no-commits")
def test_packages_are_committed(shore: Shore) -> None:
    ground, fresh = shore.ground, shore.clone.parent / "fresh"
    ground.git(shore.clone.parent, "init", "--quiet", "--bare", "--initial-branch=main", "fresh.git")
    ground.git(shore.clone.parent, "clone", "--quiet", "fresh.git", "fresh")
    another = Shore(ground, fresh)
    another.git("switch", "--quiet", "--create", "main")

    follow(
        "no-commits",
        lambda: on(another, *PLAN),
        told="commit your packages first",
        do=lambda: another.push(TIDES),
        then=lambda: on(another, "plan", "1.2.0"),
    )


@follows("no-remote")
def test_a_remote_is_added(shore: Shore) -> None:
    url = shore.git("remote", "get-url", "origin")
    shore.git("remote", "remove", "origin")

    follow(
        "no-remote",
        lambda: on(shore, *PLAN),
        told="add one with `git remote add origin URL`",
        do=lambda: shore.git("remote", "add", "origin", url),
    )


@follows("remote-unreachable")
def test_the_address_of_the_remote_is_corrected(shore: Shore) -> None:
    url = shore.git("remote", "get-url", "origin")
    shore.git("remote", "set-url", "origin", str(shore.clone.parent / "nowhere.git"))

    follow(
        "remote-unreachable",
        lambda: on(shore, *PLAN),
        told="make sure that `git ls-remote` works",
        do=lambda: shore.git("remote", "set-url", "origin", url),
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("check out a release branch", ("switch", "--quiet", "main")),
        ("add this branch to `release.branches`", ()),
    ],
)
@follows("not-on-release-branch")
def test_a_release_branch_is_checked_out_or_declared(shore: Shore, told: str, words: Sequence[str]) -> None:
    shore.git("switch", "--quiet", "--create", "topic")
    shore.git("push", "--quiet", "--set-upstream", "origin", "topic")

    def do() -> None:
        if words:
            shore.git(*words)
            return
        (shore.clone / "castoff.toml").write_text('[release]\nbranches = ["main", "topic"]\n', "utf-8")
        shore.git("add", "--all")
        shore.git("commit", "--quiet", "-m", "Release from here, too")
        shore.git("push", "--quiet", "origin", "topic")

    follow("not-on-release-branch", lambda: on(shore, *PLAN), told=told, do=do)


@pytest.mark.parametrize("words", [PLAN, ("init",)], ids=["plan", "init"])
@follows("shallow-clone")
def test_the_rest_of_the_history_is_fetched(shore: Shore, words: Sequence[str]) -> None:
    remote = (shore.clone.parent / "remote.git").as_uri()
    shore.ground.git(shore.clone.parent, "clone", "--quiet", "--depth=1", remote, "shallow")
    shallow = Shore(shore.ground, shore.clone.parent / "shallow")

    follow(
        "shallow-clone",
        lambda: on(shallow, *words),
        told="run `git fetch --unshallow`",
        do=lambda: shallow.git("fetch", "--quiet", "--unshallow", "--tags"),
    )


@pytest.mark.parametrize("told", ["commit and push them", "stash them with `git stash`"])
@follows("uncommitted-changes")
def test_changes_are_committed_or_put_aside(shore: Shore, told: str) -> None:
    (shore.clone / "news.txt").write_text("another change\n", "utf-8")

    follow(
        "uncommitted-changes",
        lambda: on(shore, *PLAN),
        told=told,
        do=lambda: shore.git("stash", "--quiet") if "stash" in told else shore.push({}),
    )


@follows("tag-taken")
def test_another_version_is_named_if_the_tag_is_taken(shore: Shore) -> None:
    shore.git("switch", "--quiet", "--create", "aside")
    shore.git("commit", "--quiet", "--allow-empty", "-m", "Aside")
    shore.git("tag", "1.3.0")
    shore.git("push", "--quiet", "origin", "1.3.0")
    shore.git("switch", "--quiet", "main")
    look, then = _plans(shore, "1.3.0", "1.3.1")

    follow("tag-taken", look, told="use another version", do=lambda: None, then=then)


@follows("tag-of-another-version")
def test_a_tag_of_something_else_is_left_out_of_account(shore: Shore) -> None:
    shore.git("tag", "3.0.0")
    shore.git("push", "--quiet", "--tags")
    shore.push({"news.txt": "more\n"})
    assert on(shore, "plan", "3.0.1").exit == 0, "an exact version goes past it, with a warning"

    follow(
        "tag-of-another-version",
        lambda: on(shore, *PLAN),
        told='`ignore-tags = ["3.0.0"]` in `[release]`',
        do=lambda: _configure(shore, '[release]\nignore-tags = ["3.0.0"]\n'),
    )
    assert "3.0.0" in shore.git("ls-remote", "--tags", "origin")


@follows("version-skips-a-step")
def test_the_next_version_is_named(shore: Shore) -> None:
    look, then = _plans(shore, "1.9.0", "1.3.0")

    follow("version-skips-a-step", look, told="use one of them", do=lambda: None, then=then)


@follows("version-shorter")
def test_the_version_is_named_with_all_of_its_numbers(shore: Shore) -> None:
    look, then = _plans(shore, "1.3", "1.3.0")

    follow("version-shorter", look, told="use 1.3.0", do=lambda: None, then=then)


@follows("version-given-up")
def test_the_version_after_one_that_was_given_up_is_named(shore: Shore) -> None:
    texts = {path: text.replace("1.2.0", "1.3.0") for path, text in TIDES.items()}
    shore.push(texts, "release 1.3.0")
    shore.git("revert", "--no-edit", "HEAD")
    shore.git("push", "--quiet", "origin", "main")
    look, then = _plans(shore, "minor", "1.3.1")

    follow("version-given-up", look, told="use 1.3.1", do=lambda: None, then=then)


@follows("version-below-manifests")
def test_a_version_above_the_manifests_is_named(shore: Shore) -> None:
    texts = {
        path: text.replace('version = "1.2.0"', 'version = "2.0.0.dev0"') for path, text in TIDES.items()
    }
    shore.push(texts, "Begin with 2.0")
    look, then = _plans(shore, "minor", "2.0.0")

    follow("version-below-manifests", look, told="pass the exact version", do=lambda: None, then=then)


@pytest.mark.parametrize(
    "told", ["create `[[replace]]` rules for them with `castoff init`", "remove the version from"]
)
@follows("version-left-behind")
def test_a_version_in_the_readme_gets_a_rule_or_goes(shore: Shore, told: str) -> None:
    shore.push({"README.md": "pip install tidepool==1.2.0\n"})

    def do() -> None:
        if "init" in told:
            assert on(shore, "init", "--execute").exit == 0
            shore.push({})
        else:
            shore.push({"README.md": "pip install tidepool\n"})

    follow("version-left-behind", lambda: on(shore, "check", "--only", "shape"), told=told, do=do)


@follows("option-missing")
def test_the_options_that_go_together_are_given(shore: Shore) -> None:
    (shore.clone / "body.md").write_text("- news\n", "utf-8")
    page = '[website]\nrepository = "a/b"\npages = [{from = "news.txt", to = "news.md"}]\n'
    _configure(shore, page)
    (shore.clone / "site").mkdir()
    body = ("changelog", "--body", "body.md", "--file", "C.md")
    given = ("1.3.0", "--url", "https://github.com/a/b", "--date", "2026-11-28")

    follow(
        "option-missing",
        lambda: on(shore, *body),
        told="castoff changelog VERSION --body FILE --url URL --date YYYY-MM-DD",
        do=lambda: (shore.clone / "C.md").write_text("# Changelog\n", "utf-8"),
        then=lambda: on(shore, *body, *given),
    )
    follow(
        "option-missing",
        lambda: on(shore, "website", "--source", "."),
        told="castoff website --source DIR --target DIR",
        do=lambda: None,
        then=lambda: on(
            shore, "website", "--source", ".", "--target", "site", "--url", "https://github.com/a/b"
        ),
    )


@follows("version-needed")
def test_foresight_on_a_record_gets_an_exact_version(shore: Shore) -> None:
    (shore.clone / "record.json").write_text(json.dumps({"packages": {}}), "utf-8")
    words = ("check", "--only", "foresight", "--registry-record", "record.json")

    follow(
        "version-needed",
        lambda: on(shore, *words),
        told="for example `--version 1.4.0`",
        do=lambda: None,
        then=lambda: on(shore, *words, "--version", "1.4.0"),
    )


@follows("no-forge", "workflow-not-ours", "ci-source-missing", "ci-lock-failed")
def test_a_remote_on_a_forge_and_a_source_are_named_and_a_file_moved_away(shore: Shore) -> None:
    words = ("ci", "--write", ".")
    with index_of_needs() as index:
        follow(
            "no-forge",
            lambda: on(shore, *words, **index),
            told="`release.remote`",
            do=lambda: (
                shore.git("remote", "add", "forge", "https://github.com/acme/tides"),
                _configure(shore, f'[release]\nremote = "forge"\n{FROM}'),
            ),
        )
        _configure(shore, '[release]\nremote = "forge"\n')
        follow(
            "ci-source-missing",
            lambda: on(shore, *words, **index),
            told="set `from` in `[ci]` to a commit of castoff's repository",
            do=lambda: _configure(shore, f'[release]\nremote = "forge"\n{FROM}'),
        )
        follow(
            "ci-lock-failed",
            lambda: on(shore, *words, UV_OFFLINE="1"),
            told="make sure that uv can reach its index",
            do=lambda: None,
            then=lambda: on(shore, *words, **index),
        )
        lock = (shore.clone / ".github" / "workflows" / "castoff-requirements.txt").read_text("utf-8")
        assert "click==8.1.8" in lock
        assert "hatchling==1.27" in lock
        assert lock.count("==") <= lock.count("--hash=sha256:")
        assert "://" not in lock

        written = next((shore.clone / ".github" / "workflows").glob("castoff-*.yml"))
        written.write_text("on: push\n", "utf-8")
        follow("workflow-not-ours", lambda: on(shore, *words, **index), told="rename it", do=written.unlink)
        written.write_text("on: push\n", "utf-8")
        follow(
            "workflow-not-ours",
            lambda: on(shore, *words, **index),
            told="write to another folder with `--write DIR`",
            do=(shore.clone / "else").mkdir,
            then=lambda: on(shore, "ci", "--write", "else", **index),
        )


@follows("no-wheel-package", "wheel-package-unknown")
def test_packages_with_compiled_code_are_named_as_the_plan_shows_them(shore: Shore) -> None:
    shore.git("remote", "add", "forge", "https://github.com/acme/tides")
    settings = f'[python]\nartifacts = "dist"\n[release]\nremote = "forge"\n{FROM}release = true\n'
    settings += 'wheels = ["macos-latest"]\n'
    packages: Any = on(shore, "plan", "minor").value["packages"]
    name = packages[-1]["name"]
    with index_of_needs() as index:
        _configure(shore, settings)
        follow(
            "no-wheel-package",
            lambda: on(shore, "ci", **index),
            told=f'for example `wheel-packages = ["{name}"]`',
            do=lambda: _configure(shore, f'{settings}wheel-packages = ["{name}"]\n'),
        )
        _configure(shore, f'{settings}wheel-packages = ["misspelt"]\n')
        follow(
            "wheel-package-unknown",
            lambda: on(shore, "ci", **index),
            told="write the name as `castoff plan` shows it",
            do=lambda: _configure(shore, f'{settings}wheel-packages = ["{name}"]\n'),
        )


@follows("nothing-released")
def test_a_version_is_named_if_nothing_was_released(shore: Shore) -> None:
    shore.git("push", "--quiet", "--delete", "origin", "1.2.0")
    shore.git("tag", "--delete", "1.2.0")

    def tag() -> None:
        shore.git("tag", "-a", "-m", "1.2.0", "1.2.0")
        shore.git("push", "--quiet", "origin", "1.2.0")

    follow("nothing-released", lambda: on(shore, "docs"), told="push the tag of the last release", do=tag)


@follows("proposal-waits")
def test_a_proposal_that_is_given_up_is_deleted(shore: Shore) -> None:
    shore.git("push", "--quiet", "origin", "main:refs/heads/castoff/release-1.3.0")

    follow(
        "proposal-waits",
        lambda: on(shore, "status"),
        told="close it and delete the branch",
        do=lambda: shore.git("push", "--quiet", "--delete", "origin", "castoff/release-1.3.0"),
    )


@follows("world-file-unreadable", "world-file-unwritable")
def test_the_files_of_a_world_are_where_their_options_lead(tmp_path: Path) -> None:
    seed, env = tmp_path / "seed.json", tmp_path / "folder" / "env"
    follow(
        "world-file-unreadable",
        lambda: _read(seed),
        told="give the path of a JSON file that exists",
        do=lambda: seed.write_text("{}", "utf-8"),
    )
    follow(
        "world-file-unwritable",
        lambda: _write_whole(env, ""),
        told="give the path of a file in a folder that exists",
        do=env.parent.mkdir,
    )


NO_ROOT = Files({})
ROOT = tree(a=package("a"))


@cases([Case("no-manifest", NO_ROOT, ROOT, "Run castoff in the root of the workspace")])
def test_a_tree_of_crates_has_a_manifest_in_its_root(case: Case) -> None:
    follow_row(case, lambda files: CargoManifests().edited(files, discover(ROOT), ReleaseVersion(1, 3, 0)))
