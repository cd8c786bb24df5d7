"""Uploads that PyPI takes, although a check that is too strict would not."""

from __future__ import annotations

from registry_rules.broken_uploads import INFO, PLAIN, SDIST, WHEEL, tagged
from registry_rules.uploads import core_metadata, sdist, wheel

LEGAL: dict[str, tuple[str, bytes]] = {
    "a wheel": (WHEEL, wheel(PLAIN)),
    "an sdist": (SDIST, sdist(PLAIN)),
    "an sdist without code, with its folder": (
        SDIST,
        sdist(PLAIN, files={"acme_core-1.0.0/acme.py": None, "acme_core-1.0.0/": ""}),
    ),
    "a host that no browser could decode": (
        WHEEL,
        wheel(core_metadata("acme-core", "1.0.0", "Project-URL: Home, https://xn--a.example/")),
    ),
    "a description in Markdown": (
        WHEEL,
        wheel(
            core_metadata(
                "acme-core", "1.0.0", "Description-Content-Type: text/markdown", text=".. nosuch:: x"
            )
        ),
    ),
    "a description in plain text": (
        WHEEL,
        wheel(
            core_metadata("acme-core", "1.0.0", "Description-Content-Type: text/plain", text=".. nosuch:: x")
        ),
    ),
    "a description in reStructuredText": (
        SDIST,
        sdist(core_metadata(text="T\n=\n\n.. code-block:: python\n\n   x = 1\n")),
    ),
    "all fields": (
        WHEEL,
        wheel(
            core_metadata(
                "Acme.Core",
                "1.0.0",
                f"Summary: {'é' * 511}",
                "Author-Email: A Name <a@example.org>, b@example.org",
                "Maintainer: Somebody",
                "Keywords: a,b",
                "Classifier: Programming Language :: Python :: 3.13",
                "Classifier: License :: OSI Approved :: MIT License",
                "License-Expression: MIT OR Apache-2.0",
                "License-File: LICENSES/MIT.txt",
                "Project-URL: Source code and much more, https://example.org/a%20b?c=d#e",
                "Project-URL: Documents, http://example.org:8080/ä b",
                "Requires-Python: >=3.9",
                "Requires-Dist: idna>=2; extra == 'x'",
                "Provides-Extra: x",
                "Dynamic: License-File",
            ),
            files={
                f"{INFO}/licenses/LICENSES/MIT.txt": "MIT",
                f"{INFO}/entry_points.txt": "[console_scripts]\na-b.c_d = x:y\n[my group]\na/b = c\n",
            },
        ),
    ),
    "fields without a value, as old back ends write them": (
        WHEEL,
        wheel(
            core_metadata(
                "acme-core",
                "1.0.0",
                "Author-Email: UNKNOWN",
                "Home-page: UNKNOWN",
                "License: UNKNOWN",
                "License-Expression: MIT",
                "Platform: UNKNOWN",
                "Classifier: ",
                text="UNKNOWN\n",
            )
        ),
    ),
    "a licence by text": (WHEEL, wheel(core_metadata("acme-core", "1.0.0", "License: MIT"))),
    "an author without an address": (WHEEL, wheel(core_metadata("acme-core", "1.0.0", "Author: A B"))),
    "a record that differs": (WHEEL, wheel(PLAIN, files={"acme/unlisted.py": ""})),
    "a post-release": (
        "acme_core-1.0.post1.tar.gz",
        sdist(core_metadata(version="1.0.post1"), "acme_core-1.0.post1"),
    ),
    "a build number": ("acme_core-1.0.0-7-py3-none-any.whl", wheel(PLAIN)),
    "tags in capitals": (tagged("WIN32"), wheel(PLAIN)),
    "compressed tags": (tagged("manylinux_2_17_x86_64.manylinux2014_x86_64"), wheel(PLAIN)),
    **{
        one: (tagged(one), wheel(PLAIN))
        for one in (
            "win32",
            "win_amd64",
            "win_arm64",
            "macosx_10_9_x86_64",
            "macosx_11_0_arm64",
            "macosx_26_0_universal2",
            "manylinux1_i686",
            "manylinux2010_x86_64",
            "manylinux2014_aarch64",
            "manylinux_2_28_ppc64",
            "manylinux_2_39_riscv64",
            "musllinux_1_2_armv7l",
            "linux_armv7l",
            "ios_13_0_arm64_iphoneos",
            "android_21_arm64_v8a",
            "pyemscripten_2024_0_wasm32",
        )
    },
}
