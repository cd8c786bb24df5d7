"""Releases in this process with registries, builds and documentation held in memory; forge and remote are embedded."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from castoff.model.acts import Act, Outcome, Succeeded
from castoff.model.intent import meant_again
from castoff.model.observations import Present
from castoff.model.plan import predicted_filename
from castoff.model.workspace import Artifact, Package, Workspace
from castoff.ports import Built, DocsBuild, Listing, Steps, unreported
from castoff.reconcile import Patience
from castoff.release.plan import plan_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.values import replace
from castoff.wiring import Options, open_setting
from castoff.world.seed import WorldSeed
from proofs.worlds import Stage, make_key, make_source, stage_of

HURRIED = Patience(first_pause=0.0, longest_pause=0.01, settle=0.0, unknown=0.3, visible=2.0)


class Killed(BaseException):
    """The process ended here."""


@dataclass(slots=True)
class Performed(Silence):
    """A reporter that keeps the acts; the process ends after so many, None: never."""

    lives: int | None = None
    acts: list[Act] = field(default_factory=list)

    def act_begins(self, act: Act) -> None:
        if self.lives == len(self.acts):
            raise Killed
        self.acts.append(act)


@dataclass(slots=True)
class Shelf:
    """A registry of every ecosystem: what was uploaded, by package and version."""

    ecosystem: Any = "python"
    files: dict[tuple[str, str], dict[str, Present]] = field(default_factory=dict)

    def look(self, package: Package, version: str) -> Listing:
        return Listing(files=dict(self.files.get((package.id, version), {})), new_name=False)

    def versions(self, package: Package) -> Sequence[str]:
        return ["1.0.0", *(version for name, version in self.files if name == package.id)]

    def resolvable(self, requirements: Sequence[str]) -> bool:
        return True

    def requirement(self, package: Package, version: str) -> str:
        return f"{package.name}=={version}"

    def upload(self, artifact: Artifact, root: Path) -> Outcome:
        version = Path(artifact.path).parent.name
        held = self.files.setdefault((artifact.package, version), {})
        held[artifact.filename] = Present(digest=artifact.digest)
        return Succeeded()

    def url(self, package: Package, version: str) -> str | None:
        return None


class Carpenter:
    """A builder of files with little in them; wheels come for two platforms."""

    def settle(self, root: Path, workspace: Workspace) -> Sequence[str]:
        return ()

    def update_neighbour_locks(self, root: Path, locks: Sequence[str]) -> tuple[Sequence[str], tuple[()]]:
        return (), ()

    def judge(self, packages: Sequence[Package], artifacts: Sequence[Artifact], root: Path) -> tuple[()]:
        return ()

    def build(self, root: Path, packages: Sequence[Package], into: Path, step: Steps = unreported) -> Built:
        made = []
        for package in packages:
            for kind in package.kinds:
                known = predicted_filename(package, kind, package.version)
                stem = f"{package.name.replace('-', '_')}-{package.version}-cp311-cp311"
                names = [known] if known else [f"{stem}-{one}.whl" for one in ("win_amd64", "win_arm64")]
                made += [_artifact(package, kind, name, into) for name in names]
        return Built(artifacts=tuple(made))


def _artifact(package: Package, kind: Any, filename: str, into: Path) -> Artifact:
    path = into / package.version / filename
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_packed(package) if kind == "crate" else filename.encode())
    return Artifact(
        package=package.id,
        ecosystem=package.ecosystem,
        kind=kind,
        filename=filename,
        path=str(path),
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _packed(package: Package) -> bytes:
    """Pack a crate of nothing but its manifest; castoff reads what it built before it uploads it."""
    manifest = (
        f'[package]\nname = "{package.name}"\nversion = "{package.version}"\nedition = "2021"\n'
        'description = "A crate"\nlicense = "MIT"\n'
    ).encode()
    member = tarfile.TarInfo(f"{package.name}-{package.version}/Cargo.toml")
    member.size = len(manifest)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(member, io.BytesIO(manifest))
    return gzip.compress(packed.getvalue(), mtime=0)


@dataclass(frozen=True, slots=True)
class Host:
    """A documentation host that shows one state for every package."""

    state: Any

    def look(self, name: str, version: str) -> DocsBuild:
        return DocsBuild(state=self.state, url=f"https://docs.rs/{name}/{version}")

    def log(self, name: str, version: str) -> str:
        return "error: it does not compile"


@dataclass(slots=True)
class Dock:
    """A world, its registries, and machines that work on fresh clones."""

    here: Stage
    shelf: Shelf = field(default_factory=Shelf)
    docs: str = "queued"
    branch: str = "main"

    def setting(self, reporter: Performed) -> Services:
        clone = self.here.checkout()
        if self.branch != "main":
            self.here.git(clone, "switch", "--quiet", self.branch)
        opened = open_setting(Options(directory=clone), reporter, self.here.environment)
        ports: dict[str, Callable[..., Any]] = {
            "builder": lambda ecosystem, time: Carpenter(),
            "registry": lambda ecosystem: self.shelf,
            "registries_within": lambda seconds: lambda ecosystem: self.shelf,
            "docs": lambda name: Host(self.docs),
        }
        return replace(opened, embedded=None, patience=HURRIED, **ports)

    def shown(self, level: str, pre: str | None = None) -> tuple[Act, ...]:
        """Return the acts that the plan shows; what would stop the release fails the test."""
        plan = plan_release(
            self.setting(Performed()), ReleaseRequest(level=level, pre=pre), intend=meant_again
        )
        assert plan.errors == ()
        return plan.acts

    def performed(self, run: Callable[[Services], object], lives: int | None = None) -> tuple[Act, ...]:
        """Run something, until it ends or is killed after so many acts; return its acts."""
        reporter = Performed(lives=lives)
        setting = self.setting(reporter)
        with suppress(Killed):
            run(setting)
        return tuple(reporter.acts)


@contextmanager
def dock(
    folder: Path,
    write: Callable[[Path], Path],
    files: Mapping[str, str] | None = None,
    forge: Mapping[str, object] | None = None,
) -> Iterator[Dock]:
    """Open a world with a sample at 1.0.0, with these files over it."""
    folder.mkdir(parents=True, exist_ok=True)
    sample = write(folder / "sample")
    for path, text in (files or {}).items():
        (sample / path).parent.mkdir(parents=True, exist_ok=True)
        (sample / path).write_text(text, encoding="utf-8")
    key = make_key(folder)
    source = make_source(folder / "source", key, sample)
    with stage_of(folder / "stage", key, source, seed=WorldSeed(forge=dict(forge or {}))) as here:
        yield Dock(here)
