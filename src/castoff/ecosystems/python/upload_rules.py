"""Judgement of built files by the rules that an index applies on upload.

Any index refuses invalid core metadata, so those rules always apply. The rules of PyPI (`registry_rules/pypi.toml`)
apply where uploads go to PyPI; other indexes have their own, which castoff does not know.

Judgement of built files by the rules that PyPI has for names, platform tags, sizes and sets of files.
The rules are listed in `registry_rules/pypi.toml`. Facts follow the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from packaging.metadata import Metadata as Validated
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from castoff.config.values import PythonSettings
from castoff.ecosystems.python.archive_rules import find_archive_defects
from castoff.ecosystems.python.artifacts import Metadata, metadata_of
from castoff.ecosystems.python.foresight.project_rules import (
    LONGEST_LABEL,
    LONGEST_SUMMARY,
    find_address_defect,
    find_classifier_defect,
    find_description_defect,
    find_url_defect,
)
from castoff.ecosystems.python.names import normalised
from castoff.errors import Problem
from castoff.model.workspace import Artifact, Package
from castoff.regexes import regex

FILE_LIMIT = 100
"""MiB of a file at most, unless PyPI raised the limit of a project."""

_LONGEST_NAME = 246  # with `.metadata` behind it, file systems take 255 bytes
_LINUX = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"})
_MAC = frozenset("ppc ppc64 i386 x86_64 arm64 intel fat fat3 fat64 universal universal2".split())  # noqa: SIM905
_MAC_RELEASES = frozenset({"11", "12", "13", "14", "15", "26"})
_ARCHITECTURES = {
    "manylinux1": frozenset({"x86_64", "i686"}),
    "manylinux2010": frozenset({"x86_64", "i686"}),
    "manylinux2014": frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x"}),
    "linux": frozenset({"armv6l", "armv7l"}),
    "win": frozenset({"amd64", "arm64", "ia64"}),
}
_NUMBERED = {
    "manylinux": (2, _LINUX | {"ppc64"}),
    "musllinux": (2, _LINUX),
    "android": (1, frozenset({"armeabi_v7a", "arm64_v8a", "x86", "x86_64"})),
    "ios": (
        2,
        frozenset(f"{one}_{kind}" for one in ("arm64", "x86_64") for kind in ("iphoneos", "iphonesimulator")),
    ),
    "pyemscripten": (2, frozenset({"wasm32"})),
}


def is_known_platform(tag: str) -> bool:
    """Return whether PyPI takes wheels of a platform tag (PEP 425, 600, 656, 730, 738)."""
    if tag in ("any", "win32"):
        return True
    system, _, rest = tag.partition("_")
    if system in _ARCHITECTURES:
        return rest in _ARCHITECTURES[system]
    if system == "macosx":
        major, _, rest = rest.partition("_")
        minor, _, architecture = rest.partition("_")
        known = (major == "10" and minor.isdecimal()) or (major in _MAC_RELEASES and minor == "0")
        return known and architecture in _MAC
    count, architectures = _NUMBERED.get(system, (0, frozenset[str]()))
    *numbers, architecture = rest.split("_", count)
    return 0 < count == len(numbers) and all(map(str.isdecimal, numbers)) and architecture in architectures


def find_unknown_platforms(filename: str) -> tuple[str, ...]:
    """List the platform tags of a wheel that PyPI does not take."""
    if not filename.endswith(".whl"):
        return ()
    # Platform tags have no case; tools write them in lower case.
    tags = filename.removesuffix(".whl").rpartition("-")[2].lower().split(".")
    return tuple(one for one in tags if not is_known_platform(one))


def find_name_defects(filename: str, name: str, version: str) -> Iterator[str]:
    """Compare a file's name with the name and version that its metadata gives."""
    written = normalised(name).replace("-", "_")
    try:
        wanted = Version(version)
    except ValueError:
        return  # the metadata is refused for it
    if filename.endswith(".whl"):
        try:
            _, found, _, _ = parse_wheel_filename(filename)
        except ValueError as error:
            yield f"is not a name for a wheel: {error}"
            return
        if filename.partition("-")[0] != written:
            yield f"should begin with `{written}-` (normalized as PEP 503 says)"
        if found != wanted:
            yield f"has the version {found}, its metadata {wanted}"
        if len(filename.encode()) > _LONGEST_NAME:
            yield f"has a name of more than {_LONGEST_NAME} bytes"
    elif filename != f"{written}-{wanted}.tar.gz":
        yield f"should be named `{written}-{wanted}.tar.gz` (PEP 625)"


