"""Make a past forecast again from what is stored, and compare."""
