"""The configuration that a workspace needs (`castoff init`), and whether it may be written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct

from castoff.changelog.waiting import EMPTY, with_waiting
from castoff.config.reader import parse_configuration
from castoff.config.values import ReleaseSettings
from castoff.errors import Problem, Refusal, UsageError
from castoff.git import Repository
from castoff.git.log import reachable_tags
from castoff.io.files import read_text, write_text
from castoff.model.addresses import slug_of, split_remote
from castoff.model.workspace import Workspace
from castoff.ports import Tree
from castoff.session.services import Services
from castoff.session.snapshot import common_version
from castoff.session.sync_state import shallow_problems
from castoff.session.tag_names import TaggedBranch, find_naming
from castoff.session.workspaces import PastWorkspaces, read_workspace
from castoff.setup.configuration import ProposedConfiguration, draft_configuration
from castoff.setup.surroundings import Surroundings
from castoff.values import replace

FILE = "castoff.toml"
Done = Literal["printed", "written", "unchanged", "not-needed"]


class Initial(Struct, frozen=True, kw_only=True):
    """What was drafted and what was done with it; ``difference`` is what stands in the way of writing it."""

    drafted: ProposedConfiguration
    done: Done
    difference: str = ""
    news: str = ""
    """The text of the changelog with the news of pending change files; "" where nothing is added to it."""
    news_written: bool = False
    unclear_tags: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """List what a person must decide: the tag scheme, and a file with other contents."""
        if not self.difference:
            return self.unclear_tags
        return (
            *self.unclear_tags,
            Problem(
                code="configuration-differs",
                message=f"`{FILE}` exists with other contents",
                reason="castoff does not overwrite files that people wrote",
                remedy="apply the differences that you want by hand, or rename the file and run it again",
                file=FILE,
            ),
        )


def draft_initial(services: Services, site: Path | None) -> Initial:
    """Draft the configuration; nothing is written. Error ``configured-elsewhere``."""
    if services.source in ("Cargo.toml", "pyproject.toml") and _has_table(services):
        raise Refusal.of(
            "configured-elsewhere",
            f"castoff is already configured in `{services.source}`",
            reason=f"a `{FILE}` would be a second configuration",
            remedy=f"edit that table, or move it to a `{FILE}`",
            file=services.source,
        )
    around, problems_under = _surroundings(services, site)
    unclear, _ = problems_under(services.configuration.release)
    drafted = draft_configuration(around)
    if drafted.text and (unclear or around.problems):
        # Asked again under the draft: a tag template and packages that it takes over answer the questions.
        unclear, problems = problems_under(parse_configuration(drafted.text).release)
        drafted = draft_configuration(replace(around, problems=problems))
    unclear = (*shallow_problems(services.repository), *unclear)
    news = _waiting(around.tree, drafted)
    path = services.repository.root / FILE
    there = read_text(path) if path.is_file() else None
    if there is None:
        done: Done = "printed" if drafted.text else "not-needed"
        return Initial(drafted=drafted, done=done, news=news, unclear_tags=unclear)
    if there.startswith(drafted.text) and there:  # what people added below stays theirs
        return Initial(drafted=drafted, done="unchanged", news=news, unclear_tags=unclear)
    lines = unified_diff(
        there.splitlines(),
        drafted.text.splitlines(),
        FILE,
        f"{FILE} as castoff init would write it",
        lineterm="",
    )
    difference = "\n".join(lines)
    return Initial(drafted=drafted, done="printed", difference=difference, news=news, unclear_tags=unclear)


def _waiting(tree: Tree, drafted: ProposedConfiguration) -> str:
    if not drafted.news:
        return ""
    text = tree.read(drafted.changelog) or EMPTY
    filled = with_waiting(text, [(one.kind, one.text) for one in drafted.news])
    return filled if filled != text else ""


def write_initial(services: Services, initial: Initial) -> Initial:
    """Write what was drafted, where no other file stands there, and pending news into the changelog."""
    root = services.repository.root
    # Not where another configuration stands: which tool keeps the changelog is then undecided.
    if initial.news and not initial.difference:
        write_text(root / initial.drafted.changelog, initial.news)
        initial = replace(initial, news_written=True)
    if initial.done != "printed" or initial.difference:
        return initial
    write_text(root / FILE, initial.drafted.text)
    return replace(initial, done="written")


def _has_table(services: Services) -> bool:
    """Tell a table of castoff's own from settings of cargo-release in the same manifest."""
    text = read_text(services.repository.root / (services.source or ""))
    # The text is enough: a comment that names the table makes castoff ask a person, and overwrites nothing.
    return "metadata.castoff" in text or "tool.castoff" in text


_Problems = tuple[Problem, ...]


def _surroundings(
    services: Services, site: Path | None
) -> tuple[Surroundings, Callable[[ReleaseSettings], tuple[_Problems, _Problems]]]:
    """Return what is known of the workspace, and the problems of its tags and packages under given settings."""
    repository = services.repository
    head = repository.head()
    if head is None:
        raise UsageError.of(
            "no-commits", "the repository has no commit yet", remedy="commit your packages first"
        )
    tree = repository.tree(head)
    workspace = read_workspace(tree, services.manifests, services.scope)
    version = common_version(workspace)
    tags = reachable_tags(repository.git, head)

    past = PastWorkspaces(repository.tree, services.manifests, services.scope, workspace)
    naming_under = partial(
        find_naming, TaggedBranch(repository.git, tags, workspace, tree, past.at, repository.is_shallow)
    )
    naming = naming_under(services.configuration.release)
    workspace = past.measured_by(next(iter(naming.released), None), workspace, tree)
    website = _website(repository, site)
    around = Surroundings(
        tree=tree,
        packages=workspace.packages,
        folders=_folders(workspace),
        tag=naming.tag.template if tags and not naming.problems else None,
        tags=tuple(one.name for one in tags),
        branch=_default_branch(repository),
        current=str(version) if version else None,
        problems=_errors(workspace),
        repository=_slug(repository),
        site=website[0] if website else None,
        slug=website[1] if website else None,
    )

    def problems_under(settings: ReleaseSettings) -> tuple[_Problems, _Problems]:
        left_out = replace(services.scope, exclude=(*services.scope.exclude, *settings.exclude))
        rest = PastWorkspaces(repository.tree, services.manifests, left_out, workspace)
        found = read_workspace(tree, services.manifests, left_out)
        found = rest.measured_by(next(iter(naming.released), None), found, tree)
        return naming_under(settings).problems, _errors(found)

    return around, problems_under


def _errors(workspace: Workspace) -> _Problems:
    return tuple(one for one in workspace.problems if one.severity == "error")


def _folders(workspace: Workspace) -> Sequence[str]:
    """List the folders of packages, those of members last."""
    paths = [*(one.path for one in workspace.packages), *(one.path for one in workspace.members)]
    return [path for path in paths if path not in ("", ".")]


def _default_branch(repository: Repository) -> str | None:
    """Name the remote's default branch, as it was when this was cloned."""
    name = repository.remote_name(None, repository.branch())
    # The remote's HEAD as git recorded it at the clone; no network is needed for a proposal.
    done = repository.git.run("symbolic-ref", "--short", "--quiet", f"refs/remotes/{name}/HEAD")
    return done.text.strip().removeprefix(f"{name}/") if done.code == 0 else None


def _slug(repository: Repository) -> str | None:
    name = repository.remote_name(None, repository.branch())
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
            "no-commits", f"`{folder}` has no commit yet", remedy="pass a clone of the website"
        )
    return site.tree(head), _slug(site)
