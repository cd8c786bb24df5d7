"""The command line: commands, options and rendering."""
