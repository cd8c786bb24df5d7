"""What follows the announcement: changelog, documentation and website, each stage beside its command."""
