"""Submodules of a temporary clone, checked out at the commits that the superproject names.

Objects are borrowed from the user's own clones of the submodules if the commit is there. Otherwise git fetches it, from
the address that the user's git would use (gitsubmodules, "submodule.<name>.url"), with the user's credentials.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from castoff.errors import CastoffError
from castoff.git.checkout import check_out
from castoff.git.clone_config import carry_settings
from castoff.git.credentials import access_to, by_environment
from castoff.git.repository import Repository, blob_entries, entries_of
from castoff.git.runner import Git

_AS_SUBMODULE = {"GIT_PROTOCOL_FROM_USER": "0"}
"""Addresses in `.gitmodules` are the repository's: `protocol.NAME.allow = user` does not allow them (git-config)."""


class MissingSubmodule(Struct, frozen=True):
    """A gitlink that could not be checked out; ``chosen`` if no clone would check it out either."""

    path: str
    commit: str
    reason: str
    chosen: bool = False


class _Module(Struct, frozen=True):
    """A gitlink and what `.gitmodules` says about it; ``name`` is empty if it says nothing."""

    path: str
    commit: str
    name: str = ""
    url: str = ""
    update: str = ""


def populate(clone: Git, user: Repository | None, within: str = "") -> tuple[MissingSubmodule, ...]:
    """Check out all submodules of the commit that is checked out, those of submodules too.

    ``user`` is the user's clone of the same repository, if there is one. Gives those that could not be had; their paths
    count from the outermost repository, in which this one lies at ``within``.
    """
    return tuple(found for module in _modules(clone) for found in _place(clone, user, module, within))


def _modules(clone: Git) -> list[_Module]:
    listing = clone.must("ls-files", "--stage", "-z")
    rows = (row.partition("\t") for row in listing.split("\0") if row.startswith("160000 "))
    links = {path: meta.split(" ")[1] for meta, _, path in rows}
    if not links:
        return []
    keys: dict[str, dict[str, str]] = {}
    for key, value in blob_entries(clone, "HEAD:.gitmodules"):
        section, _, rest = key.partition(".")
        name, _, variable = rest.rpartition(".")
        if section == "submodule":
            keys.setdefault(name, {})[variable] = value
    named = {one.get("path", "").rstrip("/"): (name, one) for name, one in keys.items()}
    return [
        _Module(path, commit, name, said.get("url", ""), said.get("update", ""))
        for path, commit in links.items()
        for name, said in [named.get(path, ("", {}))]
    ]


def _place(clone: Git, user: Repository | None, module: _Module, within: str) -> Iterator[MissingSubmodule]:
    shown = f"{within}{module.path}"
    settings: Mapping[str, str] = user.settings if user is not None else {}
    if settings.get(f"submodule.{module.name}.update", module.update) == "none":
        yield MissingSubmodule(shown, module.commit, "its `update` is `none`", chosen=True)
        return
    # A name with `..` would put its repository outside of git's folder (CVE-2018-11235).
    if {"..", ""} & set(module.name.split("/")) and module.name:
        yield MissingSubmodule(shown, module.commit, f"git does not accept the name `{module.name}`")
        return
    source = _source(user, module)
    try:
        made = _made(clone, user, module, source)
        if isinstance(made, str):
            yield MissingSubmodule(shown, module.commit, made, chosen=not module.name)
            return
        check_out(made, module.commit)
    except CastoffError as error:
        yield MissingSubmodule(shown, module.commit, "; ".join(one.reason for one in error.problems))
        return
    mine = Repository(Git(user.git.processes, source)) if user and source and _has_files(source) else None
    yield from populate(made, mine, f"{shown}/")


def _source(user: Repository | None, module: _Module) -> Path | None:
    """Find the user's clone of a submodule: its folder, or what git keeps of it while it is not checked out."""
    if user is None:
        return None
    common = user.root / user.git.must("rev-parse", "--git-common-dir")
    kept = [common / "modules" / module.name] if module.name else []
    # A submodule that was deinitialized still has its objects in `.git/modules`.
    return next((one for one in (user.root / module.path, *kept) if _is_clone(one)), None)


