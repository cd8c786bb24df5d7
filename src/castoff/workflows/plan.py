"""Workflows that a repository needs (`castoff ci`), and the lock file from which they install castoff."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from castoff.errors import ConfigurationError
from castoff.regexes import regex
from castoff.values import replace
from castoff.workflows import texts
from castoff.workflows.announcement_jobs import announcement_workflow
from castoff.workflows.github import render_github
from castoff.workflows.job_parts import with_token
from castoff.workflows.job_values import Workflow
from castoff.workflows.options import WorkflowOptions
from castoff.workflows.release_jobs import proposal_workflow, release_workflow

FOLDER = ".github/workflows"
LOCK = f"{FOLDER}/castoff-requirements.txt"

RELEASED = False
"""Whether castoff has a release on PyPI. Until then nobody holds the name there, and whoever takes it would run with
the rights of these workflows. castoff's own first release changes this, and nothing else."""


class Pin(Struct, frozen=True):
    """An action at a commit that nobody can move, and the version that this commit is."""

    action: str
    commit: str
    version: str


# Each commit was read from the tag in the action's own repository.
CHECKOUT = Pin("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1")
SETUP_UV = Pin("astral-sh/setup-uv", "20cfd1bf945f4377ade1205e4dbc17946fc9a30d", "v10.0.1")
UPLOAD = Pin("actions/upload-artifact", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0")
DOWNLOAD = Pin("actions/download-artifact", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1")
SETUP_NODE = Pin("actions/setup-node", "820762786026740c76f36085b0efc47a31fe5020", "v7.0.0")
SETUP_BUN = Pin("oven-sh/setup-bun", "0c5077e51419868618aeaa5fe8019c62421857d6", "v2.2.0")
ATTEST = Pin("actions/attest", "1e69f48acb82d1966a394da916b4c1698aa569d6", "v4.2.2")
APP_TOKEN = Pin("actions/create-github-app-token", "1b10c78c7865c340bc4f6099eb2f838309f1e8c3", "v3.1.1")
CIBUILDWHEEL = Pin("pypa/cibuildwheel", "1828c10ab37f080699c7b81cea34097c684a7074", "v4.2.0")
CACHE = Pin("actions/cache", "27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5")
PINS = (CHECKOUT, SETUP_UV, UPLOAD, DOWNLOAD, SETUP_NODE, SETUP_BUN, ATTEST, APP_TOKEN, CIBUILDWHEEL, CACHE)


# Only a full commit hash: abbreviated ones can become ambiguous, and git resolves a branch of that name
# first.
_COMMIT = regex(r"git\+https://[A-Za-z0-9._~/-]{1,300}@[0-9a-f]{40}")
# The file name follows the wheel specification (packaging.python.org, "Binary distribution format");
# `#sha256=` is pip's hash fragment.
_WHEEL = regex(
    r"(?P<url>https://[A-Za-z0-9._~/%+-]{1,300}/castoff-[0-9A-Za-z.!+_]{1,60}-py3-none-any\.whl)"
    r"#sha256=(?P<digest>[0-9a-f]{64})"
)
_BUILD_REQUIREMENTS = ("hatchling>=1.27",)
"""What castoff's own `pyproject.toml` builds with; a test compares the two."""
ATTESTING = ("pypi-attestations>=0.0.27",)

_OPENS = "      pull-requests: write # to open the pull request\n"


class WorkflowFile(Struct, frozen=True):
    """A file to write: its path from the root of the repository, its text, and what it is for."""

    path: str
    text: str
    purpose: str


def workflows(options: WorkflowOptions) -> tuple[WorkflowFile, ...]:
    """Write the workflows that the options ask for, in the order of a release.

    Where castoff drafts the release itself there is no job for it: there is exactly one writer.

    Raises:
        ConfigurationError: ``workflow-value-unfit`` if a value cannot be part of a workflow, ``ci-source-missing``.
    """
    _require_source(options.source)
    # All values are checked before the first text is written, so no half set of workflows results.
    _demand_fitting(options)
    return tuple(_files(options))


def _files(options: WorkflowOptions) -> Iterator[WorkflowFile]:
    if options.labels:
        yield _file(
            options, "labels", texts.LABELS, "requires one label that sets a kind on each pull request"
        )
    if options.release == "pull-request":
        purpose = "rehearses a release and opens its pull request on demand"
        yield _file(options, "propose", _rendered(options, proposal_workflow(options)), purpose)
    if options.release is not None:
        start = (
            "after the merge of a release pull request" if options.release == "pull-request" else "on demand"
        )
        purpose = f"builds, signs, uploads and drafts {start}"
        yield _file(options, "resume", _rendered(options, release_workflow(options)), purpose)
    if options.draft_by == "ci":
        yield _file(options, "draft", texts.DRAFT, "drafts the release when its tag is pushed")
    if options.announce:
        purpose = "announces a release when a person starts it"
        yield _file(options, "announce", _rendered(options, announcement_workflow(options)), purpose)
    if options.changelog != "off" or options.website:
        yield _file(
            options,
            "published",
            _published(options),
            "copies the notes into the changelog when a release is published",
        )
    if options.documentation:
        yield _file(options, "documentation", texts.DOCUMENTATION, "watches the documentation builds")
    if options.verification:
        yield _file(options, "verify", texts.VERIFY, "opens an issue when the last release is not whole")
    if options.reminder:
        yield _file(options, "reminder", texts.REMINDER, "opens an issue when a release is due or unfinished")


def _rendered(options: WorkflowOptions, workflow: Workflow) -> str:
    jobs = tuple(with_token(options, one) for one in workflow.jobs)
    return render_github(replace(workflow, jobs=jobs))


def _published(options: WorkflowOptions) -> str:
    steps = []
    if options.changelog != "off":
        steps.append(_step("Copy the notes into the changelog", "changelog", "github.token"))
    if options.website:
        steps.append(_step("Update the website", "website", f"secrets.{options.site_token}"))
    return texts.PUBLISHED.replace("@PORT_STEPS@", "".join(steps))


def _step(what: str, command: str, token: str) -> str:
    text = texts.PORT_STEP.replace("@WHAT@", what).replace("@COMMAND@", command)
    return text.replace("@TOKEN@", token)


def _file(options: WorkflowOptions, name: str, text: str, purpose: str) -> WorkflowFile:
    # pip's `--require-hashes` refuses VCS requirements (pip, "Secure installs"), so a commit is installed
    # in a step of its own.
    is_commit = options.source is not None and options.source.startswith("git+")
    text = text.replace("@INSTALL@", texts.INSTALL_COMMIT if is_commit else "")
    values = {
        "@CHECKOUT@": f"{CHECKOUT.commit} # {CHECKOUT.version}",
        "@UV@": f"{SETUP_UV.commit} # {SETUP_UV.version}",
        "@UPLOAD@": f"{UPLOAD.commit} # {UPLOAD.version}",
        "@SETUP_NODE@": f"{SETUP_NODE.commit} # {SETUP_NODE.version}",
        "@SETUP_BUN@": f"{SETUP_BUN.commit} # {SETUP_BUN.version}",
        "@ATTEST@": f"{ATTEST.commit} # {ATTEST.version}",
        "@APP_TOKEN@": f"{APP_TOKEN.commit} # {APP_TOKEN.version}",
        "@DOWNLOAD@": f"{DOWNLOAD.commit} # {DOWNLOAD.version}",
        "@CIBUILDWHEEL@": f"{CIBUILDWHEEL.commit} # {CIBUILDWHEEL.version}",
        "@CACHE@": f"{CACHE.commit} # {CACHE.version}",
        "@REPOSITORY@": f"'{options.repository}'",
        "@CASTOFF@": f"'castoff @ {options.source}'",
        "@LOCK@": LOCK,
        "@PORT_PERMISSIONS@": _OPENS if options.changelog == "pull-request" else "",
        "@TAGS@": f"[{', '.join(_quoted(tag) for tag in options.tags)}]",
        # Not at the full hour: GitHub delays or drops scheduled runs at times of high load (GitHub Docs,
        # `schedule`).
        "@REMINDER_CRON@": _quoted("17 6 * * 1"),
        "@VERIFY_CRON@": _quoted("23 5 * * *"),
        "@DOCS_CRON@": _quoted("41 */3 * * *"),
    }
    for place, value in values.items():
        text = text.replace(place, value)
    return WorkflowFile(f"{FOLDER}/castoff-{name}.yml", text, purpose)


def _quoted(text: str) -> str:
    # YAML 1.2, section 7.3.2: in single quotes only the quote itself is escaped.
    return "'" + text.replace("'", "''") + "'"


def lock_request(
    source: str | None, version: str, requires: Iterable[str], *, attests: bool = False
) -> tuple[str, ...]:
    """Return the requirements to lock: those of castoff, and castoff itself unless it is a commit, which is built.

    ``requires`` are the requirements of the castoff that runs, whose version is ``version``. ``attests``: a job makes
    attestations.
    """
    beside = ATTESTING if attests else ()
    if source is None:
        return (f"castoff=={version}", *beside)
    return (*requires, *(_BUILD_REQUIREMENTS if source.startswith("git+") else ()), *beside)


def locked(source: str | None, requirements: str) -> str:
    """Return the text of the lock file: locked requirements, and castoff where it is a wheel at an address."""
    text = f"{texts.HEADER}{requirements.strip()}\n"
    found = _WHEEL.fullmatch(source or "")
    return text + (f"castoff @ {found['url']} --hash=sha256:{found['digest']}\n" if found else "")


def _require_source(source: str | None) -> None:
    if source is None and not RELEASED:
        raise ConfigurationError.of(
            "ci-source-missing",
            "`ci.from` is not set, and castoff is not on PyPI",
            reason="the workflows would install whatever someone else publishes there under that name, with "
            "the right to publish your packages",
            remedy="set `from` in `[ci]` to a commit of castoff's repository "
            "(`git+https://github.com/OWNER/castoff@COMMIT`, 40 hexadecimal digits) or to a wheel with its digest "
            "(`https://HOST/castoff-VERSION-py3-none-any.whl#sha256=DIGEST`)",
        )
    if source is not None and not (_COMMIT.fullmatch(source) or _WHEEL.fullmatch(source)):
        raise ConfigurationError.of(
            "workflow-value-unfit",
            "the value of `ci.from` does not pin castoff",
            reason="a branch, a tag or a file without a digest can change later, and a workflow would "
            "interpret other characters as code",
            remedy="write `git+https://HOST/OWNER/castoff@COMMIT` with a commit of 40 hexadecimal digits, or "
            "`https://HOST/castoff-VERSION-py3-none-any.whl#sha256=DIGEST` with 64",
        )


def _demand_fitting(options: WorkflowOptions) -> None:
    wheels = options.wheels
    rules = (
        ("ci.wheels", wheels.runners if wheels else (), r"[A-Za-z0-9._-]{1,100}"),
        ("python.artifacts", (wheels.folder,) if wheels else (), r"[A-Za-z0-9._][A-Za-z0-9._/-]{0,200}"),
        (
            "the folder of a package",
            (*wheels.compiled, *wheels.pure) if wheels else (),
            r"[A-Za-z0-9._][A-Za-z0-9._/-]{0,200}",
        ),
        ("repository", (options.repository,), r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}"),
        ("tags", options.tags, r"[A-Za-z0-9._+*?!/\[\]@-]{1,200}"),
        ("site_token", (options.site_token,), r"[A-Za-z_][A-Za-z0-9_]{0,100}"),
        ("ci.token", (options.token,) if options.token else (), r"[A-Za-z_][A-Za-z0-9_]{0,100}"),
        ("ci.app", (options.app,) if options.app else (), r"[A-Za-z_][A-Za-z0-9_]{0,80}"),
        ("a workflow's file name", options.waiting, r"[A-Za-z0-9_][A-Za-z0-9._-]{0,100}"),
        ("build.cache", (options.cache,) if options.cache else (), r"[A-Za-z0-9._][A-Za-z0-9._/-]{0,200}"),
        ("release.pass-env.build", options.build_secrets, r"[A-Za-z_][A-Za-z0-9_]{0,100}"),
    )
    for name, values, pattern in rules:
        for value in values:
            if re.fullmatch(pattern, value) is None:
                raise ConfigurationError.of(
                    "workflow-value-unfit",
                    f"the value of `{name}` cannot be used in a workflow",
                    reason="a workflow would interpret its characters as code",
                    remedy="use letters, digits, dots, dashes and slashes",
                )
