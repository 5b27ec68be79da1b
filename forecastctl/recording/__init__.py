"""What is recorded of a job, and how it is read again."""
