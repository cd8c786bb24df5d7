"""What can be configured about making a release: its commit and tag, its edits and checks, its uploads?"""

from __future__ import annotations

from typing import Literal

from castoff.configuration import checks
from castoff.configuration.forms import Choice, Either, Flag, Many, Pairs, Seconds, Text, Whole, Words
from castoff.configuration.tables import Table, key, table

_PATH = Text(expects="a path", check=checks.path)
_GLOBS = Many(Text(expects="a path pattern", check=checks.glob), "path patterns")
_NAME = Text(expects="a name", check=checks.one_line)
_NAMES = Many(_NAME, "names")
_PATTERN = Text(expects="a regular expression", check=checks.pattern)
_FREE = Text(empty=True)
_COMMAND = Words(check=checks.template())


@table
class Release:
    """What a release is made from, and how its commit and tag look."""

    branches: tuple[str, ...] = key(
        Many(Text(expects="a branch", check=checks.branch), "branches", least=1),
        "Branches that releases are made from: names, or patterns with `*`, `?` and `[...]`. "
        "The default pattern stands for hotfix branches like `1.2.x`.",
        default=("main", "master", "[0-9]*.[0-9]*.x"),
    )
    remote: str | None = key(
        Text(expects="the name of a remote", check=checks.remote),
        "The git remote that releases go to. Without it: the branch's upstream, else `origin`.",
        default=None,
    )
    tag: str | None = key(
        Text(expects="a template", check=checks.tag),
        "The name of the tag, for example `v{version}`. Without it: as the existing tags are named, else `{version}`.",
        default=None,
    )
    message: str = key(
        Text(
            expects="a template",
            check=checks.template("version", "previous", "date", "name", "semver", "pep440"),
        ),
        "The message of the release commit.",
        default="release {version}",
    )
    tag_message: str = key(
        Text(
            expects="a template",
            check=checks.template("version", "previous", "date", "name", "tag", "semver", "pep440"),
        ),
        "The first lines of the tag's message; the digests of what was uploaded come below.",
        default="{name} {version}",
    )
    sign: Literal["commit", "tag", "both", "none"] | None = key(
        Choice(("commit", "tag", "both", "none")),
        "What is signed. Without it: as git is configured (`commit.gpgSign`, `tag.gpgSign`), and the tag also where "
        "a signing key is configured.",
        default=None,
    )
    after: tuple[tuple[str, tuple[str, ...]], ...] = key(
        Pairs(_NAMES, expects="a table of lists"),
        "Packages that go up after others although no manifest says so, for example a Python package after the crate "
        'that it is built from: `{ "python:anchor" = ["cargo:anchor"] }`. Names are those of `castoff plan`.',
        default=(),
    )
    signoff: bool = key(Flag(), "Add a `Signed-off-by` line to the release commit.", default=False)
    facade: str | None = key(
        _NAME,
        "The package that re-exports the others and goes last. Without it: the one that reaches all others.",
        default=None,
    )
    exclude: tuple[str, ...] = key(
        _GLOBS, "Packages that are no part of the release: patterns of names or of folders.", default=()
    )


@table
class Run:
    """A command that is run once per workspace after the versions were written."""

    command: tuple[str, ...] = key(
        _COMMAND,
        "The command: a list of words, or a text that is split into words; no shell runs it. Placeholders are "
        "filled in. "
        "It sees `NEW_VERSION`, `PREV_VERSION`, `CRATE_NAME` (the facade) and `DRY_RUN`.",
    )
    writes: tuple[str, ...] = key(
        _GLOBS,
        "Files that it may write, as path patterns. Anything else that it changes is an error.",
        default=(),
    )
    folder: Literal["workspace", "facade"] = key(
        Choice(("workspace", "facade")),
        "Where it runs: in the workspace's root, or in the folder of the facade (of the last package where there is "
        "none).",
        default="workspace",
    )


@table
class Version:
    """What else happens when the version changes."""

    run: tuple[Run, ...] = key(Many(Table(Run), "tables"), "Commands to run once per workspace.", default=())


