"""Read files, databases and the generated sample."""
