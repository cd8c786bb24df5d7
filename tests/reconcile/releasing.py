"""One small workspace, and runs of its release in the world of fakes: each run is a process that remembers nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fake_ports import FakeForge, FakeRegistry, FakeRemote
from world_of_fakes import ClaimKind, Killed, Process, Quiet, Style, Trouble, World

from castoff.errors import CastoffError
from castoff.model.changes import Milestone, MilestoneItem
from castoff.model.refs import TagRef
from castoff.model.versions import ReleaseVersion
from castoff.model.workspace import Artifact, ArtifactKind, Package
from castoff.notes.milestones import MilestonePlan, MilestonePolicy
from castoff.ports import ForgeRelease
from castoff.reconcile import Patience, StageState
from castoff.reconcile.part import Part, Stage
from castoff.reconcile.reconciler import Reconciler
from castoff.release.announce import AnnouncePart
from castoff.release.checksums import ChecksumsPart
from castoff.release.claim_ref import RefClaimPart
from castoff.release.draft import DraftPart
from castoff.release.milestone import MilestonePart
from castoff.release.publish import PackagePart
from castoff.release.tag import TagPart
from castoff.release.version import ClaimPart
from castoff.rollback.dropped_claim import DropClaimPart

VERSION = ReleaseVersion(1, 1, 0)
TAG = "1.1.0"
NEEDS: Mapping[str, frozenset[str]] = {
    "core": frozenset(),
    "left": frozenset({"core"}),
    "right": frozenset({"core"}),
    "facade": frozenset({"core", "left", "right"}),
}
KINDS: Mapping[Style, Mapping[str, tuple[ArtifactKind, ...]]] = {
    "python": {
        "core": ("sdist", "wheel"),
        "left": ("wheel",),
        "right": ("sdist", "wheel"),
        "facade": ("wheel",),
    },
    "cargo": dict.fromkeys(NEEDS, ("crate",)),
}
ENDINGS = {"sdist": "tar.gz", "wheel": "whl", "crate": "crate"}


def new_world(style: Style = "python", lag: float = 0.0, claim: ClaimKind = "branch") -> World:
    """Make a world with one release behind it, and two milestones."""
    world = World(needs=NEEDS, style=style, lag=lag, claim=claim)
    world.tags["1.0.0"] = TagRef(object="made@older", peeled="older")
    world.releases.append(
        ForgeRelease(
            id=1, tag="1.0.0", name="1.0.0", body="old", draft=False, prerelease=False, url="", target="older"
        )
    )
    world.milestones = [
        Milestone(number=7, title="1.1.0", open_items=(MilestoneItem(number=31), MilestoneItem(number=32))),
        Milestone(number=5, title="1.0.0", is_open=False),
    ]
    return world


@dataclass(frozen=True, slots=True)
class Run:
    """How one run ended: ``end`` is "done", "killed", or the codes of its error."""

    end: str
    exit_code: int
    calls: tuple[tuple[str, bool], ...]
    writes: tuple[str, ...]
    reporter: Quiet
    states: tuple[StageState, ...] = ()


def run_once(
    world: World,
    trouble: Trouble | None = None,
    *,
    lanes: int = 1,
    process: Process | None = None,
    last: str | None = None,
) -> Run:
    """Start a process that releases or resumes, as far as the ``last`` stage, and see how it ends."""
    process = process or Process(world, trouble or Trouble())
    reporter = Quiet()
    patience = Patience(begun_before=world.claimed() is not None)
    reconciler = Reconciler(world.clock, reporter, patience, lanes=lanes)
    states: list[StageState] = []
    end, code = "done", 0
    try:
        for stage in stages(process):
            states.append(reconciler.run(stage))
            if stage.name == last:
                break
    except Killed:
        end, code = "killed", 137
    except CastoffError as error:
        end, code = " ".join(problem.code for problem in error.problems), error.exit_code
    return Run(end, code, tuple(process.names), tuple(process.writes), reporter, tuple(states))


def stages(process: Process) -> list[Stage]:
    """Give the stages of the release; the commit is the one that was claimed, else a new one, or the branch's head."""
    world = process.world
    claimed = world.claimed()
    commit = claimed or (world.branch if world.claim == "ref" else new_commit(process))
    process.known.update((commit, *world.history()) if claimed else (commit,))
    remote = FakeRemote(process)
    forge: Any = FakeForge(process)  # the port has more than these stages ask
    claim = claim_part(remote, commit, is_new=not claimed)
    plan = MilestonePlan(version=VERSION, following=ReleaseVersion(1, 2, 0), previous=ReleaseVersion(1, 0, 0))
    tag = TagPart(
        tag=TAG,
        title="1.1.0",
        commit=commit,
        remote_url="there",
        clone=remote,
        make=lambda: f"made{process.world.number()}@{commit}",
        fault=lambda ref: None,
    )
    draft = DraftPart(
        tag=TAG, title=TAG, commit=commit, prerelease=False, forge=forge, body=lambda: "the notes"
    )
    checksums = ChecksumsPart(tag=TAG, forge=forge, listed=lambda: {"core.whl": "d" * 64})
    announce = AnnouncePart(
        tag=TAG,
        commit=commit,
        latest=True,
        prerelease=False,
        forge=forge,
        agreed=True,
        checksums=lambda: True,
    )
    return [
        Stage("version", (claim,)),
        Stage("milestone", (MilestonePart(plan, MilestonePolicy(), forge),), may_lag=True),
        Stage("publish", tuple(package_parts(process, commit))),
        Stage("tag", (tag,) if world.claim == "branch" else (tag, drop_part(remote, commit))),
        Stage("draft", (draft, checksums)),
        Stage("announce", (announce,)),
    ]


def claim_part(remote: FakeRemote, commit: str, *, is_new: bool, version: str = TAG) -> Part:
    """Give the part that claims the version, as its world does."""
    if remote.process.world.claim == "branch":
        return ClaimPart(commit=commit, branch="main", remote_url="there", clone=remote, made_here=is_new)
    return RefClaimPart(
        title=version,
        commit=commit,
        tag=version,
        branch="main",
        remote_url="there",
        clone=remote,
        stamp=f"made{remote.process.world.number()}@{commit}" if is_new else None,
    )


def drop_part(remote: FakeRemote, commit: str) -> DropClaimPart:
    """Give the part that ends a claim by a ref."""
    return DropClaimPart(
        title=TAG,
        commit=commit,
        branch="main",
        remote_url="there",
        clone=remote,
        needs=frozenset({"tag"}),
    )


def new_commit(process: Process) -> str:
    """Make a release commit in the process's clone, on top of the branch."""
    world = process.world
    commit = f"release{world.number()}"
    process.known.update(world.history())
    world.parents[commit] = world.branch
    return commit


def package_parts(process: Process, commit: str) -> list[PackagePart]:
    """Give the parts of the publish stage, the facade first, so that nothing but their needs orders them."""
    registry = FakeRegistry(process)
    return [
        PackagePart(
            package=package_of(name),
            version=TAG,
            artifacts=tuple(
                Artifact(
                    package=name,
                    ecosystem="python",
                    kind=kind,
                    filename=f"{name}-{TAG}.{ENDINGS[kind]}",
                    path="",
                    digest=f"{name} {kind} of {commit}",
                )
                for kind in KINDS[process.world.style][name]
            ),
            registry=registry,
            root=Path(),
            needs=NEEDS[name],
        )
        for name in reversed(list(NEEDS))
    ]


def package_of(name: str) -> Package:
    """Give a package."""
    return Package(name=name, ecosystem="python", path=name, manifest="", version="1.0.0", version_file="")
