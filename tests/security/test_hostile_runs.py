"""Promise 8 from end to end: hostile titles, names, tags and answers; nothing is executed, escaped or left outside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from castoff.world.faults import parse_faults
from castoff.world.seed import WorldSeed
from rollback.taking_back import Scene, make_ground, scene

pytestmark = pytest.mark.real

EVIL = "$(touch hacked) `touch hacked`; touch hacked\x1b[2J\x1b]8;;https://evil.example\x07\u202e ../../x <b> ](x) @all"
BRANCH = "rel/$(touch${IFS}hacked);`id`&x"
DEEP = "[" * 100_000
LARGE = json.dumps({"message": "x" * 10_000_000})


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    def hostile(source: Path) -> None:
        (source / "castoff.toml").write_text('[release]\nbranches = ["*"]\n', encoding="utf-8")
        for manifest in source.glob("packages/*/pyproject.toml"):
            text = manifest.read_text(encoding="utf-8")
            harmful = json.dumps("$(touch hacked) \u202e ../../x <script>")
            manifest.write_text(text.replace('"For proofs"', harmful), encoding="utf-8")

    return make_ground(tmp_path_factory.mktemp("hostile"), hostile)


def seed() -> WorldSeed:
    return WorldSeed(
        forge={
            "pull_requests": [
                {
                    "number": 7, "title": EVIL, "body": EVIL, "author": "ada", "labels": [], "state": "closed",
                    "merged_at": "2026-01-30T00:00:00Z",
                }
            ],
            "milestones": [{"number": 1, "title": f"1.1.0 {EVIL}", "description": EVIL}],
            "labels": [EVIL[:40]],
        }
    )  # fmt: skip


def run(there: Scene, checkout: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "castoff", *words],
        cwd=checkout,
        env={**there.here.environment, "TMPDIR": str(there.here.folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 2, 3, 4), done.stderr.decode()
    for stream in (done.stdout, done.stderr):
        assert b"Traceback" not in stream
        assert b"error[bug]" not in stream
        assert b"\x1b" not in stream
        # into a pipe, JSON and notes are data: what the forge's own notes hold, byte for byte
        assert "\u202e".encode() not in stream or {"--json", "notes"} & set(words)
    return done


def no_trace(folder: Path) -> bool:
    return not list(folder.rglob("hacked*"))


@pytest.mark.whole
def test_hostile_names_and_titles_go_through_a_whole_release(
    ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path / "case", ground, seed()) as there:
        checkout = there.here.checkout()
        there.here.git(checkout, "switch", "--quiet", "--create", BRANCH)
        there.here.git(checkout, "commit", "--quiet", "--allow-empty", "-m", f"{EVIL} (#7)")
        there.here.git(checkout, "push", "--quiet", "--set-upstream", "origin", BRANCH)
        there.here.git(checkout, "tag", "1.0.1$(touch${IFS}hacked)")
        there.here.git(checkout, "tag", "--", "v1.0.0-x;id")
        there.here.git(checkout, "push", "--quiet", "origin", "--tags")

        for words in (("plan", "minor"), ("status",), ("check",), ("notes",), ("plan", "minor", "--json")):
            run(there, checkout, *words)
        done = run(there, checkout, "release", "1.1.0", "--execute", "--yes")

        assert done.returncode == 0, done.stderr.decode()
        assert no_trace(tmp_path)
        run(there, checkout, "yank", "1.1.0", "--execute", "--yes", "--reason", EVIL)
        run(there, checkout, "status", "1.1.0")
        assert no_trace(tmp_path)


EFFECTS: Mapping[str, Mapping[str, object]] = {
    "hostile message": {"status": 400, "body": json.dumps({"message": EVIL})},
    "hostile text": {"status": 500, "body": EVIL},
    "10 MB": {"status": 403, "body": LARGE},
    "10 MB of success": {"status": 200, "body": LARGE},
    "deep": {"status": 200, "body": DEEP},
    "deep refusal": {"status": 422, "body": DEEP},
    "half a character": {"status": 200, "body": '{"a": "\\ud800"}'},
    "bytes": {"status": 200, "body": "\x00\x1b[31m"},
}


RELEASED = ("hostile message", "10 MB of success", "deep refusal", "bytes")
"""What a release meets, at every service; `status`, which is sooner done, meets all."""


WHERE: Mapping[str, Mapping[str, object]] = {
    "forge": {"service": "forge"},
    "index": {"service": "python", "method": "GET"},
    "upload": {"service": "python", "method": "POST"},
}


@pytest.mark.whole
@pytest.mark.parametrize("where", WHERE.values(), ids=WHERE)
def test_hostile_answers_end_a_release_in_a_remedy(
    where: Mapping[str, object], ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path / "case", ground) as there:
        checkout = there.here.checkout()
        for name in RELEASED:
            answer(there, where, name)
            done = run(there, checkout, "release", "1.1.0", "--execute", "--yes", "--wait", "0.3")
            assert done.returncode == 0 or b"remedy: " in done.stderr
            assert len(done.stderr) < 60_000

        there.here.world.gate.replace(())
        assert run(there, checkout, "release", "1.1.0", "--execute", "--yes").returncode == 0
        assert no_trace(tmp_path)


@pytest.mark.parametrize("where", [WHERE["forge"], WHERE["index"]], ids=["forge", "index"])
def test_hostile_answers_do_not_end_status(
    where: Mapping[str, object], ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path / "case", ground) as there:
        checkout = there.here.checkout()
        for name in EFFECTS:
            answer(there, where, name)
            run(there, checkout, "status")

        assert no_trace(tmp_path)


def answer(there: Scene, where: Mapping[str, object], name: str) -> None:
    rule = {**where, "effect": EFFECTS[name]}
    there.here.world.gate.replace(parse_faults(json.dumps({"rules": [rule]})))


@pytest.mark.parametrize(
    "file",
    [
        "../outside.md",
        "/tmp/castoff-outside.md",
        "a/../../outside.md",
        "docs/\x00.md",
        "link/outside.md",
        ".git/config",
    ],
)
def test_no_rule_writes_outside_of_the_workspace(file: str, tmp_path: Path) -> None:
    def configure(source: Path) -> None:
        rule = json.dumps(file)
        text = f'[[replace]]\nfile = {rule}\nsearch = "x"\nreplace = "hacked"\nmin = 0\n'
        (source / "castoff.toml").write_text(text, encoding="utf-8")
        (source / "link").symlink_to(tmp_path)

    (tmp_path / "outside.md").write_text("x", encoding="utf-8")
    with scene(tmp_path / "case", make_ground(tmp_path, configure)) as there:
        checkout = there.here.checkout()

        run(there, checkout, "plan", "minor")
        run(there, checkout, "release", "1.1.0", "--execute", "--yes", "--wait", "1")

    assert (tmp_path / "outside.md").read_text(encoding="utf-8") == "x"
    assert not Path("/tmp/castoff-outside.md").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("status", "$(touch hacked)"),
        ("release", "--execute", "\x1b[31m"),
        ("plan", "../../x"),
        ("yank", "--", "-oProxyCommand=x", "--execute"),
        ("explain", "../../../etc/passwd"),
        ("notes", "--changes", "/dev/null"),
        ("changelog", "--doctor", "/nowhere/\u202ex"),
        ("-C", "/nowhere", "status"),
        ("check", "--only", "foresight", "--version", "x\x1b[2J"),
    ],
    ids=lambda words: words[0] + " " + ascii(words[1])[1:12],
)
def test_hostile_words_on_the_command_line_end_in_a_message(
    words: tuple[str, ...], ground: tuple[Path, Path], tmp_path: Path
) -> None:
    with scene(tmp_path / "case", ground) as there:
        run(there, there.here.checkout(), *words)
        assert no_trace(tmp_path)
