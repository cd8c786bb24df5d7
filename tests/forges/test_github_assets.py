"""Files of releases at the embedded forge: attached, read and removed with requests that GitHub knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from castoff.forges.github import GitHub
from castoff.io.clock import SystemClock
from castoff.io.http import Http, Reply
from castoff.model.acts import Refused, Succeeded, Unclear
from castoff.model.observations import Unknown
from castoff.ports import ForgeAsset, ForgeRelease, NewRelease
from castoff.redaction import Redactor
from castoff.values import replace
from forges.test_github_bad_answers import github, reply
from postrelease.after_bench import SLUG, Yard, yard

DRAFT = NewRelease(tag="9.0.0", name="9.0.0", body="", draft=True, prerelease=False, target="main")
WHOLE = {"id": 1, "tag_name": "1.0.0", "upload_url": "https://uploads.example/x{?name}"}


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitHub]:
    with yard(tmp_path) as here:
        made = connected(here)
        assert made.create_release(DRAFT) == Succeeded()
        yield made


def connected(here: Yard) -> GitHub:
    return GitHub(
        Http(Redactor()),
        SystemClock(),
        api_url=here.world.forge.url,
        web_url="https://github.com",
        slug=SLUG,
        token="writer",
    )


def release_in(forge: GitHub) -> ForgeRelease:
    found = forge.releases()
    assert not isinstance(found, Unknown)
    return next(one for one in found if isinstance(one, ForgeRelease) and one.tag == "9.0.0")


def test_a_file_is_attached_once_read_and_removed(forge: GitHub) -> None:
    assert forge.attach(release_in(forge), "SHA256SUMS", b"text") == Succeeded()
    (asset,) = release_in(forge).assets
    assert (asset.name, asset.is_whole, len(asset.digest or "")) == ("SHA256SUMS", True, 64)
    assert forge.attached(asset) == b"text"
    assert isinstance(forge.attach(release_in(forge), "SHA256SUMS", b"other"), Refused)

    assert forge.detach(asset) == Succeeded()
    assert forge.detach(asset) == Succeeded(), "it is gone already"
    assert release_in(forge).assets == ()
    assert isinstance(forge.attached(asset), Unknown)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://elsewhere.example/uploads{?name}",
        "http://forge.invalid/x",
        "https://forge.invalid:1/x",
        "https://uploads.forge.invalid/x",
    ],
)
def test_the_token_goes_to_no_other_host(url: str) -> None:
    made, script = github()

    outcome = made.attach(replace(EMPTY, upload_url=url), "SHA256SUMS", b"")

    assert isinstance(outcome, Unclear)
    assert script.asked == []


EMPTY = ForgeRelease(id=1, tag="1", name="1", body="", draft=True, prerelease=False, url="")


def test_what_is_read_of_files_is_what_the_forge_says_of_them() -> None:
    def read(*assets: object) -> tuple[ForgeAsset, ...] | Unknown:
        row = {**WHOLE, "assets": list(assets)}
        found = github(reply([row]))[0].releases()
        return found if isinstance(found, Unknown) else found[0].assets  # type: ignore[index,union-attr]

    digest = "d" * 64
    assert read({"id": 3, "name": "a", "state": "uploaded", "digest": f"sha256:{digest}"}) == (
        ForgeAsset(id=3, name="a", digest=digest),
    )
    assert read({"id": 3, "name": "a", "state": "starter", "digest": None}) == (
        ForgeAsset(id=3, name="a", is_whole=False),
    )
    assert read({"id": 3, "name": "a", "digest": "sha512:00"}) == (ForgeAsset(id=3, name="a"),)
    assert isinstance(read({"name": "a"}), Unknown)
    assert isinstance(read("a"), Unknown)


def test_a_file_that_is_not_given_is_unknown() -> None:
    asset = ForgeAsset(id=3, name="a")
    for answer in (Reply(status=500), Reply(status=404)):
        assert isinstance(github(answer)[0].attached(asset), Unknown)
