"""Check of what the registries hold against the files of the release commit; nothing is built.

Contents of released archives compared with the files of the release commit; pure but for reading those files.
What a client generates is left out. For a crate the list of its files is known from cargo; what of a tree belongs into
an sdist or a wheel only its build backend knows, so those are compared where a path is in both.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from castoff.errors import Problem, Refusal
from castoff.git.comparison import is_pointer
from castoff.io.archives import UNREADABLE
from castoff.io.machine import require_machine
from castoff.model.observations import Present, Unknown
from castoff.model.versions import spell
from castoff.model.workspace import Package
from castoff.ports import Fetches, ListsFiles, ListsMembers
from castoff.postrelease.verify.result import Verified, judged, unknown
from castoff.preflight.members import compared_members
from castoff.session.checkout import Checkout
from castoff.session.past_release import PastRelease
from castoff.session.services import Services

CRATE_GENERATED = frozenset({"Cargo.toml", "Cargo.toml.orig", "Cargo.lock", ".cargo_vcs_info.json"})
_SDIST_GENERATED = ("PKG-INFO", "setup.cfg", "*.egg-info/*", "Cargo.toml", "*/Cargo.toml", "*Cargo.lock")
"""setuptools adds `[egg_info]` to `setup.cfg`; maturin rewrites the manifests of crates that are needed by path."""

_REWRITING = ("maturin", "pdm")
"""Backends that put another `pyproject.toml` into an sdist: a path or a dynamic version is made literal."""

_ORIGINAL = "pyproject.toml.orig"
"""What the author wrote, in an sdist whose `pyproject.toml` uv_build formatted anew, as cargo does."""

_LIMIT = 512 * 1024 * 1024

Read = Callable[[str], bytes | None]
"""Return the bytes of a file by its path from the repository's root; None if there is none."""


class TreeNotComparable(Exception):
    """An archive that cannot be compared with a tree; the text is the reason."""


class TreeComparison(Struct, frozen=True, kw_only=True):
    """Paths inside an archive by how they compare; ``unfetched`` are pointers in the tree on this machine."""

    compared: int = 0
    different: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    unfetched: tuple[str, ...] = ()


def archive_files(filename: str, data: bytes) -> Mapping[str, bytes]:
    """Read an archive, without the folder that a crate or an sdist puts around its files.

    Errors: ``TreeNotComparable`` for a compiled wheel, and for what cannot be read within bounds.
    """
    try:
        found = dict(_zipped(data) if filename.endswith((".whl", ".zip")) else _tarred(data))
    except UNREADABLE as error:
        require_machine(error)
        raise TreeNotComparable(f"it cannot be read: {type(error).__name__}") from None
    if filename.endswith(".whl") and not _is_pure(found):
        raise TreeNotComparable("it contains compiled code")
    return found


def compare_crate(
    package: Package, files: Mapping[str, bytes], listed: Collection[str], read: Read
) -> TreeComparison:
    """Compare a crate with the files that cargo lists for it; all are in the tree, but for generated ones."""
    wanted = {path: _crate_source(package, path, read) for path in listed if path not in CRATE_GENERATED}
    # cargo rewrites the manifest, and keeps what the author wrote under this name.
    wanted["Cargo.toml.orig"] = read(package.manifest)
    given = {path for path in files if path not in CRATE_GENERATED - {"Cargo.toml.orig"}}
    pairs = {path: [data] for path, data in wanted.items() if path in given and data is not None}
    return _content_differences(
        files, pairs, missing=sorted(wanted.keys() - given), beyond=sorted(given - wanted.keys())
    )


