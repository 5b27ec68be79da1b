"""What earlier searches teach the next one (`--learn`)."""
