"""Routes of releases."""

from __future__ import annotations

import hashlib
from datetime import datetime

from castoff.world.forge.answers import Answer, Refused, custom, invalid, malformed, not_found
from castoff.world.forge.api_actions import follow_publication
from castoff.world.forge.call import Call, Links, escaped
from castoff.world.forge.fields import Fields
from castoff.world.forge.generated_notes import notes_for
from castoff.world.forge.records import Asset, Json, Release, stamp, stamp_or_none
from castoff.world.forge.routing import Route
from castoff.world.forge.show import author, node_id
from castoff.world.forge.state import State, latest_release

_BASE = "/repos/{owner}/{repo}/releases"


def release_document(state: State, links: Links, item: Release) -> Json:
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
        "assets": [asset_document(state, links, item, attached) for attached in item.assets],
        "tarball_url": None if item.draft else links.repo(f"/tarball/{escaped(item.tag)}"),
        "zipball_url": None if item.draft else links.repo(f"/zipball/{escaped(item.tag)}"),
        "body": item.body,
    }


def upload_base(links: Links) -> str:
    """Return where files are sent to: another root than the API's, as with the real service."""
    return f"{links.api}/uploads/repos/{links.slug}"


def asset_document(state: State, links: Links, item: Release, attached: Asset) -> Json:
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


def list_assets(call: Call) -> Answer:
    """List the files of a release."""
    release = found_release(call)
    return call.paged(release.assets, lambda asset: _asset_shown(call, release, asset))


def upload_asset(call: Call) -> Answer:
    """Attach a file; its name must be free, and an immutable release takes none."""
    release, name = found_release(call), call.asked("name")
    if not name:
        raise malformed('"name" wasn\'t supplied.')
    if release.immutable:
        raise Refused(422, "Cannot upload assets to an immutable release.")
    if any(asset.name == name for asset in release.assets):
        raise invalid("ReleaseAsset", "name", "already_exists")
    asset = Asset(
        id=call.state.next_id(),
        name=name,
        label=call.asked("label") or None,
        content_type=call.request.headers.get("content-type", "application/octet-stream"),
        content=call.request.body,
        uploader=call.actor.login,
        created_at=call.now,
    )
    release.assets.append(asset)
    return Answer(_asset_shown(call, release, asset), 201)


def get_asset(call: Call) -> Answer:
    """Show a file, or give its bytes where they are asked for."""
    release, asset = _found(call)
    # The media type decides between the file and its description ("Get a release asset").
    if "octet-stream" in call.request.headers.get("accept", ""):
        return Answer(asset.content, headers={"Content-Type": asset.content_type})
    return Answer(_asset_shown(call, release, asset))


def update_asset(call: Call) -> Answer:
    """Rename a file, or change what is shown for it; an immutable release keeps its files as they are."""
    release, asset = _found(call)
    fields = call.fields()
    name = fields.text("name") or asset.name
    if release.immutable:
        raise Refused(422, "Cannot update assets of an immutable release.")
    if any(other.name == name and other is not asset for other in release.assets):
        raise invalid("ReleaseAsset", "name", "already_exists")
    asset.name, asset.label = name, fields.text("label", asset.label)
    return Answer(_asset_shown(call, release, asset))


def delete_asset(call: Call) -> Answer:
    """Take a file away; an immutable release keeps it."""
    release, asset = _found(call)
    if release.immutable:
        raise Refused(422, "Cannot delete assets of an immutable release.")
    release.assets.remove(asset)
    return Answer(status=204)


def _found(call: Call) -> tuple[Release, Asset]:
    number = call.whole("asset_id")
    for release in call.state.releases:
        if release.draft and not call.actor.can_push:
            continue
        for asset in release.assets:
            if asset.id == number:
                return release, asset
    raise not_found()


def _asset_shown(call: Call, release: Release, asset: Asset) -> Json:
    return asset_document(call.state, call.links, release, asset)


_BASE = "/repos/{owner}/{repo}/releases"
LONGEST_BODY = 125_000


def list_releases(call: Call) -> Answer:
    """List releases, newest first; drafts only for those who may push."""
    seen = [item for item in call.state.releases if not item.draft or call.actor.can_push]
    seen.sort(key=lambda item: (item.created_at, item.id), reverse=True)
    # Drafts first; the sort is stable, so each group stays newest first.
    seen.sort(key=lambda item: not item.draft)
    return call.paged(seen, lambda item: _shown(call, item))