def compare_sdist(package: Package, files: Mapping[str, bytes], read: Read) -> TreeComparison:
    """Compare what is in both, an sdist or a tarball of npm and the tree.

    A backend may take a file from a folder above the package.
    """
    generated = _SDIST_GENERATED + (("pyproject.toml",) if _rewrites(package, read) else ())
    if package.ecosystem == "npm":
        generated = ("package.json",)  # clients write it anew: `workspace:`, `catalog:`, `publishConfig`
    pairs: dict[str, list[bytes]] = {}
    manifest = read(_joined(package.path, "pyproject.toml"))
    if manifest is not None and _is_formatted_anew(files):
        generated += ("pyproject.toml",)
        pairs[_ORIGINAL] = [manifest]
    for path in files:
        own = read(_joined(package.path, path))
        if own is None or _is_generated(package, path, generated):
            continue
        above = (read(_joined(folder, path)) for folder in (package.root, "."))
        pairs[path] = [own, *(one for one in above if one is not None)]
    return _content_differences(files, pairs)


def compare_wheel(package: Package, files: Mapping[str, bytes], read: Read) -> TreeComparison:
    """Compare the modules of a pure wheel that lie at the same path in the package's folder or in its `src`.

    Errors: ``TreeNotComparable`` if the tree has none of them there.
    """
    pairs = {}
    for path in files:
        if path.partition("/")[0].endswith((".dist-info", ".data")) or _is_generated(package, path, ()):
            continue
        sources = [read(_joined(package.path, f"{folder}{path}")) for folder in ("src/", "")]
        if found := [one for one in sources if one is not None]:
            pairs[path] = found
    if not pairs:
        raise TreeNotComparable("its modules are not at the same paths in the tree")
    return _content_differences(files, pairs)


def _content_differences(
    files: Mapping[str, bytes],
    pairs: Mapping[str, Sequence[bytes]],
    *,
    missing: Sequence[str] = (),
    beyond: Sequence[str] = (),
) -> TreeComparison:
    unlike = [path for path, sources in pairs.items() if not any(_same(files[path], one) for one in sources)]
    unfetched = [path for path in unlike if any(is_pointer(one) for one in pairs[path])]
    return TreeComparison(
        compared=len(pairs) - len(unfetched),
        different=tuple(sorted(set(unlike) - set(unfetched))),
        missing=tuple(missing),
        beyond=tuple(beyond),
        unfetched=tuple(sorted(unfetched)),
    )


def _same(one: bytes, other: bytes) -> bool:
    """Compare bytes; for text without regard to line ends, which depend on the machine that checked it out."""
    if one == other:
        return True
    return b"\0" not in one and one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _crate_source(package: Package, path: str, read: Read) -> bytes | None:
    """Read the source of a file in a crate: cargo copies a readme or license from outside the package to its root."""
    own = read(_joined(package.path, path))
    if own is not None or "/" in path:
        return own
    table = _table(read(package.manifest)).get("package", {})
    for key in ("readme", "license-file"):
        value, folder = table.get(key), package.path
        if isinstance(value, dict):  # `KEY.workspace = true`: the path counts from the workspace's root
            folder = package.root
            shared = _table(read(_joined(folder, "Cargo.toml"))).get("workspace", {}).get("package", {})
            value = shared.get(key)
        if isinstance(value, str) and PurePosixPath(value).name == path:
            return read(_joined(folder, value))
    return None


def _is_formatted_anew(files: Mapping[str, bytes]) -> bool:
    """Return whether an sdist has the manifest twice, with the same meaning for those who build it."""
    original, written = (_table(files.get(one)) for one in (_ORIGINAL, "pyproject.toml"))
    return bool(original) and all(
        original.get(one) == written.get(one) for one in ("project", "build-system")
    )


def _rewrites(package: Package, read: Read) -> bool:
    backend = (
        _table(read(_joined(package.path, "pyproject.toml"))).get("build-system", {}).get("build-backend")
    )
    return isinstance(backend, str) and backend.startswith(_REWRITING)


def _is_generated(package: Package, path: str, patterns: Sequence[str]) -> bool:
    """Recognize what a backend writes; with versions from tags that may be any module named after the version."""
    # setuptools-scm, hatch-vcs and versioningit write such modules; their names are free.
    if package.tags is not None and "version" in PurePosixPath(path).name:
        return True
    return any(fnmatchcase(path, one) for one in patterns)


