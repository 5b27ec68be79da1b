"""Groups of airports and their total, forecast so that they add up."""
