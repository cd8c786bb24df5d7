"""Which packages need wheels of several machines is known by their back end, or named."""

from __future__ import annotations

import pytest

from castoff.config.reader import parse_configuration
from castoff.errors import ConfigurationError
from castoff.model.workspace import Package, Workspace
from castoff.setup.wheels import wheel_builds

SETTINGS = '[ci]\nrelease = true\nwheels = ["ubuntu-latest"]\n{more}[python]\nartifacts = "dist"\n'


def package(name: str, ecosystem: str = "python") -> Package:
    return Package(
        name=name,
        ecosystem=ecosystem,  # type: ignore[arg-type]
        path=f"packages/{name}",
        manifest=f"packages/{name}/pyproject.toml",
        version="1.0.0",
        version_file=f"packages/{name}/pyproject.toml",
    )


def built(more: str = "", **backends: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the packages that are compiled, and the pure ones."""
    packages = (*map(package, backends), package("crate", "cargo"))
    texts = {f"packages/{name}/pyproject.toml": text for name, text in backends.items()}
    configuration = parse_configuration(SETTINGS.format(more=more))
    found = wheel_builds(configuration, Workspace(packages=packages, edges=()), texts.get)
    assert found is not None
    return tuple(one[9:] for one in found.compiled), tuple(one[9:] for one in found.pure)


def backend(name: str, rest: str = "") -> str:
    return f'[build-system]\nbuild-backend = "{name}"\n{rest}'


PURE = backend("hatchling.build")


@pytest.mark.parametrize(
    ("text", "compiles"),
    [
        (backend("maturin"), True),
        (backend("own", 'backend-path = ["."]\n[tool.maturin]\n'), True),
        (backend("scikit_build_core.build"), True),
        (backend("mesonpy"), True),
        (backend("mesonpython"), False),
        (backend("setuptools.build_meta"), False),
        (PURE, False),
        ("", False),
    ],
)
def test_a_back_end_that_is_made_for_compiled_code_is_known(text: str, compiles: bool) -> None:
    assert built(fast=backend("maturin"), other=text) == (
        (("fast", "other"), ()) if compiles else (("fast",), ("other",))
    )


def test_others_are_named_and_never_guessed() -> None:
    assert built('wheel-packages = ["b"]\n', a=PURE, b=PURE) == (("b",), ("a",))
    for code, more in (
        ("no-wheel-package", ""),
        ("wheel-package-unknown", 'wheel-packages = ["crate"]\n'),
        ("wheel-package-unknown", 'wheel-packages = ["a", "c"]\n'),
    ):
        with pytest.raises(ConfigurationError) as caught:
            built(more, a=PURE)
        assert caught.value.problems[0].code == code


def test_without_machines_no_wheels_are_built() -> None:
    workspace = Workspace(packages=(package("a"),), edges=())
    assert (
        wheel_builds(parse_configuration("[ci]\nrelease = true\n"), workspace, dict[str, str]().get) is None
    )
