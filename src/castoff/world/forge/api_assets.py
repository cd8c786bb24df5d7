"""Routes of the files of a release."""

from __future__ import annotations

from castoff.world.forge import show_release
from castoff.world.forge.answers import Answer, Refused, invalid, malformed, not_found
from castoff.world.forge.api_releases import found_release
from castoff.world.forge.call import Call
from castoff.world.forge.records import Asset, Json, Release
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/releases"


def list_assets(call: Call) -> Answer:
    """List the files of a release."""
    release = found_release(call)
    return call.paged(release.assets, lambda asset: _shown(call, release, asset))


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
    return Answer(_shown(call, release, asset), 201)


def get_asset(call: Call) -> Answer:
    """Show a file, or give its bytes where they are asked for."""
    release, asset = _found(call)
    if "octet-stream" in call.request.headers.get("accept", ""):
        return Answer(asset.content, headers={"Content-Type": asset.content_type})
    return Answer(_shown(call, release, asset))


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
    return Answer(_shown(call, release, asset))


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


def _shown(call: Call, release: Release, asset: Asset) -> Json:
    return show_release.asset(call.state, call.links, release, asset)


ROUTES = (
    Route("GET", _BASE + "/{release_id}/assets", list_assets),
    Route("POST", "/uploads" + _BASE + "/{release_id}/assets", upload_asset, "write"),
    Route("GET", _BASE + "/assets/{asset_id}", get_asset),
    Route("PATCH", _BASE + "/assets/{asset_id}", update_asset, "write"),
    Route("DELETE", _BASE + "/assets/{asset_id}", delete_asset, "write"),
)
