"""The embedded Python index: the simple API, uploads, the JSON API, as strict as PyPI."""

from castoff.world.python_index.service import PythonIndex, upload_subject

__all__ = ["PythonIndex", "upload_subject"]
