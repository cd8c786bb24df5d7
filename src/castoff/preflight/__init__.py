"""Checks before a version is claimed, one module per subject."""
