"""changesets: `.changeset/config.json` and the changesets that wait."""

from __future__ import annotations

from castoff.release_tools.reading import (
    Notebook,
    Reading,
    ToolProject,
    change_files,
    excluded,
    find_config,
    quoted,
)

FOLDER = ".changeset"
_TAKEN = ("fixed", "access", "baseBranch", "ignore", "linked")
_LEFT = {
    "changelog": "the notes are GitHub's, sorted by labels in `.github/release.yml`",
    "commit": "castoff creates the release commit itself",
    "updateInternalDependencies": "castoff moves exact pins and the facade's requirements; "
    '`requirements = "raise"` in `[npm]` moves all of them',
    "bumpVersionsWithWorkspaceProtocolOnly": "castoff reads each requirement as the workspace's client does",
    "privatePackages": "private packages are never released",
    "snapshot": "castoff has no snapshot releases; a pre-release has a version of its own",
    "prettier": "castoff edits versions and nothing else in a file",
    "___experimentalUnsafeOptions_WILL_CHANGE_IN_PATCH": "it has no meaning for packages of one version",
}


def read(project: ToolProject) -> Reading | None:
    """Read its configuration, its mode, and the changesets."""
    config = find_config(project.tree, f"{FOLDER}/config.json")
    if config is None:
        return None
    book = Notebook("changesets", project, config)
    book.take_tag("{package}@{version}" if project.several else "v{version}", "the tags of `changeset tag`")
    if (access := config.one("access")) in ("public", "restricted"):
        book.take("npm.access", access, "access")
    if base := config.one("baseBranch"):
        # It is what `git diff` compares with, so that some name the remote too.
        book.take("release.branches", [base.removeprefix("origin/")], "baseBranch")
    _groups(book)
    ignored = excluded(project, config.words("ignore"))
    book.take("release.exclude", ignored or None, "ignore")
    if f"{FOLDER}/pre.json" in project.tree.paths():
        book.leave("mode", "run `changeset pre exit` first; `castoff release minor --pre rc` makes a pre-release",
                   "decision", f"the pre-release mode in `{FOLDER}/pre.json`")  # fmt: skip
    book.leave_known(config.data, _LEFT, _TAKEN)
    return book.reading(f"{FOLDER}/", news=tuple(change_files(project.tree, FOLDER)))


def _groups(book: Notebook) -> None:
    """A fixed group of all packages is castoff's one version; what stands outside is not released with it."""
    groups = [one for one in book.config.get("fixed") or () if isinstance(one, list)]
    fixed = excluded(book.project, [name for group in groups for name in group if isinstance(name, str)])
    others = [one.id for one in book.project.packages if one.id not in fixed]
    if len(groups) == 1 and others:
        book.take("release.exclude", others, "packages outside of `fixed`")
    elif len(groups) != 1 and book.project.several:
        shown = quoted(groups) if groups else "no `fixed` group"
        book.leave("fixed", "castoff releases all packages under one version: put them into one fixed group first, or "
                   "name those that stay behind in `release.exclude`", "decision", shown)  # fmt: skip
    if linked := book.config.get("linked"):
        book.leave("linked", "linked packages are released when they change, as with `release.only-changed`",
                   "decision", f"`linked` {quoted(linked)}")  # fmt: skip
