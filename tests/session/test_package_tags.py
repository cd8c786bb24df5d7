"""Tags of packages: pushed with the release's tag, all or none, and by a remote without atomic pushes before it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from castoff.git import Clone, Refs
from castoff.model.acts import Blocked, Do, Done, Outcome, Refused, Succeeded
from castoff.model.observations import Absent, Present
from castoff.release.tag import PUSH, TagPart
from session.versioned import Versioned, members

BESIDE = ("zz-nib-v1.1.0", "zz-ink-v1.1.0")
ALL = ("v1.1.0", *BESIDE)
CONFIGURED = {**members("zz-nib", "zz-ink"), "castoff.toml": "[release]\npackage-tags = true\n"}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Dying:
    """A clone whose process is killed before, or after, one of its pushes."""

    clone: Clone
    left: int
    after: bool = False

    def ls_remote(self, url: str) -> Refs | None:
        return self.clone.ls_remote(url)

    def push(self, url: str, spec: str) -> Outcome:
        return self._then(lambda: self.clone.push(url, spec))

    def push_together(self, url: str, specs: Sequence[str]) -> Outcome:
        return self._then(lambda: self.clone.push_together(url, specs))

    def _then(self, push):  # type: ignore[no-untyped-def]
        self.left -= 1
        if self.left < 0 and not self.after:
            raise Killed
        outcome = push()
        if self.left < 0:
            raise Killed
        return outcome


def part(made: Versioned, clone: Clone, remote: object | None = None) -> TagPart:
    commit = made.git("rev-parse", "HEAD")

    def make() -> str:
        for name in BESIDE:
            clone.make_tag(name, f"{name}\n", commit, sign=False)
        return clone.make_tag("v1.1.0", "v1.1.0\n", commit, sign=False)

    return TagPart(
        tag="v1.1.0",
        title="1.1.0",
        commit=commit,
        remote_url=made.git("remote", "get-url", "origin"),
        clone=remote or clone,  # type: ignore[arg-type]
        make=make,
        fault=lambda ref: None,
        beside=BESIDE,
    )


def repository(folder: Path, *, atomic: bool = True) -> tuple[Versioned, Clone]:
    made = Versioned.begin(folder, members("zz-nib", "zz-ink", version="1.1.0"))
    if not atomic:
        made.git("--git-dir", str(folder / "remote"), "config", "receive.advertiseAtomic", "false")
    return made, Clone.of(made.setting().repository)


def remote_tags(made: Versioned) -> dict[str, str]:
    rows = (line.split("\t") for line in made.git("ls-remote", "--tags", "origin").splitlines())
    return {ref.removeprefix("refs/tags/"): one for one, ref in rows if not ref.endswith("^{}")}


@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "one by one"])
def test_all_tags_are_pushed_and_seen(tmp_path: Path, atomic: bool) -> None:
    made, clone = repository(tmp_path, atomic=atomic)
    with clone:
        one = part(made, clone)
        before = one.look()
        assert [seen.id for seen in one.describe(before)] == list(ALL)
        assert all(isinstance(seen.answer, Absent) for seen in one.describe(before))
        decision = one.decide(before)
        assert isinstance(decision, Do)
        assert decision.acts[0].target == "the tags `v1.1.0`, `zz-nib-v1.1.0`, `zz-ink-v1.1.0`"

        assert one.act(PUSH) == Succeeded()

        after = one.look()
        assert all(
            isinstance(seen.answer, Present) and seen.answer.commit == one.commit
            for seen in one.describe(after)
        )
        assert isinstance(one.decide(after), Done)


@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "one by one"])
@pytest.mark.parametrize("after", [True, False], ids=["after the push", "before it"])
@pytest.mark.parametrize("left", range(4))
def test_killed_at_any_push_and_run_again_every_tag_is_there_and_none_was_moved(
    tmp_path: Path, atomic: bool, after: bool, left: int
) -> None:
    made, clone = repository(tmp_path, atomic=atomic)
    with clone:
        with suppress(Killed):
            part(made, clone, Dying(clone, left, after)).act(PUSH)
        kept = remote_tags(made)
        assert "v1.1.0" not in kept or set(kept) == set(ALL), "the release's tag came before the others"

        again = part(made, clone)
        if isinstance(again.decide(again.look()), Do):
            assert again.act(PUSH) == Succeeded()

        tags = remote_tags(made)
        assert set(tags) == set(ALL)
        assert {name: tags[name] for name in kept} == kept


def test_a_tag_of_a_package_on_another_commit_blocks_and_is_not_moved(tmp_path: Path) -> None:
    made, clone = repository(tmp_path)
    made.git("tag", "zz-ink-v1.1.0", "HEAD")
    made.git("push", "--quiet", "origin", "zz-ink-v1.1.0")
    made.commit({})
    with clone:
        clone.fetch(made.git("remote", "get-url", "origin"), [])
        clone.git.run("fetch", "--quiet", str(made.folder), "HEAD")
        one = part(made, clone)

        decision = one.decide(one.look())

        assert isinstance(decision, Blocked)
        assert "`zz-ink-v1.1.0` is already on another commit" in decision.problem.message
        assert "`castoff abandon 1.1.0 --execute`" in decision.problem.remedy


def test_a_remote_that_refuses_one_tag_takes_none(tmp_path: Path) -> None:
    made, clone = repository(tmp_path)
    hook = tmp_path / "remote" / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/tags/zz-ink-v1.1.0 ]\n', encoding="utf-8")
    hook.chmod(0o755)
    with clone:
        assert isinstance(part(made, clone).act(PUSH), Refused)

    assert remote_tags(made) == {}


def test_a_release_that_was_tagged_before_gets_no_tags_of_packages(tmp_path: Path) -> None:
    made, clone = repository(tmp_path)
    made.git("tag", "v1.1.0")
    made.git("push", "--quiet", "origin", "v1.1.0")
    with clone:
        one = part(made, clone)

        assert isinstance(one.decide(one.look()), Done)


def test_a_plan_shows_all_tags_in_its_one_act_and_those_that_are_taken(tmp_path: Path) -> None:
    made = Versioned.begin(tmp_path, CONFIGURED, "v1.0.0", "zz-nib-v1.0.0", "zz-ink-v1.0.0")
    made.git("tag", "zz-ink-v1.1.0", "HEAD~1")

    plan = made.plan("minor")

    (act,) = (one for one in plan.acts if one.id == "tag:push")
    assert act.target == "the tags `v1.1.0`, `zz-ink-v1.1.0`, `zz-nib-v1.1.0`"
    assert "the tag `zz-ink-v1.1.0` is already on the remote" in [one.message for one in plan.problems]


def test_the_tag_of_one_package_can_be_that_of_the_release(tmp_path: Path) -> None:
    files = {**CONFIGURED, "castoff.toml": '[release]\npackage-tags = true\ntag = "zz-nib-v{version}"\n'}

    plan = Versioned.begin(tmp_path, files, "zz-nib-v1.0.0", "zz-ink-v1.0.0").plan("minor")

    (act,) = (one for one in plan.acts if one.id == "tag:push")
    assert (plan.previous, act.target) == ("1.0.0", "the tags `zz-nib-v1.1.0`, `zz-ink-v1.1.0`")


def test_a_version_of_which_only_tags_of_packages_were_pushed_is_not_released(tmp_path: Path) -> None:
    made = Versioned.begin(tmp_path, CONFIGURED, "zz-nib-v1.0.0", "zz-ink-v1.0.0")
    made.commit(members("zz-nib", "zz-ink", version="1.1.0"))
    made.git("tag", "--annotate", "-m", "zz-nib 1.1.0\n\nRelease tag: v1.1.0\n", "zz-nib-v1.1.0")

    plan = made.plan("minor")

    assert (plan.resumes, plan.previous, str(plan.version)) == (True, "1.0.0", "1.1.0")
