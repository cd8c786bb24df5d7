"""What does a resumed release make of artifacts that are out already, when a new build has other bytes?

A crate carries a lock file with the digests of the crates that it needs. Where one of those is out with other
bytes than a build gives now (the same contents, "rebuilt"), a crate that is not out yet is packed again beside
what is out, so that what is uploaded, what is listed in the tag and what was tried are the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from castoff.flows.candidate import build_artifacts
from castoff.flows.setting import Setting
from castoff.flows.staging import Target
from castoff.git import Worktree
from castoff.model.observations import Absent, Observation, Present
from castoff.model.workspace import Artifact
from castoff.reconcile import StageState


def packed_again(
    setting: Setting, target: Target, artifacts: Sequence[Artifact], seen: StageState, worktree: Worktree
) -> tuple[Artifact, ...]:
    """Give the artifacts, those of packages that are not out yet packed again where one is out "rebuilt".

    What was rebuilt is told to the reporter.
    """
    answers = {one.id: one.answer for one in _observations(seen)}
    rebuilt = [name for name, one in answers.items() if isinstance(one, Present) and one.same == "contents"]
    for filename in rebuilt:
        setting.reporter.note(f"rebuilt: {filename} is out already, with the same contents in other bytes")
    absent = {one.filename for one in artifacts if isinstance(answers.get(one.filename), Absent)}
    packages = frozenset(target.workspace.owner(one).id for one in artifacts if one.filename in absent)
    if not rebuilt or not packages:
        return tuple(artifacts)
    made = build_artifacts(setting, target, worktree, worktree.folder("beside"), only=packages)
    again = {one.filename: one for one in made if one.filename in absent}
    return tuple(again.get(one.filename, one) for one in artifacts)


def as_published(artifacts: Sequence[Artifact], seen: StageState) -> tuple[Artifact, ...]:
    """Name the digests of what is out already: contents built again may differ from it in their bytes."""
    there = {
        one.id: one.answer.digest
        for one in _observations(seen)
        if isinstance(one.answer, Present) and one.answer.digest
    }
    return tuple(replace(one, digest=there.get(one.filename, one.digest)) for one in artifacts)


def _observations(seen: StageState) -> Iterator[Observation]:
    for part in seen.parts:
        yield from part.seen
