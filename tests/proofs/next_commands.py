"""Every documented next command after a kill, and the world that it must lead to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proofs.endings import (
    HOTFIX,
    MERGE,
    Endings,
    comparable,
    difference,
    given_up,
    merge,
    release_hotfix,
)
from proofs.faulting import taken_twice
from proofs.killing import Point, kill
from proofs.worlds import Stage, problems_of

BEGIN = ("release", "minor", "--execute", "--yes")
RESUME = ("resume", "--execute", "--yes")
_TRIES = 4
COMMAND = re.compile(r"`castoff ([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """One path: where it was killed, what came next, what ran with which exit codes, and what is wrong."""

    point: str
    then: str
    killed: bool
    ran: tuple[str, ...]
    complaints: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.point}; {self.then}: {'; '.join(self.ran)}"


@dataclass(slots=True)
class Walk:
    """What is done in one world after a kill; complaints are collected."""

    here: Stage
    endings: Endings
    ran: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def run(self, *command: str) -> tuple[int, list[Mapping[str, Any]]]:
        """Run castoff on another machine; returns exit code and problems."""
        code, output = self.here.run(self.here.checkout(), *command, "--wait", "120", "--json")
        problems = problems_of(output)
        codes = sorted({str(one["code"]) for one in problems}) if code else []
        shown = [word for word in command if word not in ("--execute", "--yes")]
        self.ran.append(f"{' '.join(shown)}: {code}" + (f" {', '.join(codes)}" if codes else ""))
        promised = {0, 3, 4} | ({2} if codes == ["unknown-version"] else set())
        if code not in promised or "Traceback" in output or "error[bug]" in output:
            self.complaints.append(f"{' '.join(command)} ended with {code}: {output[-1200:]}")
        if code and not all(one.get("remedy") for one in problems if one["severity"] == "error"):
            self.complaints.append(f"{' '.join(command)} named no remedy: {output[-1200:]}")
        return code, problems

    def finish(self, *command: str) -> None:
        """Run a command until it is done, as somebody does who reads "run it again later"."""
        for _ in range(_TRIES):
            code, problems = self.run(*command)
            if code == 0:
                return
        self.complaints.append(f"{' '.join(command)} never ended: {[one['message'] for one in problems]}")

    def complete(self) -> None:
        """Finish 1.1.0 if it was claimed, else begin anew."""
        self.finish(*(RESUME if self.is_claimed() else BEGIN))

    def expect_refusal(self, code: int, problems: list[Mapping[str, Any]], *allowed: str) -> None:
        """Complain unless a run was refused with one of the codes."""
        found = {str(one["code"]) for one in problems if one["severity"] == "error"}
        if code not in (2, 4) or not found or not found <= set(allowed):
            self.complaints.append(f"ended with {code} {sorted(found)} instead of a refusal {allowed}")

    def expect(self, *steps: str) -> None:
        """Compare the contents with those of the undisturbed steps."""
        self.complaints += difference(comparable(self.endings.after(*steps)), comparable(self.here.dump()))

    def expect_same(self, *steps: str) -> None:
        """Compare the whole world, to the byte."""
        self.complaints += difference(self.endings.after(*steps), self.here.dump())

    def log(self) -> list[str]:
        """Return the subjects of the remote's branch."""
        return self.here.git(
            self.here.world.repository.path, "log", "--format=%s", "1.0.0..main"
        ).splitlines()

    def is_claimed(self) -> bool:
        """Return whether 1.1.0 was claimed, and not given up again."""
        return self.log().count("release 1.1.0") > sum("Revert" in one for one in self.log())

    def dumped(self) -> dict[str, Any]:
        """Return the world as it is."""
        found: dict[str, Any] = json.loads(self.here.dump())
        return found

    def is_tagged(self) -> bool:
        """Return whether the tag is on the remote."""
        return "refs/tags/1.1.0" in self.dumped()["git"]["refs"]

    def is_announced(self) -> bool:
        """Return whether the release is public."""
        return any(one["tag"] == "1.1.0" and not one["draft"] for one in self.dumped()["forge"]["releases"])


def _same(walk: Walk) -> None:
    walk.finish(*BEGIN)
    walk.expect_same("minor")


def _resume(walk: Walk) -> None:
    walk.finish(*RESUME)
    walk.finish(*BEGIN)  # nothing was claimed before: it begins anew; else all is done
    walk.expect_same("minor")


