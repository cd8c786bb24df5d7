"""Judgement of `[project]` by the rules of PyPI, as far as a manifest shows what an upload will hold.

The rules are listed in `registry_rules/pypi.toml`; built files are judged again. What a back end computes
(`dynamic`) is left to that.

Rules of PyPI for single values: classifiers, addresses, descriptions, names.
They are listed in `registry_rules/pypi.toml`, with their sources. Each function returns what is wrong, as a phrase
that follows the value, or None. Libraries are imported where they are used: some take a second to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cache
from typing import IO, Any, cast

from castoff.ecosystems.python.foresight.metadata import Finding, Findings, refused_metadata, strings_of
from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.requirements import read_requirement
from castoff.ecosystems.python.names import normalised
from castoff.errors import Problem
from castoff.model.workspace import Package
from castoff.ports import Tree

LONGEST_SUMMARY, LONGEST_LABEL = 512, 32


def find_classifier_defect(classifier: str) -> str | None:
    """Judge a classifier by the list that PyPI uses; `Private ::` is in no list, and marks what is not uploaded."""
    from trove_classifiers import classifiers, deprecated_classifiers

    if classifier in classifiers:
        return None
    if classifier not in deprecated_classifiers:
        return "is not a classifier of the list" if not is_private(classifier) else "forbids uploads"
    instead = deprecated_classifiers[classifier]
    names = " or ".join(f"`{one}`" for one in instead)
    return f"is deprecated; write {names}" if names else "is deprecated; remove it"


def is_private(classifier: str) -> bool:
    """Return whether a classifier is one of those with which projects guard against uploads."""
    return classifier.startswith("Private ::")


def find_address_defect(field: str) -> str | None:
    """Judge the first mail address of a field; a field without one passes, as on PyPI."""
    from email_validator import EmailNotValidError, validate_email

    _, address = parseaddr(field)
    if not address:
        return None
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return f"is not an email address ({' '.join(str(error).split())})"
    return None


def find_url_defect(url: str) -> str | None:
    """Judge an address by the library that PyPI uses, which lets most characters pass."""
    from rfc3986 import uri_reference
    from rfc3986.exceptions import ValidationError
    from rfc3986.validators import Validator

    if not url:
        return "is empty"
    if not url.lower().startswith(("http:", "https:")):
        return "does not start with `https://`"
    try:
        Validator().check_validity_of("host", "port", "path", "query").validate(
            uri_reference(url).normalize()
        )
    except ValidationError as error:
        return f"is not a URL ({' '.join(str(error).split())[:120]})"
    return None


def find_description_defect(text: str, content_type: str | None) -> str | None:
    """Render a description as the project's page will; the first message of docutils tells what is wrong."""
    if not text:
        return None
    message = EmailMessage()
    message["content-type"] = content_type or "text/x-rst"
    if message.get_content_type() != "text/x-rst":
        return None  # Markdown renders whatever it is, and other text is shown as it is
    from readme_renderer import rst

    messages = _Messages()
    if rst.render(text, stream=cast("IO[str]", messages)) is not None:
        return None
    first = next((line for line in messages.text.splitlines() if line.strip()), "it renders to nothing")
    first = first.replace("<string>:", "line ", 1)
    return f"cannot be rendered as reStructuredText: {first[:200]}"


class _Messages:
    """What docutils reports while it renders."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def tell(self) -> int:
        return len(self.text)


def is_of_standard_library(name: str) -> bool:
    """Return whether a project's name is that of a module of the standard library, of any version of Python."""
    return re.sub(r"[-_.]+", "-", name).lower() in _library_modules()


@cache
def _library_modules() -> frozenset[str]:
    from stdlib_list import short_versions, stdlib_list

    found: set[str] = set()
    for module in {module for version in short_versions for module in stdlib_list(version)}:
        name = module
        while name:
            found.add(re.sub(r"[-_.]+", "-", name.strip("-_.")).lower())
            name = name.rpartition(".")[0]
    return frozenset(found)


def without_likeness(name: str) -> str:
    """Spell a name so that PyPI's look-alikes are equal: separators and case dropped, l and i are 1, o is 0."""
    plain = re.sub(r"[-_.]", "", name).lower()
    return plain.replace("l", "1").replace("i", "1").replace("o", "0")


