"""Settings about the publication of a release: notes, milestone, draft, changelog, documentation."""

from __future__ import annotations

from typing import Literal

from castoff.config import value_checks as checks
from castoff.config.fields import Choice, Flag, FlagOrText, FreeText, Integer, ListOf, Pairs
from castoff.config.tables import Table, key, table

_PATH = FreeText(expects="a path", check=checks.path)
_GLOBS = ListOf(FreeText(expects="a path pattern", check=checks.glob), "path patterns")
_NAME = FreeText(expects="a name", check=checks.one_line)
_NAMES = ListOf(_NAME, "names")
_PATTERN = FreeText(expects="a regular expression", check=checks.pattern)
_FREE = FreeText(empty=True)
_DELIVERY = Choice(("push", "pull-request", "off"))

Delivery = Literal["push", "pull-request", "off"]
Kind = Literal["added", "changed", "deprecated", "removed", "fixed", "security"]


@table
class OptionalFor:
    """Changes that need no label."""

    authors: tuple[str, ...] = key(
        _NAMES,
        "Logins, with `[bot]` for bots; `*` and `?` match any text and any character.",
        default=(),
    )
    paths: tuple[str, ...] = key(
        _GLOBS, "Path patterns; a change that touches only such files needs no label.", default=()
    )


@table
class NotesSettings:
    """How changes are sorted, and what is demanded of their labels."""

    config: str | None = key(
        _PATH,
        "The configuration of the forge's generated notes (default: `.github/release.yml` if it exists).",
        default=None,
    )
    kinds: tuple[tuple[str, Kind], ...] | None = key(
        Pairs(Choice(("added", "changed", "deprecated", "removed", "fixed", "security"))),
        "The label of each kind (default: from the configuration of the notes, otherwise `changelog-add` "
        "and so on).",
        default=None,
    )
    strict: bool = key(
        Flag(), "Report a merged change without a label as an error instead of a warning.", default=False
    )
    optional_for: OptionalFor = key(Table(OptionalFor), "Changes that need no label.", default=OptionalFor())


@table
class MilestoneSettings:
    """What happens to the forge's milestones."""

    mode: Literal["move", "block", "off"] = key(
        Choice(("move", "block", "off")),
        "`move` moves open items to the next milestone, `block` stops the release if there are open "
        "items, `off` does not change milestones.",
        default="move",
    )
    title: str = key(
        FreeText(expects="a template", check=checks.titled),
        "The title of a version's milestone.",
        default="{version}",
    )
    next: Literal["major", "minor", "patch"] = key(
        Choice(("major", "minor", "patch")),
        "The version for which the next milestone is planned.",
        default="minor",
    )


@table
class DraftSettings:
    """Who writes the release on the forge."""

    by: Literal["castoff", "ci", "off"] = key(
        Choice(("castoff", "ci", "off")),
        "The writer of the draft: castoff, a workflow that runs when the tag is pushed, or nobody; a release "
        "then ends with its tag.",
        default="castoff",
    )
    latest: Literal["highest", "never"] = key(
        Choice(("highest", "never")),
        "Mark the highest stable version as the latest release.",
        default="highest",
    )
    checksums: bool | None = key(
        Flag(),
        "Attach `SHA256SUMS`, the digests of all uploaded files as the signed tag lists them, to the draft (default: "
        "only with `release.tokenless`, if castoff writes the draft).",
        default=None,
    )


@table
class ChangelogSettings:
    """Whether and how the notes go into the changelog file."""

    file: str | None = key(
        _PATH,
        "The file (default: the nearest `CHANGELOG.md` in the folder of the released packages or above, unless "
        "it is in the folder of another workspace).",
        default=None,
    )
    mode: Delivery = key(_DELIVERY, "How the change reaches the branch.", default="push")
    contributors: Literal["drop", "keep"] = key(
        Choice(("drop", "keep")), "What to do with the list of new contributors.", default="drop"
    )


@table
class DocsSettings:
    """Whether the builds of the documentation are watched."""

    host: Literal["docs.rs", "readthedocs"] | None = key(
        Choice(("docs.rs", "readthedocs")),
        "The documentation host (default: docs.rs for Cargo packages, Read the Docs "
        "if `.readthedocs.yaml` exists).",
        default=None,
    )
    project: str | None = key(
        _NAME,
        "The project's name on Read the Docs (default: that of the facade, of a Python package first).",
        default=None,
    )
    mode: Literal["watch", "off"] = key(
        Choice(("watch", "off")), "Whether to watch the builds.", default="watch"
    )
    issue: bool = key(Flag(), "Open an issue with the log if a build fails.", default=True)


