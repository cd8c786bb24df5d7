"""What each stage decides, by what was seen alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from decided import decision_of

from castoff.model.acts import Blocked, Decision, Do, Done, Outcome, Person, Succeeded, Wait
from castoff.model.observations import (
    Absent,
    Answer,
    Present,
    Sameness,
    Staged,
    Unknown,
    Withdrawn,
)
from castoff.model.workspace import Artifact, ArtifactKind, Package, kind_of
from castoff.ports import ForgeRelease, Listing
from castoff.reconcile import PartState, StageState
from castoff.reconcile.part import Stage
from castoff.release.announce import AnnouncePart, Releases
from castoff.release.checksums import ChecksumsLook, ChecksumsPart
from castoff.release.draft import DraftLook, DraftPart
from castoff.release.publish import (
    FileLook,
    PackageLook,
    PackagePart,
    PresencePart,
    created_before,
    decide_package,
    listed,
)
from castoff.release.tag import decide_tag
from castoff.release.waiver import WaiverPart
from castoff.values import replace

SDIST, WHEEL = "core-1.1.0.tar.gz", "core-1.1.0-py3-none-any.whl"
CORE = Package(
    name="core",
    ecosystem="python",
    path="core",
    manifest="core/pyproject.toml",
    version="1.0.0",
    version_file="core/pyproject.toml",
    kinds=("sdist", "wheel"),
)
SAME = Present(same="bytes")
R = "a" * 40
NOBODY: Any = None


def summary(decision: Decision) -> str:
    match decision:
        case Do(acts):
            return "do " + " ".join(act.id for act in acts)
        case Done(detail):
            return f"done {detail}".strip()
        case Wait(seconds=seconds):
            return "wait" if seconds is None else f"wait {seconds:g}"
        case Blocked(problem):
            return f"blocked {problem.code}"
        case Person():
            return "person"
        case _:
            return "off"


def seen(sdist: Answer, wheel: Answer, resolver: Answer | None = None) -> PackageLook:
    return PackageLook((FileLook(SDIST, sdist), FileLook(WHEEL, wheel)), resolver)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (seen(sdist=Absent(), wheel=Absent()), f"do publish:python:core:{SDIST} publish:python:core:{WHEEL}"),
        (seen(sdist=SAME, wheel=Absent()), f"do publish:python:core:{WHEEL}"),
        (seen(sdist=SAME, wheel=SAME, resolver=Present()), "done"),
        (seen(sdist=SAME, wheel=Present(same="contents"), resolver=Present()), "done rebuilt"),
        (seen(sdist=SAME, wheel=SAME, resolver=Absent()), "wait"),
        (seen(sdist=SAME, wheel=SAME, resolver=Unknown(reason="x")), "wait"),
        (seen(sdist=Absent(), wheel=Unknown(reason="503")), "wait"),
        (
            seen(
                sdist=Unknown(reason="429", retry_after=30.0), wheel=Unknown(reason="429", retry_after=30.0)
            ),
            "wait 30",
        ),
        (seen(sdist=Present(same="no", digest="d"), wheel=Absent()), "blocked different-contents"),
        (seen(sdist=Absent(), wheel=Present(same="not-comparable", digest="d")), "blocked not-comparable"),
        (seen(sdist=Withdrawn(), wheel=SAME), "blocked artifact-withdrawn"),
        (seen(sdist=Unknown(reason="503"), wheel=Withdrawn()), "blocked artifact-withdrawn"),
        (seen(sdist=Absent("15 days"), wheel=SAME), "blocked release-closed"),
    ],
    ids=[
        "nothing there",
        "half there",
        "all there",
        "rebuilt",
        "not resolvable yet",
        "resolver silent",
        "one unknown: nothing is written",
        "must wait",
        "other contents",
        "not comparable",
        "withdrawn",
        "withdrawn outweighs unknown",
        "too late for the rest",
    ],
)
def test_publish(what: PackageLook, expected: str) -> None:
    assert summary(decide_package(CORE, "1.1.0", what)) == expected


@pytest.mark.parametrize(("new", "creates"), [(True, {CORE.id}), (False, {None})])
def test_both_files_of_a_new_package_create_it(new: bool, creates: set[str | None]) -> None:
    absent = PackageLook((FileLook(SDIST, Absent()), FileLook(WHEEL, Absent())), new=new)

    decision = decide_package(CORE, "1.1.0", absent)

    assert isinstance(decision, Do)
    assert {act.creates for act in decision.acts} == creates


def test_a_stop_says_what_is_here_and_what_is_there() -> None:
    one = FileLook(SDIST, Present(same="no", digest="d" * 64), expected="e" * 64)

    decision = decide_package(CORE, "1.1.0", PackageLook((one,)))

    assert isinstance(decision, Blocked)
    assert "e" * 64 in decision.problem.reason
    assert "d" * 64 in decision.problem.reason
    assert "castoff abandon 1.1.0" in decision.problem.remedy
    assert decision.problem.package == "core"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Absent(), "do tag:push"),
        (Present(commit=R), "done"),
        (Present(commit="b" * 40), "blocked tag-elsewhere"),
        (Present(), "blocked tag-elsewhere"),
        (Unknown(reason="down"), "wait"),
        (Unknown(reason="down", retry_after=9.0), "wait 9"),
        (Withdrawn(), "wait"),
    ],
    ids=str,
)
def test_tag(answer: Answer, expected: str) -> None:
    assert summary(decide_tag("v1.1.0", R, answer, "1.1.0")) == expected


def releases(*kinds: str) -> tuple[ForgeRelease, ...]:
    return tuple(
        ForgeRelease(
            id=number,
            tag="1.1.0",
            name="1.1.0",
            body="",
            draft=kind == "draft",
            prerelease=False,
            url=f"https://forge/{number}",
        )
        for number, kind in enumerate(kinds)
    )


SILENT = Unknown(reason="503", retry_after=3.0)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (DraftLook(()), "do draft:create"),
        (SILENT, "wait 3"),
        (DraftLook(releases("draft"), Present()), "done"),
        (DraftLook(releases("draft"), Absent()), "do draft:update"),
        (DraftLook(releases("draft"), Unknown(reason="no changes yet")), "wait"),
        (DraftLook(releases("published")), "done"),
        (DraftLook(releases("draft", "draft")), "blocked two-releases"),
        (DraftLook(releases("published", "draft")), "blocked two-releases"),
    ],
    ids=[
        "none",
        "silent",
        "whole",
        "lines missing",
        "lines unknown",
        "published",
        "two drafts",
        "one of each",
    ],
)
def test_draft(what: DraftLook | Unknown, expected: str) -> None:
    part = DraftPart(
        tag="1.1.0", title="1.1.0", commit=R, prerelease=False, forge=NOBODY, body=lambda: "generated"
    )

    assert summary(part.decide(what)) == expected


@pytest.mark.parametrize(
    ("what", "asked", "agreed"),
    [
        ((), "person", "blocked no-draft"),
        (SILENT, "wait 3", "wait 3"),
        (releases("draft"), "person", "do announce:publish"),
        (releases("published"), "done", "done"),
        (releases("published", "draft"), "done", "done"),
        (releases("draft", "draft"), "blocked two-releases", "blocked two-releases"),
    ],
    ids=["none", "silent", "a draft", "published", "published and a draft", "two drafts"],
)
def test_announce(what: Releases, asked: str, agreed: str) -> None:
    part = AnnouncePart(tag="1.1.0", commit=R, latest=True, prerelease=False, forge=NOBODY, agreed=False)

    assert summary(part.decide(what)) == asked
    decision = replace(part, agreed=True).decide(what)
    assert summary(decision) == agreed
    assert not isinstance(decision, Blocked) or decision.problem.remedy


TEXT = f"{'d' * 64}  {SDIST}\n"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (SILENT, "wait 3"),
        (ChecksumsLook(()), "do draft:asset:SHA256SUMS"),
        (ChecksumsLook(releases("draft"), TEXT), "do draft:asset:SHA256SUMS"),
        (ChecksumsLook(releases("draft"), ""), "off"),
        (ChecksumsLook(releases("draft"), TEXT, hashlib.sha256(TEXT.encode()).hexdigest()), "done"),
        (ChecksumsLook(releases("draft"), TEXT, "0" * 64), "blocked checksums-differ"),
        (ChecksumsLook(releases("draft"), None, "0" * 64), "done"),
        (ChecksumsLook(releases("draft"), TEXT, Unknown(reason="503", retry_after=2)), "wait 2"),
        (ChecksumsLook(releases("draft", "draft"), TEXT), "blocked two-releases"),
        (ChecksumsLook(releases("published"), TEXT), "done"),
        (ChecksumsLook(releases("published"), TEXT, "0" * 64), "done"),
    ],
)
def test_checksums(what: ChecksumsLook | Unknown, expected: str) -> None:
    part = ChecksumsPart(tag="1.1.0", forge=NOBODY, listed=dict)

    assert summary(part.decide(what)) == expected


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        (WHEEL, "wheel"),
        (SDIST, "sdist"),
        ("core-1.1.0.zip", "sdist"),
        ("core-1.1.0.crate", "crate"),
        ("core-1.1.0.tgz", "tarball"),
        ("core-1.1.0.exe", None),
        ("whl", None),
    ],
)
def test_the_kind_of_an_artifact_is_told_by_its_name(filename: str, kind: ArtifactKind | None) -> None:
    assert kind_of(filename) == kind


def test_a_listing_that_failed_says_unknown_of_every_file() -> None:
    failed = Listing(files={SDIST: SAME}, unknown="503", retry_after=4.0)

    assert listed(failed, SDIST) == Unknown(reason="503", retry_after=4.0)
    assert listed(Listing(files={SDIST: SAME}), WHEEL) == Absent()


class Shelf:
    """A registry whose answers are set by hand; the rest of the port is not asked."""

    ecosystem = "python"

    def __init__(self, *, resolvable: bool | None = True, same: Sameness = "contents") -> None:
        self.files: Mapping[str, Answer] = {}
        self.unknown: str | None = None
        self.asked: list[str] = []
        self._resolvable = resolvable
        self._same = same

    def look(self, package: Package, version: str) -> Listing:
        return Listing(files=self.files, unknown=self.unknown)

    def compare(self, artifact: Artifact, listed: str | None) -> Sameness:
        self.asked.append(f"compare {artifact.filename} {listed}")
        return self._same

    def resolvable(self, requirements: list[str]) -> bool | None:
        self.asked.append(f"resolve {requirements[0]}")
        return self._resolvable

    def requirement(self, package: Package, version: str) -> str:
        return f"{package.name}=={version}"

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        self.asked.append(f"upload {artifact.filename}")
        return Succeeded()


def part_of(shelf: Shelf, accepted: frozenset[str] = frozenset()) -> PackagePart:
    kinds: tuple[tuple[ArtifactKind, str], ...] = (("sdist", SDIST), ("wheel", WHEEL))
    artifacts = [
        Artifact(
            package="core", ecosystem="python", kind=kind, filename=name, path=name, digest=f"built {name}"
        )
        for kind, name in kinds
    ]
    return PackagePart(CORE, "1.1.0", artifacts, shelf, Path(), accepted=accepted)  # type: ignore[arg-type]


def test_the_resolver_is_asked_only_when_all_files_are_there_and_its_yes_is_remembered() -> None:
    shelf = Shelf()
    part = part_of(shelf)
    shelf.files = {SDIST: Present(digest=f"built {SDIST}")}
    part.look()
    assert shelf.asked == []

    shelf.files = {name: Present(digest=f"built {name}") for name in (SDIST, WHEEL)}
    assert isinstance(part.decide(part.look()), Done)
    assert isinstance(part.decide(part.look()), Done)
    assert shelf.asked == ["resolve core==1.1.0"]


def test_a_resolver_that_says_no_is_asked_again() -> None:
    shelf = Shelf(resolvable=False)
    part = part_of(shelf)
    shelf.files = {name: Present(digest=f"built {name}") for name in (SDIST, WHEEL)}

    assert summary(part.decide(part.look())) == summary(part.decide(part.look())) == "wait"
    assert len(shelf.asked) == 2


def test_other_bytes_are_compared_once_and_the_same_bytes_never() -> None:
    shelf = Shelf(same="contents")
    part = part_of(shelf)
    shelf.files = {SDIST: Present(digest=f"built {SDIST}"), WHEEL: Present(digest="other")}

    assert summary(part.decide(part.look())) == summary(part.decide(part.look())) == "done rebuilt"
    assert [getattr(one.answer, "same", None) for one in part.look().files] == ["bytes", "contents"]
    assert [one for one in shelf.asked if one.startswith("compare")] == [f"compare {WHEEL} other"]


@pytest.mark.parametrize(
    ("same", "accepted", "expected"),
    [
        ("no", frozenset(), "blocked different-contents"),
        ("not-comparable", frozenset(), "blocked not-comparable"),
        ("not-comparable", frozenset({"other"}), "done rebuilt"),
        ("not-comparable", frozenset({"another"}), "blocked not-comparable"),
    ],
)
def test_a_digest_that_a_person_accepted_counts_as_the_same(
    same: Sameness, accepted: frozenset[str], expected: str
) -> None:
    shelf = Shelf(same=same)
    shelf.files = {SDIST: Present(digest=f"built {SDIST}"), WHEEL: Present(digest="other")}
    part = part_of(shelf, accepted)

    assert summary(part.decide(part.look())) == expected


def test_a_file_that_was_seen_is_not_uploaded_again_when_an_older_page_comes() -> None:
    shelf = Shelf()
    part = part_of(shelf)
    shelf.files = {SDIST: Present(digest=f"built {SDIST}")}
    part.look()
    shelf.files = {}

    assert summary(part.decide(part.look())) == f"do publish:python:core:{WHEEL}"


def test_a_file_that_was_seen_and_is_withdrawn_then_stops_the_release() -> None:
    shelf = Shelf()
    part = part_of(shelf)
    shelf.files = {SDIST: Present(digest=f"built {SDIST}")}
    part.look()
    shelf.files = {SDIST: Withdrawn()}

    assert summary(part.decide(part.look())) == "blocked artifact-withdrawn"


@pytest.mark.parametrize(
    ("identity", "same", "expected", "asked"),
    [
        ("1", "bytes", Staged(identity="1", same="bytes"), 1),
        ("1", "no", Staged(identity="1", same="no"), 1),
        ("1", "not-comparable", Unknown(reason=f"what is staged as `{SDIST}` could not be downloaded"), 2),
        ("", "bytes", Staged(identity=""), 0),
    ],
)
def test_what_is_staged_is_compared_once_with_what_was_built(
    identity: str, same: Sameness, expected: Answer, asked: int
) -> None:
    shelf = Shelf(same=same)
    shelf.files = {SDIST: Staged(identity=identity)}
    part = part_of(shelf)

    assert part.look().files[0].answer == part.look().files[0].answer == expected
    assert shelf.asked == [f"compare {SDIST} None"] * asked


def test_packages_that_were_created_count_for_the_limit_of_their_registry() -> None:
    shelf = Shelf()
    python, npm, late = part_of(shelf), part_of(shelf), part_of(shelf)
    npm.package = replace(CORE, ecosystem="npm")
    others = WaiverPart(stage="draft", title="1.1.0", commit=R, remote_url="u", clone=NOBODY)
    when = datetime(2026, 1, 1, tzinfo=UTC)
    made = PackageLook((), created=when)
    looks: list[tuple[Any, object]] = [
        (python, made),
        (npm, made),
        (late, PackageLook(())),
        (others, Absent()),
    ]
    state = StageState(
        Stage("publish", tuple(part for part, _ in looks)),
        tuple(PartState(part.name, (), Done(), look) for part, look in looks),
    )

    assert created_before(state) == {"python": {"core": when}, "npm": {"core": when}}


PLATFORM_WHEEL = "core-1.1.0-cp311-cp311-win_amd64.whl"


@pytest.mark.parametrize(
    ("what", "tagged", "expected"),
    [
        (
            seen(sdist=Absent(), wheel=Absent()),
            False,
            f"do publish:python:core:{SDIST} publish:python:core:wheel",
        ),
        (seen(sdist=SAME, wheel=Absent()), False, "do publish:python:core:wheel"),
        (seen(sdist=SAME, wheel=SAME), False, "done"),
        (PackageLook((FileLook(SDIST, SAME),)), False, "done"),
        (
            PackageLook((FileLook(SDIST, SAME), FileLook(PLATFORM_WHEEL, SAME))),
            False,
            "done later publish:python:core:wheel",
        ),
        (PackageLook((FileLook(SDIST, SAME), FileLook(PLATFORM_WHEEL, SAME))), True, "done"),
        (
            seen(sdist=SAME, wheel=SILENT),
            False,
            f"wait 3 later publish:python:core:{SDIST} publish:python:core:wheel",
        ),
        (seen(sdist=Withdrawn(), wheel=Absent()), False, "blocked artifact-withdrawn"),
    ],
    ids=[
        "nothing there",
        "one kind is missing",
        "each kind is there",
        "one kind is enough",
        "wheels of other platforms may be missing",
        "nothing is uploaded after the tag",
        "silent",
        "withdrawn",
    ],
)
def test_presence(what: PackageLook, tagged: bool, expected: str) -> None:
    part = PresencePart(CORE, "1.1.0", NOBODY, tagged=tagged)

    assert decision_of(part, what) == expected


def test_without_artifacts_at_hand_the_registry_is_asked_for_one_file_of_each_kind() -> None:
    shelf = Shelf()
    part = PresencePart(CORE, "1.1.0", shelf)  # type: ignore[arg-type]
    shelf.files = {SDIST: Present(digest="x")}
    (sdist, wheel) = part.describe(part.look())
    assert (sdist.id, sdist.answer) == (SDIST, Present(digest="x"))
    assert wheel.answer == Absent()
    assert isinstance(part.decide(part.look()), Do)

    any_kind = PresencePart(CORE, "1.1.0", shelf, any_kind=True)  # type: ignore[arg-type]
    assert isinstance(any_kind.decide(any_kind.look()), Done)

    shelf.files = {}
    assert len(any_kind.look().files) == 2
    assert isinstance(any_kind.decide(any_kind.look()), Do)

    shelf.files = {SDIST: Present(digest="x"), WHEEL: Present(digest="y")}
    assert isinstance(part.decide(part.look()), Done)

    shelf.unknown = "503"
    assert summary(part.decide(part.look())) == "wait"
