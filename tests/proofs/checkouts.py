"""Generated workspaces with submodules, filters and includes: what castoff packs is what a plain checkout packs."""

from __future__ import annotations

import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from castoff.config.values import CargoSettings
from castoff.ecosystems.cargo.builder import CargoBuilder
from castoff.git import Clone, Git, Repository
from castoff.io.process import Processes
from castoff.model.workspace import Package, Workspace
from castoff.session.checkout import Checkout
from proofs.worlds import FIXED, chosen_toolchain

MANIFEST = (
    '[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\nlicense = "MIT"\ndescription = "x"\n'
)


@dataclass(frozen=True, slots=True)
class Packed:
    """One generated workspace: what it has, and what differs between both ways to pack it."""

    seed: int
    has: tuple[str, ...]
    files: int
    complaints: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"checkout {self.seed}"


class Generated:
    """A repository below a folder; features are put into it one by one."""

    def __init__(self, folder: Path, environment: Mapping[str, str], rng: random.Random) -> None:
        self.folder, self.environment, self.rng = folder, environment, rng
        self.root = folder / "here"
        self.extra = ""
        self.attributes: list[str] = []
        self.settings: list[tuple[str, str]] = []
        self.root.mkdir(parents=True)
        self.git(self.root, "init", "--quiet", "--initial-branch=main")

    def git(self, where: Path, *words: str | Path) -> None:
        subprocess.run(
            ["git", *map(str, words)], cwd=where, env=self.environment, check=True, capture_output=True
        )

    def write(self, path: str, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def commit(self, where: Path) -> None:
        self.git(where, "add", "--all")
        self.git(where, "commit", "--quiet", "-m", "work")

    def setting(self, key: str, value: str) -> None:
        self.settings.append((key, value))
        self.git(self.root, "config", key, value)

    def other(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Make another repository beside this one."""
        where = self.folder / name
        where.mkdir()
        self.git(where, "init", "--quiet", "--initial-branch=main")
        for path, data in files.items():
            (where / path).write_bytes(data)
        self.commit(where)
        return where


def _submodule(one: Generated) -> None:
    there = one.other("vendor", {"z.c": b"int z;\n", "z.h": one.rng.randbytes(50)})
    one.git(one.root, "submodule", "--quiet", "add", there, "a/vendor")


def _nested(one: Generated) -> None:
    inner = one.other("inner", {"deep.c": b"int deep;\n"})
    outer = one.other("outer", {"o.c": b"int o;\n"})
    one.git(outer, "submodule", "--quiet", "add", inner, "inner")
    one.commit(outer)
    one.git(one.root, "submodule", "--quiet", "add", outer, "a/outer")
    one.git(one.root, "submodule", "--quiet", "update", "--init", "--recursive")


def _filter(one: Generated) -> None:
    one.setting("filter.up.smudge", "tr a-z A-Z")
    one.setting("filter.up.clean", "tr A-Z a-z")
    one.attributes.append("*.up filter=up")
    one.write("a/src/text.up", b"one two\n")


def _lfs(one: Generated) -> None:
    if shutil.which("git-lfs") is None:
        return
    for name in ("clean", "smudge"):
        one.setting(f"filter.lfs.{name}", f"git-lfs {name} -- %f")
    one.setting("filter.lfs.required", "true")
    one.attributes.append("*.bin filter=lfs -text")
    one.write("a/src/big.bin", one.rng.randbytes(3000))


def _line_ends(one: Generated) -> None:
    one.attributes.append("*.txt text eol=crlf")
    one.write("a/notes.txt", b"one\ntwo\n")


def _autocrlf(one: Generated) -> None:
    one.setting("core.autocrlf", "true")
    one.write("a/plain.md", b"one\ntwo\n")


def _ident(one: Generated) -> None:
    one.attributes.append("*.id ident")
    one.write("a/version.id", b"$Id$\n")


def _encoding(one: Generated) -> None:
    one.attributes.append("*.rc working-tree-encoding=UTF-16LE text")
    one.write("a/window.rc", "één\n".encode("utf-16-le"))


def _include(one: Generated) -> None:
    one.extra = 'include = ["src/**", "vendor/**", "*.txt", "*.id"]\n'


def _exclude(one: Generated) -> None:
    one.extra = 'exclude = ["*.md", "/outer/inner"]\n'


def _ignored(one: Generated) -> None:
    one.write(".gitignore", b"target/\n*.tmp\n")
    one.write("a/src/left.tmp", b"left over\n")


def _executable(one: Generated) -> None:
    one.write("a/run.sh", b"#!/bin/sh\n")
    (one.root / "a/run.sh").chmod(0o755)


FEATURES: Mapping[str, Callable[[Generated], None]] = {
    "submodule": _submodule,
    "nested submodules": _nested,
    "filter": _filter,
    "git-lfs": _lfs,
    "eol=crlf": _line_ends,
    "core.autocrlf": _autocrlf,
    "ident": _ident,
    "encoding": _encoding,
    "include": _include,
    "exclude": _exclude,
    "ignored files": _ignored,
    "executable": _executable,
}


def try_checkout(folder: Path, seed: int) -> Packed:
    """Generate a workspace, pack it through castoff and in a plain clone, and compare the files of both crates."""
    folder.mkdir(parents=True)
    rng = random.Random(seed)
    has = tuple(sorted(rng.sample(sorted(FEATURES), rng.randint(3, 6))))
    environment = _environment(folder)
    one = Generated(folder, environment, rng)
    one.write("Cargo.toml", b'[workspace]\nmembers = ["a"]\nresolver = "2"\n')
    one.write("a/src/lib.rs", b"//! x\n")
    for name in has:
        FEATURES[name](one)
    one.write("a/Cargo.toml", (MANIFEST.format(name="rk-a") + one.extra).encode())
    one.write(".gitattributes", "".join(f"{line}\n" for line in one.attributes).encode())
    one.commit(one.root)
    ours, problems = _by_castoff(one)
    theirs = _by_hand(one)
    paths = sorted(path for path in {*ours, *theirs} if ours.get(path) != theirs.get(path))
    complaints = (*problems, *(f"{path} differs" for path in paths))
    return Packed(seed, has, len(theirs), complaints)


def _environment(folder: Path) -> dict[str, str]:
    import os

    (folder / "gitconfig").write_text(
        '[user]\n\tname = A\n\temail = a@example.org\n[protocol "file"]\n\tallow = always\n', "utf-8"
    )
    kept = {
        key: os.environ[key] for key in ("PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME") if key in os.environ
    }
    return {**kept, **FIXED, **chosen_toolchain(), "GIT_CONFIG_GLOBAL": str(folder / "gitconfig")}


def _by_castoff(one: Generated) -> tuple[dict[str, tuple[int, bytes]], list[str]]:
    processes = Processes(one.environment)
    package = Package(
        name="rk-a",
        ecosystem="cargo",
        path="a",
        manifest="a/Cargo.toml",
        version="1.0.0",
        version_file="a/Cargo.toml",
    )
    with Clone.of(Repository(Git(processes, one.root))) as clone:
        checkout = Checkout(clone, "HEAD", Workspace(packages=(package,)))
        problems = [f"{problem.code}: {problem.message}" for problem in checkout.problems()]
        built = CargoBuilder(processes, CargoSettings()).build(clone.root, [package], one.folder / "built")
        problems += [failure.problem.reason for failure in built.failures]
        found = _contents(Path(built.artifacts[0].path)) if built.artifacts else {}
    return found, problems


def _by_hand(one: Generated) -> dict[str, tuple[int, bytes]]:
    words = [word for key, value in one.settings for word in ("-c", f"{key}={value}")]
    plain = one.folder / "plain"
    one.git(one.folder, *words, "clone", "--quiet", one.root, plain)
    one.git(plain, "submodule", "--quiet", "update", "--init", "--recursive")
    for key, value in one.settings:
        one.git(plain, "config", key, value)
    subprocess.run(
        ["cargo", "package", "--quiet", "--offline", "--no-verify", "--package", "rk-a", "--allow-dirty"],
        cwd=plain,
        env=one.environment,
        check=True,
        capture_output=True,
    )
    return _contents(plain / "target/package/rk-a-1.0.0.crate")


def _contents(crate: Path) -> dict[str, tuple[int, bytes]]:
    """Read modes and bytes; the lock and the commit are cargo's own."""
    found = {}
    with tarfile.open(crate, "r:gz") as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            stream = archive.extractfile(member)
            if name not in ("Cargo.lock", ".cargo_vcs_info.json") and stream is not None:
                found[name] = (member.mode, stream.read())
    return found
