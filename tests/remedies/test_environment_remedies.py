"""Remedies for the machine, its tools, identity and signing, and for what forge and tags say of a version."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from git_ground import Ground
from newcomer_bench import Shore
from python_bench import artifact

from castoff.config.values import CargoSettings, Configuration, ReleaseSettings
from castoff.ecosystems.cargo.builder import CargoBuilder
from castoff.git import Clone
from castoff.git.merge import own_commit
from castoff.io.machine import machine_problem
from castoff.io.process import Processes
from castoff.model.versions import ReleaseVersion
from castoff.notes.links.inventory import Inventory
from castoff.notes.links.text import link_symbols
from castoff.ports import ForgeRelease
from castoff.postrelease.docs_command import _unresolved
from castoff.preflight.checks import _forge
from castoff.preflight.remote import remote_is_ours
from castoff.preflight.signing import identity_problems, prove_signing
from castoff.preflight.tools import Tool, _Ask
from castoff.release.candidate import make_commit
from castoff.release.proposal_command import _foreign
from castoff.session.reporters import Silence
from castoff.session.session import Session, open_session
from castoff.wiring import Options, open_setting
from ecosystems.cargo.manifest.cargo_trees import Files, discover
from remedies.commands import on
from remedies.following import follow, follows


@follows("machine-failed")
def test_a_file_goes_where_there_is_room(tmp_path: Path) -> None:
    files = [Path("/dev/full")]

    def write() -> object:
        try:
            files[-1].write_text("x", "utf-8")
        except OSError as error:
            return machine_problem(error)
        return ()

    follow(
        "machine-failed",
        write,
        told="free disk space or correct the permissions",
        do=lambda: files.append(tmp_path / "file"),
    )


def program(folder: Path, name: str, script: str) -> None:
    """Put a program into a folder that is in PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)


@follows("tool-not-working")
def test_a_client_is_repaired(tmp_path: Path) -> None:
    program(tmp_path, "cargo", "exit 3")
    git: Any = SimpleNamespace(processes=Processes({"PATH": f"{tmp_path}:/usr/bin:/bin"}), folder=tmp_path)
    setting: Any = SimpleNamespace(repository=SimpleNamespace(git=git), inert=False)

    follow(
        "tool-not-working",
        _Ask(setting, Tool("cargo", (1, 82), "why")),
        told="run `cargo --version` here until it works",
        do=lambda: program(tmp_path, "cargo", "echo cargo 1.97.0"),
    )


