"""A page about a release, made from the JSON of `status` and the events of a run, and from nothing else."""
