"""Manifests as text: what they say, and the edits of a release, by position."""
