"""Verification of a release from outside; nothing is written."""
