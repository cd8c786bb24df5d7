"""A hostile repository: files that leave a mark wherever a program runs, imports or obeys them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from security.tracing import Seen

_SHELL = '#!/bin/sh\necho "${{RUNNER_TEMP##*/}} {name}" >> {marks}\n{then}\n'
_PYTHON = """\
import os

with open({marks!r}, "a") as file:
    file.write(os.path.basename(os.environ.get("RUNNER_TEMP", "")) + " {name}\\n")
"""
_RUST = """\
fn main() {{
    use std::io::Write;
    let job = std::env::var("RUNNER_TEMP").unwrap_or_default();
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open({marks}).unwrap();
    writeln!(file, "{{}} {name}", job.rsplit('/').next().unwrap()).unwrap();
}}
"""
_CONFIGURATION = """
[[check]]
name = "planted"
command = ["tools/check"]

[version]
run = [{ command = ["tools/version"] }]
"""
_CARGO = """\
[build]
rustc-wrapper = "tools/wrapper"

[registry]
global-credential-providers = ["tools/provider"]
"""
_NPM = "git=./tools/git\nnode-options=\nonload-script=./tools/onload.cjs\nignore-scripts=false\n"
_IMPORTED = ("sitecustomize", "usercustomize", "conftest", "json", "tomli", "castoff/__init__")
_SCRIPTS = ("prepare", "prepack", "postpack", "prepublishOnly", "publish", "postpublish")


def plant(root: Path, kind: str, marks: Path) -> None:
    """Add the files to a workspace at 1.0.0: for every client, and for the one of its ecosystem."""
    for name in ("check", "version"):
        _script(root / "tools" / name, marks)
    with (root / "castoff.toml").open("a", encoding="utf-8") as file:
        file.write(_CONFIGURATION)
    for name in _IMPORTED:
        file_of = root / f"{name}.py"
        file_of.parent.mkdir(exist_ok=True)
        file_of.write_text(_PYTHON.format(marks=str(marks), name=f"{name}.py"), encoding="utf-8")
    {"python": _plant_python, "cargo": _plant_cargo, "npm": _plant_npm}[kind](root, marks)


def jobs_marked(marks: Path) -> dict[str, set[str]]:
    """Return the files that left a mark, by the folder of the job in which they did."""
    found: dict[str, set[str]] = {}
    for line in marks.read_text("utf-8").splitlines() if marks.exists() else ():
        job, name = line.split()
        found.setdefault(job, set()).add(name)
    return found


_SETTINGS = (
    r"(?:.*/)?(?:castoff\.toml|pyproject\.toml|Cargo\.toml|package\.json|\.npmrc|\.cargo/config\.toml)"
)
_READ_AS_DATA: Mapping[str, re.Pattern[str]] = {
    "git": re.compile(".*"),
    # castoff reads manifests and settings itself, and imports none of the planted modules.
    "python": re.compile(_SETTINGS),
    # What it packs; neither its own settings nor a toolchain file.
    "cargo": re.compile(r"(?!\.cargo/|rust-toolchain).*"),
    "uv": re.compile(r"(?:.*/)?pyproject\.toml"),
}
"""Which files of the repository a program may open: by its name, paths in the repository."""


def obeyed(trace: Iterable[Seen], clone: Path, own: Iterable[Path]) -> Iterator[Seen]:
    """Give what a trace shows of files of the repository that were executed, or opened by what may obey them.

    ``clone`` is a checkout; castoff's temporary clone has the same paths in a folder `tree`. Nothing else that lies
    beside the checkout is executed either, but for programs in the folders ``own``.
    """
    words = ["git", "ls-files", "-z"]
    listed = subprocess.run(words, cwd=clone, capture_output=True, text=True, check=True).stdout
    paths, around = set(listed.split("\0")), str(clone.parent)
    for seen in trace:
        name = seen.path.removeprefix(f"{clone}/")
        if name == seen.path and "/tree/" in seen.path:
            name = seen.path.partition("/tree/")[2]
        if seen.kind == "executed":
            # The script of the workflow names castoff by its path below the folder of the job.
            is_ours = any(str(one.parent / seen.path).startswith(f"{one}/") for one in own)
            if not is_ours and (not seen.path.startswith("/") or seen.path.startswith(around)):
                yield seen
        elif name in paths and seen.path != name:
            program = re.sub(r"[\d.]+$", "", Path(seen.program).name)
            allowed = _READ_AS_DATA.get("git" if program.startswith("git") else program)
            if allowed is None or not allowed.fullmatch(name):
                yield seen


def _plant_python(root: Path, marks: Path) -> None:
    _script(root / "tools" / "build", marks, 'exec uv build --no-create-gitignore --out-dir "$1"')
    with (root / "castoff.toml").open("a", encoding="utf-8") as file:
        file.write('\n[python]\nbuild = ["sh", "../../tools/build"]\n')


def _plant_cargo(root: Path, marks: Path) -> None:
    _script(root / "tools" / "wrapper", marks, 'exec "$@"')
    _script(root / "tools" / "provider", marks)
    (root / ".cargo").mkdir()
    (root / ".cargo" / "config.toml").write_text(_CARGO, encoding="utf-8")
    for member in root.glob("beacon*"):
        script = _RUST.format(marks=json.dumps(str(marks)), name="build.rs")
        (member / "build.rs").write_text(script, encoding="utf-8")


def _plant_npm(root: Path, marks: Path) -> None:
    _script(root / "tools" / "git", marks)
    (root / ".npmrc").write_text(_NPM, encoding="utf-8")
    for manifest in root.glob("beacon*/package.json"):
        script = f'sh -c "echo ${{RUNNER_TEMP##*/}} package.json >> {marks}"'
        document = json.loads(manifest.read_text("utf-8"))
        document["scripts"] = dict.fromkeys(_SCRIPTS, script)
        manifest.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _script(file: Path, marks: Path, then: str = "") -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(_SHELL.format(name=f"tools/{file.name}", marks=marks, then=then), encoding="utf-8")
    file.chmod(0o755)
