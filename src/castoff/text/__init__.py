"""Positions and edits in TOML, YAML and Markdown; addresses and lines of text from outside."""
