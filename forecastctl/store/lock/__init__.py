"""One job at a time in an experiment of a store."""
