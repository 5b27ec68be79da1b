"""How long a job of another size will take and what it will cost, from the jobs on record."""
