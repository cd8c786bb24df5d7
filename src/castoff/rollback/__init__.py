"""Undo: yank, abandon, and the choices while a release is in progress."""
