"""Panels written in any of the forms that offices and programs use, to be read back equal."""
