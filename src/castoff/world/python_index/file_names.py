"""Rules for the names of uploaded files: characters, extension, normalization, platform tags.

Source: warehouse `forklift/legacy.py`; PEP 427, PEP 600, PEP 625, PEP 656.
"""

from __future__ import annotations

import re

from packaging.metadata import Metadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from castoff.world.messages import Rejected

_LONGEST = 246
"""Bytes of the longest name: PyPI writes `NAME.metadata` beside the file, and file systems take 255."""

_PLATFORMS = re.compile(
    r"any|win32|win_arm64|win_amd64|win_ia64|linux_armv6l|linux_armv7l"
    r"|manylinux(?:1|2010)_(?:x86_64|i686)"
    r"|manylinux2014_(?:x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
)
_LINUX = r"(?:x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)"
_MAC = r"(?:ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2)"
_PATTERNS = re.compile(
    rf"macosx_10_\d+_{_MAC}|macosx_(?:11|12|13|14|15|26)_0_{_MAC}"
    rf"|manylinux_\d+_\d+_(?:{_LINUX}|ppc64)|musllinux_\d+_\d+_{_LINUX}"
    r"|ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)"
    r"|android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)"
    r"|pyemscripten_\d+_\d+_wasm32"
)


def check_characters(filename: str) -> None:
    """Refuse control characters, separators of paths and names that no file system takes."""
    if any(ord(one) < 32 or ord(one) == 127 for one in filename):
        raise Rejected(
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character "
            "(ordinal 127) in the name."
        )
    if "/" in filename or "\\" in filename:
        raise Rejected("Cannot upload a file with '/' or '\\' in the name.")
    # Only wheels: the metadata file is written beside them alone.
    if filename.endswith(".whl") and len(filename.encode()) > _LONGEST:
        raise Rejected(f"Filename is too long: '{filename}'")


def check_extension(filename: str, filetype: str) -> None:
    """Refuse other files than sdists and wheels."""
    allowed = {"sdist": (".zip", ".tar.gz"), "bdist_wheel": (".whl",)}[filetype]
    found = re.fullmatch(r".+?(\.(?:tar\.gz|zip|whl))", filename, re.IGNORECASE)
    if found is None:
        raise Rejected("Invalid file extension: Use .tar.gz, .whl or .zip extension.")
    if found[1] not in allowed:
        raise Rejected(f"Invalid file extension: Extension {found[1]} is invalid for filetype {filetype}.")


def check_name(filename: str, metadata: Metadata, *, is_pypi: bool) -> None:
    """Compare a file's name with the metadata of its form."""
    if filename.endswith(".whl"):
        _check_wheel(filename, metadata, is_pypi=is_pypi)
    else:
        _check_sdist(filename, metadata)


def _check_sdist(filename: str, metadata: Metadata) -> None:
    expected = canonicalize_name(metadata.name).replace("-", "_")
    try:
        name, _ = parse_sdist_filename(filename)
    except InvalidSdistFilename as error:
        raise Rejected(f"Invalid source distribution filename: {filename}") from error
    if name != canonicalize_name(metadata.name):
        raise Rejected(f"Start filename for {metadata.name!r} with {expected!r}.")
    wanted = f"{expected}-{metadata.version}.tar.gz"
    if filename != wanted:
        raise Rejected(f"Filename {filename!r} is invalid, should be {wanted!r}.")


def _check_wheel(filename: str, metadata: Metadata, *, is_pypi: bool) -> None:
    try:
        name, version, _, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise Rejected(str(error)) from error
    # Sorted, so that of several bad tags the message always names the same.
    for tag in sorted(tags, key=str):
        known = _PLATFORMS.fullmatch(tag.platform) or _PATTERNS.fullmatch(tag.platform)
        if is_pypi and known is None:
            raise Rejected(f"Binary wheel '{filename}' has an unsupported platform tag '{tag.platform}'.")
    expected = canonicalize_name(metadata.name).replace("-", "_")
    if name != canonicalize_name(metadata.name):
        raise Rejected(f"Start filename for {metadata.name!r} with {expected!r}.")
    # The binary distribution format wants the normalized spelling, which the parser above hides.
    written = filename.partition("-")[0]
    if written != expected:
        raise Rejected(
            f"Filename {filename!r} should contain the normalized project name {expected!r}, not {written!r}."
        )
    if version != metadata.version:
        raise Rejected(f"Version in filename should be {str(metadata.version)!r} not {str(version)!r}.")
