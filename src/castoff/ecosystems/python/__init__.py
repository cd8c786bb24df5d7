"""Python packages: built, verified, looked up and uploaded through uv (or twine)."""
