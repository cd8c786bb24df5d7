"""How much is the forge asked, and what is remembered where it cannot be?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from notes_ground import START, History, ground

from castoff.errors import NotYet
from castoff.release.notes_command import memory_file, notes_of_range
from castoff.session.services import Services
from castoff.values import replace

pytestmark = pytest.mark.real


def thousand(made: History) -> None:
    """Import a thousand squashed changes at once, of 250 people."""
    lines = []
    for number in range(1, 1001):
        subject = f"Change {number} (#{number})"
        when = int(START.timestamp()) + 3600 * 24 + number * 60
        lines += [
            "commit refs/heads/main",
            f"mark :{number}",
            f"committer Ada <ada@example.invalid> {when} +0000",
            f"data {len(subject)}",
            subject,
            *(["from refs/heads/main^0"] if number == 1 else []),
            "",
        ]
    marks = made.path / ".git" / "marks"
    made.git("fast-import", "--quiet", f"--export-marks={marks}", given="\n".join(lines) + "\n")
    shas = dict(line.split(" ") for line in marks.read_text("utf-8").splitlines())
    for number in range(1, 1001):
        made.merged(
            number,
            f"Change {number}",
            shas[f":{number}"],
            author=f"person{number % 250}",
            labels=["changelog-add"],
        )


@pytest.mark.whole
def test_a_thousand_changes_of_250_people_take_at_most_15_requests(tmp_path: Path) -> None:
    with ground(tmp_path, thousand) as made:
        shown = notes_of_range(made.setting(), "1.0.0", None, compare=False)

        assert len(shown.written.notes.changes) == 1000
        assert len(shown.written.notes.new_contributors) == 250
        assert len(made.asked()) <= 15
        assert made.writes() == []


def small(made: History) -> None:
    made.squash(1, "Moor ships at night", labels=["changelog-add"])
    made.commit("A cherry-pick of nothing (#99)")


def memory_of(setting: Services, remote: str) -> Path:
    path = memory_file(setting.environment, remote)
    assert path is not None
    return path


def test_what_was_fetched_before_is_there_offline(tmp_path: Path) -> None:
    with ground(tmp_path, small) as made:
        first = notes_of_range(made.setting(), None, None, compare=False)

        again = notes_of_range(made.setting(GITHUB_API_URL="http://127.0.0.1:9"), None, None, compare=False)

        assert again.written.body == first.written.body
        assert [one.code for one in again.written.problems] == ["changes-remembered"]
        assert "2026-03-01T12:00:00" in again.written.problems[0].message
        assert made.setting().repository.checked_out().changed == ()
        kept = memory_of(made.setting(), made.world.repository.url)
        assert kept.stat().st_mode & 0o777 == 0o600
        assert kept.parent.stat().st_mode & 0o077 == 0
        assert not list((made.checkout / ".git").glob("castoff*"))


@pytest.mark.parametrize("cache", ["relative", "/dev/null/here", ""])
def test_without_a_cache_folder_nothing_is_remembered_and_nothing_fails(cache: str, tmp_path: Path) -> None:
    with ground(tmp_path, small) as made:
        setting = made.setting(XDG_CACHE_HOME=cache, HOME="")

        assert notes_of_range(setting, None, None, compare=False).written.problems == ()


@pytest.mark.parametrize("kept", [None, "", "[]", "{}", '{"at": 3}', "\x00", '{"commits": {"a": "b"}}'])
def test_without_memory_the_forge_is_missed(kept: str | None, tmp_path: Path) -> None:
    with ground(tmp_path, small) as made:
        if kept is not None:
            path = memory_of(made.setting(), made.world.repository.url)
            path.parent.mkdir(parents=True)
            path.write_text(kept, encoding="utf-8")

        with pytest.raises(NotYet) as caught:
            notes_of_range(made.setting(GITHUB_API_URL="http://127.0.0.1:9"), None, None, compare=False)

    assert [problem.code for problem in caught.value.problems] == ["forge-unreachable"]


def test_what_is_remembered_of_another_repository_does_not_count(tmp_path: Path) -> None:
    with ground(tmp_path, small) as made:
        notes_of_range(made.setting(), None, None, compare=False)
        path = memory_of(made.setting(), made.world.repository.url)
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"repository": "else/where"}))

        with pytest.raises(NotYet):
            notes_of_range(made.setting(GITHUB_API_URL="http://127.0.0.1:9"), None, None, compare=False)


def test_a_second_look_in_one_run_costs_nothing_of_the_limit(tmp_path: Path) -> None:
    with ground(tmp_path, small, releases=[{"tag": "1.0.0"}]) as made:
        setting = replace(made.setting())
        forge = setting.forge(made.world.repository.url)
        assert forge is not None
        first = forge.releases()
        second = forge.releases()

        statuses = [e.status for e in made.world.journal.entries() if e.path.endswith("/releases")]

    assert first == second
    assert statuses == [200, 304]
