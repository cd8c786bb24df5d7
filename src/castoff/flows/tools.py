"""Are the tools of a release here, and new enough? Asked by their own `--version`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from castoff.errors import Problem
from castoff.flows.setting import Setting
from castoff.flows.survey import Survey
from castoff.model.versions import Ecosystem
from castoff.stages.preflight import Cannot, Check, Found

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
    checks = [Check(f"tool:{tool.program}", "preflight", _asking(setting, tool)) for tool in tools]
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


def _asking(setting: Setting, tool: Tool) -> _Ask:
    return _Ask(setting, tool)


@dataclass(frozen=True, slots=True)
class _Ask:
    setting: Setting
    tool: Tool

    def __call__(self) -> Found:
        git = self.setting.repository.git
        if git.processes.find(self.tool.program) is None:
            return (_missing(self.tool.program),)
        done = git.processes.run([self.tool.program, "--version"], cwd=git.folder, timeout=30)
        if done.code != 0:
            return Cannot(f"`{self.tool.program} --version` ended with code {done.code}")
        return judge_version(self.tool, done.text)


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
