"""Values of a CI workflow: jobs with their rights, and what each runs; a renderer writes them for one forge.

A script is shell. It may use the variables of its step, ``$RUNNER_TEMP`` (a folder of the job, outside of the clone,
in which castoff is installed), ``$GITHUB_WORKSPACE`` (the clone) and ``$GITHUB_OUTPUT`` (a file for lines of
`NAME=value`), which a renderer for a forge without them sets itself.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Access = Literal["read", "write"]
Area = Literal["contents", "issues", "pull-requests", "actions", "attestations", "id-token"]


class Right(Struct, frozen=True):
    """What a job's own token may do, and why; ``id-token`` is the right to request identity tokens."""

    area: Area
    access: Access
    why: str


class Secret(Struct, frozen=True):
    """A secret of the repository, or of the job's environment."""

    name: str


class JobToken(Struct, frozen=True):
    """The job's own token, with the job's rights."""


class AppToken(Struct, frozen=True):
    """The token that an app gave to the job, in an earlier :class:`Mint` of it."""


class Output(Struct, frozen=True):
    """A value that an earlier job handed on, which no later job can change; empty if that job did not run."""

    job: str
    name: str


class Input(Struct, frozen=True):
    """What the person who starts the workflow enters; ``otherwise`` if nothing is, or an event started it."""

    name: str
    otherwise: str = ""


class ReleaseBranch(Struct, frozen=True):
    """The branch that the release is made from."""


class DefaultBranch(Struct, frozen=True):
    """The default branch of the repository, where the changelog lives."""


class LegName(Struct, frozen=True):
    """The name of the leg of a job that runs several times."""


class LegNumber(Struct, frozen=True):
    """The place of the leg among those of its job, from 0: part of a name that may hold no dot."""


Value = Secret | Output | Input | ReleaseBranch | DefaultBranch | LegName | LegNumber


class Script(Struct, frozen=True, kw_only=True):
    """A script. ``token`` is what git and castoff use for the forge; ``commits``: with a name to commit as.

    ``variables`` are the only values from outside, and ``outputs`` what the script hands on, each with its reason.
    ``though_failed``: it runs after an error of a step before it as well.
    """

    title: str
    script: str
    variables: tuple[tuple[str, Value], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    token: Secret | JobToken | AppToken | None = JobToken()
    commits: bool = False
    though_failed: bool = False


class Clients(Struct, frozen=True):
    """Installation of what packs (``packers``: npm, pnpm, yarn, bun), locks and uploads npm packages."""

    packers: tuple[str, ...] = ()


class Uv(Struct, frozen=True):
    """Installation of uv, which a job with castoff has already."""


class PlatformWheels(Struct, frozen=True):
    """The wheels of a package for the machine of the job, built by cibuildwheel, in a folder below ``$RUNNER_TEMP``.

    ``package`` is its folder, from that of the job, ``$GITHUB_WORKSPACE``.
    """

    package: str
    into: str


class SigningKey(Struct, frozen=True):
    """The key of the secret SIGNING_KEY, for git."""


class Keep(Struct, frozen=True):
    """A folder below ``$RUNNER_TEMP`` that later jobs get; ``given``: only where this output of the job has a value.

    ``by_leg``: each leg of the job keeps one of its own.
    """

    folder: str
    given: str | None = None
    by_leg: bool = False


class Take(Struct, frozen=True):
    """A folder that an earlier job kept; ``given``: only where this output has a value.

    ``by_leg``: those of all legs, each as `FOLDER-LEG` below a folder `FOLDERs`.
    """

    folder: str
    given: Output | None = None
    by_leg: bool = False


class Recall(Struct, frozen=True):
    """A folder below ``$RUNNER_TEMP`` as an earlier run kept it in the forge's cache (:class:`Remember`), if any did.

    Other workflows of the repository can fill that cache, and what unpacks it looks at no path (actions/toolkit#2414):
    it may replace any file of the machine. So it is for a job that makes nothing and knows nothing.
    """

    folder: str
    of: str


class Remember(Struct, frozen=True):
    """A folder below ``$RUNNER_TEMP`` for the forge's cache, also after an error; ``of`` names what it depends on."""

    folder: str
    of: str


class Attest(Struct, frozen=True):
    """An attestation on the forge, of the files in a list of SHA-256 digests below ``$RUNNER_TEMP``."""

    listed: str


class Mint(Struct, frozen=True):
    """A token of an app for an hour; ``name`` begins the names of its client id and of its private key."""

    name: str
    rights: tuple[Right, ...]


Step = Script | Clients | Uv | PlatformWheels | SigningKey | Keep | Take | Recall | Remember | Attest | Mint


class Job(Struct, frozen=True, kw_only=True):
    """One job. ``why`` is what it must not do, and the reason.

    It runs after ``needs`` if all of them ended well; with ``though_skipped`` also where jobs before it did not run,
    but ``requires`` did. ``given`` must have a value, ``unless`` must have none. ``at``: it checks out the commit that
    started the workflow, or the branch as it is by then; without ``castoff`` it needs neither a clone nor castoff.
    With ``legs`` it runs once for each, at the same time. Their outputs are those of one job, so that each leg needs
    names of its own. ``on_legs``: each leg is the label of the machine that it runs on, and the shell is bash on all.
    """

    name: str
    title: str
    why: str
    rights: tuple[Right, ...]
    steps: tuple[Step, ...]
    minutes: int
    needs: tuple[str, ...] = ()
    though_skipped: bool = False
    requires: str = ""
    given: Output | Input | None = None
    unless: Output | None = None
    environment: str | None = None
    castoff: bool = True
    at: Literal["commit", "branch"] = "branch"
    legs: tuple[str, ...] = ()
    on_legs: bool = False


class StartInput(Struct, frozen=True, kw_only=True):
    """What a person may enter to start a workflow."""

    name: str
    description: str
    required: bool = False
    default: str | None = None


class Workflow(Struct, frozen=True, kw_only=True):
    """Jobs of one file, which a person starts.

    So does (``after_proposal``) the merge of a pull request of castoff's, or (``after_push``) a push to a branch.
    Of all runs in one ``group``, one runs at a time and none is cancelled.
    """

    name: str
    group: str
    jobs: tuple[Job, ...]
    entries: tuple[StartInput, ...] = ()
    after_proposal: bool = False
    after_push: tuple[str, ...] = ()
