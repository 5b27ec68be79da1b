"""Write tables to files and databases."""
