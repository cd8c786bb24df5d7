"""Settings about the making of a release: commit and tag, edits and checks, uploads."""

from __future__ import annotations

from typing import Literal

from castoff.config import value_checks as checks
from castoff.config.fields import (
    Choice,
    CommandWords,
    Flag,
    FlagOrText,
    FreeText,
    Integer,
    ListOf,
    Pairs,
    Seconds,
    StringOrTable,
)
from castoff.config.tables import Table, key, table

_PATH = FreeText(expects="a path", check=checks.path)
_GLOBS = ListOf(FreeText(expects="a path pattern", check=checks.glob), "path patterns")
_NAME = FreeText(expects="a name", check=checks.one_line)
_NAMES = ListOf(_NAME, "names")
_PATTERN = FreeText(expects="a regular expression", check=checks.pattern)
_FREE = FreeText(empty=True)
_COMMAND = CommandWords(check=checks.template())


_VARIABLES = ListOf(FreeText(expects="the name of a variable", check=checks.variable), "names of variables")


@table
class PassEnv:
    """Variables with credentials that processes see all the same, by name.

    What holds a credential reaches the clients that need it, and no other process.
    """

    build: tuple[str, ...] = key(
        _VARIABLES,
        "For builds, resolvers and trial imports: the credentials of a private index, for example "
        '`["UV_INDEX_HOUSE_PASSWORD"]`.',
        default=(),
    )
    hooks: tuple[str, ...] = key(
        _VARIABLES, "For commands of `version.run`, git's hooks, and the program that signs.", default=()
    )
    checks: tuple[str, ...] = key(_VARIABLES, "For commands of `[[check]]`.", default=())


@table
class ReleaseSettings:
    """What a release is made from, and how its commit and tag look."""

    branches: tuple[str, ...] = key(
        ListOf(FreeText(expects="a branch", check=checks.branch), "branches", least=1),
        "Release branches: names, or patterns with `*`, `?` and `[...]`. "
        "The default pattern matches hotfix branches like `1.2.x`.",
        default=("main", "master", "[0-9]*.[0-9]*.x"),
    )
    remote: str | None = key(
        FreeText(expects="the name of a remote", check=checks.remote),
        "The git remote of releases (default: the branch's upstream, otherwise `origin`).",
        default=None,
    )
    tag: str | None = key(
        FreeText(expects="a template", check=checks.tag),
        "The form of the tag, for example `v{version}` (default: that of the last release, otherwise `{version}`).",
        default=None,
    )
    package_tags: bool | str | None = key(
        FlagOrText(FreeText(expects="a template", check=checks.package_tag)),
        "Tag each package in addition to the release: `false`, `true` (in the current form, otherwise "
        "`{package}-v{version}`), or a template with `{version}` and one of `{package}`, `{unscoped}` (its name "
        "without npm's scope) and `{folder}` (the name of its folder). Default: no such tags; "
        "if the last release has them, castoff asks for a decision.",
        default=None,
    )
    ignore_tags: tuple[str, ...] = key(
        ListOf(FreeText(expects="a pattern of tags", check=checks.tag_glob), "patterns of tags"),
        "Tags that are not releases of this workspace: patterns with `*`, `?` and `[...]`, as in `2019.*`. castoff "
        "ignores them when it looks for the last release and its tag scheme.",
        default=(),
    )
    message: str = key(
        FreeText(
            expects="a template",
            check=checks.template("version", "previous", "date", "name", "semver", "pep440"),
        ),
        "The message of the release commit.",
        default="release {version}",
    )
    tag_message: str = key(
        FreeText(
            expects="a template",
            check=checks.template("version", "previous", "date", "name", "tag", "semver", "pep440"),
        ),
        "The first lines of the tag's message; the digests of the uploads follow.",
        default="{name} {version}",
    )
    sign: Literal["commit", "tag", "both", "none"] | None = key(
        Choice(("commit", "tag", "both", "none")),
        "What to sign. Default: as git is configured (`commit.gpgSign`, `tag.gpgSign`), and the tag "
        "also if a signing key is configured.",
        default=None,
    )
    after: tuple[tuple[str, tuple[str, ...]], ...] = key(
        Pairs(_NAMES, expects="a table of lists"),
        "Packages that go up after others although no manifest says so, for example a Python package after the crate "
        'that it is built from: `{ "python:anchor" = ["cargo:anchor"] }`. Names are as in `castoff plan`.',
        default=(),
    )
    signoff: bool = key(Flag(), "Add a `Signed-off-by` line to the release commit.", default=False)
    tokenless: bool = key(
        Flag(),
        "Upload by trusted publishing alone: the clients find no token, each exchange is tried before anything is "
        "uploaded, and uploads run in CI jobs only.",
        default=False,
    )
    facade: str | None = key(
        _NAME,
        "The package that re-exports the others and goes last (default: the one that reaches all others).",
        default=None,
    )
    only_changed: bool = key(
        Flag(),
        "Release only the packages that changed since the release of their own version, those that pin one of them, "
        "and the facade; the others keep their versions.",
        default=False,
    )
    workspaces: tuple[str, ...] = key(
        ListOf(_PATH, "folders"),
        "The folders of the workspaces that are released together, from the repository's root "
        "(default: the workspace nearest to the current folder or `-C`, or the only one of the repository). A "
        "folder of plain projects (no uv or Cargo workspace) includes those below it.",
        default=(),
    )
    pass_env: PassEnv = key(Table(PassEnv), "", default=PassEnv())
    exclude: tuple[str, ...] = key(
        _GLOBS,
        "Packages that are not part of the release: patterns of names or folders, with the ecosystem "
        "in front if two share a name (`python:quay`).",
        default=(),
    )


