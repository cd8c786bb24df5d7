"""The embedded documentation host: builds on a schedule, with docs.rs's traps, and Read the Docs' paths."""

from castoff.world.docs_host.service import DocsHost

__all__ = ["DocsHost"]
