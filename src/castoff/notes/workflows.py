"""Which workflows does a repository need, so that nobody has to remember a step (`castoff ci`)?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from castoff.errors import ConfigurationError
from castoff.notes import workflow_texts as texts

FOLDER = ".github/workflows"


@dataclass(frozen=True, slots=True)
class Pin:
    """An action at a commit that nobody can move, and the version that this commit is."""

    action: str
    commit: str
    version: str


# Each commit was read from the tag in the action's own repository.
CHECKOUT = Pin("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1")
SETUP_UV = Pin("astral-sh/setup-uv", "20cfd1bf945f4377ade1205e4dbc17946fc9a30d", "v10.0.1")
PINS = (CHECKOUT, SETUP_UV)


_OPENS = "      pull-requests: write # to open the pull request\n"
_TOKENS = {"cargo": "CARGO_REGISTRY_TOKEN", "python": "UV_PUBLISH_TOKEN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowOptions:
    """What the workspace's configuration says that matters here.

    ``castoff`` is the version to install, ``source`` a Git address to take it from instead, ``tags`` are patterns of
    release tags, ``site_token`` is the name of the secret that may push to the website's repository; without it the
    website is left to a person.
    ``release``: releases are made by pull requests, on demand where the job ``proposes`` them; ``signs``: a
    release carries a signature.
    """

    repository: str
    castoff: str
    source: str | None = None
    tags: tuple[str, ...] = ("[0-9]+.[0-9]+.[0-9]+*",)
    draft_by: Literal["castoff", "ci"] = "castoff"
    labels: bool = True
    changelog: Literal["push", "pull-request", "off"] = "push"
    website: bool = False
    site_token: str = "WEBSITE_TOKEN"  # noqa: S105  # the name of a secret, not the secret
    reminder: bool = True
    documentation: bool = True
    release: bool = False
    proposes: bool = True
    signs: bool = False
    ecosystems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A file to write: its path from the root of the repository, its text, and what it is for."""

    path: str
    text: str
    purpose: str


def workflows(options: WorkflowOptions) -> tuple[WorkflowFile, ...]:
    """Write the workflows that the options ask for, in the order of a release.

    Where castoff drafts the release itself there is no job for it: there is exactly one writer.

    Raises:
        ConfigurationError: ``workflow-value-unfit``, where a value cannot stand in a workflow.
    """
    _demand_fitting(options)
    return tuple(_files(options))


def stale_pins(text: str) -> tuple[str, ...]:
    """Name the actions in a workflow that stand at another commit than the one known here."""
    found = re.findall(r"uses: ([\w.-]{1,60}/[\w.-]{1,60})@([\w.-]{1,60})", text)
    known = {pin.action: pin.commit for pin in PINS}
    return tuple(dict.fromkeys(action for action, ref in found if known.get(action, ref) != ref))


def _files(options: WorkflowOptions) -> Iterator[WorkflowFile]:
    if options.labels:
        yield _file(options, "labels", texts.LABELS, "demands one label of a kind on each pull request")
    if options.release and options.proposes:
        yield _file(
            options, "propose", _signed(options, texts.PROPOSE), "opens a release pull request on demand"
        )
    if options.release:
        yield _file(options, "resume", _resume(options), "goes on after the merge of a release pull request")
    if options.draft_by == "ci":
        yield _file(options, "draft", texts.DRAFT, "drafts the release when its tag is pushed")
    if options.changelog != "off" or options.website:
        yield _file(options, "published", _published(options), "ports the notes when a release is published")
    if options.documentation:
        yield _file(options, "documentation", texts.DOCUMENTATION, "watches the documentation builds")
    if options.reminder:
        yield _file(options, "reminder", texts.REMINDER, "opens an issue when a release is due or unfinished")


def _resume(options: WorkflowOptions) -> str:
    changelog = (
        "write # to open the pull request"
        if options.changelog == "pull-request"
        else "read # to read titles and labels"
    )
    rights = [f"pull-requests: {changelog}"]
    if "python" in options.ecosystems:
        rights.append("id-token: write # to upload without a long-lived token")
    names = [_TOKENS[one] for one in options.ecosystems if one in _TOKENS]
    text = texts.RESUME + (texts.RESUME_DRAFT if options.draft_by == "ci" else "")
    tokens = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in names)
    text = text.replace("@RESUME_PERMISSIONS@", "".join(f"      {right}\n" for right in rights))
    return _signed(options, text.replace("@UPLOAD_TOKENS@", tokens).replace("@TOKEN_NAMES@", " ".join(names)))


def _signed(options: WorkflowOptions, text: str) -> str:
    return text.replace("@SIGNING@", texts.SIGNING if options.signs else "")


def _published(options: WorkflowOptions) -> str:
    steps = []
    if options.changelog != "off":
        steps.append(_step("Port the notes into the changelog", "changelog", "github.token"))
    if options.website:
        steps.append(_step("Bring the website up to date", "website", f"secrets.{options.site_token}"))
    return texts.PUBLISHED.replace("@PORT_STEPS@", "".join(steps))


def _step(what: str, command: str, token: str) -> str:
    text = texts.PORT_STEP.replace("@WHAT@", what).replace("@COMMAND@", command)
    return text.replace("@TOKEN@", token)


def _file(options: WorkflowOptions, name: str, text: str, purpose: str) -> WorkflowFile:
    extra = "[rehearse]" if name == "propose" and "cargo" in options.ecosystems else ""
    origin = f" @ {options.source}" if options.source else f"=={options.castoff}"
    values = {
        "@CHECKOUT@": f"{CHECKOUT.commit} # {CHECKOUT.version}",
        "@UV@": f"{SETUP_UV.commit} # {SETUP_UV.version}",
        "@REPOSITORY@": f"'{options.repository}'",
        "@CASTOFF@": f"'castoff{extra}{origin}'",
        "@PORT_PERMISSIONS@": _OPENS if options.changelog == "pull-request" else "",
        "@TAGS@": f"[{', '.join(_quoted(tag) for tag in options.tags)}]",
        "@REMINDER_CRON@": _quoted("17 6 * * 1"),
        "@DOCS_CRON@": _quoted("41 */3 * * *"),
    }
    for place, value in values.items():
        text = text.replace(place, value)
    return WorkflowFile(f"{FOLDER}/castoff-{name}.yml", text, purpose)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _demand_fitting(options: WorkflowOptions) -> None:
    rules = (
        ("repository", (options.repository,), r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}"),
        ("castoff", (options.castoff,), r"[0-9][0-9A-Za-z.]{0,40}"),
        ("ci.from", (options.source,) if options.source else (), r"git\+https://[A-Za-z0-9._~/@-]{1,300}"),
        ("tags", options.tags, r"[A-Za-z0-9._+*?!/\[\]@-]{1,200}"),
        ("site_token", (options.site_token,), r"[A-Za-z_][A-Za-z0-9_]{0,100}"),
    )
    for name, values, pattern in rules:
        for value in values:
            if re.fullmatch(pattern, value) is None:
                raise ConfigurationError.of(
                    "workflow-value-unfit",
                    f"the value of `{name}` cannot stand in a workflow",
                    reason="a workflow would read its characters as code",
                    remedy="use letters, digits, dots, dashes and slashes",
                )
