"""The file of digests at the draft: what is attached, once, whatever happened before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from castoff.config.values import Configuration, DraftSettings, ReleaseSettings
from castoff.errors import Problem
from castoff.model.acts import Do, Done, Outcome, Refused, Succeeded, Unclear
from castoff.model.observations import Absent, Present, Unknown
from castoff.ports import ForgeAsset, ForgeRelease
from castoff.release.announce import PUBLISH, AnnouncePart
from castoff.release.checksums import ATTACH, ChecksumsLook, ChecksumsPart
from castoff.session.checksums import CHECKSUMS, checksums_text, wants_checksums
from castoff.values import replace

LISTED = {"b-1.0.tar.gz": "e" * 64, "a-1.0.tar.gz": "d" * 64}
TEXT = f"{'d' * 64}  a-1.0.tar.gz\n{'e' * 64}  b-1.0.tar.gz\n"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()
DRAFT = ForgeRelease(id=7, tag="1.1.0", name="1.1.0", body="", draft=True, prerelease=False, url="u")
WHOLE = ForgeAsset(id=1, name=CHECKSUMS, digest=DIGEST)
REFUSED = Refused(Problem(code="forge-refused", message="already_exists"))


@dataclass
class Forge:
    """A forge with one release; ``attach`` answers by a script."""

    assets: list[ForgeAsset] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    lags: bool = False
    silent: bool = False
    done: list[str] = field(default_factory=list)
    published: list[int] = field(default_factory=list)

    def releases(self) -> list[ForgeRelease] | Unknown:
        if self.silent:
            return Unknown(reason="503")
        return [replace(DRAFT, assets=() if self.lags else tuple(self.assets))]

    def attach(self, release: ForgeRelease, name: str, content: bytes) -> Outcome:
        self.done.append(f"attach {name}")
        if self.outcomes:
            return self.outcomes.pop(0)
        self.assets.append(ForgeAsset(id=9, name=name, digest=hashlib.sha256(content).hexdigest()))
        return Succeeded()

    def detach(self, asset: ForgeAsset) -> Outcome:
        self.done.append(f"detach {asset.id}")
        self.assets.remove(asset)
        return Succeeded()

    def attached(self, asset: ForgeAsset) -> bytes | Unknown:
        self.done.append(f"fetch {asset.id}")
        return TEXT.encode()

    def update_release(self, number: int, _release: Any) -> Outcome:
        self.published.append(number)
        return Succeeded()


def part(forge: Forge, listed: Mapping[str, str] | None = LISTED) -> ChecksumsPart:
    return ChecksumsPart(tag="1.1.0", forge=forge, listed=lambda: listed)  # type: ignore[arg-type]


def test_the_text_is_what_sha256sum_reads_in_a_fixed_order() -> None:
    assert checksums_text(LISTED) == TEXT
    assert checksums_text({}) is None


def test_the_file_is_attached_once() -> None:
    forge = Forge(assets=[ForgeAsset(id=3, name="other.zip")])

    assert part(forge).decide(part(forge).look()) == Do((ATTACH,))
    assert part(forge).act(ATTACH) == Succeeded()
    assert part(forge).decide(part(forge).look()) == Done()
    assert part(forge).act(ATTACH) == Succeeded()
    assert forge.done == [f"attach {CHECKSUMS}"]


def test_what_is_left_of_an_upload_that_broke_off_is_replaced() -> None:
    forge = Forge(assets=[replace(WHOLE, digest=None, is_whole=False)])

    assert part(forge).decide(part(forge).look()) == Do((ATTACH,))
    part(forge).act(ATTACH)
    assert forge.done == ["detach 1", f"attach {CHECKSUMS}"]
    assert part(forge).decide(part(forge).look()) == Done()


def test_a_forge_without_digests_is_asked_for_the_file_once() -> None:
    forge = Forge(assets=[replace(WHOLE, digest=None)])
    one = part(forge)

    assert [one.decide(one.look()) for _ in range(2)] == [Done(), Done()]
    assert forge.done == ["fetch 1"]


@pytest.mark.parametrize(
    ("forge", "listed", "expected"),
    [
        (Forge(silent=True), LISTED, Unclear),
        (Forge(), None, Unclear),
        (Forge(), {}, Unclear),
        (Forge(outcomes=[Unclear(reason="cut")]), LISTED, Unclear),
        (Forge(outcomes=[REFUSED]), LISTED, Refused),
        (Forge(assets=[WHOLE]), LISTED, Succeeded),
    ],
    ids=["silent", "no tag", "no digests", "cut", "refused", "there by now"],
)
def test_an_act_says_what_came_of_it(
    forge: Forge, listed: Mapping[str, str] | None, expected: type[Outcome]
) -> None:
    assert isinstance(part(forge, listed).act(ATTACH), expected)


def test_a_name_that_another_run_took_is_looked_at_again() -> None:
    class Raced(Forge):
        def attach(self, release: ForgeRelease, name: str, content: bytes) -> Outcome:
            self.assets.append(WHOLE)
            return REFUSED

    assert isinstance(part(Raced()).act(ATTACH), Unclear)


def test_what_is_seen_is_shown() -> None:
    def shown(look: ChecksumsLook | Unknown) -> Any:
        (one,) = part(Forge()).describe(look)
        return one.id, one.answer, one.expected

    silent = Unknown(reason="503")
    assert shown(silent) == (CHECKSUMS, silent, None)
    assert shown(ChecksumsLook((DRAFT,), TEXT)) == (CHECKSUMS, Absent(), DIGEST)
    assert shown(ChecksumsLook((DRAFT,), TEXT, DIGEST)) == (CHECKSUMS, Present(digest=DIGEST), DIGEST)
    assert shown(ChecksumsLook((DRAFT,), None, silent)) == (CHECKSUMS, silent, None)


@pytest.mark.parametrize(
    ("assets", "asked", "published"),
    [
        ([], True, False),
        ([replace(WHOLE, is_whole=False)], True, False),
        ([WHOLE], True, True),
        ([], False, True),
    ],
)
def test_a_draft_without_its_digests_is_not_published(
    assets: list[ForgeAsset], asked: bool, published: bool
) -> None:
    forge = Forge(assets=assets)
    announce = AnnouncePart(
        tag="1.1.0",
        commit="r" * 40,
        latest=True,
        prerelease=False,
        forge=forge,  # type: ignore[arg-type]
        agreed=True,
        checksums=lambda: asked,
    )

    outcome = announce.act(PUBLISH)

    assert bool(forge.published) is published
    if not published:
        assert isinstance(outcome, Refused)
        assert outcome.problem.code == "checksums-missing"


@pytest.mark.parametrize(
    ("asked", "tokenless", "by", "wanted"),
    [
        (None, False, "castoff", False),
        (None, True, "castoff", True),
        (None, True, "ci", False),
        (True, False, "castoff", True),
        (True, False, "ci", True),
        (True, True, "off", False),
        (False, True, "castoff", False),
    ],
)
def test_digests_are_attached_where_they_are_asked_for_or_releases_are_tokenless(
    asked: bool | None, tokenless: bool, by: Any, wanted: bool
) -> None:
    configuration = Configuration(
        draft=DraftSettings(checksums=asked, by=by), release=ReleaseSettings(tokenless=tokenless)
    )

    assert wants_checksums(configuration) is wanted
