"""The commands, one file each: options in, a flow run, its result shown."""
