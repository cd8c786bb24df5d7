"""Facts about the files that a release is built from, where other machines build them."""

TREE_TIME = 946_684_800
"""The time of all files, 2000-01-01T00:00:00Z, in seconds since 1970. The same files give the same bytes, in whichever
commit they are, and archives of wheels hold no time before 1980."""
