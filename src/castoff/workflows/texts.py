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

START = """\
    runs-on: ubuntu-latest
    if: ${{ github.repository == @REPOSITORY@ }}
"""

CHECKOUT = """\
      - uses: actions/checkout@@CHECKOUT@
        with:
          fetch-depth: 0 # castoff reads tags and history
          persist-credentials: false
"""

_AT_HOME = CHECKOUT.replace(
    "        with:\n",
    "        with:\n"
    "          ref: ${{ github.event.repository.default_branch }} # where the changelog lives\n",
)

SETUP_UV = """\
      - uses: astral-sh/setup-uv@@UV@
        with:
          enable-cache: false
"""

UV = (
    SETUP_UV
    + """\
      - name: Install castoff, by hashes
        run: |
          uv venv --no-project --python '>=3.11' "$RUNNER_TEMP/castoff"
          export VIRTUAL_ENV="$RUNNER_TEMP/castoff"
          uv pip install --no-config --require-hashes --no-build -r @LOCK@
@INSTALL@          uv pip check
"""
)

INSTALL_COMMIT = """\
          uv pip install --no-config --no-deps --no-build-isolation @CASTOFF@
"""
"""A commit has no hash to require: it is one. What builds it comes from the lock file."""

GIT = """\
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
    + START
    + """\
    timeout-minutes: 15
    permissions:
      contents: write # to create the draft
      pull-requests: read # to read titles and labels
    steps:
"""
    + CHECKOUT
    + UV
    + """\
      - name: Create or update the draft
        env:
          GH_TOKEN: ${{ github.token }}
          TAG: ${{ github.ref_name }}
"""
    + GIT
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
    + CHECKOUT.replace(
        "        with:\n",
        "        with:\n"
        "          ref: ${{ github.event.pull_request.base.sha }} # the configuration that is in force\n",
    )
    + UV
    + """\
      - name: Require exactly one label that sets a kind
        env:
          GH_TOKEN: ${{ github.token }}
          PULL_REQUEST: ${{ github.event.pull_request.number }}
"""
    + GIT
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
    + START
    + """\
    timeout-minutes: 15
    permissions:
      contents: write # to push the changelog
@PORT_PERMISSIONS@\
    steps:
"""
    + _AT_HOME
    + UV
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

WHO = (
    """\
          GIT_AUTHOR_NAME: github-actions[bot]
          GIT_AUTHOR_EMAIL: 41898282+github-actions[bot]@users.noreply.github.com
          GIT_COMMITTER_NAME: github-actions[bot]
          GIT_COMMITTER_EMAIL: 41898282+github-actions[bot]@users.noreply.github.com
"""
    + GIT
)
"""A runner's git has no identity to commit as."""

PORT_STEP = PORT_STEP.replace("        run:", WHO + "        run:")

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
    + START
    + """\
    timeout-minutes: 10
    permissions:
      contents: read
      issues: write # to open the reminder
      pull-requests: read # to read titles and labels
    steps:
"""
    + CHECKOUT
    + UV
    + """\
      - name: Open an issue when a release is due, or one was left unfinished
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + GIT
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

VERIFY = (
    HEADER
    + """\
name: castoff verify
on:
  schedule:
    - cron: @VERIFY_CRON@
  workflow_dispatch:
    inputs:
      version:
        description: The version to verify; the last release where it is empty
        type: string

permissions: {}

concurrency:
  group: castoff-verify
  cancel-in-progress: false

jobs:
  verify:
    name: Verify the last release
"""
    + START
    + """\
    timeout-minutes: 60
    permissions:
      contents: read
      issues: write # to say that a release is not whole
      pull-requests: read # to read titles and labels
    steps:
"""
    + CHECKOUT
    + UV
    + """\
      - name: Open an issue when a release is not whole
        env:
          GH_TOKEN: ${{ github.token }}
          VERSION: ${{ inputs.version }}
"""
    + GIT
    + """\
        run: |
          code=0
          "$RUNNER_TEMP/castoff/bin/castoff" verify --without-trial ${VERSION:+"$VERSION"} > found.txt 2> said.txt ||
            code=$?
          cat found.txt said.txt
          case "$code" in
            0) exit 0 ;;
            3) exit 0 ;; # nothing is wrong, but not everything could be asked: the next run asks again
            4) title="A release is not whole" ;;
            *) grep -q 'nothing-released' said.txt && exit 0; exit "$code" ;; # castoff failed
          esac
          cat said.txt >> found.txt
          open=$(gh issue list --state open --search "in:title \\"$title\\"" --json number --jq length)
          if [ "$open" -eq 0 ]; then
            gh issue create --title "$title" --body-file found.txt
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
    + START
    + """\
    timeout-minutes: 60
    permissions:
      contents: write # to upgrade symbol links in the release and in the changelog
      issues: write # to report a failed build once
@PORT_PERMISSIONS@\
    steps:
"""
    + _AT_HOME
    + UV
    + """\
      - name: Check the documentation builds
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + WHO
    + """\
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" docs --execute --no-input
"""
)
