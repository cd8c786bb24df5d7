"""B3: what is known before anything is claimed; each answer with its remedy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from castoff.config.reader import parse_configuration
from castoff.errors import CastoffError, Problem, Refusal
from castoff.model.acts import Refused
from castoff.model.addresses import named_repository
from castoff.model.tokens import TokenFacts
from castoff.ports import NewRelease
from castoff.preflight.credentials import cargo_credential, python_credential
from castoff.preflight.remote import judge_token
from castoff.preflight.stage import Cannot, Checked, Skipped
from castoff.preflight.tools import Tool, judge_toolchain, judge_version, npm_tool
from castoff.release.check import examine
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.values import replace
from castoff.world.python_index.minimal import Seed
from castoff.world.seed import WorldSeed
from rollback.taking_back import Scene, make_ground, scene

TOOL = Tool("cargo", (1, 82), "why")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", None),
        ("cargo 1.82.0", None),
        ("cargo 1.81.0-nightly", "tool-too-old"),
        ("cargo 1.96.1 (abc 2026-05-01)", "tool-with-fault"),
        ("cargo 1.97.0", None),
        ("cargo 2.0.0", None),
        ("something else", "unknown"),
    ],
)
def test_a_tool_is_judged_by_its_version(said: str, code: str | None) -> None:
    found = judge_version(TOOL, said)

    assert (["unknown"] if isinstance(found, Cannot) else [one.code for one in found]) == (
        [code] if code else []
    )


@pytest.mark.parametrize(
    ("staged", "said", "codes"),
    [
        (True, "11.14.1", ["tool-too-old"]),
        (True, "11.15.0", []),
        ("auto", "10.9.0", []),
        (False, "10.9.0", []),
        (False, "9.8.0", ["tool-too-old"]),
    ],
)
def test_npm_must_know_staging_only_where_packages_are_always_staged(
    staged: bool | Literal["auto"], said: str, codes: list[str]
) -> None:
    found = judge_version(npm_tool(staged), said)

    assert not isinstance(found, Cannot)
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://github.com/kube-rs/kube", ("github.com", "kube-rs/kube")),
        ("https://www.github.com/kube-rs/kube.git", ("github.com", "kube-rs/kube")),
        ("git+https://github.com/kube-rs/kube.git", ("github.com", "kube-rs/kube")),
        ("https://github.com/kube-rs/kube/tree/main/kube-client", ("github.com", "kube-rs/kube")),
        ("git@github.com:kube-rs/kube.git", ("github.com", "kube-rs/kube")),
        ("https://kube.rs", None),
        ("../elsewhere", None),
        (None, None),
    ],
)
def test_the_repository_of_a_manifest_is_read(url: str | None, named: tuple[str, str] | None) -> None:
    assert named_repository(url) == named


CREDENTIALS = {
    "default": ("credentials.toml", '[registry]\ntoken = "x"\n'),
    "named": ("credentials.toml", '[registries.my-house]\ntoken = "x"\n'),
    "provider": ("config.toml", '[registry]\nglobal-credential-providers = ["cargo:libsecret"]\n'),
    "own": ("config.toml", '[registry]\nglobal-credential-providers = ["cargo:token"]\n'),
    "broken": ("credentials.toml", "[registry"),
}


@pytest.mark.parametrize(
    ("file", "environment", "registry", "found"),
    [
        pytest.param(None, {"CARGO_REGISTRY_TOKEN": "x"}, "crates-io", "pass", id="variable"),
        pytest.param(
            None, {"CARGO_REGISTRIES_MY_HOUSE_TOKEN": "x"}, "my-house", "pass", id="variable of another"
        ),
        pytest.param(
            None, {"CARGO_REGISTRY_TOKEN": "x"}, "my-house", "fail", id="variable of the default one"
        ),
        pytest.param("default", {}, "crates-io", "pass", id="file"),
        pytest.param("default", {}, "my-house", "fail", id="file of the default one"),
        pytest.param("named", {}, "my-house", "pass", id="file of another"),
        pytest.param("provider", {}, "crates-io", "unknown", id="a provider may know"),
        pytest.param("own", {}, "crates-io", "fail", id="cargo's own provider knows the file alone"),
        pytest.param("broken", {}, "crates-io", "fail", id="a broken file"),
        pytest.param(None, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}, "crates-io", "unknown", id="short-lived"),
        pytest.param(None, {}, "crates-io", "fail", id="nothing"),
    ],
)
def test_cargo_finds_a_token_where_cargo_looks(
    file: str | None, environment: Mapping[str, str], registry: str, found: str, tmp_path: Path
) -> None:
    if file is not None:
        name, text = CREDENTIALS[file]
        (tmp_path / name).write_text(text, encoding="utf-8")

    answer = cargo_credential({**environment, "CARGO_HOME": str(tmp_path)}, registry, tmp_path / "checkout")

    assert ("unknown" if isinstance(answer, Cannot) else "fail" if answer else "pass") == found


@pytest.mark.parametrize(
    ("file", "environment", "client", "found"),
    [
        pytest.param(None, {"UV_PUBLISH_TOKEN": "x"}, "uv", "pass", id="variable"),
        pytest.param(None, {"UV_PUBLISH_URL": "http://a:b@127.0.0.1:1/"}, "uv", "pass", id="in the address"),
        pytest.param(
            None, {"UV_PUBLISH_URL": "http://127.0.0.1:1/"}, "uv", "unknown", id="an index of one's own"
        ),
        pytest.param(None, {"UV_KEYRING_PROVIDER": "subprocess"}, "uv", "unknown", id="keyring"),
        pytest.param(None, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}, "uv", "unknown", id="short-lived"),
        pytest.param((".netrc", "machine a"), {}, "uv", "unknown", id="netrc"),
        pytest.param((".local/share/uv/credentials/x", ""), {}, "uv", "unknown", id="a login of uv"),
        pytest.param(
            ("root/uv.toml", 'keyring-provider = "subprocess"\n'),
            {},
            "uv",
            "unknown",
            id="keyring of the project",
        ),
        pytest.param(
            ("uv.toml", 'keyring-provider = "subprocess"\n'),
            {},
            "uv",
            "unknown",
            id="keyring of a folder above",
        ),
        pytest.param(
            ("root/uv.toml", '[[index]]\nname = "a"\nurl = "b"\n'),
            {},
            "uv",
            "fail",
            id="an index to read from",
        ),
        pytest.param((".pypirc", "[pypi]"), {}, "twine", "pass", id="twine's file"),
        pytest.param((".pypirc", "[pypi]"), {}, "uv", "fail", id="twine's file, which uv does not read"),
        pytest.param(None, {}, "twine", "unknown", id="twine may ask a keyring"),
        pytest.param(None, {}, "uv", "fail", id="nothing"),
        pytest.param(None, {"UV_PUBLISH_TOKEN": "x"}, "uv", "pass", id="uv's token"),
        pytest.param(
            None,
            {"UV_PUBLISH_USERNAME": "a", "UV_PUBLISH_PASSWORD": "x"},
            "uv",
            "pass",
            id="a user and a password",
        ),
        pytest.param(None, {"TWINE_PASSWORD": "x"}, "uv", "fail", id="twine's token, which uv does not read"),
        pytest.param(
            None, {"UV_PUBLISH_TOKEN": "x"}, "twine", "unknown", id="uv's token, which twine does not read"
        ),
        pytest.param(
            None,
            {"UV_PUBLISH_TOKEN": "x", "UV_PUBLISH_PASSWORD": "y"},
            "uv",
            "fail",
            id="a token and a password",
        ),
        pytest.param(None, {"UV_PUBLISH_PASSWORD": "x"}, "uv", "fail", id="a password without a user"),
    ],
)
def test_uv_and_twine_find_a_token_where_they_look(
    file: tuple[str, str] | None, environment: Mapping[str, str], client: str, found: str, tmp_path: Path
) -> None:
    if file is not None:
        (tmp_path / file[0]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file[0]).write_text(file[1], encoding="utf-8")

    answer = python_credential({**environment, "HOME": str(tmp_path)}, client, tmp_path / "root")

    assert ("unknown" if isinstance(answer, Cannot) else "fail" if answer else "pass") == found


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_ground(tmp_path_factory.mktemp("preflight"))


def checked(there: Scene, **changes: object) -> dict[str, Checked]:
    setting = replace(there.setting(), **changes)  # type: ignore[arg-type]
    return {one.id: one for one in examine(setting, (), "minor").answers}


def codes(problems: Sequence[Problem]) -> list[str]:
    return [problem.code for problem in problems]


@pytest.mark.real
def test_a_sound_workspace_passes(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        answers = checked(there)

        mine = [one for one in answers.values() if one.group == "preflight"]
        assert {one.id: codes(one.findings) for one in mine if one.result in ("fail", "warn")} == {}
        for name in ("tool:git", "tool:uv", "tool:signing", "signing", "token:python", "branch-rules"):
            assert answers[name].result == "pass", answers[name]
        assert answers["remote"].result == "off"
        assert answers["published:proof"].result == "pass"


@pytest.mark.real
@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("nope.md", ["website-source-missing"]),
        ("packages", ["website-source-missing"]),
        ("made.md", []),
        ("packages/proof/pyproject.toml", []),
    ],
)
def test_pages_of_the_website_have_a_source_or_are_made(
    source: str, found: list[str], ground: tuple[Path, Path], tmp_path: Path
) -> None:
    text = '[version]\nrun = [{command = ["true"], writes = ["made.md"]}]\n[website]\nrepository = "a/b"\n'
    with scene(tmp_path, ground) as there:
        configuration = parse_configuration(text + f'pages = [{{from = "{source}", to = "x.md"}}]\n')
        problems = checked(there, configuration=configuration)["documents"].findings

        assert [one for one in codes(problems) if one.startswith("website")] == found


@pytest.mark.real
def test_who_only_checks_needs_no_name_but_who_releases_does(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground) as there:
        setting = there.setting()
        there.here.git(setting.repository.root, "config", "--unset", "user.email")
        setting = replace(
            setting,
            repository=type(setting.repository).open(
                setting.repository.git.processes, setting.repository.root
            ),
        )

        answers = {one.id: one for one in examine(setting, (), "minor").answers}

        assert (answers["identity"].result, codes(answers["identity"].findings)) == ("warn", ["no-identity"])
        assert answers["signing"].result == "off"
        with pytest.raises(CastoffError, match="no-identity") as stopped:
            run_release(setting, ReleaseRequest(level="minor", agreed=True))
        assert codes(stopped.value.problems) == ["no-identity"]


@pytest.mark.real
def test_what_the_registry_has_of_earlier_times_is_told(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.here.world.python_index.seed([Seed(name="proof-core", version="1.0.5")])

        answers = checked(there)

        assert codes(answers["published:proof-core"].findings) == ["half-released"]
        there.by_hand("proof-core", version="1.0.5")
        assert checked(there)["published:proof-core"].result == "pass"


@pytest.mark.real
@pytest.mark.parametrize(
    ("protected", "message"),
    [
        pytest.param(
            [{"branch": "main", "rules": ["pull_request"], "kind": "ruleset"}],
            "the branch `main` is protected: `pull_request`",
            id="by a rule that is shown",
        ),
        pytest.param(["main"], "the branch `main` is protected", id="by what the token cannot see"),
    ],
)
def test_a_protected_branch_is_told_before(
    protected: list[object], message: str, ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path, ground, WorldSeed(forge={"protected": protected})) as there:
        answers = checked(there)

        assert codes(answers["branch-rules"].findings) == ["branch-protected"]
        assert answers["branch-rules"].result == "warn"
        assert answers["branch-rules"].findings[0].message == message
        assert "--pull-request" in answers["branch-rules"].findings[0].remedy


@pytest.mark.real
def test_a_token_without_the_scope_is_told_although_its_owner_may_write(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    weak = {
        "permission": "write",
        "kind": "classic",
        "scopes": ["read:user"],
        "expires": "2026-02-01 10:00:00 UTC",
    }
    with scene(tmp_path, ground, WorldSeed(forge={"tokens": {"world-token": weak}})) as there:
        setting = there.setting()

        answers = {one.id: one for one in examine(setting, ("preflight",), "minor").answers}

        assert answers["forge-rights"].result == "pass"
        assert codes(answers["forge-token"].findings) == ["token-scope-missing", "token-ends-soon"]
        assert "2026-02-01 10:00 UTC" in answers["forge-token"].findings[1].message
        forge = setting.forge(there.here.world.repository.url)
        assert forge is not None
        release = NewRelease(tag="1.1.0", name="1.1.0", body="", draft=True, prerelease=False, target="main")
        assert isinstance(forge.create_release(release), Refused)


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param(TokenFacts(scopes=("repo", "workflow")), [], id="classic"),
        pytest.param(TokenFacts(scopes=("public_repo",)), [], id="classic, public alone"),
        pytest.param(TokenFacts(scopes=()), ["token-scope-missing"], id="classic without scopes"),
        pytest.param(TokenFacts(), [], id="says nothing"),
        pytest.param(TokenFacts(expires=NOW + timedelta(hours=23)), ["token-ends-soon"], id="ends today"),
        pytest.param(TokenFacts(expires=NOW + timedelta(hours=25)), [], id="ends tomorrow"),
    ],
)
def test_a_token_is_judged_by_what_the_forge_tells(facts: TokenFacts, found: list[str]) -> None:
    assert codes(judge_token(facts, NOW)) == found


OURS = "stable-x86_64-unknown-linux-gnu"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (f"{OURS} - Up to date: 1.97.0 (abc 2026-06-01)", []),
        (
            f"{OURS} - update available: 1.95.0 (a 2026-04-14) -> 1.99.1 (b 2026-10-13)",
            ["toolchain-not-current"],
        ),
        ("nightly-x86_64 - update available: 1.97.0-nightly -> 1.99.0-nightly", None),
        ("", None),
    ],
)
def test_a_toolchain_is_judged_by_the_versions_in_its_line(said: str, found: list[str] | None) -> None:
    answer = judge_toolchain(OURS, f"beta - up to date: 1.98.0-beta.1\n{said}\n")

    assert (None if isinstance(answer, Cannot | Skipped) else codes(answer)) == found


@pytest.mark.real
def test_a_client_that_does_not_work_stops_at_once(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        broken = tmp_path / "bin" / "git"
        broken.parent.mkdir()
        broken.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit 3\nexec {shutil.which("git")} "$@"\n')
        broken.chmod(0o755)
        there.here.machine = {"PATH": f"{broken.parent}{os.pathsep}{os.environ['PATH']}"}

        with pytest.raises(CastoffError, match="tool-not-working"):
            run_release(there.setting(), ReleaseRequest(level="minor", agreed=True))


@pytest.mark.real
def test_a_shallow_clone_begins_nothing(ground: tuple[Path, Path], tmp_path: Path) -> None:
    with scene(tmp_path, ground) as there:
        there.here.git(
            tmp_path, "clone", "--quiet", "--depth=1", f"file://{there.here.world.repository.path}", "shallow"
        )
        setting = there.setting()
        shallow = type(setting.repository).open(setting.repository.git.processes, tmp_path / "shallow")

        with pytest.raises(Refusal, match="shallow-clone"):
            run_release(replace(setting, repository=shallow), ReleaseRequest(level="minor"))


@pytest.mark.real
@pytest.mark.parametrize(
    ("repository", "code"),
    [
        pytest.param("https://github.com/harbour-makers/harbour", "remote-is-fork", id="another repository"),
        pytest.param("https://github.com/Acme/Harbour.git", None, id="the same one"),
        pytest.param("https://harbour.example/", None, id="no repository"),
    ],
)
def test_a_release_from_a_fork_is_stopped(repository: str, code: str | None, tmp_path: Path) -> None:
    named = []

    def name_it(source: Path) -> None:
        manifest = max(source.glob("packages/*/pyproject.toml"))
        text = manifest.read_text(encoding="utf-8")
        urls = f'\n[project.urls]\nRepository = "{repository}"\n\n[build-system]'
        manifest.write_text(text.replace("\n[build-system]", urls), encoding="utf-8")
        named.append(manifest.relative_to(source).as_posix())

    with scene(tmp_path / "case", make_ground(tmp_path, name_it)) as there:
        setting = there.setting()
        there.here.git(
            setting.repository.root, "remote", "set-url", "origin", "https://github.com/acme/harbour.git"
        )

        answers = {one.id: one for one in examine(setting, (), "minor").answers}

        found = [(one.code, one.file) for one in answers["remote"].findings]
        assert found == ([(code, named[0])] if code else [])
