"""`castoff website`: pages of the workspace on its website."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.options import Common, common_options, open_for
from castoff.errors import UsageError

_FOLDER = click.Path(path_type=Path)


@click.command("website")
@click.argument("version", required=False)
@click.option("--source", type=_FOLDER, help="Take the files of this folder (with --target).")
@click.option("--target", type=_FOLDER, help="Write the pages into this folder; no repository is needed.")
@click.option("--url", help="The workspace's repository, https://github.com/OWNER/NAME (with --target).")
@click.option("--ref", help="What relative links lead to: a tag or branch (with --target).")
@click.option(
    "--check", is_flag=True, help="With --target: only say what would change; 4 where something would."
)
@click.option(
    "--replace", "replacing", is_flag=True, help="Write over pages that were edited there, or made by others."
)
@click.option("--execute", is_flag=True, help="Commit and push; without it the difference is shown.")
@common_options
def command(
    common: Common,
    version: str | None,
    source: Path | None,
    target: Path | None,
    url: str | None,
    ref: str | None,
    check: bool,
    replacing: bool,
    execute: bool,
) -> int:
    """Bring the pages of VERSION (or its tag) to the website's repository, or from one folder into another.

    Pages that somebody edited on the site stop it with the difference.
    """
    if source is None and target is None:
        return _stage(common, version, replacing=replacing, execute=execute)
    if source is None or target is None:
        raise UsageError.of(
            "option-missing",
            "`--source` and `--target` go together",
            remedy="castoff website --source DIR --target DIR",
        )
    folder = common.directory or Path.cwd()
    return _folders(common, folder / source, folder / target, (url, ref), check=check)


def _stage(common: Common, version: str | None, *, replacing: bool, execute: bool) -> int:
    from castoff.cli.reporting import reporter_for
    from castoff.cli.telling import show_site
    from castoff.flows.website_command import bring_website, preview_website

    reporter = reporter_for(common.events, quiet=common.json or not execute)
    carry = bring_website if execute else preview_website
    report = carry(open_for(common, reporter), version, replacing=replacing)
    reporter.close()
    return show_site(report, as_json=common.json, acted=execute)


def _folders(
    common: Common, source: Path, target: Path, said: tuple[str | None, str | None], *, check: bool
) -> int:
    from castoff.cli.telling import show_folder
    from castoff.files import write_text
    from castoff.flows.website_folder import Whence, render_folder, texts_to_write
    from castoff.git import FolderTree
    from castoff.wiring import Options, manifests, open_folder

    for folder in (source, target):
        if not folder.is_dir():
            raise UsageError.of("no-such-folder", f"`{folder}` is no folder", remedy="name one that is there")
    tree, configuration = open_folder(Options(directory=source, config=common.config))
    whence = Whence(url=said[0], ref=said[1])
    found = render_folder(tree, FolderTree(target), configuration, manifests(), whence)
    texts = texts_to_write(found.pages)
    if not check:
        for path, text in texts.items():
            write_text(_inside(target, path), text)
    show_folder(found, as_json=common.json, wrote=not check)
    return 4 if check and texts else 0


def _inside(target: Path, path: str) -> Path:
    """Give the file of a page, which must not lead out of the folder, not even by a link."""
    full = (target / path).resolve()
    if not full.is_relative_to(target.resolve()):
        raise UsageError.of(
            "path-outside",
            f"the page `{path}` leads out of `{target}`",
            remedy="name a file inside it",
            file=path,
        )
    return full
