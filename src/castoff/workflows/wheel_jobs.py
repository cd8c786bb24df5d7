"""Jobs that build the Python files of a release on several machines, before a version is claimed and after it.

    tree    writes the files that the release is built from; reads the repository, and has no other right
    wheels  builds the wheels of each platform from them, at the same time; no rights, and no clone
    sdists  builds the sdists, and the wheels that fit all platforms; no rights, and no clone

The jobs that rehearse and build get their files. The claim does not change the tree, so that nothing is built twice in
one run: the job that builds compares the tree of the claimed version with that of the wheels. All is handed on as
artifacts, and compared with digests that are outputs of the jobs, which no later job can write.
"""

from __future__ import annotations

from typing import Literal

from castoff.model.release_tree import TREE_TIME
from castoff.workflows.job_parts import CASTOFF, clients
from castoff.workflows.job_values import (
    Job,
    JobToken,
    Keep,
    LegNumber,
    Output,
    PlatformWheels,
    Right,
    Script,
    Step,
    Take,
    Uv,
    Value,
)
from castoff.workflows.options import WheelBuilds, WorkflowOptions

WHEEL_JOBS = ("tree", "wheels", "sdists")

_TREE = Output("tree", "digest")
_PART = "part"
_SDISTS = f"{_PART}-sdists"
# On macOS, `sha256sum` is not on every machine.
_SHA256 = """\
sha256() { if command -v sha256sum > /dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
"""
UNPACK = f"""\
{_SHA256}cd "$RUNNER_TEMP"
echo "$TREE *tree/tree.tar" | sha256 --check
cd "$GITHUB_WORKSPACE"
find . -mindepth 1 -delete # of an earlier run, on a machine of one's own
tar -xf - < "$RUNNER_TEMP/tree/tree.tar"
git init --quiet
git config user.name castoff
git config user.email castoff@localhost
git config core.autocrlf false
git add --all --force
git commit --quiet --no-gpg-sign --message 'The files of the release'
for tag in $TAGS; do
  git tag --annotate --no-sign --message "$tag" "$tag"
done
"""


def wheel_jobs(
    options: WorkflowOptions, at: Literal["commit", "branch"], wanted: tuple[tuple[str, Value], ...] = ()
) -> tuple[Job, ...]:
    """Plan the jobs, none without wheels; with LEVEL and PRE in ``wanted``, of what a level would claim."""
    builds = options.wheels
    if builds is None:
        return ()
    return _tree(options, at, wanted), _wheels(builds), _sdists(builds)


def placed_files(options: WorkflowOptions, *, claimed: bool = False) -> tuple[Step, ...]:
    """Put the files of these jobs where castoff finds them; of a ``claimed`` version, only if its tree is that one."""
    if options.wheels is None:
        return ()
    folder = f'"$GITHUB_WORKSPACE/{options.wheels.folder}"'
    places = "".join(
        f'place {_PART}-{one} "$WHEELS_{number}"\n' for number, one in enumerate(options.wheels.runners)
    )
    script = f"""\
place() {{
  echo "$2  $1/SHA256SUMS" | sha256sum --check --quiet
  (cd "$1" && sha256sum --check --quiet SHA256SUMS)
  cut -c 67- "$1/SHA256SUMS" | while read -r name; do
    test "$name" = "${{name##*/}}"
    if [ -e {folder}/"$name" ]; then
      cmp "$1/$name" {folder}/"$name" # two jobs may have built one file, if it is the same
    else
      cp "$1/$name" {folder}
    fi
  done
}}
if [ -z "$TREE" ]; then exit 0; fi # everything is uploaded
{_SAME_TREE if claimed else ""}mkdir -p {folder}
cd "$RUNNER_TEMP/{_PART}s"
{places}place {_SDISTS} "$SDISTS"
"""
    digests = tuple(
        (f"WHEELS_{number}", Output("wheels", f"wheels_{number}"))
        for number, _ in enumerate(options.wheels.runners)
    )
    return (
        Take(_PART, _TREE, by_leg=True),
        Script(
            title="Put the files of all platforms into one folder",
            script=script,
            variables=(("TREE", _TREE), *digests, ("SDISTS", Output("sdists", "sdists"))),
            token=JobToken() if claimed else None,
        ),
    )