def _is_clone(folder: Path) -> bool:
    return (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


def _has_files(folder: Path) -> bool:
    return (folder / ".git").exists()


def _made(clone: Git, user: Repository | None, module: _Module, source: Path | None) -> Git | str:
    """Make a clone of a submodule that holds its commit; returns why not."""
    folder = clone.folder / module.path
    exists = (folder / ".git").exists()
    there = Git(clone.processes, folder) if exists else _new_clone(clone, user, module, source)
    if _has(there, module.commit):
        return there
    url = _address(user, module)
    if not url:
        return "`.gitmodules` has no URL for it" if module.name else "`.gitmodules` does not name it"
    return (
        there
        if _fetched(there, url, module.commit)
        else there.last_words or "its remote does not have the commit"
    )


def _new_clone(clone: Git, user: Repository | None, module: _Module, source: Path | None) -> Git:
    folder = clone.folder / module.path
    kept = Path(clone.must("rev-parse", "--absolute-git-dir")) / "modules" / (module.name or module.path)
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    clone.must("init", "--quiet", "--template=", "--separate-git-dir", kept, folder)
    # Relative paths, as git writes them: a package that includes `.git` would hold the path of the clone otherwise.
    (folder / ".git").write_text(f"gitdir: {os.path.relpath(kept, folder)}\n", encoding="utf-8")
    there = Git(clone.processes, folder)
    there.must("config", "core.worktree", os.path.relpath(folder.resolve(), kept.resolve()))
    if source is None:
        return there
    # git refuses to run in what it keeps of a submodule whose folder is gone ("cannot chdir").
    objects = str(source / "objects")
    if _has_files(source):
        objects = there.must("-C", source, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    (kept / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (kept / "objects" / "info" / "alternates").write_bytes(f"{objects}\n".encode("utf-8", "surrogateescape"))
    if user is not None and _has_files(source):
        there = carry_settings(Repository(Git(user.git.processes, source)), there)
    return there


def _has(git: Git, commit: str) -> bool:
    return git.run("cat-file", "-e", f"{commit}^{{tree}}").code == 0


def _address(user: Repository | None, module: _Module) -> str:
    """Return the address that the user's git would clone a submodule from."""
    said = user.settings.get(f"submodule.{module.name}.url") if user is not None and module.name else None
    url = said or module.url
    if not url.startswith(("./", "../")) or user is None:
        return "" if url.startswith("-") else url
    name = user.remote_name(None, user.branch())
    base = (user.remote_url(name) if name else None) or str(user.root)
    return relative_address(base, url)


def relative_address(base: str, url: str) -> str:
    """Resolve an address such as `../other.git` against a remote's address, as git does (git-submodule, add)."""
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            # `host:path` has no slash before its first folder; git resolves it in the same way (git-
            # submodule, "relative").
            cut = max(base.rfind("/"), base.rfind(":"))
            colon = base[cut : cut + 1] == ":"
            base = base[: cut + 1] if colon else base[:cut]
        url = url.partition("/")[2]
    return f"{base}{url}" if base.endswith(":") else f"{base}/{url}"


def _fetched(git: Git, url: str, commit: str) -> bool:
    """Fetch one commit; all branches and tags if the remote does not give single commits."""
    bare, entries = access_to(url, entries_of(git))
    git.processes.redactor.learn_url(url)
    variables = {**_AS_SUBMODULE, **by_environment(git.processes.environment, entries)}
    asking = Git(git.processes.with_environment(variables), git.folder)
    words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    # By its id first: one commit instead of the whole history. Not every server allows that
    # (`uploadpack.allowReachableSHA1InWant`).
    if asking.run(*words, "--depth=1", bare, commit).code == 0 and _has(git, commit):
        return True
    done = asking.run(*words, bare, "+refs/heads/*:refs/castoff/heads/*", "+refs/tags/*:refs/tags/*")
    git.last_words = done.last_words
    return _has(git, commit)
