"""The embedded world: registries, forge and documentation host on loopback, with faults on demand."""
