"""Copy of the website's repository for an embedded world: its files as one commit, read from the real remote."""

from __future__ import annotations

from castoff.model.addresses import sibling_url, slug_of, split_remote
from castoff.postrelease.website_pages import DEFAULT_BRANCH
from castoff.session.services import WebsiteCopy
from castoff.session.session import Session


def copy_website(session: Session) -> WebsiteCopy | None:
    """Fetch the files of the configured website; None if none is configured, or the release's own branch holds it.

    A repository that cannot be read is replaced by an empty branch, so that the stage runs all the same. A branch that
    is known to be missing stays missing.
    """
    settings, snapshot = session.configuration.website, session.snapshot
    if settings.repository is None or settings.mode == "off":
        return None
    url = sibling_url(snapshot.remote_url or "", settings.repository)
    site = session.clone.sibling("website-copy")
    branch = settings.branch or (site.default_branch(url) if url else None) or DEFAULT_BRANCH
    own = slug_of(split_remote(snapshot.remote_url or "")[1]) or ""
    if settings.repository.lower() == own.lower() and branch == snapshot.branch:
        return None
    refs = site.ls_remote(url) if url else None
    is_absent = refs is not None and branch not in refs.heads
    is_real = is_absent or (url is not None and refs is not None and site.copy_files(url, branch))
    if not is_real:
        site.begin_empty(branch)
    return WebsiteCopy(slug=settings.repository, path=site.root, branch=branch, is_real=is_real)
