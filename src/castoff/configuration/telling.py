"""What can be configured about telling of a release: notes, milestone, draft, changelog, documentation?"""

from __future__ import annotations

from typing import Literal

from castoff.configuration import checks
from castoff.configuration.forms import Choice, Flag, Many, Pairs, Text, Whole
from castoff.configuration.tables import Table, key, table

_PATH = Text(expects="a path", check=checks.path)
_GLOBS = Many(Text(expects="a path pattern", check=checks.glob), "path patterns")
_NAME = Text(expects="a name", check=checks.one_line)
_NAMES = Many(_NAME, "names")
_PATTERN = Text(expects="a regular expression", check=checks.pattern)
_FREE = Text(empty=True)
_DELIVERY = Choice(("push", "pull-request", "off"))

Delivery = Literal["push", "pull-request", "off"]
Kind = Literal["added", "changed", "deprecated", "removed", "fixed", "security"]


@table
class OptionalFor:
    """Changes that need no label."""

    authors: tuple[str, ...] = key(
        _NAMES,
        "Logins, with `[bot]` where they have one; `*` and `?` stand for any text and any character.",
        default=(),
    )
    paths: tuple[str, ...] = key(
        _GLOBS, "Path patterns; a change that touches only such files needs no label.", default=()
    )


@table
class Notes:
    """How changes are sorted, and what is demanded of their labels."""

    config: str | None = key(
        _PATH,
        "The configuration of the forge's generated notes. Without it: `.github/release.yml` where there is one.",
        default=None,
    )
    kinds: tuple[tuple[str, Kind], ...] | None = key(
        Pairs(Choice(("added", "changed", "deprecated", "removed", "fixed", "security"))),
        "Which label means which kind. Without it: taken from the configuration of the notes, else `changelog-add` "
        "and so on.",
        default=None,
    )
    strict: bool = key(Flag(), "A merged change without a label is an error, not a warning.", default=False)
    optional_for: OptionalFor = key(Table(OptionalFor), "Changes that need no label.", default=OptionalFor())


@table
class Milestone:
    """What happens to the forge's milestones."""

    mode: Literal["move", "block", "off"] = key(
        Choice(("move", "block", "off")),
        "`move` moves what is open to the next milestone, `block` stops the release while something is open, "
        "`off` leaves milestones alone.",
        default="move",
    )
    title: str = key(
        Text(expects="a template", check=checks.titled),
        "The title of a version's milestone.",
        default="{version}",
    )
    next: Literal["major", "minor", "patch"] = key(
        Choice(("major", "minor", "patch")),
        "Which version the next milestone is planned for.",
        default="minor",
    )


@table
class Draft:
    """Who writes the release on the forge."""

    by: Literal["castoff", "ci"] = key(
        Choice(("castoff", "ci")),
        "The one writer of the draft: castoff itself, or a workflow that runs on the tag.",
        default="castoff",
    )
    latest: Literal["highest", "never"] = key(
        Choice(("highest", "never")),
        "Whether the highest stable version is marked as the latest one.",
        default="highest",
    )


@table
class Changelog:
    """Whether and how the notes go into the changelog file."""

    file: str | None = key(_PATH, "The file. Without it: `CHANGELOG.md` where there is one.", default=None)
    mode: Delivery = key(_DELIVERY, "How the change reaches the branch.", default="push")
    contributors: Literal["drop", "keep"] = key(
        Choice(("drop", "keep")), "What becomes of the list of new contributors.", default="drop"
    )


@table
class Docs:
    """Whether the builds of the documentation are watched."""

    host: Literal["docs.rs", "readthedocs"] | None = key(
        Choice(("docs.rs", "readthedocs")),
        "Where the documentation is built. Without it: docs.rs for Cargo packages, Read the Docs where "
        "`.readthedocs.yaml` is there.",
        default=None,
    )
    project: str | None = key(
        _NAME, "The project's name on Read the Docs. Without it: the facade's.", default=None
    )
    mode: Literal["watch", "off"] = key(
        Choice(("watch", "off")), "Watch the builds, or do not.", default="watch"
    )
    issue: bool = key(Flag(), "Open one issue with the log where a build fails.", default=True)


@table
class Heading:
    """A rule that rewrites headings of a page."""

    search: str = key(_PATTERN, "A regular expression on the heading's text.")
    replace: str = key(_FREE, r"What comes in its place; `\1` and `\g<name>` are groups of the search.")


@table
class Page:
    """One page of the website that is made from a file of the workspace."""

    source: str = key(_PATH, "The file in the workspace.", name="from")
    to: str = key(_PATH, "The page in the website's repository.")
    banner: str | None = key(_FREE, "A comment at the top that says where the page comes from.", default=None)
    header: str | None = key(_FREE, "Text before the page's own, for example front matter.", default=None)
    drop: tuple[str, ...] = key(_NAMES, "Headings of the sections that are left out.", default=())
    headings: tuple[Heading, ...] = key(Many(Table(Heading), "tables"), "Rules on the headings.", default=())


@table
class Website:
    """Pages of a website that are made from files of the workspace."""

    repository: str | None = key(
        Text(expects="a repository", check=checks.slug),
        "The website's repository, `owner/name`.",
        default=None,
    )
    branch: str | None = key(
        Text(expects="a branch", check=checks.branch),
        "Its branch. Without it: the default branch.",
        default=None,
    )
    mode: Delivery = key(_DELIVERY, "How the pages reach the branch.", default="push")
    pages: tuple[Page, ...] = key(Many(Table(Page), "tables"), "The pages.", default=())


@table
class Due:
    """When a release is due."""

    days: int = key(
        Whole(least=1, most=3650), "A release is due when the last one is older, in days.", default=30
    )
    labels: tuple[str, ...] = key(
        _NAMES,
        "Labels that make a merged change important; one such change makes a release due.",
        default=("important", "security", "changelog-security"),
    )


@table
class Ci:
    """What `castoff ci` writes besides the workflows that serve every workspace."""

    release: bool = key(
        Flag(),
        "Releases are made by pull requests: write the workflow that proposes one on demand, and the one that goes on "
        "after its merge.",
        default=False,
    )
    source: str | None = key(
        _NAME,
        "Where the workflows take castoff from, instead of PyPI: a Git address, `git+https://github.com/OWNER/castoff@v1.0`.",
        default=None,
        name="from",
    )
