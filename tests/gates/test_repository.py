from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in parts, so that this file does not hold what it looks for.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("crates", "io"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("rubygems", "org"),
        ("proxy", "golang", "org"),
    )
)
PLACES = ("/" + "work/", "/" + "root/")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "--cached", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_host_of_a_package_registry_stands_in_the_repository() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in HOSTS
        if host.encode() in path.read_bytes().lower()
    ]

    assert found == []


def test_castoff_itself_has_no_lock_file() -> None:
    assert [path for path in tracked() if path == ROOT / "uv.lock"] == []


def test_no_path_of_a_machine_stands_in_source_or_documents() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in tracked()
        if path.suffix in (".md", ".py", ".toml", ".cfg") and path != Path(__file__)
        for place in PLACES
        if place in path.read_text("utf-8", errors="replace")
    ]

    assert found == []


HEAVY = ("requests", "rich", "pypi_simple", "ruamel", "markdown_it", "pydantic", "msgspec", "uv", "trustme")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["explain", "unknown-key"]], ids=" ".join)
def test_the_command_line_starts_without_heavy_libraries(arguments: list[str]) -> None:
    look = (
        "import sys\n"
        "sys.argv = ['castoff', *sys.argv[1:]]\n"
        "from castoff.__main__ import run_command_line\n"
        "code = run_command_line()\n"
        f"heavy = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "print('CODE', code, 'HEAVY', heavy, file=sys.stderr)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", look, *arguments], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stderr.splitlines()[-1] == "CODE 0 HEAVY []"
    assert done.stdout


def test_every_source_file_stays_within_its_bounds() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "src").rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 500
    }

    assert long == {}
