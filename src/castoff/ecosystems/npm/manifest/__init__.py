"""Manifests of npm: package.json, catalogs, layouts; read and edited as text."""
