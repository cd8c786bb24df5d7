"""Where documentation is built: docs.rs and Read the Docs, read over HTTP."""
