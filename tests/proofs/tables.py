"""The tables that proofs write: what was tried, when, at which commit, and what came of each point."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proofs.attempts import Broken, Outcome
from proofs.checkouts import Packed
from proofs.faulting import Faulted
from proofs.mixing import Mixture
from proofs.next_commands import Continuation
from proofs.racing import Race

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The page of one kind of proof: its text, its columns, and the cells of an outcome."""

    title: str
    about: tuple[str, ...]
    unit: str
    columns: tuple[str, ...]
    cells: Callable[[Any], tuple[str, ...]]
    counts: Callable[[Sequence[Any]], tuple[str, ...]] = lambda _: ()

    def render(
        self, outcomes: Sequence[Outcome], *, scope: str, command: str, seed: int, chosen: int, in_all: int
    ) -> str:
        """Write the page, which states how many of all points were tried."""
        broken = [one for one in outcomes if isinstance(one, Broken)]
        tried = [one for one in outcomes if not isinstance(one, Broken)]
        bad = sum(bool(one.complaints) for one in outcomes)
        all_of = f"All {in_all}" if len(outcomes) == in_all else f"{len(outcomes)} of {in_all}"
        how = "" if chosen == in_all else " (drawn by the seed)"
        early = (
            [f"Time was up after {len(outcomes)} of the {chosen} chosen."] if len(outcomes) < chosen else []
        )
        lines = [
            f"# {self.title}: {scope}" if scope else f"# {self.title}",
            "",
            f"`{command}` on {when_and_what()}, seed {seed}.",
            *self.about,
            "",
            ", ".join([f"{all_of} {self.unit}{how}", *self.counts(tried), f"{bad} ended otherwise"]) + ".",
            *early,
            "",
            f"| {' | '.join(self.columns)} | as promised |",
            "|---" * (len(self.columns) + 1) + "|",
        ]
        rows = [f"| {' | '.join(self.cells(one))} | {'NO' if one.complaints else 'yes'} |" for one in tried]
        lost = [f"- not tried to its end: {in_cell(one.name)}" for one in broken]
        return "\n".join([*lines, *rows, *(["", *lost] if lost else [])]) + "\n"


def when_and_what() -> str:
    """Return the day and the commit."""
    shown = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return f"{datetime.now(UTC):%Y-%m-%d}, commit {shown.stdout[:12]}"


def in_cell(text: str, longest: int = 90) -> str:
    """Return a text fit for a cell, cut at a word."""
    shown = text.replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")
    return shown if len(shown) <= longest else shown[: longest - 3].rpartition(" ")[0] + "..."


def codes(found: Sequence[str]) -> str:
    """Return codes for a cell."""
    return ", ".join(f"`{code}`" for code in found)


KILL = Table(
    title="Killed and run again",
    about=(
        "Each row is one real process that was killed with SIGKILL, and a run on another clone after it;",
        "the worlds were compared byte for byte with that of an undisturbed release.",
        "Where a row says `children too`, the clients that castoff had started died with it; else they lived on.",
    ),
    unit="points",
    columns=("killed at", "killed in time", "runs in all"),
    cells=lambda one: (in_cell(one.name, 120), "yes" if one.killed else "ended before", str(one.runs)),
    counts=lambda done: (f"{sum(one.killed for one in done)} killed in time",),
)


def _of_next(one: Continuation) -> tuple[str, ...]:
    return in_cell(one.point), one.then, in_cell("; ".join(one.ran), 300)


NEXT = Table(
    title="Next commands after a kill",
    about=(
        "Each row is one `castoff release minor --execute` that was killed with SIGKILL, and what was run after it,",
        "each on another clone: any command that the documentation names, after a merge or a hotfix too.",
        "A command that is refused is followed by the one that its remedy names.",
        "At the end the world is that of an undisturbed release on the same path: byte for byte, or by the trees",
        "if a merge moved the commits; nothing was uploaded twice.",
    ),
    unit="paths",
    columns=("killed at", "next", "commands with their exit codes"),
    cells=_of_next,
    counts=lambda done: (f"{sum(one.killed for one in done)} killed in time",),
)


