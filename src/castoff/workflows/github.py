"""Workflows of GitHub Actions, written from the values of :mod:`castoff.workflows.job_values`.

Nothing of an event stands inside a ``run``: it reaches the shell as a variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill, indent

from castoff.model.refs import PROPOSED
from castoff.model.release_tree import TREE_TIME
from castoff.workflows import texts
from castoff.workflows.job_values import (
    AppToken,
    Attest,
    Clients,
    DefaultBranch,
    Input,
    Job,
    JobToken,
    Keep,
    LegName,
    LegNumber,
    Mint,
    Output,
    PlatformWheels,
    Recall,
    ReleaseBranch,
    Remember,
    Script,
    Secret,
    SigningKey,
    StartInput,
    Step,
    Take,
    Uv,
    Value,
    Workflow,
)
from castoff.workflows.options import ATTESTING_ACTION

_STEP = "run"
"""The id of the one step of a job that hands values on."""
_LEG = "matrix.leg"
_APP = "app"
"""The id of the step that makes a token of an app."""
_THOUGH_FAILED = "        if: ${{ !cancelled() }} # what was verified before an error stays verified\n"
_OWN = "github.repository == @REPOSITORY@"
_BASE = "github.event.pull_request.base.ref"
_AT_BRANCH = texts.CHECKOUT.replace(
    "        with:\n",
    f"        with:\n          ref: ${{{{ {_BASE} || github.ref }}}} # the branch of the claim\n",
)
_MERGED = (
    "(github.event_name == 'workflow_dispatch' ||\n"
    f"      (github.event.pull_request.merged && startsWith(github.head_ref, '{PROPOSED}') &&\n"
    "      github.event.pull_request.head.repo.full_name == github.repository))"
)

_NODE = """\
      - uses: actions/setup-node@@SETUP_NODE@
        with:
          node-version: 24 # its npm asks for a short-lived token where the registry trusts this workflow
          package-manager-cache: false # a cache could be filled by other workflows
