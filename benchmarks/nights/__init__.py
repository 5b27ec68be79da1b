"""Nights in shares: measured in small, simulated in large."""
