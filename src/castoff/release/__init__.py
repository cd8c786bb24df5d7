"""The release run: candidate, rehearsal, proposal, and the stages up to the announcement."""
