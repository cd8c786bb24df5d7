"""Releases and their files in the API's answers."""

from __future__ import annotations

import hashlib

from castoff.world.forge.links import Links, escaped
from castoff.world.forge.records import Asset, Json, Release, stamp, stamp_or_none
from castoff.world.forge.show import author, node_id
from castoff.world.forge.state import State


def release(state: State, links: Links, item: Release) -> Json:
    """Show a release; the page of a draft is untagged even where its tag exists."""
    api = links.repo(f"/releases/{item.id}")
    suffix = f"untagged-{item.untagged}" if item.draft else escaped(item.tag)
    return {
        "url": api,
        "assets_url": f"{api}/assets",
        "upload_url": upload_base(links) + f"/releases/{item.id}/assets" + "{?name,label}",
        "html_url": links.page(f"/releases/tag/{suffix}"),
        "id": item.id,
        "author": author(state, links, item.author),
        "node_id": node_id("Release", item.id),
        "tag_name": item.tag,
        "target_commitish": item.target,
        "name": item.name,
        "draft": item.draft,
        "immutable": item.immutable,
        "prerelease": item.prerelease,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "published_at": stamp_or_none(item.published_at),
        "assets": [asset(state, links, item, attached) for attached in item.assets],
        "tarball_url": None if item.draft else links.repo(f"/tarball/{escaped(item.tag)}"),
        "zipball_url": None if item.draft else links.repo(f"/zipball/{escaped(item.tag)}"),
        "body": item.body,
    }


def upload_base(links: Links) -> str:
    """Return where files are sent to: another root than the API's, as with the real service."""
    return f"{links.api}/uploads/repos/{links.slug}"


def asset(state: State, links: Links, item: Release, attached: Asset) -> Json:
    """Show a file of a release."""
    suffix = f"untagged-{item.untagged}" if item.draft else escaped(item.tag)
    return {
        "url": links.repo(f"/releases/assets/{attached.id}"),
        "id": attached.id,
        "node_id": node_id("ReleaseAsset", attached.id),
        "name": attached.name,
        "label": attached.label,
        "uploader": author(state, links, attached.uploader),
        "content_type": attached.content_type,
        "state": "uploaded",
        "size": len(attached.content),
        "digest": "sha256:" + hashlib.sha256(attached.content).hexdigest(),
        "download_count": 0,
        "created_at": stamp(attached.created_at),
        "updated_at": stamp(attached.created_at),
        "browser_download_url": links.page(f"/releases/download/{suffix}/{escaped(attached.name)}"),
    }
