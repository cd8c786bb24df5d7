"""Commits, trees, tags and refs in the API's answers."""

from __future__ import annotations

from datetime import UTC, datetime

from castoff.world.forge import show
from castoff.world.forge.call import Call, escaped
from castoff.world.forge.diffs import File, between, patch_of
from castoff.world.forge.plumbing import Commit, Person, Ref
from castoff.world.forge.records import Json, stamp

_SIGNATURES = ("gpgsig ", "gpgsig-sha256 ")
_MARKS = ("-----BEGIN PGP SIGNATURE-----", "-----BEGIN SSH SIGNATURE-----", "-----BEGIN SIGNED MESSAGE-----")


def commit(call: Call, item: Commit) -> Json:
    """Show a commit as it stands in lists."""
    api = call.links.repo(f"/commits/{item.sha}")
    return {
        "sha": item.sha,
        "node_id": show.node_id("Commit", item.sha),
        "commit": {
            "author": _person(item.author),
            "committer": _person(item.committer),
            "message": item.message,
            "tree": {"sha": item.tree, "url": call.links.repo(f"/git/trees/{item.tree}")},
            "url": call.links.repo(f"/git/commits/{item.sha}"),
            "comment_count": 0,
            "verification": verification(call, _raw(call, item.sha)),
        },
        "url": api,
        "html_url": call.links.page(f"/commit/{item.sha}"),
        "comments_url": f"{api}/comments",
        "author": _account(call, item.author),
        "committer": _account(call, item.committer),
        "parents": [_parent(call, sha, "commits") for sha in item.parents],
    }


def commit_with_files(call: Call, item: Commit) -> Json:
    """Show a commit on its own, with the files that it changes against its first parent."""
    parent = item.parents[0] if item.parents else None
    found = between(call.git, parent, item.sha)
    added, removed = sum(each.additions for each in found), sum(each.deletions for each in found)
    return commit(call, item) | {
        "stats": {"total": added + removed, "additions": added, "deletions": removed},
        "files": [file(call, each, parent, item.sha) for each in found],
    }


def git_commit(call: Call, item: Commit) -> Json:
    """Show a commit as the git database's routes do."""
    return {
        "sha": item.sha,
        "node_id": show.node_id("Commit", item.sha),
        "url": call.links.repo(f"/git/commits/{item.sha}"),
        "html_url": call.links.page(f"/commit/{item.sha}"),
        "author": _person(item.author),
        "committer": _person(item.committer),
        "tree": {"sha": item.tree, "url": call.links.repo(f"/git/trees/{item.tree}")},
        "message": item.message,
        "parents": [_parent(call, sha, "git/commits") for sha in item.parents],
        "verification": verification(call, _raw(call, item.sha)),
    }


def file(call: Call, item: File, old: str | None, new: str) -> Json:
    """Show one changed file."""
    name, ref = escaped(item.name), old if item.status == "removed" and old else new
    document: Json = {
        "sha": item.sha,
        "filename": item.name,
        "status": item.status,
        "additions": item.additions,
        "deletions": item.deletions,
        "changes": item.additions + item.deletions,
        "blob_url": call.links.page(f"/blob/{ref}/{name}"),
        "raw_url": call.links.page(f"/raw/{ref}/{name}"),
        "contents_url": call.links.repo(f"/contents/{name}?ref={ref}"),
    }
    patch = patch_of(call.git, old, new, item)
    if patch is not None:
        document["patch"] = patch
    if item.previous is not None:
        document["previous_filename"] = item.previous
    return document


def ref(call: Call, item: Ref) -> Json:
    """Show a ref; what it points at may be an annotated tag."""
    plural = {"commit": "commits", "tag": "tags"}.get(item.kind, item.kind + "s")
    return {
        "ref": item.name,
        "node_id": show.node_id("Ref", item.name),
        "url": call.links.repo("/git/" + escaped(item.name)),
        "object": {
            "type": item.kind,
            "sha": item.sha,
            "url": call.links.repo(f"/git/{plural}/{item.sha}"),
        },
    }


def tag_object(call: Call, sha: str) -> Json:
    """Show an annotated tag."""
    raw = _raw(call, sha)
    head, _, message = raw.partition("\n\n")
    fields = dict(line.split(" ", 1) for line in head.splitlines() if " " in line)
    name, _, rest = fields.get("tagger", "nobody <> 0 +0000").partition(" <")
    email, _, when = rest.partition("> ")
    kind = fields["type"]
    return {
        "node_id": show.node_id("Tag", sha),
        "sha": sha,
        "url": call.links.repo(f"/git/tags/{sha}"),
        "tagger": {"name": name, "email": email, "date": _moment(when)},
        "object": {
            "sha": fields["object"],
            "type": kind,
            "url": call.links.repo(f"/git/{kind}s/{fields['object']}"),
        },
        "tag": fields["tag"],
        "message": _without_signature(message),
        "verification": verification(call, raw),
    }


def verification(call: Call, raw: str) -> Json:
    """Show whether a commit or tag is signed; whom the forge trusts is a matter of the seed."""
    signature, payload = _signature(raw)
    if signature is None:
        return _verdict(verified=False, reason="unsigned")
    trusted = call.state.trust_signatures
    return _verdict(verified=trusted, reason="valid" if trusted else "unknown_key") | {
        "signature": signature,
        "payload": payload,
        "verified_at": stamp(call.now) if trusted else None,
    }


def _verdict(*, verified: bool, reason: str) -> Json:
    return {
        "verified": verified,
        "reason": reason,
        "signature": None,
        "payload": None,
        "verified_at": None,
    }


def _signature(raw: str) -> tuple[str | None, str | None]:
    """Take the signature out of an object: a header of a commit, or the end of a tag."""
    head, separator, message = raw.partition("\n\n")
    lines = head.split("\n")
    for place, line in enumerate(lines):
        if line.startswith(_SIGNATURES):
            end = place + 1
            while end < len(lines) and lines[end].startswith(" "):
                end += 1
            signature = "\n".join([line.split(" ", 1)[1], *(part[1:] for part in lines[place + 1 : end])])
            return signature, "\n".join(lines[:place] + lines[end:]) + separator + message
    places = [raw.find(mark) for mark in _MARKS if mark in message]
    if not places:
        return None, None
    return raw[min(places) :], raw[: min(places)]


def _without_signature(message: str) -> str:
    places = [message.find(mark) for mark in _MARKS if mark in message]
    return message[: min(places)] if places else message


def _raw(call: Call, sha: str) -> str:
    return call.git.run("cat-file", "-p", sha) or ""


def _person(person: Person) -> Json:
    return {"name": person.name, "email": person.email, "date": stamp(person.at)}


def _account(call: Call, person: Person) -> Json | None:
    found = call.state.user_by_email(person.email)
    return show.user(call.links, found) if found else None


def _parent(call: Call, sha: str, kind: str) -> Json:
    return {
        "sha": sha,
        "url": call.links.repo(f"/{kind}/{sha}"),
        "html_url": call.links.page(f"/commit/{sha}"),
    }


def _moment(when: str) -> str:
    return stamp(datetime.fromtimestamp(int(when.split()[0]), UTC))
