"""Cargo's packages on disk and on their registry: built, looked up and uploaded through the real cargo."""
