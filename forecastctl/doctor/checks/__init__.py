"""One module for each check: plain values in, findings out."""
