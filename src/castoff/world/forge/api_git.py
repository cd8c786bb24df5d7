"""Routes of git's objects: blobs, trees and commits, which no ref points at yet."""

from __future__ import annotations

import base64

from castoff.world.forge import show, show_git
from castoff.world.forge.answers import Answer, Refused, custom, not_found
from castoff.world.forge.call import Call, escaped
from castoff.world.forge.merging import Signature, commit_tree
from castoff.world.forge.plumbing import Ref
from castoff.world.forge.protecting import guard, guard_deletion, protection, rules_of, rulesets
from castoff.world.forge.records import Json
from castoff.world.forge.routing import Route

_REPO = "/repos/{owner}/{repo}"
_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_PULLS = "refs/pull/"


def list_branches(call: Call) -> Answer:
    """List branches by name; ``protected`` filters."""
    found = call.git.refs(_HEADS)
    wanted = call.asked("protected")
    if wanted in ("true", "false"):
        found = [ref for ref in found if _is_protected(call, ref) == (wanted == "true")]
    return call.paged(found, lambda ref: _branch(call, ref))


def get_branch(call: Call) -> Answer:
    """Show one branch with its commit and protection."""
    ref = _found_branch(call)
    name = _short(ref)
    commit = call.git.commit(ref.sha)
    assert commit is not None
    document: Json = _branch(call, ref) | {
        "commit": show_git.commit(call, commit),
        "_links": {
            "self": call.links.repo(f"/branches/{escaped(name)}"),
            "html": call.links.page(f"/tree/{escaped(name)}"),
        },
    }
    return Answer(document)


def get_protection(call: Call) -> Answer:
    """Show what protects a branch; only for administrators, as with the real service."""
    name = _short(_found_branch(call))
    found = call.state.protection(name)
    if found is None or found.kind == "ruleset":
        raise Refused(404, "Branch not protected")
    return Answer(protection(call.links, found))


def get_rules(call: Call) -> Answer:
    """List the rules that hold for a branch, there or not."""
    return call.paged(rules_of(call.state, call.params["branch"]), lambda rule: rule)


def list_rulesets(call: Call) -> Answer:
    """List rulesets."""
    return call.paged(rulesets(call.state, call.links), lambda ruleset: ruleset)


def list_tags(call: Call) -> Answer:
    """List tags, peeled to their commits."""
    # By name, downwards: the API lists tags in no order of versions or of time.
    found = sorted(call.git.refs(_TAGS), key=lambda ref: ref.name, reverse=True)
    return call.paged(found, lambda ref: _tag(call, ref))


def get_ref(call: Call) -> Answer:
    """Show one ref by its exact name."""
    ref = call.git.ref("refs/" + call.params["ref"])
    if ref is None:
        raise not_found()
    return Answer(show_git.ref(call, ref))


def list_matching_refs(call: Call) -> Answer:
    """List the refs that begin with a text."""
    prefix = "refs/" + call.params["ref"]
    found = [ref for ref in call.git.refs("refs/") if ref.name.startswith(prefix)]
    return Answer([show_git.ref(call, ref) for ref in found])


def create_ref(call: Call) -> Answer:
    """Create a ref that is not there yet."""
    fields = call.fields()
    name, sha = fields.required("ref"), fields.required("sha")
    if not name.startswith("refs/") or name.count("/") < 2 or call.git.run("check-ref-format", name) is None:
        raise Refused(422, "Reference name must start with 'refs/' and have at least two slashes.")
    _require_writable(name)
    if call.git.kind(sha) is None:
        raise Refused(422, "Object does not exist")
    # Create-only: of two requests at once, one gets 422.
    if not call.git.move(name, sha, "0" * 40):
        raise Refused(422, "Reference already exists")
    return Answer(_fresh(call, name), 201)


def update_ref(call: Call) -> Answer:
    """Move a ref forward, or anywhere with ``force``."""
    name, fields = "refs/" + call.params["ref"], call.fields()
    sha, force = fields.required("sha"), fields.flag("force", default=False)
    ref = call.git.ref(name)
    if ref is None:
        raise Refused(422, "Reference does not exist")
    _require_writable(name)
    if call.git.kind(sha) is None:
        raise Refused(422, "Object does not exist")
    # Protection is asked before force: a forced update of a protected branch is refused for that.
    forward = call.git.is_ancestor(ref.sha, sha)
    guard(call.state, name, forward=forward)
    if not force and not forward:
        raise Refused(422, "Update is not a fast forward")
    call.git.move(name, sha, ref.sha)
    return Answer(_fresh(call, name))


def delete_ref(call: Call) -> Answer:
    """Delete a ref."""
    name = "refs/" + call.params["ref"]
    ref = call.git.ref(name)
    if ref is None:
        raise Refused(422, "Reference does not exist")
    _require_writable(name)
    guard_deletion(call.state, name)
    # Only if it is still there: a push in between wins.
    call.git.run("update-ref", "-d", name, ref.sha)
    return Answer(status=204)


