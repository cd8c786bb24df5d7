"""The hands that reach the world of fakes: registry, remote and forge, each call a numbered point."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from world_of_fakes import Process, Stored, problem

from castoff.model.acts import Outcome, Refused, Succeeded
from castoff.model.changes import Milestone, MilestoneItem
from castoff.model.observations import Answer, Present, Sameness, Unknown
from castoff.model.refs import Refs, TagRef
from castoff.model.versions import Ecosystem
from castoff.model.workspace import Artifact, Package
from castoff.ports import ForgeAsset, ForgeRelease, Listing, NewRelease
from castoff.values import replace


@dataclass(slots=True)
class FakeRegistry:
    """The registry port."""

    process: Process
    ecosystem: Ecosystem = "python"

    def look(self, package: Package, version: str) -> Listing:
        def unknown(after: float | None) -> Listing:
            return Listing(unknown="the index did not answer", retry_after=after)

        def answer(behind: float) -> Listing:
            shown = self.process.world.shown(package.id, behind=behind)
            return Listing(files={name: Present(digest=one.digest) for name, one in shown.items()})

        return self.process.read(f"look {package.id}", answer, unknown)

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        raise NotImplementedError

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        return "no"

    def resolvable(self, requirements: Sequence[str]) -> bool | None:
        (name,) = requirements
        world = self.process.world
        return self.process.read(
            f"resolve {name}", lambda behind: not behind and world.resolves(name), lambda after: None
        )

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        return self.process.write(f"upload {artifact.filename}", lambda: self._store(artifact))

    def yank(self, package: Package, version: str) -> Outcome:
        raise NotImplementedError

    def requirement(self, package: Package, version: str) -> str:
        return package.id

    def url(self, package: Package, version: str) -> str | None:
        return None

    def _store(self, artifact: Artifact) -> Outcome:
        world = self.process.world
        held = world.files.setdefault(artifact.package, {})
        if artifact.filename in held:
            world.repeats.append(artifact.filename)
            same = held[artifact.filename].digest == artifact.digest
            return Succeeded() if same and world.style == "python" else Refused(problem("upload-refused"))
        if not all(world.resolves(need) for need in world.needs[artifact.package]):
            world.too_early.append(artifact.filename)
        held[artifact.filename] = Stored(artifact.digest, world.clock.monotonic())
        world.uploads.append(artifact.filename)
        return Succeeded()


@dataclass(slots=True)
class FakeRemote:
    """The port to git: a clone with commits of its own, and one remote."""

    process: Process

    def ls_remote(self, url: str) -> Refs | None:
        world = self.process.world

        def answer(behind: float) -> Refs:
            tags = {} if behind else dict(world.tags)
            head = "base" if behind else world.branch
            return Refs(heads={"main": head}, tags=tags)

        return self.process.read("ls-remote", answer, lambda after: None)

    def has(self, commit: str) -> bool:
        return commit in self.process.known

    def fetch(self, url: str, branches: Iterable[str]) -> bool:
        def answer(behind: float) -> bool:
            self.process.known.update(self.process.world.history())
            return True

        return self.process.read("fetch", answer, lambda after: False)

    def is_ancestor(self, commit: str, of: str) -> bool:
        if not {commit, of} <= self.process.known:
            return False
        while of and of != commit:
            of = self.process.world.parents[of]
        return of == commit

    def push(self, url: str, spec: str) -> Outcome:
        source, _, target = spec.partition(":")
        effect = self._push_tag if target.startswith("refs/tags/") else self._push_branch
        return self.process.write(f"push {target}", lambda: effect(source, target.rpartition("/")[2]))

    def claims(self, url: str) -> Mapping[str, TagRef] | None:
        world = self.process.world

        def answer(behind: float) -> Mapping[str, TagRef]:
            return {} if behind else dict(world.claims)

        return self.process.read("claims", answer, lambda after: None)

    def claim(self, url: str, objects: Mapping[str, str], commit: str, branch: str | None) -> Outcome:
        claims = self.process.world.claims

        def effect() -> Outcome:
            if objects.keys() & claims.keys():
                return Refused(problem("push-rejected"))
            outcome = self._push_branch(commit, branch) if branch else Succeeded()
            if isinstance(outcome, Succeeded):
                for name, made in objects.items():
                    claims[name] = TagRef(object=made, peeled=made.partition("@")[2] or None)
            return outcome

        return self.process.write("push claim", effect)

    def drop(self, url: str, seen: Mapping[str, TagRef], left: Mapping[str, str]) -> Outcome:
        claims = self.process.world.claims

        def effect() -> Outcome:
            if any(claims.get(name) != one for name, one in seen.items()):
                return Refused(problem("push-rejected"))
            for name in seen:
                del claims[name]
            return Succeeded()

        return self.process.write("push the end of the claim", effect)

    def _push_branch(self, commit: str, branch: str) -> Outcome:
        world = self.process.world
        above = commit
        while above and above != world.branch:
            above = world.parents[above]
        if above != world.branch or commit == world.branch:
            return Refused(problem("push-rejected"))
        world.branch = commit
        return Succeeded()

    def _push_tag(self, made: str, tag: str) -> Outcome:
        world = self.process.world
        if tag in world.tags:
            return Succeeded() if world.tags[tag].object == made else Refused(problem("push-rejected"))
        world.tags[tag] = TagRef(object=made, peeled=made.partition("@")[2])
        return Succeeded()


@dataclass(slots=True)
class FakeForge:
    """The ports of the forge: releases and milestones."""

    process: Process

    def releases(self) -> Sequence[ForgeRelease] | Answer:
        world = self.process.world

        def answer(behind: float) -> Sequence[ForgeRelease] | Answer:
            until = world.clock.now() - timedelta(seconds=behind)
            return [one for one in world.releases if not one.created_at or one.created_at <= until]

        def unknown(after: float | None) -> Sequence[ForgeRelease] | Answer:
            return Unknown(reason="the forge did not answer", retry_after=after)

        return self.process.read("releases", answer, unknown)

    def create_release(self, release: NewRelease) -> Outcome:
        return self.process.write("create release", lambda: self._create(release))

    def update_release(self, number: int, release: NewRelease) -> Outcome:
        return self.process.write("update release", lambda: self._update(number, release))

    def delete_release(self, number: int) -> Outcome:
        return self.process.write("delete release", lambda: self._delete(number))

    def attach(self, release: ForgeRelease, name: str, content: bytes) -> Outcome:
        return self.process.write("attach file", lambda: self._attach(release, name, content))

    def latest(self) -> str | Unknown | None:
        raise NotImplementedError

    def generated_notes(self, tag: str, target: str, previous: str | None) -> str | Unknown:
        raise NotImplementedError

    def milestones(self) -> tuple[Milestone, ...] | Unknown:
        world = self.process.world

        def answer(behind: float) -> tuple[Milestone, ...] | Unknown:
            return tuple(world.milestones)

        def unknown(after: float | None) -> tuple[Milestone, ...] | Unknown:
            return Unknown(reason="the forge did not answer", retry_after=after)

        return self.process.read("milestones", answer, unknown)

    def create(self, title: str) -> Outcome:
        return self.process.write("create milestone", lambda: self._create_milestone(title))

    def rename(self, number: int, title: str) -> Outcome:
        raise NotImplementedError

    def close(self, number: int) -> Outcome:
        return self.process.write("close milestone", lambda: self._change(number, is_open=False))

    def move(self, item: int, milestone: int) -> Outcome:
        return self.process.write(f"move {item}", lambda: self._move(item, milestone))

    def _create(self, release: NewRelease) -> Outcome:
        world = self.process.world
        one = ForgeRelease(
            id=world.number(),
            tag=release.tag,
            name=release.name,
            body=release.body or "",
            draft=release.draft,
            prerelease=release.prerelease,
            target=release.target,
            url="https://forge/releases",
            created_at=world.clock.now(),
        )
        world.releases.append(one)
        return Succeeded()

    def _delete(self, number: int) -> Outcome:
        world = self.process.world
        world.releases[:] = [one for one in world.releases if one.id != number]
        return Succeeded()

    def _update(self, number: int, release: NewRelease) -> Outcome:
        world = self.process.world
        for index, one in enumerate(world.releases):
            if one.id == number:
                body = one.body if release.body is None else release.body
                world.releases[index] = replace(one, draft=release.draft, name=release.name, body=body)
                world.latest[number] = release.latest
                return Succeeded()
        return Refused(problem("forge-refused"))

    def _attach(self, release: ForgeRelease, name: str, content: bytes) -> Outcome:
        world = self.process.world
        held = next((one for one in world.releases if one.id == release.id), None)
        if held is None or any(one.name == name for one in held.assets):
            return Refused(problem("forge-refused"))
        asset = ForgeAsset(id=world.number(), name=name, digest=hashlib.sha256(content).hexdigest())
        place = world.releases.index(held)
        world.releases[place] = replace(held, assets=(*held.assets, asset))
        return Succeeded()

    def _create_milestone(self, title: str) -> Outcome:
        world = self.process.world
        if any(one.title == title for one in world.milestones):
            return Refused(problem("forge-refused"))
        world.milestones.append(Milestone(number=world.number() + 100, title=title))
        return Succeeded()

    def _change(self, number: int, *, is_open: bool) -> Outcome:
        world = self.process.world
        world.milestones = [
            replace(one, is_open=is_open) if one.number == number else one for one in world.milestones
        ]
        return Succeeded()

    def _move(self, number: int, to: int) -> Outcome:
        world = self.process.world
        item = MilestoneItem(number=number)
        world.milestones = [
            replace(
                one,
                open_items=(
                    *(i for i in one.open_items if i.number != number),
                    *([item] if one.number == to else []),
                ),
            )
            for one in world.milestones
        ]
        return Succeeded()
