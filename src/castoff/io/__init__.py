"""Access to the network, processes, files and the clock: the only modules that may reach them."""
