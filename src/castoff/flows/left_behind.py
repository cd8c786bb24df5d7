"""Which readmes and modules would still say the old version when the new one is out, and no rule touches them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from castoff.configuration.values import Configuration
from castoff.errors import Problem, WorkspaceError
from castoff.flows.survey import Survey
from castoff.git import GitTree
from castoff.manifests.mentions import Mention, mentions, said_in
from castoff.model.versions import ReleaseVersion, spell

_SHOWN = 8


def left_behind(
    survey: Survey, configuration: Configuration, texts: Mapping[str, str], version: ReleaseVersion
) -> tuple[Problem, ...]:
    """Warn of old versions that stay; ``texts`` are what the release makes of files, commands of the user's left out.

    Documents speak of the last stable version while candidates are released, so they are judged by stable ones alone.
    """
    packages = survey.workspace.packages
    old = {one.version for one in packages if one.version != spell(version, one.ecosystem)}
    declared = [pattern for run in configuration.version.run for pattern in run.writes]
    tree = survey.tree
    if isinstance(tree, GitTree):
        tree.preload(said_in(tree.paths(), packages))
    found = [
        one
        for one in mentions(
            tree.paths(), lambda path: texts[path] if path in texts else _text(survey, path), packages, old
        )
        if (version.is_stable or one.is_code)
        and not any(fnmatchcase(one.file, one_of) for one_of in declared)
    ]
    return (_problem(found),) if found else ()


def _text(survey: Survey, path: str) -> str | None:
    try:
        return survey.tree.read(path)
    except WorkspaceError:  # not UTF-8: nobody's version is found there
        return None


def _problem(found: Sequence[Mention]) -> Problem:
    places = [f"{one.file}:{one.line} ({one.before.lstrip()}{one.version})" for one in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    times = "in one place" if len(found) == 1 else f"in {len(found)} places"
    return Problem(
        code="version-left-behind",
        severity="warning",
        message=f"{found[0].version} would stay {times} that no rule touches",
        reason=", ".join(places) + more,
        remedy="let `castoff init` write the `[[replace]]` rules for them, or take the version out of these texts",
        file=found[0].file,
        line=found[0].line,
    )
