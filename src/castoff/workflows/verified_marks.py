"""Marks of what was verified before, in the jobs of a release: what an earlier run compiled is not compiled again.

A mark is the name of an empty file: the digest of all that decided a verification (``VerifiedBefore``), toolchain and
platform included, so that a mark of another toolchain matches nothing. Whoever writes one lets a crate through that
nobody compiled, and changes no byte of it. That is all that may come from a cache, which other workflows can fill:
never a file that is uploaded.

What unpacks a cache may write anywhere on the machine. So a job that makes nothing unpacks it, and the jobs that build
get the names of the marks from it as lines of text, of which they take nothing but 64 hexadecimal digits and a time.
"""

from __future__ import annotations

import hashlib

from castoff.values import replace
from castoff.workflows.job_values import Job, Keep, Recall, Remember, Script, Step, Take
from castoff.workflows.options import WorkflowOptions

RECALL = "recall"
_LISTED = "known"
_MARKS = "verified"
_USERS = 'export XDG_CACHE_HOME="$RUNNER_TEMP/cache"\n'
_LIST = "find . -type f -printf '%f %Ts\\n'"
_PLACE = """\
grep -hE '^[0-9a-f]{64} [0-9]{1,11}$' FROM |
  while read -r name seconds; do touch -d "@$seconds" "TO/$name"; done
"""


def keeps_marks(options: WorkflowOptions) -> bool:
    """Return whether marks go from run to run: only cargo's packages have them."""
    return options.cache is not None and "cargo" in options.ecosystems


def recall_jobs(options: WorkflowOptions) -> tuple[Job, ...]:
    """Plan the job that unpacks the cache; it hands on what is listed of it."""
    if not keeps_marks(options):
        return ()
    script = f'cd "$RUNNER_TEMP"\nmkdir -p {_MARKS} {_LISTED}\ncd {_MARKS}\n{_LIST} > ../{_LISTED}/VERIFIED\n'
    return (
        Job(
            name=RECALL,
            title="List what was verified before",
            why="unpacks a cache that other workflows can fill, so it has nothing, and hands on a list of names",
            castoff=False,
            minutes=10,
            rights=(),
            steps=(
                Recall(_MARKS, _of(options)),
                Script(title="List the marks", script=script, token=None),
                Keep(_LISTED),
            ),
        ),
    )


def with_marks(options: WorkflowOptions, job: Job, *, hands_on: bool = False, by_leg: bool = False) -> Job:
    """Let a job verify only what is not marked, and remember what it verified.

    ``hands_on``: later jobs of the run get what is marked by then. ``by_leg``: each leg keeps its list with its result,
    and a later job remembers them all.
    """
    if not keeps_marks(options):
        return job
    place, main = [(at, one) for at, one in enumerate(job.steps) if isinstance(one, Script)][-1]
    if not options.cache:
        main = replace(main, script=_USERS + main.script)
    folder = _folder(options)
    into = "shard" if by_leg else _LISTED
    text = f'cd "{folder}"\n{_LIST} > "$RUNNER_TEMP/{into}/VERIFIED"\n'
    if not by_leg:
        text += f'cp -Rp . "$RUNNER_TEMP/{_MARKS}"\n'
    after: tuple[Step, ...] = (
        Script(title="List what is verified by now", script=text, token=None, though_failed=not by_leg),
        *((Keep(_LISTED),) if hands_on else ()),
        *(() if by_leg else (Remember(_MARKS, _of(options)),)),
    )
    before = (Take(_LISTED), _placing(f'"$RUNNER_TEMP/{_LISTED}/VERIFIED"', folder))
    steps = (*job.steps[:place], *before, main, *after, *job.steps[place + 1 :])
    return replace(job, steps=steps, needs=(RECALL, *job.needs))


def joined_marks(options: WorkflowOptions) -> tuple[Step, ...]:
    """Remember what all shards verified."""
    if not keeps_marks(options):
        return ()
    placing = _placing('"$RUNNER_TEMP"/shards/shard-*/VERIFIED', f"$RUNNER_TEMP/{_MARKS}")
    return (replace(placing, title="Join what the shards verified"), Remember(_MARKS, _of(options)))


def _placing(files: str, folder: str) -> Script:
    script = f'mkdir -p "{folder}"\n' + _PLACE.replace("FROM", files).replace("TO", folder)
    return Script(title="Take over what was verified before", script=script, token=None)


def _folder(options: WorkflowOptions) -> str:
    if options.cache:
        return f"$GITHUB_WORKSPACE/{options.cache}/{_MARKS}"
    return f"$RUNNER_TEMP/cache/castoff/{_MARKS}"


def _of(options: WorkflowOptions) -> str:
    """Name the castoff that verifies: another one may verify otherwise."""
    return hashlib.sha256((options.source or "").encode()).hexdigest()[:16]
