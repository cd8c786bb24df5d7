"""Which text does each GitHub workflow of castoff have?

Data only. ``@NAME@`` is replaced by ``castoff.notes.workflows``. Nothing of a pull request's or a tag's
text stands inside a ``run``: it reaches the shell as an environment variable, in quotes. Every job has its
own, least permissions; the token stays in the checkout only where git has to push.
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
          fetch-depth: 0 # castoff looks at tags and history
          persist-credentials: @PERSIST@
"""

_AT_HOME = _CHECKOUT.replace("@PERSIST@", "true # git pushes with it").replace(
    "        with:\n",
    "        with:\n"
    "          ref: ${{ github.event.repository.default_branch }} # where the changelog lives\n",
)

_UV = """\
      - uses: astral-sh/setup-uv@@UV@
        with:
          enable-cache: false
"""

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
    + _CHECKOUT.replace("@PERSIST@", "false")
    + _UV
    + """\
      - name: Create the draft, or bring it up to date
        env:
          GH_TOKEN: ${{ github.token }}
          TAG: ${{ github.ref_name }}
        run: uvx --from @CASTOFF@ castoff draft --execute --no-input -- "$TAG"
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
    + _CHECKOUT.replace("@PERSIST@", "false").replace(
        "        with:\n",
        "        with:\n"
        "          ref: ${{ github.event.pull_request.base.sha }} # the configuration that is in force\n",
    )
    + _UV
    + """\
      - name: Demand exactly one label of a kind
        env:
          GH_TOKEN: ${{ github.token }}
          PULL_REQUEST: ${{ github.event.pull_request.number }}
        run: uvx --from @CASTOFF@ castoff check --only labels --pull-request "$PULL_REQUEST"
"""
)

PUBLISHED = (
    HEADER
    + """\
# A release that a workflow publishes with its own token starts no other workflow; a person's press does.
name: castoff after the release
on:
  release:
    types: [published]
  workflow_dispatch:
    inputs:
      tag:
        description: The tag of a release whose notes are to be ported
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
        run: uvx --from @CASTOFF@ castoff @COMMAND@ --execute --no-input -- "$TAG"
"""

_WHO = """\
          GIT_AUTHOR_NAME: github-actions[bot]
          GIT_AUTHOR_EMAIL: 41898282+github-actions[bot]@users.noreply.github.com
          GIT_COMMITTER_NAME: github-actions[bot]
          GIT_COMMITTER_EMAIL: 41898282+github-actions[bot]@users.noreply.github.com
"""
"""A runner's git knows nobody to commit as."""

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
  propose:
    name: Propose a release
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
    + _CHECKOUT.replace("@PERSIST@", "true # git pushes with it")
    + _UV
    + """\
@SIGNING@\
      - name: Open the release pull request, or bring it up to date
        env:
          GH_TOKEN: ${{ github.token }}
          LEVEL: ${{ inputs.level }}
          PRE: ${{ inputs.pre }}
"""
    + _WHO
    + """\
        run: uvx --from @CASTOFF@ castoff release --pull-request --execute --no-input ${PRE:+"--pre=$PRE"} -- "$LEVEL"
"""
)

RESUME = (
    HEADER
    + """\
name: castoff release
on:
  pull_request:
    types: [closed]
  workflow_dispatch: # goes on with what is under way

permissions: {}

jobs:
  resume:
    name: Do what the merge has begun
    runs-on: ubuntu-latest
    if: >-
      ${{ github.repository == @REPOSITORY@ && (github.event_name == 'workflow_dispatch' ||
      (github.event.pull_request.merged && startsWith(github.head_ref, 'castoff/release-') &&
      github.event.pull_request.head.repo.full_name == github.repository)) }}
    concurrency: # of the job, so that a pull request that is none of these waits for nothing, and ends no waiting
      group: castoff-resume
      cancel-in-progress: false
    timeout-minutes: 120
    permissions:
      contents: write # to push the tag and the changelog, and to make the draft
      issues: write # to close the milestone, and to report a failed build of the documentation
@RESUME_PERMISSIONS@\
    steps:
"""
    + _CHECKOUT.replace("@PERSIST@", "true # git pushes with it").replace(
        "        with:\n",
        "        with:\n"
        "          ref: ${{ github.event.pull_request.base.ref || github.ref }} # the branch of the claim\n",
    )
    + _UV
    + """\
@SIGNING@\
      - name: Upload, tag and draft; a person announces
        env:
          GH_TOKEN: ${{ github.token }}
@UPLOAD_TOKENS@\
"""
    + _WHO
    + """\
        run: |
          for name in @TOKEN_NAMES@; do
            if [ -z "${!name}" ]; then unset "$name"; fi # a secret that is not there
          done
          uvx --from @CASTOFF@ castoff resume --execute --no-input
"""
)

RESUME_DRAFT = """\
      - name: Draft the release, since a tag that a job pushes starts no other workflow
        env:
          GH_TOKEN: ${{ github.token }}
        run: uvx --from @CASTOFF@ castoff draft --execute --no-input
"""

SIGNING = """\
      - name: Take the key that signs
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
    name: Remind of a release
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
    + _CHECKOUT.replace("@PERSIST@", "false")
    + _UV
    + """\
      - name: Open an issue when a release is due, or one was left unfinished
        env:
          GH_TOKEN: ${{ github.token }}
        run: |
          code=0
          uvx --from @CASTOFF@ castoff status --exit-code > status.txt 2> said.txt || code=$?
          cat status.txt said.txt
          case "$code" in
            0) exit 0 ;;
            3) title="A release is unfinished" ;;
            4) title="A release is blocked" ;;
            5) title="A release is due" ;;
            *) exit "$code" ;; # castoff could not tell
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
      - name: Look at the documentation builds
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + _WHO
    + """\
        run: uvx --from @CASTOFF@ castoff docs --execute --no-input
"""
)
