"""The embedded Cargo registry: sparse index, publish, download, yank, owners, as strict as crates-io."""

from castoff.world.cargo_registry.service import CargoRegistry, upload_subject

__all__ = ["CargoRegistry", "upload_subject"]
