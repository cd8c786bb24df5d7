"""The story of `castoff ci`: which workflows does this repository need, and what is there already?"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

from castoff.errors import Problem, UsageError
from castoff.files import read_text, write_text
from castoff.flows.checking import workflow_files
from castoff.flows.setting import Setting
from castoff.flows.survey import survey
from castoff.git import FolderTree, Worktree
from castoff.model.addresses import forge_address
from castoff.notes.release_workflows import release_workflows, second_writer_problems
from castoff.notes.workflow_texts import HEADER
from castoff.notes.workflows import FOLDER, WorkflowFile, WorkflowOptions, workflows

NUMBERS = "[0-9]+.[0-9]+.[0-9]+*"
"""GitHub's pattern for a version in a tag's name."""
OURS = f"{FOLDER}/castoff-draft.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The workflows to write, and what stands against them."""

    files: tuple[WorkflowFile, ...]
    problems: tuple[Problem, ...]


def wanted_workflows(setting: Setting) -> Wanted:
    """Say which workflows the configuration asks for. Errors: ``no-forge``, ``workflow-value-unfit``."""
    there = release_workflows(workflow_files(FolderTree(setting.repository.root)))
    foreign = tuple(one for one in there if one.path != OURS and one.writes_on_tag)
    options = _options(setting)
    files = workflows(options)
    told = (_nothing_proposed(),) if options.release and not options.proposes else ()
    if setting.configuration.draft.by == "ci" and foreign:
        # The repository has its one writer already.
        files = tuple(file for file in files if file.path != OURS)
        return Wanted(files=files, problems=(*told, *second_writer_problems(foreign, "ci")))
    return Wanted(files=files, problems=(*told, *second_writer_problems(foreign, "castoff")))


def write_workflows(wanted: Wanted, root: Path) -> tuple[tuple[str, str], ...]:
    """Write what differs below a folder; gives (path, what was done) of each file.

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
    for path in sorted((root / FOLDER).glob("castoff-*.yml")):
        name = path.relative_to(root).as_posix()
        if name not in kept and read_text(path).startswith(HEADER):
            path.unlink()
            told.append((name, "taken away"))
    return tuple(told)


def _demand_ours(path: Path, name: str) -> None:
    if path.is_symlink() or (path.is_file() and not read_text(path).startswith(HEADER)):
        raise UsageError.of(
            "workflow-not-ours",
            f"`{name}` is there, and castoff did not write it",
            reason="what people wrote is not overwritten",
            remedy="move it away, or write into another folder with `--write DIR` and compare",
            file=name,
        )


def _options(setting: Setting) -> WorkflowOptions:
    configuration = setting.configuration
    with Worktree.of(setting.repository) as worktree:
        seen = survey(setting.repository, worktree, configuration, setting.manifests)
        address = forge_address(seen.remote_url, setting.environment)
        if address is None:
            raise UsageError.of(
                "no-forge",
                "the remote is on no forge that castoff speaks with",
                reason="workflows run on a forge",
                remedy="see `release.remote`",
            )
        has_changelog = seen.tree.read(configuration.changelog.file or "CHANGELOG.md") is not None
        return WorkflowOptions(
            repository=address.slug,
            castoff=installed_version("castoff"),
            source=configuration.ci.source,
            tags=(seen.tag_name.template.replace("{version}", NUMBERS),),
            draft_by=configuration.draft.by,
            changelog=configuration.changelog.mode if has_changelog else "off",
            website=configuration.website.repository is not None and configuration.website.mode != "off",
            release=configuration.ci.release,
            proposes=not seen.workspace.is_from_tags,
            signs=configuration.release.sign in ("commit", "tag", "both"),
            ecosystems=seen.ecosystems,
            documentation=configuration.docs.mode != "off" and _has_docs(setting, seen.ecosystems),
        )


def _nothing_proposed() -> Problem:
    return Problem(
        code="version-from-tags",
        severity="warning",
        message="`castoff-propose.yml` is not written: the version comes from git tags",
        reason="no merge could change such a version, so no pull request can claim it",
        remedy="run `castoff release LEVEL --execute`: its claim is a ref that branch protection leaves alone",
    )


def _has_docs(setting: Setting, ecosystems: tuple[str, ...]) -> bool:
    root = setting.repository.root
    builds = any((root / f".readthedocs.{ending}").is_file() for ending in ("yaml", "yml"))
    return setting.configuration.docs.host is not None or "cargo" in ecosystems or builds
