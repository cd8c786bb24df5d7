"""Workflows for this repository (`castoff ci`): which are needed, and what is there already."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Literal

from msgspec import Struct
from packaging.requirements import Requirement

from castoff.config.values import Configuration
from castoff.errors import Problem, Refusal, UsageError
from castoff.git import FolderTree
from castoff.io.files import read_text, write_text
from castoff.io.scratch import scratch_prefix
from castoff.model.addresses import forge_address
from castoff.model.child_environments import Kind
from castoff.model.versions import ReleaseVersion
from castoff.preflight.tools import npm_clients
from castoff.session.edits import changelog_path
from castoff.session.services import Services
from castoff.session.session import open_session
from castoff.setup.wheels import wheel_builds
from castoff.workflows.detection import release_workflows, second_writer_problems
from castoff.workflows.jobs import workflow_files
from castoff.workflows.options import WorkflowOptions, attests
from castoff.workflows.plan import (
    FOLDER,
    LOCK,
    WorkflowFile,
    lock_request,
    locked,
    workflows,
)
from castoff.workflows.tag_workflows import tag_workflows
from castoff.workflows.texts import HEADER

_PATIENCE = 300.0
COMPILE = (
    "uv",
    "pip",
    "compile",
    "--quiet",
    "--no-build",
    # For all platforms and Python versions, since runners differ from this machine.
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
)

_SIGNED: Mapping[str, frozenset[Literal["commit", "tag"]]] = {
    "commit": frozenset({"commit"}),
    "tag": frozenset({"tag"}),
    "both": frozenset({"commit", "tag"}),
}

NUMBERS = "[0-9]+.[0-9]+.[0-9]+*"
"""GitHub's pattern for a version in a tag's name."""
OURS = f"{FOLDER}/castoff-draft.yml"


class Wanted(Struct, frozen=True, kw_only=True):
    """The workflows to write, and what stands against them."""

    files: tuple[WorkflowFile, ...]
    problems: tuple[Problem, ...]


def wanted_workflows(services: Services) -> Wanted:
    """Return the workflows that the configuration asks for, and the lock file that they install castoff from.

    Errors: ``no-forge``, ``workflow-value-unfit``, ``ci-source-missing``, ``ci-lock-failed``, and those of
    :func:`wheel_builds`.
    """
    tree = FolderTree(services.repository.root)
    there = release_workflows(workflow_files(tree), tree)
    foreign = tuple(one for one in there if one.path != OURS and one.writes_on_tag)
    options = _options(services)
    files = workflows(options)
    if files:
        lock = locked(options.source, _locked_requirements(services, options))
        files = (*files, WorkflowFile(LOCK, lock, "pins castoff and its dependencies by hash"))
    if services.configuration.draft.by == "ci" and foreign:
        # The repository has its one writer already.
        files = tuple(file for file in files if file.path != OURS)
        return Wanted(files=files, problems=second_writer_problems(foreign, "ci"))
    return Wanted(files=files, problems=second_writer_problems(foreign, "castoff"))


def write_workflows(wanted: Wanted, root: Path) -> tuple[tuple[str, str], ...]:
    """Write what differs below a folder; returns (path, what was done) of each file.

    A file of castoff's that is not wanted any more is taken away, one that somebody else wrote is left alone.
    Errors: ``workflow-not-ours`` before anything is written.
    """
    for file in wanted.files:
        _demand_ours(root / file.path, file.path)
    told = []
    for file in wanted.files:
        path = root / file.path
        same = path.is_file() and read_text(path) == file.text
        if not same:
            write_text(path, file.text)
        told.append((file.path, "unchanged" if same else "written"))
    kept = {file.path for file in wanted.files}
    for path in sorted((root / FOLDER).glob("castoff-*")):
        name = path.relative_to(root).as_posix()
        # Only files that castoff wrote, by their first line.
        if name not in kept and read_text(path).startswith(HEADER):
            path.unlink()
            told.append((name, "taken away"))
    return tuple(told)


def _demand_ours(path: Path, name: str) -> None:
    if path.is_symlink() or (path.is_file() and not read_text(path).startswith(HEADER)):
        raise UsageError.of(
            "workflow-not-ours",
            f"`{name}` exists, and was not written by castoff",
            reason="castoff does not overwrite files that people wrote",
            remedy="rename it, or write to another folder with `--write DIR` and compare",
            file=name,
        )


def _options(services: Services) -> WorkflowOptions:
    configuration = services.configuration
    with open_session(services) as session:
        address = forge_address(session.snapshot.remote_url, services.environment)
        if address is None:
            raise UsageError.of(
                "no-forge",
                "the remote's host is not a supported forge",
                reason="workflows run on the forge",
                remedy="see `release.remote`",
            )
        has_changelog = (
            changelog_path(session.snapshot.tree, configuration.changelog.file, session.snapshot.workspace)
            is not None
        )
        return WorkflowOptions(
            repository=address.slug,
            source=configuration.ci.source,
            tags=(session.snapshot.tag_name.template.replace("{version}", NUMBERS),),
            draft_by="ci" if configuration.draft.by == "ci" else "castoff",
            changelog=configuration.changelog.mode if has_changelog else "off",
            website=configuration.website.repository is not None and configuration.website.mode != "off",
            release=_claims(configuration.ci.release, from_tags=session.snapshot.workspace.is_from_tags),
            branches=configuration.release.branches,
            signs=_SIGNED.get(configuration.release.sign or "none", frozenset()),
            ecosystems=session.snapshot.ecosystems,
            build_secrets=configuration.release.pass_env.build,
            npm_clients=npm_clients(session) if "npm" in session.snapshot.ecosystems else (),
            tokenless=configuration.release.tokenless,
            token=configuration.ci.token,
            app=configuration.ci.app,
            announce=configuration.ci.announce,
            shards=configuration.ci.shards,
            attest=configuration.ci.attest,
            cache=_cache(configuration),
            wheels=wheel_builds(configuration, session.snapshot.workspace, session.snapshot.tree.read),
            waiting=_waiting(services, session.snapshot.tag_name.of(_ANY)),
            documentation=configuration.docs.mode != "off"
            and _has_docs(services, session.snapshot.ecosystems),
        )


def _cache(configuration: Configuration) -> str | None:
    """Return the folder below the repository whose marks go from run to run, "" for the user's; None for none."""
    folder = configuration.build.cache
    if not configuration.ci.cache or folder is False:
        return None
    return folder if isinstance(folder, str) else ""


