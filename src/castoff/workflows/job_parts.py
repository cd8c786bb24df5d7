"""Parts that several jobs of a release share."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.workflows.job_values import Clients, JobToken, Right, Secret, SigningKey, Step, Value
from castoff.workflows.options import WorkflowOptions

CASTOFF = '"$RUNNER_TEMP/castoff/bin/castoff"'
_SET_HERE = ("GH_TOKEN", "GIT_CONFIG_", "GITHUB_")
"""Variables that the jobs have already; GitHub takes no secret whose name begins with `GITHUB_`."""

READS_CLAIM = Right("contents", "read", "to read the claim and the tags")


def token_of(options: WorkflowOptions) -> Secret | JobToken:
    """Return the token with which jobs write on the forge."""
    return Secret(options.token) if options.token else JobToken()


def build_secrets(options: WorkflowOptions) -> list[str]:
    """Return the secrets that a build may read, by their names."""
    return [name for name in options.build_secrets if not name.startswith(_SET_HERE)]


def secrets(names: Sequence[str]) -> tuple[tuple[str, Value], ...]:
    """Return variables with secrets of the same names."""
    return tuple((name, Secret(name)) for name in names)


def unset(names: Sequence[str]) -> str:
    """Take variables out of the environment whose secret does not exist: a client could take an empty one for it."""
    if not names:
        return ""
    return f'for name in {" ".join(names)}; do\n  if [ -z "${{!name}}" ]; then unset "$name"; fi\ndone\n'


def clients(options: WorkflowOptions) -> tuple[Step, ...]:
    """Install what packs and locks npm packages, in the jobs that do."""
    return (Clients(options.npm_clients),) if "npm" in options.ecosystems or options.npm_clients else ()


def node(options: WorkflowOptions) -> tuple[Step, ...]:
    """Install what uploads npm packages."""
    return (Clients(),) if "npm" in options.ecosystems else ()


def key(needed: object) -> tuple[Step, ...]:
    """Install the signing key where something is signed."""
    return (SigningKey(),) if needed else ()