_SAME_TREE = f"""\
{CASTOFF} -C "$GITHUB_WORKSPACE" tree --to "$RUNNER_TEMP/claimed.tar" --no-input
if ! echo "$TREE  $RUNNER_TEMP/claimed.tar" | sha256sum --check --quiet; then
  echo "the claimed version has other files than those that the wheels were built from:" \\
    "start this workflow again, without a level"
  exit 1
fi
"""


def _tree(
    options: WorkflowOptions, at: Literal["commit", "branch"], wanted: tuple[tuple[str, Value], ...]
) -> Job:
    level = ' \\\n  ${PRE:+"--pre=$PRE"} ${LEVEL:+-- "$LEVEL"}' if wanted else ""
    script = f"""\
cd "$RUNNER_TEMP"
mkdir tree
{CASTOFF} -C "$GITHUB_WORKSPACE" tree --to tree/tree.tar --json --no-input{level} > tree.json
cat tree.json
echo "digest=$(jq -r '.digest // ""' tree.json)" >> "$GITHUB_OUTPUT"
echo "tags=$(jq -r '(.tags // []) | join(" ")' tree.json)" >> "$GITHUB_OUTPUT"
"""
    return Job(
        name="tree",
        title="Write the files that the release is built from",
        why="may run commands of the repository, so it may do nothing",
        minutes=60,
        rights=(Right("contents", "read", "to read the repository and its tags"),),
        at=at,
        steps=(
            *clients(options),
            Script(
                title="Write the files, with the version of the release",
                script=script,
                variables=wanted,
                outputs=(
                    ("digest", "of the files; empty if nothing is left to upload"),
                    ("tags", "for tools that take the version from a tag"),
                ),
            ),
            Keep("tree", "digest"),
        ),
    )


def _unpacked() -> tuple[Step, ...]:
    return (
        Take("tree"),
        Script(
            title="Unpack the files into a repository that has the tag",
            script=UNPACK,
            variables=(("TREE", _TREE), ("TAGS", Output("tree", "tags"))),
            token=None,
        ),
    )


def _listing(folder: str, output: str) -> str:
    """Write the list of the files in a folder beside them, and hand its digest on."""
    return f"""\
{_SHA256}cd "$RUNNER_TEMP/{folder}"
shopt -s nullglob
files=(*.whl *.tar.gz)
test "${{#files[@]}}" -gt 0
sha256 "${{files[@]}}" > SHA256SUMS
cat SHA256SUMS
echo "{output}=$(sha256 < SHA256SUMS | cut -c 1-64)" >> "$GITHUB_OUTPUT"
"""


def _wheels(builds: WheelBuilds) -> Job:
    return Job(
        name="wheels",
        title="Build the wheels of a platform",
        why="runs code of the repository and of its build requirements, so it may do nothing",
        needs=("tree",),
        given=_TREE,
        castoff=False,
        minutes=350,
        rights=(),
        legs=builds.runners,
        on_legs=True,
        steps=(
            *_unpacked(),
            *(PlatformWheels(one, _PART) for one in builds.compiled),
            Script(
                title="List the wheels",
                script=_listing(folder=_PART, output="wheels_$NUMBER"),
                variables=(("NUMBER", LegNumber()),),
                outputs=tuple(
                    (f"wheels_{number}", f"the digest of the list of {one}, apart from it")
                    for number, one in enumerate(builds.runners)
                ),
                token=None,
            ),
            Keep(_PART, by_leg=True),
        ),
    )


def _sdists(builds: WheelBuilds) -> Job:
    build = 'uv build --no-progress --no-create-gitignore --out-dir "$RUNNER_TEMP/' + _SDISTS + '"'
    commands = [f"(cd {one} && {build} --sdist)\n" for one in builds.compiled]
    commands += [f"(cd {one} && {build})\n" for one in builds.pure]
    return Job(
        name="sdists",
        title="Build the sdists, and the wheels for all platforms",
        why="runs code of the repository and of its build requirements, so it may do nothing",
        needs=("tree",),
        given=_TREE,
        castoff=False,
        minutes=120,
        rights=(),
        steps=(
            *_unpacked(),
            Uv(),
            Script(
                title="Build the files, and list them",
                script='cd "$GITHUB_WORKSPACE"\n'
                + f"export SOURCE_DATE_EPOCH={TREE_TIME}\n"
                + "".join(commands)
                + _listing(folder=_SDISTS, output="sdists"),
                outputs=(("sdists", "the digest of their list, apart from it"),),
                token=None,
            ),
            Keep(_SDISTS),
        ),
    )
