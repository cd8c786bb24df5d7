"""Would an index take this file? Its metadata, judged by the rules that PyPI applies on upload.

The rules of the core metadata come from `packaging`; those that need more (rendering a description, the list of
classifiers) are applied where `readme_renderer` and `trove_classifiers` are installed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.metadata import Metadata as Validated
from packaging.requirements import InvalidRequirement, Requirement

from castoff.ecosystems.python.artifacts import Metadata, metadata_of
from castoff.errors import Problem
from castoff.model.workspace import Artifact, Package


def judged(package: Package, artifacts: Iterable[Artifact]) -> tuple[Problem, ...]:
    """List what an index would refuse in these files. Problems: ``metadata-refused``."""
    problems: dict[str, Problem] = {}
    for artifact in artifacts:
        metadata = metadata_of(Path(artifact.path))
        if metadata is None:
            continue
        for fact in _objections(metadata):
            problems.setdefault(fact, _problem(package, artifact, fact))
    return tuple(problems.values())


def _objections(metadata: Metadata) -> Iterator[str]:
    yield from _core(metadata)
    if "+" in metadata.fields.get("version", ""):
        yield "its version has a local part"
    for line in metadata.fields.get("requires_dist", ()):
        try:
            if Requirement(line).url is not None:
                yield f"it requires `{line[:120]}` by address"
        except InvalidRequirement:
            continue
    summary = metadata.fields.get("summary", "")
    if len(summary) > 512:
        yield "its summary is longer than 512 characters"
    yield from _classifiers(metadata.fields.get("classifiers", ()))
    yield from _description(metadata)


def _core(metadata: Metadata) -> Iterator[str]:
    try:
        Validated.from_email(metadata.text, validate=True)
    except Exception as group:  # noqa: BLE001 - the library raises its own ExceptionGroup
        errors = getattr(group, "exceptions", (group,))
        for error in errors:
            yield " ".join(str(error).split())[:300]


def _classifiers(classifiers: Iterable[str]) -> Iterator[str]:
    for one in classifiers:
        if one.startswith("Private ::"):
            yield f"its classifier `{one[:120]}` forbids the upload"
    try:
        known = importlib.import_module("trove_classifiers").classifiers
    except ImportError:
        return
    for one in classifiers:
        if one not in known and not one.startswith("Private ::"):
            yield f"its classifier `{one[:120]}` does not exist"


def _description(metadata: Metadata) -> Iterator[str]:
    kind = metadata.fields.get("description_content_type", "").partition(";")[0].strip().lower()
    description = metadata.fields.get("description", "")
    if description.strip() and kind in ("", "text/x-rst"):
        yield from _rst(description)


def _rst(description: str) -> Iterator[str]:
    """Render a description as the index will; one that cannot be rendered is refused there."""
    try:
        renderer = importlib.import_module("readme_renderer.rst")
    except ImportError:
        return
    import io

    notes = io.StringIO()
    if renderer.render(description, stream=notes) is None:
        first = next((line for line in notes.getvalue().splitlines() if line.strip()), "")
        yield f"its description is no valid reStructuredText: {first[:200]}"


def _problem(package: Package, artifact: Artifact, fact: str) -> Problem:
    return Problem(
        code="metadata-refused",
        message=f"an index would refuse `{artifact.filename}`: {fact}",
        reason="what is refused in the middle of a release leaves it half done",
        remedy="correct the project's metadata",
        file=package.manifest,
        package=package.id,
    )
