"""Promise 8 for child processes: what runs the code of others dumps all that it sees, and no canary is among it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from castoff.git import Clone
from castoff.io.process import find_program
from castoff.model.credentials import ROWS
from castoff.release.run import run_release
from castoff.session.release_request import ReleaseRequest
from castoff.session.reporters import Silence
from castoff.session.snapshot import take_snapshot
from castoff.values import replace
from castoff.wiring import Options, open_setting
from proofs.small import write_small
from proofs.worlds import make_key, make_source, stage_of
from security.canaries import canary

pytestmark = pytest.mark.real

DUMP = """\
import json, os, sys
with open(os.environ["DUMP_TO"], "a") as file:
    file.write(json.dumps([{who!r}, sys.argv, dict(os.environ)]) + "\\n")
"""
BUILD = DUMP.format(who="build") + (
    "import subprocess\n"
    'uv = [os.environ["UV_PROGRAM"], "build", "--no-create-gitignore", "--out-dir", sys.argv[1]]\n'
    "sys.exit(subprocess.run(uv).returncode)\n"
)
CONFIGURATION = """\
[release]
pass-env = { build = ["GIVEN_TO_BUILDS_TOKEN"], hooks = ["GIVEN_TO_HOOKS_TOKEN"], checks = ["GIVEN_TO_CHECKS_TOKEN"] }
[python]
build = ["python3", "../../tools/build.py"]
[version]
run = [{ command = ["python3", "tools/version.py"] }]
[[check]]
name = "dump"
command = ["python3", "tools/check.py"]
"""
NAMES = sorted(
    name.replace("*", "X")
    for row in ROWS
    for name in row.names
    if row.purpose not in ("agent", "forge", "git")
)
PLANTED = {
    name: canary(name.lower()) for name in NAMES if not name.startswith(("NPM_CONFIG", "UV_", "TWINE"))
}
GIVEN = {f"GIVEN_TO_{who}_TOKEN": canary(f"given-to-{who.lower()}") for who in ("BUILDS", "HOOKS", "CHECKS")}
NEEDED = {"CC": "clang", "RUSTFLAGS": "-g", "PROTOC": "/opt/protoc", "MATURIN_PEP517_ARGS": "--locked"}
IN_URL = {"PIP_EXTRA_INDEX_URL": f"https://me:{canary('in-url')}@house.example/simple/"}
ALLOWED = {
    "build": "BUILDS",
    "import": "BUILDS",
    "version": "HOOKS",
    "commit-msg": "HOOKS",
    "pre-push": "HOOKS",
}


def _sample(folder: Path) -> Path:
    write_small(folder)
    shutil.rmtree(folder / "packages" / "proof")
    (folder / "tools").mkdir()
    for who in ("version", "check"):
        (folder / "tools" / f"{who}.py").write_text(DUMP.format(who=who), encoding="utf-8")
    (folder / "tools" / "build.py").write_text(BUILD, encoding="utf-8")
    (folder / "castoff.toml").write_text(CONFIGURATION, encoding="utf-8")
    for module in folder.glob("packages/*/src/*/__init__.py"):
        module.write_text(f'"""x"""\n{DUMP.format(who="import")}', encoding="utf-8")
    return folder


def test_code_of_others_sees_no_credential_but_those_given_back(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    source = make_source(tmp_path / "source", key, _sample(tmp_path / "sample"))
    dumped = tmp_path / "dumped"
    with stage_of(tmp_path / "stage", key, source) as here:
        checkout = here.checkout()
        for hook in ("commit-msg", "pre-push"):
            path = checkout / ".git" / "hooks" / hook
            path.write_text(f"#!/usr/bin/env python3\n{DUMP.format(who=hook)}", encoding="utf-8")
            path.chmod(0o755)
        netrc = Path(here.environment["HOME"]) / ".netrc"
        netrc.write_text(f"machine elsewhere.example login me password {canary('netrc')}\n", encoding="utf-8")
        plain = {"DUMP_TO": str(dumped), "UV_PROGRAM": str(find_program("uv", None)), **NEEDED}
        same = {"UNSUSPICIOUS": canary("netrc"), **plain}
        environment = {**here.environment, **PLANTED, **GIVEN, **IN_URL, **same}
        options = Options(directory=checkout, wait=5.0)
        setting = replace(open_setting(options, Silence(), environment), embedded=None)

        run_release(setting, ReleaseRequest(level="1.1.0", agreed=True))
        with Clone.of(setting.repository) as clone:
            seen = take_snapshot(setting, clone)
        (problem, *_) = [*setting.trial("python").use(seen.workspace.packages[0], "1.1.0"), None]
        assert problem is None

    rows = [json.loads(line) for line in dumped.read_text("utf-8").splitlines()]
    assert {who for who, _, _ in rows} == {*ALLOWED, "check"}
    for who, words, environment in rows:
        allowed = f"GIVEN_TO_{ALLOWED.get(who, 'CHECKS')}_TOKEN"
        found = {name for name, value in environment.items() if "canary-" in value}
        assert (who, found, "canary-" in str(words)) == (who, {allowed}, False)
        assert NEEDED.items() <= environment.items()
        assert environment.get("GH_TOKEN") is environment.get("UV_PUBLISH_TOKEN") is None
    assert len(PLANTED) > 80