def find_size_defects(file: Path, limit: int = FILE_LIMIT) -> Iterator[str]:
    """Judge the size by a limit in MiB."""
    size = file.stat().st_size
    if size > limit * 2**20:
        yield (
            f"has {size / 2**20:.0f} MiB, more than the {limit} MiB that PyPI takes of it "
            "(`python.file-limit` names a limit that PyPI raised)"
        )


def find_set_defects(artifacts: Iterable[Artifact]) -> Iterator[tuple[Artifact, str]]:
    """Find files that cannot be uploaded beside each other: a second sdist, the same contents once more."""
    digests: dict[str, str] = {}
    sdist: str | None = None
    for one in artifacts:
        # PyPI refuses a file whose contents it has under another name.
        if one.digest in digests:
            yield one, f"has the same contents as `{digests[one.digest]}`"
        digests[one.digest] = one.filename
        if one.kind == "sdist":
            if sdist is not None:
                yield one, f"is the second sdist of its release, beside `{sdist}`"
            sdist = one.filename


_NO_VALUE = regex(rb"^[A-Za-z-]+:[ \t]*(?:UNKNOWN)?[ \t]*\r?\n(?![ \t])", re.MULTILINE)
_VERSIONS = frozenset({"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"})


def judged(
    package: Package, artifacts: Iterable[Artifact], settings: PythonSettings, *, is_pypi: bool
) -> tuple[Problem, ...]:
    """List what an index would refuse in these files, each fact once.

    Problems: ``metadata-refused``, ``file-refused``, ``platform-tag-refused``.
    """
    return tuple(_Judgement(package, tuple(artifacts), settings, is_pypi=is_pypi).problems())


class _Judgement(Struct, frozen=True):
    package: Package
    files: tuple[Artifact, ...]
    settings: PythonSettings
    is_pypi: bool

    def problems(self) -> Iterator[Problem]:
        seen: set[str] = set()
        for artifact in self.files:
            metadata = _as_sent(metadata_of(Path(artifact.path)))
            for fact in _objections(metadata, is_pypi=self.is_pypi) if metadata is not None else ():
                if fact not in seen:
                    yield _refused_metadata(self.package, artifact, fact, self.settings.artifacts)
                seen.add(fact)
            for fact in self._file_facts(artifact, metadata):
                yield _refused_file(self.package, artifact, fact, self.settings.artifacts)
        if not self.is_pypi:
            return
        for artifact, fact in find_set_defects(self.files):
            yield _refused_file(self.package, artifact, fact, self.settings.artifacts)
        yield from _refused_platforms(self.package, self.files, self.settings.artifacts)

    def _file_facts(self, artifact: Artifact, metadata: Metadata | None) -> Iterator[str]:
        file = Path(artifact.path)
        if metadata is not None:
            fields = metadata.fields
            yield from find_name_defects(artifact.filename, fields.get("name", ""), fields.get("version", ""))
        if self.is_pypi:
            yield from find_size_defects(file, self.settings.file_limit)
            yield from find_archive_defects(
                file, metadata.fields.get("license_files", []) if metadata else ()
            )
        elif metadata is None:
            yield "has no metadata that can be read"