def judge_by_pypi(tree: Tree, packages: Sequence[Package], siblings: frozenset[str]) -> tuple[Problem, ...]:
    """List what PyPI would refuse in the manifests of packages; ``siblings`` are the normalised names of all.

    Problems: ``metadata-refused``.
    """
    found: list[Problem] = []
    for package in packages:
        document = PythonDocument.of(package.manifest, tree.read(package.manifest) or "")
        project = document.get("project")
        if isinstance(project, dict):
            findings = (*_findings(project, siblings), *_description(tree, document, project.get("readme")))
            found += [refused_metadata(document, package.id, one) for one in findings]
    return tuple(found)


def judge_new_name(package: Package, others: Sequence[Package]) -> Problem | None:
    """Judge the name of a package that PyPI does not know yet, alone and beside others. Problem: ``name-refused``."""
    if is_of_standard_library(package.name):
        return _name_refused(package, "it is the name of a module of the standard library")
    for one in others:
        if normalised(one.name) != normalised(package.name) and (
            without_likeness(one.name) == without_likeness(package.name)
        ):
            return _name_refused(package, f"it is too similar to `{one.name}`")
    return None


def _findings(project: dict[str, Any], siblings: frozenset[str]) -> Findings:
    summary = project.get("description")
    if isinstance(summary, str) and len(summary) > LONGEST_SUMMARY:
        yield "description", f"its `description` has more than {LONGEST_SUMMARY} characters", "shorten it"
    for one in strings_of(project.get("classifiers")):
        if not is_private(one) and (defect := find_classifier_defect(one)):
            yield "classifiers", f"`{one[:80]}` {defect}", "use a classifier from the list"
    for key in ("authors", "maintainers"):
        yield from _people(key, project.get(key))
    urls = project.get("urls")
    for label, url in urls.items() if isinstance(urls, dict) else ():
        if not 0 < len(label) <= LONGEST_LABEL:
            fact = f"the label `{label[:80]}` does not have 1 to {LONGEST_LABEL} characters"
            yield "urls", fact, "shorten it"
        if isinstance(url, str) and (defect := find_url_defect(url)):
            yield "urls", f"`{url[:80]}` {defect}", "write the full URL"
    yield from _direct_requirements(project, siblings)


def _people(key: str, people: object) -> Findings:
    """Judge the mail address that comes first: PyPI looks at no other."""
    listed = people if isinstance(people, list) else []
    addresses = [
        one["email"] for one in listed if isinstance(one, dict) and isinstance(one.get("email"), str)
    ]
    for address in addresses[:1]:
        if defect := find_address_defect(f"<{address}>"):
            yield key, f"`{address[:80]}` {defect}", "correct the address, or remove it"


def _direct_requirements(project: dict[str, Any], siblings: frozenset[str]) -> Findings:
    """Find requirements by address: PyPI takes none. Those on siblings are reported with the workspace."""
    extras = project.get("optional-dependencies")
    lists: list[tuple[str, object]] = [("dependencies", project.get("dependencies"))]
    lists += [("optional-dependencies", one) for one in (extras.values() if isinstance(extras, dict) else ())]
    for key, value in lists:
        for text in strings_of(value):
            read = read_requirement(text)
            if read is not None and read.url is not None and normalised(read.name) not in siblings:
                yield key, f"it requires `{read.name}` by a URL", "require a published version of it"


def _description(tree: Tree, document: PythonDocument, readme: object) -> Iterator[Finding]:
    table = readme if isinstance(readme, dict) else {"file": readme}
    path, kind = table.get("file"), table.get("content-type")
    remedy = "use only markup that docutils supports without Sphinx, and check it with `twine check`"
    written = table.get("text")
    if (
        isinstance(written, str)
        and isinstance(kind, str)
        and (defect := find_description_defect(written, kind))
    ):
        yield "readme", f"its text {defect}", remedy
    full = document.at(path) if isinstance(path, str) else None
    if full is None or not isinstance(path, str):
        return
    if kind is None and path.lower().endswith(".rst"):
        kind = "text/x-rst"
    if not isinstance(kind, str):
        return
    text = tree.read(full)
    if text is not None and (defect := find_description_defect(text, kind)):
        yield "readme", f"`{path[:120]}` {defect}", remedy


def _name_refused(package: Package, fact: str) -> Problem:
    return Problem(
        code="name-refused",
        message=f"PyPI would not create a project named `{package.name}`: {fact}",
        reason="new names are checked at the first upload, when others may already be published",
        remedy="rename the package, or exclude it with `release.exclude`",
        file=package.manifest,
        package=package.id,
    )
