"""Texts of the workflows that release by pull requests: the proposal, and what follows its merge.

Data like :mod:`castoff.workflows.texts`. What builds runs code of the repository and of its build requirements, so
it has a job of its own, which may only read.
"""

from __future__ import annotations

from castoff.workflows.texts import CHECKOUT, GIT, HEADER, START, UV, WHO

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
    + START
    + """\
    timeout-minutes: 120
    permissions:
      contents: read # to read the repository and its tags
      issues: read # to look at the milestone
      pull-requests: read # to read titles and labels
    steps:
"""
    + CHECKOUT
    + UV
    + """\
@CLIENTS@\
      - name: Rehearse the release and its pull request
        env:
          GH_TOKEN: ${{ github.token }}
          LEVEL: ${{ inputs.level }}
          PRE: ${{ inputs.pre }}
@BUILD_SECRETS@\
"""
    + GIT
    + """\
        run: |
@UNSET@\
          exec "$RUNNER_TEMP/castoff/bin/castoff" rehearse --pull-request --no-input \\
            ${PRE:+"--pre=$PRE"} -- "$LEVEL"

  propose: # may write, and builds nothing; it stops if the branch moved on since the rehearsal
    name: Propose a release
    needs: rehearse
"""
    + START
    + """\
    timeout-minutes: 60
    permissions:
      contents: write # to push the branch of the proposal
      issues: read # to look at the milestone
      pull-requests: write # to open the pull request
    steps:
"""
    + CHECKOUT
    + UV
    + """\
@CLIENTS@\
@SIGNING@\
      - name: Create or update the release pull request
        env:
          GH_TOKEN: ${{ github.token }}
          LEVEL: ${{ inputs.level }}
          PRE: ${{ inputs.pre }}
"""
    + WHO
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

_CLAIMED = CHECKOUT.replace(
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
      digests: ${{ steps.build.outputs.digests }} # apart from the files: no later job can write it
    steps:
"""
    + _CLAIMED
    + UV
    + """\
@CLIENTS@\
      - name: Build
        id: build
        env:
          GH_TOKEN: ${{ github.token }}
@BUILD_SECRETS@\
"""
    + GIT
    + """\
        run: |
@UNSET@\
          cd "$RUNNER_TEMP"
          castoff/bin/castoff -C "$GITHUB_WORKSPACE" build --to built --json --no-input > built.json
          cat built.json
          version=$(jq -r 'select((.artifacts // []) != []) | .version' built.json)
          digests=$(jq -r '[.artifacts[]? | .digest + ":" + .filename] | join(",")' built.json)
          echo "version=$version" >> "$GITHUB_OUTPUT" # empty if nothing is left to upload
          echo "digests=$digests" >> "$GITHUB_OUTPUT"
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
    timeout-minutes: 355 # a job ends after six hours at the latest; castoff stops before it
    environment: release # its protection rules can hold the job back; trusted publishers refer to it
    permissions:
      contents: write # to push the tag
@PUBLISH_PERMISSIONS@\
    steps:
"""
    + _CLAIMED
    + UV
    + """\
@NODE@\
      - uses: actions/download-artifact@@DOWNLOAD@
        with:
          name: built
          path: ${{ runner.temp }}/built
@SIGNING@\
      - name: Upload and tag
        env:
          GH_TOKEN: ${{ github.token }}
          VERSION: ${{ needs.build.outputs.version }}
          DIGESTS: ${{ needs.build.outputs.digests }}
@UPLOAD_TOKENS@\
"""
    + WHO
    + """\
        run: |
@UNSET_TOKENS@\
          printf '%s\\n' "$DIGESTS" | tr ',' '\\n' | sed 's/:/  /' > "$RUNNER_TEMP/SHA256SUMS"
          exec "$RUNNER_TEMP/castoff/bin/castoff" resume --execute --no-input --publish-only --for 5h30m \\
            --built "$RUNNER_TEMP/built" --digests "$RUNNER_TEMP/SHA256SUMS" -- "$VERSION"

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
    + UV
    + """\
      - name: Draft the release, and do what follows the tag
        env:
          GH_TOKEN: ${{ github.token }}
"""
    + WHO
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
    + GIT
    + """\
        run: exec "$RUNNER_TEMP/castoff/bin/castoff" draft --execute --no-input
"""
)

NODE = """\
      - uses: actions/setup-node@@SETUP_NODE@
        with:
          node-version: 24 # its npm asks for a short-lived token where the registry trusts this workflow
          package-manager-cache: false # a cache could be filled by other workflows
"""
"""Without `registry-url`, which writes an empty token line that keeps npm from asking (npm/cli#9088)."""

COREPACK = """\
      - name: Install the client of the workspace, at the version of `packageManager`
        run: corepack enable @NAMES@
"""

BUN = """\
      - uses: oven-sh/setup-bun@@SETUP_BUN@
        with:
          no-cache: true
"""

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
