"""The values of a release, and the pure decisions on them."""
