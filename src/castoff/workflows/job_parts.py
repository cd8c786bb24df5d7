"""Parts that several jobs of a release share."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.values import replace
from castoff.workflows.job_values import (
    AppToken,
    Clients,
    Job,
    JobToken,
    Mint,
    Right,
    Script,
    Secret,
    SigningKey,
    Step,
    Value,
)
from castoff.workflows.options import WorkflowOptions

CASTOFF = '"$RUNNER_TEMP/castoff/bin/castoff"'
_SET_HERE = ("GH_TOKEN", "GIT_CONFIG_", "GITHUB_")
"""Variables that the jobs have already; GitHub takes no secret whose name begins with `GITHUB_`."""

READS_CLAIM = Right("contents", "read", "to read the claim and the tags")


def token_of(options: WorkflowOptions) -> Secret | JobToken | AppToken:
    """Return the token with which jobs write on the forge."""
    if options.app:
        return AppToken()
    return Secret(options.token) if options.token else JobToken()


def with_token(options: WorkflowOptions, job: Job) -> Job:
    """Let an app give its token to a job, with the rights that the job's own would have, right before its first use."""
    uses = [isinstance(one, Script) and isinstance(one.token, AppToken) for one in job.steps]
    if options.app is None or True not in uses:
        return job
    place = uses.index(True)
    mint = Mint(options.app, job.rights)
    return replace(
        job,
        steps=(*job.steps[:place], mint, *job.steps[place:]),
        rights=(Right("contents", "read", "to fetch the repository; what writes is the app's token"),),
    )


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