def _table(data: bytes | None) -> dict[str, Any]:
    try:
        return tomllib.loads((data or b"").decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(f"{folder}/{path}")


def _is_pure(files: Mapping[str, bytes]) -> bool:
    metadata = (data for path, data in files.items() if fnmatchcase(path, "*.dist-info/WHEEL"))
    lines = (line.strip().lower() for data in metadata for line in data.splitlines())
    return b"root-is-purelib: true" in lines


def _tarred(data: bytes) -> Iterator[tuple[str, bytes]]:
    left = _LIMIT
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            # Counted as it goes: a header that lies about sizes must not fill the memory.
            left -= member.size
            if left < 0:
                raise TreeNotComparable("it is larger than 512 MiB")
            if member.isfile() and (stream := archive.extractfile(member)):
                yield member.name.partition("/")[2], stream.read()


def _zipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(one.file_size for one in archive.infolist()) > _LIMIT:
            raise TreeNotComparable("it is larger than 512 MiB")
        for one in archive.infolist():
            if not one.is_dir():
                yield one.filename, archive.read(one)


_SHOWN = 5


@dataclass(slots=True)
class ReleasedTree:
    """The files of the release commit as a plain checkout has them, with filters and submodules."""

    services: Services
    checkout: Checkout
    _refusal: Refusal | None = field(default=None, init=False)
    _lists: dict[str, frozenset[frozenset[str]]] = field(default_factory=dict, init=False)

    def ready(self) -> Path:
        """Put the files on disk once. Errors: ``checkout-failed``, ``submodule-missing``."""
        with self.checkout.lock:
            if self._refusal is not None:
                raise self._refusal
            try:
                self.checkout.ready()
            except Refusal as error:
                self._refusal = error
                raise
        return self.checkout.clone.root

    def listed(self, package: Package, given: AbstractSet[str]) -> frozenset[str] | Unknown:
        """Return what the client packs of a package, by paths inside its archive, which has those that are ``given``.

        All members of the workspace are listed in one call. Only a package of which no list is what its archive has is
        listed by a call of its own, so that the difference can be shown.

        Errors: ``TreeNotComparable``.
        """
        builder = self.services.builder(package.ecosystem, 0)
        if not isinstance(builder, ListsFiles):
            raise TreeNotComparable("its client does not list files")
        root = self.ready()
        with self.checkout.lock:  # cargo may write a lock file while it lists
            if package.root not in self._lists:
                self._lists[package.root] = builder.packed_lists(root / package.root)
            # By content, not by name: cargo's lists do not name their packages.
            found = (one for one in self._lists[package.root] if _without(one) == _without(given))
            return next(found, None) or builder.packed_files(root, package)

    def read(self, path: str) -> bytes | None:
        """Read a file; a link may lead to another place in the tree, and not out of it."""
        root = self.checkout.clone.root.resolve()
        # A link of the repository could name any file of the machine.
        full = (root / path).resolve()
        try:
            return full.read_bytes() if full.is_relative_to(root) and full.is_file() else None
        except OSError as error:
            require_machine(error)
            return None


def verify_tree(services: Services, past: PastRelease, package: Package, tree: ReleasedTree) -> Verified:
    """Compare each file that a registry has of a package with the tree."""
    name, version = f"tree:{package.id}", spell(past.version, package.ecosystem)
    registry = services.registry(package.ecosystem)
    listing = registry.look(package, version)
    if listing.unknown is not None:
        return unknown(
            name, f"the registry could not be queried for `{package.id}` {version}", listing.unknown
        )
    there = sorted(file for file, answer in listing.files.items() if isinstance(answer, Present))
    if not there or not isinstance(registry, Fetches):
        return Verified(id=name, result="off", note="the registry lists no file to compare")
    try:
        tree.ready()
    except Refusal as error:
        return unknown(name, error.problems[0].message, error.problems[0].reason)
    found: list[TreeComparison] = []
    problems: list[Problem] = []
    apart: list[str] = []
    for file in there:
        data = registry.fetch(package, file)
        if isinstance(data, Unknown):
            return unknown(name, f"`{file}` could not be fetched", data.reason)
        try:
            compared = _compared(package, file, data, tree)
        except TreeNotComparable as error:
            apart.append(f"`{file}` is not comparable: {error}")
            continue
        if isinstance(compared, Unknown):
            return unknown(name, f"the files of `{file}` could not be listed", compared.reason)
        found.append(compared)
        problems += tree_problems(package, file, compared)
    return _judged(name, found, problems, apart)


def verify_members(services: Services, past: PastRelease, tree: ReleasedTree) -> Verified:
    """Compare the members of the release commit, as the client of each workspace lists them, with what was released."""
    workspace = past.release.workspace
    problems: list[Problem] = []
    reasons: list[str] = []
    count = 0
    for ecosystem, folder in sorted({(one.ecosystem, one.root) for one in workspace.packages}):
        builder = services.builder(ecosystem, 0)
        if not isinstance(builder, ListsMembers):
            continue
        try:
            root = tree.ready()
        except Refusal as error:
            return unknown("members", error.problems[0].message, error.problems[0].reason)
        with tree.checkout.lock:
            listed = builder.members(root / folder)
        if isinstance(listed, Unknown):
            reasons.append(listed.reason)
        elif listed is not None:
            count += len(listed)
            problems += compared_members(workspace, ecosystem, folder, listed)
    if problems:
        return judged("members", problems)
    if reasons:
        return unknown("members", "the members of the workspace could not be listed", "; ".join(reasons))
    if not count:
        return Verified(id="members", result="off", note="no client lists the members of plain projects")
    return Verified(
        id="members", result="pass", note=f"{count} members, all released or left out with a reason"
    )


def _compared(package: Package, file: str, data: bytes, tree: ReleasedTree) -> TreeComparison | Unknown:
    files = archive_files(file, data)
    if file.endswith(".whl"):
        return compare_wheel(package, files, tree.read)
    if not file.endswith(".crate"):
        return compare_sdist(package, files, tree.read)
    listed = tree.listed(package, files.keys())
    return listed if isinstance(listed, Unknown) else compare_crate(package, files, listed, tree.read)


def _without(paths: AbstractSet[str]) -> AbstractSet[str]:
    """Leave out what cargo generates: `.cargo_vcs_info.json` is only in a crate that was packed from a clean tree."""
    return paths - CRATE_GENERATED


def _judged(
    name: str, found: Sequence[TreeComparison], problems: Sequence[Problem], apart: Sequence[str]
) -> Verified:
    if problems:
        return judged(name, problems)
    if unfetched := [path for one in found for path in one.unfetched]:
        return unknown(
            name,
            f"git-lfs did not fetch {_listed(unfetched)} here",
            "this machine only has pointers, so the release cannot be compared",
        )
    if not found:
        return Verified(id=name, result="off", note="; ".join(apart))
    count = sum(one.compared for one in found)
    same = "1 file is the same" if count == 1 else f"{count} files are the same"
    return Verified(id=name, result="pass", note="; ".join([f"{same} as in the release commit", *apart]))


def tree_problems(package: Package, file: str, compared: TreeComparison) -> Sequence[Problem]:
    """Report how a released file differs from the tree, with the paths."""
    facts = (
        ("differs from the release commit in", compared.different, "a clean checkout has other bytes"),
        ("does not have", compared.missing, "its client packs them from a clean checkout"),
        (
            "has files that the release commit does not pack:",
            compared.beyond,
            "a clean checkout does not have them",
        ),
    )
    return [
        Problem(
            code="verify-tree-differs",
            message=f"`{file}` {fact} {_listed(paths)}",
            reason=reason,
            remedy="find out from what it was built; yank the version if it does not work for users, and release "
            "the next one from a clean checkout",
            package=package.id,
        )
        for fact, paths, reason in facts
        if paths
    ]


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(f"`{path}`" for path in paths[:_SHOWN]) + more