"""
"""Without `registry-url`, which writes an empty token line that keeps npm from asking (npm/cli#9088)."""

_COREPACK = """\
      - name: Install the client of the workspace, at the version of `packageManager`
        run: corepack enable {names}
"""

_BUN = """\
      - uses: oven-sh/setup-bun@@SETUP_BUN@
        with:
          no-cache: true
"""

_SIGNING = """\
      - name: Install the signing key
        env:
          SIGNING_KEY: ${{ secrets.SIGNING_KEY }}
        run: |
          umask 077
          printf '%s\\n' "$SIGNING_KEY" > "$RUNNER_TEMP/signing-key"
          ssh-keygen -y -f "$RUNNER_TEMP/signing-key" > "$RUNNER_TEMP/signing-key.pub"
          git config gpg.format ssh
          git config user.signingkey "$RUNNER_TEMP/signing-key.pub"
"""


def render_github(workflow: Workflow) -> str:
    """Write a workflow; places between ``@`` are left for pins and names that all workflows share."""
    jobs = "\n".join(_job(workflow, one) for one in workflow.jobs)
    return (
        f"{texts.HEADER}name: castoff {workflow.name}\non:\n{_events(workflow)}\npermissions: {{}}\n\n"
        f"concurrency:\n  group: {_group(workflow)}\n  cancel-in-progress: false\n\njobs:\n{jobs}"
    )


def _events(workflow: Workflow) -> str:
    merged = "  pull_request:\n    types: [closed]\n" if workflow.after_proposal else ""
    entries = "".join(_entry(one) for one in workflow.entries)
    branches = "".join(f"      - '{one}'\n" for one in workflow.after_push)
    pushed = f"  push:\n    branches:\n{branches}" if branches else ""
    return f"{merged}{pushed}  workflow_dispatch:\n" + (f"    inputs:\n{entries}" if entries else "")


def _entry(entry: StartInput) -> str:
    needed = "true" if entry.required else "false"
    default = f"        default: '{entry.default}'\n" if entry.default is not None else ""
    return (
        f"      {entry.name}:\n        description: '{entry.description}'\n        required: {needed}\n"
        f"        type: string\n{default}"
    )


def _group(workflow: Workflow) -> str:
    if not workflow.after_proposal:
        return workflow.group
    # Any other pull request that is closed starts a run as well: each in a group of its own, so that it neither waits
    # nor takes the one place of a waiting release.
    ours = f"github.event_name == 'workflow_dispatch' || startsWith(github.head_ref, '{PROPOSED}')"
    return f">-\n    {workflow.group}-${{{{ ({ours}) && 'all' ||\n    github.run_id }}}}"


def _job(workflow: Workflow, job: Job) -> str:
    needs = ", ".join(job.needs)
    of_all = f" of {len(job.legs)}" if not job.on_legs else ""
    of_leg = f" (${{{{ {_LEG} }}}}{of_all})" if job.legs else ""
    lines = [f"  {job.name}: # {job.why}\n    name: {job.title}{of_leg}\n"]
    if job.needs:
        lines.append(f"    needs: {needs}\n" if len(job.needs) == 1 else f"    needs: [{needs}]\n")
    if conditions := list(_conditions(workflow, job)):
        joined = " &&\n      ".join(conditions)
        lines.append(f"    if: >-\n      ${{{{ {joined} }}}}\n")
    if job.legs:
        lines.append(
            f"    strategy:\n      fail-fast: false # what other legs find is worth knowing\n{_matrix(job)}"
        )
    lines.append(f"    runs-on: {f'${{{{ {_LEG} }}}}' if job.on_legs else 'ubuntu-latest'}\n")
    limit = " # a job ends after six hours at the latest" if job.minutes > 300 else ""
    lines.append(f"    timeout-minutes: {job.minutes}{limit}\n")
    if job.environment:
        lines.append(f"    environment: {job.environment} # its rules can hold the job back\n")
    lines.append("    permissions:\n" if job.rights else "    permissions: {}\n")
    lines += [f"      {one.area}: {one.access} # {one.why}\n" for one in job.rights]
    if outputs := [one for step in job.steps if isinstance(step, Script) for one in step.outputs]:
        lines.append("    outputs:\n")
        lines += [f"      {name}: ${{{{ steps.{_STEP}.outputs.{name} }}}} # {why}\n" for name, why in outputs]
    if job.on_legs:
        lines.append("    defaults:\n      run:\n        shell: bash # on Windows as well\n")
    lines.append("    steps:\n")
    if job.castoff:
        lines += [texts.CHECKOUT if job.at == "commit" else _AT_BRANCH, texts.UV]
    return "".join([*lines, *map(_step, job.steps)])


def _matrix(job: Job) -> str:
    names = fill(", ".join(job.legs), 100, initial_indent=" " * 10, subsequent_indent=" " * 10)
    return f"      matrix:\n        leg: [\n{names}\n        ]\n"


def _conditions(workflow: Workflow, job: Job) -> Iterator[str]:
    if not job.needs or job.though_skipped:
        # A fork has none of the secrets, and would only fail.
        yield _OWN
    if job.though_skipped:
        # Without a function of states GitHub skips a job where any job before it was skipped, of `needs` or not.
        yield "!failure() && !cancelled()"
    if workflow.after_proposal and not job.needs:
        yield _MERGED
    if job.requires:
        yield f"needs.{job.requires}.result == 'success'"
    if job.given is not None:
        yield _value(job.given)
    if job.unless is not None:
        yield f"!{_value(job.unless)}"


def _step(step: Step) -> str:
    match step:
        case Script():
            return _run(step)
        case Clients(packers):
            by_corepack = " ".join(sorted({"pnpm", "yarn"} & set(packers)))
            corepack = _COREPACK.format(names=by_corepack) if by_corepack else ""
            return _NODE + corepack + (_BUN if "bun" in packers else "")
        case Uv():
            return texts.SETUP_UV
        case PlatformWheels(package, into):
            return (
                f"      - uses: pypa/cibuildwheel@@CIBUILDWHEEL@\n"
                f"        env:\n          SOURCE_DATE_EPOCH: {TREE_TIME}\n"
                f"        with:\n          package-dir: {package}\n"
                f"          output-dir: ${{{{ runner.temp }}}}/{into}\n"
            )
        case SigningKey():
            return _SIGNING
        case Mint(name, rights):
            listing = "".join(f"          permission-{one.area}: {one.access}\n" for one in rights)
            return (
                f"      - uses: actions/create-github-app-token@@APP_TOKEN@\n        id: {_APP}\n        with:\n"
                f"          client-id: ${{{{ vars.{name}_CLIENT_ID }}}}\n"
                f"          private-key: ${{{{ secrets.{name}_PRIVATE_KEY }}}}\n{listing}"
            )
        case Recall() | Remember():
            return _cache(step)
        case Attest(listed):
            return (
                f"      - uses: {ATTESTING_ACTION}@ATTEST@\n"
                f"        with:\n          subject-checksums: ${{{{ runner.temp }}}}/{listed}\n"
            )
        case Keep(folder, given, by_leg):
            condition = f"        if: ${{{{ steps.{_STEP}.outputs.{given} }}}}\n" if given is not None else ""
            of_leg = f"-${{{{ {_LEG} }}}}" if by_leg else ""
            return (
                f"      - uses: actions/upload-artifact@@UPLOAD@\n{condition}"
                f"        with:\n          name: {folder}{of_leg}\n          path: ${{{{ runner.temp }}}}/{folder}\n"
                "          if-no-files-found: error\n          overwrite: true # of an earlier attempt\n"
            )
        case Take(folder, given, by_leg):
            condition = f"        if: ${{{{ {_value(given)} }}}}\n" if given is not None else ""
            # A folder of its own for each artifact: none can replace a file of another one.
            which, into = (f"pattern: {folder}-*", f"{folder}s") if by_leg else (f"name: {folder}", folder)
            return (
                f"      - uses: actions/download-artifact@@DOWNLOAD@\n{condition}"
                f"        with:\n          {which}\n          path: ${{{{ runner.temp }}}}/{into}\n"
            )


def _cache(step: Recall | Remember) -> str:
    begins = f"castoff-{step.folder}-${{{{ runner.os }}}}-${{{{ runner.arch }}}}-{step.of}-"
    path = f"        with:\n          path: ${{{{ runner.temp }}}}/{step.folder}\n"
    if isinstance(step, Recall):
        # Keys are written once, so that the newest one of those that begin so is taken.
        key = f"          key: {begins}${{{{ github.run_id }}}}\n          restore-keys: {begins}\n"
        return f"      - uses: actions/cache/restore@@CACHE@\n{path}{key}"
    run = "${{ github.run_id }}-${{ github.run_attempt }}-${{ github.job }}"
    return f"      - uses: actions/cache/save@@CACHE@\n{_THOUGH_FAILED}{path}          key: {begins}{run}\n"


def _run(step: Script) -> str:
    condition = _THOUGH_FAILED if step.though_failed else ""
    named = f"        id: {_STEP}\n" if step.outputs else ""
    token = f"          GH_TOKEN: ${{{{ {_token(step.token)} }}}}\n" if step.token is not None else ""
    given = "".join(f"          {name}: ${{{{ {_value(one)} }}}}\n" for name, one in step.variables)
    git = texts.WHO if step.commits else texts.GIT if step.token else ""
    environment = f"        env:\n{token}{given}{git}" if token or given or git else ""
    return f"      - name: {step.title}\n{named}{condition}{environment}        run: |\n{indent(step.script, ' ' * 10)}"


def _token(token: Secret | JobToken | AppToken) -> str:
    match token:
        case Secret(name):
            return f"secrets.{name}"
        case AppToken():
            return f"steps.{_APP}.outputs.token"
        case JobToken():
            return "github.token"


def _value(value: Value) -> str:
    match value:
        case Secret(name):
            return f"secrets.{name}"
        case Output(job, name):
            return f"needs.{job}.outputs.{name}"
        case Input(name, otherwise):
            return f"inputs.{name}" + (f" || '{otherwise}'" if otherwise else "")
        case ReleaseBranch():
            return f"{_BASE} || github.ref_name"
        case DefaultBranch():
            return "github.event.repository.default_branch"
        case LegName():
            return _LEG
        case LegNumber():
            return "strategy.job-index"
