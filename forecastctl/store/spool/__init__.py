"""What is recorded waits here, in files of this machine, until the store can be written again."""
