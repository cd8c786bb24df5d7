"""Routes of releases."""

from __future__ import annotations

from datetime import datetime

from castoff.world.forge import show_release
from castoff.world.forge.answers import Answer, custom, invalid, not_found
from castoff.world.forge.call import Call
from castoff.world.forge.fields import Fields
from castoff.world.forge.notes_range import notes_for
from castoff.world.forge.ranking import latest_release
from castoff.world.forge.records import Json, Release
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/releases"
LONGEST_BODY = 125_000


def list_releases(call: Call) -> Answer:
    """List releases, newest first; drafts only for those who may push."""
    seen = [item for item in call.state.releases if not item.draft or call.actor.can_push]
    seen.sort(key=lambda item: (item.created_at, item.id), reverse=True)
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
        untagged=f"{number * 2654435761 % 16**20:020x}",
    )
    latest, draft = fields.text("make_latest"), fields.flag("draft", default=False)
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
    if tag != release.tag and not release.draft:
        _refuse_second(call, tag, release)
    target = fields.text("target_commitish") or release.target
    if release.draft and not draft:
        _refuse_second(call, tag, release)
        _make_tag(call, tag, target)
    release.tag, release.target, release.body = tag, target, body
    release.name, release.prerelease, release.updated_at = name, prerelease, call.now
    if release.draft and not draft:
        _publish(call, release, latest)
    elif latest is not None:
        _set_latest(call, release, latest)
    return Answer(_shown(call, release))


def delete_release(call: Call) -> Answer:
    """Delete a release; its tag stays."""
    release = found_release(call)
    call.state.releases.remove(release)
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
    return show_release.release(call.state, call.links, release)


def _generate(call: Call, release: Release) -> None:
    notes = notes_for(call, release.tag, target=release.target, previous=None, path=None)
    release.body = f"{release.body}\n\n{notes}" if release.body else notes
    release.name = release.name or release.tag


def _publish(call: Call, release: Release, latest: str | None) -> None:
    _refuse_second(call, release.tag, release)
    _make_tag(call, release.tag, release.target)
    release.draft = False
    release.published_at, release.created_at = call.now, _dated(call, release)
    release.immutable = call.state.immutable_releases
    _set_latest(call, release, latest or "true")


def _dated(call: Call, release: Release) -> datetime:
    """Return what GitHub calls created: the date of the tag's commit, once there is a tag."""
    sha = call.git.resolve(f"refs/tags/{release.tag}")
    commit = call.git.commit(sha) if sha else None
    return commit.committer.at if commit else release.created_at


def _make_tag(call: Call, tag: str, target: str) -> None:
    if call.git.resolve(f"refs/tags/{tag}", "object"):
        return
    sha = call.git.commitish(target)
    if sha is None:
        raise invalid("Release", "target_commitish", "invalid")
    if not call.git.move(f"refs/tags/{tag}", sha, "0" * 40):
        raise invalid("Release", "tag_name", "custom", "tag_name could not be created")


def _set_latest(call: Call, release: Release, latest: str) -> None:
    if latest == "true" and not release.draft and not release.prerelease:
        call.state.latest = release.id
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


def _checked_tag(call: Call, tag: str) -> str:
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
)
