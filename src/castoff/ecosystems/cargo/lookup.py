"""What does a registry hold of these packages, as cargo's resolver sees it?

One cargo process asks for any number of names: a scratch package requires each at a version that nobody has,
and patches each with a stub at that version. Cargo then reads every name's index entry from the registry and
resolves to the stubs, so nothing further is fetched, and the exit code says whether every answer came: 0 with
an entry in cargo's cache means present, 0 without one means absent, anything else unknown. Checked with the
real cargo: a name that vanishes leaves the cache, one that cannot be read (500, 429, 403, no network) fails.

Cargo's home is a throw-away one that shares the user's configuration and credentials, so that no lock of a
running upload is waited for and no older cache can answer.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from castoff.ecosystems.cargo.gathering import Gathering
from castoff.ecosystems.cargo.index import IndexLine, UnreadableIndex, read_package
from castoff.process import Processes
from castoff.scratch import scratch_prefix

_NOWHERE = "0.0.0-castoff.look"
_SHARED = ("config.toml", "config", "credentials.toml", "credentials")
_PATIENCE = 120.0
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Nobody could tell, and why."""

    reason: str


Lines = tuple[IndexLine, ...] | None
Seen = Lines | Unseen


class Lookup:
    """Looks into one registry; ``registry`` is its name in cargo's configuration, None for the default one.

    ``settings`` are configuration files of the user's checkout, outermost first.
    """

    def __init__(
        self, processes: Processes, *, registry: str | None = None, settings: Sequence[Path] = ()
    ) -> None:
        self._processes = processes
        self._registry = registry
        self._settings = tuple(settings)
        self._folder: Path | None = None
        self._removal: weakref.finalize[..., Lookup] | None = None
        self._gathering: Gathering[Seen] = Gathering(self._ask)

    def look(self, names: Set[str]) -> Mapping[str, Seen]:
        """Give the index lines of each name, None where the registry has no such name."""
        return self._gathering.ask(names) if names else {}

    def close(self) -> None:
        """Remove the throw-away home; it goes with this object otherwise."""
        if self._removal is not None:
            self._removal()
        self._folder = None

    def _ask(self, names: Set[str]) -> Mapping[str, Seen]:
        """Ask for all at once; where that fails, for halves, so that one broken entry hides no other."""
        odd = [name for name in (*names, self._registry or "x") if not _PLAIN.fullmatch(name)]
        if odd:
            return dict.fromkeys(names, Unseen(f"cargo knows no name such as `{odd[0][:60]}`"))
        seen = self._once(names)
        if not isinstance(seen, Unseen):
            return seen
        listed = sorted(names)
        half = len(listed) // 2
        if not half:
            return dict.fromkeys(names, seen)
        left, right = frozenset(listed[:half]), frozenset(listed[half:])
        answers = [self._once(left), self._once(right)]
        if all(isinstance(one, Unseen) for one in answers):
            return dict.fromkeys(names, seen)
        found: dict[str, Seen] = {}
        for part, answer in zip((left, right), answers, strict=True):
            found.update(self._ask_rest(part, answer))
        return found

    def _ask_rest(self, names: Set[str], answer: Mapping[str, Lines] | Unseen) -> Mapping[str, Seen]:
        if not isinstance(answer, Unseen):
            return answer
        return dict.fromkeys(names, answer) if len(names) == 1 else self._ask(names)

    def _once(self, names: Set[str]) -> dict[str, Lines] | Unseen:
        home = self._home()
        with tempfile.TemporaryDirectory(dir=home.parent, prefix="look-") as folder:
            root = Path(folder)
            _write_scratch(root, sorted(names), self._registry)
            settings = [word for file in self._settings for word in ("--config", str(file))]
            done = self._processes.run(
                ["cargo", *settings, "generate-lockfile", "--quiet"],
                cwd=root,
                timeout=_PATIENCE,
                changes={
                    "CARGO_HOME": str(home),
                    "CARGO_NET_RETRY": "0",
                    "CARGO_NET_OFFLINE": None,
                    # Cargo asks rustc for its version, and keeps the answer there.
                    "CARGO_TARGET_DIR": str(home.parent / "target"),
                },
            )
        if done.code != 0:
            return Unseen(_reason(done.errors, names, str(root)))
        try:
            return {name: read_package(home, name) for name in names}
        except (UnreadableIndex, OSError) as error:
            return Unseen(str(error)[:300])

    def _home(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=scratch_prefix("cargo")))
            self._removal = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            home = self._folder / "home"
            home.mkdir()
            for name in _SHARED:
                source = user_home(self._processes) / name
                if source.is_file():
                    (home / name).symlink_to(source.resolve())
        return self._folder / "home"


def user_home(processes: Processes) -> Path:
    """Give cargo's home as the environment says it."""
    environment = processes.environment
    named = environment.get("CARGO_HOME")
    return Path(named) if named else Path(environment.get("HOME", "/")) / ".cargo"


def settings_above(folder: Path | None, home: Path) -> tuple[Path, ...]:
    """List the configuration files that cargo would read in a folder, but for its home's; outermost first."""
    found: list[Path] = []
    for one in (folder, *folder.parents) if folder is not None else ():
        for name in ("config.toml", "config"):
            file = one / ".cargo" / name
            if file.is_file() and file.parent != home:
                found.append(file)
                break
    return tuple(reversed(found))


def _write_scratch(root: Path, names: Sequence[str], registry: str | None) -> None:
    where = f', registry = "{registry}"' if registry else ""
    wanted = "".join(f'{name} = {{ version = "={_NOWHERE}"{where} }}\n' for name in names)
    stubs = "".join(f'{name} = {{ path = "{name}" }}\n' for name in names)
    head = (
        '[package]\nname = "castoff-looks-up"\nversion = "0.0.0"\n\n[lib]\npath = "lib.rs"\n\n[workspace]\n\n'
    )
    text = f"{head}[dependencies]\n{wanted}\n[patch.{registry or 'crates-io'}]\n{stubs}"
    (root / "Cargo.toml").write_text(text, encoding="utf-8")
    (root / "lib.rs").touch()
    for name in names:
        (root / name).mkdir()
        stub = f'[package]\nname = "{name}"\nversion = "{_NOWHERE}"\n\n[lib]\npath = "../lib.rs"\n'
        (root / name / "Cargo.toml").write_text(stub, encoding="utf-8")


def _reason(words: str, names: Set[str], folder: str) -> str:
    """Cut cargo's words for people; nothing is decided by them."""
    lines = [line.strip() for line in words.replace(folder, "").splitlines() if line.strip()]
    said = "; ".join(lines)[:300] or "cargo said nothing"
    what = f"`{next(iter(names))}`" if len(names) == 1 else f"{len(names)} packages"
    return f"cargo could not read the registry's index for {what}: {said}"
