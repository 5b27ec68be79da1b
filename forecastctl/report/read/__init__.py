"""Reads from the store what a report shows."""
