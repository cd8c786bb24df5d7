"""Objects, read through one process that stays."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from git_ground import Ground

from castoff.errors import CastoffError
from castoff.git import Git
from castoff.io.process import _running


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground.at(tmp_path)


def opened(ground: Ground, root: Path) -> Git:
    return ground.repository(root).git


def reader(git: Git) -> int:
    places = {Path(f"/proc/{one.pid}/cwd").readlink(): one.pid for one in _running}
    return places[git.folder.resolve()]


def test_objects_are_found_by_any_name_and_as_git_stores_them(ground: Ground) -> None:
    root = ground.new(a__b="two\n", long="x" * 300_000)
    ground.git(root, "tag", "-a", "1.0.0", "-m", "One\n\ntwo")
    git = opened(ground, root)

    def found(name: str) -> tuple[str, str] | None:
        one = git.objects.find(name)
        return one and (one.name, one.kind)

    head = ground.git(root, "rev-parse", "HEAD")
    assert found("HEAD") == found(head) == found("1.0.0^{commit}") == (head, "commit")
    assert found("refs/tags/1.0.0") == (ground.git(root, "rev-parse", "refs/tags/1.0.0"), "tag")
    assert [found(name) for name in ("nothing", "0" * 40, f"{head}\nHEAD", "HEAD^1", "a b")] == [None] * 5
    long, b = git.objects.read_all(["HEAD:long", "HEAD:a/b"])
    assert (len(long.data), b.data) == (300_000, b"two\n")
    git.close()


def test_thousands_of_objects_are_read_at_once(ground: Ground) -> None:
    root = ground.new(**{f"f{number}": f"{number}\n" for number in range(3000)})
    tree = ground.repository(root).tree("HEAD")
    tree.preload(tree.paths())
    assert all(tree.read(f"f{number}") == f"{number}\n" for number in range(3000))


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("One\n", "One"),
        ("One\nand more\n\nbody\n", "One and more"),
        ("One  \n \nbody\n", "One"),
        ("", ""),
    ],
)
def test_subject_message_and_time_are_those_of_git(ground: Ground, message: str, subject: str) -> None:
    root = ground.new()
    commit = ground.git(root, "commit-tree", "HEAD^{tree}", given=message)
    git = opened(ground, root)
    one = git.objects.read_all([commit])[0]
    assert (one.subject, one.subject) == (subject, ground.git(root, "show", "-s", "--format=%s", commit))
    assert one.message == message
    assert one.time == int(ground.git(root, "show", "-s", "--format=%ct", commit))
    git.close()


def test_a_message_in_another_encoding_is_decoded(ground: Ground) -> None:
    root = ground.new()
    (ground.folder / "message").write_bytes("Gr\u00f6\u00dfe\n".encode("latin-1"))
    ground.git(root, "-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-qF", "../message", "--allow-empty")
    git = opened(ground, root)
    assert git.objects.read_all(["HEAD"])[0].subject == "Gr\u00f6\u00dfe"
    git.close()


def test_some_paths_are_listed_as_git_lists_them(ground: Ground) -> None:
    root = ground.new(a__b__c="1\n", a__d="2\n", e="3\n")
    (root / "link").symlink_to("e")
    ground.git(root, "add", "link")
    ground.git(root, "commit", "-qm", "link")
    repository = ground.repository(root)
    tree = repository.tree("HEAD", ["a/b", "e", "e/f", "link", "none"])
    assert list(tree.paths()) == ["a/b/c", "e"]
    assert dict(tree.links()) == {"link": "e"}
    assert repository.tree("HEAD", ["a"]).paths() == ("a/b/c", "a/d")


def test_a_reader_that_was_killed_between_two_questions_is_started_again(ground: Ground) -> None:
    git = opened(ground, ground.new())
    head = git.objects.find("HEAD")
    assert head is not None
    first = reader(git)
    os.kill(first, signal.SIGTERM)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert git.objects.find("HEAD") == head
    assert reader(git) != first
    git.close()


def test_a_reader_that_cannot_work_reports_what_git_says(ground: Ground) -> None:
    root = ground.new()
    git = opened(ground, root)
    (root / ".git" / "HEAD").write_text("nonsense\n", "utf-8")
    with pytest.raises(CastoffError) as caught:
        git.objects.find("HEAD")
    assert (caught.value.problems[0].code, "not a git repository" in caught.value.problems[0].reason) == (
        "git-failed",
        True,
    )


def test_threads_get_their_own_answers(ground: Ground) -> None:
    root = ground.new(**{f"f{number}": f"{number}\n" for number in range(40)})
    git = opened(ground, root)
    start = threading.Barrier(4)

    def read(first: int) -> list[bytes]:
        start.wait(10)
        return [git.objects.read_all([f"HEAD:f{number}"])[0].data for number in range(first, 40, 4)]

    with ThreadPoolExecutor(4) as pool:
        for first, found in enumerate(pool.map(read, range(4))):
            assert found == [f"{number}\n".encode() for number in range(first, 40, 4)]
    git.close()


def test_no_reader_is_left_by_a_repository_that_is_forgotten_or_a_process_that_is_killed(
    ground: Ground,
) -> None:
    root = ground.new()
    git = opened(ground, root)
    git.objects.find("HEAD")
    pid = reader(git)
    del git
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    program = """
        import sys
        from pathlib import Path
        from castoff.git import Git
        from castoff.io.process import Processes, _running
        import os
        git = Git(Processes(dict(os.environ)), Path(sys.argv[1]))
        git.objects.find("HEAD")
        print(next(iter(_running)).pid, flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), root],
        env=ground.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        pid = int(killed.stdout.readline())
        gone = os.pidfd_open(pid)
        killed.kill()
    assert select.select([gone], [], [], 20)[0]
    os.close(gone)
