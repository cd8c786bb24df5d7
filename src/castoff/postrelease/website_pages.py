"""Pages that a release brings to the website: those at its tag, and the changelog once it holds the notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from castoff.changelog import parse
from castoff.config.values import Configuration, PageSettings
from castoff.errors import CastoffError
from castoff.git import Clone
from castoff.model.addresses import forge_address, sibling_url
from castoff.model.observations import Unknown
from castoff.ports import Tree
from castoff.postrelease.changelog import published
from castoff.postrelease.delivery import Delivery
from castoff.postrelease.ported_changelog import cut_by
from castoff.postrelease.stages import one_at_a_time
from castoff.postrelease.website import WebsitePart
from castoff.reconcile.part import Stage
from castoff.session.edits import changelog_path
from castoff.session.past_release import PastRelease, find_past_release
from castoff.session.release import is_latest
from castoff.session.services import Services
from castoff.session.session import Session
from castoff.website import DEFAULT_BANNER, HeadingRule, Origin, Page, Rendered, render_pages

NOT_PORTED = "the website is updated after the changelog"
NOT_ANNOUNCED = "the website is updated when the release is announced"
DEFAULT_BRANCH = "main"
OLDER = "the website shows the highest stable release, which is another version"


def website_stage(session: Session, past: PastRelease, *, replacing: bool = False) -> Stage:
    """Bring the pages to the website's repository, which lies beside the workspace's own on the same host."""
    settings = session.configuration.website
    off = _off(session, past)
    if settings.repository is None or off is not None:
        return Stage("website", (), may_lag=True, off=off or "no `website.repository` is configured")
    url = sibling_url(past.release.remote_url, settings.repository)
    if url is None:
        why = "the remote's URL does not end in `owner/name`, so the website's repository cannot be derived from it"
        return Stage("website", (), may_lag=True, off=why)
    # A clone of its own, so that nothing of the workspace's objects or settings reaches the website.
    site = session.clone.sibling("site")
    remote = one_at_a_time(session.services, site)
    title = past.release.title
    message = f"pages of {title}"
    delivery = Delivery(
        stage="website",
        branch=settings.branch or site.default_branch(url) or DEFAULT_BRANCH,
        remote_url=url,
        remote=remote,
        issue_tracker=session.services.issue_tracker(url),
        make=lambda head, texts: remote.commit(head, texts, message),
        proposal=f"castoff/pages-{title}",
        title=f"Pages of {title}",
        text=f"Pages of the release {title} of {origin_root(session.services, past)}.\n",
        by_pull_request=settings.mode == "pull-request",
    )
    part = WebsitePart(
        delivery=delivery,
        tree=site.tree,
        render=lambda: released_pages(session, past),
        earlier=lambda: _earlier(session, past),
        replacing=replacing,
    )
    return Stage("website", (part,), may_lag=True)


def released_pages(session: Session, past: PastRelease) -> Sequence[Rendered] | str | Unknown:
    """Render the pages of a release; a text says what has to come first.

    Errors: ``website-source-missing``, ``website-rule-unmatched``, ``website-rule-invalid``.
    """
    tree = session.clone.tree(past.commit)
    log = changelog_path(tree, session.configuration.changelog.file, past.release.workspace)
    pages = pages_of(session.configuration)
    forge = session.services.forge(past.release.remote_url)
    if forge is not None:
        release = published(forge, past.release.tag)
        if release is None or isinstance(release, Unknown):
            return release or NOT_ANNOUNCED
    texts = _texts(tree, pages)
    ports = forge is not None and session.configuration.changelog.mode != "off"
    if log is not None and log in texts and ports:
        text = ported_text(past, session.clone, log)
        if text is None:
            return NOT_PORTED
        texts[log] = text
    return render_pages(pages, texts, origin_of(session.services, past, tree))


def ported_text(past: PastRelease, clone: Clone, path: str) -> str | None:
    """Return the changelog as it was when its section of this release last changed; None while that waits.

    What came into the file afterwards does not count, so that a finished release stays finished. A section that
    a person wrote before the release is complete as it is.
    """
    url, branch, version = past.release.remote_url, past.branches[0], str(past.version)
    released = clone.tree(past.commit).read(path)
    parent = clone.parent(past.commit)
    before = clone.tree(parent).read(path) if parent else None
    news, day = cut_by(released, before, version)
    # The section was written before the release, so no port changes it: the pages need not wait.
    if news is None and day is not None:
        return released
    refs = clone.ls_remote(url)
    head = refs.heads.get(branch) if refs else None
    if head is None or not (clone.has(head) or clone.fetch(url, [branch])):
        return None
    held, found = _held(released, version), None
    # Oldest first: the last change of the section counts, and what came into the file after it does not.
    for commit, _ in reversed(clone.first_parents(past.commit, head, [path])):
        text = clone.tree(commit).read(path)
        now = _held(text, version)
        if now is not None and now != held:
            held, found = now, text
    return found


def pages_of(configuration: Configuration) -> tuple[Page, ...]:
    """Turn the configured pages into those of the notes."""
    return tuple(_page(page) for page in configuration.website.pages)


def origin_root(services: Services, past: PastRelease) -> str:
    """Return the address of the repository for people; "" where it lies on no forge."""
    address = forge_address(past.release.remote_url, services.environment)
    return f"{address.web_url}/{address.slug}" if address is not None else ""


def origin_of(services: Services, past: PastRelease, tree: Tree) -> Origin:
    """Return where the pages come from."""
    return Origin(
        root=origin_root(services, past),
        ref=past.release.tag,
        branch=past.branches[-1],
        files=frozenset(tree.paths()),
    )


def _off(session: Session, past: PastRelease) -> str | None:
    if session.configuration.website.mode == "off":
        return "`website.mode` is off"
    # A hotfix of an old line must not turn the website back.
    return None if is_latest(session.snapshot, past.release) else OLDER


def _texts(tree: Tree, pages: Sequence[Page]) -> dict[str, str]:
    read = ((page.source, tree.read(page.source)) for page in pages)
    return {source: text for source, text in read if text is not None}


def _page(page: PageSettings) -> Page:
    return Page(
        source=page.source,
        target=page.to,
        banner=DEFAULT_BANNER if page.banner is None else page.banner,
        header=page.header or "",
        drop=page.drop,
        headings=tuple(HeadingRule(rule.search, rule.replace) for rule in page.headings),
    )


def _earlier(session: Session, past: PastRelease) -> Mapping[str, str]:
    """Render the pages of the release before, as far as that can be done."""
    if past.previous_tag is None:
        return {}
    try:
        before = find_past_release(session, past.previous_tag)
        pages = released_pages(session, before)
    except CastoffError:
        return {}
    # The pages of before tell edits by hand from castoff's own text; without them, every difference counts as
    # a person's.
    return {} if isinstance(pages, str | Unknown) else {one.page.target: one.text for one in pages}


def _held(text: str | None, version: str) -> str | None:
    """Return what stands in the section of a version."""
    found = parse(text).find(version) if text is not None else ()
    return text[found[0].body : found[0].end].strip() if text is not None and len(found) == 1 else None
