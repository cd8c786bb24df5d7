"""Texts of castoff's GitHub workflows.

Data only. ``@NAME@`` is replaced by ``castoff.workflows.plan``. Nothing of a pull request's or a tag's
text stands inside a ``run``: it reaches the shell as an environment variable, in quotes. Every job has its
own, least permissions. No token stays in the checkout, where a build could read it: git asks a helper, which answers
from the environment of the one step that pushes. castoff and all that it needs are installed by their hashes, and
without running any code of theirs.
"""

from __future__ import annotations

HEADER = """\
# Written by `castoff ci`. Change castoff.toml and run it again, rather than this file.
"""

_START = """\
    runs-on: ubuntu-latest
    if: ${{ github.repository == @REPOSITORY@ }}
"""

_CHECKOUT = """\
      - uses: actions/checkout@@CHECKOUT@
        with:
          fetch-depth: 0 # castoff reads tags and history
          persist-credentials: false
"""

_AT_HOME = _CHECKOUT.replace(
    "        with:\n",
    "        with:\n"
    "          ref: ${{ github.event.repository.default_branch }} # where the changelog lives\n",
)

_UV = """\
      - uses: astral-sh/setup-uv@@UV@
        with:
          enable-cache: false
      - name: Install castoff, by hashes
        run: |
          uv venv --no-project --python '>=3.11' "$RUNNER_TEMP/castoff"
          export VIRTUAL_ENV="$RUNNER_TEMP/castoff"
          uv pip install --no-config --require-hashes --no-build -r @LOCK@
@INSTALL@          uv pip check
"""

INSTALL_COMMIT = """\
          uv pip install --no-config --no-deps --no-build-isolation @CASTOFF@
"""
"""A commit has no hash to require: it is one. What builds it comes from the lock file."""

_GIT = """\
          GIT_CONFIG_COUNT: 1
          GIT_CONFIG_KEY_0: credential.https://github.com.helper
          GIT_CONFIG_VALUE_0: >-
            !f() { test "$1" = get && echo username=x-access-token && echo "password=$GH_TOKEN"; }; f
"""
"""A runner's git has no credentials, and a private repository cannot even be read without: the helper gives it the
token of this step."""

DRAFT = (
    HEADER
    + """\
name: castoff draft
on:
  push:
    tags: @TAGS@

permissions: {}

concurrency:
  group: castoff-draft-${{ github.ref }}
  cancel-in-progress: false

jobs:
  draft:
    name: Draft the release
"""
    + _START
    + """\
    timeout-minutes: 15
    permissions:
      contents: write # to create the draft
      pull-requests: read # to read titles and labels
    steps:
"""
    + _CHECKOUT
    + _UV
    + """\
      - name: Create or update the draft
        env:
          GH_TOKEN: ${{ github.token }}
          TAG: ${{ github.ref_name }}
"""
    + _GIT
    + """\
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" draft --execute --no-input -- "$TAG"
"""
)

LABELS = (
    HEADER
    + """\
name: castoff labels
on:
  pull_request:
    types: [opened, reopened, synchronize, edited, labeled, unlabeled]

permissions: {}

concurrency:
  group: castoff-labels-${{ github.event.pull_request.number }}
  cancel-in-progress: true

jobs:
  labels:
    name: One label of a kind
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions:
      contents: read # to read the configuration
      pull-requests: read # to read the labels
    steps:
"""
    + _CHECKOUT.replace(
        "        with:\n",
        "        with:\n"
        "          ref: ${{ github.event.pull_request.base.sha }} # the configuration that is in force\n",
    )
    + _UV
    + """\
      - name: Require exactly one label that sets a kind
        env:
          GH_TOKEN: ${{ github.token }}
          PULL_REQUEST: ${{ github.event.pull_request.number }}
"""
    + _GIT
    + """\
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" check --only labels --pull-request "$PULL_REQUEST"
"""
)

PUBLISHED = (
    HEADER
    + """\
# A release published by a workflow with its own token does not start other workflows; one published by a person does.
name: castoff after the release
on:
  release:
    types: [published]
  workflow_dispatch:
    inputs:
      tag:
        description: The tag of the release whose notes to copy
        required: true
        type: string

permissions: {}

concurrency:
  group: castoff-after
  cancel-in-progress: false

jobs:
  port:
    name: Port the notes
"""
    + _START
    + """\
    timeout-minutes: 15
    permissions:
      contents: write # to push the changelog
@PORT_PERMISSIONS@\
    steps:
"""
    + _AT_HOME
    + _UV
    + """\
@PORT_STEPS@"""
)

