"""From the rows of an airport to a regular series, or a reason why not."""