@table
class Replace:
    """A rule that replaces text in a file when the version changes."""

    file: str = key(_PATH, "The file, from the workspace's root.")
    search: str = key(
        Text(expects="a text"),
        "What to look for: a regular expression (Python's syntax; `^` and `$` match at lines). "
        "Placeholders such as `{previous}` are filled in first, as literal text.",
    )
    replace: str = key(
        _FREE,
        r"What comes in its place. Placeholders are filled in; `\1` and `\g<name>` are groups of the search.",
    )
    count: int | None = key(Whole(), "How often the search must match, exactly.", default=None)
    min: int | None = key(
        Whole(),
        "How often the search must match at least; 1 where neither this nor `count` is said.",
        default=None,
    )
    max: int | None = key(Whole(), "How often the search may match at most.", default=None)
    literal: bool = key(
        Flag(), "Take `search` and `replace` as literal texts (with placeholders).", default=False
    )
    prerelease: bool = key(Flag(), "Apply the rule for pre-releases too.", default=True)


@table
class Capture:
    """A value that stands in a file."""

    file: str = key(_PATH, "The file, from the workspace's root.")
    pattern: str = key(
        _PATTERN, "A regular expression; its first group is the value, without groups the whole match."
    )


@table
class Check:
    """A check of your own, made before each release."""

    name: str = key(_NAME, "The name under which its result is shown.")
    command: tuple[str, ...] | None = key(
        _COMMAND,
        "A command that must end with 0: a list of words, or a text; no shell runs it.",
        default=None,
    )
    file: str | None = key(_PATH, "A file in which `pattern` is looked for.", default=None)
    pattern: str | None = key(
        _PATTERN,
        "A regular expression; its first group (else the whole match) must equal `equals`, wherever it matches.",
        default=None,
    )
    equals: str | Capture | None = key(
        Either(Text(expects="a template", check=checks.template(), empty=True), Table(Capture)),
        "The value that the match must equal: a template, or `{file, pattern}` to take it from a file.",
        default=None,
    )
    message: str = key(_FREE, "What to tell the person when the check fails.", default="")


@table
class Cargo:
    """How Cargo packages are verified and published."""

    features: tuple[str, ...] = key(
        _NAMES, "Features to verify with, as `cargo publish --features` takes them.", default=()
    )
    all_features: bool = key(Flag(), "Verify with all features.", default=False)
    verify: bool = key(
        Flag(), "Build each package from what is packed before anything is uploaded.", default=True
    )
    registry: str | None = key(
        _NAME,
        "The registry, by its name in Cargo's configuration. Without it: the one that Cargo takes.",
        default=None,
    )


@table
class Python:
    """How Python packages are built and published."""

    build: tuple[str, ...] | None = key(
        _COMMAND,
        "The build front end, run in the package's folder with the output folder as its last word. "
        "Without it: `uv build`.",
        default=None,
    )
    publish: Literal["uv", "twine"] = key(Choice(("uv", "twine")), "The client that uploads.", default="uv")
    artifacts: str | None = key(
        _PATH, "A folder of files that were built elsewhere; nothing is built then.", default=None
    )
    index: str | None = key(
        _NAME,
        "The index, by its name in `[[tool.uv.index]]`. Without it: the one that the client takes.",
        default=None,
    )


@table
class Npm:
    """How npm packages are published."""

    access: Literal["public", "restricted"] | None = key(
        Choice(("public", "restricted")),
        "Who may see a new package. Without it: as npm decides.",
        default=None,
    )
    dist_tag: str | None = key(
        _NAME, "The dist-tag of a release. Without it: `latest`, or `next` for pre-releases.", default=None
    )


@table
class Rate:
    """A rate limit: so many uploads at once, and one more after each time span."""

    burst: int = key(Whole(least=1), "How many uploads are free at once.")
    every: float = key(Seconds(), 'After how long another one is free: seconds, or a text like `"10m"`.')


@table
class Limit:
    """The rate limits of one registry."""

    new: Rate | None = key(Table(Rate), "The limit for packages that are new to the registry.", default=None)
    version: Rate | None = key(
        Table(Rate), "The limit for new versions of packages that are there.", default=None
    )
    name: str = ""