PORT_STEP = """\
      - name: @WHAT@
        env:
          GH_TOKEN: ${{ @TOKEN@ }}
          TAG: ${{ inputs.tag || github.event.release.tag_name }}
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" @COMMAND@ --execute --no-input -- "$TAG"
"""

_WHO = (
    """\
          GIT_AUTHOR_NAME: github-actions[bot]
          GIT_AUTHOR_EMAIL: 41898282+github-actions[bot]@users.noreply.github.com
          GIT_COMMITTER_NAME: github-actions[bot]
          GIT_COMMITTER_EMAIL: 41898282+github-actions[bot]@users.noreply.github.com
"""
    + _GIT
)
"""A runner's git has no identity to commit as."""

PORT_STEP = PORT_STEP.replace("        run:", _WHO + "        run:")

PROPOSE = (
    HEADER
    + """\
name: castoff propose
on:
  workflow_dispatch:
    inputs:
      level:
        description: patch, minor, major, release, rc, beta, alpha, or an exact version (1.2.3)
        required: true
        type: string
        default: minor
      pre:
        description: With patch, minor or major, the kind of a pre-release (alpha, beta or rc)
        required: false
        type: string

permissions: {}

concurrency:
  group: castoff-propose
  cancel-in-progress: false

jobs:
  rehearse: # runs code of the repository and of its build requirements, so it may do nothing
    name: Build the release, and rehearse it
"""
    + _START
    + """\
    timeout-minutes: 120
    permissions:
      contents: read # to read the repository and its tags
      issues: read # to look at the milestone
      pull-requests: read # to read titles and labels
    steps:
"""
    + _CHECKOUT
    + _UV
    + """\
      - name: Rehearse the release and its pull request
        env:
          GH_TOKEN: ${{ github.token }}
          LEVEL: ${{ inputs.level }}
          PRE: ${{ inputs.pre }}
@BUILD_SECRETS@\
"""
    + _GIT
    + """\
        run: |
@UNSET@\
          exec "$RUNNER_TEMP/castoff/bin/castoff" rehearse --pull-request --no-input \\
            ${PRE:+"--pre=$PRE"} -- "$LEVEL"

  propose: # may write, and builds nothing; it stops if the branch moved on since the rehearsal
    name: Propose a release
    needs: rehearse
"""
    + _START
    + """\
    timeout-minutes: 60
    permissions:
      contents: write # to push the branch of the proposal
      issues: read # to look at the milestone
      pull-requests: write # to open the pull request
    steps:
"""
    + _CHECKOUT
    + _UV
    + """\
@SIGNING@\
      - name: Create or update the release pull request
        env:
          GH_TOKEN: ${{ github.token }}
          LEVEL: ${{ inputs.level }}
          PRE: ${{ inputs.pre }}
"""
    + _WHO
    + """\
        run: |
          exec "$RUNNER_TEMP/castoff/bin/castoff" release --pull-request --execute --rehearsed --no-input \\
            ${PRE:+"--pre=$PRE"} -- "$LEVEL"
"""
)

UNSET = """\
          for name in @NAMES@; do
            if [ -z "${!name}" ]; then unset "$name"; fi # a secret that does not exist
          done
"""

_CLAIMED = _CHECKOUT.replace(
    "        with:\n",
    "        with:\n"
    "          ref: ${{ github.event.pull_request.base.ref || github.ref }} # the branch of the claim\n",
)

