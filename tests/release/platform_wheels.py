"""A stand-in for cibuildwheel, which needs containers and machines of its own."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import uv

PLATFORMS = {"ubuntu-latest": "manylinux_2_17_x86_64", "windows-latest": "win_amd64"}


def build_wheel(given: Mapping[str, str], runner: str, clone: Path, environment: Mapping[str, str]) -> None:
    """Stand for cibuildwheel, which needs containers: build a wheel, and give it the tag of the platform."""
    folder = Path(given["output-dir"].replace("${{ runner.temp }}", environment["RUNNER_TEMP"]))
    made = folder.with_name("made")
    subprocess.run(
        [uv.find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", str(made)],
        cwd=clone / given["package-dir"],
        env=environment,
        check=True,
    )
    (pure,) = made.glob("*.whl")
    folder.mkdir(exist_ok=True)
    name = pure.name.replace("-any.whl", f"-{PLATFORMS[runner]}.whl")
    with zipfile.ZipFile(pure) as old, zipfile.ZipFile(folder / name, "w") as new:
        rows = []
        for one in (entry for entry in old.namelist() if not entry.endswith("/RECORD")):
            data = old.read(one)
            if one.endswith("/WHEEL"):
                data = data.replace(b"-any", f"-{PLATFORMS[runner]}".encode()).replace(
                    b"Purelib: true", b"Purelib: false"
                )
            new.writestr(one, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{one},sha256={digest},{len(data)}\n")
        record = next(entry for entry in old.namelist() if entry.endswith("/RECORD"))
        new.writestr(record, "".join(rows) + f"{record},,\n")
