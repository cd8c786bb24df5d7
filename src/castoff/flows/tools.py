"""Are the tools of a release here, and new enough? Asked by their own `--version`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.model.versions import Ecosystem
from castoff.process import TIMED_OUT, Completed
from castoff.stages.preflight import Cannot, Check, Found, Skipped

_PATIENCE = 20  # seconds
_UPDATES = 100  # the exit code of `rustup check` where something newer is there
_NUMBERS = re.compile(r"\b(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?")
_Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, the oldest version with which castoff works, and why."""

    program: str
    oldest: _Version
    why: str


_GIT = Tool("git", (2, 34), "older ones cannot sign with ssh keys, or take settings from the environment")
_CLIENTS: Mapping[Ecosystem, Tool] = {
    "cargo": Tool("cargo", (1, 82), "older ones cannot show a published version (`cargo info`)"),
    "python": Tool("uv", (0, 5), "older ones have no stable `uv publish`"),
}
_FAULTS: Mapping[tuple[str, _Version], str] = {
    ("cargo", (1, 96)): "`cargo publish` of several packages at once may stop with a deadlock that is none "
    "(mended in 1.97); castoff uploads them one by one, so only commands of your own are touched",
}
"""Versions with known faults, by their first two numbers."""


def tool_checks(setting: Setting, survey: Survey, *, signs: bool) -> tuple[Check, ...]:
    """List one check for each tool that this release needs."""
    tools = [_GIT, *(_CLIENTS[one] for one in survey.ecosystems if one in _CLIENTS)]
    checks = [Check(f"tool:{tool.program}", "preflight", _Ask(setting, tool)) for tool in tools]
    if "cargo" in survey.ecosystems:
        checks.append(Check("tool:toolchain", "preflight", lambda: _toolchain(setting)))
    if signs:
        checks.append(Check("tool:signing", "preflight", lambda: _signer(setting)))
    return tuple(checks)


def judge_version(tool: Tool, said: str) -> Sequence[Problem] | Cannot:
    """Judge what a tool said about its version."""
    found = _NUMBERS.search(said)
    if found is None:
        return Cannot(f"`{tool.program} --version` names no version")
    version = tuple(int(part) for part in found.groups(default="0"))
    if version < tool.oldest:
        oldest = ".".join(map(str, tool.oldest))
        return (
            Problem(
                code="tool-too-old",
                message=f"`{tool.program}` {found.group()} is too old: {oldest} is the oldest that will do",
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
            message=f"`{tool.program}` {found.group()} has a known fault",
            reason=fault,
            remedy=f"update `{tool.program}`",
        ),
    )


@dataclass(frozen=True, slots=True)
class _Ask:
    setting: Setting
    tool: Tool

    def __call__(self) -> Found:
        git = self.setting.repository.git
        if git.processes.find(self.tool.program) is None:
            return (_missing(self.tool.program),)
        done = git.processes.run([self.tool.program, "--version"], cwd=git.folder, timeout=_PATIENCE)
        if done.code != 0:
            return (_not_working(self.tool.program, done),)
        return judge_version(self.tool, done.text)


def judge_toolchain(active: str, said: str) -> Found:
    """Judge what `rustup check` says of the toolchain in use: its line has the newest version after its own."""
    line = next((line for line in said.splitlines() if line.startswith(f"{active} ")), "")
    versions = list(dict.fromkeys(match.group() for match in _NUMBERS.finditer(line)))
    if len(versions) not in (1, 2):
        return Cannot(f"`rustup check` does not say which version of `{active}` is the newest")
    if len(versions) == 1:
        return ()
    return (
        Problem(
            code="toolchain-not-current",
            severity="warning",
            message=f"the stable toolchain is {versions[0]}, the newest is {versions[1]}",
            reason="users build with the newest one, and its cargo knows the registry best",
            remedy="run `rustup update stable`",
        ),
    )


def _toolchain(setting: Setting) -> Found:
    """Ask rustup whether the stable toolchain is the newest; one that was pinned is a choice."""
    git = setting.repository.git
    if setting.tolerated:
        return Skipped("a rehearsal asks nobody outside")
    if setting.environment.get("RUSTUP_TOOLCHAIN"):
        return Skipped("`RUSTUP_TOOLCHAIN` chose the toolchain")
    if git.processes.find("rustup") is None:
        return Cannot("cargo was not installed by rustup, which would know the newest stable version")
    shown = git.processes.run(["rustup", "show", "active-toolchain"], cwd=git.folder, timeout=_PATIENCE)
    active = shown.text.partition(" ")[0].strip()
    if shown.code != 0 or not active:
        return Cannot("rustup names no toolchain that is in use here")
    if not active.startswith("stable"):
        return Skipped(f"`{active}` was chosen here")
    done = git.processes.run(["rustup", "check", "--no-self-update"], cwd=git.folder, timeout=_PATIENCE)
    if done.code not in (0, _UPDATES):
        return Cannot("`rustup check` could not find out: " + (done.errors.partition("\n")[0] or "no answer"))
    return judge_toolchain(active, done.text)


def _not_working(program: str, done: Completed) -> Problem:
    late = done.code == TIMED_OUT
    words = next((line.strip() for line in done.errors.splitlines() if line.strip()), "it says nothing")
    return Problem(
        code="tool-not-working",
        message=f"`{program} --version` "
        + (f"gave no answer within {_PATIENCE} seconds" if late else f"ended with code {done.code}"),
        reason="it may be fetching a toolchain" if late else words[:300],
        remedy=f"run `{program} --version` here yourself until it works"
        + ("; `rustup show` names the toolchain that is meant" if program == "cargo" else ""),
    )


def _signer(setting: Setting) -> Found:
    """See that the program is there with which git signs (git-config, ``gpg.format``, ``gpg.program``)."""
    git = {key.lower(): value for key, value in setting.repository.settings.items()}
    kind = git.get("gpg.format", "openpgp").lower()
    usual = {"ssh": "ssh-keygen", "x509": "gpgsm"}.get(kind, "gpg")
    program = (
        git.get(f"gpg.{kind}.program") or (git.get("gpg.program") if kind == "openpgp" else None) or usual
    )
    if setting.repository.git.processes.find(program) is not None:
        return ()
    return (_missing(program),)


def _missing(program: str) -> Problem:
    return Problem(
        code="program-missing",
        message=f"`{program}` was not found",
        reason="castoff drives the real clients",
        remedy=f"install `{program}`, and see that it is in PATH",
    )