def _of_fault(one: Faulted) -> tuple[str, ...]:
    found = sorted({problem.code for problem in one.first.problems})
    return in_cell(one.name), str(one.first.code), codes(found), str(one.then.code)


FAULTS = Table(
    title="Every fault",
    about=(
        "Each row is one release with a fault of the registry, the forge or the remote, and another one without it;",
        "then the world was compared byte for byte with that of an undisturbed release; nothing was uploaded twice.",
        "Exit code 0 is done, 3 is not yet, 4 is a person must act; each message of 3 and 4 has a remedy.",
    ),
    unit="faults",
    columns=("fault", "exit code", "codes", "run again without it"),
    cells=_of_fault,
)


def _of_mixture(one: Mixture) -> tuple[str, ...]:
    ends = ", ".join("killed" if end is None else str(end) for end in one.ends)
    return str(one.seed), in_cell("; ".join(one.disturbed), 200), ends


def _counts_of_mixtures(done: Sequence[Mixture]) -> tuple[str, ...]:
    killed = sum(end is None for one in done for end in one.ends)
    return f"{sum(len(one.ends) for one in done)} runs", f"{killed} of them killed"


MIXTURES = Table(
    title="Mixtures of kills and faults",
    about=(
        "Each row is one release in two to four disturbed runs, each on another clone, with faults of the registry,",
        "the forge and the remote and perhaps killed with SIGKILL, and then undisturbed runs until it is done.",
        "At the end the world was compared byte for byte with that of an undisturbed release;",
        "nothing was uploaded twice.",
    ),
    unit="mixtures",
    columns=("seed", "disturbed runs", "exit codes"),
    cells=_of_mixture,
    counts=_counts_of_mixtures,
)


def _of_race(one: Race) -> tuple[str, ...]:
    ends = ", ".join(map(str, one.ends))
    return ", ".join(one.levels), ends, one.released, codes(one.told), in_cell("; ".join(one.followed), 200)


RACES = Table(
    title="Several releasers at once",
    about=(
        "Each row is one repository that several machines release at the same time.",
        "Exit code 0 is a release that was made, or helped with; 4 is a releaser who was refused, with a code.",
        "Afterwards there was one tag, one published release, each file was sent once, and nothing was locked.",
        "The commands that the remedies of the refused name were run on their clones: each ended with 0 and wrote",
        "nothing.",
    ),
    unit="races",
    columns=("asked for", "exit codes", "released", "codes", "remedies that were followed"),
    cells=_of_race,
    counts=lambda done: (f"{sum(len(one.levels) for one in done)} releasers",),
)


JOB_RACES = Table(
    title="Several uploads at once",
    about=(
        "Each row is one release whose upload several jobs begin at the same time, each with tokens of its own.",
        "Exit code 0 is a job that found all files uploaded at its end, 3 one that is to be run again.",
        "Then one more job was run, which ended with 0; the world was compared byte for byte with that of one job",
        "alone, and no registry took a file twice.",
    ),
    unit="races",
    columns=("jobs", "exit codes", "codes"),
    cells=lambda one: (str(len(one.levels)), ", ".join(map(str, one.ends)), codes(one.told)),
    counts=lambda done: (f"{sum(len(one.levels) for one in done)} jobs",),
)


def _of_checkout(one: Packed) -> tuple[str, ...]:
    return str(one.seed), ", ".join(one.has), str(one.files)


CHECKOUTS = Table(
    title="Checkouts",
    about=(
        "Each row is one generated workspace. castoff packs its crate in a temporary clone, cargo packs it in a plain",
        "`git clone` with the same settings; modes and bytes of all files in both crates were compared.",
    ),
    unit="workspaces",
    columns=("seed", "what it has", "files"),
    cells=_of_checkout,
    counts=lambda done: (f"{sum(one.files for one in done)} files",),
)
