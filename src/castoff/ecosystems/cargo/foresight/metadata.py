"""Report of what crates-io would refuse: in the manifests of a release, before anything is built, and in packed crates.

Judgement of a packed `.crate` by the rules of crates-io: its entries, its sizes, and the manifest in it.
Source of the rules: crates-io's crate `crates_io_tarball` (`lib.rs`) and `config/publish_limits.rs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import tomli
from msgspec import Struct

from castoff.ecosystems.cargo.foresight.crate_rules import CrateRefusal, find_refusals
from castoff.ecosystems.cargo.manifest.document import CargoDocument, Crate, Dependency, ProblemCollector
from castoff.ecosystems.cargo.manifest.layout import Files
from castoff.ecosystems.cargo.manifest.reader import read_crate
from castoff.ecosystems.cargo.manifest.workspace import CrateFiles, is_sibling, open_crates
from castoff.errors import Problem
from castoff.model.workspace import Workspace


def judge_metadata(files: Files, workspace: Workspace) -> tuple[Problem, ...]:
    """Report what crates-io would refuse, and siblings that go elsewhere than where they are needed.

    The metadata of packages for other registries is left alone. Codes: ``metadata-refused``, ``foreign-registry``.
    """
    crates = open_crates(files, workspace)
    if crates is None:
        return ()
    public = [
        one for one in crates.crates.released if one.registries is None or "crates-io" in one.registries
    ]
    refused = [_problem(crates, crate, finding) for crate in public for finding in find_refusals(crate)]
    apart = [
        problem
        for crate in crates.crates.released
        for dependency in crate.dependencies
        if dependency.requirement is not None
        for problem in _published_elsewhere(crates, crate, dependency)
    ]
    return (*refused, *apart)


def _published_elsewhere(files: CrateFiles, crate: Crate, dependency: Dependency) -> Iterator[Problem]:
    """Report a package of the release that does not go to the registry in which the requirement is looked up."""
    wanted = dependency.registry or "crates-io"
    by_name = {one.name: one for one in files.crates.released}
    sibling = by_name.get(dependency.name)
    if sibling is None or sibling.registries is None or wanted in sibling.registries:
        return
    if not is_sibling(files.crates, by_name, dependency):
        return
    there = ", ".join(f"`{one}`" for one in sibling.registries)
    first = sibling.registries[0]
    yield Problem(
        code="foreign-registry",
        message=f"`{crate.name}` needs `{sibling.name}` on `{wanted}`, but it is only published on {there}",
        reason=f"`{sibling.manifest}` restricts it by `publish`, and the requirement "
        + (
            "names no registry, so it means crates-io"
            if dependency.registry is None
            else "names another registry"
        ),
        remedy=f"allow `{sibling.name}` on `{wanted}` by its `publish`, or publish `{crate.name}` where it is: "
        f'`publish = ["{first}"]`, with `registry = "{first}"` beside the requirement',
        file=dependency.place.file,
        line=files.line(dependency.place),
        package=crate.name,
    )


def _problem(files: CrateFiles, crate: Crate, finding: CrateRefusal) -> Problem:
    return refusal(crate.name, finding, crate.manifest, files.documents[crate.manifest].line(finding.place))


def refusal(name: str, finding: CrateRefusal, file: str, line: int | None = None) -> Problem:
    """Return the problem for one finding."""
    return Problem(
        code="metadata-refused",
        message=f"crates-io would refuse `{name}`: {finding.fact}",
        reason="it checks a package at its upload, when others are already published",
        remedy=finding.remedy,
        file=file,
        line=line,
        package=name,
    )


LARGEST_UPLOAD = 10 * 1024 * 1024
LARGEST_UNPACKED = 512 * 1024 * 1024


class ArchiveEntry(Struct, frozen=True, kw_only=True):
    """One entry of a tarball; ``plain``: a regular file or a folder."""

    path: str
    plain: bool = True


class PackedCrate(Struct, frozen=True, kw_only=True):
    """A `.crate` as it was read; ``manifest`` is the text of the file that cargo takes for its manifest."""

    name: str
    version: str
    size: int
    unpacked: int
    entries: Sequence[ArchiveEntry]
    manifest: str | None


def find_packed_refusals(crate: PackedCrate) -> Iterator[CrateRefusal]:
    """Report all that crates-io would refuse in what is uploaded."""
    if crate.size > LARGEST_UPLOAD:
        yield CrateRefusal(
            (),
            f"its `.crate` has {crate.size:,} bytes, and at most {LARGEST_UPLOAD:,} are allowed",
            "exclude files with `exclude` or `include` in `[package]` (`cargo package --list` shows them), or ask "
            "the registry for a higher limit",
        )
    if crate.unpacked > LARGEST_UNPACKED:
        yield CrateRefusal(
            (),
            f"its `.crate` has {crate.unpacked:,} bytes unpacked, and at most {LARGEST_UNPACKED:,} are allowed",
            "exclude files with `exclude` or `include` in `[package]`",
        )
    yield from _entries(crate)
    if crate.manifest is not None:
        yield from _manifest(crate, crate.manifest)


def _entries(crate: PackedCrate) -> Iterator[CrateRefusal]:
    top = f"{crate.name}-{crate.version}"
    for entry in crate.entries:
        folder, _, rest = entry.path.partition("/")
        if folder != top or ".." in rest.split("/") or not _is_unicode(entry.path):
            yield CrateRefusal(
                (), f"`{_shown(entry.path)}` in it is outside of `{top}`, or not UTF-8", "rename that file"
            )
        elif not entry.plain:
            yield CrateRefusal(
                (), f"`{_shown(entry.path)}` in it is a link or a device", "replace it with a plain file"
            )
    manifests = sorted({one.path.partition("/")[2] for one in crate.entries if _is_manifest(one.path)})
    if not {"Cargo.toml", "cargo.toml"} & set(manifests):
        yield CrateRefusal((), "it has no `Cargo.toml`", "spell the manifest `Cargo.toml`")
    elif len(manifests) > 1:
        yield CrateRefusal(
            (),
            f"it has several manifests: `{'`, `'.join(manifests)}`",
            "keep `Cargo.toml`, and rename the other",
        )


def _is_manifest(path: str) -> bool:
    return path.partition("/")[2].lower() == "cargo.toml"


def _is_unicode(path: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in path)


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode()[-100:]


def _manifest(crate: PackedCrate, text: str) -> Iterator[CrateRefusal]:
    """Judge the manifest that cargo normalized: nothing in it is inherited, and no path is left."""
    try:
        table = tomli.loads(text)
    except (ValueError, RecursionError) as error:
        yield CrateRefusal((), f"its manifest is not TOML: {error}", "correct the manifest")
        return
    document = CargoDocument("Cargo.toml", text, table)
    notes = ProblemCollector(document)
    read = read_crate(notes, document)
    for problem in notes.problems:
        yield CrateRefusal((), problem.message, problem.remedy)
    if read is None:
        return
    if (read.name, read.version) != (crate.name, crate.version):
        yield CrateRefusal((), f"its manifest is for `{read.name}` {read.version}", "report a bug")
    if table.get("patch"):
        yield CrateRefusal((), "its manifest has a `[patch]` table", "use a newer cargo, which removes it")
    yield from find_refusals(read)
