"""cargo-workspaces: `[workspace.metadata.workspaces]` of `Cargo.toml`."""

from __future__ import annotations

from castoff.release_tools.reading import Left, Notebook, Reading, ToolProject, find_config


def read(project: ToolProject) -> Reading | None:
    """Read branches, tags and the packages that go their own way."""
    config = find_config(project.tree, "Cargo.toml#workspace.metadata.workspaces")
    independent = [
        one for one in project.packages if one.ecosystem == "cargo" and _own(project, one.manifest)
    ]
    if config is None and not independent:
        return None
    config = config or find_config(project.tree, "Cargo.toml")
    if config is None:
        return None
    book = Notebook("cargo-workspaces", project, config)
    book.take("release.branches", list(config.words("allow_branch")) or None, "allow_branch")
    book.take_tag("v{version}", "the tags of `cargo workspaces`")
    if config.get("no_individual_tags") is not True and project.several:
        book.take_tag("{package}@{version}", "`no_individual_tags = false`")
    for one in independent:
        book.left.append(
            Left(
                where=one.manifest,
                what=f"`{one.id}` has a version or a group of its own",
                reason="castoff releases all packages under one version: give it the same one, or name it in "
                "`release.exclude`",
                need="decision",
            )
        )
    book.leave_known({key: 1 for key in config.data if key in ("exclude", "group")}, {}, ())
    return book.reading("the tables `metadata.workspaces` of the manifests")


def _own(project: ToolProject, manifest: str) -> bool:
    config = find_config(project.tree, f"{manifest}#package.metadata.workspaces")
    return config is not None and (config.get("independent") is True or config.get("group") is not None)
