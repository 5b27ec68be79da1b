"""What the checks judge, read off the store, the system and the data."""
