"""The numerical loops behind the families, compiled."""