RESUME = (
    HEADER
    + """\
name: castoff release
on:
  pull_request:
    types: [closed]
  workflow_dispatch: # continues with the release in progress

permissions: {}

jobs:
  build: # runs code of the repository and of its build requirements, so it may do nothing
    name: Build the files of the claimed version
    runs-on: ubuntu-latest
    if: >-
      ${{ github.repository == @REPOSITORY@ && (github.event_name == 'workflow_dispatch' ||
      (github.event.pull_request.merged && startsWith(github.head_ref, 'castoff/release-') &&
      github.event.pull_request.head.repo.full_name == github.repository)) }}
    timeout-minutes: 120
    permissions:
      contents: read # to read the claim and the tags
    outputs:
      version: ${{ steps.build.outputs.version }}
    steps:
"""
    + _CLAIMED
    + _UV
    + """\
      - name: Build
        id: build
        env:
          GH_TOKEN: ${{ github.token }}
@BUILD_SECRETS@\
"""
    + _GIT
    + """\
        run: |
@UNSET@\
          cd "$RUNNER_TEMP"
          castoff/bin/castoff -C "$GITHUB_WORKSPACE" build --to built --json --no-input > built.json
          cat built.json
          version=$(jq -r 'select((.artifacts // []) != []) | .version' built.json)
          echo "version=$version" >> "$GITHUB_OUTPUT" # empty if nothing is left to upload
      - uses: actions/upload-artifact@@UPLOAD@
        if: ${{ steps.build.outputs.version }}
        with:
          name: built
          path: ${{ runner.temp }}/built
          if-no-files-found: error
          overwrite: true # of an earlier attempt

  publish: # holds the upload's rights, and builds nothing
    name: Upload the files and push the tag
    needs: build
    if: ${{ needs.build.outputs.version }}
    runs-on: ubuntu-latest
    concurrency:
      group: castoff-publish
      cancel-in-progress: false
    timeout-minutes: 120
    environment: release # its protection rules can hold the job back; trusted publishers refer to it
    permissions:
      contents: write # to push the tag
@PUBLISH_PERMISSIONS@\
    steps:
"""
    + _CLAIMED
    + _UV
    + """\
      - uses: actions/download-artifact@@DOWNLOAD@
        with:
          name: built
          path: ${{ runner.temp }}/built
@SIGNING@\
      - name: Upload and tag
        env:
          GH_TOKEN: ${{ github.token }}
          VERSION: ${{ needs.build.outputs.version }}
@UPLOAD_TOKENS@\
"""
    + _WHO
    + """\
        run: |
@UNSET_TOKENS@\
          exec "$RUNNER_TEMP/castoff/bin/castoff" resume --execute --no-input \\
            --built "$RUNNER_TEMP/built" --publish-only -- "$VERSION"

  finish: # knows no upload token
    name: Draft the release, and close its milestone; a person announces
    needs: [build, publish]
    if: ${{ !failure() && !cancelled() && needs.build.result == 'success' }} # also where everything is uploaded
    runs-on: ubuntu-latest
    concurrency:
      group: castoff-finish
      cancel-in-progress: false
    timeout-minutes: 60
    permissions:
      contents: write # to make the draft, and to push the changelog
      issues: write # to close the milestone, and to report a failed build of the documentation
@FINISH_PERMISSIONS@\
    steps:
"""
    + _CLAIMED
    + _UV
    + """\
      - name: Draft the release, and do what follows the tag
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + _WHO
    + """\
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" resume --execute --no-input
"""
)

RESUME_DRAFT = (
    """\
      - name: Draft the release, since a tag pushed by a job does not start other workflows
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + _GIT
    + """\
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" draft --execute --no-input
"""
)

SIGNING = """\
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

REMINDER = (
    HEADER
    + """\
name: castoff reminder
on:
  schedule:
    - cron: @REMINDER_CRON@
  workflow_dispatch:

permissions: {}

concurrency:
  group: castoff-reminder
  cancel-in-progress: false

jobs:
  remind:
    name: Remind about a release
"""
    + _START
    + """\
    timeout-minutes: 10
    permissions:
      contents: read
      issues: write # to open the reminder
      pull-requests: read # to read titles and labels
    steps:
"""
    + _CHECKOUT
    + _UV
    + """\
      - name: Open an issue when a release is due, or one was left unfinished
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + _GIT
    + """\
        run: |
          code=0
          "$RUNNER_TEMP/castoff/bin/castoff" status --exit-code > status.txt 2> said.txt || code=$?
          cat status.txt said.txt
          case "$code" in
            0) exit 0 ;;
            3) title="A release is unfinished" ;;
            4) title="A release is blocked" ;;
            5) title="A release is due" ;;
            *) exit "$code" ;; # castoff failed
          esac
          cat said.txt >> status.txt
          open=$(gh issue list --state open --search "in:title \\"$title\\"" --json number --jq length)
          if [ "$open" -eq 0 ]; then
            gh issue create --title "$title" --body-file status.txt
          fi
"""
)

DOCUMENTATION = (
    HEADER
    + """\
name: castoff documentation
on:
  release:
    types: [published]
  schedule:
    - cron: @DOCS_CRON@
  workflow_dispatch:

permissions: {}

concurrency:
  group: castoff-documentation
  cancel-in-progress: false

jobs:
  watch:
    name: Watch the documentation builds
"""
    + _START
    + """\
    timeout-minutes: 60
    permissions:
      contents: write # to upgrade symbol links in the release and in the changelog
      issues: write # to report a failed build once
@PORT_PERMISSIONS@\
    steps:
"""
    + _AT_HOME
    + _UV
    + """\
      - name: Check the documentation builds
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + _WHO
    + """\
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" docs --execute --no-input
"""
)
