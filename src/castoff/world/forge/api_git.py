"""Routes of git's objects: blobs, trees and commits, which no ref points at yet."""

from __future__ import annotations

import base64

from castoff.world.forge import show_git
from castoff.world.forge.answers import Answer, Refused, not_found
from castoff.world.forge.call import Call
from castoff.world.forge.committing import Signature, commit_tree
from castoff.world.forge.records import Json
from castoff.world.forge.routing import Route

_GIT = "/repos/{owner}/{repo}/git"


def create_blob(call: Call) -> Answer:
    """Store the contents of a file, as text or in base64."""
    fields = call.fields()
    text = fields.required("content")
    if fields.text("encoding") == "base64":
        try:
            content = base64.b64decode(text)
        except ValueError:
            raise Refused(422, "content is not valid Base64") from None
    else:
        content = text.encode("utf-8", "replace")
    sha = _store_blob(call, content)
    return Answer({"sha": sha, "url": call.links.repo(f"/git/blobs/{sha}")}, 201)


def create_tree(call: Call) -> Answer:
    """Make a tree from entries, on top of ``base_tree`` if there is one; a null id removes a path.

    Entries name paths below folders; one of ``sha`` and ``content`` is given for each.
    """
    fields = call.fields()
    base = fields.text("base_tree")
    entries = fields.raw("tree")
    if base is not None and call.git.resolve(base, "tree") is None:
        raise not_found()
    assert isinstance(entries, list)
    lines = [_index_line(call, entry) for entry in entries]
    made = call.git.tree_with(base, lines)
    if made is None:
        raise Refused(422, "tree contains a malformed path component")
    return Answer(_tree(call, made), 201)


def get_tree(call: Call) -> Answer:
    """Show a tree by its id, a commit or a ref; with ``recursive`` all that is below it."""
    sha = call.git.resolve(call.params["tree_sha"], "tree")
    if sha is None:
        raise not_found()
    return Answer(_tree(call, sha, recursive=bool(call.asked("recursive"))))


def create_commit(call: Call) -> Answer:
    """Make a commit of a tree; the sender is its author."""
    fields = call.fields()
    tree = fields.required("tree")
    parents = fields.texts("parents")
    if call.git.kind(tree) != "tree" or any(call.git.kind(sha) != "commit" for sha in parents):
        raise Refused(422, "Tree SHA or parent does not exist")
    login = call.actor.login
    who = Signature(fields.required("message"), login, f"{login}@users.noreply.github.com", call.now)
    commit = call.git.commit(commit_tree(call.git, tree, tuple(parents), who))
    assert commit is not None
    return Answer(show_git.git_commit(call, commit), 201)


def _store_blob(call: Call, content: bytes) -> str:
    return call.git.must("hash-object", "-w", "--stdin", text=content).strip()


def _index_line(call: Call, entry: Json) -> str:
    """Write one entry for git's index; the id zero removes the path."""
    path, sha, content = str(entry.get("path") or ""), entry.get("sha"), entry.get("content")
    if content is not None and sha is not None:
        raise Refused(422, "Must supply either tree.sha or tree.content, not both")
    if content is not None:
        sha = _store_blob(call, str(content).encode("utf-8", "replace"))
    elif sha is None:
        return f"0 {'0' * 40}\t{path}\0"
    elif call.git.kind(str(sha)) is None:
        raise Refused(422, f"tree.sha {sha} is not a valid {entry.get('type') or 'blob'}")
    return f"{entry.get('mode') or '100644'} {sha}\t{path}\0"


def _tree(call: Call, sha: str, *, recursive: bool = False) -> Json:
    options = ("-r", "-t") if recursive else ()
    listed = call.git.run("ls-tree", "-z", "-l", *options, sha) or ""
    return {
        "sha": sha,
        "url": call.links.repo(f"/git/trees/{sha}"),
        "tree": [_entry(call, line) for line in listed.split("\0") if line],
        "truncated": False,
    }


def _entry(call: Call, line: str) -> Json:
    facts, _, path = line.partition("\t")
    mode, kind, sha, size = facts.split()
    folder = {"blob": "blobs", "tree": "trees", "commit": "commits"}[kind]
    return {
        "path": path,
        "mode": mode,
        "type": kind,
        "sha": sha,
        "url": call.links.repo(f"/git/{folder}/{sha}"),
        **({"size": int(size)} if size.isdecimal() else {}),
    }


ROUTES = (
    Route("POST", _GIT + "/blobs", create_blob, "write"),
    Route("POST", _GIT + "/trees", create_tree, "write"),
    Route("GET", _GIT + "/trees/{tree_sha}", get_tree),
    Route("POST", _GIT + "/commits", create_commit, "write"),
)
