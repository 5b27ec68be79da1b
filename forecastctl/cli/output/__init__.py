"""What is shown on the screen: results, progress and the log."""