@follows("pack-failed", "verify-failed")
def test_what_cargo_names_is_fixed(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "a"\nversion = "1.0.0"\n', "utf-8")
    (tmp_path / "Cargo.lock").touch()
    workspace = discover(Files({"Cargo.toml": (tmp_path / "Cargo.toml").read_text("utf-8")}))
    builder = CargoBuilder(Processes({"PATH": f"{tmp_path}:/usr/bin:/bin"}), CargoSettings())
    fails, works = "echo 'error: no such file `logo.txt`' >&2; exit 101", "exit 0"

    def pack() -> object:
        return [one.problem for one in builder.build(tmp_path, workspace.packages, tmp_path / "out").failures]

    crate = tmp_path / "a-1.0.0.crate"
    crate.touch()
    packed = artifact(crate, "a")
    program(tmp_path, "cargo", fails)
    told = "where `cargo package -p a` shows it again"
    follow("pack-failed", pack, told=told, do=lambda: program(tmp_path, "cargo", works))
    program(tmp_path, "cargo", fails)
    follow(
        "verify-failed",
        lambda: builder.verify(workspace.packages[0], [packed], tmp_path),
        told=told,
        do=lambda: program(tmp_path, "cargo", works),
    )


def repository(**settings: str) -> Any:
    """Return a repository whose git has some settings."""
    return SimpleNamespace(settings={key.replace("__", "."): value for key, value in settings.items()})


@follows("no-identity")
def test_git_gets_a_name_and_an_address() -> None:
    setting: Any = SimpleNamespace(repository=repository(), environment={})

    follow(
        "no-identity",
        lambda: identity_problems(setting),
        told="set `user.name` and `user.email` with `git config`",
        do=lambda: setting.repository.settings.update({"user.name": "Ada", "user.email": "ada@example.org"}),
    )


@pytest.mark.parametrize("told", ["set `user.signingkey`", '`sign = "none"` in `[release]`'])
@follows("tag-not-signed")
def test_a_key_is_named_or_signing_is_declined(told: str) -> None:
    setting: Any = SimpleNamespace(
        repository=repository(user__email="ada@example.org"), environment={}, configuration=Configuration()
    )
    clone: Any = SimpleNamespace(
        make_tag=lambda *words, sign: None, git=SimpleNamespace(run=lambda *words: None)
    )

    def do() -> None:
        if "signingkey" in told:
            setting.repository.settings["user.signingkey"] = "key"
        else:
            setting.configuration = Configuration(release=ReleaseSettings(sign="none"))

    seen: Any = SimpleNamespace(head="HEAD")
    follow("tag-not-signed", lambda: prove_signing(Session(setting, clone, seen)), told=told, do=do)


@follows("release-taken")
def test_another_version_is_named_if_the_forge_has_a_release_of_it() -> None:
    out = ForgeRelease(
        id=1, tag="1.1.0", name="1.1.0", body="", draft=False, prerelease=False, url="u", target="main"
    )
    forge = SimpleNamespace(releases=lambda: [out])
    setting: Any = SimpleNamespace(forge=lambda url: forge)
    seen: Any = SimpleNamespace(
        remote_url="u", history=SimpleNamespace(released=(), unfinished=(), previous=None)
    )
    clone: Any = None
    tags = ["1.1.0"]

    follow(
        "release-taken",
        lambda: [
            one for one in _forge(Session(setting, clone, seen), tags[-1]) if one.code == "release-taken"
        ],  # type: ignore[union-attr]
        told="use another version",
        do=lambda: tags.append("1.2.0"),
    )


@pytest.mark.parametrize(
    "told", ["set `release.remote` to the right remote", "correct `repository` in the manifests"]
)
@follows("remote-is-fork")
def test_the_remote_or_the_manifests_name_the_right_repository(told: str) -> None:
    package = SimpleNamespace(repository="https://code.example/makers/rocket", manifest="Cargo.toml")
    seen: Any = SimpleNamespace(
        remote="origin",
        remote_url="https://code.example/ada/rocket",
        workspace=SimpleNamespace(packages=[package]),
    )
    clone: Any = None
    setting: Any = SimpleNamespace(forge=lambda url: None, configuration=Configuration())

    def do() -> None:
        if "remote" in told:
            seen.remote_url = package.repository
        else:
            package.repository = seen.remote_url

    follow("remote-is-fork", lambda: remote_is_ours(Session(setting, clone, seen)), told=told, do=do)


@follows("symbol-unknown")
def test_a_reference_that_means_nothing_becomes_plain_code() -> None:
    texts = ["Use [[Kitt]]."]

    def look() -> object:
        return [
            _unresolved(one.path, one.candidates) for one in link_symbols(texts[-1], Inventory(())).unresolved
        ]

    follow(
        "symbol-unknown",
        look,
        told="write `Kitt` in single backticks in the release to keep it as code",
        do=lambda: texts.append("Use `Kitt`."),
    )


@follows("proposal-foreign")
def test_the_foreign_branch_is_deleted(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = ground.new()
    ground.git(root, "switch", "--quiet", "--create", "castoff/release-1.1.0")
    ground.commit(root, "somebody's work", {"work": "x"})
    ground.git(root, "switch", "--quiet", "main")

    with Clone.of(ground.repository(root)) as clone:

        def look() -> object:
            head = ground.git(root, "for-each-ref", "--format=%(objectname)", "refs/heads/castoff")
            if head and own_commit(clone, head, "main", "release 1.1.0") is None:
                raise _foreign("castoff/release-1.1.0")
            return ()

        follow(
            "proposal-foreign",
            look,
            told="delete or rename the branch on the remote",
            do=lambda: ground.git(root, "branch", "--quiet", "-D", "castoff/release-1.1.0"),
        )


SCM = 'dynamic = ["version"]\n'
CORE = "packages/tidepool-core/pyproject.toml"


def from_tags(shore: Shore, pattern: str) -> None:
    """Let the version of one package come from tags that fit a pattern."""
    text = (
        '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "tidepool"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'
        f"[tool.setuptools_scm]\n{pattern}"
    )
    shore.git("rm", "--quiet", "-r", "--ignore-unmatch", "packages")
    shore.push({"pyproject.toml": text}, "Take the version from tags")


@follows("tag-not-accepted")
def test_the_tool_reads_the_tags(shore: Shore) -> None:
    from_tags(shore, 'tag_regex = "^v(.+)"\n')

    follow(
        "tag-not-accepted",
        lambda: on(shore, "plan", "minor"),
        told="change the tool's configuration",
        do=lambda: from_tags(shore, ""),
    )


@follows("version-from-tags")
def test_a_version_from_tags_is_released_without_a_pull_request(shore: Shore) -> None:
    from_tags(shore, "")

    follow(
        "version-from-tags",
        lambda: on(shore, "release", "minor", "--pull-request"),
        told="run `castoff release LEVEL --execute`",
        do=lambda: None,
        then=lambda: on(shore, "plan", "minor"),
    )


@follows("no-workspace")
def test_a_manifest_is_committed(shore: Shore) -> None:
    texts = {path: (shore.clone / path).read_text("utf-8") for path in ("pyproject.toml", CORE)}
    shore.git("rm", "--quiet", "-r", "packages", "pyproject.toml")
    shore.push({}, "Remove all")

    follow(
        "no-workspace",
        lambda: on(shore, "plan", "minor"),
        told="or commit its `Cargo.toml`",
        do=lambda: shore.push(texts),
    )


@pytest.mark.parametrize("told", ["list them under `writes` of that command", "ignore them in git"])
@follows("undeclared-write")
def test_what_a_command_writes_is_declared_or_ignored(shore: Shore, told: str) -> None:
    run = '[[version.run]]\ncommand = "touch stray.txt"\n'
    shore.push({"castoff.toml": run})

    def commit() -> object:
        setting = open_setting(Options(directory=shore.clone), Silence(), shore.ground.environment)
        with open_session(setting) as session:
            return make_commit(session, ReleaseVersion(1, 3, 0))[1]

    declared = {"castoff.toml": run + 'writes = ["stray.txt"]\n'}
    ignored = {".gitignore": "stray.txt\n"}
    follow(
        "undeclared-write",
        commit,
        told=told,
        do=lambda: shore.push(declared if "writes" in told else ignored),
    )
