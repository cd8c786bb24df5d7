"""Each folder beside this file is a case: workspace files over the small sample, commands, what the last one prints.

`in/` lies over the small sample; `case.toml` has `before` (commands run first, in other clones), `command` and
`exit`; `stdout` is what the command prints, with what differs from run to run replaced by words. With
CASTOFF_WRITE_CASES=1 the tests write `stdout` anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.ground import Ground
from proofs.small import write_small
from proofs.worlds import make_key, make_source, stage_of

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
SCHEMAS = HERE.parents[1] / "src" / "castoff" / "schemas"
CASES = sorted(path.parent for path in HERE.glob("*/case.toml"))
RUNS = frozenset({"release", "rehearse", "demo", "resume"})
CHANGING = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/"), "/packages/DIGEST/"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "COMMIT"),
    (re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b"), "SHORT"),
    (re.compile(r"untagged-[0-9a-f]{20}"), "untagged-NUMBER"),
    (re.compile(r"mismatch window \d+\.\d s"), "mismatch window TIME"),
    (re.compile(r'("mismatch_window_seconds"): \d+\.\d+'), r"\1: 0.0"),
    (re.compile(r'("age_seconds"): \d+'), r"\1: 0"),
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("key"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_prints_what_it_printed_before(
    case: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = tomllib.loads((case / "case.toml").read_text("utf-8"))
    sample = write_small(tmp_path / "sample")
    if (case / "in").is_dir():
        shutil.copytree(case / "in", sample, dirs_exist_ok=True)
    with stage_of(tmp_path / "stage", key, make_source(tmp_path / "source", key, sample)) as here:
        for command in said.get("before", ()):
            Ground(here, here.checkout()).castoff(monkeypatch, *shlex.split(command))
        capfd.readouterr()
        code = Ground(here, here.checkout()).castoff(monkeypatch, *shlex.split(said["command"]))
    printed = capfd.readouterr().out

    assert code == said["exit"]
    if "--json" in said["command"]:
        _validate(json.loads(printed))
    shown = _same_every_time(printed)
    golden = case / "stdout"
    if os.environ.get("CASTOFF_WRITE_CASES"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text("utf-8")


def _same_every_time(text: str) -> str:
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text if not text.startswith("{") else _sorted_uploads(text)


def _sorted_uploads(text: str) -> str:
    """Uploads of one wave go side by side: their order is of no meaning."""
    value: dict[str, Any] = json.loads(text)
    for upload in value.get("uploads", ()):
        upload["order"] = 0
    value.get("uploads", []).sort(key=lambda one: one["filename"])
    for world in [value["world"]] if value.get("world") else []:
        world["python"]["uploads"].sort(key=lambda one: one["filename"])
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _validate(value: dict[str, Any]) -> None:
    name = value["schema"].removeprefix("castoff/")
    schema = json.loads((SCHEMAS / f"{'run' if name in RUNS else name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(value)
