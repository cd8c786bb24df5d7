"""News from elsewhere put under "unreleased", where the next release takes them from."""

from __future__ import annotations

from collections.abc import Sequence

from castoff.changelog.news import missing_news, rejoined
from castoff.changelog.sections import Changelog, parse
from castoff.changelog.structure import is_kind_of_change
from castoff.changelog.style import read_style
from castoff.text.markdown import read_blocks

EMPTY = "# Changelog\n\n## Unreleased\n"


def with_waiting(text: str, news: Sequence[tuple[str | None, str]]) -> str:
    """Return a changelog with these news under "unreleased"; what is there already is not added again.

    ``news`` are pairs of a kind of change, None where it is not known, and Markdown without a bullet. Kinds become
    headings only if the file sorts its entries by such headings.
    """
    log = parse(text)
    waiting = log.unreleased
    there = log.text[waiting.body : waiting.end] if waiting else ""
    added = [(kind, item) for kind, one in news if missing_news(item := _item(one), there)]
    if not added:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    level = _kinds_level(log)
    plain = "\n".join(item for kind, item in added if kind is None or level is None)
    kinds = dict.fromkeys(kind for kind, _ in added if kind is not None and level is not None)
    groups = [f"{'#' * (level or 0)} {one}\n\n" + "\n".join(i for k, i in added if k == one) for one in kinds]
    if waiting is None:
        at = log.sections[0].start if log.sections else log.footer
        heading = read_style(log).heading("Unreleased", newline)
        before = text[:at].rstrip() + newline * 2 if text[:at].strip() else ""
        block = "\n\n".join(one for one in (plain, *groups) if one).replace("\n", newline)
        return f"{before}{heading}{newline}{block}{newline * 2}{text[at:]}".rstrip() + newline
    # Entries without a kind go before the first such heading: below it they would be of its kind.
    loose, sorted_ = _split_at_kinds(there) if level is not None else (there, "")
    between = "\n" if _ends_in_list(loose) else "\n\n"
    loose = f"{loose.rstrip()}{between}{plain}" if plain else loose.rstrip()
    parts = [one.strip("\r\n") for one in (loose, sorted_, *groups)]
    block = "\n\n".join(one for one in parts if one).replace("\r\n", "\n").replace("\n", newline)
    after = text[waiting.end :]
    joined = (
        text[: waiting.body].rstrip() + newline * 2 + block + newline + (newline + after if after else "")
    )
    return rejoined(joined)


def _split_at_kinds(text: str) -> tuple[str, str]:
    """Split the text under "unreleased" at its first heading of a kind."""
    blocks = read_blocks(text)
    first = next((one.line for one in blocks.headings if is_kind_of_change(one.title)), len(blocks.lines))
    lines = text.splitlines(keepends=True)
    return "".join(lines[:first]), "".join(lines[first:])


def _item(text: str) -> str:
    first, *rest = text.strip().splitlines()
    first = first.removeprefix("- ").removeprefix("* ")
    return "\n".join([f"- {first}", *(f"  {line}" if line.strip() else "" for line in rest)])


def _kinds_level(log: Changelog) -> int | None:
    """Return the level of headings such as "Added"; None if the file has none."""
    return next((one.level for one in log.blocks.headings if is_kind_of_change(one.title)), None)


def _ends_in_list(text: str) -> bool:
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return last.lstrip().startswith(("- ", "* ", "+ ")) or last.startswith("  ")
