"""Remedies of trusted publishing: the job, its rights, what is entered at the registries, and the bytes that go up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scripted import Scripted, reconcile
from world_of_fakes import FakeClock

from castoff.config.values import Configuration
from castoff.ecosystems.cargo.credential_provider import Denied, _exchanged, options_of, require_listed
from castoff.ecosystems.cargo.inert_settings import toolchain_in
from castoff.errors import Problem, Refusal
from castoff.model.acts import Done, Wait
from castoff.model.observations import Unknown
from castoff.model.trusted_publishing import (
    CiJob,
    Exchange,
    Exchanged,
    ExchangeRefused,
    ci_job,
    job_problem,
    refusal_problem,
)
from castoff.model.workspace import Package
from castoff.preflight.exchanges import found_by_exchanges
from castoff.reconcile import Patience
from castoff.setup.trust import TrustedPublisher, enter_publishers
from castoff.values import replace
from castoff.wiring.ready_files import require_digests
from castoff.world.identity import Issuer, Job
from remedies.following import follow, follows

RUNNER = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "workflow_dispatch",
    "GITHUB_WORKFLOW_REF": "acme/rocket/.github/workflows/release.yml@refs/heads/main",
    "RUNNER_ENVIRONMENT": "github-hosted",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
}
JOBS: Sequence[tuple[str, str, Mapping[str, str], str]] = [
    ("tokenless-outside-ci", "cargo", {"GITHUB_ACTIONS": ""}, "run the workflow that `castoff ci` writes"),
    ("identity-token-missing", "python", {"ACTIONS_ID_TOKEN_REQUEST_URL": ""}, "add `id-token: write`"),
    (
        "event-refused",
        "cargo",
        {"GITHUB_EVENT_NAME": "workflow_run"},
        "start the release by `workflow_dispatch`",
    ),
    ("runner-self-hosted", "npm", {"RUNNER_ENVIRONMENT": "self-hosted"}, "set `runs-on: ubuntu-latest`"),
]


@follows(*(code for code, *_ in JOBS))
def test_a_job_gets_what_the_remedy_names() -> None:
    for code, ecosystem, changes, words in JOBS:
        environment = {**RUNNER, **changes}

        def look(environment: Mapping[str, str] = environment, ecosystem: str = ecosystem) -> object:
            found = job_problem(ci_job(environment), ecosystem)
            return () if found is None else (found,)

        follow(code, look, told=words, do=lambda found=environment: found.update(RUNNER))


def exchange_of(job: Job, entered: Job, ecosystem: str, name: str | None) -> Callable[[], object]:
    """Return a look at an exchange with what is entered at a registry."""

    def look() -> object:
        claims, wanted = job.claims(), entered.claims()
        keys = ("repository", "environment", "job_workflow_ref" if ecosystem == "python" else "workflow_ref")
        if all(claims.get(key) == wanted.get(key) for key in keys):
            return ()
        refused = ExchangeRefused(status=404, text="no publisher")
        return (refusal_problem(ecosystem, name, refused, Issuer(job=job).token("x")),)

    return look


@follows("publisher-missing")
def test_the_identity_of_the_remedy_is_what_to_enter() -> None:
    job = Job(repository="acme/rocket", workflow="release.yml", environment="release")
    entered = replace(job, workflow="old.yml")
    state = [entered]

    follow(
        "publisher-missing",
        lambda: exchange_of(job, state[0], "npm", "rocket")(),
        told="repository `acme/rocket`, workflow `release.yml`, environment `release`",
        do=lambda: state.append(state.pop() and job),
    )


@follows("workflow-called")
def test_a_job_in_the_calling_workflow_itself_is_accepted() -> None:
    called = Job(repository="acme/rocket", workflow="publish.yml", caller="release.yml")
    state = [called]

    follow(
        "workflow-called",
        lambda: exchange_of(state[0], Job(repository="acme/rocket", workflow="release.yml"), "python", "a")(),
        told="move the publishing job into `release.yml` itself",
        do=lambda: state.append(state.pop() and replace(called, workflow="release.yml", caller=None)),
    )


@dataclass
class Registry:
    """A registry with some packages, which exchanges as it is told."""

    names: set[str] = field(default_factory=set)
    got: Exchange = field(default_factory=lambda: Exchanged("t"))

    def versions(self, package: Package) -> Sequence[str] | Unknown:
        return ["1.0.0"] if package.name in self.names else []

    def exchange(self, package: Package) -> tuple[Exchange, str]:
        return self.got, ""


def package(name: str, **more: Any) -> Package:
    file = "Cargo.toml"
    values: dict[str, Any] = {
        "ecosystem": "cargo",
        "path": ".",
        "manifest": file,
        "version_file": file,
        **more,
    }
    return Package(name=name, version="1.0.0", **values)


JOB = CiJob(repository="a/b", workflow="r.yml", event="push", self_hosted=False, may_request=True)


@follows("publisher-new-name")
def test_a_name_that_is_there_can_be_trusted() -> None:
    registry = Registry()

    follow(
        "publisher-new-name",
        lambda: found_by_exchanges(JOB, registry, [package("new")], Configuration()),
        told="publish its first version with a token",
        do=lambda: registry.names.add("new"),
    )


@follows("publisher-not-entered")
def test_a_publisher_that_stands_in_the_way_is_revoked(tmp_path: Path) -> None:
    has = {"there"}

    def interactive(words: list[str], **_given: object) -> int:
        fails = words[3] in has
        has.add(words[3])
        return int(fails)

    processes = SimpleNamespace(interactive=interactive)
    services: Any = SimpleNamespace(
        repository=SimpleNamespace(root=tmp_path, git=SimpleNamespace(processes=processes))
    )
    publisher = TrustedPublisher(package="there", ecosystem="npm", repository="a/b")

    def look() -> tuple[()]:
        enter_publishers(services, [publisher], agreed=True)
        return ()

    follow("publisher-not-entered", look, told="npm trust revoke", do=has.clear)


@follows("tokenless-not-offered")
def test_a_crate_of_another_registry_is_released_apart() -> None:
    packages = [package("tst-core"), package("tst-own", registries=("mine",))]

    follow(
        "tokenless-not-offered",
        lambda: found_by_exchanges(JOB, Registry({"tst-core", "tst-own"}), packages, Configuration()),
        told="release this package apart",
        do=lambda: packages.pop(),
    )


class OwnIndex(Registry):
    """An index that is not PyPI."""

    def has_known_rules(self, package: Package) -> bool:
        return False


@follows("tokenless-not-offered")
def test_an_index_of_ones_own_is_uploaded_to_by_uv() -> None:
    projects = [replace(package("acme"), ecosystem="python")]
    clients = ["twine"]

    def look() -> object:
        python = replace(Configuration().python, publish=clients[-1])
        return found_by_exchanges(JOB, OwnIndex({"acme"}), projects, replace(Configuration(), python=python))

    follow("tokenless-not-offered", look, told='set `publish = "uv"`', do=lambda: clients.append("uv"))


def _denied(look: Callable[[], object]) -> Sequence[Problem]:
    try:
        look()
    except Denied as denied:
        return (denied.problem,)
    return ()


@follows("crate-not-listed", "crate-bytes-differ")
def test_what_the_release_lists_gets_a_token(tmp_path: Path) -> None:
    digests = tmp_path / "SHA256SUMS"
    request = {"name": "a", "vers": "1.0.0", "cksum": "1" * 64}
    digests.write_text("")
    follow(
        "crate-not-listed",
        lambda: _denied(lambda: require_listed(request, digests)),
        told="release it with castoff",
        do=lambda: digests.write_text(f"{'1' * 64}  a-1.0.0.crate\n"),
    )
    digests.write_text(f"{'2' * 64}  a-1.0.0.crate\n")
    follow(
        "crate-bytes-differ",
        lambda: _denied(lambda: require_listed(request, digests)),
        told="build the files again",
        do=lambda: digests.write_text(f"{'1' * 64}  a-1.0.0.crate\n"),
    )


@follows("exchange-unknown")
def test_a_runner_that_answers_again_is_asked_again() -> None:
    from castoff.world.clock import WorldClock
    from castoff.world.server import Server, Site

    issuer = Issuer(WorldClock(), Job(repository="a/b", workflow="release.yml"))
    environment = dict(RUNNER)
    asked = {"name": "a", "registry": {}}

    with Server(Site("identity", issuer)) as served:
        follow(
            "exchange-unknown",
            lambda: _denied(lambda: _exchanged(asked, options_of(["--api", served.url]), environment)),
            told="run the same command again in a minute",
            do=lambda: environment.update(issuer.job.variables(served.url) if issuer.job else {}),
            then=lambda: [
                one
                for one in _denied(lambda: _exchanged(asked, options_of(["--api", served.url]), environment))
                if one.code == "exchange-unknown"
            ],
        )


@follows("toolchain-in-repository")
def test_a_toolchain_by_its_channel_is_used(tmp_path: Path) -> None:
    file = tmp_path / "rust-toolchain.toml"
    file.write_text('[toolchain]\npath = "tools"\n')

    def look() -> object:
        try:
            toolchain_in(tmp_path)
        except Refusal as refused:
            return refused.problems
        return ()

    follow(
        "toolchain-in-repository",
        look,
        told="name a `channel` instead",
        do=lambda: file.write_text('[toolchain]\nchannel = "stable"\n'),
    )


@follows("built-files-differ")
def test_files_that_were_built_again_have_their_digests(tmp_path: Path) -> None:
    built, listed = tmp_path / "built", tmp_path / "SHA256SUMS"
    built.mkdir()
    file = built / "a-1.0.0.crate"
    file.write_bytes(b"built")
    listed.write_text(f"{hashlib.sha256(b'built').hexdigest()}  {file.name}\n")

    for changed in (b"other", None, b"built"):
        if changed is None:
            file.unlink()
        else:
            file.write_bytes(changed)
        (built / "stray").write_bytes(b"") if changed == b"built" else None

        def again() -> None:
            file.write_bytes(b"built")
            (built / "stray").unlink(missing_ok=True)

        follow(
            "built-files-differ",
            lambda: require_digests(built, listed),
            told="run the workflow again from its build",
            do=again,
        )


@follows("time-is-up")
def test_a_run_after_the_moment_goes_on() -> None:
    clock = FakeClock()
    part = Scripted(clock, [Wait(reason="late", seconds=600.0), Wait(reason="late", seconds=600.0), Done()])
    patience = [Patience(until=300.0)]

    follow(
        "time-is-up",
        lambda: reconcile(clock, part, patience=patience[-1]),
        told="run `castoff resume --execute` from then on",
        do=lambda: patience.append(Patience()),
    )