def get_tag_object(call: Call) -> Answer:
    """Show an annotated tag by its id."""
    sha = call.params["tag_sha"]
    if call.git.kind(sha) != "tag":
        raise not_found()
    return Answer(show_git.tag_object(call, sha))


def create_tag_object(call: Call) -> Answer:
    """Create an annotated tag object, which no ref points at yet."""
    fields = call.fields()
    name, message = fields.required("tag"), fields.required("message")
    target, kind = fields.required("object"), fields.required("type")
    if call.git.kind(target) != kind:
        raise custom("Tag", "object is not of the type that was said")
    when = int(call.now.timestamp())
    login = call.actor.login
    text = f"object {target}\ntype {kind}\ntag {name}\n"
    text += f"tagger {login} <{login}@users.noreply.github.com> {when} +0000\n\n{message}\n"
    sha = call.git.run("hash-object", "-w", "-t", "tag", "--stdin", text=text.encode())
    if sha is None:
        raise custom("Tag", "tag is malformed")
    return Answer(show_git.tag_object(call, sha.strip()), 201)


def get_git_commit(call: Call) -> Answer:
    """Show a commit of the git database."""
    sha = call.params["commit_sha"]
    commit = call.git.commit(sha) if call.git.kind(sha) == "commit" else None
    if commit is None:
        raise not_found()
    return Answer(show_git.git_commit(call, commit))


def _require_writable(name: str) -> None:
    """Refuse to write below `refs/pull`, which GitHub keeps itself (a push there is "a hidden ref")."""
    if name.startswith(_PULLS):
        raise Refused(422, "Reference cannot be updated: refs/pull is read-only")


def _found_branch(call: Call) -> Ref:
    ref = call.git.ref(_HEADS + call.params["branch"])
    if ref is None:
        raise Refused(404, "Branch not found")
    return ref


def _short(ref: Ref) -> str:
    return ref.name[len(_HEADS) :]


def _is_protected(call: Call, ref: Ref) -> bool:
    return call.state.protection(_short(ref)) is not None


def _branch(call: Call, ref: Ref) -> Json:
    found = call.state.protection(_short(ref))
    checks = list(found.checks) if found else []
    return {
        "name": _short(ref),
        "commit": {"sha": ref.sha, "url": call.links.repo(f"/commits/{ref.sha}")},
        "protected": found is not None,
        "protection": {
            "enabled": found is not None,
            "required_status_checks": {
                "enforcement_level": "non_admins" if checks else "off",
                "contexts": checks,
                "checks": [{"context": check, "app_id": None} for check in checks],
            },
        },
        "protection_url": call.links.repo(f"/branches/{escaped(_short(ref))}/protection"),
    }


def _tag(call: Call, ref: Ref) -> Json:
    name = ref.name[len(_TAGS) :]
    sha = call.git.resolve(ref.name) or ref.sha
    return {
        "name": name,
        "zipball_url": call.links.repo(f"/zipball/refs/tags/{escaped(name)}"),
        "tarball_url": call.links.repo(f"/tarball/refs/tags/{escaped(name)}"),
        "commit": {"sha": sha, "url": call.links.repo(f"/commits/{sha}")},
        "node_id": show.node_id("Ref", ref.name),
    }


def _fresh(call: Call, name: str) -> Json:
    ref = call.git.ref(name)
    assert ref is not None
    return show_git.ref(call, ref)


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
    Route("GET", _REPO + "/branches", list_branches),
    Route("GET", _REPO + "/branches/{branch*}/protection", get_protection, "admin"),
    Route("GET", _REPO + "/branches/{branch*}", get_branch),
    Route("GET", _REPO + "/rules/branches/{branch*}", get_rules),
    Route("GET", _REPO + "/rulesets", list_rulesets),
    Route("GET", _REPO + "/tags", list_tags),
    Route("GET", _REPO + "/git/ref/{ref*}", get_ref),
    Route("GET", _REPO + "/git/matching-refs/{ref*}", list_matching_refs),
    Route("POST", _REPO + "/git/refs", create_ref, "write"),
    Route("PATCH", _REPO + "/git/refs/{ref*}", update_ref, "write"),
    Route("DELETE", _REPO + "/git/refs/{ref*}", delete_ref, "write"),
    Route("POST", _REPO + "/git/tags", create_tag_object, "write"),
    Route("GET", _REPO + "/git/tags/{tag_sha}", get_tag_object),
    Route("GET", _REPO + "/git/commits/{commit_sha}", get_git_commit),
    Route("POST", _GIT + "/blobs", create_blob, "write"),
    Route("POST", _GIT + "/trees", create_tree, "write"),
    Route("GET", _GIT + "/trees/{tree_sha}", get_tree),
    Route("POST", _GIT + "/commits", create_commit, "write"),
)
