"""The embedded npm registry: packuments, publish, dist-tags, tarballs."""

from castoff.world.npm_registry.service import NpmRegistry, upload_subject

__all__ = ["NpmRegistry", "upload_subject"]
