"""`castoff website`: pages of the workspace on its website."""

from __future__ import annotations

from pathlib import Path

import click

from castoff.cli.completion import complete_version
from castoff.cli.options import Common, common_options, open_for, path, refuse_without_effect
from castoff.errors import UsageError

_FOLDER = path


@click.command("website")
@click.argument("version", required=False, shell_complete=complete_version)
@click.option("--source", type=_FOLDER, help="With --target: folder to copy from.")
@click.option("--target", type=_FOLDER, help="Write the pages to this folder, without a repository.")
@click.option("--url", help="With --target: repository URL, https://github.com/OWNER/NAME.")
@click.option("--ref", help="With --target: tag or branch that relative links point to.")
@click.option(
    "--check", is_flag=True, help="With --target: list pages that would change; exit with 4 if any."
)
@click.option("--replace", "replacing", is_flag=True, help="Overwrite pages that were edited on the site.")
@click.option("--execute", is_flag=True, help="Commit and push (default: print the diff).")
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
    """Copy pages of VERSION or its tag to the repository of the website.

    Stops with a diff if a page was edited on the site. With --source and --target, copies between two folders.
    """
    if source is None and target is None:
        refuse_without_effect("without `--target`", {"--url": url, "--ref": ref, "--check": check})
        return _stage(common, version, replacing=replacing, execute=execute)
    if source is None or target is None:
        raise UsageError.of(
            "option-missing",
            "`--source` and `--target` go together",
            remedy="castoff website --source DIR --target DIR",
        )
    whole = {"VERSION": version, "--execute": execute, "--replace": replacing, "--events": common.events}
    refuse_without_effect("with `--target`", {**whole, "--wait": common.wait is not None})
    folder = common.directory or Path.cwd()
    return _folders(common, folder / source, folder / target, (url, ref), check=check)


def _stage(common: Common, version: str | None, *, replacing: bool, execute: bool) -> int:
    from castoff.cli.render.postrelease import show_site
    from castoff.cli.render.reporter import reporter_for
    from castoff.postrelease.website_command import bring_website, preview_website

    reporter = reporter_for(common.events, quiet=common.json or not execute)
    carry = bring_website if execute else preview_website
    report = carry(open_for(common, reporter), version, replacing=replacing)
    reporter.close()
    return show_site(report, as_json=common.json, acted=execute)


def _folders(
    common: Common, source: Path, target: Path, said: tuple[str | None, str | None], *, check: bool
) -> int:
    from castoff.cli.render.postrelease import show_folder
    from castoff.git import FolderTree
    from castoff.io.files import write_text
    from castoff.postrelease.website_command import Whence, render_folder, texts_to_write
    from castoff.wiring import Options, manifests, open_folder

    for folder in (source, target):
        if not folder.is_dir():
            raise UsageError.of(
                "no-such-folder", f"`{folder}` is not a folder", remedy="pass an existing folder"
            )
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
    """Return the file of a page, which must not lead out of the folder, not even by a link."""
    full = (target / path).resolve()
    if not full.is_relative_to(target.resolve()):
        raise UsageError.of(
            "path-outside",
            f"the page `{path}` is outside `{target}`",
            remedy="use a file inside it",
            file=path,
        )
    return full
