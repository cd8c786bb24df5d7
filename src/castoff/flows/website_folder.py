"""The website as two folders: pages from the files of one, written into the other; no repository is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from castoff.configuration.values import Configuration
from castoff.errors import CastoffError, Refusal, UsageError
from castoff.flows.survey import common_version, read_workspace
from castoff.flows.website import pages_of
from castoff.model.workspace import Workspace
from castoff.notes.website import Decision, Origin, Rendered, render_pages
from castoff.ports import Manifests, Tree
from castoff.stages.website import compare, edited_problem

_NOWHERE = "castoff-knows-no-address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whence:
    """What was said about where the pages come from; None is found out from the files, as far as they say it."""

    url: str | None = None
    ref: str | None = None
    branch: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPages:
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
            "no page is configured for the website",
            reason="`[[website.pages]]` says which file becomes which page",
            remedy="add `[website]` with its pages to castoff.toml, or name another file with `--config`",
        )
    workspace = _workspace(source, manifests)
    texts = {page.source: text for page in pages if (text := source.read(page.source)) is not None}
    rendered = render_pages(pages, texts, _origin(source, workspace, whence))
    if any(_NOWHERE in one.text for one in rendered):
        raise UsageError.of(
            "option-missing",
            "nothing says at which address the workspace's repository is",
            reason="banner and relative links lead there",
            remedy="say it with `--url https://github.com/OWNER/NAME`",
        )
    decided = compare(rendered, {page.target: target.read(page.target) for page in pages}, dict)
    edited = tuple(edited_problem(one) for one in decided if one.action == "edited")
    if edited:
        raise Refusal(*edited)
    return FolderPages(pages=decided, missing=tuple(_missing(rendered)))


def texts_to_write(pages: Sequence[Decision]) -> Mapping[str, str]:
    """Give the texts that differ, by path in the target folder."""
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
        return read_workspace(source, manifests, ())
    except CastoffError:
        return None


def _missing(rendered: Sequence[Rendered]) -> list[tuple[str, int, str]]:
    return [(one.page.source, link.line, link.destination) for one in rendered for link in one.missing]
