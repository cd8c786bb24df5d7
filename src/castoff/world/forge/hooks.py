"""What a bare repository refuses to be pushed: protected branches, the default branch's end, `refs/pull`."""

from __future__ import annotations

import shlex
from pathlib import Path

from castoff.world.forge.records import Protection

_MARK = "# the embedded forge wrote this: protected branches"


# Without this, a client could push to refs/pull, which GitHub refuses.
_PULLS_ARE_HIDDEN = "[receive]\n\thideRefs = refs/pull\n"


def install(repository: Path, protections: list[Protection], default_branch: str) -> None:
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
    hook.write_text(script(protections))
    hook.chmod(0o755)


def script(protections: list[Protection]) -> str:
    """Write the hook; branch names are quoted, they are data."""
    cases = "".join(_case(protection) for protection in protections)
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


def _case(protection: Protection) -> str:
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
