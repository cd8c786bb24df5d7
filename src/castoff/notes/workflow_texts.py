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
    + _CHECKOUT.replace("@PERSIST@", "true # git pushes with it").replace(
        "        with:\n",
        "        with:\n"
        "          ref: ${{ github.event.repository.default_branch }} # where the changelog lives\n",
    )
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
      - name: Open an issue when a release is due
        env:
          GH_TOKEN: ${{ github.token }}
          TITLE: A release is due
        run: |
          code=0
          uvx --from @CASTOFF@ castoff status --exit-code > status.txt || code=$?
          cat status.txt
          if [ "$code" -ne 5 ]; then exit 0; fi
          open=$(gh issue list --state open --search "in:title \\"$TITLE\\"" --json number --jq length)
          if [ "$open" -eq 0 ]; then
            gh issue create --title "$TITLE" --body-file status.txt
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
      contents: write # to upgrade symbol links in the release
      issues: write # to report a failed build once
    steps:
"""
    + _CHECKOUT.replace("@PERSIST@", "false")
    + _UV
    + """\
      - name: Look at the documentation builds
        env:
          GH_TOKEN: ${{ github.token }}
        run: uvx --from @CASTOFF@ castoff docs --execute --no-input
"""
)