def _resume_version(walk: Walk) -> None:
    code, problems = walk.run("resume", "1.1.0", "--execute", "--yes")
    if code and not walk.is_claimed():
        walk.expect_refusal(code, problems, "unknown-version")
    walk.complete()
    walk.expect_same("minor")


def _another_level(walk: Walk) -> None:
    """Another level; if it is refused, the first command that its remedy names."""
    _after_refusal(walk, lambda commands: commands[0])


def _another_way_out(walk: Walk) -> None:
    """Another level; if it is refused, the last command that its remedy names."""
    _after_refusal(walk, lambda commands: commands[-1])


def _after_refusal(walk: Walk, choose: Callable[[list[str]], str]) -> None:
    code, problems = walk.run("release", "major", "--execute", "--yes")
    if code == 0:
        walk.expect("major")
        return
    walk.expect_refusal(code, problems, "release-in-flight", "nothing-committed", "claimed-by-another")
    drafted = bool(walk.dumped()["forge"]["releases"])
    commands = [found for one in problems for found in COMMAND.findall(str(one["remedy"]))]
    commands = [one for one in commands if one.startswith(("resume", "abandon"))]
    if any(one["code"] == "release-in-flight" for one in problems) and not commands:
        walk.complaints.append(f"no way out was named: {problems}")
    chosen = choose(commands) if commands else "resume"
    _follow(walk, chosen, drafted=drafted)


def _follow(walk: Walk, shown: str, *, drafted: bool) -> None:
    """Run a command as a way out shows it; it must succeed and lead where it says."""
    words = shown.split()
    given = [*words, *(word for word in ("--execute", "--yes") if word not in words)]
    if words[0] == "abandon":
        _give_up(walk, given)
        _again(walk)
    elif "--without" in words:
        walk.finish(*given)
        stage = words[words.index("--without") + 1]
        _expect_given_up(walk, stage, drafted=drafted)
    else:
        walk.finish(*given)
        walk.expect_same("minor")


def _give_up(walk: Walk, command: list[str]) -> None:
    """Abandon; follow the remedy for versions that only a person can yank, and run the command again."""
    code, problems = walk.run(*command)
    if code == 4 and {one["code"] for one in problems} == {"yank-by-hand"}:
        for name in {one["package"] for one in walk.dumped()["python"]["uploads"]}:
            walk.here.world.python_index.store.yank(name, "1.1.0", "given up")
        walk.ran.append("yanked by hand")
    if code:
        walk.finish(*command)


def _merge_and_same(walk: Walk) -> None:
    _merged(walk, BEGIN)


def _merge_and_resume(walk: Walk) -> None:
    _merged(walk, RESUME)


def _merged(walk: Walk, command: tuple[str, ...]) -> None:
    announced = walk.is_announced()
    merge(walk.here)
    claimed = walk.is_claimed()
    walk.finish(*command)
    if not claimed:
        if command == RESUME:
            walk.finish(*BEGIN)
        walk.expect(MERGE, "minor")
    elif announced and command == BEGIN:
        walk.finish("resume", "1.1.0", "--execute", "--yes")  # what comes after its announcement
        walk.expect("minor", MERGE, "minor")
    else:
        walk.expect("minor", MERGE)


def _hotfix(walk: Walk) -> None:
    code, output = release_hotfix(walk.here)
    walk.ran.append(f"release patch on 1.0.x: {code}")
    if code:
        walk.complaints.append(f"the hotfix ended with {code}: {output[-1200:]}")
    walk.finish(*BEGIN)
    found = comparable(walk.here.dump())
    orders = [comparable(walk.endings.after(*order)) for order in ((HOTFIX, "minor"), ("minor", HOTFIX))]
    if found not in orders:
        walk.complaints += difference(orders[1], found)


def _abandon_and_hotfix(walk: Walk) -> None:
    """Abandon, and fix what was released before, on a branch of its own line."""
    shown = _abandonment(walk)
    if shown is None:
        _hotfix(walk)
        return
    _give_up(walk, [*shown.split(), "--execute", "--yes"])
    code, output = release_hotfix(walk.here)
    walk.ran.append(f"release patch on 1.0.x: {code}")
    if code:
        walk.complaints.append(f"the hotfix ended with {code}: {output[-1200:]}")
    expected = comparable(walk.endings.after(HOTFIX))
    walk.complaints += difference(expected, comparable(walk.here.dump(), without=("1.1.0",)))


