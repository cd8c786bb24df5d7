"""Checks that the tools of a release are installed and new enough, by their own `--version`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct

from castoff.ecosystems.npm.manifest.manifests import NpmManifests
from castoff.errors import Problem
from castoff.io.process import TIMED_OUT, Completed
from castoff.io.scratch import scratch_prefix
from castoff.model.child_environments import Kind
from castoff.model.versions import Ecosystem
from castoff.preflight.stage import Cannot, Check, Found, Skipped
from castoff.regexes import regex
from castoff.session.services import Services
from castoff.session.session import Session

_PATIENCE = 20  # seconds
_UPDATES = 100  # the exit code of `rustup check` where something newer is there
_NUMBERS = regex(r"\b(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?")
_Version = tuple[int, ...]


class Tool(Struct, frozen=True):
    """A program, the oldest version with which castoff works, and why."""

    program: str
    oldest: _Version
    why: str


_GIT = Tool("git", (2, 34), "older versions cannot sign with SSH keys or read settings from the environment")
_CLIENTS: Mapping[Ecosystem, Tool] = {
    "cargo": Tool("cargo", (1, 82), "older versions cannot show a published version (`cargo info`)"),
    "npm": Tool("npm", (10, 0), "older versions answer `npm publish --json` without codes"),
    "python": Tool("uv", (0, 5), "older versions have no stable `uv publish`"),
}
_STAGING = Tool(
    "npm", (11, 15), "older versions cannot stage packages, as `staged = true` in `[npm]` asks for"
)
_NPM_CLIENTS: Mapping[str, Tool] = {
    "bun": Tool("bun", (1, 2), "older versions write the lock file's versions when they pack"),
    "pnpm": Tool("pnpm", (9, 0), "older versions pack requirements on siblings only after an install"),
    "yarn": Tool(
        "yarn", (2, 0), "Yarn 1 does not know `workspace:`, and cannot install from a lock file alone"
    ),
}
"""Clients of npm workspaces beside npm, which uploads for all of them."""
_FAULTS: Mapping[tuple[str, _Version], str] = {
    ("cargo", (1, 96)): "`cargo publish` of several packages at once may fail with a false deadlock "
    "(fixed in 1.97); castoff uploads them one by one, so only your own commands are affected",
}
"""Versions with known faults, by their first two numbers."""


def tool_checks(session: Session, *, signs: bool) -> tuple[Check, ...]:
    """List one check for each tool that this release needs."""
    tools = [_GIT, *(_CLIENTS[one] for one in session.snapshot.ecosystems if one in _CLIENTS)]
    if "npm" in session.snapshot.ecosystems:
        tools[tools.index(_CLIENTS["npm"])] = npm_tool(session.configuration.npm.staged)
        tools += [_NPM_CLIENTS[one] for one in npm_clients(session) if one in _NPM_CLIENTS]
    checks = [Check(f"tool:{tool.program}", "preflight", _Ask(session.services, tool)) for tool in tools]
    for program in _configured_programs(session):
        checks.append(Check(f"tool:{program}", "preflight", partial(_is_there, session.services, program)))
    if "cargo" in session.snapshot.ecosystems:
        checks.append(Check("tool:toolchain", "preflight", lambda: _toolchain(session.services)))
    if signs:
        checks.append(Check("tool:signing", "preflight", lambda: _signer(session.services)))
    return tuple(checks)


def _configured_programs(session: Session) -> tuple[str, ...]:
    """List the programs that the configuration names and a release runs; one with a path may be built by a step."""
    configuration = session.configuration
    words = [run.command for run in configuration.version.run]
    if "python" in session.snapshot.ecosystems and configuration.python.artifacts is None:
        words.append(configuration.python.build or ())
    if "npm" in session.snapshot.ecosystems:
        words.append(configuration.npm.build or ())
    programs = [one[0] for one in words if one]
    if "python" in session.snapshot.ecosystems and configuration.python.publish == "twine":
        programs.append("twine")
    asked = {_GIT.program, *_NPM_CLIENTS, *(client.program for client in _CLIENTS.values())}
    return tuple(
        dict.fromkeys(one for one in programs if one not in asked and "/" not in one and "{" not in one)
    )


def npm_tool(staged: bool | Literal["auto"]) -> Tool:
    """Return the npm that a release needs; `auto` publishes at once where npm cannot stage."""
    return _STAGING if staged is True else _CLIENTS["npm"]


def npm_clients(session: Session) -> tuple[str, ...]:
    """Name the clients of the npm workspaces that are released."""
    tree = session.snapshot.tree
    layouts = NpmManifests().layouts(tree)
    roots = {one.root for one in session.snapshot.workspace.packages if one.ecosystem == "npm"}
    return tuple(dict.fromkeys(one.client for one in layouts.found if one.folder in roots))


def _is_there(services: Services, program: str) -> Found:
    return () if services.repository.git.processes.find(program) is not None else (_missing(program),)


def judge_version(tool: Tool, said: str) -> Sequence[Problem] | Cannot:
    """Judge what a tool said about its version."""
    found = _NUMBERS.search(said)
    if found is None:
        return Cannot(f"`{tool.program} --version` does not print a version")
    version = tuple(int(part) for part in found.groups(default="0"))
    if version < tool.oldest:
        oldest = ".".join(map(str, tool.oldest))
        return (
            Problem(
                code="tool-too-old",
                message=f"`{tool.program}` {found.group()} is too old: {oldest} or newer is required",
                reason=tool.why,
                remedy=f"update `{tool.program}`",
            ),
        )
    fault = _FAULTS.get((tool.program, version[:2]))
    if fault is None:
        return ()
    return (
        Problem(
            code="tool-with-fault",
            severity="warning",
            message=f"`{tool.program}` {found.group()} has a known bug",
            reason=fault,
            remedy=f"update `{tool.program}`",
        ),
    )


class _Ask(Struct, frozen=True):
    services: Services
    tool: Tool

    def __call__(self) -> Found:
        git = self.services.repository.git
        if git.processes.find(self.tool.program) is None:
            return (_missing(self.tool.program),)
        # cargo, npm and their like read settings of the folder that they run in, and rustup takes its toolchain file.
        with ExitStack() as opened:
            folder = git.folder
            if self.services.inert:
                scratch = tempfile.TemporaryDirectory(prefix=scratch_prefix("tool"))
                folder = Path(opened.enter_context(scratch))
            done = git.processes.run(
                [self.tool.program, "--version"], kind=Kind.TOOL, cwd=folder, timeout=_PATIENCE
            )
        if done.code != 0:
            return (_not_working(self.tool.program, done),)
        return judge_version(self.tool, done.text)


def judge_toolchain(active: str, said: str) -> Found:
    """Judge what `rustup check` says of the toolchain in use: its line has the newest version after its own."""
    line = next((line for line in said.splitlines() if line.startswith(f"{active} ")), "")
    versions = list(dict.fromkeys(match.group() for match in _NUMBERS.finditer(line)))
    if len(versions) not in (1, 2):
        return Cannot(f"`rustup check` does not report the newest version of `{active}`")
    if len(versions) == 1:
        return ()
    return (
        Problem(
            code="toolchain-not-current",
            severity="warning",
            message=f"the stable toolchain is {versions[0]}, the newest is {versions[1]}",
            reason="users build with the newest toolchain, and its cargo matches the registry best",
            remedy="run `rustup update stable`",
        ),
    )


def _toolchain(services: Services) -> Found:
    """Ask rustup whether the stable toolchain is the newest; one that was pinned is a choice."""
    git = services.repository.git
    if services.tolerated:
        return Skipped("a rehearsal uses no outside services")
    if services.environment.get("RUSTUP_TOOLCHAIN"):
        return Skipped("`RUSTUP_TOOLCHAIN` sets the toolchain")
    if git.processes.find("rustup") is None:
        return Cannot("cargo was not installed by rustup, so the newest stable version is unknown")
    shown = git.processes.run(
        ["rustup", "show", "active-toolchain"], kind=Kind.TOOL, cwd=git.folder, timeout=_PATIENCE
    )
    active = shown.text.partition(" ")[0].strip()
    if shown.code != 0 or not active:
        return Cannot("rustup reports no active toolchain")
    if not active.startswith("stable"):
        return Skipped(f"the toolchain `{active}` is selected here")
    done = git.processes.run(
        ["rustup", "check", "--no-self-update"], kind=Kind.TOOL, cwd=git.folder, timeout=_PATIENCE
    )
    if done.code not in (0, _UPDATES):
        return Cannot("`rustup check` failed: " + (done.errors.partition("\n")[0] or "no answer"))
    return judge_toolchain(active, done.text)


def _not_working(program: str, done: Completed) -> Problem:
    late = done.code == TIMED_OUT
    words = next((line.strip() for line in done.errors.splitlines() if line.strip()), "it printed nothing")
    return Problem(
        code="tool-not-working",
        message=f"`{program} --version` "
        + (f"did not finish within {_PATIENCE} seconds" if late else f"ended with code {done.code}"),
        reason="it may be downloading a toolchain" if late else words[:300],
        remedy=f"run `{program} --version` here until it works"
        + ("; `rustup show` prints the selected toolchain" if program == "cargo" else ""),
    )


def _signer(services: Services) -> Found:
    """See that the program is there with which git signs (git-config, ``gpg.format``, ``gpg.program``)."""
    git = {key.lower(): value for key, value in services.repository.settings.items()}
    kind = git.get("gpg.format", "openpgp").lower()
    usual = {"ssh": "ssh-keygen", "x509": "gpgsm"}.get(kind, "gpg")
    program = (
        git.get(f"gpg.{kind}.program") or (git.get("gpg.program") if kind == "openpgp" else None) or usual
    )
    if services.repository.git.processes.find(program) is not None:
        return ()
    return (_missing(program),)


def _missing(program: str) -> Problem:
    return Problem(
        code="program-missing",
        message=f"`{program}` was not found",
        reason="castoff runs the clients of the ecosystem",
        remedy=f"install `{program}`, and make sure that it is in PATH",
    )
