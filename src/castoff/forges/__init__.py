"""The forges, one file each."""
