"""Jobs that build the files of a claimed version and use them as users will: one, or several that share the work.

Each shard packs all files and verifies its share of the packages. Outputs of the legs of one job are those of one job,
so each hands on the digest of its result under a name of its own; the results travel as artifacts, and are compared
with these digests before they are joined. The files are those of the first shard.

An output reaches a step as a variable, and Linux takes none of 128 KiB (execve): with the digests of the files, that
would be some 600 Python packages. So the output is the digest of their list, which travels as an artifact.
"""

from __future__ import annotations

from castoff.values import replace
from castoff.workflows.job_parts import READS_CLAIM, build_secrets, clients, secrets, unset
from castoff.workflows.job_values import Job, Keep, LegName, Output, Script, Take
from castoff.workflows.options import WorkflowOptions
from castoff.workflows.verified_marks import joined_marks, with_marks
from castoff.workflows.wheel_jobs import WHEEL_JOBS, placed_files

_VERSION = ("version", "empty if nothing is left to upload")
_LISTED = ("listed", "the digest of the list of digests, apart from it: no later job can write it")
_WHY = "runs code of the repository and of its build requirements, so it may do nothing"
_BUILD = 'castoff/bin/castoff -C "$GITHUB_WORKSPACE" build --shard {shard} --to built --json --no-input'


def build_jobs(options: WorkflowOptions, after: tuple[str, ...]) -> tuple[Job, ...]:
    """Plan the jobs that build; the last one hands on the version and the list of its files."""
    sharded = options.shards > 1
    build = with_marks(options, _shards(options) if sharded else _build(options), by_leg=sharded)
    # A job before it does not run where nothing is claimed, or nothing is left to build.
    build = replace(build, needs=(*build.needs, *after), though_skipped=bool(after))
    if options.wheels is not None:
        build = replace(build, needs=(*WHEEL_JOBS, *build.needs), though_skipped=True, requires="tree")
    return (build, _join(options)) if sharded else (build,)


def last_build_job(options: WorkflowOptions) -> str:
    """Return the name of the job that hands on the version and the list of its files."""
    return "build" if options.shards == 1 else "join"


def _build(options: WorkflowOptions) -> Job:
    script = f"""\
cd "$RUNNER_TEMP"
{_BUILD.format(shard="1/1")} > built.json
cat built.json
version=$(jq -r 'select((.artifacts // []) != []) | .version' built.json)
echo "version=$version" >> "$GITHUB_OUTPUT"
if [ -n "$version" ]; then
  mkdir listed
  jq -r '.artifacts[] | .digest + "  " + .filename' built.json > listed/SHA256SUMS
  echo "listed=$(sha256sum < listed/SHA256SUMS | cut -d ' ' -f 1)" >> "$GITHUB_OUTPUT"
fi
"""
    names = build_secrets(options)
    return Job(
        name="build",
        title="Build the files of the claimed version, and use them as users will",
        why=_WHY,
        minutes=350,
        rights=(READS_CLAIM,),
        steps=(
            *clients(options),
            *placed_files(options, claimed=True),
            Script(
                title="Build, and verify all packages",
                script=unset(names) + script,
                variables=secrets(names),
                outputs=(_VERSION, _LISTED),
            ),
            Keep("built", "version"),
            Keep("listed", "version"),
        ),
    )


def _shards(options: WorkflowOptions) -> Job:
    shard = f'"$SHARD/{options.shards}"'
    script = f"""\
cd "$RUNNER_TEMP"
mkdir shard
{_BUILD.format(shard=shard)} > shard/result.json
cat shard/result.json
echo "result_$SHARD=$(sha256sum < shard/result.json | cut -d ' ' -f 1)" >> "$GITHUB_OUTPUT"
if [ "$SHARD" = 1 ] && [ -d built ]; then
  echo "files=true" >> "$GITHUB_OUTPUT"
fi
"""
    names = build_secrets(options)
    numbers = tuple(str(number) for number in range(1, options.shards + 1))
    return Job(
        name="build",
        title="Build the files of the claimed version, and use a share of them as users will",
        why=_WHY,
        minutes=350,
        legs=numbers,
        rights=(READS_CLAIM,),
        steps=(
            *clients(options),
            *placed_files(options, claimed=True),
            Script(
                title="Build all packages, and verify a share of them",
                script=unset(names) + script,
                variables=(("SHARD", LegName()), *secrets(names)),
                outputs=tuple(
                    (f"result_{one}", "the digest of what this shard found, apart from it") for one in numbers
                ),
            ),
            Keep("built", "files"),
            Keep("shard", by_leg=True),
        ),
    )


def _join(options: WorkflowOptions) -> Job:
    numbers = range(1, options.shards + 1)
    script = f"""\
cd "$RUNNER_TEMP/shards"
results=()
for number in $(seq {options.shards}); do
  name="RESULT_$number"
  echo "${{!name}}  shard-$number/result.json" >> RESULTS
  results+=(--join "shard-$number/result.json")
done
sha256sum --check --quiet RESULTS
mkdir ../listed
../castoff/bin/castoff build "${{results[@]}}" > ../listed/SHA256SUMS
cat ../listed/SHA256SUMS
if [ -s ../listed/SHA256SUMS ]; then
  echo "version=$(jq -r .version shard-1/result.json)" >> "$GITHUB_OUTPUT"
  echo "listed=$(sha256sum < ../listed/SHA256SUMS | cut -d ' ' -f 1)" >> "$GITHUB_OUTPUT"
fi
"""
    return Job(
        name="join",
        title="Compare what the shards built",
        why="runs no code of the project",
        needs=("build",),
        though_skipped=True,
        requires="build",
        minutes=30,
        rights=(READS_CLAIM,),
        steps=(
            Take("shard", by_leg=True),
            Script(
                title="Require the same bytes of all shards, and that each package was verified",
                script=script,
                variables=tuple((f"RESULT_{one}", Output("build", f"result_{one}")) for one in numbers),
                outputs=(_VERSION, _LISTED),
            ),
            Keep("listed", "version"),
            *joined_marks(options),
        ),
    )
