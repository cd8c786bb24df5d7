"""What does a release bring to the website? The pages at its tag, and the changelog once the notes are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from castoff.configuration.values import Configuration
from castoff.configuration.values import Page as ConfiguredPage
from castoff.errors import CastoffError
from castoff.flows.after import one_at_a_time
from castoff.flows.editing import changelog_path
from castoff.flows.setting import Setting
from castoff.flows.staging import is_latest
from castoff.flows.subject import Subject, find_subject
from castoff.flows.survey import Survey
from castoff.git import Worktree
from castoff.model.addresses import forge_address, sibling_url
from castoff.model.observations import Unknown
from castoff.notes.changelog import parse
from castoff.notes.website import DEFAULT_BANNER, HeadingRule, Origin, Page, Rendered, render_pages
from castoff.ports import Tree
from castoff.stages.changelog import NOT_ANNOUNCED, published
from castoff.stages.delivery import Delivery
from castoff.stages.part import Stage
from castoff.stages.porting import cut_by
from castoff.stages.website import WebsitePart

NOT_PORTED = "the website is written when the notes are in the changelog"
OLDER = "the website shows the highest stable release, and this is another one"


def website_stage(
    setting: Setting, seen: Survey, subject: Subject, worktree: Worktree, *, replacing: bool = False
) -> Stage:
    """Bring the pages to the website's repository, which lies beside the workspace's own on the same host."""
    settings = setting.configuration.website
    off = _off(setting, seen, subject)
    if settings.repository is None or off is not None:
        return Stage("website", (), required=False, off=off or "no `website.repository` is configured")
    url = sibling_url(subject.target.remote_url, settings.repository)
    if url is None:
        why = "the remote's address does not end in `owner/name`, so no other repository can be found by it"
        return Stage("website", (), required=False, off=why)
    site = worktree.sibling("site")
    remote = one_at_a_time(setting, site)
    title = subject.target.title
    message = f"pages of {title}"
    delivery = Delivery(
        stage="website",
        branch=settings.branch or site.default_branch(url) or "main",
        remote_url=url,
        remote=remote,
        desk=setting.desk(url),
        make=lambda head, texts: remote.commit(head, texts, message),
        proposal=f"castoff/pages-{title}",
        title=f"Pages of {title}",
        text=f"Pages that are made from the release {title} of {origin_root(setting, subject)}.\n",
        by_pull_request=settings.mode == "pull-request",
    )
    part = WebsitePart(
        delivery=delivery,
        tree=site.tree,
        render=lambda: released_pages(setting, subject, worktree),
        earlier=lambda: _earlier(setting, seen, subject, worktree),
        replacing=replacing,
    )
    return Stage("website", (part,), required=False)


def released_pages(
    setting: Setting, subject: Subject, worktree: Worktree
) -> Sequence[Rendered] | str | Unknown:
    """Render the pages of a release; a text says what has to come first.

    Errors: ``website-source-missing``, ``website-rule-unmatched``, ``website-rule-invalid``.
    """
    tree = worktree.tree(subject.commit)
    log = changelog_path(tree, setting.configuration.changelog.file)
    pages = pages_of(setting.configuration)
    forge = setting.forge(subject.target.remote_url)
    if forge is not None:
        release = published(forge, subject.target.tag)
        if release is None or isinstance(release, Unknown):
            return release or NOT_ANNOUNCED.replace("the notes are ported", "the website is written")
    texts = _texts(tree, pages)
    ports = forge is not None and setting.configuration.changelog.mode != "off"
    if log is not None and log in texts and ports:
        text = ported_text(subject, worktree, log)
        if text is None:
            return NOT_PORTED
        texts[log] = text
    return render_pages(pages, texts, origin_of(setting, subject, tree))


def ported_text(subject: Subject, worktree: Worktree, path: str) -> str | None:
    """Give the changelog as it was when its section of this release last changed; None while that waits.

    What came into the file afterwards does not count, so that a finished release stays finished. A section that
    a person wrote before the release is complete as it is.
    """
    url, branch, version = subject.target.remote_url, subject.branches[0], str(subject.version)
    released = worktree.tree(subject.commit).read(path)
    parent = worktree.parent(subject.commit)
    before = worktree.tree(parent).read(path) if parent else None
    news, day = cut_by(released, before, version)
    if news is None and day is not None:
        return released
    refs = worktree.ls_remote(url)
    head = refs.heads.get(branch) if refs else None
    if head is None or not (worktree.has(head) or worktree.fetch(url, [branch])):
        return None
    held, found = _held(released, version), None
    for commit, _ in reversed(worktree.first_parents(subject.commit, head, [path])):
        text = worktree.tree(commit).read(path)
        now = _held(text, version)
        if now is not None and now != held:
            held, found = now, text
    return found


def pages_of(configuration: Configuration) -> tuple[Page, ...]:
    """Turn the configured pages into those of the notes."""
    return tuple(_page(page) for page in configuration.website.pages)


def origin_root(setting: Setting, subject: Subject) -> str:
    """Give the address of the repository for people; "" where it lies on no forge."""
    address = forge_address(subject.target.remote_url, setting.environment)
    return f"{address.web_url}/{address.slug}" if address is not None else ""


def origin_of(setting: Setting, subject: Subject, tree: Tree) -> Origin:
    """Say where the pages come from."""
    return Origin(
        root=origin_root(setting, subject),
        ref=subject.target.tag,
        branch=subject.branches[-1],
        files=frozenset(tree.paths()),
    )


def _off(setting: Setting, seen: Survey, subject: Subject) -> str | None:
    if setting.no_site is not None and setting.configuration.website.repository is not None:
        return setting.no_site
    if setting.configuration.website.mode == "off":
        return "`website.mode` is off"
    return None if is_latest(seen, subject.target) else OLDER


def _texts(tree: Tree, pages: Sequence[Page]) -> dict[str, str]:
    read = ((page.source, tree.read(page.source)) for page in pages)
    return {source: text for source, text in read if text is not None}


def _page(page: ConfiguredPage) -> Page:
    return Page(
        source=page.source,
        target=page.to,
        banner=DEFAULT_BANNER if page.banner is None else page.banner,
        header=page.header or "",
        drop=page.drop,
        headings=tuple(HeadingRule(rule.search, rule.replace) for rule in page.headings),
    )


def _earlier(setting: Setting, seen: Survey, subject: Subject, worktree: Worktree) -> Mapping[str, str]:
    """Render the pages of the release before, as far as that can be done."""
    if subject.previous_tag is None:
        return {}
    try:
        before = find_subject(setting, seen, worktree, subject.previous_tag)
        pages = released_pages(setting, before, worktree)
    except CastoffError:
        return {}
    return {} if isinstance(pages, str | Unknown) else {one.page.target: one.text for one in pages}


def _held(text: str | None, version: str) -> str | None:
    """Give what stands in the section of a version."""
    found = parse(text).find(version) if text is not None else ()
    return text[found[0].body : found[0].end].strip() if text is not None and len(found) == 1 else None