def get_release(call: Call) -> Answer:
    """Show one release by its id; a draft is not there for those who may not push."""
    return Answer(_shown(call, found_release(call)))


def get_latest(call: Call) -> Answer:
    """Show the latest release: marked so, else the highest of the newest; never a draft or pre-release."""
    latest = latest_release(call.state)
    if latest is None:
        raise not_found()
    return Answer(_shown(call, latest))


def get_by_tag(call: Call) -> Answer:
    """Show the published release of a tag; drafts have no tag here."""
    release = call.state.published(call.params["tag"])
    if release is None:
        raise not_found()
    return Answer(_shown(call, release))


def create_release(call: Call) -> Answer:
    """Create a release, published unless ``draft``; the tag is made where it is missing."""
    fields = call.fields()
    number = call.state.next_id()
    release = Release(
        id=number,
        tag=_checked_tag(call, fields.required("tag_name")),
        target=fields.text("target_commitish") or call.state.default_branch,
        name=fields.text("name"),
        body=_checked_body(fields.text("body")),
        draft=True,
        prerelease=fields.flag("prerelease", default=False),
        author=call.actor.login,
        created_at=call.now,
        updated_at=call.now,
        # A page of a draft has a random name on GitHub; here it follows from the id, so that worlds are
        # equal.
        untagged=f"{number * 2654435761 % 16**20:020x}",
    )
    latest, draft = fields.text("make_latest"), fields.flag("draft", default=False)
    # Everything is checked before anything is stored: a refused request leaves no trace.
    _refuse_latest(latest, draft=False, prerelease=release.prerelease)
    if fields.flag("generate_release_notes", default=False):
        _generate(call, release)
    if not draft:
        _publish(call, release, latest)
    release.created_at = _dated(call, release)
    call.state.releases.append(release)
    document = _shown(call, release)
    return Answer(document, 201, {"Location": str(document["url"])})


def update_release(call: Call) -> Answer:
    """Change a release; ``draft: false`` publishes it. All is checked before anything changes."""
    release, fields = found_release(call), call.fields()
    tag = _checked_tag(call, fields.text("tag_name") or release.tag)
    body = _checked_body(fields.text("body")) if "body" in fields else release.body
    latest, draft = fields.text("make_latest"), fields.flag("draft", default=release.draft)
    name = fields.text("name", release.name)
    prerelease = fields.flag("prerelease", default=release.prerelease)
    _refuse_latest(latest, draft=draft, prerelease=prerelease)
    _keep_immutable(release, fields, tag)
    # Two drafts may share a tag; two published releases may not.
    if tag != release.tag and not release.draft:
        _refuse_second(call, tag, release)
    target = fields.text("target_commitish") or release.target
    if release.draft and not draft:
        _refuse_second(call, tag, release)
        _refuse_used(call, tag)
        _make_tag(call, tag, target)
    release.tag, release.target, release.body = tag, target, body
    release.name, release.prerelease, release.updated_at = name, prerelease, call.now
    if release.draft and not draft:
        _publish(call, release, latest)
    elif latest is not None:
        _set_latest(call, release, latest)
    return Answer(_shown(call, release))


def delete_release(call: Call) -> Answer:
    """Delete a release; its tag stays, and the name of an immutable one is used up."""
    release = found_release(call)
    call.state.releases.remove(release)
    if release.immutable:
        call.state.used_tags.add(release.tag)
    # Otherwise the mark would stay at a release that is gone.
    if call.state.latest == release.id:
        call.state.latest = None
    return Answer(status=204)


def generate_notes(call: Call) -> Answer:
    """Generate notes without keeping them; needs the right to write although it writes nothing."""
    fields = call.fields()
    tag = fields.required("tag_name")
    body = notes_for(
        call,
        tag,
        target=fields.text("target_commitish"),
        previous=fields.text("previous_tag_name"),
        path=fields.text("configuration_file_path"),
    )
    return Answer({"name": tag, "body": body})


def found_release(call: Call) -> Release:
    """Find the release that the path names, if the asker may see it."""
    release = call.state.release(call.whole("release_id"))
    if release is None or (release.draft and not call.actor.can_push):
        raise not_found()
    return release


def _shown(call: Call, release: Release) -> Json:
    return release_document(call.state, call.links, release)


def _generate(call: Call, release: Release) -> None:
    notes = notes_for(call, release.tag, target=release.target, previous=None, path=None)
    # GitHub puts generated notes after the given body ("Create a release").
    release.body = f"{release.body}\n\n{notes}" if release.body else notes
    release.name = release.name or release.tag