def _abandonment(walk: Walk) -> str | None:
    """Return the command that abandons; None where that is too early or too late."""
    shown = _ways_out(walk, "abandon")
    if shown is None and walk.is_claimed() and not walk.is_tagged():
        return "abandon 1.1.0"  # not proposed, as it withdraws a good release, but allowed before the tag
    return shown


def _abandon(walk: Walk) -> None:
    shown = _abandonment(walk)
    if shown is None:
        code, problems = walk.run("abandon", "1.1.0", "--execute", "--yes")
        walk.expect_refusal(code, problems, "abandon-too-late", "unknown-version")
        walk.complete()
        walk.expect_same("minor")
        return
    _follow(walk, shown, drafted=False)


def _again(walk: Walk) -> None:
    """Release after a version was abandoned: the same, or the next free one if files of it were uploaded."""
    if walk.is_tagged() or walk.dumped()["forge"]["releases"]:
        walk.complaints.append("a tag or a page is left of what was abandoned")
    if not walk.dumped()[walk.endings.scene.service]["uploads"]:
        walk.finish(*BEGIN)
        walk.expect("minor")
        return
    code, problems = walk.run(*BEGIN)
    # For crates, the requirements among siblings are on what was withdrawn as well.
    walk.expect_refusal(code, problems, "version-burnt", "version-withdrawn")
    walk.finish("release", "1.1.1", "--execute", "--yes")
    expected = comparable(walk.endings.after("1.1.1"))
    walk.complaints += difference(expected, comparable(walk.here.dump(), without=("1.1.0",)))


def _without_draft(walk: Walk) -> None:
    _without(walk, "draft")


def _without_announce(walk: Walk) -> None:
    _without(walk, "announce")


def _without(walk: Walk, stage: str) -> None:
    announced, drafted = walk.is_announced(), bool(walk.dumped()["forge"]["releases"])
    code, problems = walk.run("resume", "1.1.0", "--without", stage, "--execute", "--yes")
    if code:
        walk.expect_refusal(code, problems, "without-too-early", "unknown-version")
        walk.complete()
    if code or announced or (walk.is_announced() and not drafted):
        refs = [ref for ref in walk.dumped()["git"]["refs"] if ref.startswith("refs/castoff/without/")]
        if code and refs:
            walk.complaints.append(f"a refused decision was recorded: {refs}")
        walk.expect_same("minor") if not refs else walk.complaints.append(f"recorded: {refs}")
        return
    _expect_given_up(walk, stage, drafted=drafted or stage == "announce")
    code, problems = walk.run(*BEGIN)
    if code:
        walk.expect_refusal(code, problems, "nothing-committed")
    _expect_given_up(walk, stage, drafted=drafted or stage == "announce")


def _expect_given_up(walk: Walk, stage: str, *, drafted: bool) -> None:
    expected = given_up(walk.endings.after("minor"), stage, drafted=drafted)
    walk.complaints += difference(expected, comparable(walk.here.dump()))


def _ways_out(walk: Walk, word: str) -> str | None:
    """Return the command with a word that `status` shows as a way out."""
    _, output = walk.here.run(walk.here.checkout(), "status", "--json")
    shown = json.loads(output[output.index("{\n") :])["ways_out"]
    commands = [str(one["command"]).removeprefix("castoff ") for one in shown]
    walk.ran.append("status")
    return next((one for one in commands if one.startswith(word)), None)


NEXT: Mapping[str, Callable[[Walk], None]] = {
    "the same command": _same,
    "resume": _resume,
    "resume with the version": _resume_version,
    "another level, then the first way out": _another_level,
    "another level, then the last way out": _another_way_out,
    "a merge, then the same command": _merge_and_same,
    "a merge, then resume": _merge_and_resume,
    "a hotfix on another branch, then the same command": _hotfix,
    "abandon, then the same command": _abandon,
    "abandon, then a hotfix on another branch": _abandon_and_hotfix,
    "resume without the draft": _without_draft,
    "resume without the announcement": _without_announce,
}
"""What may come after a kill, by its documentation."""


def try_next(folder: Path, endings: Endings, point: Point, then: str) -> Continuation:
    """Kill a release at one point, go on in one way, and compare the world with what that way leads to."""
    with endings.scene.opened(folder, endings.key, endings.source) as here:
        killed = kill(here, here.checkout(), folder / "events.ndjson", point, command=BEGIN)
        walk = Walk(here, endings)
        NEXT[then](walk)
        complaints = (*walk.complaints, *taken_twice(here, endings.scene))
    return Continuation(
        point=point.name, then=then, killed=killed, ran=tuple(walk.ran), complaints=tuple(complaints)
    )
