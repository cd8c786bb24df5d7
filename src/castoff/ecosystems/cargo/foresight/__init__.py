"""What Cargo and its registry would refuse, judged before anything is uploaded; pure."""
