"""What an explanation reads from the store: the case, the series, the fleet."""