@table
class Run:
    """A command that is run once per workspace after the versions were written."""

    command: tuple[str, ...] = key(
        _COMMAND,
        "The command: a list of words, or a string that is split into words, without a shell. Placeholders "
        "are replaced. "
        "Its environment has `NEW_VERSION`, `PREV_VERSION`, `CRATE_NAME` (the facade) and `DRY_RUN`.",
    )
    writes: tuple[str, ...] = key(
        _GLOBS,
        "Files that it may write, as path patterns. Other changes are an error.",
        default=(),
    )
    folder: Literal["workspace", "facade"] = key(
        Choice(("workspace", "facade")),
        "Where it runs: in the repository's root, or in the folder of the facade (of the last package if "
        "there is none).",
        default="workspace",
    )


@table
class VersionSettings:
    """What else happens when the version changes."""

    run: tuple[Run, ...] = key(
        ListOf(Table(Run), "tables"), "Commands to run once per workspace.", default=()
    )
    levels: tuple[tuple[str, Literal["major", "minor", "patch"]], ...] = key(
        Pairs(Choice(("major", "minor", "patch"))),
        "The level that a change with this label asks for; `*` is for changes that have none of the other labels. The "
        "level `auto` is the highest one of the changes since the last release.",
        default=(),
    )


@table
class BuildSettings:
    """How files are built and verified."""

    cache: bool | str = key(
        FlagOrText(_PATH),
        "Where castoff remembers which crates were verified, so that a rehearsal compiles only what changed, and keeps "
        "the files of Python and npm packages until their release is out, so that a run that goes on builds nothing "
        "again: `true` is the user's folder for caches, `false` is nowhere, a path is a folder from the workspace's "
        "root (ignore it in git).",
        default=True,
    )
    executor: Literal["processes", "threads", "dask"] = key(
        Choice(("processes", "threads", "dask")),
        "Where `castoff build --shards N` builds its shards: processes or threads of this machine, or a Dask cluster "
        "(extra `castoff[distributed]`).",
        default="processes",
    )
    address: str | None = key(
        _NAME,
        "The address of the scheduler of a Dask cluster, such as `tcp://10.0.0.1:8786` (default: a cluster on this "
        "machine).",
        default=None,
    )


@table
class Replace:
    """A rule that replaces text in a file when the version changes."""

    file: str = key(_PATH, "The file, from the workspace's root.")
    search: str = key(
        FreeText(expects="a text"),
        "The text to search: a regular expression (Python's syntax; `^` and `$` match at "
        "lines). Placeholders such as `{previous}` are replaced first, as literal text.",
    )
    replace: str = key(
        _FREE,
        r"What comes in its place. Placeholders are filled in; `\1` and `\g<name>` are groups of the search.",
    )
    count: int | None = key(Integer(), "The exact number of matches.", default=None)
    min: int | None = key(
        Integer(),
        "The minimum number of matches (default: 1 without `count`).",
        default=None,
    )
    max: int | None = key(Integer(), "The maximum number of matches.", default=None)
    literal: bool = key(
        Flag(), "Treat `search` and `replace` as literal text (with placeholders).", default=False
    )
    prerelease: bool = key(Flag(), "Apply the rule to pre-releases too.", default=False)


@table
class Capture:
    """A value that stands in a file."""

    file: str = key(_PATH, "The file, from the workspace's root.")
    pattern: str = key(
        _PATTERN, "A regular expression; its first group is the value, or the whole match without groups."
    )


