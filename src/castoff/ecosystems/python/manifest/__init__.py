"""Python manifests as text: reading, layout, and the edits of a release; pure."""
