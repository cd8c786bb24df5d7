"""What of a repository's workflows writes what a release of castoff writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from castoff.workflows.jobs import workflow_files, workflow_steps
from castoff.workflows.second_writers import WritingStep, second_writers, writers

PATH = ".github/workflows/w.yml"
PUSH = "{push: {branches: [main]}}"


@dataclass(frozen=True)
class Files:
    texts: Mapping[str, str]

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> Sequence[str]:
        return sorted(self.texts)


def found(texts: Mapping[str, str]) -> tuple[WritingStep, ...]:
    tree = Files(texts)
    return writers(workflow_steps(workflow_files(tree), tree))


def run(script: str, on: str = PUSH) -> dict[str, str]:
    body = "".join(f"          {line}\n" for line in script.split("\n"))
    return {PATH: f"on: {on}\njobs:\n  a:\n    steps:\n      - run: |\n{body}"}


def uses(action: str, options: str = "", on: str = PUSH) -> dict[str, str]:
    given = f"        with: {options}\n" if options else ""
    return {PATH: f"on: {on}\njobs:\n  a:\n    steps:\n      - uses: {action}\n{given}"}


TOX = "[testenv:lint]\ncommands = ruff\n[testenv:out]\ncommands =\n  twine upload x"
NOX = "def lint(session):\n    pass\ndef out_all(session):\n    session.run('twine', \"upload\", 'x')\n"
WRITERS = [
    (uses("googleapis/release-please-action@v5"), "googleapis/release-please-action", "version", None),
    (uses("release-plz/action@v0.5"), "release-plz/action", "version", None),
    (uses("changesets/action@v1"), "changesets/action", "version", None),
    (uses("pypa/gh-action-pypi-publish@release/v1"), "pypa/gh-action-pypi-publish", "upload", "python"),
    (uses("JS-DevTools/npm-publish@v4"), "js-devtools/npm-publish", "upload", "npm"),
    (uses("PyO3/maturin-action@v1", "{command: upload}"), "pyo3/maturin-action", "upload", "python"),
    (uses("release-drafter/release-drafter@v7"), "release-drafter/release-drafter", "draft", None),
    (run("uv build --all\nuv publish"), "uv publish", "upload", "python"),
    (run("python -m twine upload dist/*"), "twine upload", "upload", "python"),
    (run("cargo publish -p a && sleep 20"), "cargo publish", "upload", "cargo"),
    (run("cargo ws publish --from-git"), "cargo ws publish", "version", None),
    (run("cargo smart-release --execute gix"), "cargo smart-release --execute", "version", None),
    (run("npm publish --provenance"), "npm publish", "upload", "npm"),
    (run("pnpm -r publish --access public"), "pnpm -r publish", "upload", "npm"),
    (run("yarn workspaces foreach -A npm publish"), "yarn workspaces foreach -A npm publish", "upload", "npm"),
    (run("npx lerna publish from-git --yes"), "lerna publish", "upload", "npm"),
    (run("npx nx release --yes"), "nx release", "version", None),
    (run("npx semantic-release"), "semantic-release", "version", None),
    (run("semantic-release -v version"), "semantic-release", "version", None),
    (run("uvx --from commitizen cz bump --yes"), "cz bump", "version", None),
    (run("bump-my-version bump minor"), "bump-my-version bump", "version", None),
    (run("tbump $VERSION --no-interactive"), "tbump", "version", None),
    (run("cargo \\\n  publish"), "cargo publish", "upload", "cargo"),
    ({PATH: "on: push\njobs: {a: {steps: [{run: npm publish}]}}: x"}, "npm publish", "upload", "npm"),
    ({**run("./scripts/out.sh"), "scripts/out.sh": "twine upload dist/*"}, "twine upload", "upload", "python"),
    ({**run("bash bin/out"), "bin/out": "#!/bin/sh\nuv publish"}, "uv publish", "upload", "python"),
    ({**run("pnpm run out"), "package.json": '{"scripts": {"out": "npm publish"}}'}, "npm publish", "upload", "npm"),
    ({**run("make out"), "Makefile": "all:\n\ttrue\nout: all\n\tcargo publish\n"}, "cargo publish", "upload", "cargo"),
    ({**run("just out"), "justfile": "out version:\n    cargo publish\n"}, "cargo publish", "upload", "cargo"),
    ({**run("task out"), "Taskfile.yml": "tasks:\n  in: true\n  out:\n    cmds:\n      - twine upload x\n"},
     "twine upload", "upload", "python"),
    ({**run("tox -e lint,out"), "tox.ini": TOX}, "twine upload", "upload", "python"),
    ({**run("nox --session out-all"), "noxfile.py": NOX}, "twine upload", "upload", "python"),
    (run("npx semantic-release@24"), "semantic-release", "version", None),
    (run("npx @changesets/cli@2.1 publish"), "@changesets/cli publish", "upload", "npm"),
    (run("cargo +stable publish"), "cargo +stable publish", "upload", "cargo"),
    (run("npm --workspace a publish"), "npm --workspace a publish", "upload", "npm"),
    (run("uv --directory=a publish"), "uv --directory=a publish", "upload", "python"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "what", "does", "ecosystem"), WRITERS, ids=[row[1] for row in WRITERS])
def test_what_writes_is_found(texts: dict[str, str], what: str, does: str, ecosystem: str | None) -> None:
    (one,) = found(texts)

    assert (one.what, one.does, one.ecosystem) == (what, does, ecosystem)


OTHERS = [
    run("cargo publish --dry-run"),
    run("twine check dist/*"),
    run("twine upload --repository testpypi dist/*"),
    run("npm publish --registry=https://npm.pkg.github.com"),
    run("echo npm publish"),
    run("# npm publish\ntrue"),
    run("cargo smart-release gix"),
    run("cargo release minor"),
    run("uv run publisher"),
    run("castoff resume --execute\nuv publish"),
    uses("PyO3/maturin-action@v1", "{command: build}"),
    uses("pypa/gh-action-pypi-publish@v1", "{repository-url: 'https://test.index.example/legacy/'}"),
    {**run("npm test"), "package.json": '{"scripts": {"out": "npm publish"}}'},
    {**run("npm run out"), "package.json": '{"scripts": []}'},
    {**run("make all"), "Makefile": "all:\n\ttrue\nout: all\n\tcargo publish\n"},
    {**run("./a.sh"), "a.sh": "./a.sh"},
    {**run("task in"), "Taskfile.yml": "tasks:\n  in: true\n  out:\n    cmds:\n      - twine upload x\n"},
    {
        **run("tox -e lint"),
        "tox.ini": "[testenv:lint]\ncommands = ruff\n[testenv:out]\ncommands = twine upload x\n",
    },
    {
        **run("nox -s lint"),
        "noxfile.py": "def lint(session):\n    pass\ndef out(session):\n    session.run('uv', 'publish')\n",
    },
    {**run("true"), ".github/actions/out/action.yml": "runs: {using: composite, steps: [{run: uv publish}]}"},
]


@pytest.mark.parametrize("texts", OTHERS)
def test_what_writes_nothing_is_not_accused(texts: dict[str, str]) -> None:
    assert found(texts) == ()


EVENTS = [
    ("{push: {tags: ['v*']}}", "a tag is pushed"),
    (PUSH, "a branch is pushed"),
    ("{release: {types: [published]}}", "a release is published"),
    ("{pull_request: {types: [closed]}}", "a pull request is merged"),
    ("{workflow_run: {workflows: [test]}}", "another workflow ends"),
    ("{pull_request: {types: [opened]}}", None),
    ("workflow_dispatch", None),
    ("workflow_call", None),
    ("{schedule: [{cron: '1 1 * * *'}]}", None),
]


@pytest.mark.parametrize(("on", "event"), EVENTS)
def test_only_what_a_release_starts_is_a_second_writer(on: str, event: str | None) -> None:
    problems = second_writers(found(run("uv publish", on)), ["python"], drafts=True)

    assert [f" when {event}, " in one.message for one in problems] == [True] * (event is not None)


CONDITIONS = [
    ("false", 0),
    ("${{ false }}", 0),
    ("github.event_name == 'workflow_dispatch'", 0),
    ("github.event_name == 'workflow_dispatch' || github.ref == 'refs/heads/main'", 1),
    ("startsWith(github.ref, 'refs/tags/')", 1),
]


@pytest.mark.parametrize(("condition", "count"), CONDITIONS)
@pytest.mark.parametrize("place", ["job", "step"])
def test_a_condition_that_rules_a_release_out_counts(place: str, condition: str, count: int) -> None:
    job = f'    if: "{condition}"\n' if place == "job" else ""
    step = f'        if: "{condition}"\n' if place == "step" else ""
    text = f"on: push\njobs:\n  a:\n{job}    steps:\n      - run: uv publish\n{step}"

    assert len(second_writers(found({PATH: text}), ["python"], drafts=True)) == count


def test_a_workflow_that_another_one_calls_is_started_with_it() -> None:
    called = ".github/workflows/publish.yml"
    texts = {
        called: run("uv publish", "workflow_call")[PATH],
        PATH: f"on: {{push: {{tags: ['*']}}}}\njobs:\n  a:\n    uses: ./{called}\n",
    }

    (problem,) = second_writers(found(texts), ["python"], drafts=True)

    assert (problem.file, "a tag is pushed" in problem.message) == (called, True)


def test_what_an_action_of_the_repository_runs_is_started_with_its_callers() -> None:
    action, inner = ".github/actions/out/action.yml", "inner/action.yaml"
    texts = {
        PATH: "on: {push: {tags: ['*']}}\njobs: {a: {steps: [{uses: ./.github/actions/out}]}}",
        action: "runs: {using: composite, steps: [{uses: ./inner/}, {uses: ./gone}, {run: npm publish}]}",
        inner: "runs:\n  using: composite\n  steps:\n    - run: uv publish\n",
    }

    problems = second_writers(found(texts), ["python", "npm"], drafts=True)

    assert {(one.file, one.line, "a tag is pushed" in one.message) for one in problems} == {
        (inner, 4, True),
        (action, 1, True),
    }


def test_uploads_of_packages_that_castoff_does_not_release_stay() -> None:
    assert second_writers(found(run("npm publish")), ["cargo"], drafts=True) == ()


@pytest.mark.parametrize(("drafts", "count"), [(True, 1), (False, 0)])
def test_a_keeper_of_drafts_matters_where_castoff_drafts(drafts: bool, count: int) -> None:
    drafter = found(uses("release-drafter/release-drafter@v7"))

    assert len(second_writers(drafter, [], drafts=drafts)) == count
