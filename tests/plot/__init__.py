"""Charts on demand."""
