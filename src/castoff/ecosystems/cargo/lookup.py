"""Look-up of packages in a registry, as cargo's resolver sees it.

One cargo process asks for any number of names: a scratch package requires each at a version that nobody has,
and patches each with a stub at that version. Cargo then reads every name's index entry from the registry and
resolves to the stubs, so nothing further is fetched, and the exit code says whether every answer came: 0 with
an entry in cargo's cache means present, 0 without one means absent, anything else unknown. Checked with the
real cargo: a name that vanishes leaves the cache, one that cannot be read (500, 429, 403, no network) fails.

Cargo's home is a throw-away one that shares the user's configuration and credentials, so that no lock of a
running upload is waited for and no older cache can answer.

cargo's own copy of a registry's index: the cache file of a package, as values.
Cargo keeps the index lines of each package that it was asked for under its home, with the versions, their
checksums and whether they are withdrawn: data, and no host has to be named to get at it. The format (source:
cargo's ``sources/registry/index``) is a byte for its own version, four for the index's, the revision that the
lines were fetched at, and then version and JSON line in turn, each ended by a zero byte.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from msgspec import Struct

from castoff.ecosystems.cargo.inert_settings import settings_words
from castoff.ecosystems.question_rounds import QuestionRounds
from castoff.io.machine import require_machine
from castoff.io.process import Processes
from castoff.io.scratch import scratch_prefix
from castoff.model.child_environments import Kind
from castoff.regexes import regex

_CACHE_VERSION = 3
_INDEX_VERSION = 2
_HEAD = 5


class IndexLine(Struct, frozen=True, kw_only=True):
    """One version in the index: its checksum (SHA-256 of the ``.crate``), and whether it is withdrawn."""

    name: str
    version: str
    digest: str
    yanked: bool
    requirements: tuple[Mapping[str, Any], ...] = ()
    features: Mapping[str, tuple[str, ...]]


class UnreadableIndex(ValueError):
    """The cache is not of the format that is known here."""


def cache_path(name: str) -> str:
    """Return where cargo keeps a package's lines below an index folder's ``.cache``, POSIX."""
    lower = name.lower()
    if len(lower) < 4:
        return {1: f"1/{lower}", 2: f"2/{lower}", 3: f"3/{lower[0]}/{lower}"}[len(lower)]
    return f"{lower[:2]}/{lower[2:4]}/{lower}"


def read_cache(data: bytes) -> tuple[IndexLine, ...]:
    """Read a cache file, oldest version first; :class:`UnreadableIndex` where it is of another format."""
    # An unknown format is never read as "no such package".
    if len(data) < _HEAD or data[0] != _CACHE_VERSION or int.from_bytes(data[1:5], "little") > _INDEX_VERSION:
        raise UnreadableIndex("cargo keeps its index in a format that is not known here")
    _revision, *parts = data[_HEAD:].split(b"\0")
    try:
        return tuple(_line(json.loads(text)) for text in parts[1::2] if text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableIndex(f"cargo's copy of the index cannot be read ({type(error).__name__})") from None


def read_package(home: Path, name: str) -> tuple[IndexLine, ...] | None:
    """Read a package's lines from a home that knows one registry; None where it has none of that name."""
    for index in sorted((home / "registry" / "index").glob("*/.cache")):
        file = index / cache_path(name)
        if file.is_file():
            # Index files are in lower case and may hold a name that differs in case only.
            return tuple(line for line in read_cache(file.read_bytes()) if line.name == name)
    return None


def record_entry(lines: Iterable[IndexLine]) -> dict[str, Any]:
    """Return a package's part of a registry record (``castoff check --registry-record``), fully told."""
    return {
        line.version: {
            "yanked": line.yanked,
            "requirements": [_requirement(one) for one in line.requirements if one.get("kind") != "dev"],
            "features": {name: list(parts) for name, parts in line.features.items()},
        }
        for line in lines
    }


