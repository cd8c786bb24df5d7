"""What is configured: values with their defaults, read from the files of the workspace."""
