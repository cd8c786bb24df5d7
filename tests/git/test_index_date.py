"""No file of a fresh checkout counts as perhaps changed since, so that no client has to read it again."""

from __future__ import annotations

from git_ground import Ground

from castoff.git import Clone


def test_the_index_is_newer_than_all_files(ground: Ground) -> None:
    root = ground.new()

    with Clone.of(ground.repository(root)) as clone:
        clone.check_out("HEAD")
        clone.write({"readme": "two\n"})
        (clone.root / "readme").write_text("six\n", encoding="utf-8")
        assert clone.changed_paths() == ("readme",)
        commit = clone.commit("edit", ["readme"], sign=None, signoff=False)
        clone.check_out(commit)

        index = (clone.root / ".git" / "index").stat().st_mtime
        assert index >= (clone.root / "readme").stat().st_mtime + 1
        assert clone.tree(commit).read("readme") == "six\n"
