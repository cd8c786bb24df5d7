"""Which configuration does this workspace need, and may it be written? The story of `castoff init`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Literal

from castoff.errors import Problem, Refusal, UsageError
from castoff.files import read_text, write_text
from castoff.flows.setting import Setting
from castoff.flows.survey import common_version, read_workspace
from castoff.git import Repository
from castoff.model.addresses import slug_of, split_remote
from castoff.model.tags import found_template
from castoff.model.workspace import Workspace
from castoff.moving_in.drafting import Drafted, Surroundings, draft_configuration
from castoff.ports import Tree

FILE = "castoff.toml"
Done = Literal["printed", "written", "unchanged", "not-needed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Initial:
    """What was drafted and what was done with it; ``difference`` is what stands in the way of writing it."""

    drafted: Drafted
    done: Done
    difference: str = ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Say that the file is there and says something else."""
        if not self.difference:
            return ()
        return (
            Problem(
                code="configuration-differs",
                message=f"`{FILE}` is there and says something else",
                reason="what people wrote is not overwritten",
                remedy="take over by hand what is right in the difference, or move the file away and run it again",
                file=FILE,
            ),
        )


def draft_initial(setting: Setting, site: Path | None) -> Initial:
    """Draft the configuration; nothing is written. Error ``configured-elsewhere``."""
    if setting.source in ("Cargo.toml", "pyproject.toml") and _has_table(setting):
        raise Refusal.of(
            "configured-elsewhere",
            f"castoff is configured in `{setting.source}` already",
            reason=f"a `{FILE}` beside it would be a second place",
            remedy=f"edit that table, or move it into a `{FILE}`",
            file=setting.source,
        )
    drafted = draft_configuration(_surroundings(setting, site))
    path = setting.repository.root / FILE
    there = read_text(path) if path.is_file() else None
    if there is None:
        return Initial(drafted=drafted, done="printed" if drafted.text else "not-needed")
    if there.startswith(drafted.text) and there:  # what people added below stays theirs
        return Initial(drafted=drafted, done="unchanged")
    lines = unified_diff(
        there.splitlines(),
        drafted.text.splitlines(),
        FILE,
        f"{FILE} as castoff init would write it",
        lineterm="",
    )
    return Initial(drafted=drafted, done="printed", difference="\n".join(lines))


def write_initial(setting: Setting, initial: Initial) -> Initial:
    """Write what was drafted, where no other file stands there."""
    if initial.done != "printed" or initial.difference:
        return initial
    write_text(setting.repository.root / FILE, initial.drafted.text)
    return Initial(drafted=initial.drafted, done="written")


def _has_table(setting: Setting) -> bool:
    """Tell a table of castoff's own from settings of cargo-release in the same manifest."""
    text = read_text(setting.repository.root / (setting.source or ""))
    return "metadata.castoff" in text or "tool.castoff" in text


def _surroundings(setting: Setting, site: Path | None) -> Surroundings:
    repository = setting.repository
    head = repository.head()
    if head is None:
        raise UsageError.of(
            "no-commits", "the repository has no commit yet", remedy="commit your packages first"
        )
    tree = repository.tree(head)
    workspace = read_workspace(tree, setting.manifests, setting.configuration.release.exclude)
    version = common_version(workspace)
    tags = repository.git.must("tag", "--list").splitlines()
    website = _website(repository, site)
    return Surroundings(
        tree=tree,
        packages=workspace.packages,
        folders=_folders(workspace),
        tag=found_template(tags, version) if tags else None,
        branch=_default_branch(repository),
        current=str(version) if version else None,
        problems=tuple(one for one in workspace.problems if one.severity == "error"),
        repository=_slug(repository),
        site=website[0] if website else None,
        slug=website[1] if website else None,
    )


def _folders(workspace: Workspace) -> Sequence[str]:
    """List the folders of packages, those of members last."""
    paths = [*(one.path for one in workspace.packages), *(one.path for one in workspace.members)]
    return [path for path in paths if path not in ("", ".")]


def _default_branch(repository: Repository) -> str | None:
    """Name the remote's default branch, as it was when this was cloned."""
    name = repository.remote_name(None)
    done = repository.git.run("symbolic-ref", "--short", "--quiet", f"refs/remotes/{name}/HEAD")
    return done.text.strip().removeprefix(f"{name}/") if done.code == 0 else None


def _slug(repository: Repository) -> str | None:
    name = repository.remote_name(None)
    url = repository.remote_url(name) if name else None
    host, path = split_remote(url) if url else ("", "")
    return slug_of(path) if host else None


def _website(repository: Repository, folder: Path | None) -> tuple[Tree, str | None] | None:
    if folder is None:
        return None
    site = Repository.open(repository.git.processes, folder)
    head = site.head()
    if head is None:
        raise UsageError.of(
            "no-commits", f"`{folder}` has no commit yet", remedy="name a clone of the website"
        )
    return site.tree(head), _slug(site)
