"""What the parts of staged packages decide, one row per condition, and in which order they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from decided import decision_of
from npm_files import npm_package

from castoff.model.observations import Absent, Answer, Present, Staged, Unknown, Withdrawn
from castoff.model.workspace import Package
from castoff.ports import LatestTag, Listing
from castoff.reconcile.part import UnansweredPart
from castoff.release.publish import FileLook, PackageLook, PackagePart, PresencePart
from castoff.release.stages import with_staging
from castoff.release.staging import ApprovePart, HeldPart, StagePart
from castoff.rollback.latest_tag import LatestTagPart
from castoff.rollback.withdrawn_package import WithdrawPart

NPM, NOBODY = npm_package(), SimpleNamespace()
DOWN = Unknown(reason="503", retry_after=7.0)
SAME, OTHER = Staged(identity="1", same="bytes"), Staged(identity="1", same="no")
HIDDEN = Staged(identity="")


def presence(package: Package = NPM) -> PresencePart:
    return PresencePart(package, "1.3.0", NOBODY)  # type: ignore[arg-type]


def seen(answer: Answer, resolvable: Answer | None = None) -> PackageLook:
    return PackageLook((FileLook("a-1.3.0.tgz", answer),), resolvable)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Absent(), "do publish:stage:npm:a"),
        (SAME, "done staged"),
        (HIDDEN, "done staged"),
        (OTHER, "blocked staged-different"),
        (Present(same="bytes"), "done"),
        (Present(same="no"), "blocked different-contents"),
        (Withdrawn(), "blocked artifact-withdrawn"),
        (DOWN, "wait 7"),
    ],
)
def test_a_package_is_staged_once(answer: Answer, expected: str) -> None:
    assert decision_of(StagePart(presence()), seen(answer)) == expected


@pytest.mark.parametrize(
    ("look", "approved", "expected"),
    [
        (seen(SAME), False, "person publish:approve:npm:a"),
        (seen(SAME), True, "do publish:approve:npm:a"),
        (seen(Absent()), False, "person publish:approve:npm:a"),
        (seen(Absent()), True, "do publish:approve:npm:a"),
        (seen(OTHER), True, "blocked staged-different"),
        (seen(Present(same="bytes"), Present()), False, "done"),
        (seen(Present(same="bytes"), Absent()), True, "wait"),
        (seen(DOWN), True, "wait 7"),
    ],
)
def test_a_package_is_published_when_a_person_approves_it(
    look: PackageLook, approved: bool, expected: str
) -> None:
    assert decision_of(ApprovePart(presence(), approved=approved), look) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Absent(), "person publish:npm:a:a-1.3.0.tgz"),
        (Present(), "done"),
        (DOWN, "wait 7 later publish:npm:a:a-1.3.0.tgz"),
    ],
)
def test_a_package_that_needs_a_staged_one_is_held(answer: Answer, expected: str) -> None:
    assert decision_of(HeldPart(presence()), seen(answer)) == expected


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (LatestTag("1.3.0", "1.2.0"), "do npm:dist-tag:a"),
        (LatestTag("1.2.0", "1.2.0"), "done"),
        (LatestTag("1.3.0", None), "done"),
        (LatestTag(None, None), "done"),
        (DOWN, "wait 7"),
    ],
)
def test_latest_goes_back_from_a_version_that_is_taken_back(look: LatestTag | Unknown, expected: str) -> None:
    part = LatestTagPart(package=NPM, version="1.3.0", registry=NOBODY)  # type: ignore[arg-type]
    assert decision_of(part, look) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(SAME, "do publish:reject:npm:a"), (Present(), "do npm:deprecate:a"), (Withdrawn(), "done")],
)
def test_what_is_staged_is_rejected_and_what_is_published_deprecated(answer: Answer, expected: str) -> None:
    part = WithdrawPart(package=NPM, version="1.3.0", registry=NOBODY)  # type: ignore[arg-type]
    assert decision_of(part, Listing(files={"a-1.3.0.tgz": answer})) == expected


@dataclass
class Ordered:
    """A release as far as its order goes."""

    needs: dict[str, frozenset[str]]
    order: Any = field(init=False)

    def __post_init__(self) -> None:
        self.order = SimpleNamespace(needs=self.needs)


def test_all_are_staged_then_others_uploaded_and_the_staged_ones_approved_in_order() -> None:
    core, facade = npm_package("core"), npm_package("facade")
    crate = Package(
        name="shell",
        ecosystem="cargo",
        path="crate",
        manifest="crate/Cargo.toml",
        version="1.3.0",
        version_file="crate/Cargo.toml",
        kinds=("crate",),
    )
    late = Package(
        name="late",
        ecosystem="cargo",
        path="late",
        manifest="late/Cargo.toml",
        version="1.3.0",
        version_file="late/Cargo.toml",
        kinds=("crate",),
    )
    packages = (core, crate, facade, late)
    needs = {one.id: frozenset[str]() for one in packages}
    needs[facade.id] = frozenset({core.id})
    needs[late.id] = frozenset({facade.id})
    parts = [PackagePart(one, "1.3.0", (), NOBODY, Path()) for one in packages]  # type: ignore[arg-type]
    staging = {core.id: True, facade.id: True}

    made = with_staging(Ordered(needs), parts, staging)  # type: ignore[arg-type]
    after = {one.name: set(one.needs) for one in made}

    staged = {f"stage:{core.id}", f"stage:{facade.id}"}
    assert {name: after[name] for name in staged} == {name: set() for name in staged}
    assert after[crate.id] == staged
    assert after[core.id] == {*staged, crate.id}
    assert after[facade.id] == {*staged, crate.id, core.id}
    assert [type(one).__name__ for one in made if one.name == late.id] == ["HeldPart"]
    approved = with_staging(Ordered(needs), parts, staging, approved=True)  # type: ignore[arg-type]
    assert [type(one).__name__ for one in approved if one.name == late.id] == ["PackagePart"]


def test_acts_of_both_ways_are_shown_where_nobody_said_whether_a_registry_stages() -> None:
    made = with_staging(Ordered({NPM.id: frozenset()}), [presence()], {NPM.id: DOWN})  # type: ignore[arg-type]
    states = [one.decide(seen(Absent())) for one in made if not isinstance(one, UnansweredPart)]
    shown: Any = [(act.id, act.condition) for state in states for act in (*state.acts, *state.later)]  # type: ignore[union-attr]
    assert shown == [
        ("publish:stage:npm:a", "if the registry can stage"),
        ("publish:approve:npm:a", "if the registry can stage, if you approve it (`castoff approve`)"),
        ("publish:npm:a:a-1.3.0.tgz", "if the registry cannot stage"),
    ]
