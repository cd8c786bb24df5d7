"""Remedies for what follows a release: pages of the website, the announcement, and what `verify` finds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from after_bench import ROOT, Yard, crates, publish, yard

from castoff.postrelease.changelog_command import port_notes
from castoff.postrelease.verify.verify import verify
from castoff.postrelease.website_command import preview_website
from postrelease.test_after_website import FILES, SITE, folders, make_site
from remedies.commands import castoff
from remedies.following import follow, follows


def bring(source: Path, target: Path) -> object:
    """Make the pages of one folder in another."""
    words = ("website", "--source", str(source), "--target", str(target), "--url", ROOT)
    return castoff(source, {"PATH": "/usr/bin:/bin", "HOME": str(source)}, *words)


@follows("website-page-edited")
def test_a_page_that_was_edited_is_deleted(tmp_path: Path) -> None:
    source, target = folders(tmp_path)
    bring(source, target)
    page = target / "docs" / "start.md"
    page.write_text("# Mine\n", "utf-8")

    follow("website-page-edited", lambda: bring(source, target), told="then delete the page", do=page.unlink)


@follows("website-not-configured")
def test_a_page_is_configured(tmp_path: Path) -> None:
    source, target = folders(tmp_path, "")

    follow(
        "website-not-configured",
        lambda: bring(source, target),
        told="add `[website]` with its pages to castoff.toml",
        do=lambda: (source / "castoff.toml").write_text(SITE, "utf-8"),
    )


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not installed")
    with yard(tmp_path_factory.mktemp("aftermath"), files=FILES) as made:
        make_site(made)
        made.commit(crates("1.2.0"), "release 1.2.0")
        made.git("tag", "1.2.0")
        made.commit(crates("1.3.0"), "release 1.3.0")
        made.tag("1.3.0")
        made.push("main", "--tags")
        yield made


def found(here: Yard, version: str, check: str, configuration: str = '[release]\nsign = "none"\n') -> object:
    """Return what one check of `verify` finds."""
    verdict = verify(here.setting(configuration), version, trial=False)
    return [one for answer in verdict.checks if answer.id == check for one in answer.findings]


@follows("verify-tag-unfit")
def test_the_next_version_has_a_fit_tag(here: Yard) -> None:
    follow(
        "verify-tag-unfit",
        lambda: found(here, "1.2.0", "tag"),
        told="release the next version",
        do=lambda: None,
        then=lambda: [one for one in found(here, "1.3.0", "tag") if one.severity == "error"],  # type: ignore[attr-defined]
    )


@follows("verify-not-published")
def test_a_release_is_published(here: Yard) -> None:
    follow(
        "verify-not-published",
        lambda: found(here, "1.3.0", "release"),
        told="`castoff announce 1.3.0 --execute` publishes the draft",
        do=lambda: publish(here, "1.3.0"),
    )


@follows("verify-not-up-to-date")
def test_the_changelog_gets_the_notes(here: Yard) -> None:
    follow(
        "verify-not-up-to-date",
        lambda: found(here, "1.1.0", "changelog"),
        told="run `castoff changelog 1.1.0 --execute`",
        do=lambda: port_notes(here.setting(), "1.1.0"),
    )


@follows("website-branch-missing")
def test_the_branch_of_the_website_is_corrected(here: Yard) -> None:
    port_notes(here.setting(), "1.3.0")
    texts = [SITE.replace("[[", 'branch = "nowhere"\n\n[[', 1)]

    follow(
        "website-branch-missing",
        lambda: preview_website(here.setting(texts[-1]), "1.3.0"),
        told="correct `website.branch`",
        do=lambda: texts.append(SITE.replace("[[", 'branch = "trunk"\n\n[[', 1)),
    )


@follows("release-published")
def test_a_published_text_is_edited_on_the_forge_and_the_changelog_follows(here: Yard) -> None:
    from castoff.release.highlights_command import open_highlights

    follow(
        "release-published",
        lambda: open_highlights(here.setting(), "1.1.0"),
        told="then run `castoff changelog 1.1.0 --execute` to update the changelog",
        do=lambda: port_notes(here.setting(), "1.1.0"),
        then=lambda: found(here, "1.1.0", "changelog"),
    )
