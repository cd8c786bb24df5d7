"""Check that npm can make the statements of provenance that its settings ask for.

npm refuses an upload with `provenance` outside of jobs that it knows (EUSAGE, `ensureProvenanceGeneration` in
libnpmpublish), which is after the claim. Nothing is asked of a registry here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.errors import Problem
from castoff.io.files import read_regular
from castoff.model.workspace import Package
from castoff.ports import Tree
from castoff.preflight.stage import Check
from castoff.regexes import regex
from castoff.session.session import Session

_SETTING = regex(r"^\s*provenance\s*(?:=\s*(\S*))?\s*$", re.M)


def provenance_checks(session: Session) -> tuple[Check, ...]:
    """List the check where npm packages are released; none where only a job may release them."""
    packages = [one for one in session.snapshot.workspace.packages if one.ecosystem == "npm"]
    if not packages or session.services.configuration.release.tokenless:
        return ()
    services = session.services
    look = partial(
        provenance_problems,
        services.environment,
        services.repository.root,
        session.snapshot.tree,
        packages,
    )
    return (Check("provenance", "preflight", look),)


def provenance_problems(
    environment: Mapping[str, str], root: Path, tree: Tree, packages: Sequence[Package]
) -> tuple[Problem, ...]:
    """Report settings that ask for a statement that npm cannot make here: ``provenance-not-possible``."""
    lacking = _lacking(environment)
    if not lacking:
        return ()
    documents = NpmManifests().layouts(tree).documents
    # `publishConfig` goes over all other settings of npm, so it is looked at first.
    asked = [
        one
        for one in packages
        if (manifest := documents.get(one.manifest)) and manifest.publish_config.get("provenance") is True
    ]
    if asked:
        return (
            _problem(
                lacking,
                f"`publishConfig.provenance` of `{asked[0].name}`",
                "remove `provenance` from `publishConfig`",
                asked[0].manifest,
            ),
        )
    named = next(
        (
            found
            for folder in sorted({one.root for one in packages})
            if (found := _named(environment, root / folder))
        ),
        None,
    )
    remedy = "set `NPM_CONFIG_PROVENANCE=false` for this run"
    return (_problem(lacking, named, remedy),) if named else ()


def _lacking(environment: Mapping[str, str]) -> str:
    """Return what npm needs here to make a statement, "" if it has it."""
    if environment.get("GITHUB_ACTIONS"):
        has_token = environment.get("ACTIONS_ID_TOKEN_REQUEST_URL")
        return "" if has_token else "this job has no permission `id-token: write`"
    if environment.get("GITLAB_CI"):
        return (
            ""
            if environment.get("SIGSTORE_ID_TOKEN")
            else "this job has no `SIGSTORE_ID_TOKEN` (`id_tokens`)"
        )
    return "npm makes them only in jobs of GitHub Actions and GitLab CI"


def _named(environment: Mapping[str, str], folder: Path) -> str | None:
    """Name what sets `provenance` for npm in a workspace; the first that sets it at all decides (npm, "config")."""
    for where, value in _settings(environment, folder):
        return where if value not in ("false", "0", "null") else None
    return None


def _settings(environment: Mapping[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    # npm takes the names of its variables in any case.
    for name, value in environment.items():
        if name.lower() == "npm_config_provenance" and value:
            yield f"`{name}`", value
    # In npm's order: variables, then the project's file, then the user's; the first that says it wins.
    user = environment.get("npm_config_userconfig") or environment.get("NPM_CONFIG_USERCONFIG")
    files = (
        ("`.npmrc` of the workspace", folder / ".npmrc"),
        ("your `.npmrc`", Path(user) if user else Path(environment.get("HOME", "/")) / ".npmrc"),
    )
    for where, file in files:
        if found := _SETTING.findall(read_regular(file) or ""):
            yield where, found[-1]


def _problem(lacking: str, named: str | None, remedy: str, file: str | None = None) -> Problem:
    return Problem(
        code="provenance-not-possible",
        message="npm is set to make statements of provenance, and cannot make them here",
        reason=f"{named} asks for them; {lacking}; npm would refuse the first upload, after the claim",
        remedy=f"release from such a job, with the right to ask for an identity token; or {remedy}",
        file=file,
    )
