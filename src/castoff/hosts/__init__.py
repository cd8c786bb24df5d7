"""Where documentation is built: docs.rs and Read the Docs, read through the HTTP door."""