def _as_sent(metadata: Metadata | None) -> Metadata | None:
    """Leave out the fields that have no value: PyPI drops empty ones and `UNKNOWN`, which old back ends write."""
    if metadata is None:
        return None
    head, end, body = metadata.text.partition(b"\r\n\r\n" if b"\r\n\r\n" in metadata.text else b"\n\n")
    text = _NO_VALUE.sub(b"", head + end[: len(end) // 2]) + end[len(end) // 2 :] + body
    return Metadata(text, parse_email(text)[0])


def _objections(metadata: Metadata, *, is_pypi: bool) -> Iterator[str]:
    yield from _core(metadata)
    if is_pypi:
        yield from _of_pypi(metadata)


def _core(metadata: Metadata) -> Iterator[str]:
    try:
        Validated.from_email(metadata.text, validate=True)
    except Exception as group:  # noqa: BLE001 - the library raises its own ExceptionGroup
        for error in getattr(group, "exceptions", (group,)):
            yield " ".join(str(error).split())[:300]


def _of_pypi(metadata: Metadata) -> Iterator[str]:
    fields = metadata.fields
    if fields.get("metadata_version") not in _VERSIONS:
        yield f"PyPI does not support version {fields.get('metadata_version', '')[:20]} of the metadata"
    if "+" in fields.get("version", ""):
        yield "its version has a local part"
    if len(fields.get("summary", "")) > LONGEST_SUMMARY:
        yield f"its summary is longer than {LONGEST_SUMMARY} characters"
    if fields.get("license") and fields.get("license_expression"):
        yield "it has a `License` beside its `License-Expression`"
    for address in (fields.get("author_email", ""), fields.get("maintainer_email", "")):
        if defect := find_address_defect(address):
            yield f"`{address[:120]}` {defect}"
    for one in fields.get("classifiers", ()):
        if defect := find_classifier_defect(one):
            yield f"its classifier `{one[:120]}` {defect}"
    yield from _direct_requirements(metadata)
    yield from _urls(metadata)
    description = fields.get("description", "")
    if defect := find_description_defect(description, fields.get("description_content_type")):
        yield f"its description {defect}"


def _direct_requirements(metadata: Metadata) -> Iterator[str]:
    for line in metadata.fields.get("requires_dist", ()):
        try:
            if Requirement(line).url is not None:
                yield f"it requires `{line[:120]}` by URL"
        except InvalidRequirement:
            continue  # reported as core metadata
    for line in (*metadata.fields.get("provides_dist", ()), *metadata.fields.get("obsoletes_dist", ())):
        try:
            valid = Requirement(line).url is None
        except InvalidRequirement:
            valid = False
        if not valid:
            yield f"`{line[:120]}` is not a plain requirement (`Provides-Dist`, `Obsoletes-Dist`)"


def _urls(metadata: Metadata) -> Iterator[str]:
    fields = metadata.fields
    for url in (fields.get("home_page"), fields.get("download_url")):
        if url is not None and (defect := find_url_defect(url)):
            yield f"its URL `{url[:120]}` {defect}"
    for label, url in fields.get("project_urls", {}).items():
        if not 0 < len(label) <= LONGEST_LABEL:
            yield f"the label `{label[:80]}` of a URL does not have 1 to {LONGEST_LABEL} characters"
        if defect := find_url_defect(url):
            yield f"its URL `{url[:120]}` {defect}"


def _refused_metadata(package: Package, artifact: Artifact, fact: str, folder: str | None) -> Problem:
    guarded = "forbids uploads" in fact
    return Problem(
        code="metadata-refused",
        message=f"an index would refuse `{artifact.filename}`: {fact}",
        reason="a refusal in the middle of a release leaves it incomplete",
        remedy="remove the classifier, or exclude the package with `release.exclude`"
        if guarded
        else f"correct the project's metadata{_made_again(folder)}",
        file=package.manifest,
        package=package.id,
    )


def _refused_file(package: Package, artifact: Artifact, fact: str, folder: str | None) -> Problem:
    return Problem(
        code="file-refused",
        message=f"an index would refuse `{artifact.filename}`: it {fact}",
        reason="indexes check each file at its upload, when others may already be published",
        remedy="update the build back end that made the file (`build-system.requires`), or correct its configuration"
        + _made_again(folder),
        file=package.manifest,
        package=package.id,
    )


def _made_again(folder: str | None) -> str:
    return "" if folder is None else f"; then build the files in `{folder}` (`python.artifacts`) again"


def _refused_platforms(package: Package, files: Iterable[Artifact], folder: str | None) -> Iterator[Problem]:
    """Report wheels with platform tags that PyPI does not take, in one problem a package."""
    found = {one.filename: find_unknown_platforms(one.filename) for one in files}
    names = [name for name, tags in found.items() if tags]
    if not names:
        return
    tags = ", ".join(f"`{tag}`" for tag in dict.fromkeys(tag for name in names for tag in found[name]))
    yield Problem(
        code="platform-tag-refused",
        message=f"PyPI would refuse {_listed(names)}: it does not accept wheels for {tags}",
        reason="a wheel with compiled code that was built on one machine only works on that machine",
        remedy=(
            "build the wheels with cibuildwheel or maturin-action, and set their folder in `python.artifacts`"
            if folder is None
            else f"in `{folder}` (`python.artifacts`), replace {'it' if len(names) == 1 else 'them'} by what "
            "cibuildwheel or maturin-action builds"
        )
        + " (docs/how-to/wheels-built-elsewhere.md of castoff)",
        file=package.manifest,
        package=package.id,
    )


def _listed(names: list[str]) -> str:
    more = len(names) - 1
    return f"`{names[0]}`" + (f" and {more} more" if more else "")