@table
class CheckSettings:
    """A check of your own, made before each release."""

    name: str = key(_NAME, "The name of the check in the output.")
    command: tuple[str, ...] | None = key(
        _COMMAND,
        "A command that must exit with 0: a list of words, or a string, without a shell.",
        default=None,
    )
    file: str | None = key(_PATH, "The file to search for `pattern`.", default=None)
    pattern: str | None = key(
        _PATTERN,
        "A regular expression; its first group (or the whole match) must equal `equals` at every match.",
        default=None,
    )
    equals: str | Capture | None = key(
        StringOrTable(FreeText(expects="a template", check=checks.template(), empty=True), Table(Capture)),
        "The value that the match must equal: a template, or `{file, pattern}` to take it from a file.",
        default=None,
    )
    message: str = key(_FREE, "The message if the check fails.", default="")


_REQUIREMENTS = (
    "Whether a requirement on a package of the same release that admits the new version is kept (`keep`) or "
    "updated to it (`raise`, {}). Exact pins and the requirements of the facade are always updated."
)


@table
class CargoSettings:
    """How Cargo packages are verified and published."""

    features: tuple[str, ...] = key(
        _NAMES, "Features to verify with, as for `cargo publish --features`.", default=()
    )
    all_features: bool = key(Flag(), "Verify with all features.", default=False)
    verify: bool = key(
        Flag(), "Build each package from its packed files before the first upload.", default=True
    )
    registry: str | None = key(
        _NAME,
        "The registry, by its name in Cargo's configuration (default: that of Cargo).",
        default=None,
    )
    requirements: Literal["raise", "keep"] = key(
        Choice(("raise", "keep")), _REQUIREMENTS.format("as `cargo release` does"), default="raise"
    )


@table
class PythonSettings:
    """How Python packages are built and published."""

    build: tuple[str, ...] | None = key(
        _COMMAND,
        "The build front end, run in the package's folder with the output folder as its last "
        "argument (default: `uv build`).",
        default=None,
    )
    publish: Literal["uv", "twine"] = key(Choice(("uv", "twine")), "The client that uploads.", default="uv")
    artifacts: str | None = key(
        FreeText(expects="a path", check=checks.path_or_absolute),
        "A folder of files that were built elsewhere; castoff then builds nothing.",
        default=None,
    )
    index: str | None = key(
        _NAME,
        "The index, by its name in `[[tool.uv.index]]` (default: that of the client).",
        default=None,
    )
    file_limit: int = key(
        Integer(least=1, most=100_000),
        "The size of a file, in MiB, that PyPI takes of these projects: more than the default if PyPI raised it.",
        default=100,
    )
    requirements: Literal["keep", "raise"] = key(
        Choice(("keep", "raise")),
        _REQUIREMENTS.format("so that versions are not mixed"),
        default="keep",
    )


@table
class NpmSettings:
    """How npm packages are built and published."""

    build: tuple[str, ...] | None = key(
        _COMMAND,
        "The command that builds all packages, run once in each workspace's folder after an install from the lock "
        "file (default: only the scripts that run when a package is packed). A released folder without a lock file "
        "inside of another one is a part of that one's build.",
        default=None,
    )
    artifacts: str | None = key(
        _PATH,
        "A folder of tarballs that were packed elsewhere, such as those of one platform. What is not in it is packed.",
        default=None,
    )

    access: Literal["public", "restricted"] | None = key(
        Choice(("public", "restricted")),
        "Who may see a new package (default: that of npm).",
        default=None,
    )
    dist_tag: str | None = key(
        _NAME,
        "The dist-tag of a release (default: `latest` for the highest stable version, `release-1.x` for an older "
        "line, and the kind of a pre-release, such as `rc`).",
        default=None,
    )
    staged: bool | Literal["auto"] = key(
        FlagOrText(Choice(("auto",))),
        "Whether packages are staged, and published when a person approves them with `castoff approve`. `auto` stages "
        "where the client (npm 11.15 or later) and the registry can.",
        default="auto",
    )
    verify: Literal["import", "install", "none"] = key(
        Choice(("import", "install", "none")),
        "How a package is tried at its turn in a rehearsal: installed and imported, only installed, or not at all.",
        default="import",
    )
    requirements: Literal["keep", "raise"] = key(
        Choice(("keep", "raise")), _REQUIREMENTS.format("so that nobody mixes versions"), default="keep"
    )


@table
class Rate:
    """A rate limit: so many uploads at once, and one more after each time span."""

    burst: int = key(Integer(least=1), "The number of uploads that are possible at once.")
    every: float = key(
        Seconds(), 'The time until another upload is possible: seconds, or a string like `"10m"`.'
    )


@table
class Limit:
    """The rate limits of one registry."""

    new: Rate | None = key(Table(Rate), "The limit for packages that are new to the registry.", default=None)
    version: Rate | None = key(Table(Rate), "The limit for new versions of existing packages.", default=None)
    name: str = ""
