"""Protection of branches: how it is shown, and what it refuses through the API and to pushes."""

from __future__ import annotations

import shlex
from pathlib import Path

from castoff.world.forge.answers import Refused
from castoff.world.forge.call import Links, escaped
from castoff.world.forge.records import Json, Protection
from castoff.world.forge.state import State

_HEADS = "refs/heads/"


def guard(state: State, ref: str, *, forward: bool = True) -> None:
    """Refuse to move a branch that only takes pull requests, or back one that takes no forced update."""
    rules = _rules(state, ref)
    if "pull_request" in rules:
        raise Refused(422, "Changes must be made through a pull request.")
    if not forward and "non_fast_forward" in rules:
        raise Refused(422, "Cannot force-push to this branch")


def guard_deletion(state: State, ref: str) -> None:
    """Refuse to delete the default branch, or one that is protected from it."""
    if ref == _HEADS + state.default_branch:
        raise Refused(422, "Cannot delete the default branch")
    if "deletion" in _rules(state, ref):
        raise Refused(422, "Cannot delete a protected branch")


def _rules(state: State, ref: str) -> tuple[str, ...]:
    found = state.protection(ref.removeprefix(_HEADS)) if ref.startswith(_HEADS) else None
    return () if found is None else found.rules


def protection(links: Links, found: Protection) -> Json:
    """Show protection as administrators see it."""
    url = links.repo(f"/branches/{escaped(found.branch)}/protection")
    document: Json = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": True},
        "required_linear_history": {"enabled": False},
        "allow_force_pushes": {"enabled": "non_fast_forward" not in found.rules},
        "allow_deletions": {"enabled": "deletion" not in found.rules},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
    }
    if "pull_request" in found.rules:
        document["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": 0,
        }
    if found.checks:
        document["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": False,
            "contexts": list(found.checks),
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": check, "app_id": None} for check in found.checks],
        }
    return document


def rules_of(state: State, branch: str) -> list[Json]:
    """Return the rules of rulesets for a branch; classic protection does not show here."""
    found = state.protection(branch)
    if found is None or found.kind != "ruleset":
        return []
    return [_rule(state, rule) for rule in sorted(found.rules)]


def rulesets(state: State, links: Links) -> list[Json]:
    """Return the rulesets, one for each branch that has one."""
    found = [each for each in state.protections if each.kind == "ruleset"]
    return [_ruleset(links, place, each) for place, each in enumerate(found, start=1)]


def _rule(state: State, rule: str) -> Json:
    document: Json = {
        "type": rule,
        "ruleset_source_type": "Repository",
        "ruleset_source": state.slug,
        "ruleset_id": 1,
    }
    if rule == "pull_request":
        document["parameters"] = {
            "required_approving_review_count": 0,
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_review_thread_resolution": False,
            "allowed_merge_methods": list(state.merge_methods),
        }
    return document


def _ruleset(links: Links, place: int, found: Protection) -> Json:
    return {
        "id": place,
        "name": f"protect {found.branch}",
        "target": "branch",
        "source_type": "Repository",
        "source": links.slug,
        "enforcement": "active",
    }


_MARK = "# the embedded forge wrote this: protected branches"


# Without this, a client could push to refs/pull, which GitHub refuses.
_PULLS_ARE_HIDDEN = "[receive]\n\thideRefs = refs/pull\n"


def install_hooks(repository: Path, protections: list[Protection], default_branch: str) -> None:
    """Make git refuse what GitHub refuses.

    git itself refuses to delete the branch that HEAD names, and to write to hidden refs ("deny updating a
    hidden ref", as GitHub answers). Protected branches are a matter of the ``update`` hook.
    """
    (repository / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", encoding="utf-8")
    settings = repository / "config"
    # Opened again for every world over the same repository: the setting is added once.
    if _PULLS_ARE_HIDDEN not in settings.read_text(encoding="utf-8"):
        with settings.open("a", encoding="utf-8") as file:
            file.write(_PULLS_ARE_HIDDEN)
    _install_hook(repository, protections)


def _install_hook(repository: Path, protections: list[Protection]) -> None:
    """Write the ``update`` hook, or take ours away if nothing is protected.

    The words are GitHub's GH006; git puts ``remote:`` before each line. The first push of a branch passes.
    """
    hook = repository / "hooks" / "update"
    # A hook of the user's own repository is never touched.
    ours = hook.exists() and _MARK in hook.read_text()
    if not protections:
        if ours:
            hook.unlink()
        return
    hook.parent.mkdir(parents=True, exist_ok=True)
    hook.write_text(hook_script(protections))
    hook.chmod(0o755)


def hook_script(protections: list[Protection]) -> str:
    """Write the hook; branch names are quoted, they are data."""
    cases = "".join(_hook_case(protection) for protection in protections)
    return f"""#!/bin/sh
{_MARK}
ref=$1 old=$2 new=$3
zero=0000000000000000000000000000000000000000
[ "$old" = "$zero" ] && exit 0
refuse() {{
    if [ "$2" = ruleset ]; then
        echo "error: GH013: Repository rule violations found for $ref." >&2
        echo "" >&2
        echo "- $1" >&2
    else
        echo "error: GH006: Protected branch update failed for $ref." >&2
        echo "error: $1" >&2
    fi
    exit 1
}}
case "$ref" in
{cases}esac
exit 0
"""


def _hook_case(protection: Protection) -> str:
    kind = "ruleset" if protection.kind == "ruleset" else "classic"
    lines = []
    if "deletion" in protection.rules:
        lines.append('[ "$new" = "$zero" ] && refuse "Cannot delete this branch" ' + kind)
    if "non_fast_forward" in protection.rules:
        lines.append(
            '[ "$new" != "$zero" ] && '
            '! git merge-base --is-ancestor "$old" "$new" && refuse "Cannot force-push to this branch" '
            + kind
        )
    if "pull_request" in protection.rules:
        lines.append('refuse "Changes must be made through a pull request." ' + kind)
    body = "".join(f"    {line}\n" for line in lines)
    return f"{shlex.quote('refs/heads/' + protection.branch)})\n{body}    ;;\n"
