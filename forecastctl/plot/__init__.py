"""One chart of one airport, drawn from what is recorded."""
