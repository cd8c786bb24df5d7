"""All work happens in a clone: the user's repository stays as it is, to the byte and to the nanosecond."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_ground import Ground, fingerprint, hook

from castoff.errors import UsageError
from castoff.git import Clone


def lived_in(ground: Ground) -> tuple[Path, Path]:
    """Make a repository as people have them, and its remote."""
    there = ground.bare()
    root = ground.new(packages__a="a\n", docs__b="b\n")
    ground.git(root, "tag", "-a", "1.0.0", "-m", "1.0.0")
    ground.git(root, "remote", "add", "origin", there)
    ground.git(root, "push", "--quiet", "--set-upstream", "origin", "main", "1.0.0")
    ground.commit(root, "second", {"readme": "two\n"})
    ground.git(root, "push", "--quiet", "origin", "main")
    (root / "readme").write_text("stashed\n", "utf-8")
    ground.git(root, "stash", "--quiet")
    ground.git(root, "branch", "topic", "HEAD^")
    (root / "readme").write_text("staged\n", "utf-8")
    ground.git(root, "add", "readme")
    (root / "readme").write_text("changed\n", "utf-8")
    (root / "docs" / "b").touch()
    (root / "untracked").write_text("u\n", "utf-8")
    ground.git(root, "gc", "--quiet")
    return root, there


def test_a_whole_release_leaves_the_repository_untouched(ground: Ground) -> None:
    ground.settings("[core]\n\tuntrackedCache = true\n[gc]\n\tauto = 1\n[push]\n\tfollowTags = true\n")
    root, there = lived_in(ground)
    before = fingerprint(root)
    repository = ground.repository(root)

    found = repository.checked_out()
    assert (found.changed, found.branch) == (("readme",), "main")
    assert (repository.is_shallow(), repository.remote_name(None, found.branch)) == (False, "origin")
    head = found.commit
    assert head is not None
    assert repository.tree(head).read("readme") == "two\n"
    with Clone.of(repository) as clone:
        refs = clone.ls_remote(str(there))
        assert refs is not None
        assert clone.fetch(str(there), ["main"])
        clone.check_out(refs.heads["main"])
        clone.write({"readme": "three\n", "new/file": "n\n"})
        commit = clone.commit("release 1.1.0", clone.changed_paths(), sign=None, signoff=True)
        clone.make_tag("1.1.0", "1.1.0\n", commit, sign=False)
        clone.push(str(there), f"{commit}:refs/heads/main")
        clone.push(str(there), "refs/tags/1.1.0:refs/tags/1.1.0")
        folder = clone.root
        assert folder.is_dir()

    assert fingerprint(root) == before
    assert not folder.parent.exists()
    assert ground.git(there, "log", "-1", "--format=%s%n%b", "main") == (
        "release 1.1.0\nSigned-off-by: Ada <ada@example.org>\n"
    )
    assert ground.git(there, "show", "main:new/file") == "n"


def test_a_clone_begins_without_files(ground: Ground) -> None:
    root, _ = lived_in(ground)

    with Clone.of(ground.repository(root)) as clone:
        assert sorted(path.name for path in clone.root.iterdir()) == [".git"]
        assert clone.has(ground.git(root, "rev-parse", "HEAD"))


def as_on_the_remote(ground: Ground, clone: Clone, there: Path, *, asked_at: Path | None = None) -> bool:
    """Bring main and the tags, from another address if one is given; the tags are those of the remote then."""
    refs = clone.ls_remote(str(there))
    assert refs is not None
    is_brought = clone.bring(str(asked_at or there), refs, "main")
    if is_brought:
        tags = ground.git(there, "for-each-ref", "--format=%(refname) %(objectname)", "refs/tags")
        assert clone.git.must("for-each-ref", "--format=%(refname) %(objectname)", "refs/tags") == tags
        assert clone.git.must("rev-parse", "refs/remotes/origin/main") == refs.heads["main"]
    return is_brought


@pytest.mark.parametrize("kind", ["as it is", "detached", "other tags", "a folder's name"])
def test_nothing_is_fetched_that_the_repository_has(ground: Ground, kind: str) -> None:
    root, there = lived_in(ground)
    if kind == "detached":
        # As CI checks out: no branch, and the commit only under the name of the remote's branch.
        ground.git(root, "reset", "--quiet", "--hard")
        ground.git(root, "checkout", "--quiet", "--detach", "origin/main^")
        ground.git(root, "branch", "--quiet", "-D", "main", "topic")
    elif kind == "other tags":
        ground.git(root, "tag", "mine")
        ground.git(root, "tag", "moved", "HEAD^")
        ground.git(there, "tag", "moved", "main")
    elif kind == "a folder's name":
        ground.git(root, "tag", "v2")
        ground.git(there, "tag", "v2/one", "main")

    with Clone.of(ground.repository(root)) as clone:
        assert as_on_the_remote(ground, clone, there, asked_at=ground.folder / "nowhere")


def test_what_the_repository_lacks_is_fetched(ground: Ground) -> None:
    root, there = lived_in(ground)
    ground.git(root, "tag", "v2")
    other = ground.folder / "other"
    ground.git(".", "clone", "--quiet", there, other)
    ground.commit(other, "third", {"readme": "three\n"})
    ground.git(other, "tag", "v2/one")
    ground.git(other, "push", "--quiet", "origin", "main", "v2/one")

    with Clone.of(ground.repository(root)) as clone:
        assert not as_on_the_remote(ground, clone, there, asked_at=ground.folder / "nowhere")
        assert as_on_the_remote(ground, clone, there)


def test_a_tag_that_castoff_made_stays_when_it_looks_again(ground: Ground) -> None:
    root, there = lived_in(ground)

    with Clone.of(ground.repository(root)) as clone:
        refs = clone.ls_remote(str(there))
        assert refs is not None
        clone.stand_in_tag("1.1.0", refs.heads["main"])
        assert clone.bring(str(there), refs, "main")

        assert clone.git.must("tag", "--list") == "1.0.0\n1.1.0"


def test_the_clone_is_gone_also_when_an_error_ends_the_work(ground: Ground) -> None:
    repository = ground.repository(ground.new())

    with pytest.raises(KeyboardInterrupt), Clone.of(repository) as clone:
        folder = clone.root.parent
        clone.folder("artifacts").joinpath("x").write_text("x", "utf-8")
        raise KeyboardInterrupt

    assert not folder.exists()


def test_checking_out_leaves_nothing_of_another_commit(ground: Ground) -> None:
    root = ground.new(gone="g\n")
    first = ground.git(root, "rev-parse", "HEAD")
    ground.git(root, "rm", "--quiet", "gone")
    second = ground.commit(root, "second", {"fresh": "f\n", ".gitignore": "ignored\n"})

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out(first)
        (clone.root / "stray").write_text("s", "utf-8")
        (clone.root / "readme").write_text("changed", "utf-8")
        clone.check_out(second)
        (clone.root / "ignored").write_text("i", "utf-8")
        clone.check_out(second)

        assert sorted(path.name for path in clone.root.iterdir()) == [
            ".git",
            ".gitignore",
            "fresh",
            "readme",
        ]
        assert (clone.root / "readme").read_text("utf-8") == "one\n"


@pytest.mark.parametrize("kind", ["linked worktree", "submodule", "folder with a space and a quote"])
def test_repositories_of_other_shapes_are_cloned_too(ground: Ground, kind: str) -> None:
    root = ground.new()
    head = ground.git(root, "rev-parse", "HEAD")
    if kind == "linked worktree":
        ground.git(root, "worktree", "add", "--quiet", ground.folder / "linked", "-b", "side")
        root = ground.folder / "linked"
    elif kind == "submodule":
        outer = ground.new("outer")
        ground.git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", root, "sub")
        root = outer / "sub"
    else:
        odd = ground.folder / 'it\'s a "folder"'
        root.rename(odd)
        root = odd

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out(head)
        assert (clone.root / "readme").read_text("utf-8") == "one\n"


def test_a_shallow_clone_is_known_as_one_and_still_serves(ground: Ground) -> None:
    root = ground.new()
    ground.commit(root, "second", {"readme": "two\n"})
    ground.git(".", "clone", "--quiet", "--depth=1", f"file://{root}", "shallow")
    repository = ground.repository(ground.folder / "shallow")
    head = repository.head()
    assert head is not None

    assert repository.is_shallow()
    with Clone.of(repository) as clone:
        clone.check_out(head)
        assert clone.first_parents(None, head, ["readme"]) == ((head, ""),)
        assert not clone.is_ancestor("1" * 40, head)


def test_a_program_around_castoff_does_not_lead_git_astray(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root, other = ground.new(), ground.new("other")
    astray = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git" / "index"),
        "GIT_PREFIX": "sub/",
        "GIT_COMMON_DIR": str(other / ".git"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git" / "objects"),
        "GIT_NAMESPACE": "elsewhere",
        "GIT_LITERAL_PATHSPECS": "1",
    }
    before = fingerprint(other)
    inside_a_hook = Ground(ground.folder, astray)
    repository = inside_a_hook.repository(root)

    assert repository.head() == ground.git(root, "rev-parse", "HEAD")
    with Clone.of(repository) as clone:
        clone.check_out(repository.head() or "")
        clone.write({"readme": "two\n"})
        clone.commit("second", ["readme"], sign=None, signoff=False)

    assert fingerprint(other) == before


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/passwd",
        "a/../../outside",
        "a/../readme",
        ".git/config",
        ".git/hooks/pre-commit",
        ".GIT/config",
        "sub/.git/config",
        "link",
        "linked/file",
        "abroad/file",
        "nul\0byte",
        "",
        ".",
    ],
    ids=repr,
)
def test_nothing_is_written_outside_of_the_files_of_the_commit(ground: Ground, path: str) -> None:
    root = ground.new(real__file="f\n")
    (root / "link").symlink_to("readme")
    (root / "linked").symlink_to("real")
    (root / "abroad").symlink_to(ground.folder)
    head = ground.commit(root, "links", {})

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out(head)
        config = fingerprint(clone.root / ".git")
        with pytest.raises(UsageError) as caught:
            clone.write({path: "evil\n"})

        assert caught.value.problems[0].code == "path-outside"
        assert clone.changed_paths() == ()
        assert {k: v[0] for k, v in fingerprint(clone.root / ".git").items() if k == "config"} == {
            "config": config["config"][0]
        }
    assert not (ground.folder / "outside").exists()
    assert not (ground.folder / "file").exists()


ODD = [
    "with space",
    "with'quote",
    'with"double',
    "with\ttab",
    "with\nnewline",
    "with\\backslash",
    "ünïcödé",
    "-dash",
    ":colon",
    "*star",
    "a[1].toml",
    "$(touch owned)",
    "line\u2028separator",
    "trailing ",
]


@pytest.mark.parametrize("name", ODD, ids=repr)
def test_odd_names_of_files_are_read_written_and_committed(ground: Ground, name: str) -> None:
    root = ground.new()
    head = ground.commit(root, "odd", {name: "one\n", f"folder/{name}": "one\n", "a1.toml": "one\n"})
    repository = ground.repository(root)
    assert repository.tree(head).read(name) == "one\n"
    assert name in repository.tree(head).paths()

    with Clone.of(repository) as clone:
        clone.check_out(head)
        clone.write({name: "two\n", "a1.toml": "not this one\n"})
        assert set(clone.changed_paths()) == {name, "a1.toml"}
        commit = clone.commit("edit", [name], sign=None, signoff=False)

        assert clone.tree(commit).read(name) == "two\n"
        assert clone.tree(commit).read("a1.toml") == "one\n"
        assert clone.commits_since(head, commit) == ((name,),)
        assert clone.first_parents(head, commit, [name]) == ((commit, head),)
        assert clone.first_parents(head, commit, ["a1.toml"]) == ()


@pytest.mark.parametrize(
    "text", ["lf\n", "crlf\r\n", "mixed\n\r\n", "no end", "\ufefffront\r\n", "", "\x0c\x00\n"], ids=repr
)
@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_settings_about_line_ends_do_not_change_the_bytes_that_are_written(
    ground: Ground, autocrlf: str, text: str
) -> None:
    ground.settings(f"[core]\n\tautocrlf = {autocrlf}\n\tsafecrlf = true\n\teol = crlf\n")
    root = ground.folder / "here"
    ground.git(".", "init", "--quiet", "--initial-branch=main", "here")
    ground.git(root, "config", "core.autocrlf", "false")
    ground.git(root, "config", "core.safecrlf", "false")
    head = ground.commit(root, "first", {"unix": b"a\nb\n", "dos": b"a\r\nb\r\n"})
    ground.git(root, "config", "--unset", "core.autocrlf")
    ground.git(root, "config", "--unset", "core.safecrlf")

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out(head)
        assert (clone.root / "unix").read_bytes() == (b"a\r\nb\r\n" if autocrlf == "true" else b"a\nb\n")
        assert (clone.root / "dos").read_bytes() == b"a\r\nb\r\n"
        clone.write({"unix": text, "dos": text, "fresh": text})
        commit = clone.commit("edit", clone.changed_paths(), sign=None, signoff=False)

        for path in ("unix", "dos", "fresh"):
            assert clone.tree(commit).read(path) == text
        written = [(clone.root / path).read_bytes() for path in ("unix", "dos", "fresh")]
        clone.check_out(head)
        clone.check_out(commit)
        assert written == [(clone.root / path).read_bytes() for path in ("unix", "dos", "fresh")]


def test_the_mode_of_a_file_stays(ground: Ground) -> None:
    root = ground.new()
    hook(root, "run.sh", "exit 0")
    head = ground.commit(root, "script", {})

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out(head)
        clone.write({"run.sh": "#!/bin/sh\nexit 1\n"})
        commit = clone.commit("edit", ["run.sh"], sign=None, signoff=False)

        assert clone.git.must("ls-tree", commit, "run.sh").startswith("100755 ")


def test_new_files_and_removed_ones_are_committed(ground: Ground) -> None:
    root = ground.new(gone="g\n")

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out("HEAD")
        (clone.root / "gone").unlink()
        clone.write({"deep/er/fresh": "f\n"})
        paths = clone.changed_paths()
        commit = clone.commit("edit", paths, sign=None, signoff=False)

        assert set(paths) == {"gone", "deep/er/fresh"}
        assert list(clone.tree(commit).paths()) == ["deep/er/fresh", "readme"]


def test_a_sibling_repository_has_the_same_identity_and_no_hooks(ground: Ground) -> None:
    root = ground.new()
    hook(root / ".git" / "hooks", "pre-commit", "exit 1")
    ground.git(root, "config", "user.email", "local@example.org")

    with Clone.of(ground.repository(root)) as clone:
        sibling = clone.sibling("website")
        sibling.write({"page": "p\n"})
        commit = sibling.commit("page", ["page"], sign=None, signoff=False)

        assert sibling.git.must("log", "-1", "--format=%ae", commit) == "local@example.org"