def _publish(call: Call, release: Release, latest: str | None) -> None:
    _refuse_second(call, release.tag, release)
    _refuse_used(call, release.tag)
    _make_tag(call, release.tag, release.target)
    release.draft = False
    release.published_at, release.created_at = call.now, _dated(call, release)
    release.immutable = call.state.immutable_releases
    _set_latest(call, release, latest or "true")
    follow_publication(call, release.tag)


def _dated(call: Call, release: Release) -> datetime:
    """Return what GitHub calls created: the date of the tag's commit, once there is a tag."""
    sha = call.git.resolve(f"refs/tags/{release.tag}")
    commit = call.git.commit(sha) if sha else None
    return commit.committer.at if commit else release.created_at


def _make_tag(call: Call, tag: str, target: str) -> None:
    # A tag that is there stays where it is: `target_commitish` is ignored then.
    if call.git.resolve(f"refs/tags/{tag}", "object"):
        return
    sha = call.git.commitish(target)
    if sha is None:
        raise invalid("Release", "target_commitish", "invalid")
    # Only if absent: a push may have made the tag since it was looked for.
    if not call.git.move(f"refs/tags/{tag}", sha, "0" * 40):
        raise invalid("Release", "tag_name", "custom", "tag_name could not be created")


def _set_latest(call: Call, release: Release, latest: str) -> None:
    if latest == "true" and not release.draft and not release.prerelease:
        call.state.latest = release.id
    # `false` on the marked one, or `legacy`: back to the order by date and version.
    elif call.state.latest == release.id or latest == "legacy":
        call.state.latest = None


def _refuse_latest(latest: str | None, *, draft: bool, prerelease: bool) -> None:
    """Refuse to mark a pre-release, or an existing draft, as the latest release.

    A new draft may ask for it: `gh release create TAG FILE --latest` creates a draft with `make_latest`
    first, and publishes it once its files are there. Observed: getsentry/craft#583, kaito-project/kaito#1680
    (pre-releases), openclaw/openclaw#139297 (drafts).
    """
    if latest == "true" and (draft or prerelease):
        raise custom("Release", "Latest release cannot be draft or prerelease.")


def _refuse_second(call: Call, tag: str, own: Release) -> None:
    other = call.state.published(tag)
    if other is not None and other is not own:
        raise invalid("Release", "tag_name", "already_exists")


def _refuse_used(call: Call, tag: str) -> None:
    """Refuse the name of a deleted immutable release; a draft may have it, and cannot be published.

    Observed: microsoft/hve-core#554, github-community-projects/ospo-reusable-workflows#83.
    """
    if tag in call.state.used_tags:
        raise invalid("Release", "tag_name", "custom", "tag_name was used by an immutable release")


def _checked_tag(call: Call, tag: str) -> str:
    # A leading dash would be an option to git on every machine that fetches it.
    if tag.startswith("-") or call.git.run("check-ref-format", f"refs/tags/{tag}") is None:
        raise invalid("Release", "tag_name", "custom", "tag_name is not a valid tag")
    return tag


def _checked_body(body: str | None) -> str | None:
    if body is not None and len(body) > LONGEST_BODY:
        message = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid("Release", "body", "custom", message)
    return body


def _keep_immutable(release: Release, fields: Fields, tag: str) -> None:
    fixed = tag != release.tag or fields.text("target_commitish", release.target) != release.target
    if release.immutable and (fixed or fields.flag("draft", default=False)):
        raise invalid("Release", "tag_name", "custom", "tag_name cannot be changed: the release is immutable")


ROUTES = (
    Route("GET", _BASE, list_releases),
    Route("POST", _BASE, create_release, "write"),
    Route("GET", _BASE + "/latest", get_latest),
    Route("POST", _BASE + "/generate-notes", generate_notes, "write"),
    Route("GET", _BASE + "/tags/{tag*}", get_by_tag),
    Route("GET", _BASE + "/{release_id}", get_release),
    Route("PATCH", _BASE + "/{release_id}", update_release, "write"),
    Route("DELETE", _BASE + "/{release_id}", delete_release, "write"),
    Route("GET", _BASE + "/{release_id}/assets", list_assets),
    Route("POST", "/uploads" + _BASE + "/{release_id}/assets", upload_asset, "write"),
    Route("GET", _BASE + "/assets/{asset_id}", get_asset),
    Route("PATCH", _BASE + "/assets/{asset_id}", update_asset, "write"),
    Route("DELETE", _BASE + "/assets/{asset_id}", delete_asset, "write"),
)
