"""What one run works with: services, the clone, the snapshot of remote and workspace, the version that is meant."""
