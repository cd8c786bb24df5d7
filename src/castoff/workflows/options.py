"""What decides which workflows a repository needs, and what its jobs are named."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

PUBLISHING_WORKFLOW = "castoff-resume.yml"
"""The file with the job that uploads: registries trust it by this name, so that it must not change."""
PUBLISHING_ENVIRONMENT = "release"
ANNOUNCING_ENVIRONMENT = "announcement"
ATTESTING_ACTION = "actions/attest@"
"""What attests the files of a release in the publishing workflow; `verify` looks for it in the release commit."""


class WheelBuilds(Struct, frozen=True, kw_only=True):
    """The Python files of a release that are built on several machines, the ``runners``, by their labels.

    ``compiled`` and ``pure`` are folders of packages: of those whose wheels are built on each machine, and of those
    that have one wheel. ``folder`` is where castoff finds all files (``python.artifacts``).
    """

    runners: tuple[str, ...]
    folder: str
    compiled: tuple[str, ...]
    pure: tuple[str, ...] = ()


class WorkflowOptions(Struct, frozen=True, kw_only=True):
    """What the workspace's configuration says that matters here.

    ``source`` is where castoff is taken from instead of PyPI, ``tags`` are patterns of release tags, ``site_token`` is
    the name of the secret that may push to the website's repository; without it the website is left to a person.
    ``release``: jobs release, and a version is claimed by the merge of a pull request that a job proposes, or by the
    push of a job; ``branches`` are the release branches; ``signs`` names what carries a signature; ``tokenless``: no
    upload token is a secret of the
    repository. ``build_secrets`` are the variables of ``release.pass-env`` for builds: read credentials of private
    indexes, which the jobs that build get from secrets of the same names. ``npm_clients`` pack and lock the npm
    packages. ``token`` is the secret of another token than the job's own, ``app`` the name of an app that gives one;
    without both, ``waiting`` are the workflows
    that a tag would start, and that a job starts instead. ``announce``: a job announces, when a person starts it.
    ``shards`` jobs build and verify at the same time. ``attest``: a job attests the files on the forge. ``wheels``:
    jobs build the Python files before the others use them. ``cache``: jobs keep in the forge's cache which crates were
    verified; it is the folder of `build.cache` in the repository, "" the user's.
    """

    repository: str
    source: str | None = None
    tags: tuple[str, ...] = ("[0-9]+.[0-9]+.[0-9]+*",)
    draft_by: Literal["castoff", "ci"] = "castoff"
    labels: bool = True
    changelog: Literal["push", "pull-request", "off"] = "push"
    website: bool = False
    site_token: str = "WEBSITE_TOKEN"  # noqa: S105  # the name of a secret, not the secret
    reminder: bool = True
    verification: bool = True
    documentation: bool = True
    release: Literal["pull-request", "push"] | None = None
    branches: tuple[str, ...] = ()
    signs: frozenset[Literal["commit", "tag"]] = frozenset()
    ecosystems: tuple[str, ...] = ()
    build_secrets: tuple[str, ...] = ()
    npm_clients: tuple[str, ...] = ()
    tokenless: bool = False
    token: str | None = None
    app: str | None = None
    waiting: tuple[str, ...] = ()
    announce: bool = False
    shards: int = 1
    attest: bool = False
    wheels: WheelBuilds | None = None
    cache: str | None = None


def starts_others(options: WorkflowOptions) -> bool:
    """Return whether what the jobs write starts other workflows: with the token of an app or of a person."""
    return bool(options.token or options.app)


def attests(options: WorkflowOptions) -> bool:
    """Return whether the job that uploads makes attestations: PyPI shows the publisher of attested files only."""
    return options.tokenless and options.release is not None and "python" in options.ecosystems
