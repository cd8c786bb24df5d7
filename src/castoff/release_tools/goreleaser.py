"""goreleaser: it builds programs and attaches them to a release, which makes it a second writer of the release."""

from __future__ import annotations

from castoff.release_tools.reading import Notebook, Reading, ToolProject, find_config
from castoff.workflows.detection import GORELEASER_FILES


def read(project: ToolProject) -> Reading | None:
    """Read whether it creates the release."""
    config = find_config(project.tree, *GORELEASER_FILES)
    if config is None:
        return None
    book = Notebook("goreleaser", project, config)
    if config.get("release", "disable") in (True, "true"):
        book.leave("release", "it builds and creates no release, so it may stay", what="`release.disable`")
        return book.reading()
    if config.get("release", "draft") in (True, "true"):
        reason = 'it may stay the writer of the draft, with `by = "ci"` in `[draft]`, and a person announces'
        book.leave("release", reason, what="`release.draft`")
    else:
        reason = (
            "a draft has one writer: set `release.disable: true`, or keep goreleaser as the writer with "
            '`release.draft: true` and `by = "ci"` in `[draft]`, so that a person announces'
        )
        book.leave("release", reason, "writer", "goreleaser creates the release")
    book.leave("changelog", "the notes are GitHub's, sorted by labels in `.github/release.yml`")
    return book.reading()
