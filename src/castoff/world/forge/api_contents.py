"""Routes that read and write files."""

from __future__ import annotations

import base64
import binascii

from msgspec import Struct

from castoff.world.forge import show_git
from castoff.world.forge.answers import Answer, Refused, malformed, not_found
from castoff.world.forge.call import Call, escaped
from castoff.world.forge.fields import Fields
from castoff.world.forge.merging import Signature, commit_file
from castoff.world.forge.protecting import guard
from castoff.world.forge.records import Json
from castoff.world.forge.routing import Route

_BASE = "/repos/{owner}/{repo}/contents"
_KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}


class _Entry(Struct, frozen=True):
    kind: str
    sha: str
    size: int
    path: str


def get_contents(call: Call) -> Answer:
    """Show a file with its text, or list a folder, at a ref."""
    ref = call.asked("ref") or call.state.default_branch
    commit = call.git.commitish(ref)
    if commit is None:
        raise Refused(404, f"No commit found for the ref {ref}")
    path = call.params.get("path", "").strip("/")
    entry = _entry(call, commit, path)
    if path and entry is None:
        raise not_found()
    if entry is None or entry.kind == "tree":
        return Answer([_shown(call, each, ref) for each in _listed(call, commit, path)])
    content = call.git.binary("cat-file", "blob", entry.sha) or b""
    if "raw" in call.request.headers.get("accept", ""):
        return Answer(content, headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    # In lines of 76 characters, as the API gives it: clients must take line ends.
    encoded = base64.encodebytes(content).decode()
    return Answer(_shown(call, entry, ref) | {"content": encoded, "encoding": "base64"})


def put_contents(call: Call) -> Answer:
    """Create or change a file in a commit of its own; a change names the blob that it replaces."""
    fields = call.fields()
    message, content = fields.required("message"), _decoded(fields.required("content"))
    branch, tip, known = _aim(call, fields)
    # The blob that is replaced guards against a change since the client read it.
    _same_blob(fields, known, path=call.params["path"], needed=known is not None)
    blob = call.git.must("hash-object", "-w", "--stdin", text=content).strip()
    sha = commit_file(call.git, branch, tip, call.params["path"], blob, _signature(call, fields, message))
    entry = _entry(call, sha, call.params["path"])
    assert entry is not None
    document: Json = {"content": _shown(call, entry, branch), "commit": _commit(call, sha)}
    return Answer(document, 201 if known is None else 200)


def delete_contents(call: Call) -> Answer:
    """Delete a file in a commit of its own."""
    fields = call.fields()
    message = fields.required("message")
    branch, tip, known = _aim(call, fields)
    if known is None:
        raise not_found()
    _same_blob(fields, known, path=call.params["path"], needed=True)
    sha = commit_file(call.git, branch, tip, call.params["path"], None, _signature(call, fields, message))
    return Answer({"content": None, "commit": _commit(call, sha)})


def _aim(call: Call, fields: Fields) -> tuple[str, str, _Entry | None]:
    """Return the branch, its tip, and the file that is there now."""
    branch = fields.text("branch") or call.state.default_branch
    tip = call.git.resolve(f"refs/heads/{branch}")
    if tip is None:
        raise Refused(404, f"Branch {branch} not found")
    try:
        guard(call.state, f"refs/heads/{branch}")
    except Refused as refused:
        raise Refused(409, f"Could not update file: {refused.message}") from None
    path = call.params["path"]
    _check_path(call, tip, path)
    return branch, tip, _entry(call, tip, path)


def _check_path(call: Call, tip: str, path: str) -> None:
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts))]
    files = [_entry(call, tip, folder) for folder in above]
    # git refuses such paths as well; a file in the place of a folder cannot hold others.
    if any(part in ("", ".", "..", ".git") for part in parts) or any(
        each and each.kind == "blob" for each in files
    ):
        raise Refused(422, "path contains a malformed path component")
    found = _entry(call, tip, path)
    if found is not None and found.kind != "blob":
        raise Refused(422, "path is a directory")


def _same_blob(fields: Fields, known: _Entry | None, *, path: str, needed: bool) -> None:
    given = fields.text("sha")
    if needed and given is None:
        raise malformed('"sha" wasn\'t supplied.')
    if given is not None and (known is None or given != known.sha):
        raise Refused(409, f"{path} does not match {given}")


def _signature(call: Call, fields: Fields, message: str) -> Signature:
    given = fields.raw("committer") or fields.raw("author")
    login = call.actor.login
    name, email = login, f"{login}@users.noreply.github.com"
    if isinstance(given, dict):
        name, email = str(given.get("name") or name), str(given.get("email") or email)
    return Signature(message, name, email, call.now)


def _commit(call: Call, sha: str) -> Json:
    commit = call.git.commit(sha)
    assert commit is not None
    return show_git.git_commit(call, commit)


def _decoded(content: str) -> bytes:
    try:
        # Line ends within are allowed (RFC 2045), other characters are not.
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(422, "content is not valid Base64") from None


def _entry(call: Call, commit: str, path: str) -> _Entry | None:
    found = (
        _parsed(call.git.run("--literal-pathspecs", "ls-tree", "-l", "-z", commit, "--", path))
        if path
        else []
    )
    return found[0] if len(found) == 1 and found[0].path == path else None


def _listed(call: Call, commit: str, path: str) -> list[_Entry]:
    below = [f"{commit}:{path}"] if path else [commit]
    prefix = f"{path}/" if path else ""
    found = _parsed(call.git.run("ls-tree", "-l", "-z", *below))
    return [_Entry(each.kind, each.sha, each.size, prefix + each.path) for each in found]


def _parsed(listed: str | None) -> list[_Entry]:
    entries = []
    for record in filter(None, (listed or "").split("\0")):
        head, _, path = record.partition("\t")
        _, kind, sha, size = head.split()
        entries.append(_Entry(kind, sha, int(size) if size.isdecimal() else 0, path))
    return entries


def _shown(call: Call, entry: _Entry, ref: str) -> Json:
    path, at = escaped(entry.path), escaped(ref)
    api = call.links.repo(f"/contents/{path}?ref={at}")
    git = call.links.repo(f"/git/{entry.kind}s/{entry.sha}")
    html = call.links.page(f"/{entry.kind}/{at}/{path}")
    return {
        "type": _KINDS[entry.kind],
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size,
        "url": api,
        "html_url": html,
        "git_url": git,
        "download_url": call.links.page(f"/raw/{at}/{path}") if entry.kind == "blob" else None,
        "_links": {"self": api, "git": git, "html": html},
    }


ROUTES = (
    Route("GET", _BASE, get_contents),
    Route("GET", _BASE + "/{path*}", get_contents),
    Route("PUT", _BASE + "/{path*}", put_contents, "write"),
    Route("DELETE", _BASE + "/{path*}", delete_contents, "write"),
)
