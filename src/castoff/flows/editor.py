"""How does a person edit a text? In the editor that git would open, with a file that outlives a failed run."""

from __future__ import annotations

import shlex
from pathlib import Path

from castoff.errors import Refusal
from castoff.files import read_text, write_text
from castoff.flows.setting import Setting

NAME = "castoff-highlights.md"
SCISSORS = "<!-- castoff: everything from this line on is dropped -->"
KEPT = "<!-- castoff: what you wrote in a run that did not end; take what you need -->"


def kept_text(setting: Setting) -> str:
    """Give what a person wrote in a run that did not end; empty where there is nothing."""
    path = _path(setting)
    return _own(read_text(path)) if path.is_file() else ""


def edited(setting: Setting, text: str, hints: str) -> str:
    """Let the person edit; gives the text without what stands below the scissors.

    The file stays where it is until :func:`forget` is called. Errors: ``no-editor``, ``editor-failed``.
    """
    path = _path(setting)
    kept = kept_text(setting)
    begin = f"{text.rstrip()}\n\n{KEPT}\n\n{kept}\n" if kept and kept != text.strip() else text
    write_text(path, f"{begin.rstrip()}\n\n{SCISSORS}\n\n{hints.rstrip()}\n")
    words = _editor(setting)
    code = setting.repository.git.processes.interactive([*words, path], cwd=setting.repository.root)
    if code != 0:
        raise Refusal.of(
            "editor-failed",
            f"the editor `{words[0]}` ended with code {code}",
            reason=f"the text is kept in `{path}`",
            remedy="run it again: the editor opens with that text",
        )
    return _own(read_text(path)).replace(KEPT, "").strip()


def forget(setting: Setting) -> None:
    """Remove the file: its text is where it belongs."""
    _path(setting).unlink(missing_ok=True)


def _path(setting: Setting) -> Path:
    folder = setting.repository.git.must("rev-parse", "--git-path", NAME)
    return setting.repository.root / folder


def _own(text: str) -> str:
    return text.partition(SCISSORS)[0].strip()


def _editor(setting: Setting) -> list[str]:
    """Name the editor as git does: GIT_EDITOR, core.editor, VISUAL, EDITOR, and what git falls back on."""
    said = setting.repository.git.run("var", "GIT_EDITOR")
    try:
        words = shlex.split(said.text) if said.code == 0 else []
    except ValueError:
        words = []
    found = bool(words) and setting.repository.git.processes.find(words[0]) is not None
    if not found:
        raise Refusal.of(
            "no-editor",
            f"the editor `{words[0]}` was not found" if words else "no editor is known",
            reason=said.last_words if not words else "it is not in PATH",
            remedy="set EDITOR, or give the text with `--file`",
        )
    return words
