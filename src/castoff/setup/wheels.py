"""Packages whose wheels are built on several machines by the workflows of `castoff ci` (`ci.wheels`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from castoff.config.values import Configuration
from castoff.ecosystems.python.manifest.document import PythonDocument
from castoff.ecosystems.python.manifest.maturin import is_maturin
from castoff.errors import ConfigurationError
from castoff.model.workspace import Package, Workspace
from castoff.regexes import regex
from castoff.workflows.options import WheelBuilds

Read = Callable[[str], str | None]

_SETUPTOOLS = (("tool", "setuptools", "ext-modules"), ("tool", "setuptools-rust"))
"""Tables that name extension modules; setuptools takes them from code as well, which nobody reads."""

_MESON_TARGET = regex(
    r"^[^#\n]*\b(?:extension_module|shared_library|shared_module|static_library|both_libraries|library|executable"
    r"|build_target)\s*\(",
    re.M,
)
_MESON_FOLDER = regex(r"^[^#\n]*\bsubdir\(\s*'([^'\n]+)'", re.M)


def wheel_builds(configuration: Configuration, workspace: Workspace, read: Read) -> WheelBuilds | None:
    """Return what is built on which machines, None without `ci.wheels`; ``read`` reads a file of the repository.

    Errors: ``wheel-package-unknown``, ``no-wheel-package``.
    """
    ci, folder = configuration.ci, configuration.python.artifacts
    if not ci.wheels:
        return None
    assert folder is not None, "the configuration requires it"
    packages = [one for one in workspace.packages if one.ecosystem == "python"]
    _require_known(ci.wheel_packages, packages)
    compiled = [one for one in packages if one.name in ci.wheel_packages or _compiles(one, read)]
    if not compiled:
        raise ConfigurationError.of(
            "no-wheel-package",
            "`ci.wheels` names machines, but no package is known to have compiled code",
            reason="only maturin, scikit-build-core, meson-python and tables of extension modules tell",
            remedy=f'list the packages in `[ci]`, for example `wheel-packages = ["{packages[0].name}"]`'
            if packages
            else "remove `ci.wheels`: the release has no Python package",
        )
    return WheelBuilds(
        runners=ci.wheels,
        folder=folder,
        compiled=tuple(one.path for one in compiled),
        pure=tuple(one.path for one in packages if one not in compiled),
    )


def _require_known(names: Sequence[str], packages: Sequence[Package]) -> None:
    known = {one.name for one in packages}
    if strange := [one for one in names if one not in known]:
        raise ConfigurationError.of(
            "wheel-package-unknown",
            f"`ci.wheel-packages` names `{strange[0]}`, which is not a Python package of the release",
            reason="the release has "
            + (", ".join(f"`{one}`" for one in sorted(known)) or "no Python package"),
            remedy="write the name as `castoff plan` shows it",
        )


def _compiles(package: Package, read: Read) -> bool:
    file = "pyproject.toml" if package.path == "." else f"{package.path}/pyproject.toml"
    text = read(file)
    if text is None:
        return False
    document = PythonDocument.of(file, text)
    match re.split("[.:]", document.string("build-system", "build-backend") or "")[0]:
        case "scikit_build_core":
            wheel = ("tool", "scikit-build", "wheel")
            return all(document.get(*wheel, key) is not False for key in ("cmake", "platlib"))
        case "mesonpy":
            return _has_targets(package.path, read)
        case "setuptools":
            return any(document.get(*table) for table in _SETUPTOOLS)
        case _:
            return is_maturin(document)


def _has_targets(folder: str, read: Read) -> bool:
    """Return whether a Meson project builds anything: one that only installs sources makes a wheel for any platform."""
    open_folders, seen = ["" if folder == "." else f"{folder}/"], set[str]()
    while open_folders:
        one = open_folders.pop()
        if one in seen:
            continue
        seen.add(one)
        text = read(f"{one}meson.build")
        # What cannot be read may compile: a folder by a variable, or a file that is made.
        if text is None or _MESON_TARGET.search(text):
            return True
        open_folders += [f"{one}{inner.strip('/')}/" for inner in _MESON_FOLDER.findall(text)]
    return False
