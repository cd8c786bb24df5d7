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
        (backend("scikit_build_core.build", "[tool.scikit-build]\nwheel.cmake = false\n"), False),
        (backend("scikit_build_core.build", "[tool.scikit-build.wheel]\nplatlib = false\n"), False),
        (
            backend(
                "setuptools.build_meta", "[[tool.setuptools.ext-modules]]\nname = 'a'\nsources = ['a.c']\n"
            ),
            True,
        ),
        (backend("setuptools.build_meta", "[[tool.setuptools-rust.ext-modules]]\ntarget = 'a'\n"), True),
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


@pytest.mark.parametrize(
    ("texts", "compiles"),
    [
        ({}, True),
        ({"meson.build": "py.install_sources('a.py')\n# executable('a')\n"}, False),
        ({"meson.build": "py.extension_module('a', 'a.c')\n"}, True),
        ({"meson.build": "subdir('src')\n", "src/meson.build": "subdir('deep/')\n",
          "src/deep/meson.build": "lib = shared_library('a')\n"}, True),
        ({"meson.build": "subdir('src')\n", "src/meson.build": "py.install_sources('a.py')\n"}, False),
        ({"meson.build": "subdir('src')\n"}, True),
    ],
)  # fmt: skip
def test_a_meson_project_compiles_if_it_has_something_to_build(texts: dict[str, str], compiles: bool) -> None:
    names = ("fast", "other")
    files = {
        f"packages/{one}/pyproject.toml": backend("maturin" if one == "fast" else "mesonpy") for one in names
    }
    files |= {f"packages/other/{path}": text for path, text in texts.items()}
    packages = tuple(map(package, names))
    found = wheel_builds(
        parse_configuration(SETTINGS.format(more="")), Workspace(packages=packages, edges=()), files.get
    )

    assert found is not None
    assert [path[9:] for path in found.compiled] == (["fast", "other"] if compiles else ["fast"])


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
