"""Milestone, draft, highlights, announcement and fixes: killed at each write and run again, the forge ends the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from notes_ground import Ground, History, ground, release

from castoff.preflight.label_fixes import answers_given, apply_fixes, choose, find_fixes
from castoff.release.announce_command import announce
from castoff.release.draft_command import make_draft
from castoff.release.highlights_command import open_highlights, write_highlights
from castoff.release.milestone_command import roll_over
from castoff.session.services import Services
from castoff.values import replace
from castoff.world.faults import parse_faults

pytestmark = pytest.mark.real

WRITES = frozenset({"create_release", "update_release", "create", "rename", "close", "move", "add", "remove"})


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass(slots=True)
class Death:
    """Kills at the n-th write, before or after its effect; 0 lives for ever."""

    at: int
    after: bool
    count: int = 0
    lock: Any = None

    def wrap(self, port: Any) -> Any:
        return port if port is None else Mortal(port, self)


class Mortal:
    """A port whose writes count."""

    def __init__(self, port: Any, death: Death) -> None:
        self._port, self._death = port, death

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in WRITES:
            return found

        def write(*arguments: Any) -> Any:
            death = self._death
            with death.lock:
                death.count += 1
                mine = death.count
            if mine > death.at > 0 or (mine == death.at and not death.after):
                raise Killed
            outcome = found(*arguments)
            if mine == death.at:
                raise Killed
            return outcome

        return write


def mortal(setting: Services, death: Death) -> Services:
    death.lock = threading.Lock()
    return replace(
        setting,
        forge=lambda url: death.wrap(setting.forge(url)),
        milestones=lambda url: death.wrap(setting.milestones(url)),
        labels=lambda url: death.wrap(setting.labels(url)),
        lanes=1,
    )


def history(made: History) -> None:
    made.squash(1, "Moor ships at night", labels=["changelog-add"])
    made.squash(
        2, "Fix tides", labels=["changelog-fix"], author="grace", body="## Migration\n\nSay `dock`.\n"
    )
    made.squash(3, "Forgotten")


def released(made: History) -> None:
    history(made)
    release(made, "1.1.0")


SEED: dict[str, Any] = {
    "milestones": [{"title": "1.1.0"}],
    "issues": [{"number": n, "title": f"Left {n}", "milestone": "1.1.0"} for n in (50, 51)],
}


def write(setting: Services, text: str = "## Highlights\n\nMy words.\n") -> None:
    write_highlights(setting, open_highlights(setting, None), text)


def write_and_draft(setting: Services) -> None:
    write(setting)
    make_draft(setting, "1.1.0")


def draft_and_announce(setting: Services) -> None:
    make_draft(setting, "1.1.0")
    announce(setting, "1.1.0", lambda draft, problems: not problems)


def fix_labels(setting: Services) -> None:
    fixes = find_fixes(setting)
    apply_fixes(setting, fixes, choose(fixes, answers_given({3: "changelog-fix"})))


STORIES: dict[str, tuple[Callable[[Services], object], Callable[[History], None], int]] = {
    "milestone": (lambda setting: roll_over(setting, "1.1.0", None), released, 4),
    "draft": (lambda setting: make_draft(setting, "1.1.0"), released, 1),
    "highlights before the release": (write, history, 1),
    "highlights after it, then the draft": (write_and_draft, released, 2),
    "draft, then announcement": (draft_and_announce, released, 2),
    "fixes": (fix_labels, history, 4),
}
CASES = [
    pytest.param(name, at, after, id=f"{name}: {'after' if after else 'before'} write {at}")
    for name, (_, _, writes) in STORIES.items()
    for at in range(1, writes + 1)
    for after in (False, True)
]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run each story once; gives what is on the forge then."""
    found = {}
    for number, (name, (story, build, writes)) in enumerate(STORIES.items()):
        with ground(tmp_path_factory.mktemp(f"calm{number}"), build, **SEED) as made:
            death = Death(0, after=False)
            story(mortal(made.setting(), death))
            assert death.count == writes, name
            found[name] = state(made)
    return found


def state(made: Ground) -> str:
    return json.dumps(made.forge(), sort_keys=True, indent=1)


@pytest.mark.parametrize(("name", "at", "after"), CASES)
def test_killed_at_a_write_and_run_again_the_forge_ends_the_same(
    name: str, at: int, after: bool, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    story, build, _ = STORIES[name]
    with ground(tmp_path, build, **SEED) as made:
        with pytest.raises(Killed):
            story(mortal(made.setting(), Death(at, after=after)))

        story(made.setting())
        assert state(made) == undisturbed[name]

        before = made.writes()
        story(made.setting())
        assert state(made) == undisturbed[name]
        assert made.writes() == before


REAL = [
    (("milestone", "1.1.0", "--execute"), "POST", "*/milestones", "before"),
    (("milestone", "1.1.0", "--execute"), "PATCH", "*/issues/*", "after"),
    (("draft", "1.1.0", "--execute"), "POST", "*/releases", "after"),
    (("announce", "1.1.0", "--execute", "--yes"), "PATCH", "*/releases/*", "before"),
    (("announce", "1.1.0", "--execute", "--yes"), "PATCH", "*/releases/*", "after"),
]


@pytest.mark.parametrize(("command", "method", "path", "when"), REAL)
def test_a_real_process_is_killed_while_the_forge_holds_its_write(
    command: tuple[str, ...], method: str, path: str, when: str, tmp_path: Path
) -> None:
    """SIGKILL while the request is held before or after its effect; the next run ends as an undisturbed one."""
    with ground(tmp_path / "calm", released, **SEED) as calm:
        _prepared(calm, command)
        assert _start(calm, command).wait() == 0
        expected = state(calm)
    with ground(tmp_path / "killed", released, **SEED) as made:
        _prepared(made, command)
        effect = {"hold": "proof", "when": when, "seconds": 30}
        rule = {"service": "forge", "method": method, "path": path, "times": 1, "effect": effect}
        made.world.gate.replace(parse_faults(json.dumps({"rules": [rule]}).encode()))
        process = _start(made, command)
        assert made.world.gate.held(count=1, within=60.0)
        process.kill()
        process.wait()
        made.world.gate.release(None)
        made.world.gate.replace(())

        assert process.returncode == -signal.SIGKILL
        assert _start(made, command).wait() == 0
        assert state(made) == expected


def _prepared(made: Ground, command: tuple[str, ...]) -> None:
    if command[0] == "announce":
        make_draft(made.setting(), "1.1.0")


def _start(made: Ground, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "castoff", *command],
        cwd=made.checkout,
        env=made.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
