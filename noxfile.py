"""What can be done to this repository? The one door: `nox` lists and runs it, in the environment it is in.

Sessions make no environments of their own, `mutants` excepted: `pip install -e '.[dev]'` comes first, see
CONTRIBUTING.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "imports", "schemas", "tests"]

TOOLS = Path(sys.executable).parent
PYTHON = ("src", "tests", "noxfile.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, banned calls, layout and spelling."""
    session.run(TOOLS / "ruff", "check", *PYTHON)
    session.run(TOOLS / "ruff", "format", "--check", *PYTHON)
    session.run(
        TOOLS / "codespell", "src", "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"
    )


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    session.run(TOOLS / "mypy")
    # Not a part of the package, and run by hand alone: without this, a moved function breaks them unseen.
    session.run(
        TOOLS / "mypy", *sorted(map(str, Path("benchmarks").glob("*.py"))), env={"MYPYPATH": "benchmarks"}
    )


@nox.session
def imports(session: nox.Session) -> None:
    """Who may import whom: the contracts of pyproject.toml."""
    session.run(TOOLS / "lint-imports", "--no-logo")


@nox.session
def schemas(session: nox.Session) -> None:
    """Write what is made from the code: JSON schema, reference pages, index; `-- --check` only looks."""
    session.run(sys.executable, "scripts/generate", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, or those that are named after `--`."""
    session.run(sys.executable, "-m", "pytest", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation: generated pages are current, links lead somewhere, the site builds without a warning."""
    session.run(sys.executable, "scripts/generate", "--check")
    session.run(sys.executable, "-m", "pytest", "tests/gates/test_documents.py")
    session.run(TOOLS / "sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "docs", "site")


@nox.session
def itself(session: nox.Session) -> None:
    """Castoff's own next release, planned and rehearsed; builds fetch their back end."""
    session.run(sys.executable, "scripts/rehearse-itself")


@nox.session(venv_backend="venv")
def mutants(session: nox.Session) -> None:
    """Mutation testing of a committed sample, in an environment of its own; `-- 12` runs twelve of them."""
    session.install("-e", ".[dev]", "mutmut~=3.8.1")
    session.run("python", "scripts/mutants", "run", *session.posargs)


@nox.session
def fix(session: nox.Session) -> None:
    """Fix what can be repaired by machine: order of imports, layout, generated files."""
    session.run(TOOLS / "ruff", "check", "--fix", *PYTHON)
    session.run(TOOLS / "ruff", "format", *PYTHON)
    session.run(sys.executable, "scripts/generate")
