"""The embedded npm registry: packuments, publication, staging, dist-tags, tarballs, withdrawal."""

from castoff.world.npm_registry.service import NpmRegistry, upload_subject

__all__ = ["NpmRegistry", "upload_subject"]
