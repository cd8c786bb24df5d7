"""Every process is started as a kind, in one place; nothing else in castoff starts programs."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from castoff.io.process import Processes

SOURCE = Path(__file__).parents[2] / "src" / "castoff"
STARTERS = {
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "subprocess.run",
    "os.system",
    "os.popen",
    "os.execv",
    "os.execve",
    "os.execvp",
    "os.execvpe",
    "os.posix_spawn",
    "os.posix_spawnp",
    "os.spawnv",
    "os.startfile",
    "pty",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "webbrowser",
    "click.edit",
    "click.launch",
}


def _used(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(f"{node.value.id}.{node.attr}")
    return names


def test_only_one_module_starts_programs_and_the_embedded_services_start_git() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if _used(ast.parse(path.read_text("utf-8"))) & STARTERS
    }

    assert {one for one in found if not one.startswith("world/")} == {"io/process.py"}


@pytest.mark.parametrize(
    "start", [Processes.run, Processes.follow, Processes.start_server, Processes.interactive]
)
def test_no_process_is_started_without_a_kind(start: object) -> None:
    kind = inspect.signature(start).parameters["kind"]  # type: ignore[arg-type]

    assert kind.default is inspect.Parameter.empty
    assert kind.kind is inspect.Parameter.KEYWORD_ONLY
