"""Is a tag that one process makes pushed as it is by another one, and nothing uploaded that it does not list?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from branches_bench import Bench, bench

pytestmark = pytest.mark.real


@dataclass(slots=True)
class Handover:
    """A claimed release whose files are built and whose tag is made: folders, and lists of digests and ids."""

    made: Bench
    folder: Path

    @property
    def files(self) -> tuple[str, ...]:
        """Name the files for a command that uploads."""
        return ("--built", str(self.folder / "built"))

    @property
    def tags(self) -> tuple[str, ...]:
        """Name the tag objects for a command that uploads or pushes."""
        return ("--tags", str(self.folder / "tags"), "--objects", str(self.folder / "OBJECTS"))

    def make_tag(self) -> str:
        """Make the tag; returns its id."""
        words = ("--to", str(self.folder / "tags"), *self.files)
        (tag,) = json.loads(self.made.run("tag", "1.1.0", "--json", *words))["tags"]
        (self.folder / "OBJECTS").write_text(f"{tag['object']}\n", "utf-8")
        assert tag["signed"]
        made: str = tag["object"]
        return made

    def resume(self, *words: str) -> tuple[int, str]:
        """Go on in a clone that has no key."""
        clone = self.made.stage.checkout()
        self.made.stage.git(clone, "config", "--unset", "user.signingkey")
        return self.made.stage.run(clone, "resume", "1.1.0", "--execute", *words)


@contextmanager
def claimed(folder: Path) -> Iterator[Handover]:
    with bench(folder, "python", files={"castoff.toml": '[release]\nsign = "tag"\n'}) as made:
        made.run("release", "minor", "--execute", "--rehearsed", "--only", "version")
        made.git("pull", "--quiet")
        handover = Handover(made, folder / "handover")
        made.run("build", "1.1.0", "--to", str(handover.folder / "built"))
        yield handover


@pytest.mark.whole
def test_the_tag_is_pushed_as_it_was_made_after_the_last_upload(tmp_path: Path) -> None:
    with claimed(tmp_path) as handover:
        made = handover.make_tag()

        early = handover.resume(*handover.tags)
        assert early[0] == 3, early[1]
        assert "is listed in the tag `1.1.0`, but it is not published" in early[1]

        code, output = handover.resume("--only", "publish", *handover.files, *handover.tags)
        assert code == 0, output
        assert len(handover.made.uploads("python")) == 4
        assert "1.1.0" not in handover.made.git("ls-remote", "--tags", "origin")

        code, output = handover.resume(*handover.tags)
        assert code == 0, output
        assert f"{made}\trefs/tags/1.1.0\n" in handover.made.git("ls-remote", "--tags", "origin")
        assert handover.resume(*handover.tags)[0] == 0, "once it is out, a second run changes nothing"


@pytest.mark.whole
def test_a_tag_made_after_some_uploads_lists_what_is_published(tmp_path: Path) -> None:
    with claimed(tmp_path) as handover:
        handover.make_tag()
        assert handover.resume("--only", "publish", *handover.files, *handover.tags)[0] == 0

        made = handover.make_tag()

        code, output = handover.resume(*handover.tags)
        assert code == 0, output
        assert made in handover.made.git("ls-remote", "--tags", "origin")


@pytest.mark.whole
def test_a_file_that_the_tag_does_not_list_is_not_uploaded(tmp_path: Path) -> None:
    with claimed(tmp_path) as handover:
        handover.make_tag()
        wheel = next((handover.folder / "built").glob("proof_core-*.tar.gz"))
        wheel.write_bytes(wheel.read_bytes() + b"\0")

        code, output = handover.resume("--only", "publish", *handover.files, *handover.tags)

        assert code == 4, output
        assert f"`{wheel.name}` is not what was made: the tag lists " in output
        assert handover.made.uploads("python") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "its contents have another id"),
        (None, "it is missing"),
        (b"tag 1.1.0\n", "it is the tag `1.2.0`, which is not one of this release"),
        (b"-----BEGIN", "it has no signature, but `release.sign` requires one"),
    ],
    ids=["bytes", "missing", "name", "signature"],
)
def test_another_tag_object_is_refused(tmp_path: Path, text: bytes | None, fault: str) -> None:
    with claimed(tmp_path) as handover:
        file = handover.folder / "tags" / handover.make_tag()
        data = file.read_bytes()
        if text is None:
            file.unlink()
        elif not text:
            file.write_bytes(data.replace(b"1.1.0", b"1.1.1"))
        else:
            data = data.replace(text, b"tag 1.2.0\n") if b"tag" in text else data.partition(text)[0]
            other = hashlib.sha1(b"tag %d\0%b" % (len(data), data)).hexdigest()
            file.with_name(other).write_bytes(data)
            (handover.folder / "OBJECTS").write_text(other, "utf-8")

        code, output = handover.resume("--only", "publish", *handover.files, *handover.tags)

        assert code == 4, output
        assert f"is not what was made: {fault}" in output
        assert handover.made.uploads("python") == []
