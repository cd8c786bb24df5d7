"""Archives of a checkout: the same files give the same bytes, and nothing else is in them."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

from castoff.io.tree_archive import write_tree_archive


def write_checkout(root: Path, *, later: int = 0) -> Path:
    (root / "b" / "c").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("secret")
    (root / "b" / ".git").write_text("gitdir: ../elsewhere")  # as in a submodule
    (root / "b" / "c" / "script").write_text("#!/bin/sh\n")
    (root / "b" / "c" / "script").chmod(0o700)
    (root / ".gitignore").write_bytes(b"dist/\r\n")
    (root / "a-link").symlink_to("b/c/script")
    (root / "b" / "folder").symlink_to("c")
    (root / "b" / "out").symlink_to("/etc/hostname")
    (root / os.fsdecode(b"caf\xe9")).write_text("Latin-1")
    for path in root.rglob("*"):
        os.utime(path, (later, later), follow_symlinks=False)
    return root


def test_files_and_links_are_kept_with_their_modes_and_links_come_last(tmp_path: Path) -> None:
    write_tree_archive(write_checkout(tmp_path / "tree"), tmp_path / "tree.tar")

    with tarfile.open(tmp_path / "tree.tar") as archive:
        found = [(one.name, one.mode, one.linkname, one.uid, one.mtime) for one in archive]
        content = archive.extractfile(".gitignore")
        assert content is not None
        assert content.read() == b"dist/\r\n"
    assert found == [
        (".gitignore", 0o644, "", 0, 946_684_800),
        ("b/c/script", 0o755, "", 0, 946_684_800),
        (os.fsdecode(b"caf\xe9"), 0o644, "", 0, 946_684_800),
        ("a-link", 0o777, "b/c/script", 0, 946_684_800),
        ("b/folder", 0o777, "c", 0, 946_684_800),
        ("b/out", 0o777, "/etc/hostname", 0, 946_684_800),
    ]


def test_the_same_files_give_the_same_bytes_at_another_time_and_place(tmp_path: Path) -> None:
    one = write_tree_archive(write_checkout(tmp_path / "one"), tmp_path / "one.tar")
    two = write_tree_archive(write_checkout(tmp_path / "two", later=1_800_000_000), tmp_path / "two.tar")
    (tmp_path / "two" / "b" / "c" / "script").chmod(0o600)

    assert one == two
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    assert write_tree_archive(tmp_path / "two", tmp_path / "two.tar") != two