def _line(entry: dict[str, Any]) -> IndexLine:
    # `features2` holds the newer syntax, which old versions of cargo must not see (The Cargo Book,
    # "Registry Index").
    features = {**(entry.get("features") or {}), **(entry.get("features2") or {})}
    return IndexLine(
        name=str(entry["name"]),
        version=str(entry["vers"]),
        digest=str(entry["cksum"]).lower(),
        yanked=entry.get("yanked") is True,
        requirements=tuple(one for one in entry.get("deps") or () if isinstance(one, dict)),
        features={str(name): tuple(map(str, parts)) for name, parts in features.items()},
    )


def _requirement(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Spell one requirement as a record does; a renamed package has its own name under ``package``."""
    named = {"key": entry.get("name")} if entry.get("package") else {}
    return named | {
        "name": entry.get("package") or entry.get("name"),
        "requirement": entry.get("req", "*"),
        "kind": entry.get("kind") or "normal",
        "optional": entry.get("optional") is True,
        "features": list(entry.get("features") or ()),
        "default_features": entry.get("default_features", True),
    }


_NOWHERE = "0.0.0-castoff.look"
_SHARED = ("config.toml", "config", "credentials.toml", "credentials")
_PATIENCE = 120.0
_PLAIN = regex(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class Unseen(Struct, frozen=True):
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
        self._settings = tuple(settings_words(settings))
        self._folder: Path | None = None
        self._removal: weakref.finalize[..., Lookup] | None = None
        self._gathering: QuestionRounds[str, Seen] = QuestionRounds(self._ask)

    def look(self, names: Set[str]) -> Mapping[str, Seen]:
        """Return the index lines of each name, None where the registry has no such name."""
        return self._gathering.ask(names) if names else {}

    def api(self) -> str | None:
        """Return the address of the registry's API, as its index says it; None before the first look."""
        if self._folder is None:
            return None
        # The home is this look-up's own, so that it has the index of one registry.
        for file in (self._folder / "home" / "registry" / "index").glob("*/config.json"):
            try:
                found = json.loads(file.read_bytes()).get("api")
            except (OSError, ValueError, AttributeError):
                continue
            if isinstance(found, str) and found:
                return found
        return None

    def close(self) -> None:
        """Remove the throw-away home; it goes with this object otherwise."""
        if self._removal is not None:
            self._removal()
        self._folder = None

    def _ask(self, names: Set[str]) -> Mapping[str, Seen]:
        """Ask for all at once; where that fails, for halves, so that one broken entry hides no other."""
        odd = [name for name in (*names, self._registry or "x") if not _PLAIN.fullmatch(name)]
        if odd:
            return dict.fromkeys(names, Unseen(f"cargo does not accept a name such as `{odd[0][:60]}`"))
        seen = self._once(names)
        if not isinstance(seen, Unseen):
            return seen
        listed = sorted(names)
        # One name that cannot be read fails the whole question, so it is halved until the culprit stands
        # alone.
        half = len(listed) // 2
        if not half:
            return dict.fromkeys(names, seen)
        left, right = frozenset(listed[:half]), frozenset(listed[half:])
        answers = [self._once(left), self._once(right)]
        # Both halves fail: the registry is down, and asking name by name would only take longer.
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
            done = self._processes.run(
                ["cargo", *self._settings, "generate-lockfile", "--quiet"],
                kind=Kind.CARGO_READ,
                cwd=root,
                timeout=_PATIENCE,
                changes={
                    "CARGO_HOME": str(home),
                    # castoff looks again itself, with its own pauses and an end.
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
            require_machine(error)
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
    """Return cargo's home as the environment says it."""
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
    said = "; ".join(lines)[:300] or "cargo printed nothing"
    what = f"`{next(iter(names))}`" if len(names) == 1 else f"{len(names)} packages"
    return f"cargo could not read the registry's index for {what}: {said}"
