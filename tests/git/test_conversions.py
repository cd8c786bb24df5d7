"""The clone holds the bytes of a clean checkout by the user's own git, whatever converts them there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from git_ground import Ground, fingerprint, hook

from castoff.errors import Refusal
from castoff.git import Clone
from castoff.git.comparison import CheckoutComparison, compare

Made = Callable[[Ground, Path], Mapping[str, bytes]]


def _eol(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "eol", {".gitattributes": "* text=auto eol=crlf\n", "a": "one\n"})
    return {"a": b"one\r\n"}


def _autocrlf(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "files", {"a": "one\n", "bin": b"\0\n"})
    ground.git(root, "config", "core.autocrlf", "true")
    return {"a": b"one\r\n", "bin": b"\0\n"}


def _core_eol(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "files", {".gitattributes": "a text\n", "a": "one\n", "b": "one\n"})
    ground.git(root, "config", "core.eol", "crlf")
    return {"a": b"one\r\n", "b": b"one\n"}


def _ident(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "files", {".gitattributes": "a ident\n", "a": "$Id$\n"})
    return {"a": f"$Id: {ground.git(root, 'rev-parse', 'HEAD:a')} $\n".encode()}


def _encoding(ground: Ground, root: Path) -> Mapping[str, bytes]:
    text = "één\n".encode("utf-16-le")
    ground.commit(root, "files", {".gitattributes": "a working-tree-encoding=UTF-16LE text\n", "a": text})
    return {"a": text}


def _filtered(ground: Ground, root: Path, smudge: str, *, attributes: str = "") -> Mapping[str, bytes]:
    ground.git(root, "config", "filter.up.smudge", smudge)
    ground.git(root, "config", "filter.up.clean", "tr A-Z a-z")
    files = {"a": "one\n"} if attributes else {".gitattributes": "a filter=up\n", "a": "one\n"}
    ground.commit(root, "files", files)
    return {"a": b"ONE\n"}


def _filter(ground: Ground, root: Path) -> Mapping[str, bytes]:
    return _filtered(ground, root, "tr a-z A-Z")


def _filter_script(ground: Ground, root: Path) -> Mapping[str, bytes]:
    hook(root, "tools/up.sh", "tr a-z A-Z")
    return _filtered(ground, root, "tools/up.sh %f")


def _filter_script_untracked(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "ignore", {".gitignore": "own\n"})
    hook(root, "own/up.sh", "tr a-z A-Z")
    return _filtered(ground, root, "sh own/up.sh %f")


def _filter_in_git_folder(ground: Ground, root: Path) -> Mapping[str, bytes]:
    hook(root, ".git/up.sh", "tr a-z A-Z")
    return _filtered(ground, root, 'sh "$(git rev-parse --git-dir)/up.sh"')


def _info_attributes(ground: Ground, root: Path) -> Mapping[str, bytes]:
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("a filter=up\n", "utf-8")
    return _filtered(ground, root, "tr a-z A-Z", attributes="info")


def _attributes_file(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "attributes", {"conf/attributes": "a filter=up\n"})
    ground.git(root, "config", "core.attributesFile", "conf/attributes")
    return _filtered(ground, root, "tr a-z A-Z", attributes="file")


def _include_if(ground: Ground, root: Path) -> Mapping[str, bytes]:
    (ground.folder / "own").write_text(
        '[filter "up"]\n\tsmudge = tr a-z A-Z\n\tclean = tr A-Z a-z\n', "utf-8"
    )
    ground.settings(f'[includeIf "gitdir:{ground.folder}/here/"]\n\tpath = {ground.folder / "own"}\n')
    ground.commit(root, "files", {".gitattributes": "a filter=up\n", "a": "one\n"})
    return {"a": b"ONE\n"}


def _in_environment(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "files", {".gitattributes": "a filter=up\n", "a": "one\n"})
    pairs = {"filter.up.smudge": "tr a-z A-Z", "filter.up.clean": "tr A-Z a-z"}
    for number, (key, value) in enumerate(pairs.items()):
        ground.extra[f"GIT_CONFIG_KEY_{number}"] = key  # type: ignore[index]
        ground.extra[f"GIT_CONFIG_VALUE_{number}"] = value  # type: ignore[index]
    ground.extra["GIT_CONFIG_COUNT"] = "2"  # type: ignore[index]
    return {"a": b"ONE\n"}


def _worktree_setting(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.git(root, "config", "extensions.worktreeConfig", "true")
    ground.commit(root, "files", {"a": "one\n"})
    ground.git(root, "config", "--worktree", "core.autocrlf", "true")
    return {"a": b"one\r\n"}


def _lfs(ground: Ground, root: Path) -> Mapping[str, bytes]:
    if shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed")
    ground.git(root, "lfs", "install", "--local")
    ground.commit(root, "files", {".gitattributes": "*.bin filter=lfs -text\n", "a.bin": b"\1" * 5000})
    return {"a.bin": b"\1" * 5000}


def _symlinks_off(ground: Ground, root: Path) -> Mapping[str, bytes]:
    (root / "link").symlink_to("readme")
    ground.commit(root, "link", {})
    ground.git(root, "config", "core.symlinks", "false")
    return {"link": b"readme"}


def _sparse(ground: Ground, root: Path) -> Mapping[str, bytes]:
    ground.commit(root, "files", {"a/x": "x\n", "b/y": "y\n"})
    ground.git(root, "sparse-checkout", "set", "a")
    return {"a/x": b"x\n", "b/y": b"y\n"}


SHAPES: dict[str, Made] = {
    "eol=crlf": _eol,
    "core.autocrlf": _autocrlf,
    "core.eol": _core_eol,
    "ident": _ident,
    "working-tree-encoding": _encoding,
    "a filter": _filter,
    "a filter of a tracked script": _filter_script,
    "a filter of an untracked script": _filter_script_untracked,
    "a filter that keeps a file in git's folder": _filter_in_git_folder,
    "attributes in git's folder": _info_attributes,
    "an attributes file": _attributes_file,
    "an include by folder": _include_if,
    "settings in the environment": _in_environment,
    "a setting of the work tree": _worktree_setting,
    "git-lfs": _lfs,
    "no symbolic links": _symlinks_off,
    "a sparse checkout": _sparse,
}


def compared(
    ground: Ground, root: Path, spoil: Callable[[Clone], object] = lambda _: None
) -> CheckoutComparison:
    repository = ground.repository(root)
    with Clone.of(repository) as clone:
        clone.check_out("HEAD")
        spoil(clone)
        return compare(clone.git, repository, "HEAD", clone.folder("comparison"))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_clone_is_a_clean_checkout(ground: Ground, shape: str) -> None:
    ground = Ground(ground.folder, {})
    root = ground.new()
    expected = SHAPES[shape](ground, root)
    before = fingerprint(root)
    repository = ground.repository(root)

    with Clone.of(repository) as clone:
        clone.check_out("HEAD")
        found = {path: (clone.root / path).read_bytes() for path in expected}
        result = compare(clone.git, repository, "HEAD", clone.folder("comparison"))

    assert found == expected
    assert (result.differences, result.pointers, result.not_compared) == ((), (), "")
    assert fingerprint(root) == before


@pytest.mark.parametrize(
    "shape", [one for one in SHAPES if one not in ("no symbolic links", "a sparse checkout")]
)
def test_other_bytes_are_found(ground: Ground, shape: str) -> None:
    ground = Ground(ground.folder, {})
    root = ground.new()
    (path, *_) = SHAPES[shape](ground, root)

    def spoil(clone: Clone) -> None:
        (clone.root / path).write_bytes(b"other\n")

    assert {one.path for one in compared(ground, root, spoil).differences} == {path}


def test_a_filter_that_gives_other_bytes_each_time_differs(ground: Ground) -> None:
    root = ground.new()
    ground.git(root, "config", "filter.place.smudge", "pwd")
    ground.git(root, "config", "filter.place.clean", "echo place")
    ground.commit(root, "files", {".gitattributes": "a filter=place\n", "a": "place\n"})

    (found,) = compared(ground, root).differences

    assert (found.path, found.cause) == ("a", "`filter=place`")


def test_a_filter_that_is_not_configured_changes_nothing(ground: Ground) -> None:
    root = ground.new()
    ground.commit(root, "files", {".gitattributes": "a filter=nobody\n", "a": "one\n"})

    assert compared(ground, root).differences == ()


def test_a_pointer_that_nobody_fetched_is_reported(ground: Ground) -> None:
    root = ground.new()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 5\n"
    ground.commit(
        root, "files", {".gitattributes": "*.bin filter=lfs\n", "a.bin": pointer, "b.bin": "plain\n"}
    )

    found = compared(ground, root)

    assert (found.pointers, found.differences) == (("a.bin",), ())


def test_a_file_that_is_dirty_in_every_checkout_does_not_differ(ground: Ground) -> None:
    root = ground.new()
    ground.commit(root, "bytes", {"a": b"one\r\n"})
    (root / ".gitattributes").write_text("a text\n", "utf-8")
    ground.git(root, "add", ".gitattributes")
    ground.git(root, "commit", "--quiet", "-m", "attributes")

    found = compared(ground, root, lambda clone: (clone.root / "a").touch())

    assert found.differences == ()


@pytest.mark.parametrize("required", ["true", "false"])
def test_a_filter_that_fails(ground: Ground, required: str) -> None:
    root = ground.new()
    ground.commit(root, "files", {".gitattributes": "a filter=gone\n", "a": "one\n"})
    ground.git(root, "config", "filter.gone.smudge", "./no-such-program")
    ground.git(root, "config", "filter.gone.required", required)

    if required == "false":
        assert compared(ground, root).differences == ()
        return
    with pytest.raises(Refusal) as caught:
        compared(ground, root)
    assert caught.value.problems[0].code == "checkout-failed"
    assert "no-such-program" in caught.value.problems[0].reason


def test_what_castoff_writes_lies_on_disk_as_git_checks_it_out(ground: Ground) -> None:
    root = ground.new()
    _eol(ground, root)

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out("HEAD")
        clone.write({"a": "two\n"})
        commit = clone.commit("edit", ["a"], sign=None, signoff=False)

        assert clone.tree(commit).read("a") == "two\n"
        assert (clone.root / "a").read_bytes() == b"two\r\n"
        assert compare(clone.git, ground.repository(root), commit, clone.folder("c")).differences == ()


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone_gets_what_it_left_out(ground: Ground, kind: str) -> None:
    there = ground.bare()
    origin = ground.new("origin", old="old\n", other="o\n")
    first = ground.git(origin, "rev-parse", "HEAD")
    ground.commit(origin, "second", {"old": "new\n"})
    ground.git(origin, "push", "--quiet", there, "main")
    ground.git(there, "config", "uploadpack.allowFilter", "true")
    ground.git(there, "config", "uploadpack.allowAnySHA1InWant", "true")
    ground.git(".", "clone", "--quiet", f"--filter={kind}", f"file://{there}", "here")
    root = ground.folder / "here"
    before = fingerprint(root)

    with Clone.of(ground.repository(root)) as clone:
        assert clone.tree(first).read("old") == "old\n"
        clone.check_out(first)
        assert (clone.root / "old").read_text("utf-8") == "old\n"

    assert fingerprint(root) == before


def test_a_partial_clone_without_its_remote_is_reported(ground: Ground) -> None:
    test_a_partial_clone_gets_what_it_left_out(ground, "blob:none")
    root = ground.folder / "here"
    shutil.rmtree(ground.folder / "there.git")

    with Clone.of(ground.repository(root)) as clone:
        tree = clone.tree(ground.git(root, "rev-parse", "HEAD^"))
        with pytest.raises(Refusal) as caught:
            tree.read("old")

    assert caught.value.problems[0].code in ("object-missing", "git-failed")
