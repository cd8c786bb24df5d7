"""What the temporary clone costs: made, checked out and compared, for Cargo workspaces of several sizes.

benchmarks/checkout.py; prints a table. Each crate has eight source files, a manifest and a README.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from castoff.ecosystems.cargo.members import listed_members
from castoff.git import Clone, Git, Repository
from castoff.git.comparison import compare
from castoff.io.process import Processes

MANIFEST = (
    '[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\nlicense = "MIT"\ndescription = "x"\n'
)


def make(root: Path, crates: int, *, converted: bool) -> None:
    root.mkdir()
    (root / "Cargo.toml").write_text('[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n')
    if converted:
        (root / ".gitattributes").write_text("* text=auto eol=crlf\n")
    for number in range(crates):
        folder = root / f"crates/c{number:04}"
        (folder / "src").mkdir(parents=True)
        (folder / "Cargo.toml").write_text(MANIFEST.format(name=f"c{number:04}"))
        (folder / "README.md").write_text("# x\n" * 20)
        for source in ("lib", *(f"m{k}" for k in range(1, 8))):
            (folder / f"src/{source}.rs").write_text("// x\n" * 100)
    for words in (["init", "-q"], ["-c", "core.safecrlf=false", "add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words],
            cwd=root,
            check=True,
            capture_output=True,
        )


def measured(crates: int, *, converted: bool) -> str:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "r", crates, converted=converted)
        processes = Processes(os.environ)
        repository = Repository(Git(processes, Path(folder) / "r"))
        times = [time.perf_counter()]
        with Clone.of(repository) as clone:
            times.append(time.perf_counter())
            clone.check_out("HEAD")
            clone.populate()
            times.append(time.perf_counter())
            found = compare(clone.git, repository, "HEAD", clone.folder("comparison"))
            times.append(time.perf_counter())
            listed_members(processes, clone.root)
            times.append(time.perf_counter())
        assert not found.differences
        steps = " | ".join(f"{after - before:.2f}" for before, after in pairwise(times))
        return f"| {crates} | {found.files} | {found.compared} | {steps} | {os.getloadavg()[0]:.1f} |"


def main() -> None:
    print(
        "| crates | files | converted files | clone (s) | checkout (s) | comparison (s) | members (s) | load |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for crates in (10, 100, 1000):
        for converted in (False, True):
            print(measured(crates, converted=converted), flush=True)


if __name__ == "__main__":
    main()
