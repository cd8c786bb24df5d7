"""The stories behind the commands: survey, plan, status, rehearsal, release."""
