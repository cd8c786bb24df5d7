"""castoff in this process on a clone, with its problems as values: situations that need a command line."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from newcomer_bench import Shore

from castoff.cli.main import run
from castoff.errors import Problem


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a command: exit code and problems, both read from what the user gets."""

    exit: int
    problems: tuple[Problem, ...]
    value: Mapping[str, object] = field(default_factory=dict)


def castoff(folder: Path, environment: Mapping[str, str], *words: str) -> Ending:
    """Run a command with ``--json`` and exactly this environment."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as during, redirect_stdout(out), redirect_stderr(err):
        for name in list(os.environ):
            during.delenv(name)
        for name, value in environment.items():
            during.setenv(name, value)
        during.chdir(folder)
        code = run([*words, "--json"])
    text = out.getvalue()
    value = json.loads(text[text.index("{") :]) if "{" in text else {}
    problems = [*value.get("problems", ())]
    problems += [one for check in value.get("checks", ()) for one in check.get("findings", ())]
    return Ending(code, tuple(Problem(**one) for one in problems), value)


def on(shore: Shore, *words: str, **extra: str) -> Ending:
    """Run a command in a clone of :class:`Shore`; a plan asks no registry if no index is named."""
    if words[0] == "plan" and "UV_DEFAULT_INDEX" not in extra:
        words = (*words, "--offline")
    return castoff(shore.clone, {**shore.ground.environment, **extra}, *words)
