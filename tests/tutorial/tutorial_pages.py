"""Pages whose commands are run: what stands after `$` is typed into one shell, what follows must come out.

A fence `toml title="PATH"` (or any other language with a title) is a file that the reader writes. In a
`console` fence, a line `$ COMMAND` is typed, `> MORE` goes on with it, anything else is output. A fence whose
text has fences of its own has four marks. A comment `<!-- played` holds lines that are typed and not shown, such as the
making of a sample. Output lines that change from run to run are compared without what changes; lines `+ ...` that stand
together come in any order, as uploads do; a line `…` stands for any lines.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r'^(?P<marks>`{3,9})(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^(?P=marks)$',
    re.M | re.S,
)
_HIDDEN = re.compile(r"^<!-- played\n(?P<text>.*?)^-->$", re.M | re.S)
_HURRIED = re.compile(r"^warning\[registry-unknown\].*\n(?:  .*\n)+(?=\n*\Z|\w)", re.M)
"""What `plan` adds on a machine that is so busy that the embedded registry takes two seconds to answer."""

_LEFT_OUT = "…"
_MARK = "@@@ castoff tutorial @@@"
_CHANGING = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "COMMIT"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "COMMIT"),
    (re.compile(r"^[0-9a-f]{7}(?= )", re.M), "COMMIT"),
    (re.compile(r"/packages/[0-9a-f/]+/"), "/packages/.../"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\b\d+\.\d s\b|(?<=waiting for )\d+ s\b"), "N s"),
    (re.compile(r"castoff \d+\.\d+\.\d+"), "castoff VERSION"),
    (re.compile(r"[ \t]+$", re.M), ""),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file that the reader writes."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Lines that are typed and not shown."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that the reader types, what the page shows of its output, and where that stands in the page."""

    line: str
    shown: str
    start: int
    end: int


def steps(page: str) -> Iterator[File | Hidden | Command]:
    """Give what the reader does, in order."""
    found = sorted((*_FENCE.finditer(page), *_HIDDEN.finditer(page)), key=lambda one: one.start())
    for fence in found:
        if fence.re is _HIDDEN:
            yield Hidden(fence["text"])
        elif fence["title"]:
            yield File(fence["title"], fence["text"])
        elif fence["language"] == "console":
            yield from _commands(fence["text"], fence.start("text"))


def plain(text: str) -> str:
    """Give an output without what changes from run to run."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return "\n".join(_unordered(text.strip("\n").split("\n")))


def is_shown(shown: str, output: str) -> bool:
    """Return whether a page shows an output, whole or with lines left out."""
    wanted = [re.escape(part.strip("\n")) for part in re.split(rf"(?m)^ *{_LEFT_OUT}$", plain(shown))]
    return re.fullmatch(r"(?s:.*)".join(wanted), plain(output)) is not None


def is_played(page: str) -> bool:
    """Return whether the outputs of a page outside of the tutorials come from its commands."""
    return _HIDDEN.search(page) is not None


def played(
    page: str, folder: Path, environment: Mapping[str, str], *, patience: float = 180
) -> list[tuple[Command, str]]:
    """Do all steps in one shell; gives each command with what it printed. Files count from the folder, which is `~`."""
    script = ["cd " + shlex.quote(str(folder)), "exec 2>&1"]
    commands = []
    for step in steps(page):
        match step:
            case File(path, text):
                target = folder / path
                script += [
                    f"mkdir -p {shlex.quote(str(target.parent))}",
                    f"printf %s {shlex.quote(text)} > {shlex.quote(str(target))}",
                ]
            case Hidden(text):
                script += ["{ " + text + "} > /dev/null 2>&1"]
            case Command(line=line):
                commands.append(step)
                script += [line, f"echo; echo '{_MARK}'"]
    file = folder.with_name("typed.sh")
    file.write_text("\n".join(script) + "\n", "utf-8")
    done = subprocess.run(
        ["bash", str(file)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=patience,
        check=False,
    )
    said = done.stdout.replace(str(folder), "~")
    outputs = [_HURRIED.sub("", output) for output in said.split(f"\n{_MARK}\n")]
    return list(zip(commands, outputs, strict=False))


def rewritten(page: str, results: list[tuple[Command, str]]) -> str:
    """Put what was printed into the page, where it differs in more than what changes from run to run."""
    for command, output in reversed(results):
        if not is_shown(command.shown, output):
            text = output.strip("\n")
            page = page[: command.start] + (text + "\n" if text else "") + page[command.end :]
    return page


def _commands(text: str, offset: int) -> Iterator[Command]:
    parts = re.split(r"^(?=\$ )", text, flags=re.M)
    for part in parts:
        lines = part.split("\n")
        typed = 1
        while typed < len(lines) and lines[typed].startswith("> "):
            typed += 1
        words = "\n".join(line[2:] for line in lines[:typed])
        head = len("\n".join(lines[:typed])) + 1
        if part.startswith("$ "):
            yield Command(words, part[head:], offset + head, offset + len(part))
        offset += len(part)


def _unordered(lines: list[str]) -> Iterator[str]:
    """Sort lines of uploads that stand together."""
    together: list[str] = []
    for line in lines:
        if re.match(r" +\+ |  http://127", line):
            together.append(line)
            continue
        yield from sorted(together)
        together = []
        yield line
    yield from sorted(together)