@table
class HeadingSettings:
    """A rule that rewrites headings of a page."""

    search: str = key(_PATTERN, "A regular expression on the heading's text.")
    replace: str = key(_FREE, r"What comes in its place; `\1` and `\g<name>` are groups of the search.")


@table
class PageSettings:
    """One page of the website that is made from a file of the workspace."""

    source: str = key(_PATH, "The file in the workspace.", name="from")
    to: str = key(_PATH, "The page in the website's repository.")
    banner: str | None = key(_FREE, "A comment at the top that names the source of the page.", default=None)
    header: str | None = key(_FREE, "Text before the page's own, for example front matter.", default=None)
    drop: tuple[str, ...] = key(_NAMES, "Headings of the sections to remove.", default=())
    headings: tuple[HeadingSettings, ...] = key(
        ListOf(Table(HeadingSettings), "tables"), "Rules for the headings.", default=()
    )


@table
class WebsiteSettings:
    """Pages of a website that are made from files of the workspace."""

    repository: str | None = key(
        FreeText(expects="a repository", check=checks.slug),
        "The website's repository, `owner/name`.",
        default=None,
    )
    branch: str | None = key(
        FreeText(expects="a branch", check=checks.branch),
        "Its branch (default: the default branch).",
        default=None,
    )
    mode: Delivery = key(_DELIVERY, "How the pages reach the branch.", default="push")
    pages: tuple[PageSettings, ...] = key(ListOf(Table(PageSettings), "tables"), "The pages.", default=())


@table
class DueSettings:
    """When a release is due."""

    days: int = key(
        Integer(least=1, most=3650),
        "The age of the last release, in days, from which on a release is due.",
        default=30,
    )
    labels: tuple[str, ...] = key(
        _NAMES,
        "Labels of important changes; one such merged change makes a release due.",
        default=("important", "security", "changelog-security"),
    )


_SECRET = FreeText(expects="the name of a secret", check=checks.variable)
_RUNNER = FreeText(expects="the label of a runner", check=checks.runner)


@table
class CiSettings:
    """What `castoff ci` writes besides the workflows that serve every workspace."""

    release: bool | Literal["push"] = key(
        FlagOrText(Choice(("push",))),
        "Write the workflows that release. `true`: one proposes a release by a pull request, the other continues after "
        'its merge. `"push"`: there is no pull request; a person starts the release with a level, and a job pushes '
        "the release commit.",
        default=False,
    )
    token: str | None = key(
        _SECRET,
        "The secret with the token of an app or of a person with which these workflows propose, claim, push the tag "
        "and draft (default: each job's own). What a job writes with its own token starts no other workflow.",
        default=None,
    )
    app: str | None = key(
        _SECRET,
        "In the place of `token`: the name of a GitHub App, in capitals. These jobs make a token of it that ends after "
        "an hour, from the variable `NAME_CLIENT_ID` and the secret `NAME_PRIVATE_KEY`, with the rights of their job.",
        default=None,
    )
    announce: bool = key(
        Flag(),
        "Write the workflow that announces a release, which a person starts; the rules of its environment "
        "`announcement` can ask another one.",
        default=False,
    )
    shards: int = key(
        Integer(least=1, most=256),
        "How many jobs build a claimed version at the same time, each verifying its share of the packages.",
        default=1,
    )
    cache: bool = key(
        Flag(),
        "Remember in the cache of GitHub Actions which crates were verified, so that jobs compile only what changed "
        "since an earlier run. Other workflows of the repository can fill that cache, so it holds marks alone, never a "
        "file. Without effect if `build.cache` is `false`.",
        default=False,
    )
    attest: bool = key(
        Flag(),
        "Let a job attest the files on GitHub before they are uploaded, at most 1024 (public repositories, or GitHub "
        "Enterprise Cloud). `verify` reads the attestations.",
        default=False,
    )
    wheels: tuple[str, ...] = key(
        ListOf(_RUNNER, "labels of runners"),
        "Labels of the machines on which jobs build the wheels of packages with compiled code, each for its own "
        "platform, by cibuildwheel (`ubuntu-latest`, `windows-latest`, `macos-latest`); the files come into "
        "`python.artifacts`.",
        default=(),
    )
    wheel_packages: tuple[str, ...] = key(
        _NAMES,
        "Packages with compiled code, beside those that maturin, scikit-build-core or meson-python builds.",
        default=(),
    )
    source: str | None = key(
        _NAME,
        "The source of castoff in the workflows: a commit of a repository, "
        "`git+https://github.com/OWNER/castoff@COMMIT` with 40 hexadecimal digits, or a wheel with its digest, "
        "`https://HOST/castoff-VERSION-py3-none-any.whl#sha256=DIGEST`. Required until castoff has a release on PyPI.",
        default=None,
        name="from",
    )
