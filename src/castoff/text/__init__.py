"""Positions and edits in TOML, YAML and Markdown."""
