"""The website's stage on its own: what it would change, and the change itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from castoff.config.values import Configuration
from castoff.errors import CastoffError, Problem, Refusal, UsageError
from castoff.model.scope import Scope
from castoff.model.workspace import Workspace
from castoff.ports import Manifests, Tree
from castoff.postrelease.stages import blocked_in
from castoff.postrelease.website import WebsiteLook, compare, edited_problem
from castoff.postrelease.website_pages import pages_of, website_stage
from castoff.reconcile import StageState
from castoff.reconcile.part import Stage
from castoff.session.past_release import find_past_release
from castoff.session.services import Services
from castoff.session.session import Session, open_session
from castoff.session.snapshot import common_version
from castoff.session.workspaces import read_workspace
from castoff.values import replace
from castoff.website import Decision, Origin, Rendered, render_pages


class SiteReport(Struct, frozen=True, kw_only=True):
    """What becomes of the pages of one release; ``pages`` is as it was before anything was written."""

    version: str
    tag: str
    state: StageState
    pages: tuple[Decision, ...]
    problems: tuple[Problem, ...] = ()


def preview_website(services: Services, word: str | None, *, replacing: bool = False) -> SiteReport:
    """Return what would change on the site; writes nothing."""
    return _bring(services, word, lambda session, stage: session.observe(stage)[0], replacing=replacing)


def bring_website(services: Services, word: str | None, *, replacing: bool = False) -> SiteReport:
    """Bring the pages to the site; ``replacing`` writes over what others wrote there.

    Errors: those of the stage, such as ``website-page-edited``.
    """
    report = _bring(services, word, Session.reconcile, replacing=replacing)
    if report.problems:
        raise Refusal(*report.problems)
    return report


def _bring(
    services: Services, word: str | None, carry: Callable[[Session, Stage], StageState], *, replacing: bool
) -> SiteReport:
    with open_session(services) as session:
        past = find_past_release(session, word)
        stage = website_stage(session, past, replacing=replacing)
        (before,) = session.observe(stage)
        pages = tuple(
            page for part in before.parts if isinstance(part.look, WebsiteLook) for page in part.look.pages
        )
        state = carry(session, stage)
        return SiteReport(
            version=past.release.title,
            tag=past.release.tag,
            state=state,
            pages=pages,
            problems=tuple(_as_error(problem) for problem in blocked_in(state)),
        )


def _as_error(problem: Problem) -> Problem:
    return replace(problem, severity="error")


_NOWHERE = "castoff-knows-no-address"
_REPLACING = "move the edit to the source of the page, then delete the page and run castoff again"


class Whence(Struct, frozen=True, kw_only=True):
    """What was said about where the pages come from; None is found out from the files, as far as they say it."""

    url: str | None = None
    ref: str | None = None
    branch: str = "main"


class FolderPages(Struct, frozen=True, kw_only=True):
    """The pages with what becomes of each, and relative links that lead nowhere: (page, line, destination)."""

    pages: tuple[Decision, ...]
    missing: tuple[tuple[str, int, str], ...]


def render_folder(
    source: Tree, target: Tree, configuration: Configuration, manifests: Sequence[Manifests], whence: Whence
) -> FolderPages:
    """Render the pages of a folder and compare them with another one; writes nothing.

    Errors: ``website-not-configured``, ``option-missing`` where a page needs the repository's address and nothing
    says it, ``website-page-edited``, and those of rendering.
    """
    pages = pages_of(configuration)
    if not pages:
        raise UsageError.of(
            "website-not-configured",
            "no pages are configured for the website",
            reason="`[[website.pages]]` maps files to pages",
            remedy="add `[website]` with its pages to castoff.toml, or pass another file with `--config`",
        )
    workspace = _workspace(source, manifests)
    texts = {page.source: text for page in pages if (text := source.read(page.source)) is not None}
    rendered = render_pages(pages, texts, _origin(source, workspace, whence))
    if any(_NOWHERE in one.text for one in rendered):
        raise UsageError.of(
            "option-missing",
            "the URL of the workspace's repository is unknown",
            reason="the banner and relative links point there",
            remedy="pass it with `--url https://github.com/OWNER/NAME`",
        )
    decided = compare(rendered, {page.target: target.read(page.target) for page in pages}, dict)
    edited = tuple(
        replace(edited_problem(one), remedy=_REPLACING) for one in decided if one.action == "edited"
    )
    if edited:
        raise Refusal(*edited)
    return FolderPages(pages=decided, missing=tuple(_missing(rendered)))


def texts_to_write(pages: Sequence[Decision]) -> Mapping[str, str]:
    """Return the texts that differ, by path in the target folder."""
    return {page.target: page.text for page in pages if page.action in ("create", "update")}


def _origin(source: Tree, workspace: Workspace | None, whence: Whence) -> Origin:
    said = [one.repository for one in workspace.packages if one.repository] if workspace else []
    version = common_version(workspace) if workspace else None
    root = (whence.url or (said[0] if said else f"https://{_NOWHERE}")).rstrip("/").removesuffix(".git")
    return Origin(
        root=root,
        ref=whence.ref or (str(version) if version is not None else whence.branch),
        branch=whence.branch,
        files=frozenset(source.paths()),
    )


def _workspace(source: Tree, manifests: Sequence[Manifests]) -> Workspace | None:
    try:
        return read_workspace(source, manifests, Scope())
    except CastoffError:
        return None


def _missing(rendered: Sequence[Rendered]) -> list[tuple[str, int, str]]:
    return [(one.page.source, link.line, link.destination) for one in rendered for link in one.missing]