def _locked_requirements(services: Services, options: WorkflowOptions) -> str:
    """Lock what castoff and its workflows need, on all platforms, as the index of uv's configuration has it now."""
    installed = metadata.distribution("castoff")
    requires = [one for one in installed.requires or () if "extra ==" not in one]
    # Written anew by `packaging`: two installers spell the same requirement differently, and the lock must
    # not change by that.
    own = [str(Requirement(one)) for one in requires]
    wanted = lock_request(options.source, installed.version, own, attests=attests(options))
    with tempfile.TemporaryDirectory(prefix=scratch_prefix("lock")) as folder:
        Path(folder, "requirements.in").write_text("\n".join(wanted) + "\n", encoding="utf-8")
        done = services.repository.git.processes.run(
            [*COMPILE, "requirements.in"], kind=Kind.PYTHON_READ, cwd=Path(folder), timeout=_PATIENCE
        )
    text = done.stdout.decode("utf-8", "replace")
    # A URL in the lock would tie the workflows to this machine's index.
    if done.code != 0 or "://" in text:
        raise Refusal.of(
            "ci-lock-failed",
            "uv could not lock castoff's dependencies for the workflows",
            reason=done.last_words or "it locked files by URL, and a URL can serve other files later",
            remedy="make sure that uv can reach its index (`uv pip compile` reports the same error), then run "
            "`castoff ci` again",
        )
    return text


_ANY = ReleaseVersion(1, 2, 3)
"""Stands for the next version in a tag's name."""


def _waiting(services: Services, tag: str) -> tuple[str, ...]:
    """Name the workflows that wait for a release tag and can be started without one; castoff's own draft here."""
    ci = services.configuration.ci
    if not ci.release or ci.token or ci.app:
        return ()
    found = tag_workflows(workflow_files(FolderTree(services.repository.root)), tag)
    return tuple(one.name for one in found if one.by_hand and one.path != OURS)


def _claims(release: bool | str, *, from_tags: bool) -> Literal["pull-request", "push"] | None:
    """Say what claims a version; a merge cannot change one that comes from git tags."""
    if not release:
        return None
    return "push" if release == "push" or from_tags else "pull-request"


def _has_docs(services: Services, ecosystems: tuple[str, ...]) -> bool:
    root = services.repository.root
    builds = any((root / f".readthedocs.{ending}").is_file() for ending in ("yaml", "yml"))
    return services.configuration.docs.host is not None or "cargo" in ecosystems or builds
