"""What PyPI would refuse, judged before anything is uploaded; pure."""
