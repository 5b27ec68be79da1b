"""Run a function over many airports: one after the other, or in a pool of processes."""
